"""The validating JSON parser: from the token index to a tape of values in document order.

In: a buffer of JSON values one behind the other and its index (:mod:`s3sql.kernels.json_index`).
Out: the tape, one row of :data:`WIDTH` numbers per value, a container before its contents:

    {"a": [1, true]}      STRUCT  LIST "a"  INT  BOOL      NEXT of the LIST: 4, the value behind its subtree

and the numbers of the root values. The grammar is RFC 8259's to the letter. Between root values there may be
any white space or none; two scalars that would run together (``12true``) are not two values.
"""

from __future__ import annotations

from typing import Any

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
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.json_scalars import WRONG, is_digit, literal_at, number_at
from s3sql.kernels.json_strings import BAD_ESCAPE, FAULT_BITS, escape_fault, find_byte
from s3sql.kernels.simd import at, put
from s3sql.limits import MAX_JSON_DEPTH
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

_STRING = int(Kind.STRING)
_LIST = int(Kind.LIST)
_STRUCT = int(Kind.STRUCT)


@inlined
def plain_members(
    buffer: Any, end: Any, index: Any, tokens: Any, token: Any, tape: Any, node: Any, stop: Any
) -> Any:
    """The quick way through members that hold scalars and, up to *stop*, neither escapes nor faults.

    *token* is the one where a name is expected. Returns the token where the next name is expected, or that of
    the closing brace; the number of the next value; and whether it is the brace.
    """
    while token + 5 < tokens:
        name = INT64(at(index, token))
        start = INT64(at(index, token + 3))
        first = at(buffer, start)
        if at(buffer, name) != UINT8(34) or at(buffer, INT64(at(index, token + 2))) != UINT8(58):
            break
        behind = token + 4
        kind = INT64(_STRING)
        if first == UINT8(34):
            start += 1
            value_end = INT64(at(index, behind))
            behind += 1
        elif first == UINT8(45) or is_digit(first):
            value_end, kind = number_at(buffer, start, end)
        elif first == UINT8(116) or first == UINT8(102) or first == UINT8(110):
            value_end, kind = literal_at(buffer, start, end)
        else:
            break
        following = INT64(at(index, behind))
        byte = at(buffer, following)
        closes = byte == UINT8(125)
        if kind < 0 or following > stop or not (closes or byte == UINT8(44)):
            break
        entry = node * WIDTH
        put(tape, entry + KIND, INT32(kind))
        put(tape, entry + START, INT32(start))
        put(tape, entry + END, INT32(value_end))
        put(tape, entry + NEXT, INT32(node + 1))
        put(tape, entry + NAME_START, INT32(name + 1))
        put(tape, entry + NAME_END, INT32(at(index, token + 1)))
        node += 1
        if closes:
            return behind, node, True
        token = behind + 1
    return token, node, False


@kernel(
    VOID(BYTES, INT64, INT64, BOOL, INT64, INT32S, INT64S, INT32S_OUT, INT32S_OUT, INT32S_OUT, INT64S_OUT)
)
def build_tape(
    buffer: Any,
    start: Any,
    end: Any,
    at_end: Any,
    longest: Any,
    index: Any,
    totals: Any,
    tape: Any,
    roots: Any,
    containers: Any,
    outcome: Any,
) -> None:
    """Parse ``buffer[start:end]``, whose index and ``totals`` :func:`index_structure` has made.

    ``at_end``: nothing follows, so a scalar that touches *end* is whole. ``longest``: bytes that a root value
    may have. ``tape`` has room for
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
    at_close = False
    name_start = INT64(-1)
    name_end = INT64(-1)
    name_flag = INT64(0)
    backslash = find_byte(buffer, start, end, 92)
    outcome[4] = backslash
    while token < tokens or depth > 0:
        if token >= tokens:
            status = INCOMPLETE
            break
        needs_name = False
        if not at_close:
            offset = INT64(at(index, token))
            first = at(buffer, offset)
            token += 1
            entry = node * WIDTH
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
                put(tape, entry + KIND, INT32(_STRING | flag | name_flag))
                put(tape, entry + START, INT32(offset + 1))
                put(tape, entry + END, INT32(close))
                put(tape, entry + NEXT, INT32(node + 1))
                put(tape, entry + NAME_START, INT32(name_start))
                put(tape, entry + NAME_END, INT32(name_end))
                value_end = close + 1
                node += 1
            elif first == UINT8(123) or first == UINT8(91):
                if depth == MAX_JSON_DEPTH:
                    status = TOO_DEEP
                    where = offset
                    break
                put(tape, entry + KIND, INT32((_STRUCT if first == UINT8(123) else _LIST) | name_flag))
                put(tape, entry + START, INT32(offset))
                put(tape, entry + NAME_START, INT32(name_start))
                put(tape, entry + NAME_END, INT32(name_end))
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
                if value_end == end and kind != WRONG and not at_end:
                    status = INCOMPLETE
                    break
                if kind < 0:
                    status = WRONG_NUMBER if first < UINT8(64) else WRONG_LITERAL
                    where = value_end
                    break
                put(tape, entry + KIND, INT32(kind | name_flag))
                put(tape, entry + START, INT32(offset))
                put(tape, entry + END, INT32(value_end))
                put(tape, entry + NEXT, INT32(node + 1))
                put(tape, entry + NAME_START, INT32(name_start))
                put(tape, entry + NAME_END, INT32(name_end))
                node += 1
        at_close = False
        # What follows a value: the ends of containers, then a comma or the next root value.
        while not needs_name:
            if depth == 0:
                if value_end - root_start > longest:
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
                put(tape, entry + END, INT32(offset + 1))
                put(tape, entry + NEXT, INT32(node))
                value_end = offset + 1
                if depth > 0:
                    entry = INT64(at(containers, depth - 1)) * WIDTH
                    in_struct = (at(tape, entry + KIND) & 255) == _STRUCT
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
        token, node, at_close = plain_members(
            buffer, end, index, tokens, token, tape, node, min(backslash, first_control)
        )
        if at_close:
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
    if status != COMPLETE and status != TOO_LONG and where - root_start > longest:
        status = TOO_LONG
        where = root_start
    outcome[0] = status
    outcome[1] = where
    outcome[2] = consumed
    outcome[3] = rows
