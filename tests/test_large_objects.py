"""Objects larger than a morsel, at the engine's own sizes: limits, the stream's beginning, broken stores."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.eventstream.writer import events
from s3sql.request import CsvInput, CsvOutput, JsonInput, SelectRequest
from s3sql.stores.base import StoredObject
from s3sql.stores.memory import BytesObject
from tests.answers import ask
from tests.scans import Scanned, no_buffer_is_out, scan, worker_count

MIB = 1 << 20
ALL = "SELECT * FROM S3Object"
COUNT = "SELECT COUNT(*) FROM S3Object"

#: A scan that finds no record end may not read more than this: a few morsels.
FEW = 16 * MIB


@pytest.fixture(autouse=True)
def _every_buffer_is_given_back() -> object:
    yield
    assert no_buffer_is_out()


class Endless:
    """A gibibyte that is nowhere: ``piece`` over and over behind ``head``."""

    size = 1 << 30
    etag = "endless"

    def __init__(self, piece: bytes, head: bytes = b"") -> None:
        self._head = head
        self._pieces = piece * (MIB // len(piece) + 2)
        self._period = len(piece)
        self.furthest = 0

    def read_into(self, buffer: memoryview, offset: int) -> int:
        done = 0
        wanted = min(len(buffer), self.size - offset)
        while done < wanted:
            place = offset + done
            if place < len(self._head):
                part = self._head[place : place + wanted - done]
            else:
                begin = (place - len(self._head)) % self._period
                part = self._pieces[begin : begin + wanted - done]
            buffer[done : done + len(part)] = part
            done += len(part)
        self.furthest = max(self.furthest, offset + done)
        return done

    def read(self, offset: int, length: int) -> bytes:
        found = bytearray(max(0, min(length, self.size - offset)))
        self.read_into(memoryview(found), offset)
        return bytes(found)

    def close(self) -> None:
        pass


ENDLESS_CSV = {
    "no delimiter": (CsvInput(), b"x", b""),
    "a quoted field": (CsvInput(allow_quoted_record_delimiter=True), b"x\n", b'a,"'),
    "an escape character": (
        CsvInput(allow_quoted_record_delimiter=True, quote_escape_character="\\"),
        b"x\n",
        b'a,"',
    ),
    "half a delimiter": (CsvInput(record_delimiter="ab"), b"a", b""),
    "a delimiter that overlaps itself": (CsvInput(record_delimiter="||"), b"|x", b""),
    "a comment": (CsvInput(), b"#", b""),
    "a header": (CsvInput(file_header_info="USE"), b"x,", b""),
}


@pytest.mark.parametrize("sql", [ALL, COUNT, "SELECT _2 FROM S3Object"])
@pytest.mark.parametrize("kind", ENDLESS_CSV)
def test_a_gibibyte_without_a_record_end_is_soon_refused(kind: str, sql: str) -> None:
    inputs, piece, head = ENDLESS_CSV[kind]
    source = Endless(piece, head)
    assert scan(source, sql, inputs) == Scanned([], "OverMaxRecordSize")
    assert source.furthest <= FEW


@pytest.mark.parametrize("form", ["LINES", "DOCUMENT"])
@pytest.mark.parametrize(
    ("piece", "head"), [(b"x", b'"'), (b"1", b""), (b",1", b"[1"), (b",1\n", b"[1"), (b"[", b"")]
)
def test_a_gibibyte_that_is_one_value_is_soon_refused(piece: bytes, head: bytes, form: str) -> None:
    source = Endless(piece, head)
    # Line ends are where morsels are cut, so several are read ahead, as many as there are workers.
    with worker_count(2):
        got = scan(source, ALL, JsonInput(form))  # type: ignore[arg-type]
    assert got == Scanned([], "JSONParsingError" if piece == b"[" else "OverMaxRecordSize")
    assert source.furthest <= FEW


def test_rows_before_a_record_that_is_too_long_come_first() -> None:
    head = b"1,2\n" * 100_000
    got = scan(Endless(b"x", head), ALL)
    assert got.code == "OverMaxRecordSize"
    assert len(got.records) == 100_000


@pytest.mark.parametrize("excess", [0, 1])
@pytest.mark.parametrize(
    "inputs", [CsvInput(), CsvInput(record_delimiter="\r\n"), CsvInput(field_delimiter="§")], ids=str
)
@pytest.mark.parametrize("before", [0, 3 * MIB])
def test_a_record_of_the_limit_is_the_longest(inputs: CsvInput, excess: int, before: int) -> None:
    end = (inputs.record_delimiter or "\n").encode()
    contents = (b"a" + end) * (before // 2) + b"x" * (MIB + excess) + end + b"b" + end
    got = scan(contents, COUNT, inputs)
    assert got == (
        Scanned([], "OverMaxRecordSize") if excess else Scanned([b'{"_1":%d}\n' % (before // 2 + 2)], None)
    )


def test_closing_the_answer_ends_the_reading() -> None:
    source = Endless(b"1,2,3\n")
    answer = engine.run(SelectRequest(ALL, CsvInput(), CsvOutput()), source)
    chunks = answer.chunks()
    for _ in range(3):
        next(chunks)
    chunks.close()
    read = source.furthest
    assert read < 100 * MIB
    assert no_buffer_is_out()
    assert source.furthest == read


def test_a_limit_reads_little() -> None:
    source = Endless(b"1,2,3\n")
    assert len(scan(source, f"{ALL} LIMIT 5").records) == 5
    assert source.furthest <= MIB


def failing_at(place: int) -> bytes:
    """Rows of four bytes, one of which, at *place*, is no number."""
    return b"123\n" * (place // 4) + b"abc\n" + b"123\n" * 1000


@pytest.mark.parametrize("place", [0, 4, 500_000, MIB - 4])
def test_a_failure_in_the_first_mebibyte_comes_before_the_stream(place: int) -> None:
    answer = ask(failing_at(place), "SELECT CAST(_1 AS INT) FROM S3Object", {"CSV": {}}, {"CSV": {}})
    assert (answer.code, answer.in_stream, answer.payload) == ("CastFailed", False, b"")


@pytest.mark.parametrize("place", [MIB, 3 * MIB])
def test_a_failure_behind_it_comes_in_the_stream_behind_its_rows(place: int) -> None:
    answer = ask(failing_at(place), "SELECT CAST(_1 AS INT) FROM S3Object", {"CSV": {}}, {"CSV": {}})
    assert (answer.code, answer.in_stream) == ("CastFailed", True)
    assert answer.payload == b"123\n" * (place // 4)


def test_a_limit_hides_a_failure_in_the_first_mebibyte() -> None:
    sql = "SELECT CAST(_1 AS INT) FROM S3Object LIMIT 3"
    answer = ask(failing_at(12), sql, {"CSV": {}}, {"CSV": {}})
    assert (answer.code, answer.payload) == (None, b"123\n" * 3)


class Broken(BytesObject):
    """A store that is away from some byte on."""

    def __init__(self, contents: bytes, place: int) -> None:
        super().__init__(contents)
        self._place = place

    def read_into(self, buffer: memoryview, offset: int) -> int:
        if offset >= self._place:
            raise S3SelectError("ServiceUnavailable", "The store is away.", status=503)
        return super().read_into(buffer[: self._place - offset], offset)


class Torn(Broken):
    """As :class:`Broken`, but what can be read of a range is not given either."""

    def read_into(self, buffer: memoryview, offset: int) -> int:
        if offset + len(buffer) > self._place:
            raise S3SelectError("ServiceUnavailable", "The store is away.", status=503)
        return super().read_into(buffer, offset)


@pytest.mark.parametrize("sql", [ALL, COUNT])
@pytest.mark.parametrize(
    ("inputs", "row"), [(CsvInput(), b"1,2\n"), (JsonInput("LINES"), b'{"a":1}\n')], ids=["csv", "json"]
)
@pytest.mark.parametrize("place", [0, 1000, 5 * MIB])
def test_a_store_that_breaks_is_an_error_behind_the_rows(
    sql: str, inputs: CsvInput | JsonInput, row: bytes, place: int
) -> None:
    contents = row * (8 * MIB // len(row))
    got = scan(Torn(contents, place), sql, inputs)
    assert got.code == "ServiceUnavailable"
    assert len(got.records) * len(row) <= place
    if sql == COUNT:
        assert not got.records


def test_a_store_that_breaks_behind_the_limit_is_no_error() -> None:
    contents = b"1,2\n" * (2 * MIB)
    assert scan(Torn(contents, 5 * MIB), f"{ALL} LIMIT 1000").code is None


@pytest.mark.parametrize(
    ("make", "rows"),
    [
        (lambda: b"1,2\n" * (2 * MIB), 2 * MIB),
        (lambda: b'"1","2"\n' * MIB, MIB),
        (lambda: "1§2\n".encode() * (2 * MIB), 2 * MIB),
        (lambda: b'1,5" pipe\n' * MIB, MIB),
        (lambda: b"\n" * (8 * MIB), 0),
        (lambda: b"#x\n" * (3 * MIB), 0),
    ],
    ids=["plain", "quoted", "two-byte delimiter", "stray quotes", "blank", "comments"],
)
def test_many_short_records(make: Callable[[], bytes], rows: int) -> None:
    contents = make()
    delimiter = "§" if "§".encode() in contents[:8] else ","
    inputs = CsvInput(field_delimiter=delimiter)
    assert scan(contents, "SELECT COUNT(_2) FROM S3Object", inputs) == Scanned([b'{"_1":%d}\n' % rows], None)


def test_stats_of_a_large_object() -> None:
    contents = b"1,2\n" * MIB
    answer = engine.run(SelectRequest(COUNT, CsvInput(), CsvOutput()), _opened(contents))
    *_, stats, end = events(answer.chunks(), progress=False)
    assert stats["Stats"]["Details"] == {
        "BytesScanned": len(contents),
        "BytesProcessed": len(contents),
        "BytesReturned": len(b"1048576\n"),
    }
    assert end == {"End": {}}


def _opened(contents: bytes) -> StoredObject:
    return BytesObject(contents)
