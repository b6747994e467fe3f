r"""One CSV dialect as bytes: which characters mean what, and whether the fast passes may read it.

In: the :class:`s3sql.request.CsvInput` of a request.  Out: a :class:`CsvDialect` for the kernels.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np

from s3sql.buffers import Bytes
from s3sql.request import CsvInput


def _token(text: bytes) -> Bytes:
    return np.frombuffer(text, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class CsvDialect:
    r"""The delimiters of a CSV object, each as the bytes of its UTF-8 text; empty means none.

    ``bare_return``: no record delimiter was asked for, so ``\r\n`` ends a record as ``\n`` does.
    ``allow_records``: record delimiters in quotes are contents (AllowQuotedRecordDelimiter).
    ``fast``: masks of single bytes tell everything (see :mod:`s3sql.kernels.csv_masks`): every special
    character is one byte, all of them differ, the escape is the quote itself, and a two-byte record delimiter
    is of two different bytes.
    """

    field: bytes
    record: bytes
    quote: bytes
    escape: bytes
    comment: bytes
    bare_return: bool
    allow_records: bool
    tokens: tuple[Bytes, Bytes, Bytes, Bytes, Bytes] = dataclasses.field(
        init=False, repr=False, compare=False
    )
    fast: bool = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = (self.field, self.record, self.quote, self.escape, self.comment)
        object.__setattr__(self, "tokens", tuple(_token(part) for part in parts))

        object.__setattr__(self, "fast", self._is_fast())

    @staticmethod
    def of(request: CsvInput) -> CsvDialect:
        """The dialect a request asks for."""
        return _dialect(request)

    def _is_fast(self) -> bool:
        special = self.field + self.record + self.quote + self.comment
        if self.bare_return:
            special += b"\r"
        single = len(self.field) == 1 and max(len(self.quote), len(self.comment)) <= 1
        return (
            single
            and len(self.record) <= 2
            and (self.escape == self.quote or not self.quote)
            and len(set(special)) == len(special)
        )

    @property
    def self_overlapping(self) -> bool:
        """Whether a record delimiter can overlap with the next one (``;;``), so that cuts are counted."""
        half = len(self.record) // 2
        return len(self.record) > 1 and self.record[:half] == self.record[half:]


@functools.lru_cache(maxsize=16)
def _dialect(request: CsvInput) -> CsvDialect:
    return CsvDialect(
        field=request.field_delimiter.encode(),
        record=(request.record_delimiter or "\n").encode(),
        quote=request.quote_character.encode(),
        escape=request.quote_escape_character.encode(),
        comment=request.comments.encode(),
        bare_return=request.record_delimiter is None,
        allow_records=request.allow_quoted_record_delimiter,
    )
