"""Kernels for Parquet against plain Python."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PADDING, PaddedBuffer
from s3sql.kernels.parquet_values import first_rows, longest_entry, write_times
from s3sql.kernels.rescale_decimals import round_words
from s3sql.payloads import Text

DAY = 86_400 * 10**9


@given(st.lists(st.integers(0, DAY - 1) | st.sampled_from([0, DAY - 1, 10**6, 10**3, 1, 999])))
def test_times_of_day(nanoseconds: list[int]) -> None:
    length = len(nanoseconds)
    out = PaddedBuffer.empty(18 * length).array
    starts, ends = np.empty(length, np.int32), np.empty(length, np.int32)
    write_times(np.array(nanoseconds, np.int64), 1, out, starts, ends)
    assert [text.decode() for text in Text(out, starts, ends).to_bytes()] == [_time(n) for n in nanoseconds]


def _time(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 10**9)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:09}"
    return text[: 12 if fraction % 10**6 == 0 else 15 if fraction % 1000 == 0 else 18]


@pytest.mark.parametrize(("unit", "expected"), [(10**6, b"00:00:01.234"), (10**3, b"00:00:00.001234")])
def test_times_of_day_in_other_units(unit: int, expected: bytes) -> None:
    out, place = PaddedBuffer.empty(36).array, np.empty((2, 2), np.int32)
    # A time outside the day is no time, but must not be written elsewhere.
    write_times(np.array([1234, -(2**63)]), unit, out, place[0], place[1])
    assert Text(out, place[0], place[1]).to_bytes()[0] == expected


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_the_longest_entry(entries: list[bytes]) -> None:
    page = b"".join(len(entry).to_bytes(4, "little") + entry for entry in entries)
    buffer = np.frombuffer(page + b"\xff" * PADDING, np.uint8)
    assert longest_entry(buffer, len(page), len(entries)) == max(map(len, entries), default=0)
    if entries:
        assert longest_entry(buffer, len(page) - 1, len(entries)) == -1
    assert longest_entry(buffer, len(page), len(entries) + 1) == -1


def test_an_entry_longer_than_the_page() -> None:
    buffer = np.frombuffer(b"\xff\xff\xff\xff" + bytes(PADDING), np.uint8)
    assert longest_entry(buffer, 4, 1) == -1


@given(st.lists(st.none() | st.integers(0, 5)))
def test_the_first_row_of_each_value(values: list[int | None]) -> None:
    codes = np.array([77 if value is None else value for value in values], np.int32)
    known = np.array([value is not None for value in values], np.uint8)
    rows, numbered = np.empty(7, np.int64), np.empty(len(values), np.int64)
    count = first_rows(codes, known, np.full(7, -1, np.int32), rows, numbered)
    firsts = list(dict.fromkeys(values))
    assert rows[:count].tolist() == [values.index(value) for value in firsts]
    assert numbered.tolist() == [firsts.index(value) for value in values]


WIDE = st.integers(-(10**76) + 1, 10**76 - 1)
NARROW = st.integers(-(2**127), 2**127 - 1)
EDGES = st.sampled_from(
    [
        10**38,
        10**38 - 1,
        -(10**38),
        10**39 - 5,
        2**64,
        -(2**64),
        10**76 - 1,
        5 * 10**38,
        15 * 10**38,
        2**128,
        0,
    ]
)


@given(st.lists(WIDE | NARROW | EDGES, max_size=8), st.integers(0, 76))
def test_more_than_38_digits_are_rounded_half_even(mantissas: list[int], scale: int) -> None:
    words = np.frombuffer(b"".join(m.to_bytes(32, "little", signed=True) for m in mantissas), np.int64)
    rounded, wrong = _rounded(words, 4, scale, len(mantissas))
    context = Context(prec=38, rounding=ROUND_HALF_EVEN)
    expected = [context.create_decimal(Decimal(m).scaleb(-scale, Context(prec=100))) for m in mantissas]
    assert [(value, value.as_tuple().exponent) for value in rounded] == [
        (value, value.as_tuple().exponent) for value in expected
    ]
    assert wrong == [False] * len(mantissas)


def test_numbers_of_two_words_and_of_more_than_76_digits() -> None:
    narrow = np.frombuffer(
        (2**127 - 1).to_bytes(16, "little") + (-(2**127)).to_bytes(16, "little", signed=True), np.int64
    )
    rounded, _ = _rounded(narrow, 2, 0, 2)
    assert rounded == [
        Decimal("1.7014118346046923173168730371588410573E+38"),
        Decimal("-1.7014118346046923173168730371588410573E+38"),
    ]
    wide = np.frombuffer((10**76).to_bytes(32, "little") + (7).to_bytes(32, "little"), np.int64)
    assert _rounded(wide, 4, 0, 2) == ([Decimal(0), Decimal(7)], [True, False])


def _rounded(words: np.ndarray, width: int, scale: int, length: int) -> tuple[list[Decimal], list[bool]]:
    low, high = np.empty(length, np.int64), np.empty(length, np.int64)
    scales, wrong = np.empty(length, np.int32), np.empty(length, np.uint8)
    assert round_words(words, width, scale, low, high, scales, wrong) == wrong.sum()
    numbers = [(int(h) << 64) + (int(low[row]) & (2**64 - 1)) for row, h in enumerate(high)]
    return [Decimal(n).scaleb(-int(s), Context(prec=100)) for n, s in zip(numbers, scales, strict=True)], [
        bool(flag) for flag in wrong
    ]
