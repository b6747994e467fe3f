"""Readers of the tree: each shape of nodes.py, and the places nodes carry."""

from __future__ import annotations

import pytest
from sqlglot import exp

from s3sql.errors import Position
from s3sql.sql import nodes, parse


def item(text: str) -> exp.Expr:
    node: exp.Expr = parse(f"SELECT {text} FROM S3Object").expressions[0]
    return node


def where(text: str) -> exp.Expr:
    node: exp.Expr = parse(f"SELECT * FROM S3Object WHERE {text}").args["where"].this
    return node


def test_path_of_names_keys_and_indexes() -> None:
    path = nodes.path(item("s.\"B\"['c d'][3].e"))
    assert path.column
    assert (path.root.this, path.root.args["quoted"]) == ("s", False)
    assert [(step.kind, step.name, step.quoted, step.index) for step in path.steps] == [
        ("name", "B", True, 0),
        ("key", "c d", True, 0),
        ("index", "", False, 3),
        ("name", "e", False, 0),
    ]
    assert [step.position for step in path.steps] == [
        Position(1, 10), Position(1, 13), Position(1, 20), Position(1, 24),
    ]  # fmt: skip


def test_path_with_wildcards() -> None:
    node = where("1 IN s.a[*].*.b")
    path = nodes.path(node.args["field"])
    assert [step.kind for step in path.steps] == ["name", "elements", "members", "name"]
    assert [step.is_wildcard for step in path.steps] == [False, True, True, False]
    assert nodes.has_wildcard(node.args["field"])


def test_path_on_another_term() -> None:
    path = nodes.path(item("[1, 2][0]"))
    assert not path.column
    assert isinstance(path.root, exp.Array)
    assert path.steps[0].index == 0


def test_an_index_of_any_length_is_past_every_element() -> None:
    assert nodes.path(item("a[" + "9" * 5000 + "]")).steps[0].index == 1 << 62
    assert nodes.path(item("a[" + "0" * 5000 + "7]")).steps[0].index == 7


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("s.Name", "Name"),
        ("s.a.b", "b"),
        ("s.a['k e y']", "k e y"),
        ("s.a[2]", None),
        ('"Quoted"', "Quoted"),
        ("1 + 1", None),
        ("LOWER(s.a)", None),
    ],
)
def test_an_item_without_as_has_the_last_name_of_its_path(text: str, name: str | None) -> None:
    assert nodes.output_name(item(text)) == name


@pytest.mark.parametrize(
    ("text", "steps", "alias"),
    [
        ("S3Object", [], None),
        ("s3object AS s", [], "s"),
        ("S3Object[*] s", ["elements"], "s"),
        ("S3Object[*].a[0].*", ["elements", "name", "index", "members"], None),
    ],
)
def test_source(text: str, steps: list[str], alias: str | None) -> None:
    source = nodes.source(parse(f"SELECT * FROM {text}"))
    assert source.table.this.upper() == "S3OBJECT"
    assert [step.kind for step in source.steps] == steps
    assert (source.alias.this if source.alias else None) == alias


def test_limit() -> None:
    assert nodes.limit_rows(parse("SELECT * FROM S3Object")) is None
    assert nodes.limit_rows(parse("SELECT * FROM S3Object LIMIT 010")) == 10
    assert nodes.limit_rows(parse(f"SELECT * FROM S3Object LIMIT {'9' * 5000}")) == 1 << 62


def test_operands_are_flat_and_in_order() -> None:
    names = [f"c{i}" for i in range(25)]
    node = where(" OR ".join(names))
    assert [operand.name for operand in nodes.operands(node)] == names
    grouped = where("c0 OR (c1 OR c2) OR ((c3) OR c4 OR (c5))")
    assert [operand.name for operand in nodes.operands(grouped)] == names[:6]
    assert grouped == where(" OR ".join(names[:6]))


def test_operands_of_unlike_connectors() -> None:
    node = where("a AND b OR c AND d")
    assert isinstance(node, exp.Or)
    assert [type(operand) for operand in nodes.operands(node)] == [exp.And, exp.And]
    assert nodes.operands(where("a = 1")) == [where("a = 1")]


def test_chain_is_balanced() -> None:
    node = where(" AND ".join(["a"] * 1024))
    depth = 0
    while isinstance(node, exp.And):
        node, depth = node.this, depth + 1
    assert depth == 10


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0", "INT"),
        ("007", "INT"),
        ("9223372036854775807", "INT"),
        ("9223372036854775808", "DECIMAL"),
        ("-9223372036854775808", "INT"),
        ("-9223372036854775809", "DECIMAL"),
        ("0" * 5000 + "1", "INT"),
        ("-" + "0" * 5000, "INT"),
        ("9" * 5000, "DECIMAL"),
        ("1.0", "DECIMAL"),
        ("1e0", "DECIMAL"),
        ("`1d0`", "DECIMAL"),
        ("`5`", "INT"),
    ],
)
def test_number_kind(text: str, kind: str) -> None:
    node = item(text)
    assert nodes.is_number(node)
    assert nodes.number_kind(node) == kind


def test_ion_literals() -> None:
    literal = nodes.ion_literal(item("`2010-01-01T`"))
    assert literal == nodes.IonLiteral("TIMESTAMP", "2010-01-01T")
    assert nodes.ion_literal(item("`1.5e0`")) == nodes.IonLiteral("FLOAT", "1.5e0")
    assert nodes.ion_literal(item("1.5")) is None
    assert item("`foo`") == exp.Literal.string("foo")
    assert item("`true`") == exp.Boolean(this=True)
    assert item("`null.int`") == exp.Null()


def test_signs() -> None:
    assert item("- 1").this == "-1"
    assert item("- - + 1").this == "1"
    assert isinstance(item("-a"), exp.Neg)
    assert nodes.is_unary_plus(item("+a"))
    assert nodes.call(item("+a")) is None


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("lower(a)", "LOWER", ["a"]),
        ("CHARACTER_LENGTH(a)", "CHAR_LENGTH", ["a"]),
        ("COUNT(*)", "COUNT", ["*"]),
        ("SUM(a)", "SUM", ["a"]),
        ("COALESCE(a, b, c)", "COALESCE", ["a", "b", "c"]),
        ("NULLIF(a, b)", "NULLIF", ["a", "b"]),
        ("SUBSTRING(a FROM b FOR c)", "SUBSTRING", ["a", "b", "c"]),
        ("SUBSTRING(a, b)", "SUBSTRING", ["a", "b"]),
        ("TRIM(a)", "TRIM", [None, None, "a"]),
        ("TRIM(LEADING FROM a)", "TRIM", ["LEADING", None, "a"]),
        ("TRIM(BOTH b FROM a)", "TRIM", ["BOTH", "b", "a"]),
        ("EXTRACT(year FROM a)", "EXTRACT", ["YEAR", "a"]),
        ("DATE_ADD(Day, a, b)", "DATE_ADD", ["DAY", "a", "b"]),
        ("date_diff(month, a, b)", "DATE_DIFF", ["MONTH", "a", "b"]),
        ("TO_STRING(a, b)", "TO_STRING", ["a", "b"]),
        ("utcnow()", "UTCNOW", []),
    ],
)
def test_call(text: str, name: str, arguments: list[str | None]) -> None:
    call = nodes.call(item(text))
    assert call is not None
    assert call.name == name
    assert [argument and argument.name for argument in call.arguments] == arguments
    assert call.position == Position(1, 8)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("BOOLEAN", "BOOL"), ("smallint", "INT"), ("REAL", "FLOAT"), ("DOUBLE PRECISION", "FLOAT"),
        ("DEC(5, 2)", "DECIMAL"),
        ("CHARACTER VARYING(5)", "STRING"), ("CHARACTER", "STRING"), ("symbol", "STRING"),
        ("TIMESTAMP", "TIMESTAMP"),
    ],
)  # fmt: skip
def test_type_name(text: str, name: str) -> None:
    cast = item(f"CAST(a AS {text})")
    assert nodes.type_name(cast.args["to"]) == name


def test_places() -> None:
    tree = parse("SELECT a,\n  b + lower(c), CAST(d AS INT)\nFROM S3Object\nWHERE x.y = 1 AND NOT z")
    first, add, cast = tree.expressions
    equal, negation = nodes.operands(tree.args["where"].this)
    assert nodes.position(first) == Position(1, 8)
    assert nodes.position(add) == Position(2, 5)
    assert nodes.position(add.expression) == Position(2, 7)
    assert nodes.position(add.expression.this) == Position(2, 13)
    assert nodes.position(cast) == Position(2, 17)
    assert nodes.position(equal) == Position(4, 11)
    assert nodes.path(equal.this).position == Position(4, 7)
    assert nodes.position(negation) == Position(4, 19)
    assert nodes.position(exp.Null()) is None
