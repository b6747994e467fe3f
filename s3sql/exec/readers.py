"""The reader of morsels that an object needs, and how workers read what it hands out.

In: an opened object and a plan.  Out: both ends of the pipeline before the work itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.pipeline import Reader
from s3sql.exec.reader import MorselReader
from s3sql.formats.base import AMorsel, Reading, TextReading
from s3sql.formats.opening import TextOpening, open_text
from s3sql.limits import FOLDED_MORSEL_BYTES, MORSEL_BYTES
from s3sql.plan.logical import Aggregate, Plan
from s3sql.plan.traverse import nodes
from s3sql.request import ParquetInput, SelectRequest
from s3sql.stores.base import StoredObject

if TYPE_CHECKING:
    from s3sql.formats.parquet_opening import ParquetOpening

Opening: TypeAlias = "TextOpening | ParquetOpening"


class PlacedReader(Reader[AMorsel], Protocol[AMorsel]):
    """A reader that knows how far it is."""

    @property
    def position(self) -> int:
        """Bytes processed before the next morsel."""
        ...

    def note_records(self, count: int, length: int) -> None:
        """Take note that a morsel of *length* bytes had *count* records. Any thread may call it."""
        ...


def open_object(request: SelectRequest, source: StoredObject) -> Opening:
    """Look at what the object says of itself: its beginning, or the footer of Parquet.

    Raises:
        S3SelectError: the scan range does not fit the object, or the object cannot be read.
    """
    if isinstance(request.input, ParquetInput):
        # Loading Arrow's Parquet takes longer than a small query of text.
        from s3sql.formats.parquet_opening import open_parquet

        return open_parquet(request, source)
    return open_text(request, source)


def reader_and_reading(
    opening: Opening, plan: Plan, pool: BufferPool
) -> tuple[PlacedReader[Any], Reading[Any]]:
    """What hands out the morsels that *plan* reads, and what makes rows of them.

    Raises:
        S3SelectError: as reading the first of them may.
    """
    if not isinstance(opening, TextOpening):
        from s3sql.exec.parquet_reader import ParquetReader
        from s3sql.formats.parquet import ParquetReading

        return ParquetReader(opening.scan(plan), pool), ParquetReading(opening.schema, plan)
    form = opening.form(plan)
    folded = any(isinstance(node, Aggregate) for node in nodes(plan))
    reader = MorselReader(
        opening.text,
        form,
        pool,
        begin=opening.span.begin,
        stop=opening.span.stop,
        aligned=opening.span.aligned,
        # What is folded is not written, so its morsels may be larger for the same memory.
        morsel_bytes=FOLDED_MORSEL_BYTES if folded else MORSEL_BYTES,
    )
    return reader, TextReading(form)
