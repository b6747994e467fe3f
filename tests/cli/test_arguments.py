from __future__ import annotations

import inspect
from typing import Any

import pytest

from s3sql.api import query
from s3sql.cli.arguments import parser, query_options


def options(*words: str) -> dict[str, Any]:
    return query_options(parser().parse_args(["query", "SELECT", "x.csv", *words]))


def test_what_was_not_said_is_left_to_the_query() -> None:
    assert options() == {}


def test_every_option_is_one_of_the_query() -> None:
    words = (
        "--format csv --compression gzip --header use --delimiter ; --quote ' --escape \\ --comment % "
        "--record-delimiter | "
        "--allow-quoted-record-delimiter --json-type document --scan-range 1-2 --output json "
        "--output-delimiter ; --output-quote ' --output-escape \\ --output-record-delimiter | "
        "--quote-fields always --endpoint-url http://x --region y --profile z"
    ).split()
    assert set(options(*words)) <= set(inspect.signature(query).parameters)


@pytest.mark.parametrize(
    ("word", "text"),
    [(r"\t", "\t"), (r"\r\n", "\r\n"), (r"\\n", r"\n"), (r"\x", r"\x"), ("", ""), ("é", "é")],
)
def test_escapes(word: str, text: str) -> None:
    assert options("--record-delimiter", word)["record_delimiter"] == text


@pytest.mark.parametrize(("word", "expected"), [("0-9", (0, 9)), ("7-", (7, None)), ("-5", (None, 5))])
def test_scan_ranges(word: str, expected: tuple[int | None, int | None]) -> None:
    assert options(f"--scan-range={word}")["scan_range"] == expected


@pytest.mark.parametrize("word", ["-", "x", "1", "1-2-3", "1..2"])
def test_what_is_no_scan_range(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        options(f"--scan-range={word}")
    assert caught.value.code == 2
    assert "is none of START-END" in capsys.readouterr().err
