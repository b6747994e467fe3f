"""docs/notebooks.md is true: its cells run one after the other, and no option is left out.

A cell under ``<!-- fails -->`` fails, and what is shown of it stands in the next block.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3sql.jupyter.options import ACTIONS, OPTIONS
from tests.jupyter.conftest import Session

PAGE = (Path(__file__).parents[2] / "docs" / "notebooks.md").read_text(encoding="utf-8")

CELL = re.compile(r"^(<!-- fails -->\n)?```ipython\n(.*?)^```$(?:\n\n```\n(.*?)^```$)?", re.M | re.S)


def test_the_cells_of_the_page_run(session: Session) -> None:
    cells = CELL.findall(PAGE)
    assert len(cells) > 10
    for fails, code, shown in cells:
        if fails:
            assert session.failure(code) == shown
        else:
            ran = session.run(code)
            assert ran.error is None, f"{code}\n{ran.out}"
    assert session.value("frame.shape") == (3, 2)
    assert session.value("delays.to_arrow().num_rows") == 4


@pytest.mark.parametrize("name", [*OPTIONS, *ACTIONS])
def test_every_option_is_documented(name: str) -> None:
    assert f"--{name}" in PAGE
