from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.display.error_text import error_text, marked_line, printable
from s3sql.errors import Position, S3SelectError


def shown(sql: str, line: int, column: int) -> str:
    return error_text(sql, S3SelectError("Code", "Text.", position=Position(line, column)))


def cells(text: str) -> int:
    """The width of *text*, for the characters of these tests."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def test_the_caret_is_under_the_place() -> None:
    assert shown("SELECT\n  x y z", 2, 5) == "Code: Text.\n    x y z\n      ^"


def test_without_a_place_there_is_no_caret() -> None:
    assert error_text("SELECT", S3SelectError("Code", "Text.")) == "Code: Text."


def test_the_hint_comes_last() -> None:
    error = S3SelectError("Code", "Text.", position=Position(1, 1), hint="try something else")
    assert error_text("SELECT", error) == "Code: Text.\n  SELECT\n  ^\nhint: try something else"
    assert error_text("SELECT", S3SelectError("Code", "Text.", hint="x")) == "Code: Text.\nhint: x"


def test_a_place_behind_the_end() -> None:
    assert shown("SELECT", 1, 7) == "Code: Text.\n  SELECT\n        ^"
    assert shown("SELECT", 1, 70) == "Code: Text.\n  SELECT\n        ^"
    assert shown("SELECT\n", 2, 1) == "Code: Text.\n\n  ^"


def test_a_line_that_is_not_there_is_not_shown() -> None:
    assert shown("SELECT", 2, 1) == "Code: Text."


def test_a_tab_is_one_blank_and_other_controls_are_seen() -> None:
    assert shown("a\tb\x1b[0m", 1, 3) == "Code: Text.\n  a b\ufffd[0m\n    ^"


def test_a_carriage_return_ends_no_line_but_a_line_ends_before_it() -> None:
    assert shown("a b\r\nc", 1, 3) == "Code: Text.\n  a b\n    ^"


@pytest.mark.parametrize(
    ("before", "width"),
    [("日本", 4), ("\uff21", 2), ("e\u0301", 1), ("\N{GRINNING FACE}", 2), ("é", 1), ("\u200b", 1)],
)
def test_the_caret_stands_behind_as_many_cells_as_the_text_takes(before: str, width: int) -> None:
    line, caret = shown(f"{before}!", 1, len(before) + 1).split("\n")[1:]
    assert line.endswith("!")
    assert caret == "  " + " " * width + "^"


def test_a_long_line_is_cut_on_both_sides() -> None:
    line, caret = shown("x" * 1000 + "!" + "y" * 1000, 1, 1001).split("\n")[1:]
    assert line == "  …" + "x" * 60 + "!" + "y" * 59 + "…"
    assert line[caret.index("^")] == "!"


def test_a_long_line_of_wide_characters_is_cut_by_its_width() -> None:
    line, caret = shown("日" * 1000, 1, 501).split("\n")[1:]
    assert line == "  …" + "日" * 60 + "…"
    assert caret == "  " + " " * 61 + "^"


@pytest.mark.parametrize(
    ("text", "seen"),
    [("plain", "plain"), ("a\nb", "a\nb"), ("\x1b[31m", r"\x1b[31m"), ("\ud800", r"\ud800"), ("\t", r"\t")],
)
def test_nothing_in_a_message_moves_the_cursor(text: str, seen: str) -> None:
    assert printable(text) == seen
    assert error_text("", S3SelectError("Code", text, hint=text)) == f"Code: {seen}\nhint: {seen}"


@given(lines=st.lists(st.text(st.sampled_from("ab \t日\u0301"), max_size=200), min_size=1), data=st.data())
def test_the_caret_always_stands_under_its_character(lines: list[str], data: st.DataObject) -> None:
    sql = "\n".join(lines)
    offset = data.draw(st.integers(0, len(sql)))
    position = Position.at(sql, offset)
    marked = marked_line(sql, position)
    assert marked is not None
    assert marked.at == sql[offset : offset + 1].replace("\t", " ").rstrip("\n")
    assert marked.cells == cells(marked.before)
    assert cells(marked.text) <= 1 + 60 + 60 + 1
    assert shown(sql, position.line, position.column).split("\n")[1:] == [
        f"  {marked.text}".rstrip(),
        " " * (2 + marked.cells) + "^",
    ]
