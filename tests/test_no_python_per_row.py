"""No Python per row: what the interpreter does for an object does not grow with the object's rows.

Every object is one morsel here, so that what a morsel takes is the same for either size. What may grow are
the messages of the output and the pieces of decompressed text, one for every 128 KiB; a row that Python
works on takes a call and a line at the least.
"""

from __future__ import annotations

from functools import partial

import pytest

from benchmarks import python_calls
from benchmarks.python_calls import SHAPES, Shape, counts
from s3sql.exec import parquet_reader, readers

FEW, MANY = 3_000, 13_000


@pytest.fixture(autouse=True)
def one_morsel(monkeypatch: pytest.MonkeyPatch) -> None:
    size = 16 << 20
    monkeypatch.setattr(readers, "MorselReader", partial(readers.MorselReader, first_bytes=size))
    monkeypatch.setattr(readers, "MORSEL_BYTES", size)
    monkeypatch.setattr(readers, "FOLDED_MORSEL_BYTES", size)
    monkeypatch.setattr(parquet_reader, "_MOST_BYTES", size)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_python_does_not_grow_with_rows(shape: Shape) -> None:
    few, many = counts(shape, FEW), counts(shape, MANY)
    assert few.calls > 100
    assert few.lines > 100
    assert many.calls - few.calls < 0.1 * (MANY - FEW)
    assert many.lines - few.lines < 0.2 * (MANY - FEW)


def test_python_per_row_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(shape: Shape, contents: bytes) -> None:
        for line in contents.splitlines():
            line.strip()

    monkeypatch.setattr(python_calls, "_run", run)
    few, many = counts(SHAPES[0], FEW), counts(SHAPES[0], MANY)
    assert many.calls - few.calls >= MANY - FEW
    assert many.lines - few.lines >= MANY - FEW
