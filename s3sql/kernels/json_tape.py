"""The validating JSON parser: from the token index to a tape of values in document order.

In: a buffer of JSON values one behind the other and its index (:mod:`s3sql.kernels.json_index`).
Out: the tape, one row of :data:`WIDTH` numbers per value, a container before its contents:

    {"a": [1, true]}      STRUCT  LIST "a"  INT  BOOL      NEXT of the LIST: 4, the value behind its subtree

and the numbers of the root values. The grammar is RFC 8259's to the letter. Between root values there may be
any white space or none; two scalars that would run together (``12true``) are not two values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from s3sql.kernels.compile import (
    BOOL,
    BYTES,
    INT32,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8,
    UINT32,
    UINT64,
    UINT64S_OUT,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.json_strings import BAD_ESCAPE, FAULT_BITS, escape_fault, find_byte
from s3sql.kernels.simd import at, load64, put, trailing_zeros
from s3sql.limits import MAX_JSON_DEPTH, MAX_RECORD_BYTES
from s3sql.types import Kind

#: Numbers per value on the tape, and which is which. The kind is the low byte of KIND, flags lie above it;
#: START and END are the value's bytes, without the quotes of a string; NEXT is the value behind the
#: subtree; NAME_START and NAME_END are the bytes of the member's name without quotes, -1 for elements.
WIDTH = 6
KIND, START, END, NEXT, NAME_START, NAME_END = range(WIDTH)

#: Flags in KIND: the string has escapes; the member's name has.
ESCAPED = 0x100
ESCAPED_NAME = 0x200

#: Entries of ``outcome``.
STATUS, OFFSET, CONSUMED, ROOTS, FIRST_BACKSLASH = range(5)
OUTCOME = 5

#: Values of STATUS. COMPLETE: the bytes end between two values. INCOMPLETE: in a value, all right so far.
COMPLETE = 0
INCOMPLETE = 1
EXPECTED_VALUE = 2
EXPECTED_NAME = 3
EXPECTED_COLON = 4
EXPECTED_COMMA = 5
WRONG_LITERAL = 6
WRONG_NUMBER = 7
WRONG_ESCAPE = 8
LONELY_SURROGATE = 9
RAW_CONTROL = 10
TOO_DEEP = 11
TOO_LONG = 12

_MISSING = int(Kind.MISSING)
_NULL = int(Kind.NULL)
_BOOL = int(Kind.BOOL)
_INT = int(Kind.INT)
_DECIMAL = int(Kind.DECIMAL)
_STRING = int(Kind.STRING)
_LIST = int(Kind.LIST)
_STRUCT = int(Kind.STRUCT)
_CUT = -1
_WRONG = -2

_ZEROS = 0x3030303030303030
_BELOW_TOP = 0x7676767676767676
_TOPS = 0x8080808080808080
_TRUE = int.from_bytes(b"true", "little")
_FALSE = int.from_bytes(b"false", "little")
_NULL_WORD = int.from_bytes(b"null", "little")

#: What may stand right behind a number or literal: white space, structure, and the quote of a next root value.
_ENDS_SCALAR = np.array([byte in b' \t\n\r,:[]{}"' for byte in range(256)], np.bool_)


@inlined
def ends_scalar(byte: Any) -> Any:
    """Whether *byte* may stand right behind a number or literal."""
    return at(_ENDS_SCALAR, INT64(byte))


@inlined
def is_digit(byte: Any) -> Any:
    """Whether *byte* is one of 0 to 9."""
    return UINT8(byte - UINT8(48)) < UINT8(10)


@inlined
def digits_end(buffer: Any, offset: Any, end: Any) -> Any:
    """The end of the digits that begin at *offset*."""
    while offset < end:
        # 0 to 9 in the bytes that are digits; 0x76 more does not reach the top bit of those, and a carry out
        # of another byte spoils only the bytes behind it.
        word = load64(buffer, offset) ^ UINT64(_ZEROS)
        others = (word | (word + UINT64(_BELOW_TOP))) & UINT64(_TOPS)
        if others != UINT64(0):
            return min(offset + (trailing_zeros(others) >> 3), end)
        offset += 8
    return end


@inlined
def put_pair(tape: Any, slot: Any, first: Any, second: Any) -> None:
    """Two neighbouring numbers of the tape in one store; *slot* is even."""
    put(tape, slot >> 1, UINT64(UINT32(first)) | (UINT64(UINT32(second)) << UINT64(32)))


@inlined
def fits_64_bits(buffer: Any, first: Any, end: Any, negative: Any) -> Any:
    """Whether the digits ``buffer[first:end]``, without leading zeros, are a signed 64-bit number."""
    if end - first < 19:
        return True
    if end - first > 19:
        return False
    number = UINT64(0)
    for offset in range(first, end):
        number = number * UINT64(10) + UINT64(at(buffer, offset) - UINT8(48))
    return number <= UINT64(0x7FFF_FFFF_FFFF_FFFF) + UINT64(1 if negative else 0)


@inlined
def number_at(buffer: Any, start: Any, end: Any) -> Any:
    """The end of the number at *start* and its kind; (offset, _WRONG or _CUT) if it is none or is cut off."""
    offset = start
    negative = at(buffer, offset) == UINT8(45)
    if negative:
        offset += 1
    first = offset
    offset = digits_end(buffer, offset, end)
    if offset == first:
        return offset, _CUT if offset == end else _WRONG
    if offset - first > 1 and at(buffer, first) == UINT8(48):
        return first + 1, _WRONG
    integer_end = offset
    kind = _INT
    if offset < end and at(buffer, offset) == UINT8(46):
        kind = _DECIMAL
        first_fraction = offset + 1
        offset = digits_end(buffer, first_fraction, end)
        if offset == first_fraction:
            return offset, _CUT if offset == end else _WRONG
    if offset < end and (at(buffer, offset) | UINT8(32)) == UINT8(101):
        kind = _DECIMAL
        offset += 1
        if offset < end and (at(buffer, offset) == UINT8(43) or at(buffer, offset) == UINT8(45)):
            offset += 1
        first_exponent = offset
        offset = digits_end(buffer, offset, end)
        if offset == first_exponent:
            return offset, _CUT if offset == end else _WRONG
    if offset < end and not ends_scalar(at(buffer, offset)):
        return offset, _WRONG
    if kind == _INT and not fits_64_bits(buffer, first, integer_end, negative):
        kind = _DECIMAL
    return offset, kind


@inlined
def literal_at(buffer: Any, start: Any, end: Any) -> Any:
    """As :func:`number_at` for ``true``, ``false`` and ``null``."""
    word = load64(buffer, start)
    first = word & UINT64(255)
    if first == UINT64(116):
        wanted, length, kind = UINT64(_TRUE), INT64(4), _BOOL
    elif first == UINT64(102):
        wanted, length, kind = UINT64(_FALSE), INT64(5), _BOOL
    else:
        wanted, length, kind = UINT64(_NULL_WORD), INT64(4), _NULL
    same = trailing_zeros((word ^ wanted) | (UINT64(1) << UINT64(8 * length))) >> 3
    if start + same >= end:
        return end, kind if start + length == end else _CUT
    if same < length or not ends_scalar(at(buffer, start + length)):
        return start + same, _WRONG
    return start + length, kind


@kernel(VOID(BYTES, INT64, INT64, BOOL, INT32S, INT64S, UINT64S_OUT, INT32S_OUT, INT32S_OUT, INT64S_OUT))
def build_tape(
    buffer: Any,
    start: Any,
    end: Any,
    at_end: Any,
    index: Any,
    totals: Any,
    tape: Any,
    roots: Any,
    containers: Any,
    outcome: Any,
) -> None:
    """Parse ``buffer[start:end]``, whose index and ``totals`` :func:`index_structure` has made.

    ``at_end``: nothing follows, so a scalar that touches *end* is whole. ``tape`` has room for
    ``totals[VALUES]`` values, ``roots`` for as many numbers, ``containers`` for MAX_JSON_DEPTH. ``outcome``:
    STATUS; OFFSET of the first byte that is wrong, or where the bytes end; CONSUMED, the end of the last
    complete root value and, when all are complete, of the white space behind it; ROOTS, how many are
    complete; FIRST_BACKSLASH, *end* if there is none.
    """
    tokens = totals[0]
    first_control = totals[1]
    status = COMPLETE
    where = end
    consumed = start
    token = INT64(0)
    node = INT64(0)
    depth = INT64(0)
    rows = INT64(0)
    root = INT64(0)
    root_start = start
    in_struct = False
    name_start = INT64(-1)
    name_end = INT64(-1)
    name_flag = INT64(0)
    backslash = find_byte(buffer, start, end, 92)
    outcome[4] = backslash
    while token < tokens or depth > 0:
        if token >= tokens:
            status = INCOMPLETE
            break
        offset = INT64(at(index, token))
        first = at(buffer, offset)
        token += 1
        entry = node * WIDTH
        needs_name = False
        if depth == 0:
            root = node
            root_start = offset
            name_start = INT64(-1)
            name_end = INT64(-1)
            name_flag = INT64(0)
        if first == UINT8(34):
            close = INT64(at(index, token)) if token < tokens else end
            if first_control < close:
                status = RAW_CONTROL
                where = first_control
                break
            flag = INT64(0)
            if backslash < close:
                fault = escape_fault(buffer, offset + 1, close) if token < tokens else INT64(-1)
                if fault >= 0:
                    status = WRONG_ESCAPE if (fault & 15) == BAD_ESCAPE else LONELY_SURROGATE
                    where = fault >> FAULT_BITS
                    break
                flag = INT64(ESCAPED)
                backslash = find_byte(buffer, close, end, 92)
            if token >= tokens:
                status = INCOMPLETE
                break
            token += 1
            put_pair(tape, entry, _STRING | flag | name_flag, offset + 1)
            put_pair(tape, entry + END, close, node + 1)
            put_pair(tape, entry + NAME_START, name_start, name_end)
            value_end = close + 1
            node += 1
        elif first == UINT8(123) or first == UINT8(91):
            if depth == MAX_JSON_DEPTH:
                status = TOO_DEEP
                where = offset
                break
            put_pair(tape, entry, (_STRUCT if first == UINT8(123) else _LIST) | name_flag, offset)
            put_pair(tape, entry + NAME_START, name_start, name_end)
            put(containers, depth, INT32(node))
            depth += 1
            node += 1
            in_struct = first == UINT8(123)
            name_start = INT64(-1)
            name_end = INT64(-1)
            name_flag = INT64(0)
            value_end = offset + 1
            if token >= tokens:
                status = INCOMPLETE
                break
            if at(buffer, INT64(at(index, token))) != first + UINT8(2):
                if not in_struct:
                    continue
                needs_name = True
        else:
            if first == UINT8(45) or is_digit(first):
                value_end, kind = number_at(buffer, offset, end)
            elif first == UINT8(116) or first == UINT8(102) or first == UINT8(110):
                value_end, kind = literal_at(buffer, offset, end)
            else:
                status = EXPECTED_VALUE
                where = offset
                break
            if value_end == end and kind != _WRONG and not at_end:
                status = INCOMPLETE
                break
            if kind < 0:
                status = WRONG_NUMBER if first < UINT8(64) else WRONG_LITERAL
                where = value_end
                break
            put_pair(tape, entry, kind | name_flag, offset)
            put_pair(tape, entry + END, value_end, node + 1)
            put_pair(tape, entry + NAME_START, name_start, name_end)
            node += 1
        # What follows a value: the ends of containers, then a comma or the next root value.
        while not needs_name:
            if depth == 0:
                if value_end - root_start > MAX_RECORD_BYTES:
                    status = TOO_LONG
                    where = root_start
                    break
                put(roots, rows, INT32(root))
                rows += 1
                consumed = value_end
                break
            if token >= tokens:
                status = INCOMPLETE
                break
            offset = INT64(at(index, token))
            byte = at(buffer, offset)
            if byte == UINT8(44):
                token += 1
                if not in_struct:
                    break
                needs_name = True
            elif byte == (UINT8(125) if in_struct else UINT8(93)):
                token += 1
                depth -= 1
                entry = INT64(at(containers, depth)) * WIDTH
                put_pair(tape, entry + END, offset + 1, node)
                value_end = offset + 1
                if depth > 0:
                    entry = INT64(at(containers, depth - 1)) * WIDTH
                    in_struct = (at(tape, entry >> 1) & UINT64(255)) == UINT64(_STRUCT)
                # An element must not inherit the name of the member before its list.
                name_start = INT64(-1)
                name_end = INT64(-1)
                name_flag = INT64(0)
            else:
                status = EXPECTED_COMMA
                where = offset
                break
        if status != COMPLETE:
            break
        if not needs_name:
            continue
        if token >= tokens:
            status = INCOMPLETE
            break
        offset = INT64(at(index, token))
        if at(buffer, offset) != UINT8(34):
            status = EXPECTED_NAME
            where = offset
            break
        token += 1
        close = INT64(at(index, token)) if token < tokens else end
        if first_control < close:
            status = RAW_CONTROL
            where = first_control
            break
        name_flag = INT64(0)
        if backslash < close:
            fault = escape_fault(buffer, offset + 1, close) if token < tokens else INT64(-1)
            if fault >= 0:
                status = WRONG_ESCAPE if (fault & 15) == BAD_ESCAPE else LONELY_SURROGATE
                where = fault >> FAULT_BITS
                break
            name_flag = INT64(ESCAPED_NAME)
            backslash = find_byte(buffer, close, end, 92)
        if token + 1 >= tokens:
            status = INCOMPLETE
            break
        name_start = offset + 1
        name_end = close
        offset = INT64(at(index, token + 1))
        if at(buffer, offset) != UINT8(58):
            status = EXPECTED_COLON
            where = offset
            break
        token += 2
    if status == COMPLETE:
        consumed = end
    elif status == INCOMPLETE:
        consumed = root_start
    # A value that is too long is that, whatever else is wrong behind its first megabyte.
    if status != COMPLETE and status != TOO_LONG and where - root_start > MAX_RECORD_BYTES:
        status = TOO_LONG
        where = root_start
    outcome[0] = status
    outcome[1] = where
    outcome[2] = consumed
    outcome[3] = rows
