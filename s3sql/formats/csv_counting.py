"""CSV: counting the records of a morsel without looking at what is in them.

In: a morsel, read or not.  Out: the number of its records, or None where only indexing can tell.
"""

from __future__ import annotations

from s3sql.formats.base import Morsel
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.kernels import csv_count
from s3sql.kernels.system import NO_FILE

#: Most bytes read and counted at a time: they and what is held of the piece before fit into a core's cache.
PIECE_BYTES = 256 << 10


def count_records(morsel: Morsel, dialect: CsvDialect, longest: int) -> int | None:
    """How many records the morsel has; None, the morsel to be read anew, if something unusual is in it.

    A record may have *longest* bytes.

    Raises:
        S3SelectError: the file that the morsel is read from is not what it was.
    """
    if not dialect.fast or len(dialect.record) != 1 or morsel.uncut or morsel.stop is not None:
        return None
    # No record of less than two pieces can be too long.
    piece = min(PIECE_BYTES, longest // 2)
    file = NO_FILE
    if morsel.file is not None and 2 * piece <= morsel.buffer.capacity:
        file = morsel.file
    else:
        morsel.read(0, morsel.length)
    count: int = csv_count.count_records(
        file, morsel.start, morsel.buffer.array, morsel.length, piece, dialect.record[0],
        dialect.quote[0] if dialect.quote else 0, bool(dialect.quote),
        dialect.comment[0] if dialect.comment else 0, bool(dialect.comment),
        dialect.bare_return,
    )  # fmt: skip
    if count == csv_count.UNUSUAL:
        return None
    if file != NO_FILE:
        morsel.check()
    return count
