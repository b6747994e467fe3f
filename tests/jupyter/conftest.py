"""A session of IPython in this process, with the extension loaded, in a folder with a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

FLIGHTS = (
    "carrier,flight,dest,arr_delay\n"
    'HA,51,HNL,1272\nUA,1545,IAH,11\nAA,1141,MIA,33\nO\'X,7,"a,b",NA\nMQ,3535,CMH,1127\n'
)


@dataclass
class Ran:
    """What a cell gave and printed; *error* is what it failed with."""

    value: Any
    out: str
    error: BaseException | None


class Session:
    """One session."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    def run(self, code: str) -> Ran:
        """Run a cell that may fail."""
        with capture_output(display=False) as captured:
            ran = self.shell.run_cell(code)
        return Ran(ran.result, captured.stdout, ran.error_in_exec or ran.error_before_exec)

    def value(self, code: str) -> Any:
        """The value of a cell that does not fail."""
        ran = self.run(code)
        assert ran.error is None, ran.out
        return ran.value

    def rows(self, code: str) -> list[tuple[Any, ...]]:
        """The rows of the result that is the value of a cell."""
        return [tuple(row.values()) for row in self.value(code).to_arrow().to_pylist()]

    def failure(self, code: str) -> str:
        """What is shown of a cell that fails."""
        ran = self.run(code)
        assert ran.error is not None
        return ran.out


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "flights.csv").write_text(FLIGHTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return tmp_path


@pytest.fixture
def session(folder: Path) -> Iterator[Session]:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell(config=config)
    made = Session(shell)
    assert made.run("%load_ext s3sql").error is None
    yield made
    shell.history_manager.end_session()
    shell.cleanup()
