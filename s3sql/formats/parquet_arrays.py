"""The memory of Arrow arrays as numpy sees it.

In: an Arrow array.  Out: numpy arrays over the same memory, and which values are not null. What stands in
place of a null means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

from s3sql.payloads import Mask, Payload, Rows
from s3sql.types import Column, Kind


def storage(values: pa.Array[Any]) -> Any:
    """The values of an extension type as the type that they are stored in."""
    while isinstance(values, pa.ExtensionArray):
        values = values.storage
    return values


def plain(values: pa.Array[Any]) -> Any:
    """The values without an extension type and without a dictionary."""
    values = storage(values)
    return values.dictionary_decode() if isinstance(values, pa.DictionaryArray) else values


def dictionary_arrays(values: Any) -> Iterator[Any]:
    """*values* if they are in a dictionary, or those arrays within them that are."""
    pending = [values]
    while pending:
        part = storage(pending.pop())
        if isinstance(part, pa.DictionaryArray):
            yield part
        elif isinstance(part, pa.StructArray):
            pending += [part.field(number) for number in range(part.type.num_fields)]
        elif part.type.num_fields:
            pending.append(part.values)


def without_views(values: pa.Array[Any]) -> Any:
    """The same values without Arrow's view types, of which it takes no rows and casts few.

    Lists, structs and maps may have views of text within.
    """
    if "view" not in str(values.type):
        return values
    if isinstance(values, pa.ListViewArray | pa.LargeListViewArray):
        return _list_of_views(values)
    return values.cast(_type_without_views(values.type))


def _list_of_views(views: Any) -> Any:
    """Lists whose elements are anywhere, the elements brought one behind the other."""
    there = known(views)
    sizes = np.where(there, np.asarray(views.sizes), 0).astype(np.int64)
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    places: Any = np.repeat(np.asarray(views.offsets) - offsets[:-1], sizes) + np.arange(offsets[-1])
    elements = without_views(views.values).take(pa.array(places))
    bounds: Any = pa.array(offsets)
    return pa.LargeListArray.from_arrays(bounds, elements, mask=pa.array(~there))


def _type_without_views(type_: Any) -> Any:
    if pa.types.is_string_view(type_):
        return pa.string()
    if pa.types.is_binary_view(type_):
        return pa.binary()
    if isinstance(type_, pa.MapType):
        return pa.map_(_type_without_views(type_.key_type), _type_without_views(type_.item_type))
    if pa.types.is_struct(type_):
        fields = [type_.field(number) for number in range(type_.num_fields)]
        return pa.struct([field.with_type(_type_without_views(field.type)) for field in fields])
    if pa.types.is_fixed_size_list(type_):
        return pa.list_(_type_without_views(type_.value_type), type_.list_size)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return pa.large_list(_type_without_views(type_.value_type))
    return type_


def numpy_type(kind: Any) -> np.dtype[Any]:
    """Numpy's type for an integer or float type of Arrow, whose own answer imports pandas if it is there."""
    name = str(kind)
    return np.dtype(_FLOATS.get(name, name))


def fixed_width(values: pa.Array[Any], dtype: DTypeLike) -> NDArray[Any]:
    """The values of an array whose values have the width of *dtype* each, without a copy."""
    contents = values.buffers()[1]
    if contents is None or not len(values):
        return np.zeros(len(values), dtype)
    width = np.dtype(dtype).itemsize
    found: NDArray[Any] = np.frombuffer(memoryview(contents), dtype, len(values), values.offset * width)
    return found


def known(values: pa.Array[Any]) -> Mask:
    """Which values are not null."""
    bits = values.buffers()[0]
    if not values.null_count or bits is None:
        return np.full(len(values), not values.null_count, np.bool_)
    end = values.offset + len(values)
    flags = np.unpackbits(np.frombuffer(memoryview(bits), np.uint8), count=end, bitorder="little")
    found: Mask = flags[values.offset :].view(np.bool_)
    return found


_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}

#: numpy's own types of these many bytes, which it takes several times as fast as others.
_OF_WIDTH: dict[int, Any] = {
    1: np.dtype("i1"),
    2: np.dtype("i2"),
    4: np.dtype("i4"),
    8: np.dtype("i8"),
    16: np.dtype("c16"),
}


def take_rows(values: pa.Array[Any], rows: Rows) -> Any:
    """The values of the given rows. Arrow's own way costs more than the values do where these are few."""
    type_ = values.type
    fixed = pa.types.is_primitive(type_) or pa.types.is_decimal(type_)
    if not fixed or pa.types.is_boolean(type_) or values.null_count or not len(rows):
        # Not by pa.array(), which imports pandas, if it is there, to see whether it is given something of it.
        places = pa.py_buffer(np.ascontiguousarray(rows, np.int64).data)
        return values.take(pa.Array.from_buffers(pa.int64(), len(rows), [None, places]))
    width = type_.bit_width // 8
    taken = fixed_width(values, _OF_WIDTH.get(width, np.dtype((np.void, width))))[rows]
    return pa.Array.from_buffers(type_, len(rows), [None, pa.py_buffer(taken.view(np.uint8).data)])


def column(kind: Kind, payload: Payload, values: pa.Array[Any], wrong: Mask | None = None) -> Column:
    """A column of *kind*, NULL where *values* are null or *wrong*."""
    length = len(values)
    if wrong is None and not values.null_count:
        return Column.of(kind, payload)
    if wrong is None and values.null_count == length:
        return Column.unknown(Kind.NULL, length)
    absent = ~known(values) if wrong is None else ~known(values) | wrong
    return Column.tagged(np.where(absent, np.uint8(Kind.NULL), np.uint8(kind)), {kind: payload})


def is_text(values: pa.Array[Any]) -> bool:
    """Whether they are strings or byte strings of any length."""
    kind = values.type
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_large_binary(kind)
    )


def text_bounds(values: pa.Array[Any]) -> NDArray[Any]:
    """Where each of some strings or byte strings begins in their buffer, and where the last one ends."""
    values = storage(values)
    wide = pa.types.is_large_string(values.type) or pa.types.is_large_binary(values.type)
    offsets = values.buffers()[1]
    if offsets is None:
        return np.zeros(len(values) + 1, np.int64)
    dtype = np.dtype(np.int64 if wide else np.int32)
    return np.frombuffer(memoryview(offsets), dtype, len(values) + 1, values.offset * dtype.itemsize)


def longest_text(values: pa.Array[Any]) -> int:
    """Bytes of the longest of some strings or byte strings."""
    return int(np.diff(text_bounds(values)).max(initial=0))
