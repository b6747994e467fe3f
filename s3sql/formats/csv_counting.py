"""CSV: counting the records of a morsel without looking at what is in them.

In: a morsel, read or not.  Out: the number of its records, or None where only indexing can tell.

The morsel is read and counted in pieces of one small buffer, so that the bytes are still in the core's cache
and none is written to memory.
"""

from __future__ import annotations

import numpy as np

from s3sql.formats.base import Morsel
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.kernels import csv_count

#: Most bytes read and counted at a time.
PIECE_BYTES = 1 << 20


def count_records(morsel: Morsel, dialect: CsvDialect, longest: int) -> int | None:
    """How many records the morsel has; None, the morsel to be read anew, if something unusual is in it.

    A record may have *longest* bytes.
    """
    if not dialect.fast or len(dialect.record) != 1 or morsel.uncut or morsel.stop is not None:
        return None
    array = morsel.buffer.array
    behind = np.zeros(1, np.int64)
    total = held = read = 0
    # No record can be too long in a piece of so many bytes.
    room = min(PIECE_BYTES, longest)
    while read < morsel.length:
        following = min(read + room - held, morsel.length)
        size = held + following - read
        if morsel.fetch is not None:
            morsel.fetch(array.data[held:size], read)
            piece = array
        else:
            piece = array[read - held :]
        read = following
        count = csv_count.count_records(
            piece, size, read == morsel.length, dialect.record[0],
            dialect.quote[0] if dialect.quote else 0, bool(dialect.quote),
            dialect.comment[0] if dialect.comment else 0, bool(dialect.comment),
            dialect.bare_return, behind,
        )  # fmt: skip
        if count == csv_count.UNUSUAL:
            return None
        total += count
        held = size - int(behind[0])
        if morsel.fetch is not None:
            array[:held] = array[size - held : size]
    return total
