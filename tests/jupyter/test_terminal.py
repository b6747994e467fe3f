"""The magics in IPython at a terminal: tables as text, a bar of one line, Ctrl-C."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.jupyter.test_kernel import ENDLESS

PATIENCE = 60


@pytest.fixture
def terminal(folder: Path) -> Iterator[pexpect.spawn[str]]:
    (folder / "endless.py").write_text(ENDLESS, encoding="utf-8")
    program = Path(sys.executable).parent / "ipython"
    options = ["--simple-prompt", "--no-banner", "--colors=nocolor", "--HistoryManager.enabled=False"]
    child = pexpect.spawn(
        str(program),
        options,
        env={**os.environ, "TERM": "xterm"},
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(40, 120),
    )
    child.expect(r"In \[1\]: ")
    child.sendline("%load_ext s3sql")
    child.expect(r"In \[2\]: ")
    yield child
    child.close(force=True)


def test_a_session(terminal: pexpect.spawn[str]) -> None:
    terminal.sendline("%s3sql flights.csv SELECT s.dest FROM S3Object s WHERE s.carrier = 'HA'")
    terminal.expect(r"In \[3\]: ")
    shown = str(terminal.before)
    assert "HNL" in shown
    assert "1 row" in shown
    assert "<" not in shown.replace("<<", "")
    terminal.sendline("%s3sql flights.csv SELECT s.dst FROM S3Object s")
    terminal.expect(r"In \[4\]: ")
    assert 'did you mean "dest"?' in str(terminal.before)
    assert "Traceback" not in str(terminal.before)
    terminal.sendline("%run endless.py")
    terminal.expect(r"In \[5\]: ")
    terminal.sendline("%s3sql {endless} --format csv --header none SELECT COUNT(*) FROM S3Object s")
    terminal.expect(r"B · 0 rows · .*?B/s")
    terminal.sendintr()
    terminal.expect(r"\r\x1b\[2K.*Stopped: 0 rows from .* nothing is kept")
    terminal.expect(r"In \[6\]: ")
    terminal.sendline("%s3sql flights.csv SELECT COUNT(*) AS n FROM S3Object s")
    terminal.expect(r"│ +5 │")
