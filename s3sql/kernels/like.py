"""Kernels of LIKE: one for each simple shape of a pattern, one for the others, one for a pattern per row.

In: text as a padded buffer with starts and ends, and the pattern's literal bytes, padded as well.
Out: one flag per row.

UTF-8 lets literal characters be compared as bytes: a whole character never matches inside another one.
Only ``_`` has to know where characters begin.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from s3sql.kernels.bytes import same_bytes
from s3sql.kernels.compile import (
    BOOLS,
    BOOLS_OUT,
    BYTES,
    INT32S,
    INT64,
    UINT64,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, byte_mask, load64, low_bits, put, trailing_zeros
from s3sql.kernels.text import width_of

Array: TypeAlias = NDArray[Any]

_PERCENT = 0x25
_UNDERSCORE = 0x5F


@inlined
def _find(buffer: Any, start: Any, end: Any, needle: Any, first: Any, length: Any) -> Any:
    """The first offset from *start* on where ``needle[first:first + length]`` stands before *end*, or -1.

    *length* is at least 1. Candidates are where both the first and the last byte fit, 64 at a time.
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
                if length <= 8 or same_bytes(buffer, found + 8, needle, first + 8, length - 8):
                    return found
        start += 64
    return INT64(-1)


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


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT64, BOOLS_OUT))
def containing(buffer: Array, starts: Array, ends: Array, needle: Array, length: int, out: Array) -> None:
    """Whether the *length* bytes of *needle*, at least one, stand somewhere in each slice."""
    for row in range(starts.size):
        found = _find(buffer, INT64(at(starts, row)), INT64(at(ends, row)), needle, 0, length)
        put(out, row, found >= 0)


@inlined
def _end_of_match(
    buffer: Any, position: Any, end: Any, literal: Any, wild: Any, token: Any, last: Any
) -> Any:
    """Where tokens *token* to *last* (exclusive) end when they match at *position*; -1 if they do not."""
    while token < last:
        if position >= end:
            return INT64(-1)
        if at(wild, token):
            position += width_of(at(buffer, position))
        elif at(buffer, position) == at(literal, token):
            position += 1
        else:
            return INT64(-1)
        token += 1
    return position


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
def _find_tokens(buffer: Any, position: Any, end: Any, literal: Any, wild: Any, first: Any, last: Any) -> Any:
    """Where the first match from *position* on of tokens *first* to *last* (exclusive) ends, or -1."""
    if at(wild, first):
        while position < end:
            found = _end_of_match(buffer, position, end, literal, wild, first, last)
            if found >= 0:
                return found
            position += width_of(at(buffer, position))
        return INT64(-1)
    while position < end:
        candidates = byte_mask(buffer, position, at(literal, first)) & low_bits(end - position)
        while candidates:
            start = position + trailing_zeros(candidates)
            candidates &= candidates - UINT64(1)
            found = _end_of_match(buffer, start, end, literal, wild, first, last)
            if found >= 0:
                return found
        position += 64
    return INT64(-1)


@inlined
def _matches_segments(
    buffer: Any, start: Any, end: Any, literal: Any, wild: Any, bounds: Any, plain: Any
) -> Any:
    last = bounds.size - 2
    start = _end_of_match(buffer, start, end, literal, wild, INT64(0), INT64(at(bounds, 1)))
    if start < 0:
        return False
    if last == 0:
        return start == end
    end = _start_of_match(
        buffer, end, start, literal, wild, INT64(at(bounds, last)), INT64(at(bounds, last + 1))
    )
    if end < 0:
        return False
    for segment in range(1, last):
        first_token = INT64(at(bounds, segment))
        behind = INT64(at(bounds, segment + 1))
        if at(plain, segment):
            start = _find(buffer, start, end, literal, first_token, behind - first_token)
            if start < 0:
                return False
            start += behind - first_token
        else:
            start = _find_tokens(buffer, start, end, literal, wild, first_token, behind)
            if start < 0:
                return False
    return True


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, BOOLS, INT32S, BOOLS, BOOLS_OUT))
def matching_segments(
    buffer: Array,
    starts: Array,
    ends: Array,
    literal: Array,
    wild: Array,
    bounds: Array,
    plain: Array,
    out: Array,
) -> None:
    """Whether each slice is segment 0, anything, segment 1, anything, ... the last segment.

    Segment i is the tokens ``bounds[i]:bounds[i + 1]``. A token is the byte ``literal[token]``, or any one
    character where ``wild[token]``; ``plain[i]`` says that segment i has no wild token. Segments between the
    first and the last are not empty, and are taken where they first fit, which is always right: a later
    place leaves less room for the others.
    """
    for row in range(starts.size):
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        put(out, row, _matches_segments(buffer, start, end, literal, wild, bounds, plain))


@inlined
def _escape_at(patterns: Any, position: Any, escapes: Any, escape: Any, width: Any) -> Any:
    """Whether the escape character stands at *position* of the pattern; never when its *width* is 0.

    Its first byte tells its width, so it cannot stand there and reach beyond the pattern.
    """
    return width > 0 and same_bytes(patterns, position, escapes, escape, width)


@inlined
def _escapes_hold(patterns: Any, position: Any, end: Any, escapes: Any, escape: Any, width: Any) -> Any:
    while position < end:
        if _escape_at(patterns, position, escapes, escape, width):
            position += width
            if position >= end:
                return False
            byte = at(patterns, position)
            if byte == _PERCENT or byte == _UNDERSCORE:
                position += 1
            elif _escape_at(patterns, position, escapes, escape, width):
                position += width
            else:
                return False
        else:
            position += width_of(at(patterns, position))
    return True


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, BOOLS_OUT))
def escapes_valid(
    patterns: Array,
    starts: Array,
    ends: Array,
    escapes: Array,
    escape_starts: Array,
    escape_ends: Array,
    out: Array,
) -> None:
    """Whether in each pattern the escape character stands only before ``%``, ``_`` and itself."""
    for row in range(starts.size):
        escape = INT64(at(escape_starts, row))
        width = INT64(at(escape_ends, row)) - escape
        position = INT64(at(starts, row))
        put(out, row, _escapes_hold(patterns, position, INT64(at(ends, row)), escapes, escape, width))


@inlined
def _matches(
    buffer: Any,
    position: Any,
    end: Any,
    patterns: Any,
    token: Any,
    last: Any,
    escapes: Any,
    escape: Any,
    width: Any,
) -> Any:
    """Greedy matching that goes back only to the last ``%``, so at worst text length times pattern length."""
    percent = INT64(-1)
    retry = INT64(0)
    while True:
        if token < last:
            if _escape_at(patterns, token, escapes, escape, width):
                escaped = width_of(at(patterns, token + width))
                if end - position >= escaped and same_bytes(
                    buffer, position, patterns, token + width, escaped
                ):
                    position += escaped
                    token += width + escaped
                    continue
            elif at(patterns, token) == _PERCENT:
                token += 1
                percent = token
                retry = position
                continue
            elif position < end and at(patterns, token) == _UNDERSCORE:
                position += width_of(at(buffer, position))
                token += 1
                continue
            elif position < end and at(patterns, token) == at(buffer, position):
                position += 1
                token += 1
                continue
        elif position == end:
            return True
        if percent < 0 or retry >= end:
            return False
        retry += width_of(at(buffer, retry))
        position = retry
        token = percent


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, BOOLS_OUT))
def matching_rows(
    buffer: Array,
    starts: Array,
    ends: Array,
    patterns: Array,
    pattern_starts: Array,
    pattern_ends: Array,
    escapes: Array,
    escape_starts: Array,
    escape_ends: Array,
    out: Array,
) -> None:
    """Whether each slice matches its own pattern under its own escape character (none if empty).

    The escapes are valid (:func:`escapes_valid`).
    """
    for row in range(starts.size):
        escape = INT64(at(escape_starts, row))
        matched = _matches(
            buffer,
            INT64(at(starts, row)),
            INT64(at(ends, row)),
            patterns,
            INT64(at(pattern_starts, row)),
            INT64(at(pattern_ends, row)),
            escapes,
            escape,
            INT64(at(escape_ends, row)) - escape,
        )
        put(out, row, matched)
