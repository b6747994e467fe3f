"""How the values of flat columns lie in pages, and the Arrow type that they become.

In: what the footer says of a column.  Out: a :class:`ValueLayout`, or None for a column that is left to
Arrow: nested ones, and types that are too rare to pay. Values are of the type that Arrow makes of the Parquet
type; what a writer has noted about its own Arrow types does not count.

Source: Apache Parquet, LogicalTypes.md and Encodings.md ("Plain").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3sql.buffers import PADDING, Bytes
from s3sql.formats.parquet_arrays import numpy_type
from s3sql.kernels.parquet_plain import read_decimals, widen
from s3sql.plan.schema import ParquetForm

Array: TypeAlias = "pa.Array[Any]"

#: Values of one bit, of four bytes, of eight, of so many bytes as the schema tells, of any length.
Storage: TypeAlias = Literal["bits", "words", "long words", "octets", "texts"]

_STORAGE: dict[str, Storage] = {
    "BOOLEAN": "bits",
    "INT32": "words",
    "FLOAT": "words",
    "INT64": "long words",
    "DOUBLE": "long words",
    "FIXED_LEN_BYTE_ARRAY": "octets",
    "BYTE_ARRAY": "texts",
}
_WIDTHS = {"INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8}

_UNITS: dict[str, Any] = {"milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}

#: Digits of the longest decimal of 128 bits, and the bytes that it may be stored in.
_MOST_DIGITS, _MOST_DECIMAL_BYTES = 38, 16

#: The longest values of one width that are worth while.
_MOST_OCTETS = 1024


@dataclass(frozen=True, slots=True)
class ValueLayout:
    """Values of ``width`` bytes, 0 for bits and texts, that become ``arrow``.

    ``optional``: there may be NULLs, and pages have levels that tell them.
    """

    storage: Storage
    width: int
    arrow: pa.DataType
    optional: bool

    def empty(self, length: int) -> NDArray[Any]:
        """Room for *length* values as they are stored; not for texts."""
        match self.storage:
            case "words":
                return np.empty(length, np.int32)
            case "long words":
                return np.empty(length, np.int64)
            case "octets":
                return np.empty((length, self.width), np.uint8)
        return np.empty(length, np.uint8)

    def array(self, stored: NDArray[Any], known: Bytes | None = None) -> Array:
        """*stored* values, no texts, as Arrow has them; NULL where *known* is 0."""
        values: NDArray[Any] = stored
        if self.storage == "bits":
            values = np.packbits(stored, bitorder="little")
        elif pa.types.is_decimal128(self.arrow):
            values = self._decimals(stored)
        elif pa.types.is_integer(self.arrow) and self.arrow.bit_width < 32:
            values = stored.astype(numpy_type(self.arrow))
        return pa.Array.from_buffers(
            self.arrow, len(stored), [validity(known), memory_of(values)], null_count(known)
        )

    def texts(self, contents: NDArray[np.uint8], offsets: NDArray[np.int32], known: Bytes | None) -> Array:
        """Texts of *contents* between *offsets*."""
        buffers = [validity(known), memory_of(offsets), memory_of(contents)]
        return pa.Array.from_buffers(self.arrow, len(offsets) - 1, buffers, null_count(known))

    def _decimals(self, stored: NDArray[Any]) -> NDArray[np.int64]:
        words = np.empty(2 * len(stored), np.int64)
        if self.storage == "octets":
            padded = np.empty(stored.size + PADDING, np.uint8)
            padded[: stored.size] = stored.reshape(-1)
            read_decimals(padded, self.width, words)
        else:
            widen(stored.astype(np.int64, copy=False), words)
        return words


def validity(known: Bytes | None) -> pa.Buffer | None:
    """Arrow's bits of what is not NULL."""
    return None if known is None else memory_of(np.packbits(known, bitorder="little"))


def memory_of(array: Any) -> pa.Buffer:
    """The memory of a numpy array, as Arrow takes it."""
    return pa.py_buffer(array)


def null_count(known: Bytes | None) -> int:
    """How many of *known* are 0."""
    return 0 if known is None else len(known) - int(np.count_nonzero(known))


def layout_of(leaf: Any, form: ParquetForm) -> ValueLayout | None:
    """The layout of a top-level column read as *form*; *leaf* is its column in Arrow's Parquet schema."""
    physical = leaf.physical_type
    storage = _STORAGE.get(physical)
    if storage is None or leaf.max_repetition_level or leaf.max_definition_level > 1:
        return None
    width = leaf.length if storage == "octets" else _WIDTHS.get(physical, 0)
    if storage == "octets" and not 0 < width <= _MOST_OCTETS:
        return None
    arrow = _arrow_type(form, physical, width, leaf.logical_type.to_json())
    return None if arrow is None else ValueLayout(storage, width, arrow, leaf.max_definition_level == 1)


@lru_cache(256)
def _arrow_type(form: ParquetForm, physical: str, width: int, logical_type: str) -> pa.DataType | None:
    """The type of values of *width* bytes; *logical_type* is the one of Parquet, told as JSON."""
    logical: dict[str, Any] = json.loads(logical_type)
    match form:
        case "bool":
            return pa.bool_()
        case "int" | "uint64":
            bits, signed = 8 * width, True
            if logical["Type"] == "Int":
                bits, signed = logical["bitWidth"], logical["isSigned"]
            alias: Any = f"{'' if signed else 'u'}int{bits}"
            integer: pa.DataType = pa.type_for_alias(alias)
            return integer
        case "float":
            return {"FLOAT": pa.float32(), "DOUBLE": pa.float64()}.get(physical)
        case "decimal":
            fits = logical["precision"] <= _MOST_DIGITS and 0 < width <= _MOST_DECIMAL_BYTES
            return pa.decimal128(logical["precision"], logical["scale"]) if fits else None
        case "text":
            return pa.string() if physical == "BYTE_ARRAY" else None
        case "bytes":
            return pa.binary() if physical == "BYTE_ARRAY" else pa.binary(width)
        case "uuid":
            return pa.binary(width)
        case "date":
            return pa.date32()
        case "time":
            unit = _UNITS.get(logical["timeUnit"])
            return None if unit is None else pa.time32(unit) if physical == "INT32" else pa.time64(unit)
        case "timestamp":
            unit = _UNITS.get(logical["timeUnit"])
            return None if unit is None else pa.timestamp(unit)
    return None
