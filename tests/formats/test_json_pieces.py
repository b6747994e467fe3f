"""JSON that is read from a file, piece by piece, is that which is there already."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats import json_fitted
from s3sql.formats.base import Morsel
from s3sql.formats.json import FittedRecords, Fitting
from s3sql.formats.json_format import JsonFormat
from s3sql.formats.json_layout import Slots
from s3sql.formats.scratch import Scratch
from s3sql.plan.expr import Index, Name
from s3sql.request import JsonInput, JsonOutput
from s3sql.stores.base import changed
from s3sql.stores.local import open_path
from tests.formats.test_json_fitted import NAMED, alike, outcome, parsed
from tests.scans import scan


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_fitted, "_LEAST_BYTES", 0)
    monkeypatch.setattr(json_fitted, "_BYTES_PER_RECORD", 1)
    monkeypatch.setattr(json_fitted, "_BYTES_PER_TRY", 0)
    monkeypatch.setattr(json_fitted, "_PIECE_BYTES", 64)


def morsel_of(contents: bytes, file: IO[bytes] | None, before: int = 0) -> Morsel:
    """A morsel still to be read, at *before* in *file* if there is one; stale text is in its buffer."""
    buffer = PaddedBuffer.empty(len(contents))
    stale = b'{"a":1,"b":[7]}\n\xff"'
    buffer.array[:] = np.resize(np.frombuffer(stale, np.uint8), buffer.array.size)

    def fetch(target: memoryview, offset: int) -> None:
        if len(contents[offset : offset + len(target)]) < len(target):
            raise changed("that is read")
        target[:] = contents[offset : offset + len(target)]

    number = None if file is None else file.fileno()
    return Morsel(buffer, len(contents), before, at_end=True, fetch=fetch, file=number)


def read(fitting: Fitting, morsel: Morsel) -> FittedRecords | None:
    return fitting.read(
        morsel.buffer,
        morsel.length,
        at_start=morsel.start == 0,
        at_end=morsel.at_end,
        scratch=Scratch(),
        unread=morsel,
    )


@given(alike(), alike(), st.integers(0, 70), st.booleans())
def test_what_a_file_has_is_read_like_what_is_there(learnt, contents, before, known):
    """With a layout learnt before, and without one."""
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * before + contents)
        file.flush()
        of_file, of_buffer = Fitting(Slots(NAMED)), Fitting(Slots(NAMED))
        if known:
            for fitting in (of_file, of_buffer):
                read(fitting, morsel_of(learnt, None))
        morsel = morsel_of(contents, file, before)
        found = read(of_file, morsel)
        # Whatever became of it, all bytes are there for those who read in another way.
        assert morsel.buffer.array[: len(contents)].tobytes() == contents
        other = read(of_buffer, morsel_of(contents, None, before))
        assert (found is None) == (other is None)
        if found is None or other is None:
            return
        block = parsed(contents) if before == 0 else None
        for steps in (*NAMED, ()):
            assert outcome(found, steps) == outcome(other, steps)
            assert block is None or outcome(found, steps) == outcome(block, steps)


@pytest.mark.parametrize("character", ["ä", "€", "😀"])
def test_characters_at_the_edge_of_a_piece(character: str) -> None:
    """Whole, and damaged within the piece or behind it."""
    fitting = Fitting(Slots([(Name("a"),)]))
    line = b'{"a":"b"}\n'
    assert read(fitting, morsel_of(line * 20, None)) is not None
    encoded = character.encode()
    for place in range(40, 70):
        text = b'{"a":"' + b"x" * place
        whole = text + encoded + b'"}\n'
        with tempfile.TemporaryFile() as file:
            file.write(b"?" + whole)
            file.flush()
            found = read(fitting, morsel_of(whole, file, 1))
            assert found is not None
            assert outcome(found, (Name("a"),)) == outcome(parsed(whole), (Name("a"),))
        for damage in range(1, len(encoded)):
            for wrong in (text + encoded[:damage] + b'"}\n', text + encoded[damage:] + b'"}\n'):
                with tempfile.TemporaryFile() as file:
                    file.write(b"?" + wrong)
                    file.flush()
                    fresh = Fitting(Slots([(Name("a"),)]))
                    assert read(fresh, morsel_of(line * 20, None)) is not None
                    assert read(fresh, morsel_of(wrong, file, 1)) is None


def test_a_record_of_many_pieces_and_short_ones_around_it() -> None:
    fitting = Fitting(Slots([(Name("a"),), (Name("b"), Index(1))]))
    lines = [b'{"a":"%s","b":[1,%d]}\n' % (b"y" * size, size) for size in (0, 5, 3000, 1, 64, 63, 62, 900)]
    contents = b"".join(lines)
    assert read(fitting, morsel_of(lines[0] * 3, None)) is not None
    with tempfile.TemporaryFile() as file:
        file.write(b"\n" + contents)
        file.flush()
        found = read(fitting, morsel_of(contents, file, 1))
    assert found is not None
    assert found.rows == 8
    for steps in ((Name("a"),), (Name("b"), Index(1)), ()):
        assert outcome(found, steps) == outcome(parsed(contents), steps)


@pytest.mark.parametrize("left", [0, 100, 128, 1000])
def test_a_file_that_ends_early_is_left_to_the_read_that_tells(left: int) -> None:
    fitting = Fitting(Slots([(Name("a"),)]))
    contents = b'{"a":"b"}\n' * 500
    assert read(fitting, morsel_of(contents, None)) is not None
    with tempfile.TemporaryFile() as file:
        file.write(b"\n" + contents[:left])
        file.flush()
        morsel = morsel_of(contents[:left], file, 1)
        # The morsel was cut when the file had more.
        morsel = Morsel(
            PaddedBuffer.empty(len(contents)), len(contents), 1, at_end=False, fetch=morsel.fetch,
            file=file.fileno(),
        )  # fmt: skip
        with pytest.raises(S3SelectError, match="changed"):
            read(fitting, morsel)


@pytest.mark.parametrize("rest", [b'{"a":"c"}\n', b'{"b":1}\n', b'{"a":"c","a":2}\n', b"{"])
def test_a_file_that_has_changed_is_told_in_whatever_way_its_text_is_read(
    rest: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "object.json"
    line = b'{"a":"b"}\n'
    path.write_bytes(line * 100)
    form = JsonFormat(JsonInput(type="LINES"), (), Slots([(Name("a"),)]))
    form.rows(Morsel(PaddedBuffer.copy_of(line * 9), 90, 0, at_end=False), Scratch())
    with open_path(path) as source:
        file = source.file
        assert file is not None

        def fetch(target: memoryview, offset: int) -> None:
            source.read_into(target, 10 + offset)

        path.write_bytes(line + line * 40 + rest.ljust(590))
        os.utime(path, ns=(1, 1))
        morsel = Morsel(PaddedBuffer.empty(990), 990, 10, at_end=True, fetch=fetch, file=file)
        with pytest.raises(S3SelectError, match="changed"):
            form.rows(morsel, Scratch())


def test_large_local_files_are_read_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the whole engine: learnt layouts, one that changes in the middle, and a fault behind it."""
    monkeypatch.setattr(json_fitted, "_PIECE_BYTES", 128 << 10)
    monkeypatch.setattr(json_fitted, "_BYTES_PER_RECORD", 16)
    lines = [b'{"id":%d,"n":{"x":"%s"},"t":["a","b"]}\n' % (n, b"z" * (n % 90)) for n in range(120_000)]
    lines[70_000:] = [b'{"id":%d,"n":{"x":"\\u00e4"},"u":null}\n' % n for n in range(70_000, 120_000)]
    path = tmp_path / "lines.json"
    path.write_bytes(b"".join(lines) + b'{"id":7,"n":{"x":tru}}\n')
    query = "SELECT s.id FROM S3Object s WHERE s.n.x = 'ä' OR s.t[1] = 'b' AND s.id < 5"
    with open_path(path) as source:
        found = scan(source, query, JsonInput(type="LINES"), JsonOutput())
    expected = [*range(5), *range(70_000, 120_000)]
    assert found.payload == b"".join(b'{"id":%d}\n' % n for n in expected)
    assert found.code == "JSONParsingError"
