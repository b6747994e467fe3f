"""CSV batches: columns found late and records left out give what indexing everything gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.formats.base import Morsel
from s3sql.formats.csv import CsvBatch, CsvFormat
from s3sql.formats.csv_block import arena_room
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.scratch import Scratch
from s3sql.request import CsvInput

DIALECT = CsvDialect.of(CsvInput())

cells = st.sampled_from(
    ["", "a", "12.5", "é", "x" * 70, '"q"', '"a,b"', '"a""b"', '""', "|", "needle", "need le"]
)
odd_cells = st.one_of(cells, st.sampled_from(['st"ray', '"a"b', "# no"]))


def tables(cell: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    rows = st.lists(st.lists(cell, min_size=1, max_size=5), max_size=14)
    return rows.map(lambda rows: "".join(",".join(row) + "\n" for row in rows))


def batch_of(text: str, form: CsvFormat) -> CsvBatch:
    contents = text.encode()
    buffer = PaddedBuffer.empty(len(contents) + arena_room(len(contents)))
    buffer.array[: len(contents)] = np.frombuffer(contents, np.uint8)
    batch = form.rows(Morsel(buffer, len(contents), 0, at_end=True), Scratch()).batch
    assert isinstance(batch, CsvBatch)
    return batch


@given(tables(odd_cells), st.lists(st.sets(st.integers(0, 13)).map(sorted), min_size=1, max_size=3))
def test_late_columns_are_the_indexed_ones(text: str, selections: list[list[int]]) -> None:
    whole = batch_of(text, CsvFormat(DIALECT, (0, 1, 3)))
    late = batch_of(text, CsvFormat(DIALECT, (1,), late=(0, 3)))
    # Batches of one block may be alive together: none may overwrite what another has decoded.
    taken = []
    for selection in selections:
        rows = np.array([row for row in selection if row < whole.length], np.intp)
        taken.append((whole.take(rows), late.take(rows)))
    columns = [(one.field(number), other.field(number)) for one, other in taken for number in (0, 1, 3)]
    for _, other in taken:
        other.row()
    for expected, found in columns:
        assert found.to_python() == expected.to_python()


@given(tables(cells), st.sampled_from([b"needle", b"xxx", b"e", b"a,b", "é".encode() * 2]))
def test_only_records_with_the_required_bytes_are_kept(text: str, required: bytes) -> None:
    def records(batch: CsvBatch) -> list[bytes]:
        starts, ends = batch.record_bounds()
        return [
            batch.block.buffer[s:e].tobytes() for s, e in zip(starts.tolist(), ends.tolist(), strict=True)
        ]

    everything = records(batch_of(text, CsvFormat(DIALECT, (0,))))
    kept = records(batch_of(text, CsvFormat(DIALECT, (0,), required=required)))
    assert [record for record in everything if required in record] == [r for r in kept if required in r]
    assert not set(kept) - set(everything)
    # More hits than that do not spare enough records to be worth looking for.
    if '"' not in text and required == b"needle" and text.count("needle") <= 16:
        assert all(required in record for record in kept)


def test_a_column_wanted_from_most_records_is_indexed_from_then_on() -> None:
    form = CsvFormat(DIALECT, (0,), late=(1,))
    text = "a,b\n" * 10
    few = batch_of(text, form)
    few.take(np.arange(2)).field(1)
    assert batch_of(text, form).block.columns == (0,)
    few.field(1)
    assert batch_of(text, form).block.columns == (0, 1)
