"""The INTs of JSON, whose text has been judged before: as many signs and digits as 64 bits hold.

In: a padded byte buffer, and for each row its kind and where its text starts and ends.  Out: a number for
each row, in an array the caller brought.

How long a number is, and in which rows there is one, is not to be foretold, so up to eight digits are read
without a branch.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    INT32S,
    INT64,
    INT64S_OUT,
    UINT8,
    UINT8S,
    UINT64,
    VOID,
    called,
    kernel,
)
from s3sql.kernels.digits import eight_digits, shift_up
from s3sql.kernels.simd import at, load64, put
from s3sql.types import Kind

_INT = int(Kind.INT)


@kernel(VOID(BYTES, INT32S, INT32S, UINT8S, INT64S_OUT))
def read_ints(buffer: Any, starts: Any, ends: Any, tags: Any, out: Any) -> None:
    """The number of each row that is an INT; 0 in the others."""
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        sign = INT64(at(buffer, start) == UINT8(45))
        digits = start + sign
        count = (INT64(at(ends, row)) - digits) * INT64(at(tags, row) == _INT)
        if count <= 8:
            # The bytes moved in are no characters, but their lower halves are zeros as those of 0 are.
            magnitude = eight_digits(shift_up(load64(buffer, digits), 8 - count))
        else:
            magnitude = _longer(buffer, digits, count)
        put(out, row, (INT64(magnitude) ^ -sign) + sign)


@called
def _longer(buffer: Any, digits: Any, count: Any) -> Any:
    """The number that more than eight digits spell."""
    magnitude = UINT64(0)
    while count > 8:
        magnitude = magnitude * UINT64(100_000_000) + eight_digits(load64(buffer, digits))
        digits += 8
        count -= 8
    for offset in range(digits, digits + count):
        magnitude = magnitude * UINT64(10) + UINT64(at(buffer, offset) - UINT8(48))
    return magnitude
