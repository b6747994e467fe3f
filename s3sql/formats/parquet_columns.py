"""Columns of Parquet values, nested ones as compact JSON.

In: an Arrow array of one top-level column.  Out: a :class:`~s3sql.types.Column`.

A LIST is a list; a struct has its fields as members, those that are NULL left out; a map whose keys are text
is a struct of its entries, another one a list of ``{"key":…,"value":…}``; null elements of a list and null
values of a map are null. A repeated field that is no LIST has its last value only.

Source of the rules: AWS S3 User Guide, Data types ("Parquet"), for lists and repeated fields; structs and
maps are an extension.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats.parquet_arrays import column, known, storage, without_views
from s3sql.formats.parquet_scalars import scalar_column
from s3sql.formats.parquet_schema import has_text_keys, kinds_of
from s3sql.functions.collections import addressable, json_text, members_text
from s3sql.functions.registry import Fail
from s3sql.kernels import parquet_values
from s3sql.payloads import Int64s, Mask, Text
from s3sql.plan.schema import ParquetColumn, ParquetForm, ParquetType
from s3sql.types import Column, Kind

Array: TypeAlias = "pa.Array[Any]"
Writer: TypeAlias = "Callable[[Array, ParquetType, str, Fail], Text]"

_BRACKETS, _BRACES = b"[]", b"{}"
#: Bytes that an element or entry takes beside its text: a comma or a colon, and ``null``.
_BESIDE = 5


def column_of(values: Array, column: ParquetColumn, fail: Fail) -> Column:
    """The *values* of a column that can be read (its ``refusal`` is None), NULL where they are null.

    Fails single rows as :func:`s3sql.formats.parquet_scalars.scalar_column` does.
    """
    return _column(values, column.type, column.name, fail)


def _column(values: Array, type_: ParquetType, name: str, fail: Fail) -> Column:
    if type_.form == "repeated":
        return _column(_last(values), type_.children[0], name, fail)
    if type_.form not in _WRITERS:
        return scalar_column(values, type_.form, name, fail)
    (kind,) = kinds_of(type_)
    return column(kind, _json(values, type_, name, fail), values)


def _json(values: Array, type_: ParquetType, name: str, fail: Fail) -> Text:
    """Every value as compact JSON, nothing at all for null."""
    if type_.form == "repeated":
        return _json(_last(values), type_.children[0], name, fail)
    if type_.form == "null":
        return Text.constant("", len(values))
    text = _WRITERS.get(type_.form, _scalar)(values, type_, name, fail)
    if not values.null_count:
        return text
    return Text(text.buffer, text.starts, np.where(known(values), text.ends, text.starts), text.excludes)


def _scalar(values: Array, type_: ParquetType, name: str, fail: Fail) -> Text:
    return json_text(scalar_column(values, type_.form, name, fail))


def _struct(values: Array, type_: ParquetType, name: str, fail: Fail) -> Text:
    # Flattening makes the fields of a null struct null.
    fields = storage(values).flatten()
    texts = [_json(field, child, name, fail) for field, child in zip(fields, type_.children, strict=True)]
    return members_text(type_.names, texts, len(values))


def _list(values: Array, type_: ParquetType, name: str, fail: Fail) -> Text:
    lists = _lists(values)
    elements = _json(lists.elements, type_.children[0], name, lists.rows_fail(fail))
    return _bracketed(elements, lists, known(values), _BRACKETS)


def _map(values: Array, type_: ParquetType, name: str, fail: Fail) -> Text:
    lists = _lists(values)
    entry_fail = lists.rows_fail(fail)
    keys, items = (
        _json(side, child, name, entry_fail)
        for side, child in zip(lists.elements.flatten(), type_.children, strict=True)
    )
    if not has_text_keys(type_):
        entries = members_text(("key", "value"), (keys, _or_null(items)), len(keys))
        return _bracketed(entries, lists, known(values), _BRACKETS)
    starts, ends = np.empty(len(keys), np.int32), np.empty(len(keys), np.int32)
    buffer = PaddedBuffer.empty(_size(keys) + _size(items) + _BESIDE * len(keys)).array
    parquet_values.entries(
        keys.buffer, keys.starts, keys.ends, items.buffer, items.starts, items.ends, buffer, starts, ends
    )
    return _bracketed(Text(buffer, starts, ends), lists, known(values), _BRACES)


_WRITERS: dict[ParquetForm, Writer] = {"list": _list, "struct": _struct, "map": _map}


class _Lists(NamedTuple):
    """The elements of all lists, one behind the other; those of list i are ``offsets[i]:offsets[i + 1]``."""

    elements: Any
    offsets: Int64s

    def rows_fail(self, fail: Fail) -> Fail:
        """Reports failures of elements as failures of their lists."""

        def of_elements(where: Mask, error: S3SelectError) -> None:
            rows = np.zeros(len(self.offsets) - 1, np.bool_)
            rows[np.searchsorted(self.offsets, np.flatnonzero(where), "right") - 1] = True
            fail(rows, error)

        return of_elements


def _lists(values: Array) -> _Lists:
    lists = without_views(storage(values))
    if not isinstance(lists, pa.ListArray | pa.LargeListArray):
        lists = lists.cast(pa.large_list(lists.type.value_field))
    offsets: Int64s = np.asarray(lists.offsets).astype(np.int64)
    first, last = int(offsets[0]), int(offsets[-1])
    return _Lists(lists.values.slice(first, last - first), offsets - first)


def _last(values: Array) -> Any:
    """The last element of every list, null for an empty one."""
    lists = _lists(values)
    ends = lists.offsets[1:]
    empty = (ends == lists.offsets[:-1]) | ~known(values)
    places: pa.Array[Any] = pa.array(np.where(empty, 0, ends - 1), mask=empty)
    return lists.elements.take(places)


def _bracketed(elements: Text, lists: _Lists, there: Mask, brackets: bytes) -> Text:
    """The elements of every list between brackets; nothing at all where there is no list."""
    length = len(there)
    room = _size(elements) + _BESIDE * len(elements) + 2 * length
    buffer = PaddedBuffer.empty(addressable(room, "a nested Parquet column")).array
    starts, ends = np.empty(length, np.int32), np.empty(length, np.int32)
    opening, closing = brackets
    parquet_values.bracketed(
        elements.buffer, elements.starts, elements.ends, lists.offsets, there.view(np.uint8), opening,
        closing, buffer, starts, ends,
    )  # fmt: skip
    return Text(buffer, starts, ends)


def _or_null(text: Text) -> Text:
    """The texts, ``null`` for an empty one."""
    empty = text.starts == text.ends
    if not empty.any():
        return text
    rows, others = np.flatnonzero(empty), np.flatnonzero(~empty)
    nulls = Column.of(Kind.STRING, Text.constant("null", len(rows)))
    pieces = [(rows, nulls), (others, Column.of(Kind.STRING, text.take(others)))]
    return Column.interleave(len(text), pieces).text()


def _size(text: Text) -> int:
    return int((text.ends - text.starts).sum(dtype=np.int64))
