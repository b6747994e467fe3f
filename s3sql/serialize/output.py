"""The serializer of a request, with its short ways.

In: the output serialization of a request.  Out: a :class:`RecordWriter` for the sinks of a scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol

import numpy as np

from s3sql.formats.csv import CsvBatch, member_names
from s3sql.kernels.write_csv_rows import member_prefixes, write_json_rows
from s3sql.request import CsvOutput, JsonOutput, OutputFormat, RegisteredOutput
from s3sql.serialize.base import OutputMember, Records
from s3sql.serialize.csv import CsvSerializer
from s3sql.serialize.json import JsonSerializer
from s3sql.serialize.registered_output import RegisteredWriter, format_named


class RecordWriter(Protocol):
    """Writes records from columns, and whole CSV records without making columns of them."""

    @property
    def delimiters(self) -> tuple[int, int]:
        """Bytes written behind every record and between two fields."""
        ...

    def serialize(self, members: Sequence[OutputMember], length: int) -> Records:
        """The records of *length* rows, in order."""
        ...

    def serialize_rows(self, batch: CsvBatch) -> Records:
        """``SELECT *`` over CSV: exactly what :meth:`serialize` gives for the spread rows."""
        ...


class JsonWriter:
    """JSON records."""

    def __init__(self, output: JsonOutput) -> None:
        self._serializer = JsonSerializer(output)
        self._delimiter = np.frombuffer(output.record_delimiter.encode(), np.uint8)

    @property
    def delimiters(self) -> tuple[int, int]:
        """Bytes of the record delimiter; what stands between members counts with their names."""
        return len(self._delimiter), 0

    def serialize(self, members: Sequence[OutputMember], length: int) -> Records:
        """The records of *length* rows, in order."""
        return self._serializer.serialize(members, length)

    def serialize_rows(self, batch: CsvBatch) -> Records:
        """An object of strings per CSV record."""
        fields = batch.fields
        widest = int(np.diff(fields.first).max(initial=0))
        prefixes = member_prefixes(member_names(batch.names, widest))
        ends = np.empty(batch.length, np.int64)
        payload = write_json_rows(
            fields.buffer, fields.first, fields.starts, fields.ends, prefixes, self._delimiter, ends
        )
        return Records(payload[: int(ends[-1]) if len(ends) else 0], ends)


def serializer_for(output: OutputFormat) -> RecordWriter:
    """The writer of an output serialization.

    Raises:
        S3SelectError: ``InvalidRequestParameter``, a registered format has been removed meanwhile.
    """
    if isinstance(output, RegisteredOutput):
        return RegisteredWriter(output.name, format_named(output.name))
    if isinstance(output, JsonOutput):
        return JsonWriter(output)
    # A delimiter of any length is allowed, and none of them all is kept.
    short = len(output.record_delimiter) + len(output.field_delimiter) <= _KEPT_DELIMITERS
    return _csv_serializer(output) if short else CsvSerializer(output)


#: Characters of the delimiters of a CSV output whose serializer is kept.
_KEPT_DELIMITERS: Final = 64


@lru_cache(maxsize=16)
def _csv_serializer(output: CsvOutput) -> CsvSerializer:
    return CsvSerializer(output)
