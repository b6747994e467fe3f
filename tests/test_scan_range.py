"""Scan ranges through the whole engine: adjacent ones give every record exactly once."""

from __future__ import annotations

from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.request import CsvInput, JsonInput
from tests.scans import Scanned, csv_input, morsels_of, no_buffer_is_out, scan
from tests.twins import csv_rows
from tests.twins.csv_rows import Dialect

ALL = "SELECT * FROM S3Object"

DIALECTS = [
    Dialect(),
    Dialect(record="\r\n", bare_return=False),
    Dialect(record="\n", bare_return=False),
    Dialect(record="ab", bare_return=False),
    Dialect(record="|;", bare_return=False),
    Dialect(record="é", field="ê", bare_return=False),
    Dialect(record="😀", bare_return=False),
    # Two equal characters, whose runs are counted from their beginning.
    Dialect(record=";;", bare_return=False),
    Dialect(record="\n\n", bare_return=False),
    Dialect(record="éé", bare_return=False),
    Dialect(record="😀😀", bare_return=False),
    Dialect(record=";;", field=";", bare_return=False),
    Dialect(record="##", bare_return=False),
    Dialect(record="\\\\", escape="\\", bare_return=False),
    Dialect(record=",,", bare_return=False),
]


@st.composite
def texts(draw: st.DrawFn, dialect: Dialect) -> str:
    pieces = [dialect.record] * 3 + [dialect.field, "a", "b", "x" * 10, "#", '"q"', "\r", "|", "y\n"]
    pieces += [dialect.record[0], dialect.record * 2]
    count = draw(st.integers(0, 120))
    return "".join(draw(st.lists(st.sampled_from(pieces), min_size=count, max_size=count)))


def bounds_of(cuts: list[int], size: int) -> list[int]:
    return [0, *sorted({cut % size for cut in cuts} - {0}), size]


@given(
    st.data(), st.sampled_from(DIALECTS), st.integers(150, 400), st.sampled_from(["NONE", "USE", "IGNORE"])
)
def test_ranges_of_csv_give_the_records_that_start_in_them(
    data: st.DataObject, dialect: Dialect, morsel: int, header: str
) -> None:
    text = data.draw(texts(dialect))
    contents = text.encode()
    rows, code = csv_rows.spans(text, dialect)
    if code or not contents:
        return
    skipped = 0 if header == "NONE" else 1
    starts = [len(text[: row.start].encode()) for row in rows[skipped:]]
    bounds = bounds_of(data.draw(st.lists(st.integers(1, 2000), max_size=8)), len(contents))
    inputs = csv_input(dialect, file_header_info=header)
    with morsels_of(morsel, first=64):
        whole = scan(contents, ALL, inputs)
        parts = [scan(contents, ALL, inputs, part=(start, end - 1)) for start, end in pairwise(bounds)]
        last = scan(contents, ALL, inputs, part=(None, len(contents) - bounds[-2]))
        open_end = scan(contents, ALL, inputs, part=(bounds[-2], None))
    assert list(chain.from_iterable(part.records for part in parts)) == whole.records
    assert [len(part.records) for part in parts] == [
        sum(start <= place < end for place in starts) for start, end in pairwise(bounds)
    ]
    assert {part.code for part in parts} == {None}
    assert last == open_end == parts[-1]
    assert no_buffer_is_out()


@given(st.data(), st.integers(150, 400))
def test_ranges_of_json_lines_give_every_value_once(data: st.DataObject, morsel: int) -> None:
    pieces = ['{"a":1}\n', '{"a":"xx","b":[1]}\n', '{"a":2} {"a":3}\n', "\n", "  \n", "7\r\n", '"é"\n']
    count = data.draw(st.integers(1, 80))
    lines = data.draw(st.lists(st.sampled_from(pieces), min_size=count, max_size=count))
    contents = "".join(lines).encode()
    bounds = bounds_of(data.draw(st.lists(st.integers(1, 2000), max_size=8)), len(contents))
    inputs = JsonInput("LINES")
    with morsels_of(morsel, first=64):
        whole = scan(contents, ALL, inputs)
        parts = [scan(contents, ALL, inputs, part=(start, end - 1)) for start, end in pairwise(bounds)]
        counts = [
            scan(contents, "SELECT COUNT(*) FROM S3Object", inputs, part=(start, end - 1)).payload
            for start, end in pairwise(bounds)
        ]
    assert list(chain.from_iterable(part.records for part in parts)) == whole.records
    assert counts == [b'{"_1":%d}\n' % len(part.records) for part in parts]
    assert {part.code for part in parts} == {None}
    assert no_buffer_is_out()


@given(st.data(), st.integers(100, 400), st.sampled_from([ALL, "SELECT * FROM S3Object[*][*]"]))
def test_a_line_longer_than_a_morsel_belongs_to_the_range_it_begins_in(
    data: st.DataObject, morsel: int, sql: str
) -> None:
    pieces = ['{"a":1}', '{"a":22} ', "[3, 44]", '"é"', " ", "5 "]
    counts = data.draw(st.lists(st.integers(1, 150), min_size=1, max_size=4))
    lines = [
        "".join(data.draw(st.lists(st.sampled_from(pieces), min_size=count, max_size=count)))
        for count in counts
    ]
    contents = "\n".join(lines).encode()
    bounds = bounds_of(data.draw(st.lists(st.integers(1, 3000), max_size=6)), len(contents))
    inputs = JsonInput("LINES")
    whole = scan(contents, sql, inputs)
    with morsels_of(morsel, first=64):
        parts = [scan(contents, sql, inputs, part=(start, end - 1)) for start, end in pairwise(bounds)]
    assert [record for part in parts for record in part.records] == whole.records
    # Of a line all values are in one range.
    begins = [0]
    for line in lines[:-1]:
        begins.append(begins[-1] + len(line.encode()) + 1)
    ends = [*begins[1:], len(contents)]
    for (start, end), part in zip(pairwise(bounds), parts, strict=True):
        own = [contents[a:b] for a, b in zip(begins, ends, strict=True) if start <= a < end]
        assert part.records == [record for line in own for record in scan(line, sql, inputs).records]
    assert no_buffer_is_out()


@given(st.integers(0, 40), st.integers(0, 60))
def test_an_error_behind_the_range_is_not_raised(start: int, length: int) -> None:
    rows = [b"%02d\n" % number for number in range(30)]
    contents = b"".join(rows) + b'"open\n' + b"x\n"
    with morsels_of(64):
        got = scan(contents, ALL, part=(start, start + length))
    begins = range(0, 90, 3)
    expected = [b'{"_1":"%02d"}\n' % (place // 3) for place in begins if start <= place <= start + length]
    assert got == Scanned(expected, "CSVEscapingRecordDelimiter" if start + length >= 90 else None)


def test_a_range_within_the_header_has_no_records() -> None:
    inputs = CsvInput(file_header_info="USE")
    for end in range(8):
        assert scan(b"abc,def\n1,2\n", ALL, inputs, part=(0, end)) == Scanned([], None)
    assert len(scan(b"abc,def\n1,2\n", ALL, inputs, part=(0, 8)).records) == 1


@pytest.mark.parametrize("start", [0, 1, 3, 4])
def test_limit_counts_within_the_range(start: int) -> None:
    got = scan(b"1,a\n2,b\nx", f"{ALL} LIMIT 1", part=(start, None))
    assert got.records == [b'{"_1":"1","_2":"a"}\n' if start == 0 else b'{"_1":"2","_2":"b"}\n']


def test_a_long_run_of_a_repeated_delimiter_is_counted_from_its_beginning() -> None:
    inputs = CsvInput(record_delimiter=";;")
    for length in (300_000, 300_001):
        contents = b"a" + b";" * length + b"b;;c"
        whole = scan(contents, ALL, inputs)
        assert whole.records[1] == (b'{"_1":"b"}\n' if length % 2 == 0 else b'{"_1":";b"}\n')
        for cut in (1, 2, 3, 150_000, 150_001, length - 2, length - 1, length, length + 1, length + 2):
            parts = [scan(contents, ALL, inputs, part=part) for part in ((0, cut - 1), (cut, None))]
            assert parts[0].records + parts[1].records == whole.records, (length, cut)


def test_a_repeated_delimiter_that_is_the_quote_is_refused() -> None:
    inputs = CsvInput(record_delimiter='""')
    assert scan(b'a""b', ALL, inputs, part=(1, 2)).code == "UnsupportedScanRangeInput"
    inputs = CsvInput(record_delimiter='""', quote_character="", quote_escape_character="\\")
    assert len(scan(b'a""b', ALL, inputs, part=(1, 2)).records) == 0
    assert len(scan(b'a""b', ALL, inputs, part=(1, 3)).records) == 1


def test_two_values_on_the_last_line_belong_to_the_range_of_the_line() -> None:
    contents = b'{"a":1}\n{"a":2} {"a":3}'
    inputs = JsonInput("LINES")
    for sql in (ALL, "SELECT * FROM S3Object[*][*]"):
        for cut in range(1, len(contents)):
            parts = [scan(contents, sql, inputs, part=part) for part in ((0, cut - 1), (cut, None))]
            assert len(parts[0].records + parts[1].records) == 3, cut


@given(st.data(), st.integers(200, 400))
def test_ranges_of_lists_give_every_element_once(data: st.DataObject, morsel: int) -> None:
    pieces = ["[1,2,3]\n", '[{"a":"x,]"}, {"a":[4]}] [5]\n', "[]\n", "\n", "7\n", '[\n{"a":\n8},\n9]\n']
    lines = data.draw(st.lists(st.sampled_from(pieces), min_size=1, max_size=60))
    contents = "".join(lines).encode()
    # A range that begins within a value of several lines would read a piece of it.
    ends = [0]
    for line in lines:
        ends.append(ends[-1] + len(line))
    cuts = data.draw(st.lists(st.sampled_from(ends), max_size=8))
    bounds = [0, *sorted(set(cuts) - {0, len(contents)}), len(contents)]
    inputs = JsonInput("LINES")
    sql = "SELECT * FROM S3Object[*][*]"
    with morsels_of(morsel, first=64):
        whole = scan(contents, sql, inputs)
        parts = [scan(contents, sql, inputs, part=(start, end - 1)) for start, end in pairwise(bounds)]
    assert list(chain.from_iterable(part.records for part in parts)) == whole.records
    assert {part.code for part in parts} == {None}
    assert no_buffer_is_out()
