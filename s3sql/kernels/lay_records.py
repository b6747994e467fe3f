"""Records laid from columns of finished fields.

In: fields that lie anywhere in one padded buffer, each told as a word: where it starts, times ``2**32``, plus
its bytes.  Out: the records, a delimiter behind every field but the last, and where each ends.

Words stand column after column, *stride* apart, so that a column is written in one go and a record reads one
word of each. A stride that is a power of two would have all columns of a row share a few lines of the cache.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.bytes import append
from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    DENSE_INT32S,
    DENSE_INT64S,
    INT32S,
    INT64,
    INT64S_OUT,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, copy32, load64, put, store64

#: The part of a word that tells how many bytes the field has.
SIZE_BITS = 32
SIZE_MASK = (1 << SIZE_BITS) - 1


@kernel(VOID(DENSE_INT64S, DENSE_INT32S, INT64, INT64S_OUT))
def coded_words(table: Any, codes: Any, base: Any, words: Any) -> None:
    """The words of rows that are numbers of entries, *table* having the entries'.

    *base*: where the buffer of the entries was put.
    """
    offset = base << SIZE_BITS
    for row in range(codes.size):
        put(words, row, at(table, INT64(at(codes, row))) + offset)


@kernel(INT64(DENSE_INT64S, DENSE_INT32S))
def coded_size(table: Any, codes: Any) -> Any:
    """How many bytes the fields of these rows have together."""
    size = INT64(0)
    for row in range(codes.size):
        size += at(table, INT64(at(codes, row))) & SIZE_MASK
    return size


@kernel(VOID(INT32S, INT32S, INT64, INT64S_OUT))
def add_sizes(starts: Any, ends: Any, rows: Any, sizes: Any) -> None:
    """Add to ``sizes[i]`` the bytes of the slices of rows ``i * rows`` to ``(i + 1) * rows``."""
    for part in range(sizes.size):
        size = INT64(0)
        for row in range(part * rows, min((part + 1) * rows, starts.size)):
            size += INT64(at(ends, row)) - INT64(at(starts, row))
        put(sizes, part, at(sizes, part) + size)


@kernel(INT64(BYTES, INT32S, INT32S, INT64, BYTES_OUT, INT64S_OUT))
def copy_fields(buffer: Any, starts: Any, ends: Any, target: Any, out: Any, words: Any) -> Any:
    """Copy slices to *out* from *target* on, and their words; the place behind the last."""
    for row in range(starts.size):
        start = INT64(at(starts, row))
        size = INT64(at(ends, row)) - start
        put(words, row, (target << SIZE_BITS) + size)
        target = append(out, target, buffer, start, start + size)
    return target


@inlined
def append_padded(out: Any, target: Any, token: Any, size: Any, word: Any) -> Any:
    """Append a padded token of *size* bytes, *word* being its first eight."""
    if size <= 8:
        store64(out, target, word)
        return target + size
    return append(out, target, token, 0, size)


@kernel(INT64(BYTES, DENSE_INT64S, INT64, INT64, BYTES, INT64, BYTES, INT64, INT64, BYTES_OUT, INT64S_OUT))
def lay_records(
    buffer: Any,
    words: Any,
    stride: Any,
    columns: Any,
    field: Any,
    field_size: Any,
    record: Any,
    record_size: Any,
    target: Any,
    out: Any,
    record_ends: Any,
) -> Any:
    """Write records of one field or more from *target* on; the place behind the last.

    ``words`` of *columns* columns, *stride* apart.
    """
    field_word = load64(field, 0)
    record_word = load64(record, 0)
    for row in range(record_ends.size):
        place = INT64(row)
        for number in range(columns):
            if number > 0:
                target = append_padded(out, target, field, field_size, field_word)
            word = at(words, place)
            place += stride
            start = word >> SIZE_BITS
            size = word & SIZE_MASK
            copy32(out, target, buffer, start)
            offset = INT64(32)
            while offset < size:
                copy32(out, target + offset, buffer, start + offset)
                offset += 32
            target += size
        target = append_padded(out, target, record, record_size, record_word)
        put(record_ends, row, target)
    return target
