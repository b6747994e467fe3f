"""Random queries over random tables give DuckDB's answer, asked through our own dialect of sqlglot.

40 tests: 35 of 63 queries over some dozens of rows, and 5 of 15 over a thousand; 2,280 queries a run, always
the same ones.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any
from unittest import mock

import duckdb
import pytest

from s3sql.exec import parquet_reader
from tests.answers import Answer, ask
from tests.scans import morsels_of

from .queries import Queries
from .rewrites import define_macros, for_duckdb
from .tables import Format, Table, random_table

FORMATS: tuple[Format, ...] = ("csv", "json", "parquet")


@cache
def connection() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect(config={"threads": 1})
    opened.execute("SET TimeZone = 'UTC'")
    define_macros(opened)
    return opened


def same(ours: Any, theirs: Any) -> bool:
    """Whether two values are equal; numbers by value, floats and means to 14 digits.

    A NULL member of a struct may be absent of ours.
    """
    match theirs:
        case None | bool():
            return ours is theirs
        case list():
            return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
        case dict():
            names = ours.keys() - theirs.keys() if isinstance(ours, dict) else {ours}
            return not names and all(same(ours.get(name), value) for name, value in theirs.items())
        case datetime():
            return isinstance(ours, str) and _moment(ours) == theirs
        case str():
            return isinstance(ours, str) and ours == theirs
    if isinstance(ours, bool) or not isinstance(ours, int | Decimal):
        return False
    return (
        ours == theirs if not isinstance(theirs, float) else float(ours) == pytest.approx(theirs, rel=1e-14)
    )


def _moment(text: str) -> datetime:
    """A timestamp of day precision or finer; one without offset is in UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def our_answer(table: Table, contents: bytes, sql: str, morsel: int | None) -> Answer:
    """The answer to *sql*; scanned in pieces of about *morsel* bytes or rows if it is not None."""
    with ExitStack() as patches:
        if morsel is not None:
            patches.enter_context(morsels_of(morsel))
            patches.enter_context(mock.patch.object(parquet_reader, "_MOST_ROWS", morsel // 60))
        return ask(contents, sql, table.inputs(), {"JSON": {}})


def difference(table: Table, contents: bytes, sql: str, morsel: int | None) -> str | None:
    """How our answer differs from DuckDB's, which has the table; None if it does not."""
    translated = for_duckdb(sql)
    theirs = connection().sql(translated).to_arrow_table()
    answer = our_answer(table, contents, sql, morsel)
    asked = f"{sql}\n{translated}\n"
    if answer.code is not None:
        return f"{answer.code} {answer.message}\n{asked}"
    records = [json.loads(line, parse_float=Decimal) for line in answer.payload.splitlines()]
    if len(records) != theirs.num_rows:
        return f"{len(records)} rows, not {theirs.num_rows}\n{asked}"
    for number, (record, row) in enumerate(zip(records, theirs.to_pylist(), strict=True)):
        if not same(record, row):
            return f"row {number}: {record}, not {row}\n{asked}"
    return None


@pytest.mark.parametrize("seed", range(40))
def test_random_queries_give_the_answer_of_duckdb(seed: int) -> None:
    random = Random(seed)
    most_rows, count = (1000, 5) if seed % 8 == 7 else (60, 21)
    for form in FORMATS:
        table = random_table(random, form, most_rows)
        table.load(connection())
        contents = table.contents()
        queries = Queries(random, table)
        for _ in range(count):
            morsel = random.choice([None, 500, 5000])
            found = difference(table, contents, queries.query(), morsel)
            assert found is None, f"{found}morsels of {morsel}\n{table}"
