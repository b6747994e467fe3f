"""The notebooks of ``examples/`` run from first to last cell, and show what they were saved with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from examples.execute import Notebook, is_chart, shown

FOLDER = Path(__file__).parents[1] / "examples"
NOTEBOOKS = [Notebook(path) for path in sorted(FOLDER.glob("*.ipynb"))]

by_name = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.path.stem)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_is_one_for_each_format() -> None:
    assert [notebook.path.stem for notebook in NOTEBOOKS] == ["blizzard", "earthquakes", "flights"]


@by_name
def test_it_shows_again_what_it_was_saved_with(notebook: Notebook) -> None:
    executed = notebook.run()
    for saved, cell in zip(code_cells(notebook.saved), code_cells(executed), strict=True):
        assert shown(cell) == shown(saved), cell.source


@by_name
def test_it_was_saved_as_run_from_first_to_last_cell(notebook: Notebook) -> None:
    cells = code_cells(notebook.saved)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@by_name
def test_it_shows_a_chart_where_there_is_no_javascript(notebook: Notebook) -> None:
    charts = [output for cell in code_cells(notebook.saved) for output in cell.outputs if is_chart(output)]
    assert charts
    assert all("image/png" in chart.data for chart in charts)


@by_name
def test_it_shows_one_error_that_is_expected(notebook: Notebook) -> None:
    failed = [
        cell
        for cell in code_cells(notebook.saved)
        if any(output.output_type == "error" for output in cell.outputs)
    ]
    assert [cell.metadata.get("tags") for cell in failed] == [["raises-exception"]]


@by_name
def test_it_is_small_and_names_nobodys_folder(notebook: Notebook) -> None:
    text = notebook.path.read_text(encoding="utf-8")
    assert len(text) < 500_000
    # Pictures are no text.
    outputs = re.sub(r'"image/png": ".*"', "", json.dumps(notebook.saved, indent=1))
    assert not re.findall(r"(?:/home/|/Users/|/root/|/tmp/|/work/|[A-Z]:\\)[^\s\"]*", outputs)
