"""Records of JSON whose layout is known, read and followed piece by piece.

In: a padded buffer of records, or the file that has them, and a layout.  Out: what
:mod:`s3sql.kernels.json_layout` gives.

Of each piece the bytes are read, masked and followed before those of the next, so that they are in a core's
nearer cache all the while. A record that goes on in the next piece is begun again with that.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    DENSE_INT64S,
    INT32_TABLE,
    INT64,
    INT64S_OUT,
    UINT64,
    VOID,
    kernel,
)
from s3sql.kernels.json_layout import ALL_FIT, FOUND, NO_LINK, follow_layout
from s3sql.kernels.json_layout import STATE as _FOLLOWED
from s3sql.kernels.json_scalar_masks import mask_piece
from s3sql.kernels.system import read_file
from s3sql.kernels.utf8 import nothing_due

#: Further entries of ``state``. PRESENT: the bytes that are in the buffer. MASKED: where the bytes end that
#: are masked, at first where the text begins. NOT_UTF8: 1 if not all of these are UTF-8.
PRESENT, MASKED, NOT_UTF8 = range(_FOLLOWED, _FOLLOWED + 3)
STATE = _FOLLOWED + 3

#: A further value of FOUND: the file has not all of the bytes, or cannot be read.
UNREADABLE = 5


@kernel(
    VOID(
        INT64, INT64, BYTES_OUT, BYTES_OUT, BYTES_OUT, BYTES_OUT, INT64, INT64, INT64,
        DENSE_INT64S, INT32_TABLE, BYTES, INT64, INT64, INT64, INT64S_OUT, INT64S_OUT,
    )
)  # fmt: skip
def follow_pieces(
    file: Any,
    place: Any,
    buffer: Any,
    stops: Any,
    digits: Any,
    numerals: Any,
    end: Any,
    piece: Any,
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
    """As :func:`s3sql.kernels.json_layout.follow_layout`; all bytes are masked when it has to give up.

    What is not ``PRESENT`` is what the open *file*, a descriptor, has from *place* on. ``piece``: bytes of a
    piece, a multiple of 64. The masks, see :mod:`s3sql.kernels.json_scalar_masks`, are made here. ``state``:
    see ROWS and PRESENT.
    """
    due = nothing_due()
    while True:
        masked = state[MASKED]
        if masked < end:
            stop = min((masked & -64) + piece, end)
            size = stop - state[PRESENT]
            if size > 0:
                if read_file(file, buffer, stop - size, size, place + stop - size) < size:
                    state[FOUND] = UNREADABLE
                    return
                state[PRESENT] = stop
            wrong, due = mask_piece(buffer, masked, stop, stops, digits, numerals, due)
            if stop == end:
                wrong |= due[0]
            if wrong != UINT64(0):
                state[NOT_UTF8] = 1
            state[MASKED] = stop
        follow_layout(
            buffer, stops, digits, numerals, state[MASKED], longest, links, notes, texts, first_link, slots,
            room, cells, state,
        )  # fmt: skip
        if state[MASKED] == end or (state[FOUND] != ALL_FIT and state[FOUND] != NO_LINK):
            return
