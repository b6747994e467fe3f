"""Conditions as bounds of stored numbers, and columns as they are stored: the answer of the general path."""

from __future__ import annotations

import datetime as dt
import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.exec import parquet_reader
from s3sql.formats import parquet_numbers, parquet_parts
from s3sql.formats.parquet import ParquetBatch
from s3sql.formats.parquet_morsel import ParquetMorsel
from s3sql.formats.parquet_parts import GroupParts
from s3sql.formats.parquet_ranges import NumberRange, leading_ranges
from s3sql.formats.parquet_values import ChunkValues
from s3sql.plan.expr import Literal, ParquetField
from s3sql.plan.operators import Between, Compare
from s3sql.types import Kind
from tests.formats.parquet_files import ask, parquet, without_zstandard_library


def outcome(sql: str, contents: bytes) -> object:
    """The records, and how the query failed if it did."""
    records: list[bytes] = []
    try:
        for event in ask(sql, contents).events():
            records.append(event.get("Records", {}).get("Payload", b""))
    except S3SelectError as error:
        return b"".join(records), error.code, error.message, error.position
    return b"".join(records)


@contextmanager
def general_path() -> Iterator[None]:
    with (
        mock.patch.object(parquet_parts, "ranges_of", return_value=((), 0)),
        mock.patch.object(ParquetMorsel, "numbers", return_value=None),
    ):
        yield


@contextmanager
def judged() -> Iterator[list[int]]:
    """How many conjuncts the ranges have judged, of each morsel."""
    counts: list[int] = []
    original = GroupParts.within

    def within(parts: GroupParts, part: int, scratch: Any) -> Any:
        rows, count = original(parts, part, scratch)
        counts.append(count)
        return rows, count

    with mock.patch.object(GroupParts, "within", within):
        yield counts


# --- queries ----------------------------------------------------------------------------------------------

DAYS = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
NEAR_DAYS = st.dates(dt.date(1969, 12, 28), dt.date(1970, 1, 5))
MOMENTS = st.datetimes(dt.datetime(1969, 12, 31, 23, 59, 58), dt.datetime(1970, 1, 1, 0, 0, 2))

COLUMNS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "k": (pa.int32(), st.integers(-4, 4) | st.sampled_from([-(2**31), 2**31 - 1])),
    "i": (pa.int64(), st.integers(-4, 4) | st.sampled_from([-(2**63), 2**63 - 1])),
    "s": (pa.int16(), st.integers(-4, 4)),
    "u": (pa.uint32(), st.sampled_from([0, 3, 2**31, 2**32 - 1])),
    "d": (pa.decimal128(5, 2), st.decimals(-3, 3, places=2)),
    "e": (pa.decimal128(18, 3), st.decimals(-3, 3, places=3) | st.just(Decimal(10**15 - 1))),
    "w": (pa.decimal128(30, 3), st.decimals(-3, 3, places=3)),
    "born": (pa.date32(), DAYS | NEAR_DAYS),
    "ms": (pa.timestamp("ms"), MOMENTS.map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))),
    "us": (pa.timestamp("us"), MOMENTS),
    "ns": (pa.timestamp("ns"), MOMENTS),
    "t": (pa.string(), st.sampled_from(["", "a", "1", "2x"])),
}

NUMBERS = st.integers(-5, 5).map(str) | st.decimals(-4, 4, places=3).map(str)
NUMBERS |= st.sampled_from(
    ["9223372036854775807", "-9223372036854775808", "1e0", "99999999999999999999", "0.5"]
)
INSTANTS = (NEAR_DAYS | DAYS).map(lambda day: day.isoformat()) | MOMENTS.map(lambda at: f"{at.isoformat()}Z")


#: Errors of queries that this module must not make: nothing would be read.
_OF_THE_QUERY = ("ParseInvalidPathComponent", "ParseUnexpectedToken", "ParseCastArity")


@st.composite
def conditions(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(list(COLUMNS)))
    if name == "t":
        return draw(st.sampled_from(["s.t = 'a'", "CAST(s.t AS INT) > 0", "s.t <> ''", "s.t < 'b'"]))
    timed = name in ("born", "ms", "us", "ns")
    literals = INSTANTS.map(lambda text: f"CAST('{text}' AS TIMESTAMP)") if timed else NUMBERS
    first, second = draw(literals), draw(literals)
    operator = draw(st.sampled_from(["<", "<=", ">", ">=", "=", "<>", "BETWEEN", "swapped", "AND"]))
    match operator:
        case "BETWEEN":
            return f"s.{name} BETWEEN {first} AND {second}"
        case "swapped":
            return f"{first} {draw(st.sampled_from(['<', '<=', '>', '>=', '=']))} s.{name}"
        case "AND":
            return f"(s.{name} >= {first} AND s.{name} <> {second})"
    return f"s.{name} {operator} {first}"


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_any_conditions_over_any_columns(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 600))
    chosen = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    columns: dict[str, Any] = {}
    for name, (type_, strategy) in COLUMNS.items():
        pool = data.draw(st.lists(strategy, min_size=1, max_size=8))
        values = [pool[number] for number in chosen.integers(0, len(pool), count)]
        if data.draw(st.integers(0, 9)) == 0:
            values[data.draw(st.integers(0, count - 1))] = None
        columns[name] = pa.array(values, type_)
    contents = parquet(
        columns,
        store_decimal_as_integer=data.draw(st.booleans()),
        compression=data.draw(st.sampled_from(["none", "snappy", "zstd"])),
        use_dictionary=data.draw(st.booleans()),
        dictionary_pagesize_limit=data.draw(st.sampled_from([16, 1 << 20])),
        data_page_size=data.draw(st.sampled_from([1, 300, 1 << 20])),
        write_batch_size=data.draw(st.sampled_from([7, 100])),
        row_group_size=data.draw(st.sampled_from([count, -(-count // 3)])),
        # Statistics rule out row groups.
        write_statistics=data.draw(st.booleans()),
    )
    where = " AND ".join(data.draw(st.lists(conditions(), min_size=1, max_size=4)))
    wanted = data.draw(
        st.sampled_from(
            [
                "s.k, s.i, s.d, s.e, s.t",
                "*",
                "SUM(s.d * s.e), COUNT(s.u), MIN(s.born)",
                "s.i * 2, s.us, s.born",
                "COUNT(*)",
            ]
        )
    )
    limit = data.draw(st.sampled_from(["", " LIMIT 3"])) if "(" not in wanted else ""
    sql = f"SELECT {wanted} FROM S3Object s WHERE {where}{limit}"
    few_rows = data.draw(st.sampled_from([0, 1 << 14]))
    # Several morsels of a row group.
    rows = data.draw(st.sampled_from([1 << 17, 200, 60]))
    with general_path():
        expected = outcome(sql, contents)
    assert not isinstance(expected, tuple) or expected[1] not in _OF_THE_QUERY
    with (
        mock.patch.object(parquet_numbers, "_FEW_ROWS", few_rows),
        mock.patch.multiple(parquet_reader, _MOST_ROWS=rows, _MOST_NUMBER_ROWS=rows),
    ):
        assert outcome(sql, contents) == expected


def test_what_is_judged_by_ranges() -> None:
    """Conjuncts up to the first that is none."""
    contents = parquet(
        {
            "k": pa.array(range(5000), pa.int64()),
            "born": pa.array([dt.date(2020, 1, 1 + row % 28) for row in range(5000)]),
            "t": [str(row % 7) for row in range(5000)],
        }
    )
    for where, count in {
        "s.k < 100": 1,
        "s.k < 100 AND s.born > CAST('2020-01-05' AS TIMESTAMP)": 2,
        "s.k < 100 AND s.k + 1 > 5 AND s.k > 7": 0,
        "s.k BETWEEN 3 AND 1000 AND 5 <= s.k AND s.born = CAST('2020-01-05' AS TIMESTAMP)": 3,
        "CAST(s.t AS INT) = 1 AND s.k < 100": 0,
        "s.k < CAST('1e2' AS FLOAT)": 0,
        "s.k <> 3": 0,
    }.items():
        sql = f"SELECT s.k, s.t FROM S3Object s WHERE {where}"
        with general_path():
            expected = outcome(sql, contents)
        with judged() as counts:
            assert outcome(sql, contents) == expected
        assert set(counts) == {count}, where


def test_the_first_operands_of_a_conjunct_that_may_fail_choose_its_rows() -> None:
    """Where there is a NULL they do not: what is unknown is judged further, and may fail."""
    values: list[int | None] = list(range(3000))
    sql = "SELECT s.a FROM S3Object s WHERE s.a >= 2900 AND 100 / (s.b - 5) > 0 AND s.a < 2950"
    for failing, null in ((5, None), (5, 5), (5, 6), (2905, None), (2905, 3)):
        a = [None if value == null else value for value in values]
        b = [5 if value == failing else 6 for value in values]
        contents = parquet({"a": a, "b": b})
        with general_path():
            expected = outcome(sql, contents)
        assert isinstance(expected, tuple) == (failing == 2905 or null == failing)
        seen: list[int] = []
        original = ParquetBatch.__init__

        def noted(batch: ParquetBatch, *arguments: Any) -> None:
            original(batch, *arguments)  # noqa: B023
            seen.append(batch.length)  # noqa: B023

        with mock.patch.object(ParquetBatch, "__init__", noted):
            assert outcome(sql, contents) == expected
        assert (seen[0] == 100) == (null is None)


def test_a_column_with_nulls_is_left_to_the_general_path_behind_one_without() -> None:
    contents = parquet(
        {"a": list(range(3000)), "b": [None if row % 900 == 5 else row for row in range(3000)]}
    )
    sql = "SELECT s.a, s.b FROM S3Object s WHERE s.a < 2000 AND s.b > 1000"
    with general_path():
        expected = outcome(sql, contents)
    with judged() as counts:
        assert outcome(sql, contents) == expected
    assert counts == [0]


@pytest.mark.parametrize("use_dictionary", [True, False])
def test_a_day_that_the_statistics_deny(use_dictionary: bool) -> None:
    """They say that no day is beyond the year 9999, but one is: the row fails, whatever is asked of it."""
    days = pa.array([row % 40 for row in range(2000)] + [2932896], pa.int32()).cast(pa.date32())
    contents = parquet({"born": days}, use_dictionary=use_dictionary, compression="none")
    footer = len(contents) - 8 - int.from_bytes(contents[-8:-4], "little")
    last, behind = ((2932896 + more).to_bytes(4, "little") for more in (0, 1))
    # The value itself, and what the header of its page says of it.
    beyond = contents[:footer].replace(last, behind) + contents[footer:]
    for where in ("s.born < CAST('1970-01-03' AS TIMESTAMP)", "s.born > CAST('1970-01-03' AS TIMESTAMP)"):
        sql = f"SELECT s.born FROM S3Object s WHERE {where}"
        with general_path():
            expected = outcome(sql, beyond)
        assert isinstance(expected, tuple)
        assert expected[1] == "UnsupportedTypeForQuerying"
        assert outcome(sql, beyond) == expected


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_damage(seed: int) -> None:
    """What cannot be read, or says something else, does so alike; an error may come of another column."""
    chosen = np.random.default_rng(seed)
    codec = ["none", "snappy", "zstd"][seed % 3]
    values = chosen.integers(0, [3, 300, 10**12][seed // 3 % 3], 2000)
    contents = parquet({"c": values}, compression=codec, data_page_size=700, dictionary_pagesize_limit=3000)
    footer = len(contents) - 8 - int.from_bytes(contents[-8:-4], "little")
    damaged = bytearray(contents)
    for place in chosen.integers(4, footer, chosen.integers(1, 4)):
        damaged[place] ^= 1 << int(chosen.integers(0, 8))
    middle = int(np.sort(values)[1000])
    for sql in (
        f"SELECT s.c FROM S3Object s WHERE s.c < {middle} AND s.c > {middle // 2}",
        f"SELECT SUM(s.c) FROM S3Object s WHERE s.c = {middle}",
    ):
        # A column may be left to Arrow, whose version of Zstandard may make something else of it.
        with without_zstandard_library():
            with general_path():
                expected = outcome(sql, bytes(damaged))
            assert outcome(sql, bytes(damaged)) == expected


def test_a_row_group_is_let_go_of_at_once() -> None:
    """What refers to itself waits for the garbage collector, and its pages with it."""
    count = 9000
    columns = {"a": [row % 50 for row in range(count)], "b": list(range(count)), "t": ["x"] * count}
    contents = parquet(columns, row_group_size=3000)
    alive: list[weakref.ref[ChunkValues]] = []
    original = ChunkValues.__init__

    def noted(values: ChunkValues, *arguments: Any) -> None:
        original(values, *arguments)
        alive.append(weakref.ref(values))

    gc.collect()
    gc.disable()
    try:
        with mock.patch.object(ChunkValues, "__init__", noted):
            for sql in ("SELECT SUM(s.b) FROM S3Object s WHERE s.a < 9", "SELECT * FROM S3Object s"):
                outcome(sql, contents)
        assert len(alive) == 15
        assert not [one for one in alive if one() is not None]
    finally:
        gc.enable()


# --- bounds -----------------------------------------------------------------------------------------------


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["<", "<=", ">", ">=", "="]),
    st.integers(-30, 30) | st.sampled_from([-(2**63) - 1, -(2**63), 2**63 - 1, 2**63]),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_the_bounds_are_those_of_the_comparison(
    operator: str, mantissa: int, digits: int, scale: int
) -> None:
    literal = Decimal(mantissa).scaleb(-digits)
    field = ParquetField(0, frozenset({Kind.DECIMAL}))
    condition = Compare(operator, field, Literal(Kind.DECIMAL, literal), safe=True)
    (found,), count = leading_ranges([condition], lambda number: pa.decimal128(18, scale))
    assert count == 1
    value = Fraction(literal) * 10**scale
    near = {int(value) + off for off in range(-2, 3)} | {-(2**63), 2**63 - 1}
    for stored in (one for one in near if -(2**63) <= one < 2**63):
        expected = {
            "<": stored < value, "<=": stored <= value, ">": stored > value, ">=": stored >= value,
            "=": stored == value,
        }[operator]  # fmt: skip
        assert (found.low <= stored <= found.high) == expected, (stored, value, found)


def test_what_is_no_range() -> None:
    number = ParquetField(0, frozenset({Kind.INT}))
    one, half = Literal(Kind.INT, 1), Literal(Kind.FLOAT, 0.5)
    huge = Literal(Kind.DECIMAL, Decimal("1E+1000000000"))
    types: dict[int, Any] = {0: pa.int64()}
    for condition in (
        Compare("<>", number, one, safe=True),
        Compare("<", number, half, safe=True),
        Compare("<", number, huge, safe=True),
        Compare("<", number, one, safe=False),
        Compare("<", number, number, safe=True),
        Compare("<", ParquetField(1, frozenset({Kind.INT})), one, safe=True),
        Compare("<", ParquetField(0, frozenset({Kind.INT}), may_fail=True), one, safe=True),
        Between(number, one, half, safe=True),
    ):
        assert leading_ranges([condition, Compare("<", number, one, safe=True)], types.get) == ((), 0)


def test_ranges_of_one_column_are_one() -> None:
    number = ParquetField(3, frozenset({Kind.INT}))
    conjuncts = [
        Compare(">=", number, Literal(Kind.INT, 5), safe=True),
        Compare("<", number, Literal(Kind.INT, 9), safe=True),
        Between(number, Literal(Kind.INT, 2), Literal(Kind.INT, 7), safe=True),
    ]
    found, count = leading_ranges(conjuncts, lambda column: pa.int32())
    assert (found, count) == ((NumberRange(3, 5, 7),), 3)
