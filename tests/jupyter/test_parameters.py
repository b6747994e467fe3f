"""Parameters stand where a token could, and what takes their place can be traced back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import s3sql
from s3sql.errors import S3SelectError
from s3sql.jupyter.failure import ParameterError
from s3sql.jupyter.namespace import Namespace
from s3sql.jupyter.parameters import Filled, fill, find_parameters

VALUES: dict[str, Any] = {
    "v": "x'y",
    "n": -5,
    "many": ["a", "b"],
    "none": [],
    "größe": 1,
    "\u03bc": 3,
    "lookup": {"k": {"deep": 7}},
}


def filled(sql: str, **values: Any) -> Filled:
    names = {**VALUES, **values}
    space = Namespace(names, names)
    return fill(sql, space.value_of, space.names)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("s.x = :v", "s.x =  'x''y' "),
        ("s.x=:v", "s.x= 'x''y' "),
        ("s.x - :n", "s.x -  `-5` "),
        ("s.x -:n", "s.x - `-5` "),
        ("{{ v.upper() }}", " 'X''Y' "),
        ("{{ {'a': {'b': v}}['a']['b'] }}", " 'x''y' "),
        ("{{{'a': 1}['a']}}", " 1 "),
        ("{{ '}}' + \"{{\" }}", " '}}{{' "),
        ("{{ lookup['k']['deep'] }} + {{n}}", " 7  +  `-5` "),
        ("{{\n  [w for w in many][0] +\n  v\n}}", " 'ax''y' "),
        (":größe", " 1 "),
        (":\u00b5", " 3 "),
        ("{{None}}, {{True}}, :False", " NULL ,  TRUE ,  FALSE "),
        ("s.x IN :many", "s.x IN  ('a', 'b') "),
        ("s.x in :none", "s.x in  [] "),
        ("s.x IN (:many)", "s.x IN  ('a', 'b') "),
        ("s.x IN ( :many /* all */ )", "s.x IN  ('a', 'b') "),
        ("s.x IN (:v)", "s.x IN  ('x''y') "),
        ("s.x IN (:v, :n)", "s.x IN ( 'x''y' ,  `-5` )"),
        ("s.x NOT IN {{set()}}", "s.x NOT IN  [] "),
    ],
)
def test_what_takes_the_place(sql: str, expected: str) -> None:
    assert filled(sql).sql == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ':v {{v}}' FROM S3Object",
        "SELECT 'it''s :v' FROM S3Object",
        'SELECT s.":v" FROM S3Object s',
        "SELECT 1 -- :v {{v}}\nFROM S3Object",
        "SELECT /* :v {{ */ 1 FROM S3Object",
        'SELECT `":v"` FROM S3Object',
        "SELECT s.x::v FROM S3Object s",
        "SELECT s.x : v FROM S3Object s",
        "SELECT s.x :1 FROM S3Object s",
        "SELECT 'open :v",
        "SELECT /* open :v",
    ],
)
def test_what_is_no_parameter(sql: str) -> None:
    assert find_parameters(sql) == []
    assert filled(sql).sql == sql


@pytest.mark.parametrize(
    ("sql", "message", "column", "hint"),
    [
        ("s.x = :vv", "vv is not defined", 7, "did you mean v?"),
        ("s.x = {{manny[0]}}", "manny is not defined", 7, "did you mean many?"),
        ("s.x = {{v", "{{ is not closed by }}", 7, None),
        ("s.x = {{}}", "{{}} holds no Python expression", 7, None),
        ("s.x = {{v +}}", "v + is no Python expression", 7, None),
        ("s.x = {{import os}}", "import os is no Python expression", 7, None),
        ("s.x = {{1/0}}", "1/0: ZeroDivisionError: division by zero", 7, None),
        ("s.x = {{lookup['q']}}", "lookup['q']: KeyError: 'q'", 7, None),
        ("s.x = :v.upper()", ":v takes a name alone", 7, "write {{v…}} for an expression"),
        ("s.x = :many[0]", ":many takes a name alone", 7, "write {{many…}} for an expression"),
        ("s.x = :many", "many: a list stands behind IN only, without anything", 7, None),
        ("s.x[:many]", "many: a list stands behind IN only, without anything", 5, None),
        ("s.x IN {{[1, [2]]}}", "[1, [2]]: element 2: a list stands behind IN only", 8, None),
        ("s.x = :id", "id is not defined", 7, None),
        ("s.x IN (:many, :v)", "many: a list stands behind IN only, without anything beside it", 9, None),
        ("s.x IN :v", "v: IN takes a list, tuple, set, range or one column, and this is a str", 8, None),
        ("s.x IN {{iter([1])}}", "iter([1]): IN takes a list, tuple, set, range or one column", 8, None),
    ],
)
def test_what_is_refused(sql: str, message: str, column: int, hint: str | None) -> None:
    with pytest.raises(ParameterError) as caught:
        filled(sql)
    assert caught.value.message.startswith(message)
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (1, column)
    assert caught.value.hint == hint


def test_many_braces_end_soon() -> None:
    with pytest.raises(ParameterError, match="no Python expression"):
        find_parameters("{{" + "}" * 200_000)


@pytest.mark.parametrize("value", ["x" * 300_000, list(range(200_000))])
def test_a_value_can_be_too_long(value: object) -> None:
    with pytest.raises(S3SelectError) as caught:
        filled("SELECT *\nFROM S3Object s WHERE s.x IN (:long)", long=value)
    assert caught.value.code == "ExpressionTooLong"
    assert str(caught.value.position) == "line 2, column 30"


@given(
    st.lists(st.tuples(st.sampled_from(["s.x ", "\n", "'t' ", "+"]), st.sampled_from([":v", "{{v}}", ""])))
)
def test_every_place_leads_back(parts: list[tuple[str, str]]) -> None:
    sql = "".join(f"{text}{parameter} " for text, parameter in parts)
    done = filled(sql, v="a\nlong'er value")
    assert done.sql.count("long''er") == sum(bool(parameter) for _, parameter in parts)
    for offset, character in enumerate(done.sql):
        typed = done.typed_offset(offset)
        inside = any(start <= offset < end for start, end, _, _ in done.pieces)
        assert sql[typed] in ":{" if inside else sql[typed] == character
    assert done.typed_offset(len(done.sql)) == len(sql)


def test_an_error_is_told_in_the_text_that_was_typed() -> None:
    done = filled("SELECT :v,\n  {{v}}, s.x FROM S3Object s\nORDER BY s.x", v="two\nlines")
    with pytest.raises(S3SelectError) as caught:
        s3sql.query(done.sql, b"x\n", input_format="csv")
    assert str(caught.value.position) == "line 5, column 1"
    moved = done.typed_error(caught.value)
    assert str(moved.position) == "line 3, column 1"
    assert "at line 3, column 1" in moved.message
    assert "line 5" not in str(moved)
    assert (moved.code, moved.status) == (caught.value.code, caught.value.status)
    assert moved.hint == caught.value.hint


def test_an_error_at_a_value_is_told_at_its_parameter() -> None:
    done = filled("SELECT s.x FROM S3Object s LIMIT  :n")
    with pytest.raises(S3SelectError) as caught:
        s3sql.query(done.sql, b"x\n", input_format="csv")
    assert str(done.typed_error(caught.value).position) == "line 1, column 35"


def test_a_function_sees_its_own_variables() -> None:
    space = Namespace({"a": 1, "b": 2}, {"a": 3})
    assert space.value_of("a + b") == 5
    assert space.value_of("[a for _ in range(2)]") == [3, 3]
    assert space.names() == ["a", "b"]
