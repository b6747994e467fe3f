"""The output formats that a program has registered.

In: the name of one.  Out: its writer for the sinks of a scan; what it gives is checked, because the event
stream and LIMIT cut between the records that it tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from s3sql.errors import S3SelectError
from s3sql.formats.csv import CsvBatch
from s3sql.registered import Registered
from s3sql.serialize.base import OutputMember, Records, Serializer, SpreadMembers

OUTPUT_FORMATS: Final = Registered[Serializer]("an output format", ("csv", "json"))

#: Bytes that a record, and each of its fields, may have besides the texts of their values and names. A query
#: takes its rows in pieces by what they will make; a format that adds more than this makes more memory of it.
_BESIDE: Final = 16


def format_named(name: str) -> Serializer:
    """The registered format *name*.

    Raises:
        S3SelectError: ``InvalidRequestParameter``, it has been removed meanwhile.
    """
    found = OUTPUT_FORMATS.get(name)
    if found is None:
        raise S3SelectError("InvalidRequestParameter", f"There is no output format {name!r} any more.")
    return found


class RegisteredWriter:
    """Writes records with a registered format."""

    def __init__(self, name: str, serializer: Serializer) -> None:
        self._name = name
        self._serializer = serializer

    @property
    def delimiters(self) -> tuple[int, int]:
        """Bytes that are allowed for behind every record and every field."""
        return _BESIDE, _BESIDE

    def serialize(self, members: Sequence[OutputMember], length: int) -> Records:
        """The records of *length* rows, in order.

        Raises:
            TypeError: the format gave something else.
        """
        records = self._serializer.serialize(members, length)
        fault = _fault(records, length)
        if fault:
            raise TypeError(f"the output format {self._name!r} gave {fault}")
        return records

    def serialize_rows(self, batch: CsvBatch) -> Records:
        """``SELECT *`` over CSV, spread as any other struct is."""
        return self.serialize([SpreadMembers(batch.row(), whole_row=True)], batch.length)


def _fault(records: object, length: int) -> str:
    """What is wrong with *records* of *length* rows, empty if nothing is."""
    if not isinstance(records, Records):
        return f"a {type(records).__name__}; serialize() gives a s3sql.serialize.base.Records"
    payload, ends = records.payload, records.ends
    if not _is_row_of(payload, np.uint8) or not _is_row_of(ends, np.int64):
        return "a payload that is no array of uint8, or ends that are no array of int64"
    if len(ends) != length:
        return f"{len(ends)} records for {length} rows"
    if (np.diff(ends, prepend=0) < 0).any() or (ends[-1] if length else 0) != payload.size:
        return "ends that do not ascend to the length of the payload"
    return ""


def _is_row_of(array: object, dtype: type[np.generic]) -> bool:
    return isinstance(array, np.ndarray) and array.dtype == dtype and array.ndim == 1
