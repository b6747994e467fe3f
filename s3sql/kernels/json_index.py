"""Where the tokens of JSON text begin: the first of the two passes of the parser.

In: a padded buffer.  Out: the offsets of structural characters, of both quotes of every string and of the
first byte of every other scalar, ascending; :mod:`s3sql.kernels.json_tape` judges what they make up.

    {"a": [1, true]}
    ^^ ^^ ^^^ ^   ^^      offsets of tokens

Nothing is refused here. Up to the first error of the text every offset is right, because whether a byte lies
in a string depends only on the bytes before it.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BYTES, INT32, INT32S_OUT, INT64, INT64S_OUT, UINT64, VOID, inlined, kernel
from s3sql.kernels.simd import (
    byte_mask,
    less_than_mask,
    low_bits,
    popcount,
    prefix_xor,
    put,
    trailing_zeros,
)

#: Entries of ``totals`` that :func:`index_structure` fills.
TOKENS = 0
FIRST_CONTROL = 1
BLANKS = 2
VALUES = 3
TOTALS = 4

#: Entries of the index that may be written behind the last token.
INDEX_SLACK = 8

_ALL = 0xFFFF_FFFF_FFFF_FFFF


@inlined
def escaped_bytes(backslashes: Any, carry: Any) -> Any:
    """Which bytes stand behind a backslash that is not itself escaped, and the carry to the next 64.

    *carry* is 1 when the last backslash of the previous 64 bytes escapes the first of these.
    """
    escaped = carry
    carry = UINT64(0)
    pending = backslashes & ~escaped
    while pending != UINT64(0):
        position = trailing_zeros(pending)
        if position == 63:
            carry = UINT64(1)
            break
        behind = UINT64(2) << UINT64(position)
        escaped |= behind
        pending &= ~behind
        pending &= pending - UINT64(1)
    return escaped, carry


@kernel(VOID(BYTES, INT64, INT64, INT32S_OUT, INT64S_OUT))
def index_structure(buffer: Any, start: Any, end: Any, index: Any, totals: Any) -> None:
    """Index the bytes *start* to *end*.

    ``index`` has room for ``end - start + INDEX_SLACK`` offsets. ``totals``: TOKENS, the number of offsets;
    FIRST_CONTROL, the offset of the first control character inside a string, *end* if there is none;
    BLANKS, the bytes of white space outside strings; VALUES, an upper bound of the number of values.
    """
    one = UINT64(1)
    none = UINT64(0)
    count = INT64(0)
    blanks = INT64(0)
    openings = INT64(0)
    string_ends = INT64(0)
    first_control = end
    escape_carry = none
    in_string = none
    previous_scalar = none
    for offset in range(start, end, 64):
        valid = low_bits(end - offset)
        quotes = byte_mask(buffer, offset, 34) & valid
        backslashes = byte_mask(buffer, offset, 92) & valid
        if (backslashes | escape_carry) != none:
            escaped, escape_carry = escaped_bytes(backslashes, escape_carry)
            quotes &= ~escaped
        strings = prefix_xor(quotes) ^ in_string
        in_string = UINT64(_ALL) if (strings >> UINT64(63)) != none else none
        outside = valid & ~(strings | quotes)
        openers = (byte_mask(buffer, offset, 123) | byte_mask(buffer, offset, 91)) & outside
        others = (
            byte_mask(buffer, offset, 125)
            | byte_mask(buffer, offset, 93)
            | byte_mask(buffer, offset, 44)
            | byte_mask(buffer, offset, 58)
        ) & outside
        blank = less_than_mask(buffer, offset, 33) & outside
        controls = less_than_mask(buffer, offset, 32) & valid
        odd = controls & ~byte_mask(buffer, offset, 10)
        if (odd | (controls & strings)) != none:
            odd &= ~(byte_mask(buffer, offset, 13) | byte_mask(buffer, offset, 9))
            blank &= ~odd
            controls &= strings
            if controls != none and first_control == end:
                first_control = offset + trailing_zeros(controls)
        scalars = outside & ~(openers | others | blank)
        beginnings = scalars & ~((scalars << one) | previous_scalar)
        previous_scalar = scalars >> UINT64(63)
        blanks += popcount(blank)
        openings += popcount(openers | beginnings)
        string_ends += popcount(quotes)
        tokens = openers | others | quotes | beginnings
        slot = count
        count += popcount(tokens)
        while tokens != none:
            for step in range(INDEX_SLACK):
                put(index, slot + step, INT32(offset + trailing_zeros(tokens)))
                tokens &= tokens - one
            slot += INDEX_SLACK
    totals[0] = count
    totals[1] = first_control
    totals[2] = blanks
    totals[3] = openings + (string_ends + 1) // 2
