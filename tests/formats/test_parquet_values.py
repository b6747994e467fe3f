"""Pages that are decoded here: the values that Arrow finds, and Arrow's errors where there is one."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.formats import parquet_pages, parquet_parts, parquet_values
from s3sql.formats.parquet_columns import column_of
from s3sql.formats.parquet_decoding import ParquetContents
from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_footer import read_footer
from s3sql.formats.parquet_groups import RowGroup, row_groups
from s3sql.formats.parquet_parts import ColumnDecoding, GroupParts
from s3sql.stores.memory import BytesObject
from tests.formats.parquet_files import file_of_long_pages, parquet, payload, without_zstandard_library
from tests.formats.parquet_footers import schema_in
from tests.formats.parquet_writers import DUCKDB_WRITERS, TABLE, WRITERS, by_duckdb

#: Writers of what is left to Arrow in every column, or in some.
_ARROWS = {"delta", "delta, version 2", "byte stream split", "lz4", "int96"}


def opened(contents: bytes) -> tuple[ParquetContents, list[RowGroup]]:
    source = ParquetSource(BytesObject(contents))
    footer = read_footer(source)
    return ParquetContents(source, footer, schema_in(contents)), row_groups(footer, len(contents))


@contextmanager
def by_arrow_alone() -> Iterator[None]:
    with mock.patch.object(parquet_parts, "layout_of", return_value=None):
        yield


def values_of(contents: bytes, number: int, step: int, rows: Any = None) -> list[Any]:
    """All values of a column, or those of *rows* of each part; the code where they cannot be read."""
    opened_file, groups = opened(contents)
    decoding = ColumnDecoding(opened_file, (), (number,))
    column = opened_file.schema.columns[number]
    found: list[Any] = []
    for group in groups:
        parts = GroupParts(decoding, group, step)
        for part, begin in enumerate(range(0, group.rows, step)):
            count = min(step, group.rows - begin)
            chosen = None if rows is None else np.array([row for row in rows if row < count], np.int64)
            try:
                array = None if chosen is None else parts.take_some(part, number, chosen)
                if array is None:
                    array = parts.take(part, number)[number]
                    array = array if chosen is None else array.take(pa.array(chosen, pa.int64()))
            except S3SelectError as error:
                return [*found, error.code, error.message]
            array.validate()
            found += _read(array, column)
            parts.give_up(part)
    return found


def _read(array: Any, column: Any) -> list[Any]:
    """The values, behind those that fail their rows."""
    failed: list[Any] = []
    read = column_of(array, column, lambda where, error: failed.extend([*np.flatnonzero(where), error.code]))
    return [*failed, *read.to_python()]


def assert_same(left: list[Any], right: list[Any]) -> None:
    assert [repr(value) for value in left] == [repr(value) for value in right]


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer(name: str) -> None:
    contents = parquet(TABLE, **{"row_group_size": 100} | WRITERS[name])
    flat = [number for number, field in enumerate(TABLE.schema) if field.name != "o"]
    for number in flat:
        rows = [None, range(0, 64, 3), [63]][number % 3]
        with by_arrow_alone():
            expected = values_of(contents, number, 64, rows)
        with mock.patch.object(parquet_parts, "LateColumns", wraps=parquet_parts.LateColumns) as by_arrow:
            assert_same(values_of(contents, number, 64, rows), expected)
        if name not in _ARROWS:
            assert not by_arrow.called, TABLE.schema[number]


@pytest.mark.parametrize("options", DUCKDB_WRITERS)
def test_every_duckdb_writer(options: str, tmp_path: Any) -> None:
    contents = by_duckdb(options, tmp_path)
    for number in range(len(TABLE.schema) - 3):
        for rows in (None, range(5, 1000, 7)):
            with by_arrow_alone():
                expected = values_of(contents, number, 1000, rows)
            assert_same(values_of(contents, number, 1000, rows), expected)


TYPES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.bool_(), st.booleans()),
    (pa.int8(), st.integers(-128, 127)),
    (pa.uint32(), st.integers(0, 2**32 - 1)),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.float32(), st.floats(width=32)),
    (pa.float64(), st.floats()),
    (pa.decimal128(5, 2), st.decimals(-999, 999, places=2)),
    (pa.decimal128(30, 3), st.decimals(-(10**26), 10**26, places=3)),
    (pa.string(), st.text(max_size=40)),
    (pa.binary(), st.binary(max_size=70)),
    (pa.binary(3), st.binary(min_size=3, max_size=3)),
    (pa.date32(), st.integers(-(10**5), 10**5)),
    (pa.timestamp("us"), st.integers(-(10**15), 10**15)),
    (pa.time32("ms"), st.integers(0, 86_399_999)),
]


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_values(data: st.DataObject) -> None:
    type_, strategy = data.draw(st.sampled_from(TYPES))
    distinct = data.draw(st.lists(strategy, min_size=1, max_size=12))
    chosen = random.Random(data.draw(st.integers(0, 2**32)))
    count, nulls = data.draw(st.integers(1, 3000)), data.draw(st.sampled_from([0, 0, 0.01, 0.5, 0.99, 1]))
    values: list[Any] = []
    while len(values) < count:
        # Runs of one value, and of NULL.
        length = chosen.choice([1, 1, 1, 2, 9, 700])
        values += [None if chosen.random() < nulls else chosen.choice(distinct)] * length
    array = pa.array(values[:count], type_)
    options = {
        "data_page_version": data.draw(st.sampled_from(["1.0", "2.0"])),
        "compression": data.draw(st.sampled_from(["none", "snappy", "zstd", "gzip", "brotli"])),
        "use_dictionary": data.draw(st.booleans()),
        "dictionary_pagesize_limit": data.draw(st.sampled_from([8, 100, 2**20])),
        "data_page_size": data.draw(st.sampled_from([1, 100, 2**20])),
        "write_batch_size": data.draw(st.sampled_from([3, 64, 1024])),
        "store_decimal_as_integer": data.draw(st.booleans()),
        "row_group_size": data.draw(st.sampled_from([500, 5000])),
    }
    nullable = nulls > 0 or data.draw(st.booleans())
    table = pa.table([array], schema=pa.schema([pa.field("c", type_, nullable=nullable)]))
    contents = parquet(table, **options)
    step = data.draw(st.integers(1, 700))
    rows = data.draw(
        st.none() | st.lists(st.integers(0, step - 1), max_size=30).map(lambda some: sorted({*some}))
    )
    with by_arrow_alone():
        expected = values_of(contents, 0, step, rows)
    ratio = data.draw(st.sampled_from([0, 2]))
    with (
        mock.patch.object(parquet_parts, "LateColumns", wraps=parquet_parts.LateColumns) as by_arrow,
        mock.patch.object(parquet_values, "_ROWS_TO_AN_ENTRY", ratio),
    ):
        assert_same(values_of(contents, 0, step, rows), expected)
    assert not by_arrow.called


def _damaged(contents: bytes, chosen: random.Random) -> bytes:
    """The file with some of its bytes before the footer changed."""
    end = len(contents) - 8 - int.from_bytes(contents[-8:-4], "little")
    damaged = bytearray(contents)
    for _ in range(chosen.choice([1, 1, 2, 5])):
        place = chosen.randrange(4, end)
        damaged[place] = chosen.choice(
            [damaged[place] ^ 1 << chosen.randrange(8), 0, 255, chosen.randrange(256)]
        )
    return bytes(damaged)


_PLAIN: dict[str, Any] = {"use_dictionary": False}
_TEXTS = [None if n % 7 == 0 else f"text {n}" for n in range(500)]
DAMAGED: dict[str, Any] = {
    "codes": ([n % 37 for n in range(1500)], {}),
    "codes with nulls": ([None if n % 3 else n % 37 for n in range(1500)], {}),
    "long codes": (range(1500), {}),
    "plain": (range(500), _PLAIN),
    "truths": ([None if n % 5 == 0 else n % 3 == 0 for n in range(500)], {}),
    "texts": (_TEXTS, _PLAIN),
    "texts of a dictionary": ([f"text {n % 9}" for n in range(500)], {}),
    "octets": (pa.array([n.to_bytes(3, "big") for n in range(500)], pa.binary(3)), _PLAIN),
}


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd", "gzip"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_pages(name: str, version: str, codec: str) -> None:
    # What comes of damage that is not seen is another thing in every version of that library, and this is of
    # Arrow's answers.
    with without_zstandard_library():
        _test_damaged_pages(name, version, codec)


def _test_damaged_pages(name: str, version: str, codec: str) -> None:
    values, options = DAMAGED[name]
    small = {"data_page_size": 300, "write_batch_size": 100}
    contents = parquet(
        {"c": pa.array(values)}, data_page_version=version, compression=codec, **small, **options
    )
    chosen = random.Random(f"{name} {version} {codec}")
    for _ in range(15):
        damaged = _damaged(contents, chosen)
        with by_arrow_alone():
            expected = values_of(damaged, 0, 400)
        found = values_of(damaged, 0, 400)
        if "ParquetParsingError" not in expected:
            assert_same(found, expected)
            continue
        # Arrow looks at the page behind the rows that it is asked for.
        assert found[-2:] == expected[-2:]
        assert_same(found[: len(expected) - 2], expected[:-2])
        # Of rows that are not asked for nothing need be known, but nothing else may come of the others.
        values_of(damaged, 0, 400, range(0, 400, 17))


def test_pages_without_number_are_left_to_arrow() -> None:
    contents = parquet({"c": range(200)}, data_page_size=1, write_batch_size=2, use_dictionary=False)
    for most, left in ((100, False), (99, True)):
        with (
            mock.patch.object(parquet_parts, "_MOST_PAGES", most),
            mock.patch.object(parquet_parts, "LateColumns", wraps=parquet_parts.LateColumns) as by_arrow,
            mock.patch.object(parquet_parts, "_LEAST_PAGES", 1),
        ):
            assert values_of(contents, 0, 70) == list(range(200))
        assert by_arrow.called == left


def test_a_page_of_few_bytes_and_many_rows_takes_no_memory() -> None:
    """Four million NULLs, and then one value."""
    nulls = pa.concat_arrays([pa.nulls(1 << 22, pa.int64()), pa.array([5])])
    contents = parquet({"c": nulls}, row_group_size=1 << 23, max_rows_per_page=1 << 23)
    assert len(contents) < 1 << 14
    opened_file, (group,) = opened(contents)
    parts = GroupParts(ColumnDecoding(opened_file, (), (0,)), group, 1 << 16)
    tracemalloc.start()
    try:
        for part in range(65):
            found = parts.take(part, 0)[0]
            assert found.null_count == (1 << 16 if part < 64 else 0)
            parts.give_up(part)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()
    assert found.to_pylist() == [5]


@pytest.mark.parametrize("most_whole_bytes", [0, 4 << 20])
@pytest.mark.parametrize("honest", [False, True])
def test_pages_that_are_longer_than_their_values_do_not_fill_the_memory(
    most_whole_bytes: int, honest: bool
) -> None:
    """Of some kilobytes each page makes four mebibytes, and the rows of all of them are asked for at once."""
    pages, size = 24, 4 << 20
    contents = file_of_long_pages(pages, size, told=pages * (size + 100) if honest else 4 * pages)
    assert len(contents) < 1 << 18
    with mock.patch.object(parquet_parts, "_MOST_WHOLE_BYTES", most_whole_bytes):
        opened_file, (group,) = opened(contents)
        parts = GroupParts(ColumnDecoding(opened_file, (), (0,)), group, pages)
        tracemalloc.start()
        try:
            found = parts.take(0, 0)[0]
            assert tracemalloc.get_traced_memory()[1] < 16 << 20
        finally:
            tracemalloc.stop()
    assert found.to_pylist() == [7] * pages


def test_a_page_that_is_shorter_than_it_says_shows_no_other_bytes() -> None:
    """Snappy, gzip and Brotli tell how many bytes there are only to those who look."""
    for codec in ("snappy", "gzip", "brotli", "zstd"):
        contents = parquet({"c": ["abc" * 50, "x"]}, use_dictionary=False, compression=codec)
        at = contents.index(b"\x15", 5) + 1
        size = int.from_bytes(contents[at : at + 2], "little")
        lying = contents[:at] + (size + 0x0002).to_bytes(2, "little") + contents[at + 2 :]
        with pytest.raises(S3SelectError) as caught:
            payload("SELECT * FROM S3Object", lying)
        assert caught.value.code == "ParquetParsingError"


def test_pages_are_decompressed_outside_the_pool_that_keeps_its_memory() -> None:
    contents = parquet({"c": list(range(50_000))}, compression="zstd", use_dictionary=False)
    pool = pa.proxy_memory_pool(pa.system_memory_pool())
    with mock.patch.object(parquet_pages, "_POOL", pool), without_zstandard_library():
        assert payload("SELECT SUM(s.c) FROM S3Object s", contents) == b"1249975000\n"
    assert pool.max_memory() > 0
    assert pool.bytes_allocated() == 0
    assert parquet_pages._POOL.backend_name == "system"


def test_few_rows_are_not_read_with_those_behind_them() -> None:
    chosen = np.random.default_rng(1)
    columns = {name: chosen.integers(0, 1 << 60, 100_000) for name in "abcd"}
    contents = parquet(columns, use_dictionary=False, compression="none", data_page_size=20_000)
    counts: list[int] = []
    original = ParquetSource.read_into

    def read_into(source: ParquetSource, piece: memoryview, offset: int) -> int:
        counts.append(original(source, piece, offset))
        return counts[-1]

    with mock.patch.object(ParquetSource, "read_into", read_into):
        for sql, most in (
            ("SELECT * FROM S3Object s LIMIT 10", 4 * (64 << 10)),
            ("SELECT * FROM S3Object s LIMIT 90000", len(contents)),
            ("SELECT s.a FROM S3Object s WHERE s.a > 0 LIMIT 10", len(contents) // 4),
        ):
            counts.clear()
            assert payload(sql, contents)
            # The footer comes beside them.
            assert most // 2 < sum(counts) <= most + (70 << 10), sql
