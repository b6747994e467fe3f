"""How many bytes the values of a column take.

In: an Arrow array.  Out: the bytes of each value, or a number that they do not exceed.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from s3sql.formats.parquet_arrays import (
    dictionary_arrays,
    fixed_width,
    is_text,
    known,
    longest_text,
    numpy_type,
    storage,
    text_bounds,
)
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.payloads import Int64s, Mask

Array: TypeAlias = "pa.Array[Any]"


def may_be_long(values: Array) -> bool:
    """Whether a value of a column of texts may be longer than a record."""
    values = storage(values)
    if isinstance(values, pa.DictionaryArray):
        return may_be_long(values.dictionary)
    if not is_text(values) or not len(values):
        return False
    bounds = text_bounds(values)
    return int(bounds[-1]) - int(bounds[0]) > MAX_RECORD_BYTES and longest_text(values) > MAX_RECORD_BYTES


def text_sizes(values: Array) -> Int64s:
    """Bytes of every text, 0 for null."""
    values = storage(values)
    if isinstance(values, pa.DictionaryArray):
        if not len(values.dictionary):
            return np.zeros(len(values), np.int64)
        there: Mask = known(values)
        codes = fixed_width(values.indices, numpy_type(values.indices.type))
        sizes = text_sizes(values.dictionary)[np.where(there, codes, 0)]
        return np.where(there, sizes, 0)
    return np.diff(text_bounds(values)).astype(np.int64)


def most_bytes(values: Array, rows: int) -> int:
    """No less than the values of any *rows* rows take; numbers and other short values count elsewhere."""
    values = storage(values)
    if isinstance(values, pa.DictionaryArray):
        return longest_text(values.dictionary) * rows if is_text(values.dictionary) else 0
    if is_text(values):
        bounds = text_bounds(values)
        return int(bounds[-1]) - int(bounds[0])
    return _nested_bytes(values)


def value_sizes(values: Array) -> Int64s:
    """Bytes of every value; of nested ones only their average is known."""
    values = storage(values)
    if is_text(values) or (isinstance(values, pa.DictionaryArray) and is_text(values.dictionary)):
        return text_sizes(values)
    return np.full(len(values), -(-_nested_bytes(values) // max(len(values), 1)), np.int64)


def _nested_bytes(values: Array) -> int:
    """Bytes of lists, structs or maps with what is in them; 0 for values of other types."""
    if not values.type.num_fields:
        return 0
    return values.nbytes + sum(int(text_sizes(found).sum()) for found in dictionary_arrays(values))
