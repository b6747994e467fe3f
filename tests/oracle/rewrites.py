"""A query of S3 Select in DuckDB's SQL.

In: SQL text.  Out: what ``sqlglot.transpile(read="s3select", write="duckdb")`` makes of it, but for the
rewrites below, each of a construct that DuckDB has under another name or with another meaning.
"""

from __future__ import annotations

import duckdb
import sqlglot
from sqlglot import exp

import s3sql.sql.dialect  # noqa: F401, registers the dialect

#: What the rewrites call.
_MACROS = [
    # TRUE if an element is equal, else NULL if something is unknown, and FALSE where there is no element:
    # DuckDB's list_contains knows no unknown elements, and a NULL list gives NULL.
    """in_list(x, l) AS CASE
        WHEN l IS NULL OR len(l) = 0 THEN FALSE WHEN list_contains(l, x) THEN TRUE
        WHEN x IS NULL OR list_count(l) < len(l) THEN NULL ELSE FALSE END""",
    # Fractions of a second are dropped before the difference is taken, not behind.
    *(
        f"whole_{unit}s(a, b) AS date_sub('{unit}', date_trunc('second', a), date_trunc('second', b))"
        for unit in ("day", "hour", "minute", "second")
    ),
    # Complete months between two dates, as java.time.Period counts them: from January 31st to February 28th
    # it is none, where DuckDB's date_sub sees a whole one.
    """whole_months(a, b) AS date_diff('month', a, b) + CASE
        WHEN a IS NULL OR b IS NULL THEN NULL
        WHEN date_diff('month', a, b) > 0 AND day(b) < day(a) THEN -1
        WHEN date_diff('month', a, b) < 0 AND day(b) > day(a) THEN 1 ELSE 0 END""",
    "whole_years(a, b) AS whole_months(a, b) // 12",
    # Intervals take 32 bits, seconds are a DOUBLE.
    *(f"add_{unit}s(n, t) AS t + to_{unit}s(CAST(n AS INT))" for unit in ("year", "month", "day")),
    *(f"add_{unit}s(n, t) AS t + to_{unit}s(n)" for unit in ("hour", "minute", "second")),
]

#: Patterns of TO_STRING, and strftime's for a timestamp in UTC and a year of four digits. `n` is not among
#: them: Java's nanoseconds are a number, strftime's always nine digits.
PATTERNS = {
    "yyyy-MM-dd": "%Y-%m-%d",
    "y-MM-dd''T''HH:mm:ss.SSSXXX": "%Y-%m-%dT%H:%M:%S.%gZ",
    "MMMM d, y h:m a": "%B %-d, %Y %-I:%-M %p",
    "MMM dd yy, hh:mm:ss a": "%b %d %y, %I:%M:%S %p",
    "H/m/s SSSSSS xxx": "%-H/%-M/%-S %f +00:00",
    "M-d-yyyy xx X": "%-m-%-d-%Y +0000 Z",
}


def define_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make *connection* know what :func:`for_duckdb` calls."""
    for macro in _MACROS:
        connection.execute(f"CREATE OR REPLACE MACRO {macro}")


def for_duckdb(sql: str) -> str:
    """*sql* in DuckDB's dialect."""
    tree = sqlglot.parse_one(sql, read="s3select")
    for node in list(tree.walk(bfs=False))[::-1]:
        rewritten = _rewritten(node)
        if rewritten is not node:
            node.replace(rewritten)
    return tree.sql(dialect="duckdb")


def _rewritten(node: exp.Expr) -> exp.Expr:
    """*node*, or what stands for it in DuckDB; its operands have been rewritten."""
    if isinstance(node, exp.Div) and not _is_float(node.this):
        return exp.IntDiv(this=node.this, expression=node.expression)
    if isinstance(node, exp.In) and node.args.get("field") is not None:
        return exp.Anonymous(this="in_list", expressions=[node.this, node.args["field"]])
    if not isinstance(node, exp.Anonymous):
        return node
    arguments = node.expressions
    if node.this in ("DATE_ADD", "DATE_DIFF"):
        prefix = "add" if node.this == "DATE_ADD" else "whole"
        return exp.Anonymous(this=f"{prefix}_{arguments[0].name.lower()}s", expressions=arguments[1:])
    if node.this == "TO_TIMESTAMP":
        return exp.Cast(this=arguments[0], to=exp.DataType.build("TIMESTAMPTZ"))
    if node.this == "TO_STRING":
        pattern = PATTERNS[arguments[1].name.replace("'", "''")]
        return exp.Anonymous(this="strftime", expressions=[arguments[0], exp.Literal.string(pattern)])
    return node


def _is_float(operand: exp.Expr) -> bool:
    """Whether an operand of `/` is a float.

    `/` of two integers is a division of floats in DuckDB, and no tree tells the types of its operands. The
    queries divide floats only as ``CAST(… AS FLOAT) / …``; every other division is one of integers.
    """
    return isinstance(operand, exp.Cast) and operand.is_type("double", "float")
