"""The structs of a footer as columns: one field of many of them at a time.

In: the bytes of a footer, which may be anything, and where structs begin in them.  Out: :class:`Structs`, or
``ValueError``.

A footer may have a million column chunks, of which a query reads a few: so no object is made of a struct
before somebody asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s3sql.formats.parquet_thrift import (
    KIND_LIST,
    KIND_SET,
    KIND_STRUCT,
    Struct,
    list_header,
    read_struct_at,
    read_value,
    refusal,
)
from s3sql.kernels.thrift_structs import (
    FAULT_DEPTH,
    FAULT_KIND,
    FAULT_PLACE,
    FIELDS,
    NEXT,
    NONE,
    WORK_SIZE,
    read_structs,
)

__all__ = ["NEXT", "NONE", "Structs"]

_Int64s = NDArray[np.int64]

#: The kinds of truth values, bytes and integers: 1 to 6.
_LAST_INTEGER = 6


@dataclass(frozen=True, slots=True)
class Structs:
    """``places``: where in ``text`` each of them begins. Fields have the numbers 1 to 12."""

    text: bytes
    places: _Int64s
    kinds: NDArray[np.uint8]
    values: _Int64s

    @classmethod
    def at(cls, text: bytes, places: _Int64s) -> Structs:
        """Those at *places*, some of which may be :data:`NEXT` and :data:`NONE`.

        Raises:
            ValueError: there is no struct, or the text ends within it.
        """
        count = len(places)
        places = places.astype(np.int64)
        kinds, values = np.empty(count * FIELDS, np.uint8), np.zeros(count * FIELDS, np.int64)
        work = np.empty(WORK_SIZE, np.int64)
        if not read_structs(np.frombuffer(text, np.uint8), len(text), places, kinds, values, work):
            place, kind, depth = (int(work[part]) for part in (FAULT_PLACE, FAULT_KIND, FAULT_DEPTH))
            raise refusal(text, place, kind, depth)
        return cls(text, places, kinds.reshape(count, FIELDS), values.reshape(count, FIELDS))

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, row: int) -> Struct:
        """One of them with all its fields."""
        return read_struct_at(self.text, int(self.places[row]))

    def take(self, rows: _Int64s) -> Structs:
        """Some of them."""
        return Structs(self.text, self.places[rows], self.kinds[rows], self.values[rows])

    def has(self, number: int) -> NDArray[np.bool_]:
        """Which have field *number*."""
        return self.kinds[:, number - 1] > 0

    def integers(self, number: int) -> _Int64s:
        """The values of field *number*, -1 where it is missing or no integer."""
        kinds = self.kinds[:, number - 1]
        return np.where((kinds > 0) & (kinds <= _LAST_INTEGER), self.values[:, number - 1], -1)

    def structs(self, number: int, missing: int) -> _Int64s:
        """Where field *number* begins, *missing* where it is missing or no struct."""
        return np.where(self.kinds[:, number - 1] == KIND_STRUCT, self.values[:, number - 1], missing)

    def lists(self, number: int) -> _Int64s:
        """Where field *number* begins, 0 where it is missing or no list."""
        kinds = self.kinds[:, number - 1]
        return np.where((kinds == KIND_LIST) | (kinds == KIND_SET), self.values[:, number - 1], 0)

    def list_header(self, row: int, number: int) -> tuple[int, int, int] | None:
        """How many values the list in a field has, of which kind, and where they begin; None for no list."""
        if self.kinds[row, number - 1] not in (KIND_LIST, KIND_SET):
            return None
        return list_header(self.text, int(self.values[row, number - 1]))

    def value(self, row: int, number: int) -> Any:
        """One field as the general reader has it, None where it is missing."""
        kind, value = int(self.kinds[row, number - 1]), int(self.values[row, number - 1])
        if not kind:
            return None
        if kind <= _LAST_INTEGER:
            return value if kind > 2 else bool(value)
        return read_value(self.text, value, kind)
