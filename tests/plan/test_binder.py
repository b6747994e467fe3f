from __future__ import annotations

import pytest

from s3sql.errors import S3SelectError
from s3sql.plan.binder import bind
from s3sql.plan.expr import AggregateResult, CsvField, CsvRow, Expr, Literal, Name, PathOf, RowPath
from s3sql.plan.logical import AggregateCall, Filter, Item, Limit, Plan, Project, Spread
from s3sql.plan.operators import Between, Call, Cast, Compare, IsKind, Like
from s3sql.plan.schema import CsvSchema, JsonSchema, Schema
from s3sql.sql.parser import parse
from s3sql.types import Kind

NONE = CsvSchema()
IGNORE = CsvSchema("IGNORE")
USE = CsvSchema("USE", ("id", "Name", "", "na.me", "_1", "DUP", "dup"))
EMPTY = CsvSchema("USE", None, empty=True)
JSON = JsonSchema()


def bound(sql: str, schema: Schema = NONE) -> Plan:
    return bind(parse(sql), schema)


def items(sql: str, schema: Schema = NONE) -> tuple[Item | Spread, ...]:
    plan = bound(sql, schema)
    return plan.source.items if isinstance(plan, Limit) else plan.items


def expression(sql: str, schema: Schema = NONE, source: str = "S3Object s") -> Expr:
    (item,) = items(f"SELECT {sql} FROM {source}", schema)
    assert isinstance(item, Item)
    return item.expression


def name(sql: str, schema: Schema = JSON) -> str:
    (item,) = items(f"SELECT {sql} FROM S3Object s", schema)
    assert isinstance(item, Item)
    return item.name


def condition(sql: str, schema: Schema = NONE) -> Expr:
    plan = bound(f"SELECT * FROM S3Object s WHERE {sql}", schema)
    assert isinstance(plan, Project)
    assert isinstance(plan.source, Filter)
    return plan.source.conjuncts[0]


def failure(sql: str, schema: Schema = NONE) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        bound(sql, schema)
    return caught.value


class TestCsvColumns:
    @pytest.mark.parametrize("schema", [NONE, IGNORE, USE])
    @pytest.mark.parametrize(
        "reference", ["_2", "s._2", 's."_2"', "S3Object._2", "S._2", "s['_2']", "(s._2)"]
    )
    def test_by_number(self, schema: CsvSchema, reference: str) -> None:
        assert expression(reference, schema) == CsvField(1)

    @pytest.mark.parametrize("reference", ["_0", "_01", "_x", "s._0", "id", '"id"', "s.id", "_", "_1a", "_١"])
    def test_without_header_only_numbers(self, reference: str) -> None:
        if not reference.isascii():
            reference = f'"{reference}"'
        assert failure(f"SELECT {reference} FROM S3Object s").code == "InvalidColumnIndex"

    def test_message_without_header_is_that_of_aws(self) -> None:
        error = failure("SELECT * FROM S3OBJECT WHERE odd = `TRUE`", IGNORE)
        assert error.message == (
            "The column index at line 1, column 30 is invalid. "
            "Please check the service documentation and try again."
        )

    @pytest.mark.parametrize(
        ("reference", "number"),
        [
            ("id", 0),
            ("ID", 0),
            ('"id"', 0),
            ("NAME", 1),
            ('"Name"', 1),
            ('s."na.me"', 3),
            ("_3", 2),
            ("_4", 3),
        ],
    )
    def test_by_header(self, reference: str, number: int) -> None:
        assert expression(reference, USE) == CsvField(number)

    def test_a_header_that_looks_like_a_number_comes_first(self) -> None:
        assert expression("_1", USE) == CsvField(4)

    def test_a_number_beyond_the_header_is_a_field_that_may_be_absent(self) -> None:
        assert expression("_100", USE) == CsvField(99)

    @pytest.mark.parametrize("reference", ["_1048577", "_99999999999999999999"])
    def test_a_number_no_record_reaches_is_null(self, reference: str) -> None:
        assert expression(reference) == Literal(Kind.NULL, None)

    @pytest.mark.parametrize(
        "reference", ["other", "s.other", '"ID"', '"name"', 's."NA.ME"', '""', "s['ID']"]
    )
    def test_not_in_the_header(self, reference: str) -> None:
        error = failure(f"SELECT {reference} FROM S3Object s", USE)
        assert error.code == "MissingHeaders"
        assert error.message.startswith("Some headers in the query are missing from the file.")

    def test_several_columns_of_one_name(self) -> None:
        error = failure("SELECT _1, Dup FROM S3Object", USE)
        assert error.code == "AmbiguousFieldName"
        assert "column 12" in error.message
        assert expression('"DUP"', USE) == CsvField(5)
        assert failure('SELECT a FROM S3Object s WHERE "a" = 1', CsvSchema("USE", ("a", "a"))).code == (
            "AmbiguousFieldName"
        )

    def test_unquoted_names_fold_ascii_letters_only(self) -> None:
        schema = CsvSchema("USE", ("ſ", "s", "\u212a", "k"))  # long s, Kelvin sign
        assert expression("K", schema, "S3Object") == CsvField(3)
        assert expression("x.S", schema, "S3Object x") == CsvField(1)

    @pytest.mark.parametrize("reference", ["t._1", "t.id", "t.*", 't."id"', '"S"._1', '"s3object"._1'])
    @pytest.mark.parametrize("schema", [NONE, USE])
    def test_unknown_qualifier(self, reference: str, schema: CsvSchema) -> None:
        error = failure(f"SELECT {reference} FROM S3Object s", schema)
        assert error.code == "InvalidTableAlias"
        assert error.message == (
            "Invalid table alias is specified at line 1, column 8. Please check the file and try again."
        )

    @pytest.mark.parametrize("reference", ["s._1.x", "_1.x", "s._1[0]", "s._1.x['y'][3]", "s[0]", "s[0].x"])
    def test_a_step_into_text_is_missing(self, reference: str) -> None:
        assert expression(reference) == Literal(Kind.MISSING, None)

    def test_the_row(self) -> None:
        assert expression("s") == CsvRow()
        assert expression("S") == CsvRow()
        assert expression("S3Object", source="S3Object") == CsvRow()
        assert expression("s3OBJECT", source="S3Object[*]") == CsvRow()

    def test_the_row_comes_before_a_column_of_its_name(self) -> None:
        schema = CsvSchema("USE", ("s", "S3Object"))
        assert expression("s", schema) == CsvRow()
        assert expression("s.s", schema) == CsvField(0)
        assert expression("S3Object", schema) == CsvField(1)

    def test_an_object_without_records_judges_no_name(self) -> None:
        plan = bound("SELECT nope, t.x, _1 FROM S3Object s WHERE s.other > 1", EMPTY)
        assert [item.name for item in plan.items] == ["nope", "x", "_1"]  # type: ignore[union-attr]

    def test_no_path_in_from(self) -> None:
        assert failure("SELECT * FROM S3Object[*].x").code == "InvalidKeyPath"
        assert failure("SELECT * FROM S3Object[*][0]", USE).code == "InvalidKeyPath"
        assert bound("SELECT * FROM S3Object[*]") == bound("SELECT * FROM S3Object")

    def test_the_first_name_in_the_text_is_reported(self) -> None:
        assert failure("SELECT t.x FROM S3Object s WHERE other = 1").code == "InvalidTableAlias"


class TestJsonNames:
    def test_members_and_steps(self) -> None:
        assert expression("a", JSON) == RowPath((Name("a"),))
        assert expression('s."A".b', JSON) == RowPath((Name("A", exact=True), Name("b")))
        assert expression("s['a']", JSON) == RowPath((Name("a", exact=True),))
        assert expression("t.x", JSON) == RowPath((Name("t"), Name("x")))

    @pytest.mark.parametrize(
        ("source", "row"),
        [
            ("S3Object", "S3Object"),
            ("S3Object[*]", "_1"),
            ("S3Object[*].a.books[*].price", "price"),
            ("S3Object[*].books[*]", "_1"),
            ("S3Object[*].books[0]", "_1"),
            ("S3Object[*].x.*", "_1"),
            ("S3Object[*]['key']", '"key"'),
            ("S3Object[*].books AS b", "b"),
            ('S3Object[*].books AS "B b"', '"B b"'),
        ],
    )
    def test_the_name_of_the_row(self, source: str, row: str) -> None:
        assert expression(row, JSON, source) == RowPath(())
        assert expression(f"{row}.x", JSON, source) == RowPath((Name("x"),))
        assert expression("s3object.x", JSON, source) == RowPath((Name("x"),))

    def test_quoted_row_names_are_exact(self) -> None:
        assert expression('"S"', JSON) == RowPath((Name("S", exact=True),))
        assert expression('"s"', JSON) == RowPath(())

    def test_the_table_alone_beside_an_alias_is_a_member(self) -> None:
        assert expression("S3Object", JSON) == RowPath((Name("S3Object"),))

    def test_an_index_beyond_every_record_still_fits_32_bits(self) -> None:
        path = expression("s.a[99999999999999999999]", JSON)
        assert isinstance(path, RowPath)
        assert path.steps[1].number < 2**31  # type: ignore[union-attr]


class TestSelectList:
    @pytest.mark.parametrize(
        ("item", "expected"),
        [
            ("s.NAME", "NAME"),
            ("a.b", "b"),
            ("s.a[0].b", "b"),
            ("s['total hits']", "total hits"),
            ('s."x y"', "x y"),
            ("s._2", "_2"),
            ("s.a[0]", "_1"),
            ("s.a + 1", "_1"),
            ("(s.a)", "a"),
            ("'x'", "_1"),
            ("s", "s"),
            ("s.a AS b", "b"),
            ('s.a "B c"', "B c"),
            ("COUNT(*)", "_1"),
            ("COUNT(*) AS cnt", "cnt"),
            ("[1, 2][0]", "_1"),
        ],
    )
    def test_output_names(self, item: str, expected: str) -> None:
        assert name(item) == expected

    def test_unnamed_items_count_from_the_left(self) -> None:
        names = [
            item.name
            for item in items("SELECT _3, 1, _3 + 1 AS x, 'a' FROM S3Object")
            if isinstance(item, Item)
        ]
        assert names == ["_3", "_2", "x", "_4"]

    def test_spreads(self) -> None:
        assert items("SELECT * FROM S3Object") == (Spread(CsvRow(), True),)
        assert items("SELECT s.*, _1 FROM S3Object s")[0] == Spread(CsvRow(), False)
        assert items("SELECT s._2.* FROM S3Object s") == (Spread(CsvField(1), False),)
        assert items("SELECT s._2.x.* FROM S3Object s") == (Spread(PathOf(CsvField(1), (Name("x"),)), False),)
        assert items("SELECT * FROM S3Object", JSON) == (Spread(RowPath(()), True),)
        assert items("SELECT s.* FROM S3Object s", JSON) == (Spread(RowPath(()), False),)
        assert items("SELECT s.a.* FROM S3Object s", JSON) == (Spread(RowPath((Name("a"),)), False),)

    def test_equal_aggregates_are_computed_once(self) -> None:
        plan = bound("SELECT SUM(_1) / COUNT(*), COUNT(*), sum( _1 ), 7 FROM S3Object")
        assert isinstance(plan, Project)
        assert plan.source.calls == (AggregateCall("SUM", CsvField(0)), AggregateCall("COUNT", None))  # type: ignore[union-attr]
        assert [i.expression for i in plan.items[1:3]] == [AggregateResult(1), AggregateResult(0)]

    def test_limit(self) -> None:
        plan = bound("SELECT * FROM S3Object LIMIT 0")
        assert isinstance(plan, Limit)
        assert plan.count == 0


class TestOrderings:
    @pytest.mark.parametrize(
        "comparison",
        [
            "_1 < 5",
            "5 < _1",
            "_1 < '5'",
            "_1 < _2",
            "_1 >= LOWER(_2)",
            "1 < 2.5",
            "NULL < [1]",
            "LOWER(_1) < 'a'",
            "_1 < -5",
            "_1 BETWEEN 1 AND 'x'",
            "_1 <= CHAR_LENGTH(_2)",
            "(_1 = 'a') < TRUE",
            "MISSING > _1",
        ],
    )
    def test_that_cannot_fail(self, comparison: str) -> None:
        bound_comparison = condition(comparison)
        assert isinstance(bound_comparison, Compare | Between)
        assert bound_comparison.safe
        assert not bound_comparison.fallible

    @pytest.mark.parametrize(
        "comparison",
        [
            "_1 < TRUE",
            "LOWER(_1) < 5",
            "_1 || '' < 5",
            "[1] < [2]",
            "_1 BETWEEN 1 AND TRUE",
            "s < s",
            "1 < 'a'",
            "COALESCE(_1, 1) < 'a'",
            "CASE WHEN _1 = 'a' THEN 1 ELSE 'x' END < 5",
        ],
    )
    def test_that_can(self, comparison: str) -> None:
        assert condition(comparison).fallible

    def test_a_cast_can_fail_but_not_its_comparison(self) -> None:
        comparison = condition("CAST(_1 AS INT) < 5")
        assert isinstance(comparison, Compare)
        assert comparison.safe
        assert comparison.fallible

    def test_json_orderings_can_fail(self) -> None:
        assert condition("s.a < 5", JSON).fallible
        assert not condition("s[0] = 5", JSON).fallible

    @pytest.mark.parametrize(
        ("like", "safe"),
        [
            ("_1 LIKE 'a%'", True),
            ("_1 LIKE 'a!%' ESCAPE '!'", True),
            ("_1 LIKE 'a!b' ESCAPE '!'", False),
            ("_1 LIKE 'a!' ESCAPE '!'", False),
            ("_1 LIKE 'a' ESCAPE ''", False),
            ("_1 LIKE 'a' ESCAPE '!!'", False),
            ("_1 LIKE _2", False),
            ("_1 LIKE 'a' ESCAPE _2", False),
            ("_1 LIKE 5", False),
            ("5 LIKE 'a'", False),
            ("CAST(_1 AS STRING) LIKE 'a'", True),
        ],
    )
    def test_like(self, like: str, safe: bool) -> None:
        bound_like = condition(like)
        assert isinstance(bound_like, Like)
        assert bound_like.safe == safe


class TestExpressions:
    def test_kinds_of_is(self) -> None:
        assert condition("_1 IS NULL") == IsKind(CsvField(0), frozenset({Kind.NULL, Kind.MISSING}))
        assert condition("_1 IS MISSING") == IsKind(CsvField(0), frozenset({Kind.MISSING}))
        assert condition("_1 IS TIMESTAMP") == IsKind(CsvField(0), frozenset({Kind.TIMESTAMP}))

    @pytest.mark.parametrize(
        ("text", "kind", "shown"),
        [
            ("1.50", Kind.DECIMAL, "1.50"),
            ("1e3", Kind.DECIMAL, "1E+3"),
            ("5.", Kind.DECIMAL, "5"),
            (".5", Kind.DECIMAL, "0.5"),
            ("-0.0", Kind.DECIMAL, "0.0"),
            ("9223372036854775808", Kind.DECIMAL, "9223372036854775808"),
            ("-9223372036854775808", Kind.INT, "-9223372036854775808"),
            ("0." + "1" * 37 + "25", Kind.DECIMAL, "0." + "1" * 37 + "2"),
            ("0." + "1" * 37 + "35", Kind.DECIMAL, "0." + "1" * 37 + "4"),
            ("`1e0`", Kind.FLOAT, "1.0"),
            ("`nan`", Kind.FLOAT, "nan"),
        ],
    )
    def test_numbers(self, text: str, kind: Kind, shown: str) -> None:
        literal = expression(text)
        assert isinstance(literal, Literal)
        assert (literal.kind, str(literal.value)) == (kind, shown)

    def test_an_exponent_no_decimal_has(self) -> None:
        assert failure("SELECT 1e-3000000000 FROM S3Object").code == "LexerInvalidLiteral"
        assert failure("SELECT 1e99999999999999999999999 FROM S3Object").code == "LexerInvalidLiteral"

    def test_positions_are_kept(self) -> None:
        comparison = condition("_1\n  < _2")
        assert str(comparison.position) == "line 2, column 3"

    def test_timestamps(self) -> None:
        literal = expression("`2010-02-03T04:05+01:00`")
        assert literal == Literal(Kind.TIMESTAMP, (1265166300, 0, 3, 60))
        assert str(literal.value) == "2010-02-03T04:05+01:00"
        assert expression("CAST(_1 AS TIMESTAMP)") == Cast(CsvField(0), Kind.TIMESTAMP)
        added = expression("date_add(Year, 1, _1)")
        one = Literal(Kind.INT, 1)
        assert added == Call("DATE_ADD", (Literal(Kind.STRING, "YEAR"), one, CsvField(0)))

    @pytest.mark.parametrize(
        ("call", "fallible"),
        [
            ("UTCNOW()", False),
            ("EXTRACT(year FROM UTCNOW())", False),
            ("EXTRACT(year FROM NULL)", False),
            ("EXTRACT(year FROM _1)", True),
            ("DATE_DIFF(day, `2010T`, UTCNOW())", False),
            ("DATE_DIFF(day, `2010T`, _1)", True),
            ("DATE_ADD(day, 1, `2010T`)", True),
            ("CAST(_1 AS TIMESTAMP)", True),
        ],
    )
    def test_which_functions_of_timestamps_fail(self, call: str, fallible: bool) -> None:
        assert expression(call).fallible is fallible

    @pytest.mark.parametrize(
        ("text", "fallible"),
        [
            ("`2010T` < UTCNOW()", False),
            ("_1 < `2010T`", True),
            ("`2010T` < 1", True),
            ("`2010T` = 1", False),
        ],
    )
    def test_which_comparisons_of_timestamps_fail(self, text: str, fallible: bool) -> None:
        assert condition(text).fallible is fallible

    def test_long_chains_need_no_depth(self) -> None:
        chain = " OR ".join(["_1 = 'a'"] * 5000)
        bound_chain = condition(chain)
        assert len(list(bound_chain.children())) == 5000

    def test_the_deepest_expression_binds(self) -> None:
        assert condition("||".join(["_1"] * 190) + " = 'a'").fallible
