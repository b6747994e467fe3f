"""CSV: counting the records of a morsel without looking at what is in them.

In: a morsel, read or not.  Out: the number of its records, or None where only indexing can tell; of a long
morsel, which no buffer holds, how far the number goes.
"""

from __future__ import annotations

import numpy as np

from s3sql.formats.base import Counted, Morsel
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.kernels import csv_count
from s3sql.kernels.system import NO_FILE

#: Most bytes read and counted at a time: they and what is held of the piece before fit into a core's cache.
PIECE_BYTES = 256 << 10


def room_to_count(dialect: CsvDialect, longest: int) -> int | None:
    """Bytes of capacity in which a file of any size is counted; None where records are to be indexed.

    A record may have *longest* bytes.
    """
    return 2 * _piece(longest) if _is_countable(dialect) else None


def count_records(morsel: Morsel, dialect: CsvDialect, longest: int) -> int | None:
    """How many records the morsel has; None, the morsel to be read anew, if something unusual is in it.

    A record may have *longest* bytes.

    Raises:
        S3SelectError: the file that the morsel is read from is not what it was.
    """
    if not _is_countable(dialect) or morsel.uncut or morsel.stop is not None:
        return None
    if morsel.file is not None and 2 * _piece(longest) <= morsel.buffer.capacity:
        found = count_from_file(morsel, dialect, longest)
    else:
        morsel.read(0, morsel.length)
        found = _counted(NO_FILE, morsel, dialect, longest)
    return found.records if found.consumed == morsel.length else None


def count_from_file(morsel: Morsel, dialect: CsvDialect, longest: int) -> Counted:
    """The records of an unread morsel, up to the first piece of its file that has something unusual in it.

    The buffer has :func:`room_to_count`.

    Raises:
        S3SelectError: the file is not what it was.
    """
    assert morsel.file is not None
    found = _counted(morsel.file, morsel, dialect, longest)
    morsel.check()
    return found


def _is_countable(dialect: CsvDialect) -> bool:
    return dialect.fast and len(dialect.record) == 1


def _piece(longest: int) -> int:
    """How much is read at a time: no record of less than two pieces can be too long."""
    return min(PIECE_BYTES, longest // 2)


def _counted(file: int, morsel: Morsel, dialect: CsvDialect, longest: int) -> Counted:
    records = np.zeros(1, np.int64)
    consumed: int = csv_count.count_records(
        file, morsel.start, morsel.buffer.array, morsel.length, _piece(longest), dialect.record[0],
        dialect.quote[0] if dialect.quote else 0, bool(dialect.quote),
        dialect.comment[0] if dialect.comment else 0, bool(dialect.comment),
        dialect.bare_return, records,
    )  # fmt: skip
    return Counted(int(records[0]), consumed)
