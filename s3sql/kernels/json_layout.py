r"""Records of JSON whose layout is known: what lies between their values is compared, not parsed.

In: a padded buffer of records and a layout, learnt from records before (:mod:`s3sql.formats.json_layout`).
Out: where the records are, and of the values that a query names the kind and the bytes.

Of a record that has been parsed, everything but its scalars is kept as text, a *link* from one scalar to the
next. Another record with the same links, its own scalars between them, is JSON as well:

    {"a": 1, "b": ["x", true]}          {"a": -- , "b": [ -- ,  -- ]}
    {"a": 2.5, "b": ["", "y", 0]}       {"a": -- , "b": [ -- ,  -- ,  -- ]}

A link depends on where the scalar before it stands and not on how many there were, so lists of any length
need few, and where optional members make several possible, each is tried. The scalars are judged as
everywhere, by RFC 8259. What no link fits, right or wrong, is not judged here; it is told which record it is.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    DENSE_INT64S,
    INT32,
    INT32_TABLE,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8,
    UINT8S_OUT,
    VOID,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.json_scalar_masks import ESCAPED_TAG, rare_end, scalar_end, string_stop
from s3sql.kernels.simd import at, first_difference, put
from s3sql.types import Kind

#: The most bytes of a link; a longer one is several, one behind the other. So many are kept of each.
TEXT_WIDTH = 32

#: What else is known of a link, in one number, from which bit on. LENGTH: its bytes. TARGET: what follows at
#: once, the slot of a scalar or one of those below, less RECORD_END. NEXT: the first link that may follow.
#: IN_QUOTES: 1 if the scalar is a string, both quotes of which belong to the links. OTHER: 1 if the link
#: behind this is to be tried where this does not fit; one that begins with another comes before it. LOOSE: 1
#: if there is white space in it. NOTES: how many notes it has. FIRST_NOTE: the number of the first.
LENGTH, TARGET, NEXT, IN_QUOTES, OTHER, LOOSE, NOTES, FIRST_NOTE = 0, 8, 16, 32, 33, 34, 35, 42

#: Values of TARGET that are no slots: a scalar that is not asked for; another link; the end of the record.
UNNAMED = -1
ANOTHER_LINK = -2
RECORD_END = -3

#: Numbers of a note, that a link opens or closes a list or struct which is asked for: the place in the link,
#: the slot, and the container's kind, 0 where it is closed.
NOTE_WIDTH = 3

#: Entries of ``state``: ROWS, the records found; OFFSET, where to go on; TRIES, links compared, where
#: what is rare in a scalar counts as RARE of them; UNCOMPACT, 1 if there was white space within records, or a
#: backslash. FOUND: see below.
ROWS, OFFSET, TRIES, UNCOMPACT, FOUND = range(5)
STATE = 5

#: What an escape or an exponent costs, in links.
RARE = 4

#: Values of FOUND: all bytes belong to records. The one at OFFSET does not fit, or is cut off; it is longer
#: than a record may be; something is asked for that it has twice; there is no room for its row.
ALL_FIT = 0
NO_LINK = 1
TOO_LONG = 2
TWICE = 3
NO_ROOM = 4

#: The slot of the record itself.
RECORD_SLOT = 0

#: Rows whose cells are emptied at once.
_EMPTIED = 64

#: A cell: the tag of a value, 0 for MISSING, and where its bytes begin and end.
START_SHIFT = 8
END_SHIFT = 36
MOST_BYTES = 1 << (END_SHIFT - START_SHIFT)

_OFFSET = MOST_BYTES - 1
_STRING = int(Kind.STRING)
_LIST = int(Kind.LIST)
_STRUCT = int(Kind.STRUCT)


@inlined
def packed(start: Any, end: Any, tag: Any) -> Any:
    """A cell."""
    return (end << END_SHIFT) | (start << START_SHIFT) | tag


@inlined
def is_blank(byte: Any) -> Any:
    """Whether *byte* is white space of JSON."""
    return byte == UINT8(10) or byte == UINT8(32) or byte == UINT8(13) or byte == UINT8(9)


@called
def take_note(cells: Any, cell: Any, offset: Any, notes: Any, note: Any) -> Any:
    """Enter in a cell where a container begins or ends; False if it has begun before."""
    place = offset + INT64(at(notes, note))
    cell += INT64(at(notes, note + 1))
    kind = INT64(at(notes, note + 2))
    known = at(cells, cell)
    if kind == 0:
        put(cells, cell, known | (place << END_SHIFT))
        return True
    put(cells, cell, packed(place, INT64(0), kind))
    return known == 0


@kernel(
    VOID(
        BYTES,
        BYTES,
        BYTES,
        BYTES,
        INT64,
        INT64,
        DENSE_INT64S,
        INT32_TABLE,
        BYTES,
        INT64,
        INT64,
        INT64,
        INT64S_OUT,
        INT64S_OUT,
    )
)
def follow_layout(
    buffer: Any,
    stops: Any,
    digits: Any,
    numerals: Any,
    end: Any,
    longest: Any,
    links: Any,
    notes: Any,
    texts: Any,
    first_link: Any,
    slots: Any,
    room: Any,
    cells: Any,
    state: Any,
) -> None:
    """Find records from ``state[OFFSET]`` on, up to *end*, as long as they fit.

    ``longest``: bytes that a record may have. ``links``, ``notes`` and ``texts``, padded, are the layout,
    ``first_link`` begins a record. ``cells`` has *room* rows of as many cells as there are *slots*; the first
    is that of the record itself. ``state``: see ROWS.
    """
    row = state[0]
    offset = state[1]
    tries = state[2]
    loose = state[3]
    found = INT64(ALL_FIT)
    start = offset
    empty = row
    cell = row * slots
    while True:
        while offset < end and is_blank(at(buffer, offset)):
            offset += 1
        start = offset
        if offset == end:
            break
        if row == empty:
            empty = min(row + _EMPTIED, room)
            for number in range(cell, empty * slots):
                put(cells, number, INT64(0))
            if row == room:
                found = INT64(NO_ROOM)
                break
        first = first_link
        kind = INT64(0)
        value = offset
        target = INT64(UNNAMED)
        while True:
            link = first
            known = at(links, link)
            while first_difference(buffer, offset, texts, link * TEXT_WIDTH) < ((known >> LENGTH) & 255):
                tries += 1
                link += 1
                if (known >> OTHER) & 1 == 0:
                    link = INT64(-1)
                    break
                known = at(links, link)
            if link < 0:
                # What is rare in a scalar shows here, because no link begins like that.
                offset, kind = rare_end(buffer, value, offset, end, kind)
                if kind < 0 or offset >= end:
                    found = INT64(NO_LINK)
                    break
                tries += RARE
                loose |= kind >> 7
                if target >= 0:
                    put(cells, cell + target, packed(value, offset, kind))
                kind = INT64(0)
                continue
            tries += 1
            loose |= (known >> LOOSE) & 1
            count = (known >> NOTES) & 127
            if count > 0:
                note = (known >> FIRST_NOTE) * NOTE_WIDTH
                for _ in range(count):
                    if not take_note(cells, cell, offset, notes, note):
                        found = INT64(TWICE)
                    note += NOTE_WIDTH
                if found != ALL_FIT:
                    break
            offset += (known >> LENGTH) & 255
            target = ((known >> TARGET) & 255) + RECORD_END
            first = (known >> NEXT) & 0xFFFF
            if target >= UNNAMED:
                value = offset
                if (known >> IN_QUOTES) & 1 != 0:
                    offset = string_stop(stops, offset, end)
                    kind = INT64(_STRING)
                elif offset < end:
                    offset, kind = scalar_end(buffer, digits, numerals, offset, end)
                if kind < 0 or offset >= end:
                    found = INT64(NO_LINK)
                    break
                if target >= 0:
                    if at(cells, cell + target) != 0:
                        found = INT64(TWICE)
                        break
                    put(cells, cell + target, packed(value, offset, kind))
                continue
            if offset > end:
                found = INT64(NO_LINK)
                break
            if target == RECORD_END:
                break
            kind = INT64(0)
        if found != ALL_FIT:
            break
        if offset - start > longest:
            found = INT64(TOO_LONG)
            break
        kind = INT64(_STRUCT if at(buffer, start) == UINT8(123) else _LIST)
        put(cells, cell, packed(start, offset, kind))
        cell += slots
        row += 1
    state[0] = row
    state[1] = start
    state[2] = tries
    state[3] = loose
    state[4] = found


@kernel(INT64(INT64S, INT64, INT64, INT64S, UINT8S_OUT, INT32S_OUT, INT32S_OUT))
def take_cells(cells: Any, slots: Any, slot: Any, rows: Any, tags: Any, starts: Any, ends: Any) -> int:
    """The kind and the bytes of the values of *slot* in *rows*.

    Returns what :func:`s3sql.kernels.json_paths.describe` does.
    """
    seen = INT64(0)
    for number in range(rows.size):
        cell = at(cells, at(rows, number) * slots + slot)
        tag = cell & 127
        seen |= (INT64(1) << tag) | ((cell & ESCAPED_TAG) << 9)
        put(tags, number, UINT8(tag))
        put(starts, number, INT32((cell >> START_SHIFT) & _OFFSET))
        put(ends, number, INT32(cell >> END_SHIFT))
    return seen
