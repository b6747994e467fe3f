"""Objects of a registered format: read as Parquet is, whatever ends the query."""

from __future__ import annotations

import bz2
import gc
import gzip
import io
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import s3sql
from s3sql import S3SelectError, engine, extend
from s3sql.exec.buffer_pool import BufferPool
from s3sql.formats.tables import Piece, Table, line_blocks

JSON = {"output_format": "json"}


class Told:
    """A format whose objects are whatever a test says."""

    def __init__(
        self,
        schema: pa.Schema,
        pieces: Callable[[IO[bytes], tuple[int, ...]], Iterator[Piece]],
        random_access: bool = False,
    ) -> None:
        self.schema = schema
        self.make = pieces
        self.random_access = random_access
        self.opened: list[ToldTable] = []

    def open(self, file: IO[bytes]) -> Table:
        self.opened.append(ToldTable(self, file))
        return self.opened[-1]

    @property
    def closed(self) -> list[int]:
        return [table.closed for table in self.opened]


class ToldTable:
    def __init__(self, form: Told, file: IO[bytes]) -> None:
        self.form = form
        self.file = file
        self.schema = form.schema
        self.closed = 0
        self.asked: tuple[int, ...] | None = None
        self.ended = False

    def pieces(self, columns: tuple[int, ...]) -> Iterator[Piece]:
        self.asked = columns
        try:
            yield from self.form.make(self.file, columns)
        finally:
            self.ended = True

    def close(self) -> None:
        self.closed += 1


class IpcStream:
    """Arrow IPC streams, read forward."""

    random_access = False

    def open(self, file: IO[bytes]) -> Table:
        return IpcTable(pa.ipc.open_stream(file))


class IpcTable:
    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.schema = reader.schema

    def pieces(self, columns: tuple[int, ...]) -> Iterator[Piece]:
        yield from self.reader

    def close(self) -> None:
        pass


class IpcFile:
    """Arrow IPC files, read from their end."""

    random_access = True

    def open(self, file: IO[bytes]) -> Table:
        return IpcFileTable(pa.ipc.open_file(file))


class IpcFileTable(IpcTable):
    def pieces(self, columns: tuple[int, ...]) -> Iterator[Piece]:
        for number in range(self.reader.num_record_batches):
            yield self.reader.get_batch(number)


@pytest.fixture(autouse=True)
def _formats() -> Iterator[None]:
    with extend.input_format("stream", IpcStream()), extend.input_format("file", IpcFile()):
        yield
    for registration in extend.registrations():
        registration.remove()


def stream_of(table: pa.Table, rows: int | None = None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue()


def file_of(table: pa.Table, rows: int | None = None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue()


def parquet_of(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, store_schema=False)
    return sink.getvalue()


def payload(sql: str, source: Any, input_format: str, **keywords: Any) -> bytes:
    events = s3sql.query(sql, source, input_format=input_format, **keywords).events()
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event)


def answer(sql: str, source: Any, input_format: str) -> object:
    try:
        return payload(sql, source, input_format, **JSON)
    except S3SelectError as error:
        return error.code, error.message.lower().replace("parquet", input_format)


COLUMNS: dict[str, pa.Array[Any]] = {
    "whole": pa.array([1, None, -(2**63)], pa.int64()),
    "small": pa.array([1, None, -128], pa.int8()),
    "unsigned": pa.array([2**64 - 1, None, 5], pa.uint64()),
    "half": pa.array([1.5, None, 2.0], pa.float16()),
    "single": pa.array([1.1, None, 2.0], pa.float32()),
    "double": pa.array([1.1, None, float("nan")], pa.float64()),
    "decimal": pa.array([Decimal("1.50"), None, Decimal("-2.00")], pa.decimal128(10, 2)),
    "wide": pa.array([Decimal(10**60), None, Decimal(1)], pa.decimal256(70, 0)),
    "flag": pa.array([True, None, False]),
    "text": pa.array(["a", None, "日本"]),
    "large": pa.array(["a", None, "ö"], pa.large_string()),
    "view": pa.array(["a", None, "a text longer than twelve bytes"], pa.string_view()),
    "coded": pa.array(["a", None, "a"]).dictionary_encode(),
    "coded_number": pa.array([7, None, 7]).dictionary_encode(),
    "octets": pa.array([b"a", None, b"b"], pa.binary()),
    "fixed": pa.array([b"ab", None, b"cd"], pa.binary(2)),
    "day": pa.array([date(2020, 2, 29), None, date(1, 1, 1)]),
    "clock": pa.array([time(1, 2, 3, 4), None, time(0)], pa.time64("us")),
    "moment": pa.array([datetime(2020, 1, 2, 3, 4, 5, 6), None, datetime(1969, 1, 1)], pa.timestamp("us")),
    "zoned": pa.array(
        [datetime(2020, 1, 2, tzinfo=UTC), None, datetime(1, 1, 1, tzinfo=UTC)], pa.timestamp("ms", "UTC")
    ),
    "span": pa.array([timedelta(seconds=1), None, timedelta(0)], pa.duration("ms")),
    "list": pa.array([[1, None], None, []], pa.list_(pa.int32())),
    "large_list": pa.array([["a"], None, []], pa.large_list(pa.string())),
    "pair": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int32(), 2)),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
    "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
    "numbered": pa.array([[(1, "x")], None, []], pa.map_(pa.int64(), pa.string())),
    "nested": pa.array([[{"a": [1]}], None, [{"a": None}]]),
    "nothing": pa.nulls(3),
}
#: Whose Parquet form is another type, for want of one of their own.
_OWN_TYPES = ("coded", "coded_number")


class TestTypes:
    @pytest.mark.parametrize("name", COLUMNS)
    def test_a_column_is_what_it_would_be_in_parquet(self, name: str) -> None:
        table = pa.table({"n": pa.array(range(3)), name: COLUMNS[name]})
        parquet, stream = parquet_of(table), stream_of(table)
        for sql in (
            "SELECT * FROM S3Object",
            f'SELECT s."{name}" AS x FROM S3Object s',
            f'SELECT s.n FROM S3Object s WHERE s."{name}" IS NULL',
            f'SELECT s.n FROM S3Object s WHERE s."{name}" = s."{name}"',
            f'SELECT COUNT(s."{name}") FROM S3Object s',
            f'SELECT MAX(s."{name}") FROM S3Object s',
            f'SELECT s."{name}"[0] AS first, s."{name}".a AS member FROM S3Object s',
        ):
            assert answer(sql, stream, "stream") == answer(sql, parquet, "parquet"), sql

    @pytest.mark.parametrize(
        "values",
        [
            pa.array([b"\xff"], pa.binary()),
            pa.array([4_000_000], pa.date32()),
            pa.array([2**62], pa.timestamp("s")),
        ],
    )
    def test_a_value_that_sql_has_nothing_for_fails_its_row(self, values: pa.Array[Any]) -> None:
        table = pa.table({"n": pa.array([0, 1]), "x": pa.concat_arrays([pa.nulls(1, values.type), values])})
        source = stream_of(table)
        with pytest.raises(S3SelectError, match="UnsupportedTypeForQuerying"):
            payload("SELECT x FROM S3Object", source, "stream")
        assert payload("SELECT n FROM S3Object WHERE n = 1", source, "stream") == b"1\n"

    def test_a_type_that_sql_has_nothing_for_is_refused_where_it_is_read(self) -> None:
        kind = pa.month_day_nano_interval()
        table = pa.table(
            {"n": [1], "x": pa.array([(1, 2, 3)], kind), "y": pa.array([[(1, 2, 3)]], pa.list_(kind))}
        )
        source = stream_of(table)
        assert payload("SELECT n FROM S3Object", source, "stream") == b"1\n"
        for name in ("x", "y"):
            with pytest.raises(
                S3SelectError, match=rf"UnsupportedTypeForQuerying: .*column '{name}' of the stream"
            ):
                payload(f"SELECT {name} FROM S3Object", source, "stream")

    def test_names(self) -> None:
        table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "a", "B"])
        source = stream_of(table)
        with pytest.raises(S3SelectError, match=r"AmbiguousFieldName: .*2 columns of the stream schema"):
            payload("SELECT a FROM S3Object", source, "stream")
        assert payload("SELECT b FROM S3Object", source, "stream") == b"3\n"
        assert payload("SELECT * FROM S3Object", source, "stream") == b"1,2,3\n"

    def test_a_table_without_rows_and_one_without_columns(self) -> None:
        empty = stream_of(pa.table({"a": pa.array([], pa.int64())}))
        assert payload("SELECT a FROM S3Object", empty, "stream") == b""
        assert payload("SELECT COUNT(*) FROM S3Object", empty, "stream") == b"0\n"
        bare = stream_of(pa.table({}))
        assert payload("SELECT COUNT(*) FROM S3Object", bare, "stream") == b"0\n"


MANY = pa.table({"n": pa.array(range(300_000)), "t": [f"text {n % 1000}" for n in range(300_000)]})


class TestReading:
    @pytest.mark.parametrize(("name", "write"), [("stream", stream_of), ("file", file_of)])
    @pytest.mark.parametrize("rows", [None, 10_000])
    def test_large_tables(
        self, name: str, write: Callable[[pa.Table, int | None], bytes], rows: int | None
    ) -> None:
        source = write(MANY, rows)
        found = s3sql.query("SELECT n FROM S3Object WHERE t = 'text 7'", source, input_format=name).to_arrow()
        assert found["n"].to_pylist() == list(range(7, 300_000, 1000))
        counted = s3sql.query("SELECT COUNT(*), SUM(n) FROM S3Object", source, input_format=name)
        assert list(counted.to_arrow().to_pylist()[0].values()) == [300_000, 299_999 * 150_000]

    @pytest.mark.parametrize(("name", "write"), [("stream", stream_of), ("file", file_of)])
    @pytest.mark.parametrize(
        ("codec", "pack"),
        [("NONE", bytes), ("GZIP", partial(gzip.compress, compresslevel=1)), ("BZIP2", bz2.compress)],
    )
    @pytest.mark.parametrize("wrap", [bytes, io.BytesIO, lambda found: Stream(found)])
    def test_every_way_in(self, name: str, write: Any, codec: str, pack: Any, wrap: Any) -> None:
        text = write(MANY.slice(0, 20_000), 5_000)
        source = pack(text)
        result = s3sql.query(
            "SELECT n FROM S3Object WHERE n >= 19998", wrap(source), input_format=name, compression_type=codec
        )
        assert result.to_arrow()["n"].to_pylist() == [19_998, 19_999]
        assert result.stats.bytes_scanned <= len(source) + (len(text) if name == "file" else 0)
        assert result.stats.bytes_processed >= len(text)
        if name == "stream":
            assert (result.stats.bytes_scanned, result.stats.bytes_processed) == (len(source), len(text))

    def test_only_the_columns_of_the_query_are_asked_for(self) -> None:
        form = Told(MANY.schema, lambda file, columns: iter(MANY.slice(0, 5).to_batches()))
        with extend.input_format("told", form):
            payload("SELECT t FROM S3Object", b"", "told")
            payload("SELECT COUNT(*) FROM S3Object", b"", "told")
            payload("SELECT t FROM S3Object WHERE n > 2", b"", "told")
        assert [table.asked for table in form.opened] == [(1,), (0,), (0, 1)]

    def test_pieces_are_decoded_side_by_side(self) -> None:
        threads: set[int] = set()
        together = threading.Barrier(2, timeout=30)
        batch = pa.record_batch({"n": [1]})

        def decode(number: int) -> pa.RecordBatch:
            threads.add(threading.get_ident())
            if number in (3, 4):
                together.wait()
            return batch

        def pieces(file: IO[bytes], columns: tuple[int, ...]) -> Iterator[Piece]:
            for number in range(10):
                yield lambda number=number: decode(number)  # type: ignore[misc]

        with extend.input_format("told", Told(batch.schema, pieces)):
            assert payload("SELECT COUNT(*) FROM S3Object", b"", "told") == b"10\n"
        assert len(threads) > 1

    @pytest.mark.parametrize("budget", [1, 1 << 20])
    def test_little_memory(self, budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine, "_POOL", BufferPool(budget))
        source = stream_of(MANY, 10_000)
        found = s3sql.query(
            "SELECT n FROM S3Object WHERE t = 'text 7'", source, input_format="stream"
        ).to_arrow()
        assert found["n"].to_pylist() == list(range(7, 300_000, 1000))
        assert engine._POOL._taken == 0

    def test_a_long_text_is_written_in_parts(self) -> None:
        table = pa.table({"t": ["x" * 1000] * 1000})
        sql = f"SELECT {' || '.join(['t'] * 200)} AS x FROM S3Object"
        written = s3sql.query(sql, stream_of(table), input_format="stream")
        assert sum(batch.num_rows for batch in written) == 1000

    def test_a_stream_is_read_forward_only(self) -> None:
        def pieces(file: IO[bytes], columns: tuple[int, ...]) -> Iterator[Piece]:
            assert not file.seekable()
            with pytest.raises(io.UnsupportedOperation):
                file.seek(0)
            yield pa.record_batch({"n": [len(file.read())]})

        with extend.input_format("told", Told(pa.schema({"n": pa.int64()}), pieces)):
            assert payload("SELECT n FROM S3Object", b"x" * 1_000_000, "told") == b"1000000\n"


class Stream:
    """Bytes that come once."""

    def __init__(self, contents: bytes) -> None:
        self._read = io.BytesIO(contents).read

    def read(self, size: int) -> bytes:
        return self._read(min(size, 60_000))


BATCH = pa.record_batch({"n": pa.array([1, 2])})


def endless(file: IO[bytes], columns: tuple[int, ...]) -> Iterator[Piece]:
    while True:
        yield BATCH


class TestEnds:
    def test_limit_closes_the_table(self) -> None:
        form = Told(BATCH.schema, endless)
        with extend.input_format("told", form):
            assert payload("SELECT n FROM S3Object LIMIT 3", b"", "told") == b"1\n2\n1\n"
        assert form.closed == [1]
        assert form.opened[0].ended

    def test_closing_a_result_closes_the_table(self) -> None:
        form = Told(BATCH.schema, endless)
        with extend.input_format("told", form):
            s3sql.query("SELECT n FROM S3Object", b"", input_format="told").close()
            reading = s3sql.query("SELECT n FROM S3Object", b"", input_format="told")
            assert next(iter(reading)).num_rows
            reading.close()
            forgotten = iter(s3sql.query("SELECT n FROM S3Object", b"", input_format="told"))
            next(forgotten)
            del forgotten
            gc.collect()
        assert form.closed == [1, 1, 1]

    @pytest.mark.parametrize(
        ("sql", "keywords", "error"),
        [
            ("SELECT m FROM S3Object", {}, S3SelectError),
            ("SELECT n FROM S3Object", {"mixed": "nothing"}, ValueError),
        ],
    )
    def test_a_query_that_cannot_begin_closes_the_table(
        self, sql: str, keywords: dict[str, Any], error: type[Exception]
    ) -> None:
        form = Told(BATCH.schema, endless)
        with extend.input_format("told", form), pytest.raises(error):
            s3sql.query(sql, b"", input_format="told", **keywords)
        assert form.closed == [1]

    def test_a_format_that_was_removed_meanwhile(self) -> None:
        form = Told(BATCH.schema, endless)
        with extend.input_format("told", form):
            result = s3sql.query("SELECT n FROM S3Object LIMIT 1", b"", input_format="told")
        assert result.to_arrow().to_pylist() == [{"n": 1}]


def told(*pieces: Piece, schema: pa.Schema = BATCH.schema) -> Told:
    return Told(schema, lambda file, columns: iter(pieces))


def failing(error: BaseException) -> Callable[[], pa.RecordBatch]:
    def decode() -> pa.RecordBatch:
        raise error

    return decode


def unsound() -> pa.RecordBatch:
    """A text whose offsets lead out of its buffer."""
    offsets = pa.py_buffer(b"\0\0\0\0\xff\xff\0\0")
    text: Any = pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(b"x")])
    return pa.RecordBatch.from_arrays([text], names=["n"])


class TestFaults:
    def failure(self, form: Told, sql: str = "SELECT n FROM S3Object", source: Any = b"") -> BaseException:
        with extend.input_format("told", form), pytest.raises(Exception) as caught:
            s3sql.query(sql, source, input_format="told").to_arrow()
        assert form.closed in ([1], [])
        return caught.value

    @pytest.mark.parametrize(
        "error",
        [
            ValueError("bad line 3.\nmore"),
            pa.ArrowInvalid("bad line 3"),
            EOFError("bad line 3"),
            OSError("bad line 3"),
        ],
    )
    def test_contents_that_cannot_be_read(self, error: Exception) -> None:
        message = "UnrecognizedFormatException: The object cannot be read as told: bad line 3."
        assert str(self.failure(told(failing(error)))) == message

        def raising(file: IO[bytes], columns: tuple[int, ...]) -> Iterator[Piece]:
            yield BATCH
            raise error

        assert str(self.failure(Told(BATCH.schema, raising))) == message

    def test_an_object_that_is_none_of_the_format(self) -> None:
        with pytest.raises(
            S3SelectError, match="UnrecognizedFormatException: The object cannot be read as file: "
        ):
            s3sql.query("SELECT n FROM S3Object", b"no such file", input_format="file")

    def test_rows_before_the_fault_are_there(self) -> None:
        with extend.input_format("told", told(BATCH, failing(ValueError("bad")))):
            assert payload("SELECT n FROM S3Object LIMIT 2", b"", "told") == b"1\n2\n"

    def test_an_error_of_s3_select_stays_one(self) -> None:
        error = S3SelectError("TruncatedInput", "The object ends in line 7.")
        assert self.failure(told(failing(error))) is error

    @pytest.mark.parametrize("error", [KeyError("n"), TypeError("no"), ZeroDivisionError()])
    def test_a_fault_of_the_format_is_shown_as_it_is(self, error: Exception) -> None:
        assert self.failure(told(failing(error))) is error

    @pytest.mark.parametrize(
        ("piece", "message"),
        [
            (pa.record_batch({"n": ["1"]}), "gave the column 'n' as string; its schema says int64"),
            (
                pa.record_batch({"a": [1], "b": [1], "c": [2]}),
                "a batch of 3 columns; it must have the 1 that",
            ),
            (pa.record_batch({}), "a batch of 0 columns"),
            (lambda: [1, 2], "gave a list; a piece is a pyarrow.RecordBatch"),
            ("text", "gave a str; a piece is a pyarrow.RecordBatch"),
        ],
    )
    def test_what_was_not_promised(self, piece: Any, message: str) -> None:
        error = self.failure(told(piece))
        assert isinstance(error, TypeError)
        assert message in str(error)

    def test_values_that_are_none_of_their_type(self) -> None:
        assert "UnrecognizedFormatException" in str(
            self.failure(told(unsound, schema=pa.schema({"n": pa.string()})))
        )
        bytes_as_text = pa.array([b"\xff"], pa.binary()).view(pa.string())
        batch = pa.RecordBatch.from_arrays([bytes_as_text], names=["n"])
        assert "UnrecognizedFormatException" in str(self.failure(told(batch, schema=batch.schema)))

    def test_a_null_that_was_not_promised(self) -> None:
        schema = pa.schema([pa.field("n", pa.int64(), nullable=False)])
        error = self.failure(told(pa.record_batch({"n": pa.array([None], pa.int64())}), schema=schema))
        assert str(error).endswith("the column 'n' is not nullable and holds a null.")

    def test_a_fault_of_the_source_is_shown_as_it_is(self) -> None:
        class Broken(Stream):
            def read(self, size: int) -> bytes:
                raise ConnectionResetError("gone")

        with pytest.raises(ConnectionResetError, match="gone"):
            s3sql.query("SELECT n FROM S3Object", Broken(b""), input_format="stream")
        with pytest.raises(ConnectionResetError, match="gone"):
            s3sql.query("SELECT n FROM S3Object", Broken(b""), input_format="file")

    def test_a_compressed_object_that_is_cut_short(self) -> None:
        packed = gzip.compress(stream_of(MANY.slice(0, 20_000), 5_000), 1)[:-400]
        with pytest.raises(S3SelectError, match="TruncatedInput"):
            payload("SELECT n FROM S3Object", packed, "stream", compression_type="GZIP")

    def test_a_stream_that_is_cut_short(self) -> None:
        with pytest.raises(S3SelectError, match="UnrecognizedFormatException"):
            payload("SELECT n FROM S3Object", stream_of(MANY, 10_000)[:-100_000], "stream")

    def test_an_object_that_is_too_long_to_be_stored_on_the_way(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from s3sql.formats import parquet_file

        monkeypatch.setattr(parquet_file, "SPOOL_BYTES", 1000)
        with pytest.raises(
            S3SelectError, match="InvalidRequest: file is read from its end, and this stream is"
        ):
            s3sql.query("SELECT n FROM S3Object", Stream(file_of(MANY)), input_format="file")


class TestLineBlocks:
    @pytest.mark.parametrize(
        "text", [b"", b"a", b"a\n", b"\n\n", b"a\nbb\nccc", b"aaaaaaaaaaaaaaaaaaaaa\nb\n", b"a\r\nb"]
    )
    def test_they_are_the_text_in_whole_lines(self, text: bytes) -> None:
        for size in (1, 2, 3, 100):
            blocks = list(line_blocks(io.BytesIO(text), size))
            assert b"".join(blocks) == text
            assert all(block.endswith(b"\n") for block in blocks[:-1])
            assert all(blocks)

    def test_a_text_without_lines_is_not_held(self) -> None:
        with pytest.raises(ValueError, match="a line is longer than 640 bytes"):
            list(line_blocks(io.BytesIO(b"x" * 10_000), 10))
