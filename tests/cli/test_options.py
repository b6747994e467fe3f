from __future__ import annotations

import inspect
import io
from typing import Any

import pytest
import typer

from s3sql.api import query
from s3sql.cli.options import CSV_OUTPUT, ENDPOINT, INPUT, SCAN_RANGE, TIMEOUT, for_source, said, with_flags
from s3sql.cli.parameters import characters, choice, member, scan_range, seconds, whole_number
from s3sql.cli.terminal import colour

ALL = INPUT + SCAN_RANGE + TIMEOUT + CSV_OUTPUT + ENDPOINT


def test_every_option_is_a_keyword_of_the_query() -> None:
    assert {word.keyword for word in ALL} <= set(inspect.signature(query).parameters)


def test_what_was_not_said_is_left_to_the_query() -> None:
    words: dict[str, Any] = {word.keyword: None for word in ALL}
    assert said(words, INPUT, ENDPOINT) == {}
    words["quote_character"] = ""
    assert said(words, INPUT) == {"quote_character": ""}
    assert said(words, ENDPOINT) == {}


@pytest.mark.parametrize(
    ("word", "text"),
    [(r"\t", "\t"), (r"\r\n", "\r\n"), (r"\\n", r"\n"), (r"\x", r"\x"), ("", ""), ("é", "é")],
)
def test_escapes(word: str, text: str) -> None:
    assert characters(word) == text


@pytest.mark.parametrize(("word", "expected"), [("0-9", (0, 9)), ("7-", (7, None)), ("-5", (None, 5))])
def test_scan_ranges(word: str, expected: tuple[int | None, int | None]) -> None:
    assert scan_range(word) == expected


@pytest.mark.parametrize("word", ["-", "x", "1", "1-2-3", "1..2", "", "٣-٤", "9" * 30 + "-"])
def test_what_is_no_scan_range(word: str) -> None:
    with pytest.raises(typer.BadParameter, match="is none of START-END"):
        scan_range(word)


def test_choices_are_taken_in_any_case() -> None:
    assert choice("csv", "json")("CSV") == "csv"
    assert member("none", "gzip")("gzip") == "GZIP"
    with pytest.raises(typer.BadParameter, match="'cvs' is none of csv, json; did you mean csv"):
        choice("csv", "json")("cvs")


@pytest.mark.parametrize("word", ["-1", "x", "", "1.5", "1e3", "٣"])
def test_what_is_no_number_of_rows(word: str) -> None:
    with pytest.raises(typer.BadParameter, match="no whole number"):
        whole_number(word)


@pytest.mark.parametrize("word", ["0", "-1", "x", "inf", "nan", ""])
def test_what_is_no_time(word: str) -> None:
    with pytest.raises(typer.BadParameter, match="no number of seconds"):
        seconds(word)


def test_an_endpoint_is_for_the_sources_that_are_in_s3() -> None:
    given = {"region_name": "eu-west-1", "input_format": "csv"}
    assert for_source(given, "s3://b/k", ["x.csv", "s3://b/k"]) == given
    assert for_source(given, "x.csv", ["x.csv", "s3://b/k"]) == {"input_format": "csv"}
    assert for_source(given, "S3A://b/k", ["x.csv", "S3A://b/k"]) == given
    assert for_source(given, "x.csv", ["x.csv", "S3A://b/k"]) == {"input_format": "csv"}
    assert for_source(given, "x.csv", ["x.csv"]) == given


def test_messages_about_keywords_are_about_options() -> None:
    assert with_flags("field_delimiter belongs to CSV") == "--delimiter belongs to CSV"
    assert with_flags("pass input_format='csv' or x") == "pass --format csv or x"
    assert with_flags("compression_type='GZIP'") == "--compression gzip"
    assert with_flags("a_field_delimiter_b") == "a_field_delimiter_b"
    told = "'http://a/timeout': an object's URL is not in 'comments'; timeout='3'"
    assert with_flags(told) == "'http://a/timeout': an object's URL is not in 'comments'; --timeout 3"


def test_colours_are_for_terminals_that_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert colour(Terminal())
    assert not colour(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not colour(Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colour(Terminal())
