"""Parquet through ``s3sql.query``: what is read, in which order, and what ends a query."""

from __future__ import annotations

import contextlib
import datetime
import io
import itertools
import json
import random
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import s3sql
from s3sql.errors import S3SelectError
from s3sql.exec import footprint, parquet_reader
from s3sql.formats import parquet_file, parquet_groups
from s3sql.stores.memory import BytesObject
from tests.formats.parquet_files import ask, footer_of, parquet, payload, rows, with_footer

COUNT = 1000
COLUMNS: dict[str, Any] = {
    "i": list(range(COUNT)),
    "s": [f"k{number % 7}" for number in range(COUNT)],
    "t": [f"text {number * 7919}" for number in range(COUNT)],
    "n": [None if number % 3 else number for number in range(COUNT)],
    "l": [[number] * (number % 3) for number in range(COUNT)],
}
FILE = parquet(COLUMNS, row_group_size=100)


def code_of(call: Any) -> str:
    with pytest.raises(S3SelectError) as caught:
        call()
    return caught.value.code


def test_all_rows_in_order() -> None:
    found = rows("SELECT * FROM S3Object", FILE)
    assert [row["i"] for row in found] == COLUMNS["i"]
    assert [row["t"] for row in found] == COLUMNS["t"]


def test_the_name_tells_the_format(tmp_path: Any) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(FILE)
    assert s3sql.query("SELECT COUNT(*) AS n FROM S3Object", path).to_arrow().to_pylist() == [{"n": COUNT}]


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_every_codec_of_arrow_is_read(codec: str, version: str) -> None:
    contents = parquet({"a": ["x", "y"] * 50, "b": range(100)}, compression=codec, data_page_version=version)
    assert payload("SELECT SUM(b) FROM S3Object WHERE a = 'y'", contents) == b"2500\n"


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_every_encoding_of_texts_is_read(encoding: str) -> None:
    contents = parquet({"t": COLUMNS["t"]}, use_dictionary=False, column_encoding={"t": encoding})
    assert [row["t"] for row in rows("SELECT t FROM S3Object", contents)] == COLUMNS["t"]


def test_another_codec_fails_only_where_it_is_read() -> None:
    with mock.patch.dict(parquet_groups.CODECS):
        del parquet_groups.CODECS[2]
        contents = parquet({"a": [1], "b": [2]}, compression={"a": "snappy", "b": "gzip"})
        assert payload("SELECT a FROM S3Object", contents) == b"1\n"
        assert payload("SELECT COUNT(*) FROM S3Object", contents) == b"1\n"
        code = code_of(lambda: payload("SELECT b FROM S3Object", contents))
        assert code == "ParquetUnsupportedCompressionCodec"


def test_a_row_group_that_is_too_large_is_told_at_once() -> None:
    with mock.patch.object(parquet_groups, "MAX_ROW_GROUP_BYTES", 100):
        query = "SELECT COUNT(*) FROM S3Object"
        assert code_of(lambda: ask(query, FILE)) == "OverMaxParquetBlockSize"


# --- only what is needed ----------------------------------------------------------------------------------


class Watched(io.BytesIO):
    """A file that notes what is read of it."""

    def __init__(self, contents: bytes) -> None:
        super().__init__(contents)
        self.places: list[tuple[int, int]] = []

    def readinto(self, buffer: Any) -> int:
        place = self.tell()
        count = super().readinto(buffer)
        self.places.append((place, place + count))
        return count

    def touched(self, begin: int, end: int) -> bool:
        return any(first < end and begin < last for first, last in self.places)


def wide_file() -> tuple[bytes, dict[str, list[tuple[int, int]]]]:
    """A file with columns of random texts, and where they are in it, by row group."""
    source = random.Random(1)
    texts = [source.randbytes(500).hex() for _ in range(400)]
    table = {"i": range(400), "a": texts, "b": texts}
    contents = parquet(table, row_group_size=100, compression="none", use_dictionary=False)
    metadata = pq.read_metadata(io.BytesIO(contents))
    places: dict[str, list[tuple[int, int]]] = {"i": [], "a": [], "b": []}
    for group in range(4):
        for leaf, name in enumerate(places):
            chunk = metadata.row_group(group).column(leaf)
            places[name].append(
                (chunk.data_page_offset, chunk.data_page_offset + chunk.total_compressed_size)
            )
    return contents, places


WIDE, PLACES = wide_file()


def read_parts(sql: str, **options: Any) -> dict[str, list[int]]:
    """The row groups of each column that a query reads bytes of."""
    file = Watched(WIDE)
    ask(sql, file, **options).to_arrow()
    return {
        name: [group for group, place in enumerate(found) if file.touched(*place)]
        for name, found in PLACES.items()
        if any(file.touched(*place) for place in found)
    }


def footer_hides(parts: dict[str, list[int]]) -> dict[str, list[int]]:
    """What the first look at the end of the file, where the footer is, reads besides."""
    begin = len(WIDE) - (64 << 10)
    return {
        name: [group for group in groups if PLACES[name][group][1] <= begin] for name, groups in parts.items()
    }


def test_count_reads_the_footer_only() -> None:
    file = Watched(WIDE)
    result = ask("SELECT COUNT(*) AS n FROM S3Object", file)
    assert result.to_arrow().to_pylist() == [{"n": 400}]
    assert file.places == [(len(WIDE) - (64 << 10), len(WIDE))]
    footer = pq.read_metadata(io.BytesIO(WIDE)).serialized_size + 8
    assert (result.stats.bytes_scanned, result.stats.bytes_processed) == (footer, footer)


def test_only_named_columns_are_read() -> None:
    parts = footer_hides(read_parts("SELECT a FROM S3Object"))
    assert parts == {"a": [0, 1, 2, 3][: len(parts["a"])], **{name: [] for name in parts if name != "a"}}


def test_columns_of_a_row_group_without_selected_rows_are_not_read() -> None:
    # No statistics tell what the remainder is.
    parts = footer_hides(read_parts("SELECT b FROM S3Object WHERE i + 0 >= 100 AND i + 0 < 200"))
    assert parts["i"][:3] == [0, 1, 2]
    assert parts["b"] == [1]


def test_limit_ends_the_scan() -> None:
    parts = footer_hides(read_parts("SELECT i, a FROM S3Object LIMIT 5"))
    assert parts["i"] == [0]
    assert parts["a"] == [0]


# --- scan ranges ------------------------------------------------------------------------------------------


def group_starts() -> list[int]:
    metadata = pq.read_metadata(io.BytesIO(FILE))
    chunks = [metadata.row_group(group).column(0) for group in range(metadata.num_row_groups)]
    return [chunk.dictionary_page_offset or chunk.data_page_offset for chunk in chunks]


def numbers(start: int | None, end: int | None) -> list[int]:
    return [row["i"] for row in rows("SELECT i FROM S3Object", FILE, scan_range=(start, end))]


def test_a_range_has_the_row_groups_whose_first_byte_lies_in_it() -> None:
    starts = group_starts()
    assert numbers(0, 3) == []
    assert numbers(0, 4) == list(range(100))
    assert numbers(5, starts[1]) == list(range(100, 200))
    assert numbers(starts[1], starts[2] - 1) == list(range(100, 200))
    assert numbers(starts[9], None) == list(range(900, 1000))
    assert numbers(starts[9] + 1, None) == []
    assert numbers(None, len(FILE) - starts[8]) == list(range(800, 1000))
    assert numbers(None, 10 * len(FILE)) == list(range(1000))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, len(FILE) - 1), max_size=5))
def test_neighbouring_ranges_have_every_row_once(cuts: list[int]) -> None:
    edges = [0, *sorted(set(cuts)), len(FILE)]
    found: list[int] = []
    for begin, end in itertools.pairwise(edges):
        found += numbers(begin, end - 1)
    assert found == list(range(1000))


def test_a_range_beyond_the_object_is_refused() -> None:
    assert code_of(lambda: ask("SELECT i FROM S3Object", FILE, scan_range=(len(FILE), None))) == (
        "InvalidScanRange"
    )


# --- steps, late columns, statistics of the scan ----------------------------------------------------------

QUERIES = [
    "SELECT * FROM S3Object",
    "SELECT t, l FROM S3Object WHERE i >= 250 AND i < 760 AND s = 'k3'",
    "SELECT n FROM S3Object s WHERE s.t LIKE '%9%'",
    "SELECT SUM(i), COUNT(n), MAX(n) FROM S3Object WHERE s <> 'k1'",
    "SELECT i, t FROM S3Object WHERE n IS NOT NULL LIMIT 150",
    "SELECT 'x' FROM S3Object",
    "SELECT CASE WHEN i < 500 THEN t ELSE s END FROM S3Object WHERE s = 'k2' OR i > 900",
]


@pytest.mark.parametrize("sql", QUERIES)
@pytest.mark.parametrize("step", [1, 7, 64])
def test_how_many_rows_are_read_at_a_time_changes_nothing(sql: str, step: int) -> None:
    whole = payload(sql, FILE, output_format="json")
    with mock.patch.object(parquet_reader, "_MOST_ROWS", step):
        assert payload(sql, FILE, output_format="json") == whole
    assert payload(sql, parquet(COLUMNS, use_dictionary=False), output_format="json") == whole


@pytest.mark.parametrize("sql", [*QUERIES, "SELECT t || t, UPPER(s), l FROM S3Object r WHERE t || s <> ''"])
def test_rows_that_would_make_too_much_text_are_evaluated_in_pieces(sql: str) -> None:
    whole = payload(sql, FILE, output_format="json")
    with mock.patch.object(footprint, "PIECE_BYTES", 1000):
        assert payload(sql, FILE, output_format="json") == whole


@pytest.mark.parametrize("sql", QUERIES)
def test_progress_never_goes_back(sql: str) -> None:
    seen = [(0, 0)]
    with mock.patch.object(parquet_reader, "_MOST_ROWS", 10):
        query = ask(sql, FILE)._query
        for step in query.records():
            if step is not None:
                assert (step.scanned, step.processed) >= seen[-1]
                seen.append((step.scanned, step.processed))
    assert seen[-1][0] <= len(FILE)


def test_bytes_scanned_and_processed_are_those_of_the_columns() -> None:
    metadata = pq.read_metadata(io.BytesIO(FILE))
    chunks = [metadata.row_group(group).column(2) for group in range(10)]
    result = ask("SELECT t FROM S3Object", FILE)
    result.to_arrow()
    footer = metadata.serialized_size + 8
    assert result.stats.bytes_scanned == footer + sum(chunk.total_compressed_size for chunk in chunks)
    assert result.stats.bytes_processed == footer + sum(chunk.total_uncompressed_size for chunk in chunks)


def test_a_dictionary_of_long_texts_does_not_fill_the_memory() -> None:
    # 20,000 rows of a text of 900 KB each would be 18 GB.
    long = "x" * 900_000
    table = pa.table({"t": pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), [long])})
    contents = parquet(table.cast(pa.schema({"t": pa.dictionary(pa.int32(), pa.string())})))
    assert len(contents) < 1_000_000
    assert payload("SELECT COUNT(*) FROM S3Object WHERE t = 'y'", contents) == b"0\n"
    assert payload("SELECT CHAR_LENGTH(t) FROM S3Object LIMIT 2", contents) == b"900000\n900000\n"


def test_a_value_longer_than_a_record_fails_its_row() -> None:
    for options in ({"use_dictionary": False}, {"use_dictionary": True}):
        contents = parquet({"i": [1, 2, 3], "t": ["a", "x" * ((1 << 20) + 1), "b"]}, **options)
        assert code_of(lambda data=contents: payload("SELECT CHAR_LENGTH(t) FROM S3Object", data)) == (
            "OverMaxRecordSize"
        )
        assert payload("SELECT i FROM S3Object", contents) == b"1\n2\n3\n"
        assert payload("SELECT CHAR_LENGTH(t) FROM S3Object WHERE i <> 2", contents) == b"1\n1\n"


# --- sources ----------------------------------------------------------------------------------------------


class Pipe(io.RawIOBase):
    """A stream that cannot go back."""

    def __init__(self, contents: bytes) -> None:
        self._file = io.BytesIO(contents)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._file.readinto(buffer)


def test_a_stream_is_stored_on_the_way() -> None:
    assert payload("SELECT SUM(i) FROM S3Object", Pipe(FILE)) == b"499500\n"


def test_a_stream_that_is_too_long_is_refused() -> None:
    with mock.patch.object(parquet_file, "SPOOL_BYTES", 1000):
        assert code_of(lambda: ask("SELECT i FROM S3Object", Pipe(FILE))) == "InvalidRequest"


def test_a_fault_of_the_source_is_told_as_it_is() -> None:
    class Failing(BytesObject):
        def read_into(self, buffer: memoryview, offset: int) -> int:
            if offset < 100:
                raise S3SelectError("PreconditionFailed", "overwritten", status=412)
            return super().read_into(buffer, offset)

    contents = parquet({"a": [str(number) * 50 for number in range(5000)]}, compression="none")
    with mock.patch("s3sql.api.open_source", return_value=Failing(contents)):
        assert code_of(lambda: payload("SELECT a FROM S3Object", b"")) == "PreconditionFailed"


class TestExplain:
    FILE = parquet({"a": list(range(90)), "b": [1.5] * 90}, row_group_size=30)

    def plan_of(self, sql: str, **options: Any) -> str:
        return ask(sql, self.FILE, **options).explain().splitlines()[-1].strip()

    def test_row_groups_read_and_ruled_out(self) -> None:
        some = self.plan_of("SELECT b FROM S3Object WHERE a > 45")
        assert some == "Scan parquet, columns _1 _2, row groups 2 of 3"
        assert self.plan_of("SELECT a FROM S3Object").endswith("columns _1, row groups 3 of 3")
        assert self.plan_of("SELECT a FROM S3Object WHERE a < 0").endswith("row groups 0 of 3")
        assert self.plan_of("SELECT a FROM S3Object", scan_range=(0, 10)).endswith("row groups 1 of 1")

    def test_as_a_dictionary(self) -> None:
        plan = ask("SELECT a FROM S3Object WHERE a > 45", self.FILE).plan
        assert plan["source"]["source"]["row groups"] == {"read": 2, "all": 3}
        json.dumps(plan)


# --- files that lie ---------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_any_change_of_a_file_ends_in_an_answer_or_an_error(seed: int) -> None:
    source = random.Random(seed)
    contents = bytearray(SMALL_FILES[seed % len(SMALL_FILES)])
    for _ in range(source.randint(1, 6)):
        contents[source.randrange(len(contents))] = source.choice([0, 127, 128, 255, source.randrange(256)])
    sql = source.choice([*QUERIES, "SELECT SUM(f), MAX(d) FROM S3Object"])
    with contextlib.suppress(S3SelectError):
        payload(sql, bytes(contents), output_format="json")


def _small_files() -> list[bytes]:
    columns = {name: values[:200] for name, values in COLUMNS.items()}
    columns["f"] = np.arange(200) / 7
    columns["d"] = [datetime.date(2020, 1, 1) + datetime.timedelta(number) for number in range(200)]
    return [
        parquet(columns, row_group_size=100),
        parquet(columns, use_dictionary=False, compression="none", data_page_size=200),
        parquet(columns, data_page_version="2.0", compression="gzip"),
    ]


SMALL_FILES = _small_files()


@pytest.mark.parametrize("cut", [1, 5, 9, 100, 1000])
def test_a_truncated_file_is_no_parquet(cut: int) -> None:
    for contents in (FILE[:-cut], FILE[cut:]):
        assert code_of(lambda data=contents: payload("SELECT * FROM S3Object", data)) == "ParquetParsingError"


def test_an_entry_that_a_dictionary_does_not_have_is_told() -> None:
    contents = parquet({"a": ["x", "y", "z"] * 100}, compression="none")
    # Numbers of two bits: 0 1 2 0, 1 2 0 1, 2 0 1 2. There is no entry 3.
    assert contents.count(b"\x24\x49\x92") > 1
    wrong = contents.replace(b"\x24\x49\x92", b"\x24\xff\x92", 1)
    assert code_of(lambda: payload("SELECT a FROM S3Object", wrong)) == "ParquetParsingError"


def test_fewer_rows_than_the_footer_tells() -> None:
    contents = parquet({"a": range(100)}, write_statistics=False)
    footer = footer_of(contents).replace(b"\xc8\x01", b"\xca\x01")
    lying = with_footer(contents, footer)
    assert payload("SELECT COUNT(*) FROM S3Object", lying) == b"101\n"
    assert code_of(lambda: payload("SELECT a FROM S3Object", lying)) == "ParquetParsingError"
