"""Kernels of LIKE that take no longer than they must, however a text and a pattern are made.

In: one text as planes of bytes, and a pattern as code points.  Out: whether they match.

Plane 0 holds the lowest eight bits of each code point, plane 1 the next eight, plane 2 the rest, so that
place *i* of every plane is character *i*. Planes in which all bytes are 0 are left out. Behind each plane 320
bytes may be read.

A segment without ``_`` is found in one or two steps for each character, as Knuth, Morris and Pratt do it. One
with ``_`` is compared with the text at 256 places at once, one code point after the other, until it fits at
none of them: at worst as many steps as the text has characters, times a 256th of the segment's.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from s3sql.kernels.compile import (
    BOOLS,
    BYTES,
    BYTES_OUT,
    INT32S,
    INT32S_OUT,
    INT64,
    UINT8,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, byte_mask, low_bits, put, trailing_zeros
from s3sql.kernels.text import width_of

Array: TypeAlias = NDArray[Any]

#: What stands for ``_`` among the code points of a pattern.
ANY = -1


@inlined
def _code_point(buffer: Any, position: Any, width: Any) -> Any:
    """The code point of *width* bytes that starts at *position*."""
    code = INT64(at(buffer, position))
    if width == 1:
        return code
    code &= INT64(0x7F) >> width
    for index in range(1, width):
        code = code << 6 | INT64(at(buffer, position + index)) & 0x3F
    return code


@kernel(INT64(BYTES, INT64, INT64, BYTES_OUT, INT64, INT64))
def spread_planes(buffer: Array, start: int, end: int, planes: Array, stride: int, depth: int) -> int:
    """Write the *depth* planes of the text ``buffer[start:end]``, *stride* bytes apart; its characters."""
    count = INT64(0)
    position = start
    while position < end:
        width = width_of(at(buffer, position))
        code = _code_point(buffer, position, width)
        for plane in range(depth):
            put(planes, plane * stride + count, UINT8(code >> 8 * plane & 0xFF))
        position += width
        count += 1
    return count


@kernel(VOID(INT32S, INT32S, INT32S_OUT))
def borders(codes: Array, bounds: Array, out: Array) -> None:
    """How much of the beginning of each segment ends behind each of its code points, unless it begins there.

    Segment i is ``codes[bounds[i]:bounds[i + 1]]``. Of segments with ``_`` what is written means nothing.
    """
    for segment in range(bounds.size - 1):
        first = INT64(at(bounds, segment))
        matched = INT64(0)
        for token in range(first, INT64(at(bounds, segment + 1))):
            if token > first:
                while matched > 0 and at(codes, first + matched) != at(codes, token):
                    matched = INT64(at(out, first + matched - 1))
                if at(codes, first + matched) == at(codes, token):
                    matched += 1
            put(out, token, matched)


@inlined
def _character(planes: Any, stride: Any, depth: Any, place: Any) -> Any:
    code = INT64(at(planes, place))
    for plane in range(1, depth):
        code |= INT64(at(planes, plane * stride + place)) << 8 * plane
    return code


@inlined
def _stands_at(planes: Any, stride: Any, depth: Any, place: Any, codes: Any, first: Any, behind: Any) -> Any:
    """Whether the code points *first* to *behind* (exclusive) stand at *place*."""
    for token in range(first, behind):
        code = INT64(at(codes, token))
        if code != ANY and code != _character(planes, stride, depth, place + token - first):
            return False
    return True


@inlined
def _find_literal(
    planes: Any,
    stride: Any,
    depth: Any,
    place: Any,
    end: Any,
    codes: Any,
    overlaps: Any,
    first: Any,
    length: Any,
) -> Any:
    """The place behind the first of the *length* code points from *first* on, none of them ``_``; or -1."""
    matched = INT64(0)
    while place < end:
        character = _character(planes, stride, depth, place)
        while matched > 0 and at(codes, first + matched) != character:
            matched = INT64(at(overlaps, first + matched - 1))
        if at(codes, first + matched) == character:
            matched += 1
        place += 1
        if matched == length:
            return place
    return INT64(-1)


@inlined
def _find_tokens(
    planes: Any, stride: Any, depth: Any, place: Any, end: Any, codes: Any, first: Any, length: Any
) -> Any:
    """The place behind the first match of the *length* code points from *first* on, or -1."""
    behind = end - length + 1
    while place < behind:
        alive_0 = low_bits(behind - place)
        alive_1 = low_bits(behind - place - 64)
        alive_2 = low_bits(behind - place - 128)
        alive_3 = low_bits(behind - place - 192)
        token = INT64(0)
        while token < length and alive_0 | alive_1 | alive_2 | alive_3:
            code = INT64(at(codes, first + token))
            if code != ANY:
                for plane in range(depth):
                    byte = UINT8(code >> 8 * plane & 0xFF)
                    offset = plane * stride + place + token
                    alive_0 &= byte_mask(planes, offset, byte)
                    alive_1 &= byte_mask(planes, offset + 64, byte)
                    alive_2 &= byte_mask(planes, offset + 128, byte)
                    alive_3 &= byte_mask(planes, offset + 192, byte)
            token += 1
        if alive_0:
            return place + trailing_zeros(alive_0) + length
        if alive_1:
            return place + 64 + trailing_zeros(alive_1) + length
        if alive_2:
            return place + 128 + trailing_zeros(alive_2) + length
        if alive_3:
            return place + 192 + trailing_zeros(alive_3) + length
        place += 256
    return INT64(-1)


@kernel(INT64(BYTES, INT64, INT64, INT64, INT32S, INT32S, BOOLS, INT32S))
def matching_places(
    planes: Array,
    stride: int,
    depth: int,
    end: int,
    codes: Array,
    bounds: Array,
    plain: Array,
    overlaps: Array,
) -> int:
    """1 if the text of *end* characters is segment 0, anything, segment 1, ... the last segment; else 0.

    Segment i is ``codes[bounds[i]:bounds[i + 1]]``; ``plain[i]`` says that it has no ``_``, and *overlaps* is
    what :func:`borders` gave. No code point needs more planes than there are. Segments between the first and
    the last are not empty, and are taken where they first fit.
    """
    last = bounds.size - 2
    place = INT64(at(bounds, 1))
    if place > end or not _stands_at(planes, stride, depth, INT64(0), codes, INT64(0), place):
        return 0
    if last == 0:
        return 1 if place == end else 0
    first = INT64(at(bounds, last))
    behind = INT64(at(bounds, last + 1))
    end -= behind - first
    if end < place or not _stands_at(planes, stride, depth, end, codes, first, behind):
        return 0
    for segment in range(1, last):
        first = INT64(at(bounds, segment))
        length = INT64(at(bounds, segment + 1)) - first
        if at(plain, segment):
            place = _find_literal(planes, stride, depth, place, end, codes, overlaps, first, length)
        else:
            place = _find_tokens(planes, stride, depth, place, end, codes, first, length)
        if place < 0:
            return 0
    return 1
