"""Morsels that are cut by a look at their end and read by their workers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.reader import MorselReader
from s3sql.formats.base import Morsel
from s3sql.request import CsvInput
from s3sql.stores.local import open_path
from s3sql.stores.memory import BytesObject
from s3sql.stores.timed import Deadline, TimedObject
from tests.exec.lines import Source, fails_at, reader_of
from tests.scans import morsels_of, scan, worker_count


class Shared(Source):
    """A text that may be read anywhere at any time."""

    concurrent = True


class SharedBytes(BytesObject):
    """The same of a store's kind."""

    concurrent = True


def drain(reader: MorselReader) -> list[bytes]:
    """The text of every morsel, each read only after all have been cut."""
    morsels: list[Morsel] = []
    while (morsel := reader.next(wait=True)) is not None:
        morsels.append(morsel)
    texts = []
    for morsel in morsels:
        morsel.read(0, morsel.length)
        texts.append(bytes(morsel.buffer.array.data[: morsel.length]))
    return texts


texts = st.lists(
    st.sampled_from(["a,b\n", "\n", "x" * 50 + "\n", "\r\n", "é\n", "y" * 300 + "\n", "end"]), max_size=60
).map(lambda parts: "".join(parts).encode())


@given(texts, st.sampled_from([None, "\r\n", ";"]), st.integers(0, 400), st.sampled_from([None, 200, 700]))
@settings(max_examples=200, deadline=None)
def test_morsels_are_those_of_a_text_read_in_order(
    text: bytes, delimiter: str | None, begin: int, stop: int | None
) -> None:
    inputs = CsvInput(record_delimiter=delimiter)
    found, expected = [
        b"".join(
            drain(
                reader_of(
                    source(text), BufferPool(1 << 24), inputs=inputs, begin=begin, stop=stop, aligned=False
                )
            )
        )
        for source in (Shared, Source)
    ]
    assert found == expected


@given(texts, st.sampled_from([400, 1000]), st.sampled_from([1, 3]))
@settings(max_examples=60, deadline=None)
def test_answers_do_not_hang_on_who_reads(text: bytes, size: int, workers: int) -> None:
    # A morsel must be longer than a record may be.
    for query in (
        "SELECT * FROM S3Object s",
        "SELECT COUNT(*) FROM S3Object s",
        "SELECT s._2 FROM S3Object s WHERE s._1 = 'a'",
        "SELECT s._1 FROM S3Object s WHERE s._1 LIKE '%yyy%' LIMIT 3",
    ):
        with worker_count(workers), morsels_of(size):
            assert scan(SharedBytes(text), query) == scan(text, query)


def test_what_is_behind_the_look_is_left_to_the_worker() -> None:
    source = Shared(b"abc,def\n" * 40_000)
    reader = reader_of(source, BufferPool(1 << 24), first=64 << 10, size=64 << 10)
    first, second, third = (reader.next(wait=True) for _ in range(3))
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.fetch is None
    assert second.fetch is not None
    assert third.fetch is not None
    assert sum(length for _, length in source.reads) < third.start


def test_records_without_an_end_in_the_look_are_read_as_ever() -> None:
    text = b"a\n" * 100 + b"x" * 20_000 + b"\n" + b"b\n" * 5000
    assert b"".join(drain(reader_of(Shared(text), BufferPool(1 << 26), size=16 << 10))) == text


def test_quotes_that_hold_record_delimiters_are_counted_from_the_beginning() -> None:
    inputs = CsvInput(allow_quoted_record_delimiter=True)
    reader = reader_of(Shared(b'a,"b\nc"\n' * 500), BufferPool(1 << 24), inputs=inputs)
    while (morsel := reader.next(wait=True)) is not None:
        assert morsel.fetch is None


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_of_a_read_comes_behind_the_records_before_it(workers: int) -> None:
    text = b"".join(b"%d\n" % number for number in range(20_000))
    source = Shared(text, fails_at(60_000))
    with worker_count(workers), morsels_of(8 << 10):
        found = scan(source, "SELECT s._1 FROM S3Object s")
    assert found.code == "ServiceUnavailable"
    numbers = [int(record.split(b'"')[3]) for record in found.records]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 5000


@pytest.mark.parametrize("query", ["SELECT COUNT(*) FROM S3Object s", "SELECT s._1 FROM S3Object s"])
def test_a_file_that_is_cut_while_it_is_read_is_another_version(tmp_path: Path, query: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"abc,def\n" * 50_000)

    class Cut:
        """Cuts the file before the third read that goes beyond its first half."""

        def __init__(self) -> None:
            self.reads = 0

        def check(self) -> None:
            self.reads += 1
            if self.reads == 6:
                with path.open("r+b") as file:
                    file.truncate(1000)

    with open_path(path) as opened, morsels_of(32 << 10):
        source = TimedObject(opened, Deadline(100))
        source._deadline = Cut()  # type: ignore[assignment]
        assert source.concurrent
        assert scan(source, query).code == "PreconditionFailed"


def test_a_text_that_ends_too_soon_is_told() -> None:
    class Short(Shared):
        def read_into(self, buffer: memoryview, offset: int) -> int:
            count = super().read_into(buffer, offset)
            return count - 1 if len(buffer) > 5000 and offset else count

    reader = reader_of(Short(b"abc,def\n" * 4000), BufferPool(1 << 24), first=8 << 10, size=8 << 10)
    reader.next(wait=True)
    morsel = reader.next(wait=True)
    assert morsel is not None
    with pytest.raises(S3SelectError, match="changed"):
        morsel.read(0, morsel.length)
