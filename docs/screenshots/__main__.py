"""Draws the pictures of the documentation from the real thing.

In: ``terminal``, ``notebook``, or nothing for both.  Out: ``docs/images/terminal-*.svg`` and
``docs/images/notebook-*.png``.  Run with ``make screenshots``: s3sql is installed in ``.venv``, what draws in
``.venv/screenshots``, and the browser is Debian's chromium, or the one that ``CHROMIUM`` names.
"""

from __future__ import annotations

import argparse
import bz2
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
PROGRAMS = ROOT / ".venv" / "bin"

#: So often the year 2013 is written behind itself, for a query that takes its time.
YEARS = 12


def main() -> None:
    """Draw what the command line names."""
    arguments = argparse.ArgumentParser(prog="python docs/screenshots", description=__doc__)
    arguments.add_argument("what", nargs="?", choices=["terminal", "notebook"])
    what = arguments.parse_args().what
    flights = ROOT / ".cache" / "flights.csv"
    if not flights.exists():
        sys.exit("there is no .cache/flights.csv; `make screenshots` unpacks it")
    with tempfile.TemporaryDirectory(prefix="s3sql-screenshots-") as folder:
        work = Path(folder)
        long_table = write_long_table(flights, work)
        if what in (None, "terminal"):
            import terminal_pictures

            terminal_pictures.draw(flights, long_table, PROGRAMS / "s3sql", work, IMAGES)
        if what in (None, "notebook"):
            import notebook_pictures

            chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
            if chromium is None:
                sys.exit("there is no chromium: apt-get install chromium, or set CHROMIUM")
            notebook_pictures.draw(flights, long_table, PROGRAMS / "python", chromium, work, IMAGES)


def write_long_table(flights: Path, folder: Path) -> Path:
    """The table of *flights* many times over, in bzip2, which takes longest to read."""
    names, _, rows = flights.read_bytes().partition(b"\n")
    year = bz2.compress(rows)
    path = folder / "twelve-years.csv.bz2"
    with path.open("wb") as file:
        file.write(bz2.compress(names + b"\n"))
        for _ in range(YEARS):
            file.write(year)
    return path


if __name__ == "__main__":
    main()
