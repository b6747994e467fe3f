"""Conditions judged once for each text of a dictionary: the answer of judging every row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.formats.parquet import ParquetBatch
from s3sql.formats.parquet_distinct import first_of_each
from tests.formats.parquet_files import parquet, payload


@contextmanager
def judged() -> Iterator[list[int]]:
    """How many rows each condition of one column was evaluated for."""
    counts: list[int] = []
    original = ParquetBatch.by_value

    def by_value(batch: ParquetBatch, condition: Any) -> Any:
        found = original(batch, condition)
        if found is not None:
            counts.append(len(found[0]))
        return found

    # Entries are not looked at where one of them fails or there are too many.
    by_entry = mock.patch.object(ParquetBatch, "by_entry", return_value=None)
    with by_entry, mock.patch.object(ParquetBatch, "by_value", by_value):
        yield counts


def outcome(sql: str, contents: bytes) -> object:
    try:
        return payload(sql, contents, output_format="json")
    except S3SelectError as error:
        return error.code, error.message, error.position


#: Texts of which some are no numbers, and no text at all.
TEXTS = ["1", "2", "33", "x", "", "Ä", None, "1e5", "99999999999999999999"]

CONDITIONS = [
    "s.t = '2'",
    "s.t LIKE '%3%'",
    "s.t IN ('x', '33', '')",
    "LOWER(s.t) = 'ä'",
    "s.t IS NULL",
    "s.t < '3' OR s.n > 5",
    "CAST(s.t AS INT) > 1",
    "s.t <> 'x' AND s.t <> '' AND CAST(s.t AS DECIMAL) > 1",
    "s.n > 2 AND CAST(s.t AS INT) = 2",
    "CAST(s.t AS INT) = 1 OR s.n = 3",
    "CHAR_LENGTH(s.t) > 1 AND 10 / s.n > 1",
    "NOT (s.t = '1' OR CAST(s.t AS INT) = 2)",
    "s.t = s.u",
    "CASE WHEN s.t = '1' THEN TRUE WHEN CAST(s.t AS INT) = 2 THEN TRUE ELSE FALSE END",
    "s.t || '!' = '1!'",
    "CAST(s.t AS INT) = 1 AND s.u = 'x'",
    "UPPER(s.t)",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(TEXTS), min_size=12, max_size=60),
    st.sampled_from(CONDITIONS),
    st.integers(0, 2**16),
)
def test_as_row_by_row(texts: list[str | None], condition: str, seed: int) -> None:
    numbers = [(seed + row * row) % 7 for row in range(len(texts))]
    file = parquet({"t": pa.array(texts, pa.string()), "u": pa.array(texts[::-1], pa.string()), "n": numbers})
    sql = f"SELECT s.n, s.t FROM S3Object s WHERE {condition}"
    nothing = {"return_value": None}
    with mock.patch.object(ParquetBatch, "by_entry", **nothing):
        with mock.patch.object(ParquetBatch, "by_value", **nothing):
            expected = outcome(sql, file)
        assert outcome(sql, file) == expected
    assert outcome(sql, file) == expected


def test_each_text_is_judged_once() -> None:
    file = parquet({"t": ["a", "b", "c", None] * 100, "n": list(range(400))})
    with judged() as counts:
        assert payload("SELECT s.n FROM S3Object s WHERE s.t LIKE 'b%' AND s.n < 9", file) == b"1\n5\n"
    assert counts == [4]


def test_what_fails_first_is_told() -> None:
    file = parquet({"t": ["1", "x", "y", "x", "2", "3"] * 10})
    with pytest.raises(S3SelectError, match=re.escape("'x'")):
        payload("SELECT * FROM S3Object s WHERE CAST(s.t AS INT) > 0", file)
    # An entry that no row asked for cannot fail.
    assert payload("SELECT s.t FROM S3Object s WHERE s.t < '3' AND CAST(s.t AS INT) > 1", file) == b"2\n" * 10


def test_conditions_of_other_columns_are_judged_row_by_row() -> None:
    file = parquet({"t": ["a", "b"] * 50, "u": ["b", "b"] * 50, "n": range(100)})
    with judged() as counts:
        assert payload("SELECT COUNT(*) FROM S3Object s WHERE s.t = s.u", file) == b"50\n"
        assert payload("SELECT COUNT(*) FROM S3Object s WHERE s.n = 1", file) == b"1\n"
    assert counts == []


def test_numbers_of_a_dictionary_are_judged_once() -> None:
    file = parquet({"n": [1, 2, None, 4] * 50})
    with judged() as counts:
        assert payload("SELECT COUNT(*) FROM S3Object s WHERE s.n < 4", file) == b"100\n"
    assert counts == [4]


def test_values_that_are_nearly_all_different() -> None:
    various = pa.array(["a", "b", "c", "a"]).dictionary_encode()
    assert first_of_each(various) is None
    assert first_of_each(pa.array(["a", "a", "a", "a"])) is None
    found = first_of_each(pa.array(["b", None, "b", "a", None, "a"]).dictionary_encode())
    assert found is not None
    assert [part.tolist() for part in found] == [[0, 1, 3], [0, 1, 0, 2, 1, 2]]


def test_part_of_an_array() -> None:
    values = pa.array(["a", "b", None, "b", "b", "b", None, "a"]).dictionary_encode().slice(2, 5)
    found = first_of_each(values)
    assert found is not None
    assert [part.tolist() for part in found] == [[0, 1], [0, 1, 1, 1, 0]]
