"""Footers read as columns, against the plain Python that makes an object of every struct."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.formats import parquet_footer, parquet_groups
from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_footer import read_footer
from s3sql.formats.parquet_groups import row_groups
from s3sql.formats.parquet_structs import Structs
from s3sql.formats.parquet_thrift import read_struct_and_end
from s3sql.stores.memory import BytesObject
from tests.formats.parquet_files import footer_of, node, parquet, with_footer
from tests.formats.parquet_thrift import Member, binary, int32, int64, struct, structs, varint, with_tail
from tests.formats.parquet_writers import DUCKDB_WRITERS, TABLE, WRITERS, by_duckdb
from tests.twins import parquet_footer as twin

#: What is told of a column chunk.
KEYS = (
    "begin", "size", "uncompressed", "values", "codec",
    "physical", "width", "encodings", "path", "statistics",
)  # fmt: skip

#: Its footer is short, since bytes of it are changed one by one.
SMALL = parquet(
    pa.table({"a": [1, 2, 3], "b": [["x"], [], None]}),
    row_group_size=2,
    store_schema=False,
    compression="none",
)


class _Anything:
    """Equal to every number: Arrow's part is left out, so that what it refuses is looked at as well."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture(scope="module", autouse=True)
def _without_arrow() -> Iterator[None]:
    found = mock.Mock(num_columns=_Anything(), num_row_groups=_Anything())
    file = mock.Mock(metadata=found)
    with mock.patch.object(parquet_footer.pq, "ParquetFile", return_value=file):
        yield


def outcome(contents: bytes) -> Any:
    """What the footer of a file says, or why it is refused."""
    try:
        footer = read_footer(ParquetSource(BytesObject(contents)))
        groups = row_groups(footer, len(contents))
    except S3SelectError as error:
        return error.message if error.code == "ParquetParsingError" else error
    return [footer.nodes[row] for row in range(len(footer.nodes))], [
        (
            group.rows,
            group.begin,
            [{key: getattr(chunk, key) for key in KEYS} for chunk in group.columns],
        )
        for group in groups
    ]


def expected(contents: bytes) -> Any:
    """The same in plain Python."""
    what = "The footer"
    try:
        text = footer_of(contents)
        schema, groups = twin.schema_and_groups(text)
        parquet_footer._leaf_counts([element.get(5, 0) for element in schema])
        nodes = [element for element in schema[1:] if not element.get(5, 0)]
        found = []
        for number, group in enumerate(groups):
            what = f"Row group {number}"
            found.append(twin.row_group(group, nodes, len(contents) - len(text) - 8))
        return nodes, found
    except ValueError as error:
        # Of what is said of the footer as a whole, so much is shown.
        reason = str(error)[:300] if what == "The footer" else error
        return f"{what} of the Parquet file cannot be read: {reason}."


def check(contents: bytes) -> Any:
    found = outcome(contents)
    assert found == expected(contents)
    return found


@pytest.mark.parametrize("writer", WRITERS)
def test_footers_by_arrow_say_the_same(writer: str) -> None:
    _, groups = check(parquet(TABLE, **WRITERS[writer]))
    assert sum(rows for rows, _, _ in groups) == TABLE.num_rows


@pytest.mark.parametrize("options", DUCKDB_WRITERS)
def test_footers_by_duckdb_say_the_same(options: str, tmp_path: Path) -> None:
    _, groups = check(by_duckdb(options, tmp_path))
    assert sum(rows for rows, _, _ in groups) == 5000


def test_many_row_groups_are_read_in_several_goes() -> None:
    contents = parquet({"a": list(range(20)), "b": list(range(20))}, row_group_size=1)
    for at_once in (1, 2, 5, 6, 39, 40, 1000):
        with mock.patch.object(parquet_groups, "_CHUNKS_AT_ONCE", at_once):
            assert len(check(contents)[1]) == 20


def test_every_byte_may_be_any_other_one() -> None:
    footer, refusals = footer_of(SMALL), set()
    for place in range(len(footer)):
        for byte in {*(footer[place] ^ 1 << bit for bit in range(8)), 0, 0x1C, 0x29, 255}:
            found = check(with_footer(SMALL, footer[:place] + bytes([byte]) + footer[place + 1 :]))
            refusals |= {found.split(":", 1)[1][:20]} if isinstance(found, str) else set()
    # They are of many sorts.
    assert len(refusals) > 20


def test_every_cut_is_refused_the_same() -> None:
    footer = footer_of(SMALL)
    for length in range(len(footer)):
        assert isinstance(check(with_footer(SMALL, footer[:length])), str)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_bytes_may_be_lost_doubled_and_changed(data: st.DataObject) -> None:
    footer = footer_of(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(footer))] * 2)))
        between = data.draw(st.sampled_from([b"", footer[begin:end] * 2]) | st.binary(max_size=12))
        footer = footer[:begin] + between + footer[min(end, begin + 24) :]
    check(with_footer(SMALL, footer))


# --- footers of any fields --------------------------------------------------------------------------------

_NUMBERS = st.sampled_from([0, 1, 4, 5, 7, 8, 63, 64, 100, 2**31, 2**40, 2**62, 2**63 - 1])
_ODD: st.SearchStrategy[Member] = st.one_of(
    st.sampled_from([(1, b""), (2, b""), (3, b"\xff"), (5, b"\x01"), (7, b"\x00" * 8), (12, b"\x00")]),
    st.sampled_from([(9, b"\x25\x02\x04"), (9, b"\x21\x01\x02"), (10, b"\x18\x01a"), (9, b"\x1c\x00")]),
    st.sampled_from([(6, b"\xff" * 9 + b"\x01"), (6, b"\xfe" * 9 + b"\x01"), (6, b"\xff" * 9 + b"\x02")]),
    st.sampled_from([(6, b"\xff" * 10 + b"\x00"), (11, b"\x00"), (14, b""), (9, b"\x10"), (9, b"\x1d")]),
    _NUMBERS.map(int64),
    st.binary(max_size=3).map(binary),
)


def _fields(usual: dict[int, Member]) -> st.SearchStrategy[bytes]:
    """A struct of its usual fields, nearly: some are missing, odd, or come a second time."""

    def encoded(changes: dict[int, Member | None], twice: tuple[int, Member] | None) -> bytes:
        members = {number: one for number, one in (usual | changes).items() if one is not None}
        text = struct(members)
        return text if twice is None else text[:-1] + _again(*twice) + b"\x00"

    changes = st.dictionaries(st.sampled_from([*usual, 1, 2, 8, 13]), st.none() | _ODD, max_size=1)
    numbers = st.sampled_from([*usual, 1, -(2**63), 2**63 - 1])
    return st.builds(encoded, st.just({}) | changes, st.none() | st.tuples(numbers, _ODD))


def _again(number: int, member: Member) -> bytes:
    """A field whose number is written out."""
    return bytes([member[0]]) + varint(number << 1 if number >= 0 else (-number << 1) - 1) + member[1]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_fields_may_be_missing_odd_and_twice(data: st.DataObject) -> None:
    leaf = data.draw(_fields({1: int32(7), 2: int32(5), 3: int32(1), 4: binary(b"a")}))
    meta = data.draw(
        _fields(
            {
                1: int32(7),
                2: (9, b"\x35\x00\x10\x06"),
                3: (9, b"\x18\x01a"),
                4: int32(1),
                5: int64(3),
                6: int64(data.draw(_NUMBERS)),
                7: int64(data.draw(_NUMBERS)),
                9: int64(data.draw(_NUMBERS)),
                11: int64(data.draw(_NUMBERS)),
                12: (12, struct({3: int64(1), 5: binary(b"x" * 5)})),
            }
        )
    )
    chunk = data.draw(_fields({2: int64(4), 3: (12, meta)}))
    groups = [
        data.draw(_fields({1: structs([chunk] * count), 2: int64(9), 3: int64(rows)}))
        for rows, count in data.draw(st.lists(st.tuples(st.integers(0, 1), st.sampled_from([2, 2, 1]))))
    ]
    root = {1: int32(1), 2: structs([node(b"root", 2), leaf, leaf]), 3: int64(0), 4: structs(groups)}
    contents = with_tail(data.draw(_fields(root)))
    check(b"PAR1" + bytes(data.draw(st.sampled_from([0, 100, 200]))) + contents[4:])


@pytest.mark.parametrize("depth", [30, 31, 32, 33])
@pytest.mark.parametrize(
    ("opened", "closed"), [(b"\x1c", b"\x00"), (b"\x19\x1c", b"\x00"), (b"\x19\x19", b"")]
)
def test_nesting_is_limited_at_the_same_level(depth: int, opened: bytes, closed: bytes) -> None:
    text = opened * depth + b"\x19\x05"[: 2 * (opened[-1] == 0x19)] + closed * depth + b"\x00"
    try:
        fields, _ = read_struct_and_end(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=f"^{re.escape(str(error))}$"):
            Structs.at(text, np.zeros(1, np.int64))
    else:
        assert Structs.at(text, np.zeros(1, np.int64)).value(0, 1) == fields[1]


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from([0, 1, 2, 3, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x2C, 0xFC])
        | st.integers(0, 255)
    )
)
def test_any_bytes_are_read_or_refused_as_the_general_reader_does(octets: list[int]) -> None:
    text = bytes(octets)
    try:
        fields, _ = read_struct_and_end(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=f"^{re.escape(str(error))}$"):
            Structs.at(text, np.zeros(1, np.int64))
        return
    found = Structs.at(text, np.zeros(1, np.int64))
    for number in range(1, 13):
        assert repr(found.value(0, number)) == repr(fields.get(number))
