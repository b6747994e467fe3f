"""CSV output against the rules in plain Python, and its short ways against the general one."""

from __future__ import annotations

from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.coded import Coded, Entries
from s3sql.formats.base import Morsel
from s3sql.formats.csv import CsvBatch, CsvFormat
from s3sql.formats.csv_block import arena_room
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.scratch import Scratch
from s3sql.payloads import Decimals, Text
from s3sql.request import CsvInput, CsvOutput, JsonOutput
from s3sql.serialize import csv, csv_columns
from s3sql.serialize.base import Member, Records, SpreadMembers
from s3sql.serialize.csv import CsvSerializer
from s3sql.serialize.output import serializer_for
from s3sql.types import Column, Kind


def written(records: Records) -> bytes:
    return bytes(records.payload)


def field(value: str, output: CsvOutput) -> str:
    """One field as CSVOutput says it is written."""
    quote, escape = output.quote_character, output.quote_escape_character
    causes = [output.field_delimiter, quote, *output.record_delimiter, "\r", "\n"]
    if not quote or (output.quote_fields == "ASNEEDED" and not any(c and c in value for c in causes)):
        return value
    escaped = "".join(escape + c if c in (quote, escape) else c for c in value)
    return quote + escaped + quote


outputs = st.builds(
    CsvOutput,
    quote_fields=st.sampled_from(["ASNEEDED", "ALWAYS"]),
    quote_character=st.sampled_from(['"', "'", "", "”"]),
    quote_escape_character=st.sampled_from(['"', "\\", "§"]),
    record_delimiter=st.sampled_from(["\n", "\r\n", "_", "end", "§"]),
    field_delimiter=st.sampled_from([",", "|", "ab", "§", "\t"]),
)
values = st.text(alphabet="a,\"'\\|_\r\n§”be ", max_size=12)


many_outputs = st.builds(
    CsvOutput,
    quote_fields=st.sampled_from(["ASNEEDED", "ALWAYS"]),
    record_delimiter=st.sampled_from(["\n", "a long end"]),
    field_delimiter=st.sampled_from([",", "9", "between"]),
)
long_values = st.one_of(values, st.sampled_from(["e" * 31, "e" * 32, "e" * 33, "e,'" * 40, ""]))


@given(
    many_outputs,
    st.lists(long_values, min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), long_values), max_size=40),
    st.integers(1, 9),
)
def test_rows_that_are_numbers_of_entries(
    output: CsvOutput, entries: list[str], rows: list[tuple[int, int, str]], at_a_time: int
) -> None:
    """As the same rows without numbers, however many are laid at a time; the last entry is NULL."""
    strings = [*entries, ""]
    tags = np.full(len(strings), Kind.STRING, np.uint8)
    tags[-1] = Kind.NULL
    column = Column.tagged(tags, {Kind.STRING: Text.of(strings)})
    kept = Entries(column, Kind.STRING)
    codes = np.array([[a % len(strings), b % len(strings)] for a, b, _ in rows], np.int32).reshape(-1, 2)
    numbers = Column.of(Kind.INT, np.array([a for a, _, _ in rows], np.int64))
    others = Column.of(Kind.STRING, Text.of([text for _, _, text in rows]))
    coded = [Column.of_codes(Coded(kept, np.ascontiguousarray(codes[:, n]), nulls=True)) for n in (0, 1)]
    plain = [column.take(codes[:, n].astype(np.intp)) for n in (0, 1)]
    assert all(known.coded is not None for known in coded)
    serializer = CsvSerializer(output)
    for first, second in ((coded, plain), (coded[:1], plain[:1])):
        with mock.patch.object(csv_columns, "_ROWS", at_a_time):
            found = serializer.serialize(
                [Member("x", column) for column in (first[0], numbers, others, *first[1:])], len(rows)
            )
        expected = "".join(
            output.field_delimiter.join(field(value, output) for value in values) + output.record_delimiter
            for values in zip(
                _texts(second[0]), _texts(numbers), _texts(others), *map(_texts, second[1:]), strict=True
            )
        )
        assert written(found).decode() == expected
        assert [written(found.first(n)) for n in range(len(rows) + 1)][-1] == written(found)
        alone = serializer.serialize([Member("x", first[0])], len(rows))
        assert written(alone) == written(serializer.serialize([Member("x", second[0])], len(rows)))


def _texts(column: Column) -> list[str]:
    return ["" if value is None else str(value) for value in column.to_python()]


@given(outputs, st.lists(st.tuples(values, values), max_size=20))
def test_fields_are_quoted_where_the_rules_say(output: CsvOutput, rows: list[tuple[str, str]]) -> None:
    columns = [Column.of(Kind.STRING, Text.of([row[n] for row in rows])) for n in range(2)]
    members = [Member(name, column) for name, column in zip("ab", columns, strict=True)]
    expected = "".join(
        output.field_delimiter.join(field(value, output) for value in row) + output.record_delimiter
        for row in rows
    )
    records = CsvSerializer(output).serialize(members, len(rows))
    assert written(records).decode() == expected
    assert len(records) == len(rows)


def test_unknown_values_are_empty_and_numbers_keep_their_spelling() -> None:
    tags = np.array([Kind.DECIMAL, Kind.NULL, Kind.MISSING, Kind.STRING], np.uint8)
    parts = {
        Kind.DECIMAL: Decimals(np.array([1, 0, 0, 0]), np.array([-3, 0, 0, 0], np.int32)),
        Kind.STRING: Text.of(["", "", "", "x"]),
    }
    spelled = Column.tagged(tags, parts, Text.of(["1e3", "", "", ""]))
    computed = Column.tagged(tags, parts)
    members = [Member("a", spelled), Member("b", computed)]
    assert written(CsvSerializer(CsvOutput()).serialize(members, 4)) == b"1e3,1E+3\n,\n,\nx,x\n"


def batch_of(text: str, rows: list[int]) -> CsvBatch:
    contents = text.encode()
    buffer = PaddedBuffer.empty(len(contents) + arena_room(len(contents)))
    buffer.array[: len(contents)] = np.frombuffer(contents, np.uint8)
    morsel = Morsel(buffer, len(contents), 0, at_end=True)
    batch = CsvFormat(CsvDialect.of(CsvInput()), (1,)).rows(morsel, Scratch()).batch
    taken = batch.take(np.array([row for row in rows if row < batch.length], np.intp))
    assert isinstance(taken, CsvBatch)
    return taken


cells = st.sampled_from(
    ["", "a", "12.5", "é", "x" * 70, '"q"', '"a,b"', '"a""b"', '""', "'", "|", "a\rb", 'st"ray']
)
texts = st.lists(st.lists(cells, min_size=1, max_size=4), max_size=12).map(
    lambda rows: "".join(",".join(row) + "\n" for row in rows)
)
selections = st.sets(st.integers(0, 11)).map(sorted)


@given(texts, selections, st.one_of(outputs, st.just(CsvOutput()), st.builds(JsonOutput)))
def test_whole_records_are_written_as_spread_structs_are(
    text: str, rows: list[int], output: CsvOutput | JsonOutput
) -> None:
    batch = batch_of(text, rows)
    writer = serializer_for(output)
    short = writer.serialize_rows(batch)
    general = writer.serialize([SpreadMembers(batch.row(), whole_row=True)], batch.length)
    assert written(short) == written(general)
    assert short.ends.tolist() == general.ends.tolist()


@given(
    st.integers(0, 130),
    st.sampled_from([",", '"', "\n", "\r"]),
    st.lists(st.integers(0, 200), min_size=1, max_size=6),
    st.integers(1, 3),
)
def test_what_causes_quotes_is_found_wherever_it_is(
    place: int, cause: str, bounds: list[int], sparse: int
) -> None:
    """Also at the ends of 64 bytes, beside the texts, between them, in front of and behind all of them."""
    contents = bytearray(b"x" * 200)
    contents[place] = ord(cause)
    buffer = PaddedBuffer.copy_of(bytes(contents) + b",,,,")
    edges = sorted({*bounds, 0})
    # The second of two texts may lie within the first.
    starts = np.array([*edges[:-1], edges[0]], np.int32)
    ends = np.array([*edges[1:], edges[-1] // 2], np.int32)
    text = Text(buffer.array, starts, ends)
    output = CsvOutput(field_delimiter=",")
    values = [value.decode() for value in text.to_bytes()]
    numbers = Column.of(Kind.INT, np.arange(len(values)))
    members = [Member("a", Column.of(Kind.STRING, text)), Member("n", numbers)]
    with mock.patch.object(csv, "_SPARSE", sparse):
        found = CsvSerializer(output).serialize(members, len(values))
    expected = "".join(f"{field(value, output)},{row}\n" for row, value in enumerate(values))
    assert written(found).decode() == expected
