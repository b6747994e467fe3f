"""Parts of kernels that handle byte strings: comparing, finding and copying slices.

Called inside kernels only. Copies go in steps of 32 bytes and may write up to 31 bytes behind the slice,
so an output buffer is padded and filled from front to back.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import INT64, inlined
from s3sql.kernels.simd import at, copy32, load64, low_bits, put


@inlined
def same_bytes(left: Any, left_offset: Any, right: Any, right_offset: Any, length: Any) -> Any:
    """Whether *length* bytes are equal."""
    position = INT64(0)
    while position < length:
        difference = load64(left, left_offset + position) ^ load64(right, right_offset + position)
        if difference & low_bits(8 * (length - position)):
            return False
        position += 8
    return True


@inlined
def equal_words(left: Any, left_offset: Any, right: Any, right_offset: Any, length: Any) -> Any:
    """How many words of eight bytes are equal before one differs; the last of them may be shorter."""
    position = INT64(0)
    while position < length:
        difference = load64(left, left_offset + position) ^ load64(right, right_offset + position)
        if difference & low_bits(8 * (length - position)):
            break
        position += 8
    return position >> 3


@inlined
def matches(buffer: Any, position: Any, end: Any, token: Any) -> Any:
    """Whether the non-empty *token* stands at *position*."""
    size = len(token)
    if size == 0 or position + size > end:
        return False
    for index in range(size):
        if at(buffer, position + index) != at(token, index):
            return False
    return True


@inlined
def append(out: Any, target: Any, source: Any, start: Any, end: Any) -> Any:
    """Copy ``source[start:end]`` to ``out[target:]``; returns the position behind it."""
    size = end - start
    offset = 0
    while offset < size:
        copy32(out, target + offset, source, start + offset)
        offset += 32
    return target + size


@inlined
def append_token(out: Any, target: Any, token: Any) -> Any:
    """Append a short unpadded byte string; returns the position behind it."""
    for index in range(len(token)):
        put(out, target + index, at(token, index))
    return target + len(token)
