"""Looking up what is known of entries, against plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s3sql.kernels.coded import codes_within, look_up, select_rows, take_codes

LEAST, MOST = -(2**31), 2**31 - 1

codes_of_any_size = st.lists(st.one_of(st.integers(0, 9), st.sampled_from([LEAST, -1, MOST])), max_size=200)


@given(codes_of_any_size, st.sampled_from([-1, 0, 4, 9, MOST]))
def test_a_code_that_is_no_entry_is_found(codes: list[int], last: int) -> None:
    array = np.array(codes, np.int32)
    assert codes_within(array, np.int32(last)) == all(0 <= code <= last for code in codes)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=9),
    st.lists(st.integers(0, 99), max_size=200),
    st.sampled_from([1, 2]),
)
def test_what_entries_have_is_looked_up(table: list[int], numbers: list[int], bit: int) -> None:
    codes = [number % len(table) for number in numbers]
    array = np.array(codes, np.int32)
    expected = [bool(table[code] & bit) for code in codes]
    found = np.empty(len(codes), np.bool_)
    look_up(np.array(table, np.uint8), bit, array, found)
    assert found.tolist() == expected
    rows = np.full(len(codes) + 1, -7, np.int64)
    count = select_rows(np.array(table, np.uint8), bit, array, rows[:-1])
    assert rows[:count].tolist() == [row for row, holds in enumerate(expected) if holds]
    assert rows[-1] == -7
    taken = np.empty(count, np.int32)
    take_codes(array, rows[:count], taken)
    assert taken.tolist() == [code for code, holds in zip(codes, expected, strict=True) if holds]
