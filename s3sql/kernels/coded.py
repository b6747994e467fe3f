"""Rows as numbers of entries: what was found for each entry, looked up for each row.

In: something about every entry, and the codes of the rows.  Out: the same about every row.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BOOL,
    BOOLS_OUT,
    DENSE_INT32S,
    DENSE_INT64S,
    DENSE_UINT8S,
    INT32,
    INT32S_OUT,
    INT64,
    INT64S_OUT,
    UINT8,
    VOID,
    kernel,
)
from s3sql.kernels.simd import at, put


@kernel(BOOL(DENSE_INT32S, INT32))
def codes_within(codes: Any, last: Any) -> Any:
    """Whether every code is one of 0 to *last*."""
    # Only the sign counts: of a code that is negative itself the difference may be anything.
    signs = INT32(0)
    for row in range(codes.size):
        code = at(codes, row)
        signs |= code | INT32(last - code)
    return signs >= 0


@kernel(VOID(DENSE_INT32S, DENSE_INT64S, INT32S_OUT))
def take_codes(codes: Any, rows: Any, taken: Any) -> None:
    """The codes of the given rows."""
    for place in range(rows.size):
        put(taken, place, at(codes, at(rows, place)))


@kernel(VOID(DENSE_UINT8S, UINT8, DENSE_INT32S, BOOLS_OUT))
def look_up(table: Any, bit: Any, codes: Any, found: Any) -> None:
    """Whether *bit* is set in what *table* has for each row's entry."""
    for row in range(codes.size):
        put(found, row, (at(table, INT64(at(codes, row))) & bit) != 0)


@kernel(INT64(DENSE_UINT8S, UINT8, DENSE_INT32S, INT64S_OUT))
def select_rows(table: Any, bit: Any, codes: Any, rows: Any) -> Any:
    """The rows for whose entry *bit* is set in *table*; how many there are. *rows* has room for all."""
    count = INT64(0)
    for row in range(codes.size):
        # Whether a row is kept cannot be predicted: each is written, and the next one over it if it is not.
        put(rows, count, INT64(row))
        count += INT64((at(table, INT64(at(codes, row))) & bit) != 0)
    return count
