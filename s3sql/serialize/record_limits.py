"""The limits of a result record.

In: serialised records.  Out: the first one that a limit forbids, and its error. A value that is too long by
itself is found before it is written (:mod:`s3sql.exec.task`).

Source: AWS S3 User Guide, "Filtering and retrieving data": 1 MB for a record (maxCharsPerRecord).
"""

from __future__ import annotations

import numpy as np

from s3sql.errors import S3SelectError
from s3sql.limits import MAX_COLUMNS, MAX_RECORD_BYTES
from s3sql.request import CsvOutput, OutputFormat, RegisteredOutput
from s3sql.serialize.base import Records

#: Only a record with more bytes than this, its delimiter counted, can break a limit.
_HARMLESS_BYTES = min(MAX_COLUMNS, MAX_RECORD_BYTES)


def first_fault(records: Records, output: OutputFormat) -> tuple[int, S3SelectError] | None:
    """The number of the first record beyond a limit and its error, if there is one.

    ``OverMaxRecordSize``: more than ``limits.MAX_RECORD_BYTES``, its delimiter not counted; of a registered
    format all bytes count.
    ``OverMaxColumn``: more than ``limits.MAX_COLUMNS`` fields, which only a record of nothing but delimiters
    can have.
    """
    if records.payload.size <= _HARMLESS_BYTES:
        return None
    lengths = np.diff(records.ends, prepend=0)
    delimiter = 0 if isinstance(output, RegisteredOutput) else len(output.record_delimiter.encode())
    for row in np.flatnonzero(lengths > _HARMLESS_BYTES).tolist():
        if lengths[row] > MAX_RECORD_BYTES + delimiter:
            return row, _too_long()
        begin = int(records.ends[row] - lengths[row])
        record = records.payload[begin : int(records.ends[row]) - delimiter]
        if isinstance(output, CsvOutput) and _columns(record, output) > MAX_COLUMNS:
            return row, _too_wide()
    return None


def _columns(record: np.ndarray[tuple[int], np.dtype[np.uint8]], output: CsvOutput) -> int:
    """The fields of a record that has no room for quotes beside so many delimiters."""
    if not output.field_delimiter.isascii():
        return 0
    return int(np.count_nonzero(record == ord(output.field_delimiter[0]))) + 1


def _too_long() -> S3SelectError:
    return S3SelectError(
        "OverMaxRecordSize",
        f"A record of the result is longer than {MAX_RECORD_BYTES:,} bytes, the most a record may have. "
        "Select fewer columns.",
    )


def _too_wide() -> S3SelectError:
    return S3SelectError(
        "OverMaxColumn",
        f"A record of the result has more than {MAX_COLUMNS:,} columns, the most a record may have. "
        "Select fewer columns.",
    )
