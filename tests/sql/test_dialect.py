"""The dialect inside sqlglot."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from s3sql.errors import S3SelectError
from s3sql.sql import S3Select, parse


def test_is_registered() -> None:
    assert sqlglot.Dialect.get("s3select") is S3Select


@pytest.mark.parametrize(
    ("sql", "duckdb"),
    [
        ("SELECT s.a FROM S3Object[*] s LIMIT 3", "SELECT s.a FROM S3Object AS s LIMIT 3"),
        (
            "SELECT * FROM S3Object WHERE (a = 1 OR b) AND c",
            "SELECT * FROM S3Object WHERE (a = 1 OR b) AND c",
        ),
        ("SELECT (a + b) * c || d FROM S3Object", "SELECT ((a + b) * c) || d FROM S3Object"),
        ("SELECT a - (b - c) - d FROM S3Object", "SELECT a - (b - c) - d FROM S3Object"),
        ("SELECT a = 1 = TRUE FROM S3Object", "SELECT (a = 1) = TRUE FROM S3Object"),
        ("SELECT NOT (a OR b), NOT a = b FROM S3Object", "SELECT NOT (a OR b), NOT a = b FROM S3Object"),
        ("SELECT x NOT IN (1, 2) FROM S3Object", "SELECT NOT x IN (1, 2) FROM S3Object"),
        ("SELECT a IS MISSING, MISSING FROM S3Object", "SELECT a IS NULL, NULL FROM S3Object"),
        (
            "SELECT CAST(a AS INT), `1e0` FROM S3Object",
            "SELECT CAST(a AS BIGINT), CAST('1e0' AS DOUBLE) FROM S3Object",
        ),
        (
            "SELECT `2010T` FROM S3Object",
            "SELECT CAST('2010-01-01T00:00:00+00:00' AS TIMESTAMPTZ) FROM S3Object",
        ),
        ("SELECT TRIM(LEADING 'x' FROM a) FROM S3Object", "SELECT LTRIM(a, 'x') FROM S3Object"),
        ("SELECT s.x[0] FROM S3Object s", "SELECT s.x[1] FROM S3Object AS s"),
        ("SELECT -(a + b) FROM S3Object", "SELECT -(a + b) FROM S3Object"),
    ],
)  # fmt: skip
def test_transpiles_to_duckdb(sql: str, duckdb: str) -> None:
    assert sqlglot.transpile(sql, read="s3select", write="duckdb") == [duckdb]


def test_writes_our_own_text() -> None:
    sql = "SELECT (a + b) * c, TRIM(LEADING 'x' FROM a) FROM S3Object AS s WHERE NOT (a OR b)"
    assert sqlglot.transpile(sql, read="s3select", write="s3select") == [sql]
    assert sqlglot.parse_one(sql, read="s3select").sql("s3select") == sql


def test_other_trees_that_fit_are_written_too() -> None:
    tree = sqlglot.parse_one("SELECT a FROM S3Object WHERE (a = 1 AND b = 'x') OR c IS NULL", read="duckdb")
    assert tree.sql("s3select") == "SELECT a FROM S3Object WHERE a = 1 AND b = 'x' OR c IS NULL"


def test_tokens_are_sqlglots() -> None:
    tokens = sqlglot.tokenize('SELECT "a",\n 1.5 FROM S3Object -- c', read="s3select")
    assert [(token.token_type.name, token.text, token.line, token.col) for token in tokens] == [
        ("SELECT", "SELECT", 1, 1),
        ("IDENTIFIER", "a", 1, 8),
        ("COMMA", ",", 1, 11),
        ("NUMBER", "1.5", 2, 2),
        ("FROM", "FROM", 2, 6),
        ("VAR", "S3Object", 2, 11),
    ]
    assert (tokens[1].start, tokens[1].end) == (7, 9)


def test_errors_are_ours() -> None:
    with pytest.raises(S3SelectError) as raised:
        sqlglot.transpile("SELECT a FROM S3Object ORDER BY a", read="s3select")
    assert raised.value.code == "ParseUnexpectedToken"


def test_long_chain_transpiles() -> None:
    sql = "SELECT * FROM S3Object WHERE " + " OR ".join(["a = 1"] * 5_000)
    assert sqlglot.transpile(sql, read="s3select", write="duckdb") == [sql]


def test_tree_is_made_of_standard_nodes() -> None:
    tree = parse("SELECT a.b[0], `2010T`, +a, a IN [1] FROM S3Object[*].x s WHERE a LIKE b ESCAPE c")
    for node in tree.walk():
        assert type(node).__module__.startswith("sqlglot.")
        assert isinstance(node, exp.Expr)
