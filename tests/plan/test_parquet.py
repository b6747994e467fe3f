"""Names, items and kinds over a Parquet schema."""

from __future__ import annotations

import pytest

from s3sql.errors import Position, S3SelectError
from s3sql.plan.binder import bind
from s3sql.plan.expr import (
    Elements,
    Expr,
    Index,
    Literal,
    Name,
    NullAsMissing,
    ParquetField,
    PathOf,
    StructOf,
)
from s3sql.plan.kinds import possible_kinds
from s3sql.plan.logical import Filter, Item, Limit, Project, Scan, Spread
from s3sql.plan.operators import Call, Compare
from s3sql.plan.rules import optimize
from s3sql.plan.schema import ParquetSchema
from s3sql.sql.parser import parse
from s3sql.types import Kind
from tests.plan.parquet_columns import column

SCHEMA = ParquetSchema(
    (
        column("id", "INT", nullable=False),
        column("Name", "STRING"),
        column("DUP", "INT"),
        column("dup", "INT"),
        column("_1", "FLOAT"),
        column("na.me", "STRING"),
        column("tags", "LIST"),
        column("odd", "STRING", may_fail=True),
    )
)
UNREADABLE = ParquetSchema(
    (column("id", "INT"), column("bad", "STRING", refusal=("UnsupportedParquetType", "It is bad.")))
)


def project(sql: str, schema: ParquetSchema = SCHEMA) -> Project:
    plan = bind(parse(sql), schema)
    return plan.source if isinstance(plan, Limit) else plan


def item(sql: str, source: str = "S3Object s") -> Expr:
    (found,) = project(f"SELECT {sql} FROM {source}").items
    return found.expression


def field(number: int, kind: Kind, nullable: bool = True) -> ParquetField:
    return ParquetField(number, frozenset({kind, Kind.NULL} if nullable else {kind}))


def refused(sql: str, schema: ParquetSchema = SCHEMA) -> S3SelectError:
    with pytest.raises(S3SelectError) as found:
        bind(parse(sql), schema)
    return found.value


class TestNames:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("id", field(0, Kind.INT, nullable=False)),
            ("ID", field(0, Kind.INT, nullable=False)),
            ("s.Id", field(0, Kind.INT, nullable=False)),
            ("S3Object.id", field(0, Kind.INT, nullable=False)),
            ('S."id"', field(0, Kind.INT, nullable=False)),
            ("s['id']", field(0, Kind.INT, nullable=False)),
            ("name", NullAsMissing(field(1, Kind.STRING))),
            ('"Name"', NullAsMissing(field(1, Kind.STRING))),
            ('"DUP"', NullAsMissing(field(2, Kind.INT))),
            ('"dup"', NullAsMissing(field(3, Kind.INT))),
            ("_1", NullAsMissing(field(4, Kind.FLOAT))),
            ('"na.me"', NullAsMissing(field(5, Kind.STRING))),
        ],
    )
    def test_columns(self, name: str, expected: Expr) -> None:
        assert item(name) == expected

    @pytest.mark.parametrize("name", ["ID", "name", "nope", "_2", "id "])
    def test_unknown_columns(self, name: str) -> None:
        error = refused(f'SELECT\n  "{name}" FROM S3Object')
        assert (error.code, error.position) == ("EvaluatorBindingDoesNotExist", Position(2, 3))
        assert f"The column {name!r} at line 2, column 3 does not exist" in error.message

    def test_a_close_name_is_offered(self) -> None:
        assert refused("SELECT nmae FROM S3Object").message.endswith("Did you mean 'Name'?")
        assert "mean" not in refused("SELECT xyz FROM S3Object").message

    def test_ambiguous_in_any_case(self) -> None:
        error = refused("SELECT Dup FROM S3Object")
        assert (error.code, error.position) == ("AmbiguousFieldName", Position(1, 8))
        assert "matches 2 columns of the Parquet schema: 'DUP', 'dup'" in error.message

    def test_ambiguous_when_quoted(self) -> None:
        twice = ParquetSchema((column("a", "INT"), column("a", "STRING")))
        assert refused('SELECT "a" FROM S3Object', twice).code == "AmbiguousFieldName"
        assert [found.name for found in project("SELECT * FROM S3Object", twice).items] == ["a", "a"]  # type: ignore[union-attr]

    @pytest.mark.parametrize("sql", ["SELECT t.id FROM S3Object s", "SELECT t.* FROM S3Object s"])
    def test_unknown_qualifiers(self, sql: str) -> None:
        error = refused(sql)
        assert (error.code, error.position) == ("InvalidTableAlias", Position(1, 8))
        assert error.message == (
            "Invalid table alias is specified at line 1, column 8. Please check the file and try again."
        )

    def test_names_are_resolved_before_any_row(self) -> None:
        assert (
            refused("SELECT COUNT(*) FROM S3Object WHERE nope = 1 LIMIT 0").code
            == "EvaluatorBindingDoesNotExist"
        )

    def test_a_path_of_from(self) -> None:
        error = refused("SELECT * FROM S3Object[*].id")
        assert (error.code, error.position) == ("InvalidKeyPath", Position(1, 27))

    @pytest.mark.parametrize("source", ["S3Object[*]", "S3Object[*] AS s"])
    def test_the_wildcard_over_rows(self, source: str) -> None:
        assert item("id", source) == field(0, Kind.INT, nullable=False)


class TestRefusals:
    @pytest.mark.parametrize("select", ["bad", "*", "s.*", "s", "COUNT(bad)", "1 + s.bad", "s.bad.x"])
    def test_reading_the_column(self, select: str) -> None:
        error = refused(f"SELECT {select} FROM S3Object s", UNREADABLE)
        assert (error.code, error.message) == ("UnsupportedParquetType", "It is bad.")

    def test_place(self) -> None:
        assert refused("SELECT id FROM S3Object s WHERE s.bad = 1", UNREADABLE).position == Position(1, 35)

    @pytest.mark.parametrize("select", ["id", "COUNT(*)", "1"])
    def test_other_queries(self, select: str) -> None:
        bind(parse(f"SELECT {select} FROM S3Object s"), UNREADABLE)


class TestItems:
    def test_a_star_is_one_item_for_each_column(self) -> None:
        items = project("SELECT * FROM S3Object").items
        assert all(isinstance(found, Item) for found in items)
        assert [found.name for found in items] == [found.name for found in SCHEMA.columns]  # type: ignore[union-attr]
        assert items[0].expression == field(0, Kind.INT, nullable=False)
        assert items[1].expression == NullAsMissing(field(1, Kind.STRING))

    def test_a_spread_row_among_other_items(self) -> None:
        items = project("SELECT id + 1, s.*, 'x' FROM S3Object s").items
        names = [found.name for found in items if isinstance(found, Item)]
        assert names == ["_1", *[found.name for found in SCHEMA.columns], "_3"]

    def test_no_columns(self) -> None:
        assert project("SELECT * FROM S3Object", ParquetSchema(())).items == ()

    def test_an_expression_is_no_bare_column(self) -> None:
        assert item("COALESCE(name)") == Call("COALESCE", (field(1, Kind.STRING),), safe=True)
        assert not any(isinstance(part, NullAsMissing) for part in item("name || 'x'").children())

    def test_a_bare_column_with_an_alias_and_in_parentheses(self) -> None:
        assert item("(name) AS n") == item("name")

    def test_the_row(self) -> None:
        row = item("s")
        assert isinstance(row, StructOf)
        assert row.names == tuple(found.name for found in SCHEMA.columns)
        assert row.values[1] == NullAsMissing(field(1, Kind.STRING))

    def test_a_spread_column(self) -> None:
        (found,) = project("SELECT s.tags.* FROM S3Object s").items
        assert found == Spread(NullAsMissing(field(6, Kind.LIST)), whole_row=False)


class TestPaths:
    def test_into_a_nested_column(self) -> None:
        assert item("s.tags[0]") == PathOf(field(6, Kind.LIST), (Index(0),))
        assert item("s.tags.x") == PathOf(field(6, Kind.LIST), (Name("x"),))

    def test_into_a_scalar(self) -> None:
        assert item("s.id.x") == item("s.name[0]") == item("s[0]") == Literal(Kind.MISSING, None)

    def test_wildcards_open_scalars(self) -> None:
        (condition,) = _conjuncts("3 IN s.id[*]")
        path = list(condition.children())[1]
        assert path == PathOf(field(0, Kind.INT, nullable=False), (Elements(),))


def _conjuncts(condition: str) -> tuple[Expr, ...]:
    source = project(f"SELECT 1 FROM S3Object s WHERE {condition}").source
    assert isinstance(source, Filter)
    return source.conjuncts


class TestKinds:
    def test_of_columns(self) -> None:
        assert possible_kinds(field(0, Kind.INT, nullable=False)) == {Kind.INT}
        assert possible_kinds(NullAsMissing(field(1, Kind.STRING))) == {Kind.STRING, Kind.MISSING}
        assert possible_kinds(item("s")) == {Kind.STRUCT}

    @pytest.mark.parametrize(
        ("condition", "fallible"),
        [
            ("id < 5", False),
            ("id < 5.5", False),
            ("name < 'x'", False),
            ("id < name", True),
            ("name < 5", True),
            ("tags < tags", True),
            ("odd = 'x'", True),
            ("name LIKE 'a%'", False),
            ("id LIKE 'a%'", True),
            ("UPPER(name) = 'X'", False),
            ("UPPER(id) = 'X'", True),
        ],
    )
    def test_what_may_fail(self, condition: str, fallible: bool) -> None:
        (found,) = _conjuncts(condition)
        assert found.fallible is fallible

    def test_text_beside_a_number_is_no_number(self) -> None:
        (found,) = _conjuncts("name = 5")
        assert isinstance(found, Compare)
        assert possible_kinds(found) == {Kind.BOOL, Kind.NULL}


class TestColumnsRead:
    @pytest.mark.parametrize(
        ("sql", "columns"),
        [
            ("SELECT * FROM S3Object", tuple(range(8))),
            ("SELECT tags, id FROM S3Object WHERE name = 'x'", (0, 1, 6)),
            ("SELECT COUNT(*) FROM S3Object", ()),
            ("SELECT COUNT(*) FROM S3Object WHERE id = 1", (0,)),
            ("SELECT 1 FROM S3Object", ()),
            ("SELECT s.tags[0] FROM S3Object s", (6,)),
        ],
    )
    def test_only_those_named(self, sql: str, columns: tuple[int, ...]) -> None:
        node = optimize(bind(parse(sql), SCHEMA))
        while not isinstance(node, Scan):
            node = node.source
        assert (node.format, node.columns) == ("parquet", columns)
        assert node.late_columns == ()
        assert node.required_literal is None
