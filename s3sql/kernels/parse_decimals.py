"""CAST(text AS DECIMAL), and CSV text and JSON numbers read as decimals.

In: a padded byte buffer and, for each row, where its text starts and ends (exclusive). Rows without text
(NULL) are the caller's: no start is negative here.  Out: mantissa, scale and what was found for each row,
in arrays the caller brought.

The grammar is that of PartiQL v0.1, blanks (space, tab, CR, LF) around it ignored::

    [+-]? (digits [. [digits]] | . digits) ([eE] [+-]? digits)?

Texts of up to 16 characters without blanks and exponent take a path with few branches: two 8-byte loads,
the point shifted out, the digits multiplied together in pairs. The rest is read a character at a time.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
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
from s3sql.kernels.digits import (
    LARGEST,
    MALFORMED,
    ODD,
    OK,
    OVERFLOW,
    ZEROS,
    are_digits,
    eight_digits,
    pad_left,
    points,
    shift_down,
    shift_up,
    up_to_point,
    without_blanks,
)
from s3sql.kernels.simd import at, load64, low_bits, put, trailing_zeros
from s3sql.kernels.wide_integers import DIGITS, power_of_ten, with_sign
from s3sql.kernels.words import multiply_high

#: Exponents are counted up to this; larger ones behave like it (FLOAT) or are ODD (DECIMAL).
_EXPONENT_LIMIT = 1_000_000_000
#: As above where no scale may be cut off: far outside 32 bits, and far inside 64.
_FAR_EXPONENT = 1_000_000_000_000


@inlined
def scan(buffer: Any, start: Any, end: Any) -> Any:
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
        found = points(upper)
        if found != UINT64(0):
            kept = up_to_point(found)
            exponent = (trailing_zeros(found) >> 3) - count + 1
            upper = (upper & kept) | (((upper >> UINT64(8)) | (lower << UINT64(56))) & ~kept)
            lower >>= UINT64(8)
            count -= 1
            plain = False
        elif count > 8:
            found = points(lower)
            if found != UINT64(0):
                kept = up_to_point(found)
                exponent = (trailing_zeros(found) >> 3) + 9 - count
                lower = (lower & kept) | ((lower >> UINT64(8)) & ~kept)
                count -= 1
                plain = False
        if count > 8:
            missing = 16 - count
            lower = shift_up(lower, missing) | shift_down(upper, 8 - missing)
            upper = shift_up(upper, missing) | shift_down(UINT64(ZEROS), 8 - missing)
            if are_digits(upper) and are_digits(lower):
                magnitude = eight_digits(upper) * UINT64(100_000_000) + eight_digits(lower)
                return OK, negative, magnitude, exponent, plain
        elif count > 0:
            upper = pad_left(upper, count)
            if are_digits(upper):
                return OK, negative, eight_digits(upper), exponent, plain
    return _scan_any(buffer, start, end)


@called
def _scan_any(buffer: Any, start: Any, end: Any) -> Any:
    """As :func:`scan`, for every spelling."""
    start, end = without_blanks(buffer, start, end)
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
            if are_digits(word):
                magnitude = magnitude * UINT64(100_000_000) + eight_digits(word)
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

    *status* is OK, MALFORMED or ODD (mantissa beyond 64 bits, or a scale beyond a thousand million), which
    :func:`parse_wide_decimals` takes. Returns how many rows are not OK.
    """
    failed = 0
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        code, negative, magnitude, exponent, _ = scan(buffer, start, INT64(at(ends, row)))
        if code != MALFORMED and (code != OK or magnitude > UINT64(LARGEST) + UINT64(negative)):
            code = ODD
        known = code == OK
        value = INT64(UINT64(0) - magnitude if negative else magnitude)
        put(mantissas, row, value if known else 0)
        put(scales, row, -exponent if known else 0)
        put(status, row, code)
        failed += INT64(not known)
    return failed


@inlined
def _times_plus(m1: Any, m0: Any, factor: Any, addend: Any) -> Any:
    """``m * factor + addend``, two words."""
    high = m1 * factor + multiply_high(m0, factor)
    low = m0 * factor + addend
    return high + UINT64(low < addend), low


@called
def _scan_wide(buffer: Any, start: Any, end: Any) -> Any:
    """(negative, two words, exponent) of a text of the grammar, rounded half-even to 38 digits."""
    start, end = without_blanks(buffer, start, end)
    negative = at(buffer, start) == 45
    position = start + INT64(negative or at(buffer, start) == 43)
    m1 = UINT64(0)
    m0 = UINT64(0)
    significant = 0
    exponent = 0
    after_point = 0
    #: The digit to round by, and whether there is anything but zeros behind it.
    next_digit = UINT64(0)
    beyond = False
    while position < end:
        byte = at(buffer, position)
        if significant <= DIGITS - 8 and position + 8 <= end and (significant > 0 or byte != 48):
            word = load64(buffer, position)
            if are_digits(word):
                m1, m0 = _times_plus(m1, m0, UINT64(100_000_000), eight_digits(word))
                significant += 8
                exponent -= 8 * after_point
                position += 8
                continue
        digit = UINT64(byte) - UINT64(48)
        if digit <= UINT64(9):
            if significant < DIGITS:
                m1, m0 = _times_plus(m1, m0, UINT64(10), digit)
                significant += INT64(m1 | m0 != UINT64(0))
                exponent -= after_point
            else:
                if significant == DIGITS:
                    next_digit = digit
                    significant += 1
                else:
                    beyond |= digit != UINT64(0)
                exponent += 1 - after_point
        elif byte == 46:
            after_point = 1
        else:
            break
        position += 1
    if position < end:
        position += 1
        down = at(buffer, position) == 45
        position += INT64(down or at(buffer, position) == 43)
        power = 0
        while position < end:
            if power < _FAR_EXPONENT:
                power = power * 10 + INT64(at(buffer, position)) - 48
            position += 1
        exponent += -power if down else power
    if next_digit > UINT64(5) or (next_digit == UINT64(5) and (beyond or m0 & UINT64(1) != UINT64(0))):
        m1, m0 = _times_plus(m1, m0, UINT64(1), UINT64(1))
        most_1, most_0 = power_of_ten(DIGITS)
        if m1 == most_1 and m0 == most_0:
            m1, m0 = power_of_ten(DIGITS - 1)
            exponent += 1
    return negative, m1, m0, exponent


@kernel(INT64(BYTES, INT32S, INT32S, INT64S_OUT, INT64S_OUT, INT32S_OUT, UINT8S_OUT))
def parse_wide_decimals(
    buffer: Any, starts: Any, ends: Any, lows: Any, highs: Any, scales: Any, status: Any
) -> Any:
    """The rows that :func:`parse_decimals` found ODD, with up to 38 digits: the two halves of each mantissa.

    Their *status* becomes OK, or OVERFLOW where the scale leaves 32 bits. Returns the number of the latter.
    """
    failed = 0
    for row in range(len(starts)):
        if at(status, row) != ODD:
            continue
        negative, m1, m0, exponent = _scan_wide(buffer, INT64(at(starts, row)), INT64(at(ends, row)))
        fits = -(2**31) <= -exponent < 2**31
        high, low = with_sign(negative, m1, m0)
        put(lows, row, low if fits else 0)
        put(highs, row, high if fits else 0)
        put(scales, row, -exponent if fits else 0)
        put(status, row, OK if fits else OVERFLOW)
        failed += INT64(not fits)
    return failed
