"""The whole engine on morsels of any size: what comes out never depends on how the object was cut."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql import engine
from s3sql.exec.buffer_pool import BufferPool
from s3sql.plan.expr import Elements, Name
from s3sql.request import CsvInput, CsvOutput, JsonInput, SelectRequest
from s3sql.stores.memory import BytesObject
from tests.scans import Scanned, csv_input, morsels_of, no_buffer_is_out, scan, worker_count
from tests.twins import csv_rows
from tests.twins.csv_rows import Dialect
from tests.twins.json_rows import AmbiguousError, Struct, range_over, rows_of
from tests.twins.records import csv_record, json_record

ALL = "SELECT * FROM S3Object"


def many(one: st.SearchStrategy[str], most: int = 150) -> st.SearchStrategy[str]:
    """Up to *most* pieces; hypothesis alone would seldom draw more than ten."""
    return st.integers(0, most).flatmap(lambda n: st.lists(one, min_size=n, max_size=n)).map("".join)


@pytest.fixture(autouse=True)
def _every_buffer_is_given_back() -> object:
    yield
    assert no_buffer_is_out()


@dataclass(frozen=True)
class Csv:
    text: str
    dialect: Dialect


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    allow = draw(st.booleans())
    if draw(st.booleans()):
        # What the fast passes read.
        record = draw(st.sampled_from(["", "\n", "\r\n", "|;"]))
        return Dialect(record=record or "\n", bare_return=not record, allow=allow)
    dialect = Dialect(
        field=draw(st.sampled_from([",", "\t", "§", ";"])),
        record=draw(st.sampled_from(["\n", "\r\n", ";", "\r", "§", "||", "ab", "\n\n", "|;"])),
        quote=draw(st.sampled_from(['"', "'", "", "”"])),
        escape=draw(st.sampled_from(['"', "'", "\\", "§", "”"])),
        comment=draw(st.sampled_from(["#", "", "\ufdd0", '"'])),
        bare_return=False,
        allow=allow,
    )
    clashes = (dialect.quote, dialect.comment, dialect.record)
    return Dialect(allow=allow) if dialect.field in clashes else dialect


@st.composite
def csvs(draw: st.DrawFn) -> Csv:
    """Texts made of a dialect's own special characters, so that every rule meets every other."""
    d = draw(dialects())
    pieces = [d.field, d.record, d.quote, d.escape, d.comment, d.record, d.quote * 2]
    pieces += [d.field + d.quote, d.quote + d.field, d.quote + d.record, d.quote + d.field + d.quote]
    pieces += ["a", "bc", "\r", "\n", "\r\n", "é", " ", "x" * 20, "1,2\n"]
    return Csv(draw(many(st.sampled_from([piece for piece in pieces if piece]))), d)


def numbered(fields: list[str]) -> list[tuple[str, object]]:
    return [(f"_{number}", field) for number, field in enumerate(fields, 1)]


@given(csvs(), st.integers(10, 49), st.integers(100, 400))
def test_csv_rows_are_those_of_the_twin(csv: Csv, longest: int, morsel: int) -> None:
    rows, code = csv_rows.spans(csv.text, csv.dialect, longest)
    fields = [row.fields for row in rows]
    contents, inputs = csv.text.encode(), csv_input(csv.dialect)
    with morsels_of(morsel, first=64, longest=longest):
        assert scan(contents, ALL, inputs) == Scanned([json_record(numbered(row)) for row in fields], code)
        as_csv = scan(contents, ALL, inputs, CsvOutput())
        assert as_csv == Scanned([csv_record(row, CsvOutput()) for row in fields], code)
        two = [json_record([("_1", row[0]), ("_3", row[2] if len(row) > 2 else None)]) for row in fields]
        assert scan(contents, "SELECT _1, s._3 FROM S3Object s", inputs) == Scanned(two, code)
        counted = Scanned([], code) if code else Scanned([b'{"_1":%d}\n' % len(rows)], None)
        assert scan(contents, "SELECT COUNT(*) FROM S3Object", inputs) == counted


@pytest.mark.parametrize("morsel", range(64, 128, 7))
@pytest.mark.parametrize("record", ["||", "\n\n"])
def test_a_morsel_may_end_in_a_run_of_a_delimiter_that_overlaps_itself(record: str, morsel: int) -> None:
    one = record[0]
    text = "".join(one * run + "xy"[run % 2] for run in range(1, 30)) + one * 3
    for drop in range(20):
        dialect = Dialect(record=record, bare_return=False)
        rows, _ = csv_rows.read(text[drop:], dialect)
        with morsels_of(morsel):
            got = scan(text[drop:].encode(), ALL, csv_input(dialect))
        assert got == Scanned([json_record(numbered(row)) for row in rows], None)


def test_short_records_in_many_morsels_need_no_more_memory_than_in_one() -> None:
    # The arrays of the general pass are kept from morsel to morsel and must not grow with each.
    contents = b"a\xc2\xa7b\n" * 20_000
    with morsels_of(1024), worker_count(1):
        got = scan(contents, "SELECT COUNT(_2) FROM S3Object", CsvInput(field_delimiter="§"))
    assert got == Scanned([b'{"_1":20000}\n'], None)


@st.composite
def json_texts(draw: st.DrawFn) -> str:
    """Values over several lines, several on a line, with something that is not JSON now and then."""
    scalars = st.sampled_from(
        ["1", "-2.50", "1e3", "true", "null", '"x"', '"\\u00e9\\n"', '"a,b"', '"\\""', "12345678901234567890"]
    )
    names = st.sampled_from(['"a"', '"b"', '"A"', '"\\u0062"'])
    values = st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
            | st.lists(st.tuples(names, inner).map(":\n".join), max_size=3).map(
                lambda members: f"{{{', '.join(members)}}}"
            )
        ),
        max_leaves=4,
    )
    separators = st.sampled_from(["\n", "\n", "\n", "\r\n", " ", "\n\n", "\t\n"])
    rows = many(st.tuples(values, separators).map("".join), 60)
    wrong = st.sampled_from(["", "", "tru", "{", "}", "[1,]", "01", '"', '{"a":}', ",", "1.", '"\x01"'])
    return draw(rows) + draw(wrong) + draw(rows)


@given(json_texts(), st.integers(300, 600), st.sampled_from(["LINES", "DOCUMENT"]))
def test_json_rows_are_those_of_the_twin(text: str, morsel: int, form: str) -> None:
    rows, valid = rows_of(text.encode())
    code = None if valid else "JSONParsingError"
    inputs = JsonInput(form)  # type: ignore[arg-type]
    with morsels_of(morsel, first=64):
        assert scan(text.encode(), ALL, inputs) == Scanned([whole(row) for row in rows], code)
        counted = Scanned([], code) if code else Scanned([b'{"_1":%d}\n' % len(rows)], None)
        assert scan(text.encode(), "SELECT COUNT(*) FROM S3Object", inputs) == counted
        try:
            found = range_over(rows, (Name("b", True), Elements()))
        except AmbiguousError:
            return
        got = scan(text.encode(), 'SELECT * FROM S3Object[*]."b"[*]', inputs)
        assert got == Scanned([whole(row) for row in found], code)


def whole(row: object) -> bytes:
    """What ``SELECT *`` writes for a row."""
    return json_record(row if isinstance(row, Struct) else [("_1", row)])


@given(csvs(), st.integers(0, 12))
def test_a_limit_takes_the_first_records_and_hides_what_is_behind_them(csv: Csv, limit: int) -> None:
    inputs = csv_input(csv.dialect)
    with morsels_of(256, first=64, longest=60):
        everything = scan(csv.text.encode(), ALL, inputs)
        limited = scan(csv.text.encode(), f"{ALL} LIMIT {limit}", inputs)
    reached = len(everything.records) >= limit
    assert limited == Scanned(everything.records[:limit], None if reached else everything.code)


def test_rows_before_a_failure_come_first() -> None:
    rows = [*(b"%d,x\n" % number for number in range(500)), b"x,x\n", *([b"1,x\n"] * 500)]
    with morsels_of(128):
        got = scan(b"".join(rows), "SELECT CAST(_1 AS INT) FROM S3Object")
    assert got == Scanned([b'{"_1":%d}\n' % number for number in range(500)], "CastFailed")
    with morsels_of(128):
        got = scan(b"".join(rows), "SELECT CAST(_1 AS INT) FROM S3Object LIMIT 500")
    assert got.code is None
    assert len(got.records) == 500


@given(
    st.lists(st.integers(0, 300), max_size=6, unique=True),
    st.sampled_from(
        ["SUM(CAST(_1 AS INT))", "COUNT(CAST(_1 AS INT)), SUM(CAST(_2 AS INT))", "MIN(CAST(_2 AS INT))"]
    ),
)
def test_an_aggregate_reports_the_first_failing_row(failing: list[int], items: str) -> None:
    # Each failing row fails in its own way.
    cells = ["x,1", "99999999999999999999,1", "1,x"]
    rows = ["1,1"] * 301
    for number, row in enumerate(failing):
        rows[row] = cells[number % 3]
    codes = {"x,1": "CastFailed", "99999999999999999999,1": "IntegerOverflow", "1,x": "CastFailed"}
    reads = {"x,1": "_1", "99999999999999999999,1": "_1", "1,x": "_2"}
    found = [codes[row] for row in rows if row != "1,1" and reads[row] in items]
    with morsels_of(100):
        got = scan("\n".join(rows).encode(), f"SELECT {items} FROM S3Object")
    assert got.code == (found[0] if found else None)


@settings(max_examples=25)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=40, max_size=120),
    st.integers(64, 300),
    st.sampled_from([1, 2, 5]),
)
def test_aggregates_do_not_depend_on_cuts_and_workers(values: list[float], morsel: int, workers: int) -> None:
    contents = "".join(f"{value!r}\n" for value in values).encode()
    sql = "SELECT SUM(f), AVG(f), MIN(f), MAX(f), COUNT(f) FROM S3Object"
    sql = sql.replace("(f)", "(CAST(_1 AS FLOAT))")
    expected = scan(contents, sql)
    assert expected.code is None
    with morsels_of(morsel), worker_count(workers):
        assert scan(contents, sql) == expected


@settings(max_examples=25)
@given(csvs(), st.sampled_from([1, 2, 5]))
def test_rows_do_not_depend_on_the_number_of_workers(csv: Csv, workers: int) -> None:
    inputs = csv_input(csv.dialect)
    with morsels_of(128, first=64, longest=60):
        expected = scan(csv.text.encode(), ALL, inputs, CsvOutput())
        with worker_count(workers):
            assert scan(csv.text.encode(), ALL, inputs, CsvOutput()) == expected


def test_bytes_that_are_no_text_fail_at_their_row_wherever_the_morsels_end() -> None:
    rows = [b"%d,\xc3\xa9\n" % number for number in range(100)]
    for place, wrong in itertools.product((0, 1, 37, 99), (b"\xff", b"\xc3", b"\xed\xa0\x80")):
        broken = [*rows[:place], b"1," + wrong + b"\n", *rows[place:]]
        for morsel in (64, 100, 333, 5000):
            with morsels_of(morsel):
                got = scan(b"".join(broken), ALL)
            assert got.code == "InvalidTextEncoding"
            assert got.records == [b'{"_1":"%d","_2":"\xc3\xa9"}\n' % number for number in range(place)]


def test_a_character_cut_by_a_morsel_is_text() -> None:
    # Quoted record delimiters with an escape character: morsels end anywhere, in characters too.
    rows = ["é,😀" + "ü" * (number % 5) for number in range(200)]
    inputs = CsvInput(allow_quoted_record_delimiter=True, quote_escape_character="\\")
    for morsel in range(100, 130):
        with morsels_of(morsel):
            got = scan("\n".join(rows).encode(), ALL, inputs, CsvOutput())
        assert got == Scanned([f"{row}\n".encode() for row in rows], None)


@pytest.mark.parametrize("header", ["NONE", "USE", "IGNORE"])
@pytest.mark.parametrize("contents", [b'"\xff\n', b'"\xff', b"#\xff\na\n1\n", b"a,\xff\n1"])
def test_what_is_no_text_is_told_before_what_is_no_csv(contents: bytes, header: str) -> None:
    # As it would be if the object were decoded before it is read: a GZIP object that was not declared.
    inputs = CsvInput(file_header_info=header)  # type: ignore[arg-type]
    assert scan(contents, ALL, inputs).code == "InvalidTextEncoding"


def test_a_comment_with_a_quote_is_as_long_as_its_line() -> None:
    # By parity alone everything from one comment's quote to the other's would be one quoted field.
    contents = b'#,"\n' + b"1,2\n" * 40 + b'#"\n'
    for allow in (False, True):
        inputs = CsvInput(allow_quoted_record_delimiter=allow)
        with morsels_of(1000, longest=50):
            got = scan(contents, "SELECT COUNT(*) FROM S3Object", inputs)
        assert got == Scanned([b'{"_1":40}\n'], None)


def test_queries_at_once_share_the_workers_and_the_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_POOL", BufferPool(30_000))
    rows = [b'{"_1":"%d"}\n' % number for number in range(2000)]
    contents = b"".join(b"%d,x\n" % number for number in range(2000))
    wrong: list[object] = []

    def ask(turn: int) -> None:
        for count in range(1, 8):
            # Some end at their limit, some at the end of the object, some are left early.
            limit = (turn * 300 + count) % 2500
            try:
                got = scan(contents, f"SELECT _1 FROM S3Object LIMIT {limit}")
                if got != Scanned(rows[:limit], None):
                    wrong.append(got)
                left = engine.prepare(SelectRequest(ALL, CsvInput(), CsvOutput()), BytesObject(contents))
                steps = left.records()
                next(steps)
                steps.close()
            except BaseException as error:
                wrong.append(error)

    with morsels_of(1024):
        threads = [threading.Thread(target=ask, args=[turn]) for turn in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


@pytest.mark.parametrize("escape", ["\\", "n", '"'])
def test_a_record_delimiter_in_quotes_is_one_even_if_it_begins_with_the_escape(escape: str) -> None:
    # A backslash and an n, which AWS's samples print for the line feed, are two characters.
    inputs = CsvInput(record_delimiter="\\n", quote_escape_character=escape)
    rows = "1,2\\n" * 9
    for morsel in range(64, 80):
        with morsels_of(morsel):
            got = scan(f'{rows}"a\\nb"\\n{rows}'.encode(), ALL, inputs)
        assert (len(got.records), got.code) == (9, "CSVEscapingRecordDelimiter")


LITERALS = ["a", "1,2", 'q"q', "x\ny", "", "é", "longer than a word of eight bytes", " a "]


@st.composite
def quoted_tables(draw: st.DrawFn) -> tuple[bytes, list[list[str]]]:
    """CSV in which the same value stands quoted here and bare there."""
    count = draw(st.integers(0, 60))
    cells = st.sampled_from(LITERALS) | st.sampled_from(["b", "aa", "2"])
    rows = draw(st.lists(st.lists(cells, min_size=1, max_size=3), min_size=count, max_size=count))
    quoted = draw(st.sampled_from(["never", "some", "always"]))
    text = ""
    kept = []
    for row in rows:
        fields = []
        for cell in row:
            needed = any(special in cell for special in '",\n')
            if quoted == "always" or needed or (quoted == "some" and draw(st.booleans())):
                fields.append('"' + cell.replace('"', '""') + '"')
            else:
                fields.append(cell)
        if fields != [""]:
            text += ",".join(fields) + "\n"
            kept.append(row)
        text += draw(st.sampled_from(["", "", "", "# a\n", "\n", '#"\n']))
    return text.encode(), kept


@given(quoted_tables(), st.sampled_from(LITERALS), st.integers(1, 3), st.integers(150, 400))
def test_filters_by_text_find_every_row(
    table: tuple[bytes, list[list[str]]], literal: str, column: int, morsel: int
) -> None:
    contents, rows = table
    text = literal.replace("'", "''")
    present = [(row[column - 1] if len(row) >= column else None, row) for row in rows]
    tests = {
        f"_{column} = '{text}'": [row for cell, row in present if cell == literal],
        f"_{column} <> '{text}'": [row for cell, row in present if cell not in (None, literal)],
        f"_{column} LIKE '%{text}%'": [row for cell, row in present if cell is not None and literal in cell],
        f"_{column} LIKE '{text}%' AND _1 = 'a'": [
            row for cell, row in present if cell is not None and cell.startswith(literal) and row[0] == "a"
        ],
        f"_{column} IN ('{text}', 'b')": [row for cell, row in present if cell in (literal, "b")],
    }
    inputs = CsvInput(allow_quoted_record_delimiter=True)
    with morsels_of(morsel, first=64):
        for condition, found in tests.items():
            where = f"FROM S3Object WHERE {condition}"
            got = scan(contents, f"SELECT * {where}", inputs, CsvOutput())
            assert got == Scanned([csv_record(row, CsvOutput()) for row in found], None), condition
            firsts = [json_record([("_1", row[0])]) for row in found]
            assert scan(contents, f"SELECT _1 {where}", inputs) == Scanned(firsts, None), condition
            limited = scan(contents, f"SELECT * {where} LIMIT 2", inputs, CsvOutput())
            assert limited.records == got.records[:2], condition
            counted = [b'{"_1":%d}\n' % len(found)]
            assert scan(contents, f"SELECT COUNT(*) {where}", inputs).records == counted, condition


outputs = st.builds(
    CsvOutput,
    quote_fields=st.sampled_from(["ASNEEDED", "ALWAYS"]),
    quote_character=st.sampled_from(['"', "'", "", "”", "a"]),
    quote_escape_character=st.sampled_from(['"', "\\", "'", "§", "b"]),
    record_delimiter=st.sampled_from(["\n", "\r\n", "ab", "é", "||"]),
    field_delimiter=st.sampled_from([",", "ab", "§", "\t", "\0"]),
)


@given(csvs(), outputs, st.integers(100, 400))
def test_csv_is_written_with_any_settings(csv: Csv, output: CsvOutput, morsel: int) -> None:
    rows, code = csv_rows.spans(csv.text, csv.dialect, 49)
    fields = [row.fields for row in rows]
    contents, inputs = csv.text.encode(), csv_input(csv.dialect)
    where = "WHERE _2 = 'a' OR _1 LIKE '%b%'"
    matching = [row for row in fields if row[1:2] == ["a"] or "b" in row[0]]
    with morsels_of(morsel, first=64, longest=49):
        for sql, found in ((ALL, fields), (f"{ALL} {where}", matching)):
            expected = Scanned([csv_record(row, output) for row in found], code)
            assert scan(contents, sql, inputs, output) == expected
        swapped = [csv_record([row[1] if len(row) > 1 else "", row[0]], output) for row in fields]
        assert scan(contents, "SELECT _2, _1 FROM S3Object", inputs, output) == Scanned(swapped, code)
