"""Target ``sql``: text of a query. The first byte chooses the object, the second the output."""

from __future__ import annotations

from s3sql.errors import S3SelectError
from s3sql.functions.signatures import ALIASES, SIGNATURES
from s3sql.request import CsvOutput, InputFormat, JsonOutput, SelectRequest
from s3sql.sql import parse, print_sql
from s3sql.sql.keywords import RESERVED
from tests.fuzz.draws import Draws
from tests.fuzz.objects import OBJECTS
from tests.fuzz.runs import check_one_answer

WORDS: tuple[str, ...] = (
    *sorted(RESERVED),
    *SIGNATURES,
    *ALIASES,
    *("S3Object", "S3Object[*]", "s.", "a", "b", "c", "d", "_1", '"a"', "[*]", ".*", "[0]", "['a']"),
    *("'x'", "''", "'%'", "'_'", "1", "1.50", "1e3", "9223372036854775807", "`2010T`", "`1d2`"),
    *("<>", "<=", ">=", "!=", "||", "--", "/*", "*/", "YEAR", "TIMEZONE_HOUR", "'y-MM-dd'"),
)


def check(data: bytes) -> None:
    """The text is refused, or it is printed as text of the same meaning and answered in one way."""
    draws = Draws(data)
    contents, inputs = draws.pick(OBJECTS)
    outputs = draws.pick((JsonOutput(), CsvOutput()))
    check_query(draws.rest().decode("utf-8", "replace"), contents, inputs, outputs)


def check_query(sql: str, contents: bytes, inputs: InputFormat, outputs: CsvOutput | JsonOutput) -> None:
    """As :func:`check`, for a text."""
    try:
        request = SelectRequest(sql, inputs, outputs)
        tree = parse(sql)
    except S3SelectError as error:
        assert error.code != "InternalError", error.message
        return
    printed = print_sql(tree)
    again = parse(printed)
    assert again == tree, f"printed as {printed!r}"
    assert print_sql(again) == printed
    check_one_answer(request, contents)
