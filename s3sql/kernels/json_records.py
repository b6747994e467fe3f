"""The quick way through JSON: all of it checked 64 bytes at a time, only names and containers noted.

In: a padded buffer of lists and structs one behind the other.  Out: *marks*, the offsets of the opening quote
of every member's name, of every bracket and brace, and of every comma of a list, ascending; and where the
mark that closes a container is. What a query asks for is found from mark to mark
(:mod:`s3sql.kernels.json_lookup`).

    {"a": [1, 2], "b": {}}
    ^^    ^ ^  ^  ^    ^^^        0 1 2 3 4 5 6 7 8; 0 is closed by 8, 2 by 4, 6 by 7

The grammar is checked by what follows what. Every token (a quoted string is one) has one predecessor, so it
is enough that behind each token of a kind, white space skipped, there stands what RFC 8259 allows:

    {                       the name of a member, or }
    , in a struct           the name of a member
    name                    :
    : and , in a list       a value
    [                       a value, or ]
    value in a container    , or the end of a container, which must be the innermost one

A sum of two masks does this for 64 bytes: the carry runs from the byte behind a token over the white space.
So does the carry from an opening quote over its string. Numbers are checked likewise by what stands beside
digits; all other scalars, and numbers that look odd, byte by byte.

What is wrong is not told here, nor what is rare (root values that are scalars, names with escapes): the
caller parses such text by :mod:`s3sql.kernels.json_tape`, which knows both.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    INT32,
    INT32S_OUT,
    INT64,
    INT64S_OUT,
    UINT8,
    UINT64,
    VOID,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.json_index import escaped_bytes
from s3sql.kernels.json_scalars import ends_scalar, is_digit, literal_at, number_at
from s3sql.kernels.json_strings import four_hex, is_escape_letter
from s3sql.kernels.simd import (
    at,
    byte_mask,
    less_than_mask,
    low_bits,
    popcount,
    prefix_xor,
    put,
    trailing_zeros,
)

#: Deepest nesting that is indexed.
MAX_DEPTH = 62

#: Entries of ``outcome``. SOUND: 1 if nothing is wrong or rare. ROOTS: how many root values are complete.
#: CONSUMED: where the last of them ends and, if no other begins, all bytes. COMPACT: 1 if they have neither
#: white space nor backslashes. MARKS: how many there are.
SOUND, ROOTS, CONSUMED, COMPACT, MARKS = range(5)
OUTCOME = 5

#: Entries that may be written behind the last mark.
MARK_SLACK = 8

#: A root value's place: its offset, and in the upper half of the number the number of its mark.
MARK_SHIFT = 32

_ALL = 0xFFFF_FFFF_FFFF_FFFF


@inlined
def behind_blanks(behind: Any, blanks: Any) -> Any:
    """The next bytes that are not *blanks*, from those *behind* tokens on; whether one is in the next 64."""
    total = behind + blanks
    return total & ~blanks, UINT64(1) if total < behind else UINT64(0)


@called
def scalar_is_sound(buffer: Any, start: Any, offset: Any, end: Any) -> Any:
    """The end of the number or literal around *offset*; -1 if it is none or touches *end*."""
    while offset > start and not ends_scalar(at(buffer, offset - 1)):
        offset -= 1
    first = at(buffer, offset)
    if first == UINT8(45) or is_digit(first):
        scalar_end, kind = number_at(buffer, offset, end)
    elif first == UINT8(116) or first == UINT8(102) or first == UINT8(110):
        scalar_end, kind = literal_at(buffer, offset, end)
    else:
        return INT64(-1)
    return scalar_end if kind >= 0 and scalar_end < end else INT64(-1)


@called
def escape_length(buffer: Any, offset: Any, end: Any) -> Any:
    """The length of the escape whose backslash is at *offset*, 12 for a surrogate pair; -1 if it is none."""
    if offset + 1 >= end:
        return INT64(-1)
    kind = at(buffer, offset + 1)
    if kind == UINT8(117):
        unit = four_hex(buffer, offset + 2, end)
        if unit < 0 or 0xDC00 <= unit < 0xE000:
            return INT64(-1)
        if unit < 0xD800 or unit >= 0xDC00:
            return INT64(6)
        if offset + 12 > end or at(buffer, offset + 6) != UINT8(92) or at(buffer, offset + 7) != UINT8(117):
            return INT64(-1)
        return INT64(12) if 0xDC00 <= four_hex(buffer, offset + 8, end) < 0xE000 else INT64(-1)
    if is_escape_letter(kind):
        return INT64(2)
    return INT64(-1)


@called
def is_empty_container(buffer: Any, start: Any, offset: Any) -> Any:
    """Whether the byte at *offset* closes a container opened right before it, white space skipped."""
    closing = at(buffer, offset)
    if closing != UINT8(125) and closing != UINT8(93):
        return False
    offset -= 1
    while offset > start and at(buffer, offset) < UINT8(33):
        offset -= 1
    return at(buffer, offset) == closing - UINT8(2)


@kernel(VOID(BYTES, INT64, INT64, INT64, INT32S_OUT, INT32S_OUT, INT64S_OUT, INT32S_OUT, INT64S_OUT))
def index_records(
    buffer: Any,
    start: Any,
    end: Any,
    longest: Any,
    marks: Any,
    closings: Any,
    roots: Any,
    containers: Any,
    outcome: Any,
) -> None:
    """Check and index the bytes *start* to *end*; the last root value may be cut off.

    ``longest``: bytes that a root value may have. ``marks`` and ``closings`` have room for ``end - start +
    MARK_SLACK`` numbers; ``closings[m]`` is set where mark m opens a container. ``roots`` (see MARK_SHIFT)
    has room for half as many numbers, ``containers`` for MAX_DEPTH. ``outcome``: see SOUND.
    """
    one = UINT64(1)
    none = UINT64(0)
    every = UINT64(_ALL)
    count = INT64(0)
    rows = INT64(0)
    depth = INT64(0)
    root_start = start
    loose = none  # white space within root values, and backslashes
    low_surrogate = INT64(-1)
    nesting = none  # a bit for each open container, the innermost lowest: whether it is a struct
    escape_carry = none
    in_string = none
    scalar_carry = none
    member_carry = none
    name_carry = none
    colon_carry = none
    element_carry = none
    value_carry = none
    digit_carry = none
    needed_carry = none
    fraction_carry = none
    zero_carry = none
    outcome[0] = 0
    for offset in range(start, end, 64):
        valid = low_bits(end - offset)
        quotes = byte_mask(buffer, offset, 34) & valid
        backslashes = byte_mask(buffer, offset, 92) & valid
        if (backslashes | escape_carry) != none:
            escaped, escape_carry = escaped_bytes(backslashes, escape_carry)
            quotes &= ~escaped
            loose |= backslashes
            pending = backslashes & ~escaped
            while pending != none:
                place = offset + trailing_zeros(pending)
                if place != low_surrogate:
                    length = escape_length(buffer, place, end)
                    if length < 0:
                        return
                    if length == 12:
                        low_surrogate = place + 6
                pending &= pending - one
        strings = prefix_xor(quotes) ^ in_string
        in_string = every if (strings >> UINT64(63)) != none else none
        opens = quotes & strings
        closes = quotes & ~strings
        strings &= valid
        outside = valid & ~(strings | quotes)
        opening_braces = byte_mask(buffer, offset, 123) & outside
        closing_braces = byte_mask(buffer, offset, 125) & outside
        opening_brackets = byte_mask(buffer, offset, 91) & outside
        closing_brackets = byte_mask(buffer, offset, 93) & outside
        commas = byte_mask(buffer, offset, 44) & outside
        colons = byte_mask(buffer, offset, 58) & outside
        controls = less_than_mask(buffer, offset, 32) & valid
        blanks = (controls | byte_mask(buffer, offset, 32)) & outside
        odd = controls & ~byte_mask(buffer, offset, 10)
        if (odd | (controls & strings)) != none:
            odd &= ~(byte_mask(buffer, offset, 13) | byte_mask(buffer, offset, 9))
            if (odd | (controls & strings)) != none:
                return
        openers = opening_braces | opening_brackets
        closers = closing_braces | closing_brackets
        scalars = outside & ~(openers | closers | commas | colons | blanks)
        behind_scalars = (scalars << one) | scalar_carry
        beginnings = scalars & ~behind_scalars

        # Which bytes are in structs. A difference of masks fills what lies between a bracket and the next.
        brackets = openers | closers
        if depth + popcount(openers) > MAX_DEPTH:
            return
        struct_beginnings = nesting & one
        pending = brackets
        while pending != none:
            bit = pending & (~pending + one)
            pending ^= bit
            inner = (nesting << one) | (one if (bit & opening_braces) != none else none)
            nesting = inner if (bit & openers) != none else nesting >> one
            struct_beginnings |= (bit << one) & (none - (nesting & one))
        struct_bytes = (brackets - struct_beginnings) ^ brackets
        if ((closing_braces & ~struct_bytes) | (closing_brackets & struct_bytes)) != none:
            return

        # What follows what.
        separators = commas & struct_bytes
        list_commas = commas & ~struct_bytes
        tokens = opening_braces | separators
        found, carry = behind_blanks((tokens << one) | member_carry, blanks)
        member_carry = (tokens >> UINT64(63)) | carry
        names = found & opens
        wrong = found & ~opens & valid
        total = names + strings + name_carry
        name_carry = one if total < strings else none
        ends = total & closes
        if (strings & ~total & backslashes) != none:
            return
        found, carry = behind_blanks((ends << one) | colon_carry, blanks)
        colon_carry = (ends >> UINT64(63)) | carry
        unmatched = found & ~colons & valid
        beginning_values = opens | beginnings | openers
        tokens = colons | list_commas | opening_brackets
        found, carry = behind_blanks((tokens << one) | element_carry, blanks)
        element_carry = (tokens >> UINT64(63)) | carry
        wrong |= found & ~beginning_values & valid
        tokens = (closes & ~ends) | closers
        behind = (tokens << one) | value_carry | (behind_scalars & ~scalars)
        found, carry = behind_blanks(behind, blanks)
        value_carry = (tokens >> UINT64(63)) | carry
        behind_values = found & ~(commas | closers) & valid
        if unmatched != none:
            return
        while wrong != none:
            if not is_empty_container(buffer, start, offset + trailing_zeros(wrong)):
                return
            wrong &= wrong - one
        scalar_carry = scalars >> UINT64(63)

        # Numbers.
        if (scalars | digit_carry | needed_carry) != none:
            digits = scalars & less_than_mask(buffer, offset, 58) & ~less_than_mask(buffer, offset, 48)
            points = scalars & byte_mask(buffer, offset, 46)
            minuses = beginnings & byte_mask(buffer, offset, 45)
            zeros = byte_mask(buffer, offset, 48) & (
                beginnings | (minuses << one) | (needed_carry & ~fraction_carry)
            )
            zeros &= digits
            suspects = scalars & ~(digits | points | minuses)
            suspects |= points & ~((digits << one) | digit_carry)
            suspects |= ((zeros << one) | zero_carry) & digits
            fraction = (points << one) | fraction_carry
            total = fraction + digits
            suspects |= total & ~digits & points
            fraction_carry = (points >> UINT64(63)) | (one if total < fraction else none)
            needed = ((minuses | points) << one) | needed_carry
            needed_carry = (minuses | points) >> UINT64(63)
            if (needed & ~digits & valid) != none:
                return
            zero_carry = zeros >> UINT64(63)
            digit_carry = digits >> UINT64(63)
            while suspects != none:
                scalar_end = scalar_is_sound(buffer, start, offset + trailing_zeros(suspects), end)
                if scalar_end < 0:
                    return
                suspects &= ~low_bits(scalar_end - offset)

        # Marks, and which bytes are in no container.
        root_bytes = every if depth == 0 else none
        noted = names | brackets | list_commas
        slot = count
        pending = noted
        while pending != none:
            for step in range(MARK_SLACK):
                put(marks, slot + step, INT32(offset + trailing_zeros(pending)))
                pending &= pending - one
            slot += MARK_SLACK
        pending = brackets
        while pending != none:
            bit = pending & (~pending + one)
            pending ^= bit
            mark = count + popcount(noted & (bit - one))
            if (bit & openers) != none:
                put(containers, depth, INT32(mark))
                if depth == 0:
                    root_start = offset + trailing_zeros(bit)
                    root_bytes &= bit ^ (bit - one)
                    put(roots, rows, (mark << MARK_SHIFT) | root_start)
                depth += 1
                continue
            if depth == 0:
                return
            depth -= 1
            put(closings, INT64(at(containers, depth)), INT32(mark))
            if depth == 0:
                if offset + trailing_zeros(bit) + 1 - root_start > longest:
                    return
                rows += 1
                root_bytes |= ~(bit ^ (bit - one))
        count += popcount(noted)
        if (
            (root_bytes & (opens | beginnings | commas | colons)) | (behind_values & ~(root_bytes & openers))
        ) != none:
            return
        loose |= blanks & ~root_bytes
    consumed = end if depth == 0 else root_start
    if end - consumed > longest:
        return
    outcome[1] = rows
    outcome[2] = consumed
    outcome[3] = 1 if loose == none else 0
    outcome[4] = count
    outcome[0] = 1
