"""Equality of compact JSON texts, as far as their bytes decide it.

In: slices of padded buffers that hold one compact list or object each.  Out: a verdict per row.

Two texts are walked side by side, value by value. Different strings, kinds or lengths make different lists;
what needs more than bytes is left undecided: numbers spelled differently (1 and 1.0), strings with escapes,
and differences within an object, whose members may stand in another order.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from s3sql.kernels.compile import BYTES, INT32S, INT64, UINT8S_OUT, called, kernel
from s3sql.kernels.simd import at, put

Array: TypeAlias = NDArray[Any]

DIFFERENT, EQUAL, UNDECIDED = 0, 1, 2

_QUOTE, _BACKSLASH, _MINUS, _ZERO, _NINE = 34, 92, 45, 48, 57
_OPENING_BRACE, _CLOSING_BRACE = 123, 125


@called
def _is_numeric(byte: int) -> bool:
    """Whether a value that begins with *byte* is a number."""
    return byte == _MINUS or _ZERO <= byte <= _NINE


@called
def _number_end(buffer: Array, place: int, end: int) -> int:
    """The end of the number at *place*; negative if it has a point or an exponent, or is -0."""
    integral = True
    start = place
    while place < end:
        byte = at(buffer, place)
        if byte == 44 or byte == 93 or byte == 125:  # , ] }
            break
        if byte != _MINUS and (byte < _ZERO or byte > _NINE):
            integral = False
        place += 1
    digits = place - start
    negative_zero = digits == 2 and at(buffer, start) == _MINUS and at(buffer, start + 1) == _ZERO
    return place if integral and not negative_zero else -place


@called
def _verdict(left: Array, i: int, left_end: int, right: Array, j: int, right_end: int) -> int:
    """The verdict about two texts."""
    objects = 0
    while i < left_end and j < right_end:
        a = at(left, i)
        b = at(right, j)
        if a != b and objects > 0:
            return UNDECIDED
        if a != b and not (_is_numeric(a) and _is_numeric(b)):
            return DIFFERENT
        if a == _QUOTE:
            while True:
                i += 1
                j += 1
                if i >= left_end or j >= right_end:
                    return DIFFERENT  # no JSON: a row of another kind
                a = at(left, i)
                b = at(right, j)
                if a == _BACKSLASH or b == _BACKSLASH:
                    return UNDECIDED
                if a != b:
                    return UNDECIDED if objects > 0 else DIFFERENT
                if a == _QUOTE:
                    break
            i += 1
            j += 1
            continue
        if _is_numeric(a):
            first, second = _number_end(left, i, left_end), _number_end(right, j, right_end)
            stop, other = abs(first), abs(second)
            same = stop - i == other - j
            if same:
                for k in range(stop - i):
                    if at(left, i + k) != at(right, j + k):
                        same = False
                        break
            if not same:
                return DIFFERENT if objects == 0 and first > 0 and second > 0 else UNDECIDED
            i, j = stop, other
            continue
        if a == _OPENING_BRACE:
            objects += 1
        elif a == _CLOSING_BRACE:
            objects -= 1
        i += 1
        j += 1
    return EQUAL if i >= left_end and j >= right_end else DIFFERENT


@kernel(INT64(BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, UINT8S_OUT))
def judge_json(
    left: Array,
    left_starts: Array,
    left_ends: Array,
    right: Array,
    right_starts: Array,
    right_ends: Array,
    verdicts: Array,
) -> int:
    """Whether the texts of each row are equal values; returns how many rows are undecided."""
    undecided = 0
    for row in range(len(left_starts)):
        verdict = _verdict(
            left,
            INT64(at(left_starts, row)),
            INT64(at(left_ends, row)),
            right,
            INT64(at(right_starts, row)),
            INT64(at(right_ends, row)),
        )
        undecided += verdict == UNDECIDED
        put(verdicts, row, verdict)
    return undecided
