"""Footers: what is read of a file, and footers that lie."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_footer import MAX_SCHEMA_DEPTH, Footer, read_footer
from s3sql.formats.parquet_groups import row_groups
from s3sql.stores.memory import BytesObject
from tests.formats.parquet_files import file_of_schema, footer_of, node, parquet, with_footer
from tests.formats.parquet_thrift import MAGIC, varint

SMALL = parquet({"a": [1, 2, 3], "b": [[1], [], [2, 3]], "c": [{"d": 1, "e": "x"}] * 3})


def opened(contents: bytes) -> Footer:
    return read_footer(ParquetSource(BytesObject(contents)))


def refused(contents: bytes) -> str:
    with pytest.raises(S3SelectError) as caught:
        opened(contents)
    assert caught.value.code == "ParquetParsingError"
    return caught.value.message


def test_a_footer_tells_rows_and_leaves() -> None:
    footer = opened(SMALL)
    assert footer.metadata.num_rows == 3
    assert footer.leaves == (1, 1, 2)
    assert footer.size == len(footer_of(SMALL)) + 8


def test_a_long_footer_is_read_whole() -> None:
    names = [f"column number {number} of a wide table" for number in range(1000)]
    footer = opened(parquet({name: [1] for name in names}))
    assert footer.size > 64 << 10
    assert footer.metadata.num_columns == len(footer.leaves) == 1000


def test_only_the_end_of_the_object_is_read() -> None:
    reads: list[tuple[int, int]] = []

    class Watched(BytesObject):
        def read_into(self, buffer: memoryview, offset: int) -> int:
            reads.append((offset, len(buffer)))
            return super().read_into(buffer, offset)

    contents = parquet({"a": list(range(100_000))}, use_dictionary=False, compression="none")
    read_footer(ParquetSource(Watched(contents)))
    assert reads == [(len(contents) - (64 << 10), 64 << 10)]


@pytest.mark.parametrize("contents", [b"", b"PAR1", b"a,b\n1,2\n3,4\n", SMALL[:-1], SMALL + b"\n"])
def test_what_is_no_parquet_says_so(contents: bytes) -> None:
    assert "no Parquet file" in refused(contents)


def test_an_encrypted_file_says_so() -> None:
    assert "encrypted" in refused(SMALL[:-4] + b"PARE")


@pytest.mark.parametrize("length", [len(SMALL), len(SMALL) - 11, 2**31, 2**32 - 1])
def test_a_footer_longer_than_the_file_is_not_read(length: int) -> None:
    message = refused(SMALL[:-8] + length.to_bytes(4, "little") + MAGIC)
    assert f"{length:,} bytes" in message


def test_a_deep_schema_is_refused_before_arrow_walks_it() -> None:
    deep = [node(b"root", 1)] + [node(b"g", 1)] * 100_000 + [node(b"leaf")]
    assert "nested more than" in refused(file_of_schema(deep))
    fits = [node(b"root", 1)] + [node(b"g", 1)] * (MAX_SCHEMA_DEPTH // 2) + [node(b"leaf")]
    assert opened(file_of_schema(fits)).leaves == (1,)


@pytest.mark.parametrize(
    "nodes",
    [
        [node(b"root", 2), node(b"a")],
        [node(b"root", 1), node(b"a"), node(b"b")],
        [node(b"root", 2**31 - 1), node(b"a")],
    ],
)
def test_a_schema_that_is_no_tree_is_refused(nodes: list[bytes]) -> None:
    refused(file_of_schema(nodes))


def test_a_schema_without_columns_has_no_leaves() -> None:
    assert opened(parquet({})).leaves == ()


@pytest.mark.parametrize(
    "footer",
    [
        b"",
        b"\x00",
        b"\x15\x02\x00",
        b"\x15\x02\x19\xfc" + varint(2**40) + b"\x00",
        b"\x15\x02\x19\xf5" + varint(2**62),
        b"\x15\x02\x19\xfc" + b"\xff" * 20,
        b"\x19" + b"\xf3" + varint(2**60),
        b"\x1c" * 100_000,
        b"\x19\x19" * 100_000,
        b"\x18" + varint(2**62),
    ],
)
def test_absurd_footers_end_in_an_error(footer: bytes) -> None:
    refused(with_footer(SMALL, footer))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_change_of_a_footer_ends_in_an_error_or_a_footer(data: st.DataObject) -> None:
    footer = bytearray(footer_of(SMALL))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(footer) - 1))
        footer[place] = data.draw(st.integers(0, 255))
    contents = with_footer(SMALL, bytes(footer))
    with contextlib.suppress(S3SelectError):
        row_groups(opened(contents), len(contents))
