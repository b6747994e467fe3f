"""What is said of a query that does not parse, besides the error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.dialects import ARCHIVE_SELECT
from s3sql.errors import S3SelectError
from s3sql.sql import parse
from s3sql.sql.hints import _ONE_ROW, closest, hint_for
from s3sql.sql.other_dialects import CLAUSES, FUNCTIONS, TYPES
from tests.grammar.statements import accepted, rejected

#: Each hint, and queries that it is for.
HINTS: dict[str, tuple[str, ...]] = {
    "did you mean FROM?": (
        "SELECT s.a FORM S3Object s",
        "SELECT * FORM S3Object",
        "SELECT COUNT(*) FORM S3Object s",
    ),
    "did you mean SELECT?": ("SELCT s.a FROM S3Object s",),
    "did you mean WHERE?": (
        "SELECT a FROM S3Object s WEHRE s.a = 1",
        "SELECT a FROM S3Object WEHRE a = 1",
    ),
    "did you mean LIMIT?": (
        "SELECT a FROM S3Object LIMT 5",
        "SELECT a FROM S3Object s LIMT 5",
    ),
    "did you mean AND?": ("SELECT a FROM S3Object WHERE a = 1 ADN b = 2",),
    "did you mean LIKE?": ("SELECT a FROM S3Object WHERE a LIEK 'x'",),
    "did you mean BETWEEN?": ("SELECT a FROM S3Object WHERE a BETWEN 1 AND 2",),
    "did you mean NULL?": ("SELECT a FROM S3Object WHERE a IS NUL",),
    "did you mean WHEN?": ("SELECT CASE WEN a = 1 THEN 2 END FROM S3Object",),
    "did you mean THEN?": ("SELECT CASE WHEN a = 1 THN 2 END FROM S3Object",),
    "did you mean ELSE?": ("SELECT CASE WHEN a = 1 THEN 2 ELS 3 END FROM S3Object",),
    "the operator is written =": ("SELECT a FROM S3Object WHERE a == 1",),
    "the operator is written !=": ("SELECT a FROM S3Object WHERE a !== 1",),
    "the operator is written >=": ("SELECT a FROM S3Object WHERE a => 1",),
    "conditions are joined by AND": ("SELECT a FROM S3Object WHERE a && b",),
    "conditions are joined by OR, texts by ||": ("SELECT a FROM S3Object WHERE a | b",),
    "patterns are for LIKE, with % and _": ("SELECT a FROM S3Object WHERE a ~ b",),
    CLAUSES["ORDER"]: ("SELECT a FROM S3Object ORDER BY a",),
    CLAUSES["GROUP"]: (
        "SELECT a FROM S3Object GROUP BY a",
        "SELECT a, COUNT(*) FROM S3Object GROUP BY a",
        "SELECT a FROM S3Object HAVING COUNT(*) > 1",
    ),
    CLAUSES["DISTINCT"]: (
        "SELECT DISTINCT a FROM S3Object",
        "SELECT COUNT(DISTINCT a) FROM S3Object",
    ),
    CLAUSES["JOIN"]: (
        "SELECT a FROM S3Object s JOIN S3Object t ON s.a = t.a",
        "SELECT a FROM S3Object s, S3Object t",
    ),
    CLAUSES["OFFSET"]: (
        "SELECT a FROM S3Object LIMIT 5 OFFSET 10",
        "SELECT a FROM S3Object OFFSET 10",
        "SELECT a FROM S3Object LIMIT 5, 10",
    ),
    CLAUSES["UNION"]: ("SELECT a FROM S3Object UNION SELECT a FROM S3Object",),
    "S3 Select has no subqueries; run the inner query first and write its result into this one": (
        "SELECT a FROM S3Object WHERE a IN (SELECT b FROM S3Object)",
    ),
    CLAUSES["TOP"]: (
        "SELECT TOP 5 a FROM S3Object",
        "SELECT TOP 5 * FROM S3Object",
        "SELECT a FROM S3Object FETCH FIRST 5 ROWS ONLY",
    ),
    CLAUSES["WITH"]: ("WITH t AS (SELECT 1) SELECT a FROM S3Object",),
    CLAUSES["OVER"]: (
        "SELECT ROW_NUMBER() OVER (ORDER BY a) FROM S3Object",
        "SELECT COUNT(*) OVER (PARTITION BY a) FROM S3Object",
    ),
    "a type is changed by CAST(s.x AS INT)": (
        "SELECT a::int FROM S3Object",
        "SELECT a FROM S3Object WHERE a::int > 5",
    ),
    CLAUSES["ILIKE"]: ("SELECT a FROM S3Object WHERE a ILIKE 'x%'",),
    "a query is one statement; run the next one by itself": (
        "SELECT a FROM S3Object; SELECT b FROM S3Object",
    ),
    "a comma too many before FROM": (
        "SELECT a, FROM S3Object",
        "SELECT a, b, FROM S3Object WHERE a IN (1, 2)",
    ),
    "a comma too many before )": ("SELECT a FROM S3Object WHERE a IN (1, 2,)",),
    "the table is S3Object, whatever the object is called: FROM S3Object s": (
        "SELECT a FROM flights",
        "SELECT a FROM 'flights.csv'",
        "SELECT a FROM flights.csv",
        "SELECT * FROM table",
        "SELECT TRIM('a' FROM a) FROM table t WHERE t.a = 1",
    ),
    "every query has a FROM: FROM S3Object s": (
        "SELECT a WHERE b = 1",
        "SELECT a",
    ),
    'USER is a reserved word; as a name it stands in double quotes: s."user"': (
        "SELECT s.user FROM S3Object s",
    ),
    'USER is a reserved word; as a name it stands in double quotes: "user"': (
        "SELECT user FROM S3Object s",
        "SELECT a FROM S3Object user",
    ),
    'VALUE is a reserved word; as a name it stands in double quotes: "value"': (
        "SELECT value FROM S3Object s",
        "SELECT value, a FROM S3Object s",
        "SELECT TRIM('a' FROM value) FROM S3Object",
    ),
    'DATE is a reserved word; as a name it stands in double quotes: "date"': (
        "SELECT a AS date FROM S3Object",
        "SELECT a date FROM S3Object",
    ),
    'a name stands in double quotes, a text in single ones: "price"': ("SELECT a AS 'price' FROM S3Object",),
    'a name stands in double quotes, a text in single ones: s."a b"': ("SELECT s.'a b' FROM S3Object s",),
    'ORDER is a reserved word; as a name it stands in double quotes: s."order"': (
        "SELECT s.order FROM S3Object s",
    ),
    'YEAR is a reserved word; as a name it stands in double quotes: "year"': (
        "SELECT a FROM S3Object WHERE year = 2013",
    ),
    'COUNT is a reserved word; as a name it stands in double quotes: "count"': (
        "SELECT count FROM S3Object",
    ),
    'YEAR is a reserved word; as a name it stands in double quotes: s."year"': (
        "SELECT min(s.year) FROM S3Object s",
    ),
    "a text stands in single quotes: 'New York'": ("SELECT a FROM S3Object WHERE city = New York",),
    "the number of a column has an underscore: s._5": ("SELECT s.5 FROM S3Object s",),
    "did you mean UPPER?": ("SELECT UPER(a) FROM S3Object",),
    "the function is CHAR_LENGTH(s.x)": ("SELECT LENGTH(a) FROM S3Object",),
    "the operator is ||: s.x || s.y": ("SELECT CONCAT(a, b) FROM S3Object",),
    "write CAST(s.x AS INT)": ("SELECT INT(a) FROM S3Object",),
    "write EXTRACT(YEAR FROM s.t)": ("SELECT YEAR(a) FROM S3Object",),
    "SUBSTRING(s.x, 1, 3) takes the first characters": ("SELECT LEFT(a, 2) FROM S3Object",),
    "the function is UTCNOW()": (
        "SELECT CURRENT_TIMESTAMP FROM S3Object",
        "SELECT NOW() FROM S3Object",
    ),
    "write UPPER(text)": ("SELECT UPPER(a, b) FROM S3Object",),
    "write TO_STRING(timestamp, pattern)": ("SELECT TO_STRING(a) FROM S3Object",),
    "write the part without quotes: DAY": ("SELECT DATE_ADD('day', 1, a) FROM S3Object",),
    "did you mean DAY?": ("SELECT DATE_ADD(dya, 1, a) FROM S3Object",),
    "the type is INT": ("SELECT CAST(a AS BIGINT) FROM S3Object",),
    "the type is STRING": ("SELECT CAST(a AS TEXT) FROM S3Object",),
    "the types are BOOL, INT, FLOAT, DECIMAL, STRING and TIMESTAMP": (
        "SELECT CAST(a AS FOO) FROM S3Object",
        "SELECT CAST(a AS LIST) FROM S3Object",
    ),
    "IS tests for NULL, MISSING or a type; compare with =": (
        "SELECT a FROM S3Object WHERE a IS TRUE",
        "SELECT a FROM S3Object WHERE a IS NOT TRUE",
        'SELECT a FROM S3Object WHERE a IS "true"',
    ),
    _ONE_ROW: (
        "SELECT a, COUNT(*) FROM S3Object",
        "SELECT *, COUNT(*) FROM S3Object",
        "SELECT s.*, COUNT(*) FROM S3Object s",
    ),
    "WHERE judges single rows; compare the result of the aggregate where it is read": (
        "SELECT a FROM S3Object WHERE SUM(a) > 1",
    ),
    "S3Object.* may stand beside other items": ("SELECT *, a FROM S3Object",),
    "s.* may stand beside other items": ("SELECT *, a FROM S3Object AS s WHERE a = 1",),
    "a text stands in straight quotes '…', a name in \"…\"; this one is U+2018": (
        "SELECT a FROM S3Object WHERE a = ‘x’",
    ),
    'a name with other letters than A to Z stands in double quotes: "größe"': (
        "SELECT a FROM S3Object WHERE größe = 1",
    ),
    "this is U+00A0, which looks like a blank or like nothing; write a blank": ("SELECT a FROM\xa0S3Object",),
    "a quote inside a text is doubled: 'it''s'": (
        "SELECT a FROM S3Object WHERE a = 'it's'",
        "SELECT a FROM S3Object WHERE a = 'x",
    ),
    'a quote inside a name is doubled: "it""s"': ('SELECT "a FROM S3Object',),
    'a name that begins with a digit stands in double quotes: "1st"': ("SELECT 1st FROM S3Object",),
    "a number has no separators between its digits": ("SELECT a FROM S3Object WHERE a = 1_000",),
    "a timestamp stands in backquotes: `2007-04-05T14:30:00Z`": (
        "SELECT a FROM S3Object WHERE a = 2013-01-01T00:00Z",
    ),
    "a timestamp with a time has a T and an offset: `2007-04-05T14:30:00Z`": (
        "SELECT `2013-01-01 10:00` FROM S3Object",
    ),
    "backquotes are for Ion values such as `2007-04-05T`; a name stands in double quotes, a text in '…'": (
        "SELECT `a b` FROM S3Object",
    ),
    "a query has no placeholders; write the value, a text as '…'": ("SELECT a FROM S3Object WHERE a = ?",),
    "a comment is written -- to the end of the line, or /* … */": ("SELECT a FROM S3Object # x",),
    "the operators are != and NOT": ("SELECT a FROM S3Object WHERE !a",),
    "a text stands in single quotes: 'b c'": ("SELECT a FROM S3Object WHERE a = b c",),
    "the operator is %": ("SELECT a MOD b FROM S3Object",),
    "the operator is /; between two ints it drops the fraction": (
        "SELECT a FROM S3Object WHERE a DIV 2 = 1",
    ),
}

#: Queries of which nothing sure can be said besides the error.
WITHOUT_HINT = (
    "SELECT CASE WHEN a = 1 THEN 2 FROM S3Object",
    "SELECT ROUND(a) FROM S3Object",
    "SELECT DATE_ADD(week, 1, a) FROM S3Object",
    "SELECT SUM(MAX(a)) FROM S3Object",
    "SELECT a FROM S3Object WHERE (a = 1",
    "SELECT a FROM S3Object WHERE",
    "SELECT a FROM S3Object WHERE a = 1 AND",
    "SELECT a FROM",
    "SELECT FROM S3Object",
    "INSERT INTO S3Object VALUES (1)",
    "SELECT a FROM S3Object LIMIT -1",
    "SELECT a FROM S3Object LIMIT x",
    "SELECT .5.5 FROM S3Object",
    "SELECT a b c FROM S3Object",
    "SELECT a FROM S3Object.x",
    "SELECT SUBSTRING(a 1 2) FROM S3Object",
    "SELECT a FROM S3Object WHERE a NOT b",
    "SELECT a FROM S3Object WHERE a IN 1, 2",
    "EXPLAIN SELECT a FROM S3Object",
)


def hint_of(sql: str) -> str | None:
    with pytest.raises(S3SelectError) as raised:
        parse(sql)
    return raised.value.hint


@pytest.mark.parametrize(("hint", "sql"), [(hint, sql) for hint, queries in HINTS.items() for sql in queries])
def test_hint(hint: str, sql: str) -> None:
    assert hint_of(sql) == hint


@pytest.mark.parametrize("sql", WITHOUT_HINT)
def test_no_hint_where_nothing_is_sure(sql: str) -> None:
    assert hint_of(sql) is None


def test_every_function_of_another_dialect_has_its_hint() -> None:
    for name in FUNCTIONS:
        assert hint_of(f"SELECT {name}(s.a, s.b) FROM S3Object s") == FUNCTIONS[name], name


def test_every_type_of_another_dialect_has_its_hint() -> None:
    for name, kind in TYPES.items():
        assert hint_of(f"SELECT CAST(s.a AS {name}) FROM S3Object s") == f"the type is {kind}"
        parse(f"SELECT CAST(s.a AS {kind}) FROM S3Object s")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT {} FROM S3Object s",
        "SELECT s.a FROM S3Object s WHERE {} = 1",
        "SELECT s.{} FROM S3Object s",
        "SELECT s.a AS {} FROM S3Object s",
    ],
)
@pytest.mark.parametrize("word", ["user", "Date", "VALUE", "position", "timestamp", "count", "zone"])
def test_a_reserved_word_reads_as_the_hint_writes_it(sql: str, word: str) -> None:
    hint = hint_of(sql.format(word))
    assert hint is not None
    written = hint.rpartition(": ")[2]
    assert written.endswith(f'"{word}"')
    parse(sql.replace("s.{}", "{}").format(written))


def test_only_the_first_error_of_a_query_counts() -> None:
    assert hint_of("SELECT a FORM S3Object s WEHRE a = 1") == "did you mean FROM?"


def test_a_place_on_a_later_line() -> None:
    assert hint_of("SELECT *\nFROM S3Object s\nORDER BY s.a") == CLAUSES["ORDER"]


def test_the_dialect_of_archived_objects_has_no_hints() -> None:
    with pytest.raises(S3SelectError) as raised:
        parse("SELECT a FORM Object", ARCHIVE_SELECT)
    assert raised.value.hint is None


def test_a_long_query_is_not_parsed_again() -> None:
    assert hint_of("SELECT a FORM S3Object" + " " * 5000) is None


def test_closest() -> None:
    assert closest("uper", ["LOWER", "UPPER"]) == "UPPER"
    assert closest("x", ["LOWER", "UPPER"]) is None


@given(data=st.data())
def test_a_hint_is_a_line_or_none_whatever_the_query(data: st.DataObject) -> None:
    queries = [sql for _, sql in accepted()] + [case.sql for case in rejected()]
    sql = data.draw(st.sampled_from(queries))
    start = data.draw(st.integers(0, len(sql)))
    end = data.draw(st.integers(start, min(start + 8, len(sql))))
    put = data.draw(st.sampled_from(["", "x", " ", "'", '"', "`", "(", ",", "1", ".", "é", "\n"]))
    hint: str | None = "none was asked for"
    try:
        parse(sql[:start] + put + sql[end:])
    except S3SelectError as error:
        hint = error.hint
    assert hint is None or (hint and "\n" not in hint)


def test_an_error_without_a_place_has_no_hint() -> None:
    assert hint_for("", S3SelectError("MissingRequiredParameter")) is None
