"""SQL text to AST: the front door of ``s3sql.sql``.

In: the text of a query.  Out: a checked ``exp.Select`` in the shapes of ``nodes.py``, or an S3SelectError.

The checks come in AWS's order: length, tokens, grammar of the whole text, constructs that are refused,
structure. What depends on the input format (column names, aliases, paths on CSV) is the binder's.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from sqlglot import exp

from s3sql.dialects import S3_SELECT, Dialect
from s3sql.errors import S3SelectError
from s3sql.sql.hints import hint_for
from s3sql.sql.statement import StatementParser
from s3sql.sql.structure import check

#: From this many characters on the garbage collector rests while a text is parsed or planned.
_LONG_TEXT = 16 * 1024


def parse(sql: str, dialect: Dialect = S3_SELECT) -> exp.Select:
    """The AST of *sql*.

    Raises:
        S3SelectError: MissingRequiredParameter for an empty text, ExpressionTooLong for more bytes of UTF-8
            than *dialect* allows, a ``Lexer*`` or ``Parse*`` code with its position, or the code of a
            structure that *dialect* does not have.
    """
    if not sql.strip(" \t\n\r\v\f"):
        raise S3SelectError(
            "MissingRequiredParameter",
            "Expression is required. Please check the service documentation and try again.",
        )
    size = len(sql) if sql.isascii() else len(sql.encode("utf-8", "surrogatepass"))
    if size > dialect.expression_bytes:
        raise S3SelectError(
            "ExpressionTooLong",
            f"The SQL expression has {size:,} bytes; at most {dialect.expression_bytes:,} are allowed.",
        )
    try:
        with collector_resting(sql):
            return _checked(sql, dialect)
    except S3SelectError as error:
        error.suggest(hint_for(sql, error) if dialect is S3_SELECT else None)
        raise


def _checked(sql: str, dialect: Dialect) -> exp.Select:
    parser = StatementParser(sql, dialect)
    select = parser.statement()
    if parser.refusals:
        raise parser.refusals[0]
    check(select, dialect)
    return select


@contextmanager
def collector_resting(sql: str) -> Iterator[None]:
    """No cyclic garbage collection while something is made of a long text *sql*.

    It would walk the growing tree again and again, for half of the time.
    """
    if len(sql) < _LONG_TEXT:
        yield
        return
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
