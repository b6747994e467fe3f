"""CSV records of numbers alone against the records that are laid from fields."""

from __future__ import annotations

from decimal import Context, Decimal
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.payloads import Decimals, Text, repeated
from s3sql.request import CsvOutput
from s3sql.serialize import csv, csv_numbers
from s3sql.serialize.base import Member, Records
from s3sql.serialize.csv import CsvSerializer
from s3sql.types import Column, Kind

outputs = st.builds(
    CsvOutput,
    quote_fields=st.sampled_from(["ASNEEDED", "ALWAYS"]),
    quote_character=st.sampled_from(['"', "5", "-", "", "”"]),
    quote_escape_character=st.sampled_from(['"', "1", "§"]),
    record_delimiter=st.sampled_from(
        ["\n", "\r\n", "0", "§1", "a long end of a record, of more than 32 bytes"]
    ),
    field_delimiter=st.sampled_from([",", ".", "-", "7x", "§", "between two"]),
)
LEAST, MOST = -(1 << 63), (1 << 63) - 1
_WIDE = Context(prec=40)
integers = st.one_of(st.integers(LEAST, MOST), st.integers(-120, 120), st.sampled_from([LEAST, MOST, 0, -1]))
scales = st.one_of(st.none(), st.integers(0, 8), st.sampled_from([-1, 6, 7]))


def column_of(numbers: list[int], scale: int | None) -> Column:
    """INT without *scale*, else DECIMAL."""
    values = np.array(numbers, np.int64)
    if scale is None:
        return Column.of(Kind.INT, values)
    return Column.of(Kind.DECIMAL, Decimals(values, repeated(np.array([scale], np.int32), len(values))))


def both(output: CsvOutput, columns: list[Column], length: int) -> tuple[Records, Records]:
    """The records, first as many rows are written, and then as few are."""
    members = [Member("x", column) for column in columns]
    with mock.patch.object(csv_numbers, "_FEW_ROWS", 0):
        found = CsvSerializer(output).serialize(members, length)
    with mock.patch.object(csv, "number_records", return_value=None):
        return found, CsvSerializer(output).serialize(members, length)


@given(
    outputs,
    st.lists(st.lists(integers, min_size=4, max_size=4), min_size=1, max_size=20),
    st.lists(scales, min_size=1, max_size=4),
)
@example(CsvOutput(), [[LEAST] * 4, [MOST] * 4], [None, 0, 1, 6])
def test_records_are_those_laid_from_fields(
    output: CsvOutput, rows: list[list[int]], column_scales: list[int | None]
) -> None:
    columns = [column_of([row[n] for row in rows], scale) for n, scale in enumerate(column_scales)]
    found, expected = both(output, columns, len(rows))
    assert bytes(found.payload) == bytes(expected.payload)
    assert found.ends.tolist() == expected.ends.tolist()


@given(st.lists(integers, min_size=1, max_size=30), st.integers(0, 6))
def test_numbers_are_written_in_full(numbers: list[int], scale: int) -> None:
    """Against Python, and from an array that is not contiguous."""
    values = np.array([numbers, numbers], np.int64).T
    column = Column.of(
        Kind.DECIMAL, Decimals(values[:, 1], repeated(np.array([scale], np.int32), len(values)))
    )
    found, _ = both(CsvOutput(), [Column.of(Kind.INT, values[:, 0]), column], len(values))
    expected = "".join(f"{number},{Decimal(number).scaleb(-scale, _WIDE):f}\n" for number in numbers)
    assert bytes(found.payload).decode() == expected


@pytest.mark.parametrize(
    "column",
    [
        Column.unknown(Kind.NULL, 2),
        Column.of(Kind.FLOAT, np.array([1.5, 2.0])),
        Column.of(Kind.STRING, Text.of(["1", "2"])),
        Column.tagged(np.array([Kind.INT, Kind.NULL], np.uint8), {Kind.INT: np.array([1, 0])}),
        Column(2, Kind.INT, None, {Kind.INT: np.array([10, 2])}, Text.of(["1e1", "2"])),
        Column.of(Kind.DECIMAL, Decimals(np.array([15, 2]), np.array([1, 0], np.int32))),
        Column.of(Kind.DECIMAL, Decimals(np.array([15, 2]), repeated(np.array([7], np.int32), 2))),
        Column.of(Kind.DECIMAL, Decimals(np.array([15, 2]), np.array([1, 1], np.int32), np.array([1, 0]))),
    ],
)
def test_what_is_no_column_of_numbers_is_laid_from_fields(column: Column) -> None:
    """Beside one that is."""
    numbers = Column.of(Kind.INT, np.array([7, -8]))
    found, expected = both(CsvOutput(), [numbers, column], 2)
    assert bytes(found.payload) == bytes(expected.payload)
    assert found.ends.tolist() == expected.ends.tolist()


@pytest.mark.parametrize("length", [csv_numbers._FEW_ROWS - 1, csv_numbers._FEW_ROWS])
def test_few_rows_and_many(length: int) -> None:
    column = column_of(list(range(-5, length - 5)), None)
    with mock.patch.object(csv_numbers, "lay_numbers", wraps=csv_numbers.lay_numbers) as called:
        records = CsvSerializer(CsvOutput()).serialize([Member("x", column)], length)
    assert called.called == (length == csv_numbers._FEW_ROWS)
    assert bytes(records.payload).decode().split() == [str(number) for number in range(-5, length - 5)]
