"""Opening an object of a registered format.

In: a request and an open object.  Out: a :class:`TableOpening`: the schema for the binder, and the pieces
that :class:`s3sql.exec.table_reader.TableReader` hands out.

The bytes that a query processes are those that the format has read of its file, decompressed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import GeneratorType
from typing import Any

import pyarrow as pa

from s3sql.errors import S3SelectError
from s3sql.formats.parquet_arrays import without_views
from s3sql.formats.parquet_file import ByteSource
from s3sql.formats.registered_formats import format_named
from s3sql.formats.table_file import TableFile
from s3sql.formats.table_schema import table_schema
from s3sql.formats.tables import Piece, Table
from s3sql.plan.logical import Plan
from s3sql.plan.schema import ParquetSchema
from s3sql.plan.traverse import scan_of
from s3sql.request import RegisteredInput, SelectRequest


class TableOpening:
    """An object of a registered format, its schema known."""

    def __init__(self, request: SelectRequest, source: ByteSource) -> None:
        """Raises as :func:`open_table`."""
        assert isinstance(request.input, RegisteredInput)
        self._name = request.input.name
        form = format_named(self._name)
        self._file = TableFile(source, request.compression, self._name, random_access=form.random_access)
        self._table: Table | None = None
        self._pieces: Iterator[Piece] | None = None
        try:
            with self.parsing():
                self._table = form.open(self._file.file)
                self.arrow_schema: pa.Schema = self._table.schema
                self.schema: ParquetSchema = table_schema(self.arrow_schema, self._name)
        except BaseException:
            self.close()
            raise

    @property
    def empty_schema(self) -> ParquetSchema:
        """A table without rows has a schema all the same."""
        return self.schema

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._file.position

    def without_records(self) -> bool:
        """Never: names are resolved against the schema, whatever rows there are."""
        return False

    def found(self, plan: Plan) -> dict[str, object]:
        """Nothing: what is read of such an object is for its format to know."""
        return {}

    def columns(self, plan: Plan) -> tuple[int, ...]:
        """The numbers of the columns that *plan* reads; the first one where it only counts rows.

        A batch without columns has no rows, so a format would have to think of that case.
        """
        scan = scan_of(plan)
        return scan.columns or ((0,) if self.schema.columns else ())

    def next_piece(self, columns: tuple[int, ...]) -> Piece | None:
        """The next piece of the object, with these columns each time; None behind the last one.

        Raises:
            S3SelectError: the object cannot be read on.
        """
        assert self._table is not None, "an object that cannot be opened has no pieces"
        with self.parsing():
            if self._pieces is None:
                self._pieces = iter(self._table.pieces(columns))
            return next(self._pieces, None)

    def decoded(self, piece: Piece, columns: tuple[int, ...]) -> tuple[int, dict[int, Any]]:
        """The number of rows of *piece*, and their columns by number. Any thread may call it.

        Raises:
            S3SelectError: the piece cannot be decoded.
            TypeError: it is not what the format has promised.
        """
        with self.parsing(reading=False):
            batch: Any = piece() if callable(piece) else piece
            return self._arrays(batch, columns)

    def _arrays(self, batch: Any, columns: tuple[int, ...]) -> tuple[int, dict[int, Any]]:
        """As :meth:`decoded` for a batch; ValueError for values that are none of their type."""
        if not isinstance(batch, pa.RecordBatch):
            raise TypeError(
                f"the input format {self._name!r} gave a {type(batch).__name__}; "
                "a piece is a pyarrow.RecordBatch or a function that gives one"
            )
        width = len(self.arrow_schema)
        if batch.num_columns not in (width, len(columns)):
            raise TypeError(
                f"the input format {self._name!r} gave a batch of {batch.num_columns} columns; "
                f"it must have the {len(columns)} that were asked for, or all {width}"
            )
        batch.validate(full=True)
        places = columns if batch.num_columns == width else tuple(range(len(columns)))
        arrays: dict[int, Any] = {}
        for number, place in zip(columns, places, strict=True):
            array, promised = batch.column(place), self.arrow_schema.field(number)
            if array.type != promised.type:
                raise TypeError(
                    f"the input format {self._name!r} gave the column {promised.name!r} as {array.type}; "
                    f"its schema says {promised.type}"
                )
            if array.null_count and not promised.nullable:
                raise ValueError(f"the column {promised.name!r} is not nullable and holds a null")
            arrays[number] = without_views(array)
        return batch.num_rows, arrays

    @contextmanager
    def parsing(self, *, reading: bool = True) -> Iterator[None]:
        """Have what a format raises of an object end as an error of S3 Select.

        ``reading``: the object's bytes are read, so that a fault of the source counts. An exception that
        tells nothing of the object's contents stays as it is: it is a fault of the format.
        """
        try:
            yield
        except S3SelectError:
            raise
        except Exception as error:
            if reading and self._file.fault is not None:
                raise self._file.fault from None
            if isinstance(error, ValueError | EOFError | OSError | pa.ArrowException):
                raise self._unreadable(error) from error
            raise

    def _unreadable(self, error: Exception) -> S3SelectError:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")[:300]
        return S3SelectError(
            "UnrecognizedFormatException", f"The object cannot be read as {self._name}: {reason}."
        )

    def totals(self, end: int) -> tuple[int, int]:
        """BytesScanned and BytesProcessed when everything before *end* has been processed."""
        return self._file.totals(end)

    def bytes_to_scan(self) -> int | None:
        """BytesScanned when all has been read; None where the format decides what it reads."""
        return self._file.size

    def close(self) -> None:
        """Read no more of the object, which stays the caller's to close."""
        table, self._table = self._table, None
        pieces, self._pieces = self._pieces, None
        try:
            if isinstance(pieces, GeneratorType) and not pieces.gi_running:
                pieces.close()
            if table is not None:
                table.close()
        finally:
            self._file.close()


def open_table(request: SelectRequest, source: ByteSource) -> TableOpening:
    """Have the format of the request look at the object.

    Raises:
        S3SelectError: ``UnrecognizedFormatException``, the object is none of this format; what reading it
            raises.
    """
    return TableOpening(request, source)
