"""The result of one query, in the form its reader wants: Arrow, data frames, a chart, S3 Select's events.

In: a :class:`~s3sql.engine.Query`, bound to its object but not started.  Out: record batches or events,
made while they are read. Closing a result ends the scan; what has been read of it once cannot be read
again, unless it was loaded.

    not read ──head──▶ not read ──iterate──▶ being read ──end──▶ closed
        └────────────load────────────▶ loaded: to be read any number of times
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from s3sql import engine
from s3sql.eventstream.messages import Event
from s3sql.plan.explain import as_dictionary, lines
from s3sql.plan.schema import CsvSchema
from s3sql.reading import Reading
from s3sql.stats import Stats
from s3sql.stores.timed import Deadline

if TYPE_CHECKING:
    import altair
    import pandas  # type: ignore[import-untyped]
    import polars
    import pyarrow as pa

    from s3sql.display.page import Page
    from s3sql.display.plan_tree import PlanTree
    from s3sql.serialize.arrow_schema import AskedTypes, Mixed, Outline
    from s3sql.sniffer import Sniffed

__all__ = ["Result", "Stats"]


class Result:
    """The rows of one query, to be read once, in one of these ways; any number of times after :meth:`load`.

    Iterating gives ``pyarrow.RecordBatch`` objects; :meth:`to_arrow`, :meth:`to_pandas` and
    :meth:`to_polars` read everything; libraries that know the Arrow C stream (polars, DuckDB, pyarrow) take
    the result itself; :meth:`events` gives what boto3's ``select_object_content`` gives. :meth:`head` looks
    at the first rows and leaves them to be read; so does a notebook that shows the result.

    Use it as a context manager, or :meth:`close` it, to end the scan early; reading to the end closes it
    too. What fails while rows are read is raised where they are read, behind the rows before it.
    """

    def __init__(
        self,
        query: engine.Query,
        *,
        schema: AskedTypes | None = None,
        mixed: Mixed = "error",
        deadline: Deadline | None = None,
        sniffed: Sniffed | None = None,
    ) -> None:
        """Prepare to read *query*, until *deadline*.

        ``sniffed``: what of the request was taken from the object's name and content.

        Raises:
            ValueError: *schema* or *mixed* is wrong.
        """
        known = query.opening.schema
        header = known.header if isinstance(known, CsvSchema) else None
        self.stats = Stats(bytes_total=query.bytes_to_scan())
        self.sniffed = sniffed
        #: Rows that a display shows.
        self.shown_rows = 20
        self._query = query

        def outline() -> Outline:
            # Late: the events are made without Arrow, and loading it takes longer than a small query.
            from s3sql.serialize.arrow_schema import Outline

            return Outline(query.plan, header or (), schema, mixed)

        if schema is not None or mixed != "error":
            # What is wrong with them is told before anything is read.
            checked = outline()
            self._reading = Reading(query, lambda: checked, self.stats, deadline)
        else:
            self._reading = Reading(query, outline, self.stats, deadline)
        self._rows: tuple[pa.RecordBatch, ...] | None = None

    @property
    def sql(self) -> str:
        """The query, as it was given."""
        return self._query.request.expression

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema; reads the first mebibyte of the object unless the query alone determines it.

        Raises:
            S3SelectError: ``CastFailed`` where the first values of a column have no type in common.
            ValueError: the result has been read in another way or closed.
        """
        return self._reading.schema()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The rows as record batches of one schema, in object order.

        Raises:
            S3SelectError: what is wrong with a row or with the object; ``CastFailed`` for a value that does
                not fit the schema.
            TimeoutError: the time-out has passed.
            ValueError: the result has been read or closed.
        """
        if self._rows is not None:
            return iter(self._rows)
        return self._reading.batches()

    def load(self, watch: Callable[[Stats], None] | None = None) -> Self:
        """Read all rows into memory; from then on the result can be read again and again.

        Unless :attr:`schema` or :meth:`head` has fixed the schema by the first rows, all rows do.

        Args:
            watch: called with :attr:`stats` in this thread, about five times a second while rows are read
                and once at the end. An exception out of it, or Ctrl-C, ends the scan and closes the result.

        Raises:
            S3SelectError: as iterating does; the rows before the error are not kept.
            TimeoutError: the time-out has passed.
            ValueError: the result has been read or closed.
        """
        if self._rows is not None:
            return self
        self._rows = tuple(self._reading.load(watch))
        return self

    def head(self, count: int = 20) -> pa.Table:
        """The first *count* rows, without using them up: a later reading starts at the first row again.

        Raises:
            S3SelectError: what is wrong with one of these rows or with the object.
            TimeoutError: the time-out has passed.
            ValueError: *count* is negative, or the result has been read or closed.
        """
        table, error = self._first(count)
        if error is not None and table.num_rows < count:
            raise error
        return table

    def to_arrow(self) -> pa.Table:
        """All rows as one Arrow table, whose schema suits all of them; raises as :meth:`load` does."""
        import pyarrow as pa

        batches = self._rows if self._rows is not None else self._reading.load(None)
        return pa.Table.from_batches(batches, schema=self.schema)

    def to_pandas(self, **options: Any) -> pandas.DataFrame:
        """All rows as a pandas data frame; *options* are those of ``pyarrow.Table.to_pandas``."""
        frame: pandas.DataFrame = self.to_arrow().to_pandas(**options)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """All rows as a polars data frame."""
        import polars

        frame = polars.from_arrow(self.to_arrow())
        assert isinstance(frame, polars.DataFrame), "a table becomes a data frame"
        return frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow C stream (Arrow PyCapsule interface), read while they are taken."""
        import pyarrow as pa

        schema = self.schema
        reader: Any = pa.RecordBatchReader.from_batches(schema, iter(self))
        stream: object = reader.__arrow_c_stream__(requested_schema)
        return stream

    def events(self) -> Iterator[Event]:
        """The answer as boto3 gives it: ``Records``, ``Stats``, ``End`` and so on, serialised as asked for.

        Raises:
            S3SelectError: at once for what fails in the first mebibyte, later failures behind their records.
            TimeoutError: the time-out has passed.
            ValueError: the result has been read or closed.
        """
        if self._rows is not None or self._reading.begun_as_arrow:
            raise ValueError(
                "rows of this result have been read as Arrow; run the query again for its events"
            )
        return self._reading.events()

    def chart(
        self, x: str | None = None, y: str | None = None, kind: str | None = None, **options: Any
    ) -> altair.Chart:
        """The rows as an Altair chart; loads the result.

        Args:
            x: the column across; by default one that suits.
            y: the column upwards.
            kind: ``"bar"``, ``"line"``, ``"area"``, ``"point"`` or ``"histogram"``; by default what suits.
            options: ``color`` (a column), ``title``, ``width`` and ``height``.

        Raises:
            ImportError: Altair is not installed.
            ValueError: there is no such column or kind, or the columns do not suit it; as :meth:`load`.
            S3SelectError: as :meth:`load`.
        """
        from s3sql.charts import chart

        return chart(self.load().to_arrow(), x=x, y=y, kind=kind, **options)

    def explain(self) -> str:
        """The plan as text, one line a node, what is done first at the bottom.

        Once the result has been read, with the rows that left each node and the time of its work. Of Parquet
        it says how many row groups are read; raises S3SelectError if they cannot be.
        """
        return self.plan.explained()

    @property
    def plan(self) -> PlanTree:
        """The plan as a dictionary that ``json.dumps`` takes, and that draws itself; as :meth:`explain`.

        When the result has been read, each node has ``rows`` and ``seconds``, the work of all threads
        together.
        """
        from s3sql.display.plan_tree import PlanTree

        plan, found = self._query.plan, self._query.found()
        profile = self._query.profile
        ran = profile.begun and self._reading.ended
        work = [(stage.rows, stage.seconds) for stage in profile.of(plan)] if ran else []
        return PlanTree(as_dictionary(plan, found, work), lines(plan, found))

    def close(self) -> None:
        """End the scan and close the object; a second call does nothing. Loaded rows stay."""
        self._reading.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        sql = " ".join(self.sql.split())
        shown = sql if len(sql) <= 60 else f"{sql[:57]}..."
        return f"<s3sql.Result {shown!r}: {self._state()}, {self.stats.rows:,} rows>"

    def _repr_html_(self) -> str:
        return self._page().html()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else self._page().text())

    def _state(self) -> str:
        if self._rows is not None:
            return "loaded"
        if self._reading.closed:
            return "closed"
        return "being read" if self._reading.busy else "not read yet"

    def _page(self) -> Page:
        """What a display shows: the first rows, and what ends them if that is among them."""
        # Late, as the tree of a plan is: most results are never shown.
        from s3sql.display.page import Page

        table: pa.Table | None = None
        error: Exception | None = None
        if self._rows is not None or self._state() == "not read yet":
            try:
                table, error = self._first(self.shown_rows)
            except Exception as failure:
                error = failure
        total = self._reading.total_rows
        if table is not None and error is not None and table.num_rows >= self.shown_rows:
            error = None
        sniffed = "" if self.sniffed is None else str(self.sniffed)
        return Page(self.sql, self._state(), table, total, error, self.stats, sniffed)

    def _first(self, count: int) -> tuple[pa.Table, Exception | None]:
        """The first *count* rows or fewer, and what ends the rows if it is known already."""
        if count < 0:
            raise ValueError(f"head({count}): a number of rows from 0 on")
        if self._rows is not None:
            from s3sql.record_batches import first_rows

            return first_rows(self._rows, self.schema, count), None
        return self._reading.first(count)
