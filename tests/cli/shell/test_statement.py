"""Where statements end, against the tokens of the lexer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.cli.shell.statement import Splitter, Unit, is_finished, lines_of, units_of
from s3sql.limits import MAX_EXPRESSION_BYTES
from s3sql.sql.spans import spans


def units(text: str) -> list[tuple[str, str, int]]:
    return [(unit.kind, unit.text, unit.line) for unit in units_of(text)]


def test_queries_end_with_a_semicolon_and_commands_with_the_line() -> None:
    text = ".mode csv\nSELECT 1;\n\nSELECT\n  2\n; SELECT 3; SELECT\n4\n"
    assert units(text) == [
        ("command", ".mode csv", 1),
        ("query", "SELECT 1", 2),
        ("query", "SELECT\n  2", 4),
        ("query", "SELECT 3", 6),
        ("query", "SELECT\n4", 6),
    ]


@pytest.mark.parametrize("quoted", ["';'", '";"', "`;`", "/* ; */", "-- ;\n", "''';'", '";\n;"', "/*\n;\n*/"])
def test_a_semicolon_in_quotes_and_comments_ends_nothing(quoted: str) -> None:
    text = f"SELECT {quoted} 1;"
    assert units(text) == [("query", text[:-1], 1)]


@pytest.mark.parametrize("text", ["", " \n", ";", ";;\n;", "-- nothing\n", "/* nothing */ ;"])
def test_nothing_to_run(text: str) -> None:
    assert units(text) == []


def test_a_dot_within_a_query_is_no_command() -> None:
    assert units("SELECT s\n.a;\n.help\n") == [("query", "SELECT s\n.a", 1), ("command", ".help", 3)]
    assert units("SELECT '\n.help\n';") == [("query", "SELECT '\n.help\n'", 1)]


@pytest.mark.parametrize(
    ("text", "command"), [("exit", ".quit"), (" QUIT ;\n", ".quit"), ("help\n", ".help")]
)
def test_words_that_are_commands(text: str, command: str) -> None:
    assert units(text) == [("command", command, 1)]


def test_a_comment_before_a_query_belongs_to_no_line_of_it() -> None:
    assert units("-- one\n\nSELECT 1;") == [("query", "SELECT 1", 3)]
    assert units("/* one\n */ SELECT 1;") == [("query", "/* one\n */ SELECT 1", 1)]


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("", False),
        ("SELECT 1", False),
        ("SELECT 1;", True),
        ("SELECT 1; -- done", True),
        ("SELECT 1; SELECT", False),
        ("SELECT ';", False),
        ("SELECT 1 /* ;", False),
        (".help", True),
        (".mode csv\nSELECT 1", False),
        ("SELECT\n.help", False),
        ("quit", True),
    ],
)
def test_what_is_finished(text: str, finished: bool) -> None:
    assert is_finished(text) is finished


@pytest.mark.parametrize("text", ["SELECT '", 'SELECT "a\n', "/* a", "SELECT `1"])
def test_what_is_open_at_the_end_is_a_query_whose_error_says_so(text: str) -> None:
    assert [kind for kind, _, _ in units(text)] == ["query"]


def test_a_query_without_an_end_is_bounded() -> None:
    splitter = Splitter()
    splitter.feed("SELECT '\n")
    line = "a line of a long text;\n"
    for _ in range(MAX_EXPRESSION_BYTES // len(line) - 1):
        assert splitter.feed(line) == []
    splitter.feed(line)
    with pytest.raises(ValueError, match="lack a ';' or a closing quote"):
        splitter.feed(line)
    assert not splitter.begun


PIECES = st.sampled_from(
    ["SELECT", " ", "\n", ";", "'", '"', "`", "--", "/*", "*/", "a", "1", "\r", "é", "-", "*"]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_the_cut_is_that_of_the_tokens(text: str) -> None:
    expected, current = [], ""
    for span in spans(text):
        if span.text == ";" and span.kind == "symbol":
            expected.append(current)
            current = ""
        else:
            current += span.text
    expected.append(current)
    significant = [
        text.strip()
        for text in expected
        if any(span.kind not in ("blank", "comment") for span in spans(text))
    ]
    assert [without_leading_comments(unit.text) for unit in units_of(text)] == [
        without_leading_comments(text) for text in significant
    ]


def without_leading_comments(text: str) -> str:
    """Comments before a query may have been dropped with their lines."""
    found = spans(text)
    while found and found[0].kind in ("blank", "comment"):
        del found[0]
    return "".join(span.text for span in found).rstrip()


@given(st.lists(PIECES, max_size=25).map("".join))
def test_lines_are_the_text(text: str) -> None:
    assert "".join(lines_of(text)) == text
    assert all(unit.line >= 1 for unit in units_of(text))
    assert all(isinstance(unit, Unit) for unit in units_of(text))
