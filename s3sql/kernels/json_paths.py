"""Path steps on a tape: from one value per row to a member, an element, or all of them.

In: a tape (:mod:`s3sql.kernels.json_tape`) and for every row the number of a value on it, or :data:`ABSENT`
or :data:`AMBIGUOUS`.  Out: the same for the next step.  Rules: PartiQL v0.1, path navigation.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BOOL,
    BYTES,
    BYTES_OUT,
    INT32,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8,
    UINT8S_OUT,
    UINT64,
    VOID,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.json_strings import put_decoded
from s3sql.kernels.json_tape import (
    END,
    ESCAPED,
    ESCAPED_NAME,
    KIND,
    NAME_END,
    NAME_START,
    NEXT,
    START,
    WIDTH,
)
from s3sql.kernels.simd import at, load64, low_bits, put
from s3sql.types import Kind

#: In place of a value's number: MISSING; the row has failed and its value counts as NULL.
ABSENT = -1
AMBIGUOUS = -2

#: Longest source of a character in a JSON string per byte of its UTF-8: ``\\u0041``.
LONGEST_ESCAPE = 6

_MISSING = int(Kind.MISSING)
_NULL = int(Kind.NULL)
_STRING = int(Kind.STRING)
_LIST = int(Kind.LIST)
_STRUCT = int(Kind.STRUCT)
_EVERY_BYTE = 0x0101010101010101
_HIGH_BITS = 0x8080808080808080
_LOW_SEVEN = 0x7F7F7F7F7F7F7F7F


@inlined
def behind(tape: Any, node: Any) -> Any:
    """The value behind *node* and what it contains.

    NEXT says it for all, but what a processor predicts from the kind need not wait for a load.
    """
    if (at(tape, node * WIDTH + KIND) & 255) < _LIST:
        return node + 1
    return INT64(at(tape, node * WIDTH + NEXT))


@inlined
def lower_ascii(word: Any) -> Any:
    """The eight bytes of *word* with the letters A to Z made small; bytes above 127 stay."""
    seven = word & UINT64(_LOW_SEVEN)
    from_a = seven + UINT64(_EVERY_BYTE) * UINT64(128 - 65)
    behind_z = seven + UINT64(_EVERY_BYTE) * UINT64(128 - 91)
    letters = from_a & ~behind_z & ~word & UINT64(_HIGH_BITS)
    return word | (letters >> UINT64(2))


@inlined
def equal_names(buffer: Any, start: Any, name: Any, length: Any, exact: Any) -> Any:
    """Whether the *length* bytes from *start* on are *name*; unless *exact*, *name* is in small letters."""
    offset = INT64(0)
    while offset < length:
        found = load64(buffer, start + offset)
        if not exact:
            found = lower_ascii(found)
        if (found ^ load64(name, offset)) & low_bits(8 * (length - offset)) != UINT64(0):
            return False
        offset += 8
    return True


@called
def equal_escaped_names(
    buffer: Any, start: Any, end: Any, name: Any, length: Any, exact: Any, decoded: Any
) -> Any:
    """As :func:`equal_names` for a name with escapes. ``decoded`` has room for 6 * *length* bytes."""
    if end - start > LONGEST_ESCAPE * length:
        return False
    return put_decoded(decoded, INT64(0), buffer, start, end) == length and equal_names(
        decoded, INT64(0), name, length, exact
    )


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT64, BOOL, BYTES_OUT, INT32S_OUT))
def step_into_member(
    buffer: Any, tape: Any, nodes: Any, name: Any, length: Any, exact: Any, decoded: Any, out: Any
) -> None:
    """From every struct to its member of the given name: ABSENT without one, AMBIGUOUS with several.

    ``name``: padded, *length* bytes, in small letters unless *exact*. A value of another kind has no members.
    ``decoded``: padded scratch for LONGEST_ESCAPE * *length* bytes.
    """
    for row in range(nodes.size):
        node = INT64(at(nodes, row))
        found = INT64(ABSENT)
        if node == AMBIGUOUS:
            found = INT64(AMBIGUOUS)
        elif node >= 0 and (at(tape, node * WIDTH + KIND) & 255) == _STRUCT:
            last = INT64(at(tape, node * WIDTH + NEXT))
            child = node + 1
            while child < last:
                entry = child * WIDTH
                start = INT64(at(tape, entry + NAME_START))
                end = INT64(at(tape, entry + NAME_END))
                if at(tape, entry + KIND) & ESCAPED_NAME:
                    same = equal_escaped_names(buffer, start, end, name, length, exact, decoded)
                else:
                    same = end - start == length and equal_names(buffer, start, name, length, exact)
                if same:
                    if found >= 0:
                        found = INT64(AMBIGUOUS)
                        break
                    found = child
                child = behind(tape, child)
        put(out, row, INT32(found))


@kernel(VOID(INT32S, INT32S, INT64, INT32S_OUT))
def step_into_element(tape: Any, nodes: Any, number: Any, out: Any) -> None:
    """From every list to its element *number*, counted from 0: ABSENT without one."""
    for row in range(nodes.size):
        node = INT64(at(nodes, row))
        found = INT64(ABSENT)
        if node == AMBIGUOUS:
            found = INT64(AMBIGUOUS)
        elif node >= 0 and (at(tape, node * WIDTH + KIND) & 255) == _LIST:
            last = INT64(at(tape, node * WIDTH + NEXT))
            child = node + 1
            remaining = number
            while child < last and remaining > 0:
                child = behind(tape, child)
                remaining -= 1
            if child < last:
                found = child
        put(out, row, INT32(found))


@kernel(INT64(INT32S, INT32S, INT64, INT64S_OUT))
def count_children(tape: Any, nodes: Any, kind: Any, counts: Any) -> int:
    """How many values each row has under a wildcard over containers of *kind*; returns the total.

    A value of another kind, and an AMBIGUOUS one, counts as 1, ABSENT as 0.
    """
    total = INT64(0)
    for row in range(nodes.size):
        node = INT64(at(nodes, row))
        count = INT64(1)
        if node == ABSENT:
            count = INT64(0)
        elif node >= 0 and (at(tape, node * WIDTH + KIND) & 255) == kind:
            count = INT64(0)
            last = INT64(at(tape, node * WIDTH + NEXT))
            child = node + 1
            while child < last:
                count += 1
                child = behind(tape, child)
        put(counts, row, count)
        total += count
    return total


@kernel(VOID(INT32S, INT32S, INT64, INT64S, INT64, INT32S_OUT, INT64S_OUT))
def list_children(
    tape: Any, nodes: Any, kind: Any, counts: Any, at_least: Any, out: Any, owners: Any
) -> None:
    """The values that :func:`count_children` has counted, row after row, and the row each belongs to.

    *at_least* 1 gives a row without values one that is ABSENT; 0 gives it none.
    """
    slot = INT64(0)
    for row in range(nodes.size):
        node = INT64(at(nodes, row))
        count = at(counts, row)
        if count == 0:
            if at_least > 0:
                put(out, slot, INT32(ABSENT))
                put(owners, slot, row)
                slot += 1
            continue
        if node < 0 or (at(tape, node * WIDTH + KIND) & 255) != kind:
            put(out, slot, INT32(node))
            put(owners, slot, row)
            slot += 1
            continue
        child = node + 1
        for _ in range(count):
            put(out, slot, INT32(child))
            put(owners, slot, row)
            child = behind(tape, child)
            slot += 1


@kernel(INT64(INT32S, INT32S, UINT8S_OUT, INT32S_OUT, INT32S_OUT))
def describe(tape: Any, nodes: Any, tags: Any, starts: Any, ends: Any) -> int:
    """The kind and the bytes of every value.

    Returns a mask: bit ``kind`` for each kind that occurs, and ESCAPED << 8 if a string has escapes.
    """
    seen = INT64(0)
    for row in range(nodes.size):
        node = INT64(at(nodes, row))
        tag = INT64(_MISSING if node == ABSENT else _NULL)
        start = INT32(0)
        end = INT32(0)
        if node >= 0:
            entry = node * WIDTH
            head = INT64(at(tape, entry + KIND))
            tag = head & 255
            start = at(tape, entry + START)
            end = at(tape, entry + END)
            seen |= (head & ESCAPED) << 8
        seen |= INT64(1) << tag
        put(tags, row, UINT8(tag))
        put(starts, row, start)
        put(ends, row, end)
    return seen


@kernel(VOID(INT32S, INT32S, INT32S_OUT, INT32S_OUT))
def source_slices(tape: Any, nodes: Any, starts: Any, ends: Any) -> None:
    """The bytes of every value as it is written, a string with its quotes; no node is ABSENT or AMBIGUOUS."""
    for row in range(nodes.size):
        entry = INT64(at(nodes, row)) * WIDTH
        quote = INT32(1 if (at(tape, entry + KIND) & 255) == _STRING else 0)
        put(starts, row, INT32(at(tape, entry + START) - quote))
        put(ends, row, INT32(at(tape, entry + END) + quote))
