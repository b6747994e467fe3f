"""The plain pass chunk by chunk, bounds of a field, and counting, against indexing a block as a whole."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.reader import MorselReader
from s3sql.formats import csv_block, csv_counting, csv_fast
from s3sql.formats.base import Morsel, TextReading
from s3sql.formats.csv import CsvBatch, CsvFormat
from s3sql.formats.csv_block import CsvBlock, arena_room
from s3sql.formats.csv_bounds import FieldBounds
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.csv_fast import Wanted
from s3sql.formats.scratch import Scratch
from s3sql.request import CsvInput, CsvOutput
from s3sql.stores.local import open_path
from tests.scans import scan

DIALECT = CsvDialect.of(CsvInput())
DIALECTS = [
    DIALECT,
    CsvDialect.of(CsvInput(record_delimiter="\r\n")),
    CsvDialect.of(CsvInput(field_delimiter="|", record_delimiter=";", quote_character="", comments="")),
    CsvDialect.of(CsvInput(allow_quoted_record_delimiter=True)),
]
COLUMNS = (0, 2, 3)


def morsel_of(contents: bytes, *, fetched: bool = False, file: IO[bytes] | None = None) -> Morsel:
    """A morsel, or with *fetched* or from a *file* one still to be read; stale quotes are behind."""
    buffer = PaddedBuffer.empty(len(contents) + arena_room(len(contents)))
    buffer.array[:] = 0x22
    if not fetched and file is None:
        buffer.array[: len(contents)] = np.frombuffer(contents, np.uint8)
        return Morsel(buffer, len(contents), 0, at_end=True)

    def fetch(target: memoryview, offset: int) -> None:
        target[:] = contents[offset : offset + len(target)]

    if file is None:
        return Morsel(buffer, len(contents), 0, at_end=True, fetch=fetch)
    before = file.tell()
    file.write(contents + b'"\xff' * 64)
    file.flush()
    return Morsel(buffer, len(contents), before, at_end=True, fetch=fetch, file=file.fileno())


def rows_of(block: CsvBlock) -> list[list[bytes | None]]:
    """The bytes of every record and of its columns."""
    contents = block.buffer.tobytes()
    return [
        [None if start < 0 else contents[start:end] for start, end in row.reshape(-1, 2).tolist()]
        for row in block.table
    ]


def told(block: CsvBlock) -> tuple[list[list[bytes | None]], str | None, int]:
    """Rows, the code of the error and where it is."""
    return rows_of(block), block.error.code if block.error else None, block.error_at


#: Pieces of texts whose chunks and words end anywhere: in characters, in delimiters, between them.
pieces = st.sampled_from(
    [
        ",",
        "\n",
        "\r\n",
        "\r",
        "#",
        "a",
        "bc",
        "é",
        "€",
        "😀",
        " ",
        "x" * 61,
        "y" * 200,
        "|",
        ";",
        "needle",
        "1992",
    ]
).map(str.encode)
odd = st.sampled_from([b'"', b'"q"', b"\xff", b"\xe2\x82", b"\x80"])
texts = st.lists(st.one_of(pieces, pieces, pieces, pieces, odd), max_size=60).map(b"".join)
plain_texts = st.lists(pieces, max_size=60).map(b"".join)


#: Where a morsel's bytes are: in its buffer, behind a function, or in a file.
sources = st.sampled_from(["read", "fetched", "file"])


@given(st.one_of(plain_texts, texts), st.sampled_from(DIALECTS), st.sampled_from([1, 7, 64, 100]), sources)
@example(b"a,b\n" * 40 + b'"', DIALECT, 64, "fetched")
@example(b"a,b\n" * 40 + b'"', DIALECT, 64, "file")
@example(b"a" * 63 + "é".encode() + b"\nb\n", DIALECT, 64, "read")
@example(b"a,b,c" + b"\r\n" * 80, DIALECTS[1], 1, "file")
@example(b"x" * 62 + b"\r\n" * 3 + b"#", DIALECT, 63, "file")
# The first record ends with a chunk, or with what has been read; a later one is as long as several.
@example(b"x" * 63 + b"\n" + b"y" * 127 + b"\n" + b"z" * 700 + b"\na", DIALECT, 64, "file")
@example(b"x" * 127 + b"\n" + b"y" * 63 + b"\n", DIALECT, 64, "file")
@settings(max_examples=300, deadline=None)
def test_chunks_give_what_the_general_pass_gives(
    contents: bytes, dialect: CsvDialect, chunk: int, source: str
) -> None:
    with mock.patch.object(csv_fast, "CHUNK_BYTES", chunk), tempfile.TemporaryFile() as file:
        file.write(b"in front\n")
        morsel = morsel_of(contents, fetched=source == "fetched", file=file if source == "file" else None)
        fast = csv_block.index_block(morsel, dialect, COLUMNS, Scratch())
    general = csv_block.general_index(morsel_of(contents), dialect, COLUMNS, Scratch())
    assert told(fast) == told(general)


@given(
    st.one_of(plain_texts, texts),
    st.sampled_from(DIALECTS),
    st.sampled_from([64, 90, 1 << 20]),
    sources,
)
@example(b"#a\n\n\r\n#", DIALECT, 64, "read")
@example(b"a\n" + b"\r" * 3, DIALECT, 64, "read")
@example(b"a" * 63 + b"\n\nb", DIALECT, 1 << 20, "fetched")
@example(b"a" * 64 + b"\n" + b"b" * 65 + b"\n", DIALECT, 64, "file")
@example(b"\n" * 64 + b"#\n" * 64, DIALECT, 64, "file")
@example(b"ab\n" * 200 + b"\n" + b"ab\n" * 200, DIALECT, 1 << 20, "read")
@example(b"ab\n" * 200 + b"#\n" + b"ab\n" * 200, DIALECT, 1 << 20, "read")
@example(b"ab\n" * 200 + b"\r" + b"ab\n" * 200, DIALECT, 1 << 20, "read")
@settings(max_examples=300, deadline=None)
def test_counting_gives_the_number_of_records(
    contents: bytes, dialect: CsvDialect, piece: int, source: str
) -> None:
    general = csv_block.general_index(morsel_of(contents), dialect, (), Scratch())
    with mock.patch.object(csv_counting, "PIECE_BYTES", piece), tempfile.TemporaryFile() as file:
        file.write(b"in front\n")
        morsel = morsel_of(contents, fetched=source == "fetched", file=file if source == "file" else None)
        count = csv_block.count_records(morsel, dialect)
    if count is not None:
        assert general.error is None
        assert count == general.rows


stretches = st.tuples(
    st.sampled_from([b"ab\n", b"c\n", b"d" * 70 + b"\n", b"ab;", b"x"]),
    st.integers(0, 900),
    st.sampled_from(
        [
            b"\n",
            b"#x\n",
            b"x#\n",
            b"~\n",
            b"\t\n",
            b" y\n",
            "é\n".encode(),
            b"\0\n",
            b"!\n",
            b";;",
            b"~;",
            b"#",
        ]
    ),
)


@given(
    st.lists(stretches, max_size=6),
    st.sampled_from(
        [CsvInput(), CsvInput(quote_character=""), CsvInput(comments="~"), CsvInput(record_delimiter=";")]
    ),
    st.integers(0, 70),
)
@settings(max_examples=200, deadline=None)
def test_what_is_seldom_stops_no_count(
    parts: list[tuple[bytes, int, bytes]], inputs: CsvInput, before: int
) -> None:
    contents = b"y" * before + b"".join(some * often + odd for some, often, odd in parts)
    dialect = CsvDialect.of(inputs)
    assert csv_block.count_records(morsel_of(contents), dialect) == (
        csv_block.general_index(morsel_of(contents), dialect, (), Scratch()).rows
    )


@pytest.mark.parametrize("fetched", [False, True])
def test_ordinary_text_is_counted_without_being_indexed(fetched: bool, tmp_path: Path) -> None:
    text = "a,b\n#c\n\néé,x\r\n".encode() * 5000
    plain = b"abc,def\n" * 5000
    with mock.patch.object(csv_counting, "PIECE_BYTES", 4096):
        assert csv_block.count_records(morsel_of(text, fetched=fetched), DIALECT) == 10_000
        assert csv_block.count_records(morsel_of(plain, fetched=fetched), DIALECT) == 5000
        with open(tmp_path / "text", "wb+") as file:
            assert csv_block.count_records(morsel_of(text, file=file), DIALECT) == 10_000
            assert csv_block.count_records(morsel_of(plain, file=file), DIALECT) == 5000


@pytest.mark.parametrize("left", [0, 10, 5000])
def test_a_file_that_ends_early_is_left_to_the_read_that_tells(left: int, tmp_path: Path) -> None:
    with mock.patch.object(csv_counting, "PIECE_BYTES", 4096), open(tmp_path / "text", "wb+") as file:
        morsel = morsel_of(b"abc,def\n" * 5000, file=file)
        file.truncate(left)
        assert csv_block.count_records(morsel, DIALECT) is None
    # Now the descriptor is not open any more.
    with mock.patch.object(csv_counting, "PIECE_BYTES", 4096):
        assert csv_block.count_records(morsel, DIALECT) is None


def test_a_lasting_morsel_needs_its_file_no_more(tmp_path: Path) -> None:
    reading = TextReading(CsvFormat(DIALECT, (0,)))
    with open(tmp_path / "text", "wb+") as file:
        morsel = morsel_of(b"abc,def\n" * 5000, file=file)
        assert reading.rows(morsel, Scratch()).batch.length == 5000
        again = reading.lasting(morsel)
        # The number of a file that is closed may be that of any other later.
        file.truncate(0)
    assert again.file is None
    batch = reading.rows(again, Scratch()).batch
    assert isinstance(batch, CsvBatch)
    assert batch.field(0).to_python() == ["abc"] * 5000


def test_a_file_that_has_changed_is_neither_counted_nor_indexed(tmp_path: Path) -> None:
    path = tmp_path / "text.csv"
    path.write_bytes(b"abc,def\n" * 500_000)
    with open_path(path) as source:
        reader = MorselReader(source, CsvFormat(DIALECT, ()), BufferPool())
        morsels = [reader.next(wait=True) for _ in range(2)]
        assert morsels[1] is not None
        assert morsels[1].file is not None
        count = csv_block.count_records(morsels[1], DIALECT)
        assert count == morsels[1].length // 8
        assert csv_block.index_block(morsels[1], DIALECT, (0,), Scratch()).rows == count
        os.utime(path, ns=(1, 1))
        with pytest.raises(S3SelectError, match="changed"):
            csv_block.count_records(morsels[1], DIALECT)
        with pytest.raises(S3SelectError, match="changed"):
            csv_block.index_block(morsels[1], DIALECT, (0,), Scratch())
        os.truncate(path, morsels[1].start + 5)
        with pytest.raises(S3SelectError, match="changed"):
            csv_block.index_block(morsels[1], DIALECT, (0,), Scratch())


@pytest.mark.parametrize("last", [b'"', b"\xff", b"\xc3", b"\r\n"])
def test_what_is_unusual_is_seen_in_the_very_last_bytes(last: bytes) -> None:
    text = b"abc,def\n" * 4096 + last
    assert csv_block.count_records(morsel_of(text), DIALECT) is None


def test_records_at_the_limit_and_over_it_are_not_counted_wrongly() -> None:
    for size, code in ((1 << 20, None), ((1 << 20) + 1, "OverMaxRecordSize")):
        text = b"a\n" * 10 + b"x" * size + b"\n" + b"b\n" * 10
        count = csv_block.count_records(morsel_of(text), DIALECT)
        block = csv_block.index_block(morsel_of(text), DIALECT, (0,), Scratch())
        assert (block.error.code if block.error else None) == code
        assert block.rows == (21 if code is None else 10)
        assert count in (None, block.rows)
        assert code is None or count is None


texts_of_fields = st.sampled_from(
    ["", "1992", "1992-02-20", "1992-02-2", "1992-02-201", "1992-02-20\0", "é", "z" * 16, "z" * 17, "\0", "b"]
)
bounds = st.builds(
    FieldBounds,
    st.sampled_from([0, 1, 2]),
    st.none() | texts_of_fields.filter(lambda text: len(text.encode()) <= 16),
    st.booleans(),
    st.none() | texts_of_fields.filter(lambda text: len(text.encode()) <= 16),
    st.booleans(),
)


def lies_within(field: bytes, asked: FieldBounds) -> bool:
    """The same in plain Python."""
    low = None if asked.low is None else asked.low.encode()
    high = None if asked.high is None else asked.high.encode()
    above = low is None or field > low or (asked.with_low and field == low)
    return above and (high is None or field < high or (asked.with_high and field == high))


@given(
    st.lists(st.lists(texts_of_fields, min_size=1, max_size=4), max_size=40),
    bounds,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([1, 64, 1 << 17]),
)
@example([["1992-02-20"], ["1992-02-20\0"]], FieldBounds(0, None, True, "1992-02-20", False), "\n", 64)
@settings(max_examples=300, deadline=None)
def test_only_records_outside_the_bounds_get_no_row(
    table: list[list[str]], asked: FieldBounds, end: str, chunk: int
) -> None:
    contents = "".join(",".join(row) + end for row in table).encode()
    with mock.patch.object(csv_fast, "CHUNK_BYTES", chunk):
        block = csv_block.index_block(
            morsel_of(contents), DIALECT, Wanted((0, 1, 2), bounds=asked), Scratch()
        )
    whole = rows_of(csv_block.general_index(morsel_of(contents), DIALECT, (0, 1, 2), Scratch()))
    kept = [row for row in whole if (field := row[1 + asked.column]) is None or lies_within(field, asked)]
    assert rows_of(block) == kept
    assert block.records == len(whole)


def test_records_with_quotes_are_kept_whatever_the_bounds() -> None:
    contents = b'a,"b"\nb,c\n'
    block = csv_block.index_block(
        morsel_of(contents), DIALECT, Wanted((0, 1), bounds=FieldBounds(0, "x", True, None, True)), Scratch()
    )
    assert block.rows == 2


def test_a_byte_that_is_not_utf8_is_told_where_the_bounds_leave_its_record_out() -> None:
    contents = b"a,b\n" * 100 + b"a,\xff\nz,c\n"
    wanted = Wanted((0,), bounds=FieldBounds(0, "z", True, None, True))
    for asked in (wanted, Wanted((0,), required=b"zzz")):
        block = csv_block.index_block(morsel_of(contents), DIALECT, asked, Scratch())
        assert block.error is not None
        assert block.error.code == "InvalidTextEncoding"
        assert block.rows == 0


@pytest.mark.parametrize("plain", [False, True])
def test_of_a_long_text_its_beginning_is_looked_for(plain: bool) -> None:
    """So that it takes no longer where a text as long nearly stands at every byte."""
    text = b"needle" + b"a" * 100_000 + b"b"
    contents = b"".join(record + b"\n" for record in (b"c" * 500, text, b"needl", text[:100], text + b"b"))
    wanted = Wanted((0,), required=text, plain=plain)
    found = csv_block.index_block(morsel_of(contents), DIALECT, wanted, Scratch())
    # The filter compares the rest.
    assert [row[0] for row in rows_of(found)] == [text, text[:100], text + b"b"]
    query = f"SELECT CHAR_LENGTH(_1) FROM S3Object WHERE _1 = '{text.decode()}'"
    assert scan(contents, query, CsvInput(), CsvOutput()).payload == b"%d\n" % len(text)
