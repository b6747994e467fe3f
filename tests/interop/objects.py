"""The files that every program puts into its bucket.

In: a folder.  Out: the same bytes in it on every run; a file's path below the folder is its key.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

CARS = (
    "make,model,built,price,note\n"
    'Alfa Romeo,Giulia,1962,1395000,"first, of many"\n'
    "Citroën,DS,1955,930000,\n"
    "Fiat,500,1957,489000,smallest\n"
    'Porsche,911,1964,21900,"said ""go"""\n'
    "Volvo,Amazon,1956,12600,\n"
    "Škoda,Octavia,1959,27500,combi\n"
)

ENGINES = (
    '{"make": "Citroën", "engine": {"cylinders": 4, "litres": 1.911}}\n'
    '{"make": "Fiat", "engine": {"cylinders": 2, "litres": 0.479}}\n'
    '{"make": "Porsche", "engine": {"cylinders": 6, "litres": 1.991}}\n'
    '{"make": "Trabant"}\n'
)

#: Keys in the order of a list: that of their UTF-8.
LISTED = (
    "list/a b+c&d%20.txt",
    "list/sub-a.txt",
    "list/sub/x.txt",
    "list/sub/y.txt",
    "list/z.txt",
    "list/ü/1.txt",
)

#: The object that is uploaded in parts: two whole ones and a rest.
LARGE, LARGE_BYTES, PART_BYTES = "large.csv", 12 << 20, 5 << 20

#: The object whose amount in one row, behind 2 MiB, is no number.
LATE, LATE_ROWS, LATE_FAILING = "late.csv", 242_000, 161_500

#: The object that is put with these, and read in every way.
PLAIN, CONTENT_TYPE, METADATA = "cars.csv", "text/csv; charset=utf-8", {"origin": "made up"}


def write_objects(folder: Path) -> None:
    """Write all of them below *folder*."""
    (folder / PLAIN).write_bytes(CARS.encode())
    (folder / "cars.csv.gz").write_bytes(gzip.compress(CARS.encode(), mtime=0))
    (folder / "engines.jsonl").write_bytes(ENGINES.encode())
    table = pa.csv.read_csv(pa.BufferReader(CARS.encode()))
    pa.parquet.write_table(table, folder / "cars.parquet", row_group_size=4)
    (folder / LATE).write_text("".join(map(late_row, range(LATE_ROWS))), encoding="ascii")
    (folder / LARGE).write_bytes(large())
    for key in LISTED:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_text(key, encoding="utf-8")


def late_row(number: int) -> str:
    """Row *number* of :data:`LATE`; a header comes first."""
    if number == 0:
        return "number,amount\n"
    return f"{number:07d},{'none' if number == LATE_FAILING else f'{number % 9000 + 1000}'}\n"


def large() -> bytes:
    """The contents of :data:`LARGE`: rows of 16 bytes, no header."""
    return b"".join(b"%08d,%06d\n" % (number, number % 100) for number in range(LARGE_BYTES // 16))
