"""Help: nothing is cut, everything is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3sql.cli import main
from s3sql.cli.app import build
from s3sql.server.running.options import OPTIONS

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = ("query", "schema", "shell", "functions", "serve", "warmup")


def shown(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words, "--help"]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    return out


def flags(command: str) -> set[str]:
    parameters = build().commands[command].params
    return {flag for one in parameters for flag in (*one.opts, *one.secondary_opts) if flag.startswith("--")}


def test_there_are_no_other_commands() -> None:
    assert set(build().commands) == set(COMMANDS)


@pytest.mark.parametrize("columns", ["1", "80", "200"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_is_cut(
    command: str, columns: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    text = shown(capfd, command)
    # No terminal is so narrow that nothing is left.
    assert max(map(len, text.splitlines())) <= min(max(int(columns), 60), 100)
    words = set(re.findall(r"--[a-z][a-z-]*", text))
    assert flags(command) <= words


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_an_explanation(command: str) -> None:
    for parameter in build().commands[command].params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented(command: str) -> None:
    page = (DOCS / ("endpoint.md" if command == "serve" else "command-line.md")).read_text(encoding="utf-8")
    assert not [flag for flag in sorted(flags(command)) if f"`{flag}" not in page]


def test_every_option_of_the_endpoint_is_one_of_the_command() -> None:
    assert {option.flag for option in OPTIONS if option.name != "dir"} | {"--config"} == flags("serve")


def test_examples_are_shown_as_they_are(capfd: pytest.CaptureFixture[str]) -> None:
    assert "s3sql query -f late.sql 2013-*.csv -o jsonl" in shown(capfd, "query")
