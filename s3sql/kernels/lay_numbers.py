"""Records of numbers alone, written straight from these.

In: whole numbers and decimals of one scale each, none of them NULL, brought together column after column.
Out: the records, a delimiter behind every number but the last, and where each ends.

The numbers look as :mod:`s3sql.kernels.format_numbers` has them. Records of other columns are laid from
finished fields (:mod:`s3sql.kernels.lay_records`), which are written twice.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    DENSE_INT64S,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT64,
    kernel,
)
from s3sql.kernels.format_numbers import PLAIN_SCALE, write_digits, write_fixed
from s3sql.kernels.lay_records import append_padded
from s3sql.kernels.simd import at, load64, put

#: The largest scale that is taken; the least is 0.
MOST_SCALE = PLAIN_SCALE


@kernel(UINT64(INT64S, INT64S_OUT))
def copy_numbers(numbers: Any, out: Any) -> Any:
    """Copy *numbers*; the greatest magnitude among them."""
    greatest = UINT64(0)
    for row in range(numbers.size):
        number = at(numbers, row)
        put(out, row, number)
        greatest = max(greatest, UINT64(0) - UINT64(number) if number < 0 else UINT64(number))
    return greatest


@kernel(INT64(DENSE_INT64S, DENSE_INT64S, BYTES, INT64, BYTES, INT64, BYTES_OUT, INT64S_OUT))
def lay_numbers(
    numbers: Any,
    scales: Any,
    field: Any,
    field_size: Any,
    record: Any,
    record_size: Any,
    out: Any,
    record_ends: Any,
) -> Any:
    """Write the records; how many bytes they have.

    *numbers*: those of the first column, then those of the next; each column has one of *scales*, 0 to
    :data:`MOST_SCALE`. Both delimiters are padded.
    """
    field_word = load64(field, 0)
    record_word = load64(record, 0)
    target = INT64(0)
    rows = INT64(record_ends.size)
    for row in range(rows):
        for column in range(scales.size):
            if column > 0:
                target = append_padded(out, target, field, field_size, field_word)
            number = at(numbers, column * rows + row)
            scale = at(scales, column)
            put(out, target, 45)
            target += INT64(number < 0)
            magnitude = UINT64(0) - UINT64(number) if number < 0 else UINT64(number)
            if scale == 0:
                target = write_digits(out, target, magnitude)
            else:
                target = write_fixed(out, target, magnitude, scale)
        target = append_padded(out, target, record, record_size, record_word)
        put(record_ends, row, target)
    return target
