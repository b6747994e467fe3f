"""Columns that come as dictionaries of any type against the same columns without one.

The dictionaries are the worst that a writer may make: entries that no row has and no SQL value stands for,
equal entries, entries that are NULL, any number where a row is NULL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import s3sql
from s3sql.coded import Coded
from s3sql.errors import S3SelectError
from s3sql.exec import verdicts
from s3sql.formats import parquet_entries
from s3sql.formats.parquet_entries import Dictionaries
from s3sql.formats.parquet_morsel import ParquetMorsel
from s3sql.serialize import csv_columns
from tests.formats.parquet_files import ask, parquet

Array = Any

# --- dictionaries -----------------------------------------------------------------------------------------


def in_dictionary(plain: Array, unused: Array | None, shuffle: np.random.Generator) -> Array:
    """*plain* in a dictionary that also has *unused* entries, equal ones, and one that is NULL."""
    encoded = plain.dictionary_encode()
    entries = encoded.dictionary
    count = len(entries)
    parts = [entries, entries, pa.nulls(1, entries.type)]
    if unused is not None:
        parts.append(unused.cast(entries.type) if unused.type != entries.type else unused)
    order = shuffle.permutation(sum(map(len, parts)))
    placed = np.argsort(order)
    dictionary = pa.concat_arrays(parts).take(pa.array(order))
    known = ~np.asarray(plain.is_null())
    codes = np.asarray(encoded.indices.fill_null(0)).astype(np.int64)
    # Either of two equal entries; a NULL has any number, or that of the entry which is NULL.
    codes = placed[codes + count * shuffle.integers(0, 2, len(codes))] if count else np.zeros(len(codes), int)
    there = known | (shuffle.integers(0, 2, len(codes)) == 1)
    codes = np.where(known, codes, np.where(there, placed[2 * count], shuffle.integers(0, 999, len(codes))))
    buffers = [pa.py_buffer(np.packbits(there, bitorder="little")), pa.py_buffer(codes.astype(np.int32))]
    indices = pa.Array.from_buffers(pa.int32(), len(codes), buffers)
    return pa.DictionaryArray.from_arrays(indices, dictionary, safe=False)


@contextmanager
def dictionaries(unused: dict[pa.DataType, Array], seed: int = 0) -> Iterator[list[Coded | None]]:
    """Every scalar column comes as a dictionary; what became of each."""
    original, coded = ParquetMorsel.array, Dictionaries.coded
    found: list[Coded | None] = []

    def array(morsel: ParquetMorsel, number: int) -> Array:
        values = original(morsel, number)
        if values.type.num_fields == 0 and not isinstance(values, pa.DictionaryArray):
            values = in_dictionary(values, unused.get(values.type), np.random.default_rng(seed))
            morsel.columns = {**morsel.columns, number: values}
        return values

    def noted(*arguments: Any) -> Coded | None:
        found.append(coded(*arguments))
        return found[-1]

    with mock.patch.object(ParquetMorsel, "array", array), mock.patch.object(Dictionaries, "coded", noted):
        yield found


def outcome(sql: str, contents: bytes, **options: Any) -> object:
    """The records, and how the query failed if it did."""
    records: list[bytes] = []
    try:
        for event in ask(sql, contents, **options).events():
            records.append(event.get("Records", {}).get("Payload", b""))
    except S3SelectError as error:
        return b"".join(records), error.code, error.message, error.position
    return b"".join(records)


# --- columns and queries ----------------------------------------------------------------------------------

COLUMNS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "i": (pa.int64(), [0, 1, 2, -7, 10**15, 2**63 - 1]),
    "k": (pa.int32(), [0, 3, 5]),
    "u": (pa.uint64(), [1, 2**63, 2**64 - 1]),
    "f": (pa.float64(), [0.0, -0.0, 1.5, float("nan"), float("inf"), 1e300]),
    "d": (pa.decimal128(12, 2), [Decimal("0.00"), Decimal("1.50"), Decimal("-99.99")]),
    "w": (pa.decimal128(38, 3), [Decimal("1.500"), Decimal("12345678901234567890123.456")]),
    "b": (pa.bool_(), [True, False]),
    "t": (pa.string(), ["", "1", "x", 'a,"b"', "Ä\n", "7" * 40, "true"]),
    "y": (pa.binary(), [b"", b"bytes", b"a;b"]),
    "day": (pa.date32(), [dt.date(1970, 1, 1), dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
    "at": (pa.timestamp("us"), [dt.datetime(2020, 1, 2, 3, 4, 5), dt.datetime(1969, 12, 31, 23, 59, 59, 1)]),
    "c": (pa.time64("us"), [dt.time(1, 2, 3), dt.time(23, 59, 59, 999999)]),
}

#: Entries that would fail their rows, had they any.
UNUSED: dict[pa.DataType, Array] = {
    pa.string(): pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(np.array([0, 2, 4], np.int32)), pa.py_buffer(b"\xff\xfe??")]
    ),
    pa.binary(): pa.array([b"\xff"]),
    pa.date32(): pa.array([2**31 - 1, -(2**31)], pa.int32()).view(pa.date32()),
    pa.timestamp("us"): pa.array([2**63 - 1], pa.int64()).view(pa.timestamp("us")),
    pa.time64("us"): pa.array([86_400 * 10**6 + 1], pa.int64()).view(pa.time64("us")),
}

#: Entries that are fine, but not for CAST, division or a sum.
FINE: dict[pa.DataType, Array] = {
    pa.string(): pa.array(["none", "0", "99999999999999999999"]),
    pa.int64(): pa.array([-(2**63), 0]),
    pa.int32(): pa.array([0], pa.int32()),
}

CONDITIONS = [
    "s.i = 1",
    "s.i > 0 AND s.k < 4",
    "s.i IS NULL OR s.k = 3",
    "NOT (s.d < 1 OR s.f >= 1)",
    "s.u > 5",
    "s.d BETWEEN -1 AND 1.5",
    "s.d = 1.5 OR s.w < 2",
    "s.b",
    "s.b AND s.t",
    "s.t LIKE '%7%' AND s.day < CAST('1980-01-01' AS TIMESTAMP)",
    "s.t IN ('x', '', '1')",
    "CAST(s.t AS INT) = 1",
    "s.t <> 'x' AND CAST(s.t AS DECIMAL) > 0",
    "s.k <> 0 AND 10 / s.k > 2",
    "10 / s.k > 2",
    "s.day >= s.at",
    "s.at < CAST('2000-01-01T00:00:00Z' AS TIMESTAMP)",
    "EXTRACT(YEAR FROM s.day) = 1970",
    "CASE WHEN s.k = 3 THEN s.i > 0 ELSE s.t = 'x' END",
    "s.c > '02' AND s.y < 'b'",
    "COALESCE(s.i, 5) = 5",
    "-s.i < 0",
    "s.i",
    "s.t > 5",
    # What is unknown to one operand of AND asks the others all the same, and these fail.
    "s.k > 0 AND CAST(s.t AS INT) > 0 AND s.k > 0",
    "s.i > 0 AND s.i < 9 AND s.i <> 1 AND 10 / s.k > 2 AND s.i > 0",
    "(s.b AND s.k > 0 AND s.k < 4 AND s.t || '' = s.t) AND s.b AND 9 / (s.i - 1) < 0",
]

OUTPUTS = [
    "*",
    "s.i, s.d, s.day",
    "s.t, s.k",
    "s.t",
    "s.w, s.t || '!', s.i + s.k, UPPER(s.t), s.d * s.d",
    "CAST(s.d AS STRING), CAST(s.day AS STRING), s.at, s.c, s.y, s.b, s.u, s.f",
    "SUM(s.d * s.w), SUM(s.i), COUNT(s.t), MIN(s.day), MAX(s.at), AVG(s.f), SUM(s.k), MAX(s.u)",
    "COUNT(*)",
]


@st.composite
def files(draw: st.DrawFn) -> dict[str, Array]:
    length = draw(st.integers(12, 70))
    absent = draw(st.sampled_from([0.0, 0.2, 1.0]))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    columns = {}
    for name, (type_, pool) in COLUMNS.items():
        width = int(random.integers(1, len(pool) + 1))
        picked = [pool[place] for place in random.integers(0, width, length)]
        gone = random.random(length) < absent
        columns[name] = pa.array([None if no else v for v, no in zip(picked, gone, strict=True)], type_)
    return columns


@settings(max_examples=60, deadline=None)
@given(
    files(),
    st.sampled_from(["", *CONDITIONS]),
    st.sampled_from(OUTPUTS),
    st.sampled_from(["csv", "json"]),
    st.sampled_from(["ASNEEDED", "ALWAYS"]),
    st.sampled_from([{}, UNUSED, FINE]),
    st.integers(0, 2**16),
)
def test_as_without_a_dictionary(
    columns: dict[str, Array],
    condition: str,
    output: str,
    form: str,
    quotes: str,
    unused: dict[pa.DataType, Array],
    seed: int,
) -> None:
    file = parquet(columns, use_dictionary=False)
    sql = f"SELECT {output} FROM S3Object s" + (f" WHERE {condition}" if condition else "")
    options: dict[str, Any] = {"output_format": form}
    if form == "csv":
        options["quote_fields"] = quotes
    expected = outcome(sql, file, **options)
    with dictionaries(unused, seed), mock.patch.object(csv_columns, "_ROWS", 16):
        assert outcome(sql, file, **options) == expected


@settings(max_examples=15, deadline=None)
@given(files(), st.sampled_from(["", *CONDITIONS[:12]]), st.integers(0, 2**16))
def test_arrow_output(columns: dict[str, Array], condition: str, seed: int) -> None:
    file = parquet(columns, use_dictionary=False)
    sql = "SELECT s.i, s.d, s.f, s.t, s.day, s.at, s.b, s.u FROM S3Object s"
    sql += f" WHERE {condition}" if condition else ""

    def table() -> object:
        try:
            return s3sql.query(sql, file, input_format="parquet").to_arrow().to_pydict()
        except S3SelectError as error:
            return error.code, error.message

    expected = table()
    with dictionaries({}, seed):
        assert str(table()) == str(expected)


# --- what must have been taken, and what must not ---------------------------------------------------------


def few(type_: pa.DataType, values: list[Any], length: int = 200) -> bytes:
    return parquet(
        {"v": pa.array([values[row % len(values)] for row in range(length)], type_)}, use_dictionary=False
    )


@pytest.mark.parametrize("name", COLUMNS)
def test_every_type_is_taken_as_numbers_of_entries(name: str) -> None:
    file = few(*COLUMNS[name])
    expected = outcome("SELECT s.v FROM S3Object s WHERE s.v IS NOT NULL", file)
    with dictionaries({}) as found:
        assert outcome("SELECT s.v FROM S3Object s WHERE s.v IS NOT NULL", file) == expected
    assert found
    assert all(coded is not None for coded in found)


@pytest.mark.parametrize("type_", UNUSED, ids=str)
def test_an_entry_that_is_no_value_fails_its_rows_only(type_: pa.DataType) -> None:
    pool = next(pool for other, pool in COLUMNS.values() if other == type_)
    file = few(type_, pool)
    expected = outcome("SELECT s.v FROM S3Object s", file)
    with dictionaries(UNUSED) as found:
        assert outcome("SELECT s.v FROM S3Object s", file) == expected
    assert found == [None]


def test_a_condition_is_judged_once_for_all_morsels_of_a_dictionary() -> None:
    file = few(pa.int64(), [1, 2, 3], 200_000)
    entries = pa.array([1, 2, 3])
    original, judged = ParquetMorsel.array, []

    def array(morsel: ParquetMorsel, number: int) -> Array:
        values = original(morsel, number)
        codes: Any = pa.array(np.asarray(values) - 1, pa.int32())
        return pa.DictionaryArray.from_arrays(codes, entries)

    original_judged = verdicts._judged

    def noted(*arguments: Any) -> Any:
        judged.append(arguments[1].length)
        return original_judged(*arguments)

    with mock.patch.object(ParquetMorsel, "array", array), mock.patch.object(verdicts, "_judged", noted):
        answer = outcome("SELECT COUNT(*) FROM S3Object s WHERE s.v <> 1", file)
    assert answer == b"133333\n"
    # The first morsel is worked on alone, so nobody else can have been at it.
    assert judged == [4]


def test_a_condition_that_fails_for_an_entry_is_judged_by_rows() -> None:
    file = few(pa.string(), ["1", "2"])
    with dictionaries({pa.string(): pa.array(["x"])}):
        assert outcome("SELECT COUNT(*) FROM S3Object s WHERE CAST(s.v AS INT) = 2", file) == b"100\n"
        found = outcome("SELECT COUNT(*) FROM S3Object s WHERE CAST(s.v AS INT) / 0 = 2", file)
    assert found == outcome("SELECT COUNT(*) FROM S3Object s WHERE CAST(s.v AS INT) / 0 = 2", file)


def test_a_condition_that_makes_much_text_of_every_entry_is_judged_in_pieces() -> None:
    long = "z" * 200_000
    texts = [str(number) for number in range(3000)]
    file = parquet({"v": pa.array(texts * 3)}, use_dictionary=False)
    sql = f"SELECT COUNT(*) FROM S3Object s WHERE CHAR_LENGTH(s.v || '{long}') = 200001"
    sizes: list[int] = []
    original_judged = verdicts._judged

    def noted(*arguments: Any) -> Any:
        found = original_judged(*arguments)
        sizes.append(0 if found is None else arguments[1].length)
        return found

    with dictionaries({}), mock.patch.object(verdicts, "_judged", noted):
        assert outcome(sql, file) == b"30\n"
    assert set(sizes) == {0}


def test_a_dictionary_that_is_too_long_too_large_or_too_various_is_not_kept() -> None:
    column = mock.Mock()
    cases = [
        pa.array(["a" * (1 << 20 | 1), "b"] * 2).dictionary_encode(),
        pa.array([str(number) * 50 for number in range(60_000)]).dictionary_encode(),
        pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), pa.array(["a", "b"])),
        pa.DictionaryArray.from_arrays(pa.array([None], pa.int32()), pa.array([], pa.string())),
        pa.array(["a", "b"]),
    ]
    for values in cases:
        assert Dictionaries().coded(0, column, values) is None
    column.type.form, column.name = "int", "v"
    wild = pa.DictionaryArray.from_arrays(pa.array([0, 5], pa.int32()), pa.array([7, 8]), safe=False)
    assert Dictionaries().coded(0, column, wild) is None
    for index in (pa.int8(), pa.uint16(), pa.uint32(), pa.int64(), pa.uint64()):
        values = pa.DictionaryArray.from_arrays(pa.array([1, None, 0], index), pa.array([7, 8]))
        coded = Dictionaries().coded(0, column, values)
        assert coded is not None
        assert coded.codes.tolist() == [1, 2, 0]


def test_what_was_not_used_lately_is_let_go() -> None:
    column = mock.Mock()
    column.type.form, column.name = "int", "v"
    kept = Dictionaries()

    def array(first: int) -> Array:
        return pa.DictionaryArray.from_arrays(
            pa.array(np.arange(100, dtype=np.int32)), pa.array(np.arange(first, first + 100))
        )

    arrays = [array(first) for first in range(3)]
    size = arrays[0].dictionary.nbytes + 100 * parquet_entries._ENTRY_BYTES
    with mock.patch.object(parquet_entries, "_MOST_BYTES_TOGETHER", 2 * size):
        entries = [kept.coded(0, column, values) for values in arrays[:2]]
        again = kept.coded(0, column, arrays[0])
        kept.coded(0, column, arrays[2])
        assert again is not None
        assert entries[0] is not None
        assert again.entries is entries[0].entries
        first, second = (kept.coded(0, column, values) for values in arrays[:2])
    assert first is not None
    assert second is not None
    assert entries[1] is not None
    assert first.entries is entries[0].entries
    assert second.entries is not entries[1].entries
    # Another column makes other values of the same memory.
    other = kept.coded(1, column, arrays[0])
    assert other is not None
    assert other.entries is not first.entries
