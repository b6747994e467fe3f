"""The pieces numbers are read with: eight digits at once, and blanks.

In: 64-bit words of text as :func:`s3sql.kernels.simd.load64` gives them, the first character in the lowest
byte.  Out: whether they are digits, what number they spell, where the point is.  Beside them what every
reader of numbers reports of a row.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import UINT64, inlined
from s3sql.kernels.simd import at

#: The status of a row.
OK = 0
#: Not a number of the grammar.
MALFORMED = 1
#: A number too large for the result: INT beyond 64 bits, FLOAT beyond the finite ones.
OVERFLOW = 2
#: A number that the kernel leaves to the caller: more digits than it holds, or a very large exponent.
ODD = 3

#: The largest INT.
LARGEST = 0x7FFFFFFFFFFFFFFF
#: Eight characters ``0``.
ZEROS = 0x3030303030303030
_ONES = 0x0101010101010101
_POINTS = 0x2E2E2E2E2E2E2E2E
_HIGH_BITS = 0x8080808080808080


@inlined
def are_digits(word: Any) -> Any:
    """Whether all eight bytes are ASCII digits."""
    values = word ^ UINT64(ZEROS)
    # Adding 6 carries a value of 10 to 15 into the upper half of its byte.
    return (values | (values + UINT64(0x0606060606060606))) & UINT64(0xF0F0F0F0F0F0F0F0) == UINT64(0)


@inlined
def eight_digits(word: Any) -> Any:
    """The number that eight ASCII digits spell, the first in the lowest byte."""
    values = word & UINT64(0x0F0F0F0F0F0F0F0F)
    pairs = values * UINT64(10) + (values >> UINT64(8))
    upper = (pairs & UINT64(0x000000FF000000FF)) * UINT64(0x000F424000000064)
    lower = ((pairs >> UINT64(16)) & UINT64(0x000000FF000000FF)) * UINT64(0x0000271000000001)
    return (upper + lower) >> UINT64(32)


@inlined
def shift_up(word: Any, count: Any) -> Any:
    """*word* with *count* bytes (0 to 8) moved out at the top, in two steps: 64 bits at once is undefined."""
    half = UINT64(count) << UINT64(2)
    return (word << half) << half


@inlined
def shift_down(word: Any, count: Any) -> Any:
    """*word* with *count* bytes (0 to 8) moved out at the bottom."""
    half = UINT64(count) << UINT64(2)
    return (word >> half) >> half


@inlined
def pad_left(word: Any, count: Any) -> Any:
    """The first *count* (0 to 8) bytes of *word* with zeros written before them."""
    return shift_up(word, 8 - count) | shift_down(UINT64(ZEROS), count)


@inlined
def points(word: Any) -> Any:
    """The highest bit of each byte that is a point; only the lowest of those bits is sure."""
    differences = word ^ UINT64(_POINTS)
    return (differences - UINT64(_ONES)) & ~differences & UINT64(_HIGH_BITS)


@inlined
def up_to_point(points: Any) -> Any:
    """A mask of the bytes before the first point."""
    return ((points & (UINT64(0) - points)) >> UINT64(7)) - UINT64(1)


@inlined
def is_blank(byte: Any) -> Any:
    """Whether *byte* is one that CAST to a number ignores around it."""
    return byte == 32 or byte == 9 or byte == 13 or byte == 10


@inlined
def without_blanks(buffer: Any, start: Any, end: Any) -> Any:
    """(start, end) of the text between the blanks."""
    while start < end and is_blank(at(buffer, start)):
        start += 1
    while start < end and is_blank(at(buffer, end - 1)):
        end -= 1
    return start, end
