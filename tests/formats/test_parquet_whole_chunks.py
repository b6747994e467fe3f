"""Column chunks that one call decodes: values as their pages have them when they are looked at one by one."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.formats import parquet_parts, parquet_whole_chunks
from s3sql.formats.parquet_parts import ColumnDecoding, GroupParts
from tests.formats.parquet_files import parquet
from tests.formats.test_parquet_values import TYPES, assert_same, opened, values_of

Decode = parquet_whole_chunks.WholeChunk.decode


def both_ways(contents: bytes, step: int, rows: Any = None) -> bool:
    """See that both ways give the same; whether any part was decoded at once."""
    at_once: list[bool] = []

    def decode(self: Any, *args: Any) -> Any:
        found = Decode(self, *args)
        at_once.append(found is not None)
        return found

    with mock.patch.object(parquet_parts, "_MOST_WHOLE_BYTES", 0):
        expected = values_of(contents, 0, step, rows)
    with mock.patch.object(parquet_whole_chunks.WholeChunk, "decode", decode):
        assert_same(values_of(contents, 0, step, rows), expected)
    return any(at_once)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_values(data: st.DataObject) -> None:
    type_, strategy = data.draw(st.sampled_from([pair for pair in TYPES if pair[0] != pa.bool_()]))
    distinct = data.draw(st.lists(strategy, min_size=1, max_size=300, unique_by=repr))
    chosen = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    count = data.draw(st.integers(1, 4000))
    values = [distinct[number] for number in chosen.integers(0, len(distinct), count)]
    null = data.draw(st.sampled_from([None, None, 0, count - 1, count // 2]))
    if null is not None:
        values[null] = None
    contents = parquet(
        pa.table([pa.array(values, type_)], names=["c"]),
        compression=data.draw(st.sampled_from(["none", "snappy", "zstd", "gzip", "brotli"])),
        # So few bytes that the dictionary is given up on the way.
        dictionary_pagesize_limit=data.draw(st.sampled_from([64, 1 << 20])),
        data_page_size=data.draw(st.sampled_from([1, 500, 1 << 20])),
        write_batch_size=data.draw(st.sampled_from([7, 100])),
    )
    rows = data.draw(st.sampled_from([None, 1, 3, 60]))
    step = data.draw(st.sampled_from([count, -(-count // 3), -(-count // 7)]))
    both_ways(contents, step, None if rows is None else range(0, count, rows))


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd", "gzip", "brotli"])
@pytest.mark.parametrize("nullable", [False, True])
def test_a_dictionary_that_is_given_up_on_the_way(codec: str, nullable: bool) -> None:
    table = pa.table([pa.array(range(9000))], schema=pa.schema([pa.field("c", pa.int64(), nullable)]))
    contents = parquet(table, compression=codec, dictionary_pagesize_limit=4096, data_page_size=1000)
    for step in (9000, 4500, 700):
        assert both_ways(contents, step)
        assert both_ways(contents, step, range(5, 9000, 11))
    # The only row that is wanted of each part; its page can be had alone.
    assert not both_ways(contents, 9000, [8999])


def test_one_null_anywhere() -> None:
    for null in (0, 1, 4999, 9999):
        values = [None if row == null else row % 50 for row in range(10_000)]
        both_ways(parquet({"c": values}, data_page_size=1000), 10_000)
        both_ways(parquet({"c": values}, data_page_size=1000), 2500)


def test_an_entry_that_there_is_not_is_seen_in_a_row_that_is_not_wanted_too() -> None:
    """Of eight bits, so that every number stands in a byte; and runs that say to be others."""
    values = [row % 200 for row in range(4000)]
    contents = parquet({"c": values}, compression="none", use_dictionary=True)
    at = contents.index(bytes(range(64)))
    for place, byte in ((at + 7, 255), (at - 1, 0), (at - 1, 3), (at - 2, 33)):
        damaged = contents[:place] + bytes([byte]) + contents[place + 1 :]
        for rows in (None, range(0, 4000, 3)):
            both_ways(damaged, 4000, rows)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_numbers_of_any_rows(data: st.DataObject) -> None:
    """Those that are stored, of rows that lie anywhere in parts of a row group."""
    type_ = data.draw(st.sampled_from([pa.int32(), pa.int64(), pa.date32(), pa.timestamp("us")]))
    bits = 31 if type_.bit_width == 32 else 63
    chosen = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    count = data.draw(st.integers(1, 3000))
    pool = chosen.integers(-(1 << bits), 1 << bits, data.draw(st.sampled_from([1, 2, 300, 2000])))
    # Runs of equal values, and values one by one.
    lengths = chosen.integers(1, data.draw(st.sampled_from([2, 40])), count)
    stored = np.repeat(chosen.choice(pool, count), lengths)[:count]
    column = pa.array(stored.astype(f"int{type_.bit_width}")).cast(type_)
    contents = parquet(
        pa.table([column], schema=pa.schema([pa.field("c", type_, data.draw(st.booleans()))])),
        compression=data.draw(st.sampled_from(["none", "snappy", "zstd"])),
        use_dictionary=data.draw(st.booleans()),
        dictionary_pagesize_limit=data.draw(st.sampled_from([600, 1 << 20])),
        data_page_size=data.draw(st.sampled_from([1, 500, 1 << 20])),
        write_batch_size=data.draw(st.sampled_from([7, 100])),
    )
    opened_file, (group,) = opened(contents)
    step = data.draw(st.sampled_from([count, -(-count // 3), -(-count // 7)]))
    parts = GroupParts(ColumnDecoding(opened_file, (), (0,)), group, step)
    for part, begin in enumerate(range(0, count, step)):
        length = min(step, count - begin)
        share = data.draw(st.sampled_from([None, 1.0, 0.3, 0.01, 0.0]))
        rows = None if share is None else np.flatnonzero(chosen.random(length) < share)
        found = parts.numbers(part, 0, rows)
        assert found is not None
        expected = stored[begin : begin + length]
        assert found.tolist() == (expected if rows is None else expected[rows]).tolist()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_damage(seed: int) -> None:
    chosen = np.random.default_rng(seed)
    codec = ["none", "snappy", "zstd"][seed % 3]
    values = chosen.integers(0, [3, 300, 10**12][seed // 3 % 3], 2000)
    contents = parquet({"c": values}, compression=codec, data_page_size=700, dictionary_pagesize_limit=3000)
    footer = len(contents) - 8 - int.from_bytes(contents[-8:-4], "little")
    damaged = bytearray(contents)
    for place in chosen.integers(4, footer, chosen.integers(1, 4)):
        damaged[place] ^= 1 << int(chosen.integers(0, 8))
    with mock.patch.object(parquet_parts, "_MOST_WHOLE_BYTES", 0):
        expected = values_of(bytes(damaged), 0, 2000)
    assert_same(values_of(bytes(damaged), 0, 2000), expected)
