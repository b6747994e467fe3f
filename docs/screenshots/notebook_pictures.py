"""The pictures of a notebook: a table, an error, a plan, a chart, and a query that is stopped.

In: the Python that s3sql is installed in, a browser, a folder for the pictures.  Out: each of them in
JupyterLab's light and dark theme, and proof that the button works: the query has ended, the kernel goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import lab
import nbformat
from playwright.sync_api import Locator, Page

#: Altair's pages load its JavaScript from the Internet; the pictures are made without it.
STARTUP = "import altair; altair.renderers.enable('html', template='inline')"

CELLS = [
    "%load_ext s3sql",
    """\
%%s3sql flights.csv
SELECT s.carrier, s.flight, s.origin, s.dest,
       CAST(s.dep_delay AS INT) AS dep_delay, CAST(s.arr_delay AS INT) AS arr_delay, s.tailnum
FROM S3Object s
WHERE s.arr_delay <> 'NA' AND CAST(s.arr_delay AS INT) > 840""",
    """\
%%s3sql flights.csv
SELECT s.carrier, s.arival_delay
FROM S3Object s
WHERE s.origin = 'JFK'""",
    """\
%%s3sql --analyze flights.csv
SELECT s.carrier, s.flight, s.arr_delay
FROM S3Object s
WHERE s.dest = 'MVY' AND s.arr_delay <> 'NA'
LIMIT 100""",
    """\
%%s3sql delays << flights.csv
SELECT CAST(s.arr_delay AS INT) AS minutes
FROM S3Object s
WHERE s.arr_delay <> 'NA' AND CAST(s.arr_delay AS INT) BETWEEN -60 AND 180""",
    "delays.chart()",
    """\
%%s3sql twelve-years.csv.bz2 --header use
SELECT COUNT(*) AS flights, MAX(CAST(s.distance AS INT)) AS farthest
FROM S3Object s
WHERE s.carrier = 'HA'""",
    "6 * 7",
]

TABLE, ERROR, PLAN, DELAYS, CHART, LONG, AFTER = range(1, len(CELLS))


#: What one sees first: a notebook as a whole.
OVERVIEW = [
    "%load_ext s3sql",
    "destination = 'SFO'",
    """\
%%s3sql carriers << flights.csv
SELECT s.carrier, s.origin
FROM S3Object s
WHERE s.dest = :destination""",
    "carriers.chart(x='carrier', color='origin', height=170)",
    """\
%%s3sql flights.csv
SELECT s.carrier, s.flight, s.origin, CAST(s.arr_delay AS INT) AS minutes_late
FROM S3Object s
WHERE s.dest = :destination AND s.arr_delay <> 'NA' AND CAST(s.arr_delay AS INT) > 400""",
]


def draw(flights: Path, long_table: Path, python: Path, chromium: str, work: Path, images: Path) -> None:
    """Write every picture to *images*.

    Raises:
        AssertionError: what is shown is not what the picture is of.
        playwright.sync_api.TimeoutError: it is not shown in time.
    """
    for theme in ("light", "dark"):
        notebooks = work / theme / "notebooks"
        notebooks.mkdir(parents=True)
        (notebooks / "flights.csv").symlink_to(flights)
        (notebooks / "twelve-years.csv.bz2").symlink_to(long_table)
        write_notebook(notebooks / "pictures.ipynb", CELLS)
        write_notebook(notebooks / "flights.ipynb", OVERVIEW)
        # One for each theme: the kernel of a notebook stays when its page is closed.
        with lab.laboratory(work / theme, notebooks, python, startup=STARTUP) as address:
            with lab.page_of(address.format("pictures.ipynb"), work / theme, chromium, theme) as page:
                draw_theme(page, images, theme)
            with lab.page_of(address.format("flights.ipynb"), work / theme, chromium, theme) as page:
                draw_overview(page, images / f"notebook-{theme}.png")


def draw_theme(page: Page, images: Path, theme: lab.Theme) -> None:
    """The pictures of one theme."""

    def keep(cell: Locator, name: str) -> None:
        lab.photograph(page, cell, images / f"notebook-{name}-{theme}.png")

    lab.run(page, 0)
    table = lab.run(page, TABLE)
    assert "1272" in table.locator("table").inner_text()
    first = table.locator("tbody td").first.evaluate("cell => getComputedStyle(cell).textAlign")
    assert first == "left", "JupyterLab would have text on the right"
    keep(table, "table")

    error = lab.run(page, ERROR)
    assert "arr_delay" in error.locator(".jp-OutputArea").inner_text(), "the hint names the column"
    keep(error, "error")

    keep(lab.run(page, PLAN), "plan")

    lab.run(page, DELAYS)
    chart = lab.run(page, CHART)
    chart.locator(".vega-embed canvas, .vega-embed svg").first.wait_for()
    keep(chart, "chart")

    stop(page, lambda cell: keep(cell, "progress"))
    keep(lab.code_cell(page, LONG), "stopped")


def draw_overview(page: Page, path: Path) -> None:
    """The picture of JupyterLab with a notebook that has run."""
    cells = [lab.run(page, number) for number in range(len(OVERVIEW))]
    cells[-1].locator("table").wait_for()
    lab.photograph_page(page, cells[-1], path)


def stop(page: Page, look: Callable[[Locator], None]) -> None:
    """Start the long query, look at it, press Stop, and see that it has stopped and the kernel has not."""
    cell = lab.start(page, LONG)
    button = cell.get_by_role("button", name=re.compile("stop", re.IGNORECASE))
    button.wait_for()
    # Some of it has to have been read for the picture.
    cell.locator(".jp-OutputArea").filter(has_text=re.compile(r"[3-9]\d ?%")).wait_for(timeout=120_000)
    look(cell)
    button.click()
    lab.wait_until_ended(cell, seconds=10)
    shown = cell.locator(".jp-OutputArea").inner_text()
    assert re.search("stopped", shown, re.IGNORECASE), f"the cell shows {shown!r}"
    assert "farthest" not in shown
    assert "42" in lab.run(page, AFTER, seconds=10).locator(".jp-OutputArea").inner_text()


def write_notebook(path: Path, sources: list[str]) -> None:
    """A notebook of *sources* that has not run."""
    kernel = {"name": lab.KERNEL, "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
