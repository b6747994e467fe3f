"""Headers of pages against the general reader of Thrift."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.formats.parquet_thrift import read_struct_and_end
from s3sql.kernels.parquet_header import FIELDS, read_page_header
from tests.formats.parquet_thrift import binary, int32, struct

#: The number of the struct, its field, and the place in the result.
PLACES = {
    (None, 1): 0, (None, 2): 1, (None, 3): 2,
    (5, 1): 3, (5, 2): 4, (5, 3): 5, (5, 4): 12,
    (7, 1): 3, (7, 2): 4,
    (8, 1): 3, (8, 2): 6, (8, 3): 7, (8, 4): 4, (8, 5): 8, (8, 6): 9, (8, 7): 10,
}  # fmt: skip


def read(octets: bytes) -> tuple[int, list[int]]:
    fields = np.empty(FIELDS, np.int64)
    buffer = PaddedBuffer.copy_of(b"\x15" + octets + b"\x15" * 9).array
    end = int(read_page_header(buffer, 1, 1 + len(octets), fields))
    return end - 1 if end > 0 else -1, fields.tolist()


def expected(fields: dict[int, Any]) -> list[int]:
    found = [-1] * FIELDS
    found[10] = 1
    for (outer, number), place in PLACES.items():
        part = fields if outer is None else fields.get(outer, {})
        if number in part:
            found[place] = int(part[number])
    found[11] = next((outer for outer in (5, 7, 8) if outer in fields), -1)
    return found


NUMBERS = st.integers(0, 2**31 - 1)
STATISTICS = st.dictionaries(
    st.integers(1, 6), st.one_of(st.binary(max_size=200).map(binary), NUMBERS.map(int32))
)


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries({1: NUMBERS, 2: NUMBERS, 3: NUMBERS}, optional={4: NUMBERS}),
    st.sampled_from([5, 7, 8]),
    st.dictionaries(st.integers(1, 7), NUMBERS),
    STATISTICS,
)
def test_as_thrift_says(outer: dict[int, int], kind: int, inner: dict[int, int], statistics: Any) -> None:
    inner.pop(7, None)
    nested = {number: int32(value) for number, value in inner.items() if kind != 5 or number != 5}
    if kind == 5:
        nested[5] = 12, struct(statistics)
    members = {number: int32(value) for number, value in outer.items()} | {kind: (12, struct(nested))}
    octets = struct(members)
    fields, end = read_struct_and_end(octets)
    assert read(octets) == (end, expected(fields))
    assert read(octets[:-1])[0] == -1


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_read_as_thrift_says(octets: bytes) -> None:
    end, _ = read(octets)
    if end >= 0:
        assert read_struct_and_end(octets)[1] == end
