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


ROWS = [(CsvInput(), b"1,2\n"), (JsonInput("LINES"), b'{"a":1}\n')]


@pytest.mark.parametrize("store", [Broken, Torn])
@pytest.mark.parametrize(("inputs", "row"), ROWS, ids=["csv", "json"])
@pytest.mark.parametrize("stop", [0, 1, 1000, 64 << 10, 3 * MIB])
def test_a_store_that_breaks_behind_the_range_is_no_error(
    store: type[Broken], inputs: CsvInput | JsonInput, row: bytes, stop: int
) -> None:
    contents = row * (8 * MIB // len(row))
    for sql in (ALL, COUNT):
        whole = scan(contents, sql, inputs, part=(0, stop))
        # Only what is read to find the end of the last record may be missing.
        assert scan(store(contents, stop + 5000), sql, inputs, part=(0, stop)) == whole
    begun = scan(contents, ALL, inputs, part=(stop // 2, stop))
    assert scan(store(contents, stop + 10_000), ALL, inputs, part=(stop // 2, stop)) == begun
    assert begun.code is None


@pytest.mark.parametrize(("inputs", "row"), ROWS, ids=["csv", "json"])
@pytest.mark.parametrize("place", [1001, 3 * MIB + 1])
def test_what_a_store_gives_before_it_breaks_is_read(
    inputs: CsvInput | JsonInput, row: bytes, place: int
) -> None:
    contents = row * (8 * MIB // len(row))
    whole = place // len(row)
    got = scan(Broken(contents, place), ALL, inputs)
    assert got.code == "ServiceUnavailable"
    assert len(got.records) == whole
    assert scan(Broken(contents, place), f"{ALL} LIMIT {whole}", inputs).code is None
    assert scan(Broken(contents, place), f"{ALL} LIMIT {whole + 1}", inputs).code == "ServiceUnavailable"
    # A range up to the last whole record needs no more than its end.
    ended = scan(Broken(contents, place), ALL, inputs, part=(0, whole * len(row) - 1))
    assert (ended.code, len(ended.records)) == (None, whole)
    begun = scan(Broken(contents, place), ALL, inputs, part=(whole * len(row), None))
    assert (begun.code, begun.records) == ("ServiceUnavailable", [])
    behind = scan(Broken(contents, place), ALL, inputs, part=(whole * len(row) + 1, None))
    assert (behind.code, behind.records) == ("ServiceUnavailable", [])


@pytest.mark.parametrize("form", ["LINES", "DOCUMENT"])
def test_a_list_of_any_length_is_read_in_morsels(form: str) -> None:
    element = b'{"id": 1, "name": "x", "tags": ["a", "b,c"]},\n'
    source = Endless(element, b"[")
    source.size = 48 * MIB + 1
    inputs = JsonInput(form)  # type: ignore[arg-type]
    with worker_count(2):
        got = scan(source, "SELECT COUNT(*) FROM S3Object[*][*]", inputs)
        rows = scan(source, "SELECT x.id FROM S3Object[*][*] x LIMIT 7", inputs)
        first = scan(source, "SELECT * FROM S3Object", inputs)
    # It has no end, which is an error behind its elements.
    assert got.code == "JSONParsingError"
    assert rows == Scanned([b'{"id":1}\n'] * 7, None)
    assert first == Scanned([], "OverMaxRecordSize")


@pytest.mark.parametrize("form", ["LINES", "DOCUMENT"])
@pytest.mark.parametrize("more", ["", ".a", ".b[*]"])
def test_every_element_of_a_long_list_is_a_row(form: str, more: str) -> None:
    element = b'{"a":1,"b":[2]}'
    count = 12 * MIB // (len(element) + 2)
    contents = b"[" + b",\n".join([element] * count) + b"]"
    got = scan(contents, f"SELECT COUNT(*) FROM S3Object[*][*]{more}", JsonInput(form))  # type: ignore[arg-type]
    assert got == Scanned([b'{"_1":%d}\n' % count], None)


@pytest.mark.parametrize("excess", [0, 1])
@pytest.mark.parametrize("before", [0, 10, 3 * MIB])
@pytest.mark.parametrize("behind", [b"]", b",2]", b", "])
def test_an_element_of_the_limit_is_the_longest(before: int, excess: int, behind: bytes) -> None:
    contents = b"[" + b"1," * before + b"\n" + b'"' + b"x" * (MIB - 2 + excess) + b'"' + behind
    got = scan(contents, "SELECT COUNT(*) FROM S3Object[*][*]", JsonInput("DOCUMENT"))
    if excess:
        assert got == Scanned([], "OverMaxRecordSize")
    elif behind == b", ":
        assert got == Scanned([], "JSONParsingError")
    else:
        assert got == Scanned([b'{"_1":%d}\n' % (before + 1 + behind.count(b"2"))], None)


@pytest.mark.parametrize("form", ["LINES", "DOCUMENT"])
@pytest.mark.parametrize(("piece", "head"), [(b"x", b'["'), (b"1", b"[1,"), (b"[", b"[1,"), (b" ", b"[1,")])
def test_a_gibibyte_that_is_one_element_is_soon_refused(piece: bytes, head: bytes, form: str) -> None:
    source = Endless(piece, head)
    with worker_count(2):
        got = scan(source, "SELECT * FROM S3Object[*][*]", JsonInput(form))  # type: ignore[arg-type]
    assert got.code == ("JSONParsingError" if piece == b"[" else "OverMaxRecordSize")
    assert got.records == ([] if head == b'["' else [b'{"_1":1}\n'])
    assert source.furthest <= FEW


@pytest.mark.parametrize("place", [MIB // 2, MIB + 100, 3 * MIB])
@pytest.mark.parametrize("form", ["LINES", "DOCUMENT"])
def test_a_failing_element_is_judged_by_where_it_starts(form: str, place: int) -> None:
    rows = place // 8
    contents = b"[" + b'{"a":1},' * rows + b'{"a":"x"},' + b'{"a":2}]'
    sql = "SELECT CAST(x.a AS INT) FROM S3Object[*][*] x"
    answer = ask(contents, sql, {"JSON": {"Type": form}}, {"CSV": {}})
    before = 1 + rows * 8 < MIB
    assert (answer.code, answer.in_stream) == ("CastFailed", not before)
    assert answer.payload == (b"" if before else b"1\n" * rows)


@pytest.mark.parametrize("rows", [100, 1100])
def test_a_failing_row_of_a_path_is_judged_by_its_record(rows: int) -> None:
    root = b'{"b":[' + b"1," * 500 + b'"x"]}\n'
    good = b'{"b":[' + b"1," * 500 + b"2]}\n"
    contents = good * rows + root + good * 10
    sql = "SELECT CAST(x AS INT) FROM S3Object[*].b[*] x"
    answer = ask(contents, sql, {"JSON": {"Type": "LINES"}}, {"CSV": {}})
    assert (answer.code, answer.in_stream) == ("CastFailed", rows * len(good) >= MIB)
    assert answer.payload.count(b"\n") == (0 if rows == 100 else rows * 501 + 500)


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
