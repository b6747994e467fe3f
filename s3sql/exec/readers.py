"""The reader of morsels that an object needs, and how workers read what it hands out.

In: an opened object and a plan.  Out: both ends of the pipeline before the work itself.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from s3sql.buffers import BUDGET_BYTES
from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.count_reader import CountReader
from s3sql.exec.pipeline import Reader
from s3sql.exec.reader import MorselReader
from s3sql.exec.task import is_folded, only_counts
from s3sql.exec.workers import core_count
from s3sql.formats.base import AMorsel, Reading, TextReading
from s3sql.formats.opening import TextOpening, open_text
from s3sql.limits import FOLDED_MORSEL_BYTES, MORSEL_BYTES
from s3sql.plan.logical import Plan
from s3sql.request import ParquetInput, RegisteredInput, SelectRequest
from s3sql.stores.base import StoredObject

if TYPE_CHECKING:
    from s3sql.formats.parquet_opening import ParquetOpening
    from s3sql.formats.table_opening import TableOpening

Opening: TypeAlias = "TextOpening | ParquetOpening | TableOpening"


class PlacedReader(Reader[AMorsel], Protocol[AMorsel]):
    """A reader that knows how far it is.

    ``begins_together``: the first morsel tells nothing of the others, which may be begun beside it.
    """

    begins_together: bool

    @property
    def position(self) -> int:
        """Bytes processed before the next morsel."""
        ...

    def note_records(self, count: int, length: int) -> None:
        """Take note that a morsel of *length* bytes had *count* records. Any thread may call it."""
        ...


def open_object(request: SelectRequest, source: StoredObject) -> Opening:
    """Look at what the object says of itself: its beginning, or the footer of Parquet.

    What a registered format looks at is its own to know.

    Raises:
        S3SelectError: the scan range does not fit the object, or the object cannot be read.
    """
    if isinstance(request.input, ParquetInput):
        # Loading Arrow's Parquet takes longer than a small query of text.
        from s3sql.formats.parquet_opening import open_parquet

        return open_parquet(request, source)
    if isinstance(request.input, RegisteredInput):
        from s3sql.formats.table_opening import open_table

        return open_table(request, source)
    return open_text(request, source)


def reader_and_reading(
    opening: Opening, plan: Plan, pool: BufferPool
) -> tuple[PlacedReader[Any], Reading[Any]]:
    """What hands out the morsels that *plan* reads, and what makes rows of them.

    Raises:
        S3SelectError: as reading the first of them may.
    """
    if not isinstance(opening, TextOpening):
        return _of_columns(opening, plan, pool)
    form = opening.form(plan)
    folded = is_folded(plan)
    counted = only_counts(plan) and getattr(opening.text, "file", None) is not None
    make = partial(CountReader, workers=core_count()) if counted else MorselReader
    reader = make(
        opening.text,
        form,
        pool,
        begin=opening.span.begin,
        stop=opening.span.stop,
        aligned=opening.span.aligned,
        morsel_bytes=_folded_bytes() if folded else MORSEL_BYTES,
    )
    return reader, TextReading(form)


def _folded_bytes() -> int:
    """The size of morsels that give but a state: what is not written takes no memory, so they may be larger.

    As large as leaves a buffer, which has twice the room, for every worker and for the one that reads.
    """
    fair = BUDGET_BYTES // (2 * (core_count() + 1))
    return min(FOLDED_MORSEL_BYTES, max(MORSEL_BYTES, fair))


def _of_columns(
    opening: ParquetOpening | TableOpening, plan: Plan, pool: BufferPool
) -> tuple[PlacedReader[Any], Reading[Any]]:
    """The same of an object that comes in columns."""
    from s3sql.formats.parquet_opening import ParquetOpening

    if isinstance(opening, ParquetOpening):
        from s3sql.exec.parquet_reader import ParquetReader
        from s3sql.formats.parquet import ParquetReading

        return ParquetReader(opening.scan(plan), pool), ParquetReading(opening.schema, plan)
    from s3sql.exec.table_reader import TableReader
    from s3sql.formats.table_rows import TableReading

    return TableReader(opening, plan, pool), TableReading(opening, plan)
