"""The longest entry of a dictionary, told from its page; texts within lists in a dictionary."""

from __future__ import annotations

import contextlib
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest

from s3sql.errors import S3SelectError
from s3sql.formats import parquet_decoding
from s3sql.formats.parquet_dictionary import longest_text_of
from s3sql.formats.parquet_file import READ_BYTES, ParquetSource
from s3sql.formats.parquet_footer import read_footer
from s3sql.formats.parquet_groups import ColumnChunk, row_groups
from s3sql.stores.memory import BytesObject
from tests.formats.parquet_files import parquet, payload

WORDS = ["a", None, "longest", "", "four"] * 10


def chunk_of(contents: bytes) -> tuple[ParquetSource, ColumnChunk]:
    source = ParquetSource(BytesObject(contents))
    return source, row_groups(read_footer(source), len(contents))[0].columns[0]


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_the_longest_entry_of_a_dictionary(codec: str, version: str) -> None:
    contents = parquet({"t": WORDS}, compression=codec, data_page_version=version)
    assert longest_text_of(*chunk_of(contents)) == 7


def test_a_dictionary_longer_than_a_read() -> None:
    texts = [str(number) * 100 for number in range(10_000)]
    options = {"dictionary_pagesize_limit": 8 << 20, "compression": "none"}
    source, chunk = chunk_of(parquet({"t": texts}, **options))
    assert chunk.size > READ_BYTES
    assert longest_text_of(source, chunk) == 400


def test_a_chunk_without_a_dictionary_tells_nothing() -> None:
    assert longest_text_of(*chunk_of(parquet({"t": WORDS}, use_dictionary=False))) is None


@pytest.mark.parametrize("place", range(1, 40))
def test_a_dictionary_page_that_lies(place: int) -> None:
    """It is told as an error or as nothing, or the change is one of a text."""
    contents = bytearray(parquet({"t": WORDS}, compression="none"))
    _, chunk = chunk_of(bytes(contents))
    contents[chunk.begin + place] ^= 0x7F
    found = None
    with contextlib.suppress(S3SelectError):
        found = longest_text_of(ParquetSource(BytesObject(bytes(contents))), chunk)
    assert found is None or found <= chunk.uncompressed


NESTED: dict[str, pa.Array[Any]] = {
    "list": pa.array([None if row % 7 == 0 else WORDS[: row % 5] for row in range(60)]),
    "lists": pa.array([[WORDS[:1], WORDS[1:3]] if row % 3 else [] for row in range(60)]),
    "struct": pa.array([{"a": WORDS[row % 5], "b": row} if row % 5 else None for row in range(60)]),
    "map": pa.array(
        [[("xyz"[row % 3], WORDS[row % 5])] for row in range(60)], pa.map_(pa.string(), pa.string())
    ),
    "entries": pa.array([[(row, WORDS[row % 5])] for row in range(60)], pa.map_(pa.int64(), pa.string())),
    "structs": pa.array([[{"a": WORDS[row % 5], "l": WORDS[:2]}] for row in range(60)]),
    "fixed": pa.array([["a", "b"]] * 60, pa.list_(pa.string(), 2)),
    "views": pa.array([["a", "b"]] * 60, pa.list_(pa.string_view())),
    "bytes": pa.array([[b"a", b"b"]] * 60),
}


@pytest.mark.parametrize("name", NESTED)
def test_long_texts_within_others_stay_in_their_dictionary(name: str) -> None:
    contents = parquet({"c": NESTED[name]}, row_group_size=25)
    kinds: list[str] = []
    checked = parquet_decoding._checked

    def watched(values: Any) -> Any:
        kinds.append(str(values.type))
        return checked(values)

    for sql in ("SELECT s.c FROM S3Object s", "SELECT s.c AS c FROM S3Object s WHERE s.c[1] IS NOT MISSING"):
        expected = payload(sql, contents, output_format="json")
        with (
            mock.patch.object(parquet_decoding, "_STEP_TEXT_BYTES", 0),
            mock.patch.object(parquet_decoding, "_checked", watched),
        ):
            assert payload(sql, contents, output_format="json") == expected
    assert all("dictionary" in kind for kind in kinds)
    assert kinds


def test_a_list_of_long_texts_is_too_long_and_nothing_worse() -> None:
    """A few bytes of file: elements of 64 KiB each, over a thousand of them in one row."""
    contents = parquet({"l": pa.array([["x" * (1 << 16)] * 1100])}, compression="zstd")
    assert len(contents) < 1 << 20
    with pytest.raises(S3SelectError) as caught:
        payload("SELECT * FROM S3Object s", contents)
    assert caught.value.code == "OverMaxRecordSize"


def test_a_number_without_an_entry_within_a_list() -> None:
    wrong = pa.DictionaryArray.from_arrays(pa.array([0, 5], pa.int32()), pa.array(["a"]), safe=False)
    lists = pa.ListArray.from_arrays([0, 2], wrong)
    with pytest.raises(ValueError, match="entry 5"):
        parquet_decoding._checked(lists)
