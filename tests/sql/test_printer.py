"""Canonical text."""

from __future__ import annotations

import pytest
from sqlglot import exp

from s3sql.sql import nodes, parse, print_sql


@pytest.mark.parametrize(
    ("sql", "canonical"),
    [
        ("select  *\nfrom s3object ;", "SELECT * FROM s3object"),
        ("select a b from S3Object s limit 5", "SELECT a AS b FROM S3Object AS s LIMIT 5"),
        (
            "select (((a))) from S3Object where ((a = 1) and ((b)))",
            "SELECT a FROM S3Object WHERE a = 1 AND b",
        ),
        ("select a != b, not a is null from S3Object", "SELECT a <> b, a IS NOT NULL FROM S3Object"),
        (
            "select 1.50, .5, - 1, - - 1, -(-a), - + a from S3Object",
            "SELECT 1.50, .5, -1, 1, - -a, - +a FROM S3Object",
        ),
        ("select a - (b - c), (a - b) - c from S3Object", "SELECT a - (b - c), a - b - c FROM S3Object"),
        ("select (a or b) and c from S3Object", "SELECT (a OR b) AND c FROM S3Object"),
        ("select a or (b or c) from S3Object", "SELECT a OR b OR c FROM S3Object"),
        ("select not (a = b), (not a) = b from S3Object", "SELECT NOT a = b, (NOT a) = b FROM S3Object"),
        ("select (a, b), a in ('x') from S3Object", "SELECT [a, b], a IN ('x') FROM S3Object"),
        ("select substring(a from 1 for 2) from S3Object", "SELECT SUBSTRING(a, 1, 2) FROM S3Object"),
        (
            "select trim(both from a), trim('x' from a) from S3Object",
            "SELECT TRIM(BOTH FROM a), TRIM('x' FROM a) FROM S3Object",
        ),
        ("select character_length(a) from S3Object", "SELECT CHAR_LENGTH(a) FROM S3Object"),
        (
            "select cast(a as integer), cast(b as char(3)) from S3Object",
            "SELECT CAST(a AS INT), CAST(b AS VARCHAR(3)) FROM S3Object",
        ),
        ("select `2010T`, `1.5d1`, `s` from S3Object", "SELECT `2010T`, 1.5e1, 's' FROM S3Object"),
        ("select `1e0`, -`1e0` from S3Object", "SELECT `1e0`, -`1e0` FROM S3Object"),
        (
            'select \'it\'\'s\', "a""b", s[\'it\'\'s\'] from S3Object',
            'SELECT \'it\'\'s\', "a""b", s[\'it\'\'s\'] FROM S3Object',
        ),
        ('select 1 in a.b[0]."C".* from S3Object', 'SELECT 1 IN a.b[0]."C".* FROM S3Object'),
        ("select count(all a), count(*) from S3Object", "SELECT COUNT(a), COUNT(*) FROM S3Object"),
    ],
)  # fmt: skip
def test_canonical_text(sql: str, canonical: str) -> None:
    assert print_sql(parse(sql)) == canonical


def test_an_expression_prints_alone() -> None:
    tree = parse("SELECT a AS b, c + 1 FROM S3Object WHERE d OR e")
    assert [print_sql(item) for item in tree.expressions] == ["a AS b", "c + 1"]
    assert print_sql(tree.args["where"].this) == "d OR e"


def test_printing_leaves_the_tree_as_it_is() -> None:
    tree = parse("SELECT a IN (b) FROM S3Object WHERE NOT (a OR b) LIMIT 1")
    before = repr(tree)
    print_sql(tree)
    assert repr(tree) == before


def test_a_node_of_another_dialect_is_an_error() -> None:
    with pytest.raises(ValueError, match="no node of the S3 Select dialect: Window"):
        print_sql(exp.Window(this=exp.Column(this=exp.Identifier(this="a"))))


def test_a_chain_of_any_length_prints() -> None:
    column = exp.Column(this=exp.Identifier(this="a"))
    tree = nodes.chain(exp.And, [column.copy() for _ in range(3000)])
    assert print_sql(tree) == " AND ".join(["a"] * 3000)
