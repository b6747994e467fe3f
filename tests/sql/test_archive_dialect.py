"""The dialect of queries on archived objects; what it accepts and refuses is in grammar/archive."""

from __future__ import annotations

import pytest

from s3sql.dialects import ARCHIVE_SELECT
from s3sql.errors import S3SelectError
from s3sql.plan.binder import bind
from s3sql.plan.cache import PlanCache
from s3sql.plan.expr import CsvField
from s3sql.plan.logical import Item, Plan, Project
from s3sql.plan.schema import CsvSchema
from s3sql.sql import parse

NONE = CsvSchema()
USE = CsvSchema("USE", ("Id", "Name", "_9"))


def bound(sql: str, schema: CsvSchema = USE) -> Plan:
    return bind(parse(sql, ARCHIVE_SELECT), schema, ARCHIVE_SELECT)


def columns(sql: str, schema: CsvSchema = USE) -> list[int]:
    plan = bound(sql, schema)
    assert isinstance(plan, Project)
    found = []
    for item in plan.items:
        assert isinstance(item, Item)
        assert isinstance(item.expression, CsvField)
        found.append(item.expression.number)
    return found


@pytest.mark.parametrize("table", ["Object", "Archive"])
def test_s3_select_has_no_such_table(table: str) -> None:
    with pytest.raises(S3SelectError, match="Invalid table alias") as caught:
        parse(f"SELECT * FROM {table}")
    assert caught.value.code == "InvalidTableAlias"


def test_the_messages_name_the_tables() -> None:
    with pytest.raises(S3SelectError, match=r"FROM Object or Archive\.$"):
        parse("SELECT * FROM S3Object", ARCHIVE_SELECT)
    with pytest.raises(
        S3SelectError, match=r"^InvalidTableAlias: FROM takes Object or Archive and nothing else"
    ):
        parse("SELECT * FROM 'x'", ARCHIVE_SELECT)


def test_the_rows_have_the_name_of_the_table_and_the_alias() -> None:
    assert columns("SELECT Object.Id, s.Name, NAME FROM Object s") == [0, 1, 1]
    assert columns("SELECT Archive._2, archive._3 FROM archive", NONE) == [1, 2]


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("SELECT Id, _2 FROM Object", "line 1, column 12"),
        ("SELECT _2, s.Id FROM Object s", "line 1, column 12"),
        ("SELECT s._2 FROM Object s WHERE Name = 'x'", "line 1, column 33"),
    ],
)
def test_columns_are_named_in_one_way(sql: str, place: str) -> None:
    with pytest.raises(S3SelectError, match="all columns in one way") as caught:
        bound(sql)
    assert (caught.value.code, str(caught.value.position)) == ("UnsupportedSqlStructure", place)
    bind(parse(sql.replace("Object", "S3Object")), USE)


def test_a_header_that_looks_like_a_number_is_a_header() -> None:
    assert columns("SELECT Id, _9 FROM Object") == [0, 2]
    with pytest.raises(S3SelectError, match="all columns in one way"):
        bound("SELECT _1, _9 FROM Object")


def test_the_whole_row_is_named_in_no_way() -> None:
    assert isinstance(bound("SELECT * FROM Object WHERE Id = '1'"), Project)
    assert isinstance(bound("SELECT s.* FROM Object s WHERE _1 = '1'"), Project)


def test_an_object_without_records_has_no_header_to_name_columns_by() -> None:
    assert isinstance(bound("SELECT Id, _2 FROM Object", CsvSchema("USE", None, empty=True)), Project)


def test_the_text_may_have_128_kib() -> None:
    start = "SELECT * FROM Object WHERE _1 = '"
    longest = start + "x" * (128 * 1024 - len(start) - 1) + "'"
    parse(longest, ARCHIVE_SELECT)
    with pytest.raises(S3SelectError, match=r"131,073 bytes; at most 131,072") as caught:
        parse(longest.replace("'x", "'xx"), ARCHIVE_SELECT)
    assert caught.value.code == "ExpressionTooLong"


def test_the_cache_keeps_the_dialects_apart() -> None:
    cache = PlanCache()
    cache.tree("SELECT * FROM S3Object")
    with pytest.raises(S3SelectError):
        cache.tree("SELECT * FROM S3Object", ARCHIVE_SELECT)
    cache.plan("SELECT * FROM Object", NONE, ARCHIVE_SELECT)
    with pytest.raises(S3SelectError):
        cache.plan("SELECT * FROM Object", NONE)
