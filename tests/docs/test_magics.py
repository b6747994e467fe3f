"""The cells of notebooks that the pages show run: their ``ipython`` blocks, and the Python between them.

docs/notebooks.md has a test of its own, :mod:`tests.jupyter.test_docs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from tests.docs.pages import PAGES, blocks, identify

NOTEBOOK_PAGES = [page for page in PAGES if blocks(page, "ipython") and page.name != "notebooks.md"]


@pytest.fixture
def shell(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IPYTHONDIR", str(place / "ipython"))
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell(config=config)
    yield shell
    shell.history_manager.end_session()
    shell.cleanup()


@pytest.mark.parametrize("page", NOTEBOOK_PAGES, ids=identify)
def test_the_cells_of_a_page_run(page: Path, shell: InteractiveShell) -> None:
    failed = ""
    for block in blocks(page):
        if failed:
            assert failed.strip() == block.code.strip(), f"{page}:{block.line}"
            failed = ""
        if block.language not in ("ipython", "python") or not block.runs:
            continue
        with capture_output(display=False) as captured:
            ran = shell.run_cell(block.code)
        error = ran.error_in_exec or ran.error_before_exec
        where = f"{page}:{block.line}: {error!r}\n{captured.stdout}"
        assert (error is not None) == (block.mark == "fails"), where
        if error is not None:
            failed = captured.stdout
    assert not failed, f"{page} does not show {failed}"


def test_the_first_page_shows_cells() -> None:
    assert "start.md" in {page.name for page in NOTEBOOK_PAGES}
