from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s3sql.kernels import compare
from s3sql.payloads import Text

# Texts that share their first eight bytes, or differ by NUL bytes at their end, are the ones to confuse.
texts = st.text("ab\0é", max_size=20) | st.sampled_from(
    ["", "\0", "a", "a\0", "12345678", "12345678\0", "123456789"]
)


def order(left: str, right: str) -> int:
    a, b = left.encode(), right.encode()
    return (a > b) - (a < b)


def test_utf_8_orders_texts_by_scalar_value() -> None:
    assert order("\uffff", "\U00010000") == -1  # UTF-16 would order them the other way round


@given(st.lists(texts), texts, texts)
def test_a_literal(rows: list[str], before: str, literal: str) -> None:
    column, one = Text.of(rows), Text.of([before, literal])
    equal, sign = np.empty(len(rows), np.bool_), np.empty(len(rows), np.int8)
    place = int(one.starts[1]), int(one.ends[1] - one.starts[1])
    compare.equals_literal(column.buffer, column.starts, column.ends, one.buffer, *place, equal)
    compare.order_with_literal(column.buffer, column.starts, column.ends, one.buffer, *place, sign)
    assert equal.tolist() == [row == literal for row in rows]
    assert np.sign(sign).tolist() == [order(row, literal) for row in rows]


@given(st.lists(st.tuples(texts, texts)))
def test_two_columns(pairs: list[tuple[str, str]]) -> None:
    left, right = Text.of(a for a, _ in pairs), Text.of(b for _, b in pairs)
    equal, sign = np.empty(len(pairs), np.bool_), np.empty(len(pairs), np.int8)
    columns = (left.buffer, left.starts, left.ends, right.buffer, right.starts, right.ends)
    compare.equals_text(*columns, equal)
    compare.order_with_text(*columns, sign)
    assert equal.tolist() == [a == b for a, b in pairs]
    assert sign.tolist() == [order(a, b) for a, b in pairs]


def test_what_stands_behind_a_slice_does_not_matter() -> None:
    buffer = np.frombuffer(b"abcabcdabcX" + b"\xff" * 64, np.uint8)
    starts, ends = np.array([0, 3, 7], np.int32), np.array([3, 6, 10], np.int32)
    equal = np.empty(3, np.bool_)
    compare.equals_literal(buffer, starts, ends, buffer, 7, 3, equal)
    assert equal.tolist() == [True, True, True]
    compare.equals_text(buffer, starts, ends, buffer, starts[::-1], ends[::-1], equal)
    assert equal.tolist() == [True, True, True]


@given(
    st.lists(
        st.sampled_from(["true", "TRUE", "tRuE", "tru", "true ", "false", "", "Tr\x75\x45", "\x54RU\x05"])
    )
)
def test_true_in_any_letter_case(rows: list[str]) -> None:
    column = Text.of(rows)
    truth = np.empty(len(rows), np.bool_)
    compare.spells_true(column.buffer, column.starts, column.ends, truth)
    assert truth.tolist() == [row.lower() == "true" for row in rows]
