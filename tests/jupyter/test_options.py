"""The options of the magic are those of the command line and of the function."""

from __future__ import annotations

import inspect

import pytest

import s3sql
from s3sql.cli.options import ENDPOINT, INPUT, SCAN_RANGE, TIMEOUT
from s3sql.jupyter.options import OPTIONS, in_options


@pytest.mark.parametrize("word", [*INPUT, *SCAN_RANGE, *TIMEOUT, *ENDPOINT], ids=lambda word: word.flags[0])
def test_every_option_of_the_command_line_is_there(word: object) -> None:
    flag, keyword = word.flags[-1], word.keyword  # type: ignore[attr-defined]
    option = OPTIONS[flag.removeprefix("--")]
    assert option.keyword == keyword
    if option.choices:
        given = [option.read(choice) for choice in option.choices]
        assert given == [word.read(choice) for choice in option.choices]  # type: ignore[attr-defined]


def test_every_keyword_is_one_of_query() -> None:
    keywords = {option.keyword for option in OPTIONS.values() if option.keyword is not None}
    assert keywords <= set(inspect.signature(s3sql.query).parameters)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("pass input_format='csv' or json_type", "pass --format csv or --json-type"),
        ("a limit and a timeout", "a limit and a timeout"),
    ],
)
def test_messages_name_options(message: str, expected: str) -> None:
    assert in_options(message) == expected
