"""Texts put together: one behind the other, and as JSON strings.

In: slices of padded buffers.  Out: bytes one behind the other in a padded buffer that the caller made large
enough, and where each text starts and ends (exclusive).
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BYTES, BYTES_OUT, INT32S, INT32S_OUT, INT64, UINT8, VOID, kernel
from s3sql.kernels.json_strings import copy_forward, put_escape
from s3sql.kernels.simd import at, put

#: The most bytes that one byte takes in a JSON string, and those of its quotes.
JSON_EXPANSION = 6
JSON_QUOTES = 2


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def concatenate(
    left: Any,
    left_starts: Any,
    left_ends: Any,
    right: Any,
    right_starts: Any,
    right_ends: Any,
    out: Any,
    starts: Any,
    ends: Any,
) -> None:
    """The left text of each row with the right one behind it; *out* has room for all of them."""
    position = INT64(0)
    for row in range(len(left_starts)):
        starts[row] = position
        start, end = INT64(at(left_starts, row)), INT64(at(left_ends, row))
        position = copy_forward(out, position, left, start, end)
        start, end = INT64(at(right_starts, row)), INT64(at(right_ends, row))
        position = copy_forward(out, position, right, start, end)
        ends[row] = position


@kernel(VOID(BYTES, INT32S, INT32S, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def quote(buffer: Any, text_starts: Any, text_ends: Any, out: Any, starts: Any, ends: Any) -> None:
    """Each text as a JSON string; *out* has room for six times its length and the quotes."""
    position = INT64(0)
    for row in range(len(text_starts)):
        starts[row] = position
        put(out, position, UINT8(34))
        position += 1
        for offset in range(INT64(at(text_starts, row)), INT64(at(text_ends, row))):
            byte = at(buffer, offset)
            if byte < 32 or byte == 34 or byte == 92:
                position = put_escape(out, position, INT64(byte))
            else:
                put(out, position, byte)
                position += 1
        put(out, position, UINT8(34))
        position += 1
        ends[row] = position
