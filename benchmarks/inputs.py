"""The files that queries read.

In: the name of an input and a number of rows.  Out: the path of its file, made if it is not there yet.

lineitem, lineitem-quoted    CSV (benchmarks/lineitem.py)
lineitem-gzip                the first of them, compressed by gzip
lineitem-snappy, -zstd       the same rows as Parquet, typed, by the codec of its columns
flat, nested, mixed          JSON, one record a line (benchmarks/events.py)
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from benchmarks.events import KINDS, events
from benchmarks.events import ROWS as EVENTS
from benchmarks.lineitem import ROWS as LINES
from benchmarks.lineitem import lineitem, lineitem_parquet

#: Parquet by the codec of its columns: the default of most writers, and one that packs closer.
CODECS = {"lineitem-snappy": "snappy", "lineitem-zstd": "zstd"}

_PARTS = 4

#: What most tools compress with.
_GZIP_LEVEL = 6


def input_path(name: str, rows: int | None = None) -> Path:
    """The file of the input *name* with *rows* rows; None for as many as are measured."""
    if name in KINDS:
        return events(name, rows or EVENTS)
    if name in CODECS:
        return lineitem_parquet(rows or LINES, CODECS[name])
    if name == "lineitem-gzip":
        return _compressed(lineitem(rows or LINES))
    return lineitem(rows or LINES, quoted=name == "lineitem-quoted")


def part_path(name: str) -> Path:
    """A file with a quarter of the rows that are measured, for trials."""
    return input_path(name, (EVENTS if name in KINDS else LINES) // _PARTS)


def _compressed(path: Path) -> Path:
    compressed = path.with_name(f"{path.name}.gz")
    if compressed.exists():
        return compressed
    partial = path.with_suffix(".partial")
    with path.open("rb") as plain, gzip.GzipFile(partial, "wb", _GZIP_LEVEL, mtime=0) as file:
        shutil.copyfileobj(plain, file, 1 << 20)
    partial.rename(compressed)
    return compressed
