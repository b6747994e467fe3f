r"""JSON strings: checking their escapes, decoding them, and writing them in the one form of our output.

In: the bytes between the quotes of a string.  Out: the text, or the canonical spelling of the string.

Canonical (AWS documents none): the escapes ``\" \\ \b \f \n \r \t``, other controls below U+0020 as
``\u00xx`` in lower-case hex, every other character as it is, in UTF-8. It is
never longer than a valid source. Grammar of the escapes: RFC 8259, section 7. A surrogate without its partner
has no UTF-8 and is refused.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import INT64, UINT8, UINT64, called, inlined
from s3sql.kernels.simd import at, byte_mask, copy32, low_bits, put, trailing_zeros

#: Codes of :func:`escape_fault`, below the offset shifted left by :data:`FAULT_BITS`.
BAD_ESCAPE = 1
LONE_SURROGATE = 2
FAULT_BITS = 4


@inlined
def find_byte(buffer: Any, start: Any, end: Any, byte: Any) -> Any:
    """The offset of the first *byte* from *start* on, *end* if there is none before it."""
    offset = start
    while offset < end:
        found = byte_mask(buffer, offset, byte) & low_bits(end - offset)
        if found != UINT64(0):
            return offset + trailing_zeros(found)
        offset += 64
    return end


@inlined
def copy_forward(out: Any, position: Any, buffer: Any, start: Any, end: Any) -> Any:
    """Copy ``buffer[start:end]`` to *position*, writing up to 31 bytes behind it; where it ends."""
    offset = INT64(0)
    while start + offset < end:
        copy32(out, position + offset, buffer, start + offset)
        offset += 32
    return position + (end - start)


@inlined
def hex_value(byte: Any) -> Any:
    """The value of a hexadecimal digit, -1 for another byte."""
    number = INT64(byte)
    if 48 <= number <= 57:
        return number - 48
    number |= 32
    if 97 <= number <= 102:
        return number - 87
    return INT64(-1)


@called
def four_hex(buffer: Any, start: Any, end: Any) -> Any:
    """The number of four hexadecimal digits at *start*; -1 if they are not there."""
    if start + 4 > end:
        return INT64(-1)
    number = INT64(0)
    for offset in range(start, start + 4):
        digit = hex_value(at(buffer, offset))
        if digit < 0:
            return INT64(-1)
        number = number * 16 + digit
    return number


@inlined
def is_escape_letter(byte: Any) -> Any:
    """Whether *byte* behind a backslash makes an escape of two characters."""
    return (
        byte == 34
        or byte == 92
        or byte == 47
        or byte == 98
        or byte == 102
        or byte == 110
        or byte == 114
        or byte == 116
    )


@called
def escape_fault(buffer: Any, start: Any, end: Any) -> Any:
    """The first bad escape of a string whose contents are ``buffer[start:end]``.

    The offset of its backslash shifted left by FAULT_BITS, plus BAD_ESCAPE or LONE_SURROGATE; -1 if there is
    none.
    """
    offset = find_byte(buffer, start, end, 92)
    while offset < end:
        kind = at(buffer, offset + 1)
        step = INT64(2)
        if kind == 117:
            unit = four_hex(buffer, offset + 2, end)
            if unit < 0:
                return (offset << FAULT_BITS) + BAD_ESCAPE
            step = INT64(6)
            if 0xD800 <= unit < 0xE000:
                low = INT64(-1)
                if offset + 8 <= end and at(buffer, offset + 6) == 92 and at(buffer, offset + 7) == 117:
                    low = four_hex(buffer, offset + 8, end)
                if unit >= 0xDC00 or not 0xDC00 <= low < 0xE000:
                    return (offset << FAULT_BITS) + LONE_SURROGATE
                step = INT64(12)
        elif not is_escape_letter(kind):
            return (offset << FAULT_BITS) + BAD_ESCAPE
        offset = find_byte(buffer, offset + step, end, 92)
    return INT64(-1)


@called
def read_escape(buffer: Any, offset: Any) -> Any:
    """The code point of the valid escape whose backslash is at *offset*, and the escape's length."""
    kind = at(buffer, offset + 1)
    if kind == 117:
        unit = four_hex(buffer, offset + 2, offset + 6)
        if 0xD800 <= unit < 0xE000:
            low = four_hex(buffer, offset + 8, offset + 12)
            return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), INT64(12)
        return unit, INT64(6)
    if kind == 98:
        return INT64(8), INT64(2)
    if kind == 102:
        return INT64(12), INT64(2)
    if kind == 110:
        return INT64(10), INT64(2)
    if kind == 114:
        return INT64(13), INT64(2)
    if kind == 116:
        return INT64(9), INT64(2)
    return INT64(kind), INT64(2)


@called
def put_code_point(out: Any, position: Any, code: Any) -> Any:
    """Write *code* in UTF-8; where it ends."""
    if code < 0x80:
        put(out, position, UINT8(code))
        return position + 1
    if code < 0x800:
        put(out, position, UINT8(0xC0 | (code >> 6)))
        put(out, position + 1, UINT8(0x80 | (code & 63)))
        return position + 2
    if code < 0x10000:
        put(out, position, UINT8(0xE0 | (code >> 12)))
        put(out, position + 1, UINT8(0x80 | ((code >> 6) & 63)))
        put(out, position + 2, UINT8(0x80 | (code & 63)))
        return position + 3
    put(out, position, UINT8(0xF0 | (code >> 18)))
    put(out, position + 1, UINT8(0x80 | ((code >> 12) & 63)))
    put(out, position + 2, UINT8(0x80 | ((code >> 6) & 63)))
    put(out, position + 3, UINT8(0x80 | (code & 63)))
    return position + 4


@inlined
def short_escape(code: Any) -> Any:
    r"""The letter behind the backslash in the canonical escape of *code*, 0 if it has only ``\u00xx``."""
    if code == 34 or code == 92:
        return UINT8(code)
    if code == 8:
        return UINT8(98)
    if code == 9:
        return UINT8(116)
    if code == 10:
        return UINT8(110)
    if code == 12:
        return UINT8(102)
    if code == 13:
        return UINT8(114)
    return UINT8(0)


@called
def put_escape(out: Any, position: Any, code: Any) -> Any:
    """Write the canonical escape of a quote, backslash or control character; where it ends."""
    put(out, position, UINT8(92))
    letter = short_escape(code)
    if letter != UINT8(0):
        put(out, position + 1, letter)
        return position + 2
    put(out, position + 1, UINT8(117))
    put(out, position + 2, UINT8(48))
    put(out, position + 3, UINT8(48))
    put(out, position + 4, UINT8(48 + (code >> 4)))
    low = code & 15
    put(out, position + 5, UINT8(48 + low if low < 10 else 87 + low))
    return position + 6


@called
def put_decoded(out: Any, position: Any, buffer: Any, start: Any, end: Any) -> Any:
    """Write the text of a valid string, escapes decoded; where it ends."""
    offset = start
    while offset < end:
        stop = find_byte(buffer, offset, end, 92)
        position = copy_forward(out, position, buffer, offset, stop)
        offset = stop
        if stop < end:
            code, length = read_escape(buffer, stop)
            position = put_code_point(out, position, code)
            offset = stop + length
    return position


@called
def put_canonical(out: Any, position: Any, buffer: Any, start: Any, end: Any) -> Any:
    """Write the contents of a valid string with canonical escapes; where they end."""
    offset = start
    while offset < end:
        stop = find_byte(buffer, offset, end, 92)
        position = copy_forward(out, position, buffer, offset, stop)
        offset = stop
        if stop < end:
            code, length = read_escape(buffer, stop)
            if code < 32 or code == 34 or code == 92:
                position = put_escape(out, position, code)
            else:
                position = put_code_point(out, position, code)
            offset = stop + length
    return position
