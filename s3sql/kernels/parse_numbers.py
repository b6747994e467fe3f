"""Text to numbers: CAST(text AS INT), AS FLOAT, AS DECIMAL, and CSV text read as a number.

In: a padded byte buffer and, for each row, where its text starts and ends (exclusive). Rows without text
(NULL) are the caller's: no start is negative here.  Out: numbers and a status for each row, in arrays the
caller brought. Each kernel returns how many rows are not ``OK``.

The grammars are those of PartiQL v0.1's CAST. Blanks (space, tab, CR, LF) around a number are ignored::

    INT               [+-]? (digits | 0x hexdigits | 0b bits)     x and b in either case
    DECIMAL           [+-]? (digits [. [digits]] | . digits) ([eE] [+-]? digits)?
    FLOAT             the same, or [+-]? (NaN | Infinity)

Texts of up to 16 characters without blanks and exponent take a path with few branches: two 8-byte loads,
the point shifted out, the digits multiplied together in pairs. The rest is read a character at a time.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    FLOAT64S_OUT,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S_OUT,
    UINT8,
    UINT8S_OUT,
    UINT64,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.nearest_float import nearest_float
from s3sql.kernels.simd import at, float_from_bits, load64, low_bits, put, trailing_zeros

#: The status of a row.
OK = 0
#: Not a number of the grammar.
MALFORMED = 1
#: A number too large for the result: INT beyond 64 bits, FLOAT beyond the finite ones.
OVERFLOW = 2
#: A number that the kernel leaves to the caller: more digits than it holds, or a very large exponent.
ODD = 3

#: What :func:`parse_numbers` finds.
NOT_A_NUMBER = 0
#: Digits alone, and 64 bits hold them.
INTEGER = 1
#: A decimal whose digits fit 64 bits.
DECIMAL = 2
#: A number, and a decimal, with more digits or a larger exponent: left to the caller.
WIDE = 3

_ZEROS = 0x3030303030303030
_ONES = 0x0101010101010101
_POINTS = 0x2E2E2E2E2E2E2E2E
_HIGH_BITS = 0x8080808080808080
_LARGEST = 0x7FFFFFFFFFFFFFFF
#: Exponents are counted up to this; larger ones behave like it (FLOAT) or are ODD (DECIMAL).
_EXPONENT_LIMIT = 1_000_000_000
_QUIET_NAN = 0x7FF8000000000000
_INFINITY = 0x7FF0000000000000
#: "NaN" and "Infinity" as load64 reads them.
_NAN_TEXT = int.from_bytes(b"NaN", "little")
_INFINITY_TEXT = int.from_bytes(b"Infinity", "little")


# --- eight digits -----------------------------------------------------------------------------------------


@inlined
def _are_digits(word: Any) -> Any:
    """Whether all eight bytes are ASCII digits."""
    values = word ^ UINT64(_ZEROS)
    # Adding 6 carries a value of 10 to 15 into the upper half of its byte.
    return (values | (values + UINT64(0x0606060606060606))) & UINT64(0xF0F0F0F0F0F0F0F0) == UINT64(0)


@inlined
def _eight_digits(word: Any) -> Any:
    """The number that eight ASCII digits spell, the first in the lowest byte."""
    values = word & UINT64(0x0F0F0F0F0F0F0F0F)
    pairs = values * UINT64(10) + (values >> UINT64(8))
    upper = (pairs & UINT64(0x000000FF000000FF)) * UINT64(0x000F424000000064)
    lower = ((pairs >> UINT64(16)) & UINT64(0x000000FF000000FF)) * UINT64(0x0000271000000001)
    return (upper + lower) >> UINT64(32)


@inlined
def _shift_up(word: Any, count: Any) -> Any:
    """*word* with *count* bytes (0 to 8) moved out at the top, in two steps: 64 bits at once is undefined."""
    half = UINT64(count) << UINT64(2)
    return (word << half) << half


@inlined
def _shift_down(word: Any, count: Any) -> Any:
    """*word* with *count* bytes (0 to 8) moved out at the bottom."""
    half = UINT64(count) << UINT64(2)
    return (word >> half) >> half


@inlined
def _pad_left(word: Any, count: Any) -> Any:
    """The first *count* (0 to 8) bytes of *word* with zeros written before them."""
    return _shift_up(word, 8 - count) | _shift_down(UINT64(_ZEROS), count)


@inlined
def _is_blank(byte: Any) -> Any:
    return byte == 32 or byte == 9 or byte == 13 or byte == 10


@inlined
def _without_blanks(buffer: Any, start: Any, end: Any) -> Any:
    while start < end and _is_blank(at(buffer, start)):
        start += 1
    while start < end and _is_blank(at(buffer, end - 1)):
        end -= 1
    return start, end


# --- integers ---------------------------------------------------------------------------------------------


@kernel(INT64(BYTES, INT32S, INT32S, INT64S_OUT, UINT8S_OUT))
def parse_ints(buffer: Any, starts: Any, ends: Any, out: Any, status: Any) -> Any:
    """CAST(text AS INT) of each row; *status* is OK, MALFORMED or OVERFLOW, and *out* 0 unless OK."""
    failed = 0
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        first = at(buffer, start)
        negative = first == 45
        digits = start + INT64(negative or first == 43)
        count = end - digits
        if 1 <= count <= 8:
            word = _pad_left(load64(buffer, digits), count)
            if _are_digits(word):
                value = INT64(_eight_digits(word))
                put(out, row, -value if negative else value)
                put(status, row, OK)
                continue
        elif 9 <= count <= 16:
            upper = _pad_left(load64(buffer, digits), count - 8)
            lower = load64(buffer, end - 8)
            if _are_digits(upper) and _are_digits(lower):
                value = INT64(_eight_digits(upper) * UINT64(100_000_000) + _eight_digits(lower))
                put(out, row, -value if negative else value)
                put(status, row, OK)
                continue
        value, code = _any_int(buffer, start, end)
        put(out, row, value)
        put(status, row, code)
        failed += INT64(code != OK)
    return failed


@called
def _any_int(buffer: Any, start: Any, end: Any) -> Any:
    """Every spelling: (value, status)."""
    start, end = _without_blanks(buffer, start, end)
    negative = False
    if start < end and (at(buffer, start) == 45 or at(buffer, start) == 43):
        negative = at(buffer, start) == 45
        start += 1
    marker = UINT8(0)
    if end - start > 2 and at(buffer, start) == 48:
        marker = at(buffer, start + 1) | UINT8(32)
    if marker == 120:
        magnitude, code = _binary_digits(buffer, start + 2, end, 4)
    elif marker == 98:
        magnitude, code = _binary_digits(buffer, start + 2, end, 1)
    else:
        magnitude, code = _decimal_digits(buffer, start, end)
    # A negative number reaches one further.
    if code == OK and magnitude > UINT64(_LARGEST) + UINT64(negative):
        code = OVERFLOW
    if code != OK:
        return INT64(0), code
    return INT64(UINT64(0) - magnitude if negative else magnitude), OK


@called
def _decimal_digits(buffer: Any, start: Any, end: Any) -> Any:
    """Digits alone: (magnitude, status)."""
    if start >= end:
        return UINT64(0), MALFORMED
    while start < end and at(buffer, start) == 48:
        start += 1
    magnitude = UINT64(0)
    # 19 digits always fit 64 bits; after that only the form matters.
    position = start
    if end - start <= 19:
        while position + 8 <= end and _are_digits(load64(buffer, position)):
            magnitude = magnitude * UINT64(100_000_000) + _eight_digits(load64(buffer, position))
            position += 8
    while position < end:
        digit = UINT64(at(buffer, position)) - UINT64(48)
        if digit > UINT64(9):
            return UINT64(0), MALFORMED
        magnitude = magnitude * UINT64(10) + digit
        position += 1
    return magnitude, OK if end - start <= 19 else OVERFLOW


@called
def _binary_digits(buffer: Any, start: Any, end: Any, width: Any) -> Any:
    """Digits of *width* bits: (magnitude, status)."""
    magnitude = UINT64(0)
    code = OK
    for position in range(start, end):
        byte = INT64(at(buffer, position))
        digit = byte - 48
        if digit > 9:
            letter = (byte | 32) - 97
            digit = letter + 10 if letter >= 0 else -1
        if digit < 0 or digit >> width != 0:
            return UINT64(0), MALFORMED
        if magnitude >> UINT64(64 - width) != UINT64(0):
            code = OVERFLOW
        magnitude = (magnitude << UINT64(width)) | UINT64(digit)
    return magnitude, code


# --- decimal numbers --------------------------------------------------------------------------------------


@inlined
def _scan(buffer: Any, start: Any, end: Any) -> Any:
    """Read one number of the DECIMAL grammar.

    Returns (status, negative, magnitude, exponent, plain): the number is magnitude * 10**exponent; *plain*
    means neither point nor exponent. The status is ODD if magnitude is only the first 19 digits (exponent
    is then right for those) or if the exponent is cut off at its limit.
    """
    first = at(buffer, start)
    negative = first == 45
    digits = start + INT64(negative or first == 43)
    count = end - digits
    if 1 <= count <= 16:
        upper = load64(buffer, digits)
        lower = UINT64(0)
        if count > 8:
            lower = load64(buffer, digits + 8) & low_bits((count - 8) * 8)
        else:
            upper &= low_bits(count * 8)
        exponent = 0
        plain = True
        found = upper ^ UINT64(_POINTS)
        found = (found - UINT64(_ONES)) & ~found & UINT64(_HIGH_BITS)
        if found != UINT64(0):
            before = found & (UINT64(0) - found)
            kept = (before >> UINT64(7)) - UINT64(1)
            exponent = (trailing_zeros(found) >> 3) - count + 1
            upper = (upper & kept) | (((upper >> UINT64(8)) | (lower << UINT64(56))) & ~kept)
            lower >>= UINT64(8)
            count -= 1
            plain = False
        elif count > 8:
            found = lower ^ UINT64(_POINTS)
            found = (found - UINT64(_ONES)) & ~found & UINT64(_HIGH_BITS)
            if found != UINT64(0):
                kept = ((found & (UINT64(0) - found)) >> UINT64(7)) - UINT64(1)
                exponent = (trailing_zeros(found) >> 3) + 9 - count
                lower = (lower & kept) | ((lower >> UINT64(8)) & ~kept)
                count -= 1
                plain = False
        if count > 8:
            missing = 16 - count
            lower = _shift_up(lower, missing) | _shift_down(upper, 8 - missing)
            upper = _shift_up(upper, missing) | _shift_down(UINT64(_ZEROS), 8 - missing)
            if _are_digits(upper) and _are_digits(lower):
                magnitude = _eight_digits(upper) * UINT64(100_000_000) + _eight_digits(lower)
                return OK, negative, magnitude, exponent, plain
        elif count > 0:
            upper = _pad_left(upper, count)
            if _are_digits(upper):
                return OK, negative, _eight_digits(upper), exponent, plain
    return _scan_any(buffer, start, end)


@called
def _scan_any(buffer: Any, start: Any, end: Any) -> Any:
    """As :func:`_scan`, for every spelling."""
    start, end = _without_blanks(buffer, start, end)
    negative = False
    if start < end and (at(buffer, start) == 45 or at(buffer, start) == 43):
        negative = at(buffer, start) == 45
        start += 1
    magnitude = UINT64(0)
    significant = 0
    digits = 0
    exponent = 0
    after_point = 0
    plain = True
    dropped = False
    position = start
    while position < end:
        byte = at(buffer, position)
        # Zeros at the beginning go one by one, so that all eight of these count as significant.
        if significant <= 11 and position + 8 <= end and (significant > 0 or byte != 48):
            word = load64(buffer, position)
            if _are_digits(word):
                magnitude = magnitude * UINT64(100_000_000) + _eight_digits(word)
                significant += 8
                digits += 8
                exponent -= 8 * after_point
                position += 8
                continue
        digit = UINT64(byte) - UINT64(48)
        if digit <= UINT64(9):
            digits += 1
            if significant < 19:
                magnitude = magnitude * UINT64(10) + digit
                significant += INT64(magnitude != UINT64(0))
                exponent -= after_point
            else:
                dropped = True
                exponent += 1 - after_point
        elif byte == 46 and after_point == 0:
            after_point = 1
            plain = False
        else:
            break
        position += 1
    if digits == 0:
        return MALFORMED, negative, magnitude, exponent, plain
    cut_off = False
    if position < end:
        if at(buffer, position) | UINT8(32) != 101:
            return MALFORMED, negative, magnitude, exponent, plain
        plain = False
        position += 1
        down = False
        if position < end and (at(buffer, position) == 45 or at(buffer, position) == 43):
            down = at(buffer, position) == 45
            position += 1
        if position >= end:
            return MALFORMED, negative, magnitude, exponent, plain
        power = 0
        while position < end:
            digit = UINT64(at(buffer, position)) - UINT64(48)
            if digit > UINT64(9):
                return MALFORMED, negative, magnitude, exponent, plain
            power = power * 10 + INT64(digit)
            if power > _EXPONENT_LIMIT:
                power = _EXPONENT_LIMIT
                cut_off = True
            position += 1
        exponent += -power if down else power
    return ODD if dropped or cut_off else OK, negative, magnitude, exponent, plain


@kernel(INT64(BYTES, INT32S, INT32S, INT64S_OUT, INT32S_OUT, UINT8S_OUT))
def parse_decimals(buffer: Any, starts: Any, ends: Any, mantissas: Any, scales: Any, status: Any) -> Any:
    """CAST(text AS DECIMAL) of each row: mantissa * 10**-scale, as spelled (``1.50`` is 150, 2).

    *status* is OK, MALFORMED or ODD (mantissa beyond 64 bits, or a scale beyond a thousand million).
    """
    failed = 0
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        code, negative, magnitude, exponent, _ = _scan(buffer, start, INT64(at(ends, row)))
        if code == OK and magnitude > UINT64(_LARGEST) + UINT64(negative):
            code = ODD
        value = INT64(UINT64(0) - magnitude if negative else magnitude)
        put(mantissas, row, value if code == OK else 0)
        put(scales, row, -exponent if code == OK else 0)
        put(status, row, code)
        failed += INT64(code != OK)
    return failed


@kernel(INT64(BYTES, INT32S, INT32S, INT64S_OUT, INT32S_OUT, UINT8S_OUT))
def parse_numbers(buffer: Any, starts: Any, ends: Any, mantissas: Any, scales: Any, kinds: Any) -> Any:
    """CSV text read as the number literal it spells.

    *kinds* is NOT_A_NUMBER, INTEGER (scale 0), DECIMAL or WIDE. Returns how many rows are NOT_A_NUMBER or
    WIDE.
    """
    failed = 0
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        code, negative, magnitude, exponent, plain = _scan(buffer, start, INT64(at(ends, row)))
        kind = INTEGER if plain else DECIMAL
        if code == MALFORMED:
            kind = NOT_A_NUMBER
        elif code != OK or magnitude > UINT64(_LARGEST) + UINT64(negative):
            kind = WIDE
        known = kind == INTEGER or kind == DECIMAL
        value = INT64(UINT64(0) - magnitude if negative else magnitude)
        put(mantissas, row, value if known else 0)
        put(scales, row, -exponent if known else 0)
        put(kinds, row, kind)
        failed += INT64(not known)
    return failed


# --- floats -----------------------------------------------------------------------------------------------


@kernel(INT64(BYTES, INT32S, INT32S, FLOAT64S_OUT, UINT8S_OUT))
def parse_floats(buffer: Any, starts: Any, ends: Any, out: Any, status: Any) -> Any:
    """CAST(text AS FLOAT) of each row, correctly rounded.

    *status* is OK, MALFORMED, OVERFLOW (no finite float is so large) or ODD: with more than 19 digits the
    first 19 do not always settle the last bit. *out* is 0 unless OK.
    """
    failed = 0
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        code, negative, magnitude, exponent, _ = _scan(buffer, start, end)
        number = 0.0
        if code != MALFORMED:
            number = nearest_float(magnitude, exponent)
            if code == ODD and (
                magnitude == UINT64(0) or nearest_float(magnitude + UINT64(1), exponent) == number
            ):
                # Whatever the dropped digits are, the number lies between the two; zero stays zero.
                code = OK
            if code == OK and number == float_from_bits(UINT64(_INFINITY)):
                code = OVERFLOW
            number = number if code == OK else 0.0
            number = -number if negative else number
        else:
            number, code = _named_float(buffer, start, end)
        put(out, row, number)
        put(status, row, code)
        failed += INT64(code != OK)
    return failed


@called
def _named_float(buffer: Any, start: Any, end: Any) -> Any:
    """NaN and Infinity: (value, status)."""
    start, end = _without_blanks(buffer, start, end)
    negative = False
    if start < end and (at(buffer, start) == 45 or at(buffer, start) == 43):
        negative = at(buffer, start) == 45
        start += 1
    word = load64(buffer, start)
    if end - start == 3 and word & UINT64(0xFFFFFF) == UINT64(_NAN_TEXT):
        return float_from_bits(UINT64(_QUIET_NAN)), OK
    if end - start == 8 and word == UINT64(_INFINITY_TEXT):
        infinity = float_from_bits(UINT64(_INFINITY))
        return -infinity if negative else infinity, OK
    return 0.0, MALFORMED
