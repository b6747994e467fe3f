"""Kernels of LIKE: one for each simple shape of a pattern, one for the others.

In: text as a padded buffer with starts and ends, and the pattern's literal bytes, padded as well.
Out: one flag per row.

UTF-8 lets literal characters be compared as bytes: a whole character never matches inside another one.
Only ``_`` has to know where characters begin.

A pattern that nearly fits at every place of a text would take as long as the product of their lengths. So
for each row the comparisons that came to nothing are counted, and beyond a number that grows with the text
the row is left ``UNDECIDED``: :mod:`s3sql.kernels.like_places` decides it, which takes longer to begin.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from s3sql.kernels.bytes import equal_words, same_bytes
from s3sql.kernels.compile import (
    BOOLS,
    BOOLS_OUT,
    BYTES,
    INT32S,
    INT64,
    UINT8,
    UINT8S_OUT,
    UINT64,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, byte_mask, load64, low_bits, put, trailing_zeros
from s3sql.kernels.text import width_of

Array: TypeAlias = NDArray[Any]

#: What stands for a row that would take too long.
UNDECIDED = 2

#: Comparisons in vain that every row may cost, and those that each of its bytes may cost besides. Fewer would
#: not pay for the way that decides the row then.
STEPS = 1 << 15
STEPS_PER_BYTE = 4

#: Where something stands that was not looked for to the end.
_GIVEN_UP = -2


@inlined
def _find(buffer: Any, start: Any, end: Any, needle: Any, first: Any, length: Any, steps: Any) -> Any:
    """The first offset from *start* on where ``needle[first:first + length]`` stands before *end*, or -1.

    *length* is at least 1. Candidates are where both the first and the last byte fit, 64 at a time. Of the
    *steps* that may be taken in vain those left are the second result; without any the offset is _GIVEN_UP.
    """
    first_byte = at(needle, first)
    last_byte = at(needle, first + length - 1)
    head = load64(needle, first)
    head_bits = low_bits(8 * length)
    behind_last = end - length + 1
    while start < behind_last:
        candidates = byte_mask(buffer, start, first_byte)
        candidates &= byte_mask(buffer, start + length - 1, last_byte)
        candidates &= low_bits(behind_last - start)
        while candidates:
            found = start + trailing_zeros(candidates)
            candidates &= candidates - UINT64(1)
            if not (load64(buffer, found) ^ head) & head_bits:
                if length <= 8:
                    return found, steps
                same = equal_words(buffer, found + 8, needle, first + 8, length - 8)
                if 8 * same >= length - 8:
                    return found, steps
                steps -= same
                if steps < 0:
                    return INT64(_GIVEN_UP), steps
        start += 64
    return INT64(-1), steps


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT64, BOOLS_OUT))
def starting_with(buffer: Array, starts: Array, ends: Array, needle: Array, length: int, out: Array) -> None:
    """Whether each slice starts with the *length* bytes of *needle*."""
    for row in range(starts.size):
        start = INT64(at(starts, row))
        fits = INT64(at(ends, row)) - start >= length
        put(out, row, fits and same_bytes(buffer, start, needle, 0, length))


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT64, BOOLS_OUT))
def ending_with(buffer: Array, starts: Array, ends: Array, needle: Array, length: int, out: Array) -> None:
    """Whether each slice ends with the *length* bytes of *needle*."""
    for row in range(starts.size):
        end = INT64(at(ends, row))
        fits = end - INT64(at(starts, row)) >= length
        put(out, row, fits and same_bytes(buffer, end - length, needle, 0, length))


@kernel(INT64(BYTES, INT32S, INT32S, BYTES, INT64, UINT8S_OUT))
def containing(buffer: Array, starts: Array, ends: Array, needle: Array, length: int, out: Array) -> int:
    """Whether the *length* bytes of *needle*, at least one, stand somewhere in each slice.

    Returns how many rows are left ``UNDECIDED``.
    """
    undecided = INT64(0)
    for row in range(starts.size):
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        steps = STEPS + STEPS_PER_BYTE * (end - start)
        found, _ = _find(buffer, start, end, needle, INT64(0), length, steps)
        put(out, row, UINT8(found >= 0))
        if found == _GIVEN_UP:
            put(out, row, UINT8(UNDECIDED))
            undecided += 1
    return undecided


@inlined
def _end_of_match(
    buffer: Any, position: Any, end: Any, literal: Any, wild: Any, token: Any, last: Any
) -> Any:
    """Where tokens *token* to *last* (exclusive) end when they match at *position*, -1 if they do not.

    The second result is the token that did not match.
    """
    while token < last:
        if position >= end:
            return INT64(-1), token
        if at(wild, token):
            position += width_of(at(buffer, position))
        elif at(buffer, position) == at(literal, token):
            position += 1
        else:
            return INT64(-1), token
        token += 1
    return position, token


@inlined
def _start_of_match(
    buffer: Any, position: Any, start: Any, literal: Any, wild: Any, first: Any, token: Any
) -> Any:
    """Where tokens *first* to *token* (exclusive) start when they match up to *position*; -1 if not."""
    while token > first:
        token -= 1
        if position <= start:
            return INT64(-1)
        position -= 1
        if at(wild, token):
            while position > start and at(buffer, position) & 0xC0 == 0x80:
                position -= 1
        elif at(buffer, position) != at(literal, token):
            return INT64(-1)
    return position


@inlined
def _find_tokens(
    buffer: Any, position: Any, end: Any, literal: Any, wild: Any, first: Any, last: Any, steps: Any
) -> Any:
    """Where the first match from *position* on of tokens *first* to *last* (exclusive) ends, or -1.

    *steps* and the second result are as :func:`_find` has them.
    """
    if at(wild, first):
        while position < end:
            found, token = _end_of_match(buffer, position, end, literal, wild, first, last)
            if found >= 0:
                return found, steps
            steps -= token - first
            if steps < 0:
                return INT64(_GIVEN_UP), steps
            position += width_of(at(buffer, position))
        return INT64(-1), steps
    while position < end:
        candidates = byte_mask(buffer, position, at(literal, first)) & low_bits(end - position)
        while candidates:
            start = position + trailing_zeros(candidates)
            candidates &= candidates - UINT64(1)
            found, token = _end_of_match(buffer, start, end, literal, wild, first, last)
            if found >= 0:
                return found, steps
            steps -= token - first
            if steps < 0:
                return INT64(_GIVEN_UP), steps
        position += 64
    return INT64(-1), steps


@inlined
def _matches_segments(
    buffer: Any, start: Any, end: Any, literal: Any, wild: Any, bounds: Any, plain: Any
) -> Any:
    """1 if the slice matches, 0 if it does not, or ``UNDECIDED``."""
    last = bounds.size - 2
    steps = STEPS + STEPS_PER_BYTE * (end - start)
    start, _ = _end_of_match(buffer, start, end, literal, wild, INT64(0), INT64(at(bounds, 1)))
    if start < 0:
        return 0
    if last == 0:
        return INT64(start == end)
    end = _start_of_match(
        buffer, end, start, literal, wild, INT64(at(bounds, last)), INT64(at(bounds, last + 1))
    )
    if end < 0:
        return 0
    for segment in range(1, last):
        first_token = INT64(at(bounds, segment))
        behind = INT64(at(bounds, segment + 1))
        if at(plain, segment):
            start, steps = _find(buffer, start, end, literal, first_token, behind - first_token, steps)
            start += behind - first_token if start >= 0 else 0
        else:
            start, steps = _find_tokens(buffer, start, end, literal, wild, first_token, behind, steps)
        if start < 0:
            return UNDECIDED if start == _GIVEN_UP else 0
    return 1


@kernel(INT64(BYTES, INT32S, INT32S, BYTES, BOOLS, INT32S, BOOLS, UINT8S_OUT))
def matching_segments(
    buffer: Array,
    starts: Array,
    ends: Array,
    literal: Array,
    wild: Array,
    bounds: Array,
    plain: Array,
    out: Array,
) -> int:
    """Whether each slice is segment 0, anything, segment 1, anything, ... the last segment.

    Segment i is the tokens ``bounds[i]:bounds[i + 1]``. A token is the byte ``literal[token]``, or any one
    character where ``wild[token]``; ``plain[i]`` says that segment i has no wild token. Segments between the
    first and the last are not empty, and are taken where they first fit, which is always right: a later
    place leaves less room for the others. Returns how many rows are left ``UNDECIDED``.
    """
    undecided = INT64(0)
    for row in range(starts.size):
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        matched = _matches_segments(buffer, start, end, literal, wild, bounds, plain)
        put(out, row, UINT8(matched))
        undecided += matched == UNDECIDED
    return undecided
