"""The line of a magic: its words, options and actions, and what is wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.jupyter.failure import MagicError, UsageError
from s3sql.jupyter.line import parse_line
from s3sql.jupyter.options import OPTIONS
from s3sql.jupyter.words import Word, next_word


def words(line: str) -> list[Word]:
    found: list[Word] = []
    while (word := next_word(line, found[-1].end if found else 0)) is not None:
        found.append(word)
    return found


def values(line: str, **names: object) -> list[object]:
    return [word.value(lambda expression: eval(expression, dict(names))) for word in words(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("  a  b ", ["a", "b"]),
        ("'a b' \"c d\"", ["a b", "c d"]),
        (r"C:\data\x.csv \t", [r"C:\data\x.csv", r"\t"]),
        ("o'brien.csv", ["o'brien.csv"]),
        ("--delimiter='; '", ["--delimiter=; "]),
        ("--quote '\"'", ["--quote", '"']),
        ("{n}", [5]),
        ("a{n}", ["a{n}"]),
        ("--limit={n}", ["--limit=5"]),
        ("{{n + 1}}", [6]),
        ("{{ {'a': n}['a'] }}", [5]),
        ("data/{{n}}/{{'x y'}}.csv", ["data/5/x y.csv"]),
        ("''", [""]),
    ],
)
def test_words(line: str, expected: list[object]) -> None:
    assert values(line, n=5) == expected


@given(st.text())
def test_any_text_has_words_or_is_refused(line: str) -> None:
    try:
        found = words(line)
    except MagicError:
        return
    for word in found:
        assert line[word.start : word.end].strip() == line[word.start : word.end] != ""


def test_a_query() -> None:
    asked = parse_line(" r << data.csv --header use --limit=5 --no-progress", cell=True)
    assert asked.action == "query"
    assert asked.target == "r"
    assert asked.source is not None
    assert asked.source.plain == "data.csv"
    assert list(asked.options) == ["header", "limit", "no-progress"]
    header, limit = asked.options["header"], asked.options["limit"]
    assert header is not None
    assert limit is not None
    assert (header.plain, limit.plain, asked.options["no-progress"]) == ("use", "5", None)


def test_a_query_in_one_line() -> None:
    asked = parse_line("data.csv --header use select s.x FROM S3Object s WHERE s.x = 'it''s --x'", cell=False)
    assert asked.sql == "select s.x FROM S3Object s WHERE s.x = 'it''s --x'"
    assert asked.line[asked.sql_start :] == asked.sql


def test_a_query_of_the_default_source() -> None:
    asked = parse_line("SELECT 1 FROM S3Object", cell=False)
    assert asked.source is None
    assert asked.sql == "SELECT 1 FROM S3Object"


def test_a_value_may_begin_with_a_dash() -> None:
    word = parse_line("x.csv --scan-range -100", cell=True).options["scan-range"]
    assert word is not None
    assert OPTIONS["scan-range"].read(word.plain) == (None, 100)


@pytest.mark.parametrize("name", ["explain", "analyze"])
def test_plans(name: str) -> None:
    assert parse_line(f"x.csv --{name}", cell=True).action == name


@pytest.mark.parametrize(
    "behind", ["* FROM S3Object", "'x' FROM S3Object", '"a b" FROM S3Object', "(1)", "`1`"]
)
def test_a_select_needs_no_blank_behind_it(behind: str) -> None:
    asked = parse_line(f"x.csv --limit 1 select{behind}", cell=False)
    assert (asked.sql, asked.sql_start) == (f"select{behind}", 16)


@pytest.mark.parametrize("name", ["SELECT.csv", "selected", "SELECT-2.csv", "SELECT/x.csv"])
def test_a_source_may_begin_as_a_select(name: str) -> None:
    asked = parse_line(f"{name} SELECT 1 FROM S3Object", cell=False)
    assert asked.source is not None
    assert (asked.source.plain, asked.sql) == (name, "SELECT 1 FROM S3Object")


@pytest.mark.parametrize("line", ["r << x.csv", "r<< x.csv", "r <<x.csv", "r<<x.csv", "  r  <<  x.csv"])
def test_the_arrow_needs_no_blanks(line: str) -> None:
    asked = parse_line(line, cell=True)
    assert asked.source is not None
    assert (asked.target, asked.source.plain) == ("r", "x.csv")


def test_a_name_is_spelled_as_python_spells_it() -> None:
    """Python takes the sign of micro for the letter; the name would be found under neither else."""
    assert parse_line("\u00b5 << x.csv", cell=True).target == "\u03bc"


def test_set_takes_words_and_options() -> None:
    asked = parse_line("--set header=use --format csv source=x.csv", cell=False)
    assert [word.plain for word in asked.words] == ["header=use", "source=x.csv"]
    assert list(asked.options) == ["format"]


@pytest.mark.parametrize(
    ("line", "cell", "message", "hint"),
    [
        ("x.csv --heder use", True, "--heder is no option", "did you mean --header?"),
        ("x.csv --zzzz use", True, "--zzzz is no option", "%s3sql --help lists every option"),
        ("x.csv -header use", True, "-header is no option", "did you mean --header?"),
        ("x.csv --header", True, "--header needs a value, HEADER: none, use, ignore", None),
        (
            "x.csv --delimiter --quote x",
            True,
            "--delimiter needs a value, CHAR",
            "write --delimiter=--quote if that is the value",
        ),
        ("x.csv --no-progress=1", True, "--no-progress takes no value", None),
        ("x.csv 'y.csv", True, "the quote ' is not closed", None),
        ("'x'.csv", True, "a blank belongs behind a closing quote", None),
        (
            "x.csv y.csv",
            True,
            "y.csv is one word too many",
            "a source whose name has blanks stands in quotes",
        ),
        (
            "x.csv 'SELECT 1'",
            False,
            "'SELECT 1' is one word too many",
            "the SELECT stands without quotes",
        ),
        (
            "x.csv SELECT 1 FROM S3Object",
            True,
            "there is a SELECT in the line and one in the cell",
            "%%s3sql takes it from the cell, %s3sql from the line",
        ),
        ("x.csv --explain --analyze", True, "--explain and --analyze exclude each other", None),
        ("--set header=use", True, "--set needs no cell", "write %s3sql --set with one %"),
        ("x.csv --set header=use", False, "--set takes no source", None),
        ("my-name << x.csv", True, "my-name cannot be the name of a variable", None),
        ("class << x.csv", True, "class cannot be the name of a variable", None),
        ("ｃｌａｓｓ << x.csv", True, "ｃｌａｓｓ cannot be the name of a variable", None),
        ("a.b << x.csv", True, "a.b cannot be the name of a variable", None),
        ("<< x.csv", True, "a name stands in front of <<", None),
        ("--schema x.csv SELECT 1", False, "SELECT is one word too many", "--schema takes no SELECT"),
        (
            "{d[0]} --header use",
            True,
            "{…} takes the name of a variable alone",
            "{{expression}} takes any Python; a name with braces stands in quotes",
        ),
        ("r << --schema x.csv", False, "r << keeps a result, and --schema has none", None),
        ("{{x", True, "{{ is not closed by }}", None),
    ],
)
def test_what_is_refused(line: str, cell: bool, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        parse_line(line, cell=cell)
    assert caught.value.message == message
    assert caught.value.hint == hint
    assert caught.value.position is not None
