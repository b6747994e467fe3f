"""docs/shell.md is true: its sessions show what the shell shows, and nothing of the shell is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3sql.cli.shell.commands import COMMANDS
from s3sql.cli.shell.interactive import CONTINUATION, PROMPT, run_text
from s3sql.cli.shell.options import OPTIONS
from s3sql.cli.shell.output import Output
from s3sql.cli.shell.rows import MODES, SCREEN_ROWS
from s3sql.cli.shell.session import Session
from tests.docs.files import EVENTS, FLIGHTS

PAGE = (Path(__file__).parents[3] / "docs" / "shell.md").read_text(encoding="utf-8")


def test_the_sessions_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "flights.csv").write_text(FLIGHTS, encoding="utf-8")
    (tmp_path / "events.jsonl").write_text(EVENTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    session = Session(Output(), "table")
    session.open("flights.csv", {})
    blocks = re.findall(r"^```text\n(.*?)^```$", PAGE, re.M | re.S)
    assert len(blocks) == 3
    for block in blocks:
        shown = ""
        for step in re.split(rf"^(?={PROMPT})", block, flags=re.M)[1:]:
            lines = [line for line in step.splitlines() if line.startswith((PROMPT, CONTINUATION))]
            run_text(session, "\n".join(line[len(PROMPT) :] for line in lines))
            out, err = capfdbinary.readouterr()
            shown += "".join(f"{line}\n" for line in lines) + out.decode() + err.decode()
        assert shown == block


def test_every_command_is_on_the_page() -> None:
    rows = re.findall(r"^\| `(\..*?)` \| (.*) \|$", PAGE, re.M)
    assert [(usage.replace("\\|", "|"), help_) for usage, help_ in rows] == [
        (command.usage, command.help) for command in COMMANDS.values()
    ]


def test_every_option_mode_and_variable_is_on_the_page() -> None:
    missing = [name for name in (*OPTIONS, "S3SQL_HISTORY", "XDG_STATE_HOME") if f"`{name}`" not in PAGE]
    assert missing == []
    assert ", ".join(MODES) in PAGE
    assert f"the first {SCREEN_ROWS} rows" in PAGE
