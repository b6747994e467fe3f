"""Runs the notebooks beside this file and keeps what they show.

In: the names of notebooks, by default all.  Out: the same files, executed in a kernel of this Python, with
outputs.  An output that differs from the one that is there in nothing but times and ports is left as it
was, so that a difference in a commit is one that a reader sees.  Charts are kept as pictures, which every
viewer shows.  Run with ``make notebooks-saved``; needs the group ``notebooks`` of pyproject.toml.
"""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent

#: What the kernel is told before the first cell: a page without JavaScript has to show the charts, too.
AS_PICTURES = "import altair; altair.renderers.enable('png', scale_factor=1.5)"

#: What differs from run to run: times and rates, ports, bars and their widths, numbers of objects.
VOLATILE = re.compile(
    r"""
    \b\d[\d,.]*\s?(?:ns|[µu]s|ms|s|min|h)\b       # a time
    | \b\d[\d,.]*\s?[kMGT]?B/s                     # a rate
    | (?<=127\.0\.0\.1:)\d+ | (?<=localhost:)\d+   # a port
    | [▏▎▍▌▋▊▉█]+
    | (?<=width:)\s?[\d.]+% | \b0x[0-9a-f]+\b
    | \b[0-9a-f]{32}\b
    """,
    re.VERBOSE,
)


class Notebook:
    """One notebook: what is in its file, and a run of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.saved = nbformat.read(path, as_version=4)

    def run(self, preparation: str = "") -> nbformat.NotebookNode:
        """The notebook executed in its folder, after *preparation*.

        Raises:
            nbclient.exceptions.CellExecutionError: a cell failed that has no tag ``raises-exception``.
        """
        executed = nbformat.from_dict(self.saved)
        client = NotebookClient(
            executed,
            timeout=120,
            record_timing=False,
            resources={"metadata": {"path": str(self.path.parent)}},
        )
        # Tables of text are as wide as the terminal, and here is none.
        with client.setup_kernel(env={**os.environ, "COLUMNS": "110"}):
            if preparation:
                client.wait_for_reply(client.kc.execute(preparation, silent=True))
            for number, cell in enumerate(executed.cells):
                if cell.cell_type == "code":
                    client.execute_cell(cell, number, execution_count=None)
        return executed

    def save(self, executed: nbformat.NotebookNode) -> int:
        """Write *executed*, and say how many of its cells show something new."""
        changed = 0
        for before, cell in zip(self.saved.cells, executed.cells, strict=True):
            if cell.cell_type != "code":
                continue
            _squeeze_charts(cell)
            if shown(before) == shown(cell) and pictures(before) == pictures(cell):
                cell.outputs = before.outputs
            else:
                changed += 1
        # The release of the Python that ran it is nobody's concern.
        executed.metadata.get("language_info", {}).pop("version", None)
        nbformat.validate(executed)
        nbformat.write(executed, self.path)
        return changed


def shown(cell: nbformat.NotebookNode) -> list[Any]:
    """What the outputs of *cell* show a reader, in a form that two runs have in common."""
    return [_shown(output) for output in cell.outputs]


def pictures(cell: nbformat.NotebookNode) -> list[str]:
    """The pictures among the outputs of *cell*, in base64."""
    found = [output.get("data", {}).get("image/png") for output in cell.outputs]
    return [picture.strip() for picture in found if picture]


def _shown(output: nbformat.NotebookNode) -> Any:
    if output.output_type == "stream":
        return output.name, _steady(output.text)
    if output.output_type == "error":
        return _steady("\n".join(output.traceback))
    if is_chart(output):
        return "a chart"
    return {kind: _steady(content) for kind, content in output.data.items()}


def is_chart(output: nbformat.NotebookNode) -> bool:
    """Whether *output* is an Altair chart: a picture of one, or the page that draws it."""
    content = output.get("data", {})
    return "image/png" in content or "vegaEmbed" in "".join(content.get("text/html", ""))


def _squeeze_charts(cell: nbformat.NotebookNode) -> None:
    """Make the pictures among the outputs of *cell* small; a chart has few colours."""
    # Late: only what saves pictures needs it.
    from PIL import Image

    for output in cell.outputs:
        if "image/png" not in output.get("data", {}):
            continue
        small = io.BytesIO()
        with Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))) as picture:
            # The one method that keeps what is transparent, which charts are for the sake of dark pages.
            few = picture.convert("RGBA").quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            few.save(small, "png", optimize=True)
        output.data["image/png"] = base64.b64encode(small.getvalue()).decode("ascii") + "\n"


def _steady(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    # Columns are as wide as what they hold.
    return re.sub(" +", " ", VOLATILE.sub("…", text)).replace("… …", "…")


def main(names: list[str]) -> int:
    """Execute and save the notebooks *names*."""
    for path in [Path(name).resolve() for name in names] or sorted(HERE.glob("*.ipynb")):
        notebook = Notebook(path)
        changed = notebook.save(notebook.run(AS_PICTURES))
        size = path.stat().st_size
        print(f"{path.name}: {changed} cells show something new, {size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
