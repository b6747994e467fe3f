"""Files of a given size, made of the ones that are measured.

In: an input, a size in decimal MB.  Out: a file for as long as a ``with`` lasts; afterwards it is gone.

Text is the input's file from its beginning, over and over, up to the last whole record. Of gzip, whole files
follow each other, as members. Of Parquet it is the row groups, written again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet

from benchmarks.inputs import CODECS, input_path
from benchmarks.lineitem import cache_directory

_PIECE = 8 << 20


@contextmanager
def sized(name: str, megabytes: float, rows: int | None = None) -> Iterator[Path]:
    """A file of about *megabytes* MB with the rows of the input *name*, whose own file has *rows* rows.

    One as large as the input's own file is that file.
    """
    source = input_path(name, rows)
    size = int(megabytes * 1e6)
    if abs(source.stat().st_size - size) < size / 10:
        yield source
        return
    path = cache_directory() / f"sized-{os.getpid()}-{source.name}"
    try:
        if name in CODECS:
            _row_groups(source, path, size)
        elif name == "lineitem-gzip":
            _members(source, path, size)
        else:
            _records(source, path, size)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _records(source: Path, path: Path, size: int) -> None:
    with path.open("w+b") as file:
        while file.tell() < size:
            with source.open("rb") as again:
                while file.tell() < size and (piece := again.read(min(_PIECE, size - file.tell()))):
                    file.write(piece)
        file.seek(-min(_PIECE, file.tell()), os.SEEK_END)
        start = file.tell()
        file.truncate(start + file.read().rindex(b"\n") + 1)


def _members(source: Path, path: Path, size: int) -> None:
    with path.open("wb") as file:
        while file.tell() < size:
            with source.open("rb") as again:
                shutil.copyfileobj(again, file, _PIECE)


def _row_groups(source: Path, path: Path, size: int) -> None:
    with pyarrow.parquet.ParquetFile(source) as groups, path.open("wb") as file:
        codec = groups.metadata.row_group(0).column(0).compression
        options = {"compression": codec, "store_decimal_as_integer": True}
        with pyarrow.parquet.ParquetWriter(file, groups.schema_arrow, **options) as writer:
            number = 0
            while file.tell() < size:
                writer.write_table(groups.read_row_group(number % groups.num_row_groups))
                number += 1
