"""Rows of one row group, forward and in parts."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from s3sql.errors import S3SelectError
from s3sql.formats.parquet_decoding import Decoder, GroupRows, LateColumns, ParquetContents
from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_footer import read_footer
from s3sql.formats.parquet_groups import RowGroup, row_groups
from s3sql.stores.memory import BytesObject
from tests.formats.parquet_files import parquet, rows
from tests.formats.parquet_footers import schema_in


def opened(columns: dict[str, Any], **options: Any) -> tuple[ParquetContents, RowGroup]:
    contents = parquet(columns, **options)
    source = ParquetSource(BytesObject(contents))
    footer = read_footer(source)
    return ParquetContents(source, footer, schema_in(contents)), row_groups(footer, len(contents))[0]


COLUMNS = {"i": list(range(100)), "l": [[n] for n in range(100)], "s": [f"k{n % 3}" for n in range(100)]}


def test_leaves_of_a_column() -> None:
    contents, _ = opened({"a": [1], "b": [{"x": 1, "y": 2}], "c": [3]})
    assert [list(contents.leaves(number)) for number in range(3)] == [[0], [1, 2], [3]]


@pytest.mark.parametrize("step", [1, 7, 100])
def test_as_many_rows_as_asked_for(step: int) -> None:
    contents, group = opened(COLUMNS)
    rows = Decoder(contents, (0, 1)).open(group, step)
    found = [rows.take(count) for count in (1, 33, 66)]
    assert [piece[0].to_pylist() for piece in found] == [
        COLUMNS["i"][:1],
        COLUMNS["i"][1:34],
        COLUMNS["i"][34:],
    ]
    assert [value for piece in found for value in piece[1].to_pylist()] == COLUMNS["l"]
    with pytest.raises(S3SelectError, match="fewer rows"):
        rows.take(1)


def test_texts_of_a_dictionary_are_read_as_numbers() -> None:
    contents, group = opened(COLUMNS)
    values = Decoder(contents, (2,)).open(group, 50).take(100)[2]
    assert isinstance(values, pa.DictionaryArray)
    assert values.to_pylist() == COLUMNS["s"]


def test_various_texts_are_read_as_they_are_if_they_are_short() -> None:
    texts = [f"{n:040}" for n in range(20_000)]
    contents, group = opened({"s": texts}, dictionary_pagesize_limit=10_000)
    values = Decoder(contents, (0,)).open(group, 1000).take(1000)[0]
    assert not isinstance(values, pa.DictionaryArray)
    long = ["x" * 100_000, *texts]
    contents, group = opened({"s": long}, dictionary_pagesize_limit=10_000)
    values = Decoder(contents, (0,)).open(group, 1000).take(1000)[0]
    assert isinstance(values, pa.DictionaryArray)


class TestLateColumns:
    def late(self) -> tuple[LateColumns, list[int]]:
        contents, group = opened(COLUMNS)
        opened_at: list[int] = []

        def rows() -> GroupRows:
            opened_at.append(1)
            return Decoder(contents, (0,)).open(group, 40)

        return LateColumns(rows, [40, 40, 20]), opened_at

    def test_parts_in_any_order(self) -> None:
        late, opened_at = self.late()
        assert not opened_at
        for part, begin in ((1, 40), (0, 0), (2, 80)):
            assert late.take(part)[0].to_pylist() == COLUMNS["i"][begin : begin + 40]
        assert opened_at == [1]

    def test_what_nobody_asked_for_is_not_kept(self) -> None:
        late, opened_at = self.late()
        late.give_up(0)
        late.give_up(2)
        assert not opened_at
        assert late.take(1)[0].to_pylist() == COLUMNS["i"][40:80]
        assert not late._held

    def test_a_part_that_was_decoded_for_a_later_one_is_kept_until_it_is_taken_or_given_up(self) -> None:
        late, _ = self.late()
        late.take(2)
        assert sorted(late._held) == [0, 1]
        late.take(0)
        late.give_up(1)
        assert not late._held


def test_a_page_that_lies_about_its_size_takes_no_memory() -> None:
    contents = parquet({"b": ["a", "a", "b"]}, store_schema=False)
    # PageHeader of the dictionary: type 2, its size before compression and as it is stored.
    at = contents.index(b"\x15\x04\x15\x14\x15\x18", 4) + 5
    lying = contents[:at] + b"\xee\xb3\xea\xfb" + contents[at + 4 :]
    before = pa.default_memory_pool().max_memory() or 0
    with pytest.raises(S3SelectError, match="Page was smaller"):
        rows("SELECT b FROM S3Object", lying)
    assert (pa.default_memory_pool().max_memory() or 0) <= max(before, 64 << 20)
