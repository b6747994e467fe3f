"""Completion: what is offered where, and that no text makes it fail."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.completion import LONGEST, MOST, Completion, complete
from s3sql.functions.signatures import SIGNATURES
from s3sql.sql.keywords import RESERVED
from s3sql.sql.lexer import tokenize
from s3sql.sql.spans import spans
from tests.grammar.statements import accepted

COLUMNS = ("carrier", "arr delay", "date", "Flight")


@dataclass(frozen=True)
class Described:
    """What completion uses of a ``ColumnDescription``."""

    sql: str
    kinds: tuple[str, ...] = ("string",)
    examples: tuple[str, ...] = ()


EVENTS = (
    Described('s."user".name', ("string",), ("Ada",)),
    Described('s."user".id', ("int", "string"), ("1",)),
    Described("s.tags[*]"),
    Described("s.items[*].price", ("decimal",), ("1.50",)),
    Described("s.items[*].sku"),
    Described('s."a.b"'),
)


def found(text: str, columns: tuple[object, ...] = COLUMNS, table: str = "S3Object") -> list[Completion]:
    """The completions at the ``|`` of *text*."""
    cursor = text.index("|")
    return complete(text.replace("|", "", 1), cursor, columns, table=table)  # type: ignore[arg-type]


def texts(text: str, columns: tuple[object, ...] = COLUMNS, table: str = "S3Object") -> list[str]:
    return [completion.text for completion in found(text, columns, table)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("|", ["SELECT"]),
        ("sel|", ["select"]),
        ("SELECT * |", ["FROM"]),
        ("SELECT * FROM |", ["S3Object", "S3Object[*]"]),
        ("select * from s3|", ["S3Object", "S3Object[*]"]),
        ("SELECT * FROM S3Object |", ["AS", "WHERE", "LIMIT"]),
        ("SELECT * FROM S3Object s |", ["WHERE", "LIMIT"]),
        ("select * from S3Object s w|", ["where"]),
        ("SELECT a b |", ["FROM"]),
        ("SELECT a AS |", []),
        ("SELECT a AS b |", ["FROM"]),
        ("SELECT * FROM S3Object LIMIT |", []),
        ("SELECT * FROM S3Object LIMIT 5 |", []),
        ("SELECT EXTRACT(ye|", ["year"]),
        ("SELECT EXTRACT(YEAR |", ["FROM"]),
        ("SELECT DATE_ADD(|", ["DAY", "HOUR", "MINUTE", "MONTH", "SECOND", "YEAR"]),
        ("SELECT CAST(a AS DEC|", ["DECIMAL"]),
        ("SELECT a FROM S3Object WHERE a NOT |", ["IN", "LIKE", "BETWEEN"]),
        ("SELECT a FROM S3Object WHERE a IS N|", ["NULL", "NOT", "NUMERIC"]),
        ("SELECT 1; |", ["SELECT"]),
    ],
)
def test_what_is_offered(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM S3Object WHERE a = 'car|",
        "SELECT 'a'|",
        "SELECT 12|",
        "SELECT `201|",
        "SELECT -- car|",
        "SELECT /* car|",
        "SELECT 1c|",
    ],
)
def test_nothing_in_literals_and_comments(text: str) -> None:
    assert texts(text) == []


def test_columns_come_first_and_are_quoted_where_they_must_be() -> None:
    assert texts("SELECT |")[:4] == ["carrier", '"arr delay"', '"date"', "Flight"]


def test_names_are_compared_in_any_case_and_keep_their_own() -> None:
    assert texts("SELECT FL|")[0] == "Flight"
    assert texts("SELECT arr|") == ['"arr delay"']
    assert texts('SELECT "F|') == ['"Flight"']


def test_a_quote_that_is_there_is_not_written_twice() -> None:
    (completion,) = found('SELECT "a|"')
    assert (completion.text, completion.start) == ('"arr delay', 7)


def test_names_that_differ_in_case_are_quoted() -> None:
    assert texts("SELECT s.|", ("a", "A", "b")) == ['"a"', '"A"', "b"]


def test_words_take_the_case_of_what_is_typed() -> None:
    assert "UPPER(" in texts("SELECT UP|")
    assert "upper(" in texts("SELECT up|")
    assert texts("select a |")[0] == "from"
    assert texts("SELECT a |")[0] == "FROM"


def test_functions_say_how_they_are_used() -> None:
    (completion,) = found("SELECT SUBS|")
    assert (completion.text, completion.kind) == ("SUBSTRING(", "function")
    assert completion.note == SIGNATURES["SUBSTRING"].usage != ""
    assert texts("SELECT UP|(a)") == ["UPPER"]
    assert texts("SELECT UTC|") == ["UTCNOW()"]


def test_aggregates_are_for_the_select_list() -> None:
    assert "COUNT(" in texts("SELECT CO|")
    assert "COUNT(" not in texts("SELECT a FROM S3Object WHERE CO|")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT s.c| FROM S3Object s",
        "SELECT S.c| FROM S3Object AS s WHERE s.x = 1",
        'SELECT "s p".c| FROM S3Object "s p"',
        "SELECT S3Object.c|",
        "SELECT s.c|",
        "SELECT a FROM S3Object[*] s WHERE UPPER(s.c|",
    ],
)
def test_columns_behind_the_row(text: str) -> None:
    assert texts(text) == ["carrier"]


def test_the_alias_is_offered() -> None:
    assert ("flights", "alias") in [(c.text, c.kind) for c in found("SELECT | FROM S3Object flights")]
    assert "flights" in texts("SELECT f| FROM S3Object flights")


def test_a_column_that_the_alias_hides_is_reached_through_it() -> None:
    assert texts("SELECT | FROM S3Object carrier")[0] == "carrier.carrier"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT s.| FROM S3Object s", ['"user"', "tags", "items", '"a.b"']),
        ('SELECT s."user".| FROM S3Object s', ["name", "id"]),
        ('SELECT "user".n|', ["name"]),
        ("SELECT s['user'].i| FROM S3Object s", ["id"]),
        ("SELECT s.items[0].| FROM S3Object s", ["price", "sku"]),
        ("SELECT s.tags[0].| FROM S3Object s", []),
        ("SELECT s.nothing.| FROM S3Object s", []),
        ("SELECT * FROM S3Object[*].it|", ["items"]),
        ("SELECT i.| FROM S3Object[*].items[*] AS i", ["price", "sku"]),
        ("SELECT p| FROM S3Object[*].items[*] i", ["price"]),
        ("SELECT items.| FROM S3Object[*].items", []),
        ("SELECT _1.| FROM S3Object[*].items[*]", ["price", "sku"]),
    ],
)
def test_members(text: str, expected: list[str]) -> None:
    assert texts(text, EVENTS) == expected


def test_a_list_of_records() -> None:
    table = "S3Object[*][*]"
    assert texts("SELECT * FROM |", EVENTS, table)[0] == table
    assert texts("SELECT s.it| FROM S3Object[*][*] s", EVENTS, table) == ["items"]
    assert texts("SELECT s.it|", EVENTS, table) == ["items"]
    assert texts("SELECT s.it| FROM S3Object s", EVENTS, table) == []


def test_a_column_says_what_it_holds() -> None:
    notes = {
        completion.text: completion.note for completion in found("SELECT s.user.| FROM S3Object s", EVENTS)
    }
    assert notes == {}
    notes = {c.text: c.note for c in found('SELECT s."user".| FROM S3Object s', EVENTS)}
    assert notes == {"name": "string e.g. Ada", "id": "int, string e.g. 1"}


def test_a_hostile_example_stays_one_printable_line() -> None:
    (completion,) = found("SELECT |x", (Described("s.x", ("string",), ("a\n\x1b[31m" + "b" * 100,)),))[:1]
    assert completion.note.isprintable()
    assert len(completion.note) == 60


def test_special_places() -> None:
    assert texts("SELECT CASE |")[0] == "WHEN"
    assert texts("SELECT CASE WHEN a |")[0] == "THEN"
    assert texts("SELECT CASE WHEN a THEN b |")[:3] == ["WHEN", "ELSE", "END"]
    assert texts("SELECT TRIM(|")[:3] == ["BOTH", "LEADING", "TRAILING"]
    assert texts("SELECT SUBSTRING(a FROM 1 |")[0] == "FOR"
    assert texts("SELECT a FROM S3Object WHERE a BETWEEN 1 |")[0] == "AND"
    assert texts("SELECT a FROM S3Object WHERE a LIKE 'x' |")[0] == "ESCAPE"


def test_a_very_long_list_ends() -> None:
    many = tuple(f"column{number}" for number in range(5 * MOST))
    assert len(texts("SELECT c|", many)) == MOST
    assert texts("SELECT column1234|", many) == []
    assert texts("SELECT column123|", many) == [f"column123{digit}" for digit in range(10)]


def test_a_very_long_text_has_none() -> None:
    assert texts("SELECT " + "a." * LONGEST + "|") == []


#: Words that are not offered though they may stand: the second word of a type, and ALL, which does nothing.
UNOFFERED = {"ALL", "PRECISION", "VARYING"}


@pytest.mark.parametrize(("file", "sql"), accepted())
def test_every_word_of_a_right_statement_is_offered_in_its_place(file: str, sql: str) -> None:
    significant = [span for span in spans(sql) if span.kind not in ("blank", "comment")]
    for span, following in zip(significant, [*significant[1:], None], strict=True):
        word = span.text.upper()
        called = word in SIGNATURES and following is not None and following.text == "("
        if span.kind != "word" or word in UNOFFERED or not (word in RESERVED or called):
            continue
        before = f"{sql[: span.start]} "
        offered = " ".join(c.text.upper() for c in complete(before, len(before), ()))
        assert word in offered.replace("(", " ").split(), f"{file}: {word} is not offered behind {before!r}"


PIECES = st.sampled_from(
    "SELECT FROM S3Object [*] . s s. carrier WHERE AND BETWEEN CASE WHEN END CAST ( AS INT ) EXTRACT ( YEAR "
    ", 'x' \" ' ; LIMIT 1 -- /* `1` * [ ] é { } NOT IS IN TRIM ( LEADING".split(" ")
) | st.text(max_size=3)


@given(st.lists(PIECES, max_size=15).map(" ".join), st.integers(-3, 80))
def test_any_text_and_any_cursor(text: str, cursor: int) -> None:
    for completion in complete(text, cursor, COLUMNS):
        at = min(max(cursor, 0), len(text))
        assert 0 <= completion.start <= at
        if completion.kind in ("keyword", "function", "type"):
            before = text[: completion.start]
            assert not any(span.kind.startswith("open_") for span in spans(before))
            # What is completed is a token of its own.
            assert tokenize(completion.text)[0].start == 0
            assert spans(before + completion.text)[-1].kind in ("word", "symbol")
