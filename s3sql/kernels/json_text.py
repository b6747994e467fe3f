"""Text of values on a tape: decoded strings, and compact JSON of lists, structs and collections.

In: a tape and the numbers of values on it.  Out: bytes one behind the other in a padded buffer, and where
each text starts and ends. No text is longer than its source, so the caller knows how much room is enough.

Compact JSON: no white space, strings in canonical spelling (:mod:`s3sql.kernels.json_strings`), numbers as
they are written, members in their order, those of the same name too.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    INT32,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    UINT8,
    UINT8S,
    VOID,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.json_strings import copy_forward, put_canonical, put_decoded
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
from s3sql.kernels.simd import at, put
from s3sql.types import Kind

_STRING = int(Kind.STRING)
_LIST = int(Kind.LIST)
_STRUCT = int(Kind.STRUCT)


@inlined
def put_string(out: Any, position: Any, buffer: Any, start: Any, end: Any, escaped: Any) -> Any:
    """Write a string with its quotes; where it ends."""
    put(out, position, UINT8(34))
    if escaped:
        position = put_canonical(out, position + 1, buffer, start, end)
    else:
        position = copy_forward(out, position + 1, buffer, start, end)
    put(out, position, UINT8(34))
    return position + 1


@called
def put_value(out: Any, position: Any, buffer: Any, tape: Any, node: Any, containers: Any) -> Any:
    """Write value *node* with all it contains as compact JSON; where it ends."""
    last = INT64(at(tape, node * WIDTH + NEXT))
    depth = INT64(0)
    parent = INT64(-1)
    current = node
    while True:
        while depth > 0 and INT64(at(tape, parent * WIDTH + NEXT)) == current:
            put(out, position, UINT8(125 if (at(tape, parent * WIDTH + KIND) & 255) == _STRUCT else 93))
            position += 1
            depth -= 1
            if depth > 0:
                parent = INT64(at(containers, depth - 1))
        if current == last:
            return position
        entry = current * WIDTH
        head = at(tape, entry + KIND)
        kind = head & 255
        if depth > 0:
            if current != parent + 1:
                put(out, position, UINT8(44))
                position += 1
            name_start = INT64(at(tape, entry + NAME_START))
            if name_start >= 0:
                name_end = INT64(at(tape, entry + NAME_END))
                position = put_string(out, position, buffer, name_start, name_end, head & ESCAPED_NAME)
                put(out, position, UINT8(58))
                position += 1
        start = INT64(at(tape, entry + START))
        if kind == _STRUCT or kind == _LIST:
            put(out, position, at(buffer, start))
            position += 1
            put(containers, depth, INT32(current))
            depth += 1
            parent = current
        elif kind == _STRING:
            position = put_string(out, position, buffer, start, INT64(at(tape, entry + END)), head & ESCAPED)
        else:
            position = copy_forward(out, position, buffer, start, INT64(at(tape, entry + END)))
        current += 1


@kernel(VOID(BYTES, INT32S, INT32S, BYTES_OUT, INT32S_OUT, INT32S_OUT, INT32S_OUT))
def compact_containers(
    buffer: Any, tape: Any, nodes: Any, out: Any, starts: Any, ends: Any, containers: Any
) -> None:
    """The compact JSON of every list and struct; rows of other kinds have the empty text."""
    position = INT64(0)
    for row in range(nodes.size):
        node = INT64(at(nodes, row))
        put(starts, row, INT32(position))
        if node >= 0 and (at(tape, node * WIDTH + KIND) & 255) >= _LIST:
            position = put_value(out, position, buffer, tape, node, containers)
        put(ends, row, INT32(position))


@kernel(VOID(BYTES, INT32S, INT32S, INT64S, BYTES_OUT, INT32S_OUT, INT32S_OUT, INT32S_OUT))
def compact_collections(
    buffer: Any,
    tape: Any,
    nodes: Any,
    offsets: Any,
    out: Any,
    starts: Any,
    ends: Any,
    containers: Any,
) -> None:
    """A JSON list per row, of the values ``nodes[offsets[row]:offsets[row + 1]]`` without absent ones."""
    position = INT64(0)
    for row in range(starts.size):
        put(starts, row, INT32(position))
        put(out, position, UINT8(91))
        position += 1
        opened = position
        for slot in range(at(offsets, row), at(offsets, row + 1)):
            node = INT64(at(nodes, slot))
            if node < 0:
                continue
            if position > opened:
                put(out, position, UINT8(44))
                position += 1
            position = put_value(out, position, buffer, tape, node, containers)
        put(out, position, UINT8(93))
        position += 1
        put(ends, row, INT32(position))


@kernel(VOID(BYTES, INT32S, INT32S, UINT8S, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def decode_strings(
    buffer: Any, source_starts: Any, source_ends: Any, tags: Any, out: Any, starts: Any, ends: Any
) -> None:
    """The text of every string, escapes decoded; rows of other kinds have the empty text."""
    position = INT64(0)
    for row in range(tags.size):
        put(starts, row, INT32(position))
        if at(tags, row) == _STRING:
            start = INT64(at(source_starts, row))
            position = put_decoded(out, position, buffer, start, INT64(at(source_ends, row)))
        put(ends, row, INT32(position))
