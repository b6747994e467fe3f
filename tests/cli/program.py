"""The installed program as a process, in a pipe and at a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pyte

PROGRAM = str(Path(sys.executable).parent / "s3sql")

#: What a terminal or a person may have set, and a test must not depend on.
_UNSET = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "PYTHONIOENCODING", "TERMINAL_WIDTH")


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
    return {**kept, "LC_ALL": "C.UTF-8", **more}


def start(*words: str, **options: Any) -> subprocess.Popen[bytes]:
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen([PROGRAM, *words], **{**pipes, "env": environment(), **options})


def run(*words: str, given: bytes = b"", **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [PROGRAM, *words],
        **{"input": given, "capture_output": True, "env": environment(), "timeout": 100, **options},
    )


def at_terminal(command: str, *, columns: int = 100, **more: str) -> tuple[str, int]:
    """What the shell command writes to its terminal, and its exit status."""
    child = spawn(command, columns=columns, **more)
    child.expect(pexpect.EOF)
    child.close()
    return child.before or "", child.exitstatus if child.exitstatus is not None else -child.signalstatus


def spawn(command: str, *, columns: int = 100, **more: str) -> pexpect.spawn:
    """A shell command at a terminal of its own."""
    return pexpect.spawn(
        "/bin/bash",
        ["-c", command],
        env=environment(TERM="xterm", **more),
        encoding="utf-8",
        timeout=100,
        dimensions=(50, columns),
    )


def screen(written: str, columns: int = 100, lines: int = 50) -> list[str]:
    """The lines that a terminal shows after *written*."""
    terminal = pyte.Screen(columns, lines)
    pyte.Stream(terminal).feed(written)
    return [line.rstrip() for line in terminal.display if line.strip()]


def plain(written: str) -> str:
    """*written* without escape sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r\n", "\n")
