"""Kernels of LIKE with a pattern, and perhaps an escape character, of its own in every row.

In: texts, patterns and escape characters as padded buffers with starts and ends.  Out: one flag per row.

As in :mod:`s3sql.kernels.like`, rows that would take too long are left ``UNDECIDED``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from s3sql.kernels.bytes import same_bytes
from s3sql.kernels.compile import (
    BOOLS_OUT,
    BYTES,
    INT32S,
    INT64,
    UINT8,
    UINT8S_OUT,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.like import STEPS, STEPS_PER_BYTE, UNDECIDED
from s3sql.kernels.simd import at, put
from s3sql.kernels.text import width_of

Array: TypeAlias = NDArray[Any]

_PERCENT = 0x25
_UNDERSCORE = 0x5F


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
    """1 if the text matches, 0 if it does not, or ``UNDECIDED``.

    Greedy matching that goes back only to the last ``%``; each time it does costs a step.
    """
    percent = INT64(-1)
    retry = INT64(0)
    steps = STEPS + STEPS_PER_BYTE * (end - position + last - token)
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
            return 1
        if percent < 0 or retry >= end:
            return 0
        steps -= token - percent
        if steps < 0:
            return UNDECIDED
        retry += width_of(at(buffer, retry))
        position = retry
        token = percent


@kernel(INT64(BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, UINT8S_OUT))
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
) -> int:
    """Whether each slice matches its own pattern under its own escape character (none if empty).

    The escapes are valid (:func:`escapes_valid`). Returns how many rows are left ``UNDECIDED``.
    """
    undecided = INT64(0)
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
        put(out, row, UINT8(matched))
        undecided += matched == UNDECIDED
    return undecided
