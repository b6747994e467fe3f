"""Comparison of texts: with one literal, with a set of literals, with another column.

In: slices of padded buffers (:class:`s3sql.payloads.Text`).  Out: one flag or sign per row.

Texts are ordered by Unicode scalar value, which is the order of their UTF-8 bytes. Eight bytes are
compared at a time: what lies behind a slice is masked away, never judged.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from s3sql.kernels.bytes import same_bytes
from s3sql.kernels.compile import (
    BOOL,
    BOOLS_OUT,
    BYTES,
    INT8S_OUT,
    INT32S,
    INT64,
    INT64S,
    UINT64,
    UINT64S,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, load64, low_bits, put
from s3sql.kernels.words import byte_swap

Array: TypeAlias = NDArray[Any]

_MULTIPLIER = 0x9E3779B97F4A7C15
#: "true" as load64 reads it.
_TRUE = int.from_bytes(b"true", "little")
#: Marks a slot of a hash table that holds no literal.
EMPTY = -1


@inlined
def head_of(buffer: Any, start: Any, length: Any) -> Any:
    """The first eight bytes of a slice as a number in text order; zeros behind its end."""
    return byte_swap(load64(buffer, start) & low_bits(length * 8))


@inlined
def _order(
    left: Any, left_start: Any, left_length: Any, right: Any, right_start: Any, right_length: Any
) -> Any:
    """-1, 0 or 1 as the left slice stands before, with or behind the right one."""
    while True:
        left_head = head_of(left, left_start, left_length)
        right_head = head_of(right, right_start, right_length)
        if left_head != right_head:
            return -1 if left_head < right_head else 1
        if left_length <= 8 or right_length <= 8:
            # The zeros behind the shorter one may have met NUL bytes of the longer one.
            if left_length == right_length:
                return 0
            return -1 if left_length < right_length else 1
        left_start += 8
        right_start += 8
        left_length -= 8
        right_length -= 8


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT64, INT64, BOOLS_OUT))
def equals_literal(
    buffer: Array, starts: Array, ends: Array, literal: Array, literal_start: int, length: int, equal: Array
) -> None:
    """Whether each text equals the *length* bytes of *literal* from *literal_start* on."""
    word = load64(literal, literal_start) & low_bits(length * 8)
    mask = low_bits(length * 8)
    if length <= 8:
        for row in range(len(starts)):
            start = INT64(at(starts, row))
            same = load64(buffer, start) & mask == word
            put(equal, row, same & (INT64(at(ends, row)) - start == length))
        return
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        same = (load64(buffer, start) == word) & (INT64(at(ends, row)) - start == length)
        if same:
            same = same_bytes(buffer, start + 8, literal, literal_start + 8, length - 8)
        put(equal, row, same)


@inlined
def order_by_heads(
    head: Any, tail: Any, length: Any, other_head: Any, other_tail: Any, other_length: Any
) -> Any:
    """Negative, 0 or positive as :func:`_order`, for slices of which one has at most sixteen bytes.

    Without branches, which a random column would mispredict: the first eight bytes decide, else the next
    eight, else the lengths.
    """
    by_head = INT64(head > other_head) - INT64(head < other_head)
    by_tail = INT64(tail > other_tail) - INT64(tail < other_tail)
    by_length = INT64(length > other_length) - INT64(length < other_length)
    return by_head * 4 + by_tail * 2 + by_length


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT64, INT64, INT8S_OUT))
def order_with_literal(
    buffer: Array, starts: Array, ends: Array, literal: Array, literal_start: int, length: int, sign: Array
) -> None:
    """A negative number, 0 or a positive one as each text stands before, with or behind the literal."""
    head = head_of(literal, literal_start, length)
    if length <= 8:
        for row in range(len(starts)):
            start = INT64(at(starts, row))
            text_length = INT64(at(ends, row)) - start
            text_head = head_of(buffer, start, text_length)
            # Without branches, which a random column would mispredict: the heads decide, else the lengths.
            by_head = INT64(text_head > head) - INT64(text_head < head)
            by_length = INT64(text_length > length) - INT64(text_length < length)
            sign[row] = by_head * 2 + by_length
        return
    if length <= 16:
        tail = head_of(literal, literal_start + 8, length - 8)
        for row in range(len(starts)):
            start = INT64(at(starts, row))
            text_length = INT64(at(ends, row)) - start
            text_head = head_of(buffer, start, text_length)
            text_tail = head_of(buffer, start + 8, text_length - 8)
            sign[row] = order_by_heads(text_head, text_tail, text_length, head, tail, length)
        return
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        text_length = INT64(at(ends, row)) - start
        sign[row] = _order(buffer, start, text_length, literal, literal_start, length)


@inlined
def _inside(sign_of_low: Any, with_low: Any, sign_of_high: Any, with_high: Any) -> Any:
    """Whether a text that compares so with the two bounds lies between them."""
    behind = (sign_of_low > 0) | (with_low & (sign_of_low == 0))
    return behind & ((sign_of_high < 0) | (with_high & (sign_of_high == 0)))


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT64, BOOL, BYTES, INT64, BOOL, BOOLS_OUT))
def between_literals(
    buffer: Array,
    starts: Array,
    ends: Array,
    low: Array,
    low_length: int,
    with_low: bool,
    high: Array,
    high_length: int,
    with_high: bool,
    inside: Array,
) -> None:
    """Whether each text lies between the first *low_length* bytes of *low* and *high_length* of *high*.

    ``with_low``, ``with_high``: whether the bounds count themselves. Both literals are padded.
    """
    if low_length > 16 or high_length > 16:
        for row in range(len(starts)):
            start = INT64(at(starts, row))
            length = INT64(at(ends, row)) - start
            sign_of_low = _order(buffer, start, length, low, 0, low_length)
            sign_of_high = _order(buffer, start, length, high, 0, high_length)
            put(inside, row, _inside(sign_of_low, with_low, sign_of_high, with_high))
        return
    low_head, low_tail = head_of(low, 0, low_length), head_of(low, 8, low_length - 8)
    high_head, high_tail = head_of(high, 0, high_length), head_of(high, 8, high_length - 8)
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        length = INT64(at(ends, row)) - start
        head, tail = head_of(buffer, start, length), head_of(buffer, start + 8, length - 8)
        sign_of_low = order_by_heads(head, tail, length, low_head, low_tail, low_length)
        sign_of_high = order_by_heads(head, tail, length, high_head, high_tail, high_length)
        put(inside, row, _inside(sign_of_low, with_low, sign_of_high, with_high))


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, BOOLS_OUT))
def equals_text(
    left: Array,
    left_starts: Array,
    left_ends: Array,
    right: Array,
    right_starts: Array,
    right_ends: Array,
    equal: Array,
) -> None:
    """Whether the two texts of each row are equal."""
    for row in range(len(left_starts)):
        left_start = INT64(at(left_starts, row))
        right_start = INT64(at(right_starts, row))
        length = INT64(at(left_ends, row)) - left_start
        same = length == INT64(at(right_ends, row)) - right_start
        if same:
            same = same_bytes(left, left_start, right, right_start, length)
        put(equal, row, same)


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, INT8S_OUT))
def order_with_text(
    left: Array,
    left_starts: Array,
    left_ends: Array,
    right: Array,
    right_starts: Array,
    right_ends: Array,
    sign: Array,
) -> None:
    """-1, 0 or 1 as the left text of each row stands before, with or behind the right one."""
    for row in range(len(left_starts)):
        left_start = INT64(at(left_starts, row))
        right_start = INT64(at(right_starts, row))
        left_length = INT64(at(left_ends, row)) - left_start
        right_length = INT64(at(right_ends, row)) - right_start
        sign[row] = _order(left, left_start, left_length, right, right_start, right_length)


@kernel(VOID(BYTES, INT32S, INT32S, UINT64S, INT64S, BOOLS_OUT))
def in_short_literals(
    buffer: Array, starts: Array, ends: Array, words: Array, lengths: Array, found: Array
) -> None:
    """Whether each text is one of a few literals of at most eight bytes.

    *words* are the literals' bytes with zeros behind the end, *lengths* how many there are. Without
    branches: which literal a random column matches cannot be predicted.
    """
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        length = INT64(at(ends, row)) - start
        word = load64(buffer, start) & low_bits(length * 8)
        hit = False
        for number in range(len(words)):
            hit |= (at(words, number) == word) & (at(lengths, number) == length)
        put(found, row, hit)


@inlined
def _slot(word: Any, length: Any, bits: Any) -> Any:
    """Where the search for a text starts in a hash table of ``2 ** bits`` slots."""
    mixed = (word ^ (UINT64(length) * UINT64(_MULTIPLIER))) * UINT64(_MULTIPLIER)
    return INT64((mixed >> UINT64(32)) & low_bits(bits))


@kernel(INT64(BYTES, INT32S, INT32S, INT64, INT64))
def hash_slot(buffer: Array, starts: Array, ends: Array, row: int, bits: int) -> int:
    """The first slot to try for text number *row*."""
    start = INT64(starts[row])
    length = INT64(ends[row]) - start
    return _slot(load64(buffer, start) & low_bits(length * 8), length, bits)


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, UINT64S, INT32S, INT64, BOOLS_OUT))
def in_literals(
    buffer: Array,
    starts: Array,
    ends: Array,
    literals: Array,
    literal_starts: Array,
    literal_ends: Array,
    words: Array,
    slots: Array,
    bits: int,
    found: Array,
) -> None:
    """Whether each text is one of the literals.

    *words* are the literals' first eight bytes with zeros behind the end; *slots* is an open hash table
    of ``2 ** bits`` literal numbers, :data:`EMPTY` between them, filled from :func:`hash_slot` on.
    """
    last = (INT64(1) << bits) - 1
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        length = INT64(at(ends, row)) - start
        word = load64(buffer, start) & low_bits(length * 8)
        slot = _slot(word, length, bits)
        hit = False
        while True:
            number = INT64(at(slots, slot))
            if number == EMPTY:
                break
            literal_start = INT64(at(literal_starts, number))
            if at(words, number) == word and INT64(at(literal_ends, number)) - literal_start == length:
                hit = True
                if length > 8:
                    hit = same_bytes(buffer, start + 8, literals, literal_start + 8, length - 8)
                if hit:
                    break
            slot = (slot + 1) & last
        put(found, row, hit)


@kernel(VOID(BYTES, INT32S, INT32S, BOOLS_OUT))
def spells_true(buffer: Array, starts: Array, ends: Array, truth: Array) -> None:
    """Whether each text is ``true`` in any letter case."""
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        # Bit 5 is the difference between the cases of an ASCII letter.
        lowered = (load64(buffer, start) & low_bits(32)) | UINT64(0x20202020)
        put(truth, row, (lowered == UINT64(_TRUE)) & (INT64(at(ends, row)) - start == 4))
