"""Filters over Parquet files of several writers select what pyarrow's own reading of the file tells.

For each way to write a table (encodings, pages, codecs, statistics, versions of the format; Arrow and DuckDB)
random conditions of every operator on every type are asked. The expected rows are found by plain Python among
the values that pyarrow reads, so it does not matter what of the file was read, ruled out, decoded late or
compared as entries of a dictionary.
"""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import s3sql
from s3sql.formats import parquet_opening
from tests.formats.parquet_files import parquet
from tests.formats.parquet_writers import COLUMNS, DAY, DUCKDB_WRITERS, TABLE, WRITERS, by_duckdb

#: Nanoseconds of a unit.
NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}

CONDITIONS = 20


# --- what pyarrow reads -----------------------------------------------------------------------------------


@cache
def read(contents: bytes) -> dict[str, list[Any]]:
    """The values of each column as SQL compares them."""
    return {field: _values(column) for field, column in _columns(contents).items()}


def _columns(contents: bytes) -> dict[str, pa.ChunkedArray]:
    # In nanoseconds, INT96 would end in 2262.
    table = pq.ParquetFile(io.BytesIO(contents), coerce_int96_timestamp_unit="us").read()
    found = {name: table.column(name) for name in table.column_names}
    members = found["o"].combine_chunks().flatten()
    return found | {"o.x": pa.chunked_array([members[0]])}


def _values(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        unit = NANOSECONDS[column.type.unit]
        return [None if value is None else value * unit for value in column.cast(pa.int64()).to_pylist()]
    if pa.types.is_date(column.type):
        days = column.cast(pa.int32()).to_pylist()
        return [None if value is None else value * DAY for value in days]
    found = column.to_pylist()
    return [value.decode() if isinstance(value, bytes) else value for value in found]


def as_read(value: Any, like: Any) -> Any:
    """A JSON value of ours, as *like*, a value of :func:`read`, is."""
    if isinstance(like, float):
        return None if value is None else float(value)
    if isinstance(like, int) and isinstance(value, str):
        return _nanoseconds(value)
    if isinstance(like, dict):
        return {name: value.get(name) for name in like}
    return value


def _nanoseconds(text: str) -> int:
    """Nanoseconds since 1970 of a day or of a timestamp in UTC."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    moment = datetime.datetime.fromisoformat(seconds).replace(tzinfo=datetime.UTC)
    return int(moment.timestamp()) * 10**9 + int(fraction.ljust(9, "0") or 0)


# --- conditions, and the plain Python of each -------------------------------------------------------------

Test = Callable[[Any], bool | None]

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


def compared(operator: str, literal: Any) -> Test:
    """How a value compares with *literal*; None: one of them is unknown."""
    if literal is None:
        return lambda value: None

    def test(value: Any) -> bool | None:
        if value is None:
            return None
        one, other = value, literal
        if isinstance(one, str):
            one, other = one.encode(), other.encode()
        elif isinstance(one, float) or isinstance(other, float):
            one, other = float(one), float(other)
        return OPERATORS[operator](one, other)

    return test


def both(one: bool | None, other: bool | None) -> bool | None:
    """AND."""
    return False if one is False or other is False else None if one is None or other is None else True


def negated(test: Test) -> Test:
    """NOT."""

    def negation(value: Any) -> bool | None:
        found = test(value)
        return None if found is None else not found

    return negation


def condition(random: Random, names: list[str]) -> tuple[str, str, Test]:
    """SQL, the column it is about, and whether it holds for a value."""
    name = random.choice(names)
    literals = [("5", 5), ("250", 250)] if name in ("id", "o.x") else COLUMNS[name][2]
    sql, literal = random.choice([*literals, *literals, ("NULL", None)])
    other_sql, other = random.choice(literals)
    form = random.randrange(9)
    if form <= 2:
        operator = random.choice(list(OPERATORS))
        return f"s.{name} {operator} {sql}", name, compared(operator, literal)
    if form == 3:
        operator = random.choice(list(OPERATORS))
        return f"{sql} {operator} s.{name}", name, compared(SWAPPED[operator], literal)
    if form in (4, 5):
        low, high = compared(">=", literal), compared("<=", other)

        def between(value: Any) -> bool | None:
            return both(low(value), high(value))

        found = f"BETWEEN {sql} AND {other_sql}", between
    elif form in (6, 7):
        equal = [compared("=", literal), compared("=", other)]

        def among(value: Any) -> bool | None:
            known = [test(value) for test in equal]
            return True if True in known else None if None in known else False

        found = f"IN ({sql}, {other_sql})", among
    else:
        word = random.choice(["", " NOT"])
        return f"s.{name} IS{word} NULL", name, lambda value: (value is None) == (not word)
    if random.random() < 0.3:
        return f"s.{name} NOT {found[0]}", name, negated(found[1])
    return f"s.{name} {found[0]}", name, found[1]


def like(random: Random) -> tuple[str, str, Test]:
    """LIKE with a beginning."""
    head = random.choice(["key 0000", "key 00012", "z", ""])
    return f"s.k LIKE '{head}%'", "k", lambda value: None if value is None else value.startswith(head)


def check(contents: bytes, seed: int) -> int:
    """Ask for conditions and values of the file; returns how many row groups were not read."""
    random = Random(seed)
    columns = read(contents)
    names = [name for name in columns if name != "o"]
    ruled_out = 0
    for _ in range(CONDITIONS):
        parts = [
            like(random) if random.random() < 0.05 else condition(random, names)
            for _ in range(random.choice([1, 1, 2]))
        ]
        word = random.choice(["AND", "OR"])
        wanted = random.choice([name for name in columns if name != "y"])
        sql = f"SELECT s.id, s.{wanted} AS v FROM S3Object s WHERE " + f" {word} ".join(p[0] for p in parts)
        result = s3sql.query(sql, contents, input_format="parquet", output_format="json")
        scan = result._query.opening.scan(result._query.plan)  # type: ignore[union-attr]
        ruled_out += scan.all_groups - len(scan.shares)
        payload = b"".join(event["Records"]["Payload"] for event in result.events() if "Records" in event)
        records = [json.loads(line, parse_float=Decimal) for line in payload.splitlines()]
        expected = [
            row
            for row in range(len(columns["id"]))
            if (all if word == "AND" else any)(test(columns[name][row]) is True for _, name, test in parts)
        ]
        assert [record["id"] for record in records] == expected, sql
        for record in records:
            like_this = columns[wanted][record["id"]]
            found = as_read(record.get("v"), like_this)
            assert found == like_this or (found is None and like_this != like_this), (sql, record, like_this)
    return ruled_out


# --- tests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("writer", WRITERS)
def test_filters_select_what_pyarrow_reads(writer: str) -> None:
    contents = parquet(TABLE, **{"row_group_size": 75, **WRITERS[writer]})
    ruled_out = check(contents, seed=len(writer))
    assert ruled_out > 0 or writer in ("one row group", "no statistics")


@pytest.mark.parametrize("options", DUCKDB_WRITERS)
def test_filters_select_what_pyarrow_reads_of_a_file_by_duckdb(options: str, tmp_path: Path) -> None:
    contents = by_duckdb(options, tmp_path)
    assert "DuckDB" in pq.ParquetFile(io.BytesIO(contents)).metadata.created_by
    ruled_out = check(contents, seed=len(options))
    assert ruled_out > 0 or "100000" in options


@pytest.mark.parametrize("writer", ["page index", "decimals as integers"])
def test_row_groups_that_are_ruled_out_would_select_nothing(writer: str) -> None:
    contents = parquet(TABLE, **{"row_group_size": 30, **WRITERS[writer]})
    random = Random(1)
    names = [name for name in read(contents) if name != "o"]
    for _ in range(20):
        both_hold = " AND ".join(condition(random, names)[0] for _ in range(2))
        sql = f"SELECT s.id FROM S3Object s WHERE {both_hold}"
        pruned = s3sql.query(sql, contents, input_format="parquet").to_arrow()
        with mock.patch.object(parquet_opening, "selects_nothing", return_value=False):
            whole = s3sql.query(sql, contents, input_format="parquet").to_arrow()
        assert pruned == whole, sql
