from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from s3sql.cli.caret import explain_error
from s3sql.errors import Position, S3SelectError


def shown(sql: str, line: int, column: int) -> str:
    return explain_error(sql, S3SelectError("Code", "Text.", position=Position(line, column)))


def test_the_caret_is_under_the_place() -> None:
    assert shown("SELECT\n  x y z", 2, 5) == "Code: Text.\n    x y z\n      ^"


def test_without_a_place_there_is_no_caret() -> None:
    assert explain_error("SELECT", S3SelectError("Code", "Text.")) == "Code: Text."


def test_a_place_behind_the_end() -> None:
    assert shown("SELECT", 1, 7) == "Code: Text.\n  SELECT\n        ^"


def test_a_tab_is_one_blank() -> None:
    assert shown("a\tb\x1b[0m", 1, 3) == "Code: Text.\n  a b [0m\n    ^"


def test_a_long_line_is_cut_on_both_sides() -> None:
    line, caret = shown("x" * 1000 + "!" + "y" * 1000, 1, 1001).split("\n")[1:]
    assert line == "  …" + "x" * 60 + "!" + "y" * 59 + "…"
    assert line[caret.index("^")] == "!"


@given(lines=st.lists(st.text(st.sampled_from("ab \t"), max_size=200), min_size=1), data=st.data())
def test_the_caret_always_stands_under_its_character(lines: list[str], data: st.DataObject) -> None:
    sql = "\n".join(lines)
    offset = data.draw(st.integers(0, len(sql)))
    position = Position.at(sql, offset)
    line, caret = shown(sql, position.line, position.column).split("\n")[1:]
    expected = sql[offset : offset + 1].replace("\t", " ").rstrip("\n")
    at = caret.index("^")
    assert line[at : at + 1] == expected
    assert len(line) <= 2 + 1 + 60 + 60 + 1
