"""Queries over compressed objects, from the request to the records."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import re
import threading
import tracemalloc
import zlib
from functools import partial
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import s3sql
from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.formats import compression
from s3sql.request import CsvInput, CsvOutput, JsonInput, JsonOutput, SelectRequest
from s3sql.stores.memory import BytesObject, MemoryStore
from s3sql.stores.stream import open_file
from tests.scans import morsels_of

ROWS = b"".join(b"%d,n\xc3\xa4me %d,%s\n" % (n, n, b"x" * (n % 60)) for n in range(100_000))
HEADED = b"id,name,filler\n" + ROWS
LINES = b"".join(b'{"id":%d,"tags":["a",{"b":"x%d"}]}\n' % (n, n) for n in range(60_000))


def select(
    contents: bytes, sql: str, codec: str = "GZIP", **members: Any
) -> tuple[bytes, tuple[int, int], str | None]:
    """The records, the bytes scanned and processed, and the code of the error the answer ends with."""
    form: CsvInput | JsonInput = JsonInput(members["type"]) if "type" in members else CsvInput(**members)
    output = JsonOutput() if "type" in members else CsvOutput()
    request = SelectRequest(expression=sql, input=form, output=output, compression=codec)  # type: ignore[arg-type]
    records, totals, code = b"", (0, 0), None
    try:
        for chunk in engine.run(request, BytesObject(contents)).chunks():
            if chunk is not None:
                records += bytes(chunk.payload)
                totals = (chunk.scanned, chunk.processed)
    except S3SelectError as error:
        code = error.code
    assert running() == []
    return records, totals, code


def running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "s3sql-decompress"]


def outcome(contents: bytes, sql: str, codec: str = "GZIP", **members: Any) -> tuple[bytes, str | None]:
    records, _, code = select(contents, sql, codec, **members)
    return records, code


QUERIES = [
    ({"file_header_info": "USE"}, HEADED, "SELECT s.name FROM S3Object s WHERE s.id LIKE '%77'"),
    ({"file_header_info": "IGNORE"}, HEADED, "SELECT COUNT(*), MAX(_3) FROM S3Object"),
    ({"allow_quoted_record_delimiter": True}, ROWS + b'1,"two\nlines",3\n', "SELECT * FROM S3Object"),
    ({"type": "LINES"}, LINES, "SELECT s.tags[1].b AS v FROM S3Object s"),
    ({"type": "DOCUMENT"}, LINES, "SELECT COUNT(*) FROM S3Object s WHERE s.id > 5"),
    # Every cut is wrong here, so that the reader goes back again and again.
    ({"type": "LINES"}, LINES.replace(b",", b",\n"), "SELECT s.id FROM S3Object s"),
]


@pytest.mark.parametrize(("members", "contents", "sql"), QUERIES)
@pytest.mark.parametrize(
    ("codec", "pack"), [("GZIP", partial(gzip.compress, compresslevel=1)), ("BZIP2", bz2.compress)]
)
def test_the_answer_is_that_of_the_uncompressed_object(
    members: dict[str, Any], contents: bytes, sql: str, codec: str, pack: Any
) -> None:
    stored = pack(contents[:2_000_000] if codec == "BZIP2" else contents)
    plain = contents[:2_000_000] if codec == "BZIP2" else contents
    records, totals, code = select(stored, sql, codec, **members)
    expected, _, plain_code = select(plain, sql, "NONE", **members)
    assert (records == expected, code) == (True, plain_code)
    if code is None:
        assert totals == (len(stored), len(plain))


@settings(max_examples=40)
@given(
    records=st.lists(
        st.lists(
            st.text("ab1\"',# é", max_size=9).map(lambda t: '"' + t.replace('"', '""') + '"'), max_size=4
        ),
        max_size=400,
    ),
    quoted=st.booleans(),
    cuts=st.lists(st.integers(1, 5000), max_size=3),
    piece=st.integers(1, 300),
)
def test_small_morsels_and_pieces(
    records: list[list[str]], quoted: bool, cuts: list[int], piece: int
) -> None:
    break_in_field = "\n" if quoted else " "
    contents = "\n".join(",".join(fields).replace("'", break_in_field) for fields in records).encode()
    members = [contents[a:b] for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True)]
    stored = b"".join(gzip.compress(member) for member in members)
    csv = {"allow_quoted_record_delimiter": quoted}
    expected = outcome(contents, "SELECT * FROM S3Object", "NONE", **csv)
    with (
        morsels_of(2048, 64),
        mock.patch.object(compression, "PIECE_BYTES", piece),
        mock.patch("s3sql.formats.decompressed_text._ALONE_BYTES", 256),
        mock.patch("s3sql.formats.decompressed_text.AHEAD_BYTES", 1024),
    ):
        assert outcome(stored, "SELECT * FROM S3Object", **csv) == expected


@settings(max_examples=40)
@given(share=st.floats(0.001, 0.999), lines=st.booleans())
def test_the_records_before_the_cut_come_before_the_error(share: float, lines: bool) -> None:
    contents = LINES[:400_000] if lines else ROWS[:400_000]
    whole = gzip.compress(contents)
    stored = whole[: int(share * len(whole))]
    text = zlib.decompressobj(31).decompress(stored)
    complete = text[: text.rfind(b"\n") + 1]
    members = {"type": "LINES"} if lines else {}
    with mock.patch.object(engine, "BEFORE_STREAM_BYTES", 0):
        records, code = outcome(stored, "SELECT * FROM S3Object", **members)
    assert (records, code) == (complete, "TruncatedInput")
    # The first mebibyte is evaluated before the stream, and these objects are shorter.
    assert outcome(stored, "SELECT * FROM S3Object", **members) == (b"", "TruncatedInput")
    if complete:
        first = complete[: complete.index(b"\n") + 1]
        assert outcome(stored, "SELECT * FROM S3Object LIMIT 1", **members) == (first, None)


@settings(max_examples=40)
@given(size=st.integers(20, 6000), first=st.integers(1, 400), morsel=st.integers(64, 3000))
def test_no_record_before_a_fault_is_lost_when_cuts_are_wrong(size: int, first: int, morsel: int) -> None:
    stored = gzip.compress(b"".join(b'{"a":\n%d}%s' % (n, b"\n" * (n % 3)) for n in range(3000)))[:size]
    text = zlib.decompressobj(31).decompress(stored)
    complete = re.findall(rb'{"a":\n\d+}', text)
    with (
        morsels_of(morsel, first),
        mock.patch.object(engine, "BEFORE_STREAM_BYTES", 0),
        mock.patch("s3sql.formats.decompressed_text._ALONE_BYTES", 256),
    ):
        records, code = outcome(stored, "SELECT * FROM S3Object", type="LINES")
    assert records == b"".join(value.replace(b"\n", b"") + b"\n" for value in complete)
    assert code == "TruncatedInput"


def test_a_fault_far_behind_comes_in_the_stream() -> None:
    stored = gzip.compress(ROWS)
    text = zlib.decompressobj(31).decompress(stored[:-1000])
    complete = text[: text.rfind(b"\n") + 1]
    assert len(complete) > 3_000_000
    assert outcome(stored[:-1000], "SELECT * FROM S3Object") == (complete, "TruncatedInput")
    assert outcome(stored[:-1000], "SELECT COUNT(*) FROM S3Object") == (b"", "TruncatedInput")


def test_what_follows_the_last_line_end_before_a_fault() -> None:
    two = b'{"a":1}\n{"a":2}'
    with mock.patch.object(engine, "BEFORE_STREAM_BYTES", 0):
        json_lines = {"type": "LINES"}
        # A value ends by itself; a CSV record without its delimiter may have been longer.
        assert outcome(gzip.compress(two) + b"?", "SELECT * FROM S3Object", **json_lines) == (
            b'{"a":1}\n{"a":2}\n',
            "TruncatedInput",
        )
        assert outcome(gzip.compress(b"a,b\nc,d") + b"?", "SELECT * FROM S3Object") == (
            b"a,b\n",
            "TruncatedInput",
        )
        # Nor is a wrong cut before the fault a loss.
        assert outcome(
            gzip.compress(b'{"a":\n1}\n{"a":\n2}{"a":\n') + b"?", "SELECT * FROM S3Object", **json_lines
        ) == (b'{"a":1}\n{"a":2}\n', "TruncatedInput")


@pytest.mark.parametrize("codec", ["GZIP", "BZIP2"])
@pytest.mark.parametrize(
    "sql", ["SELECT * FROM S3Object", "SELECT COUNT(*) FROM S3Object", "SELECT s.id FROM S3Object s"]
)
def test_an_object_that_is_not_compressed(codec: str, sql: str) -> None:
    assert outcome(HEADED, sql, codec, file_header_info="USE") == (b"", "InvalidCompressionFormat")


def test_a_header_line_in_front_of_a_fault() -> None:
    use = {"file_header_info": "USE"}
    stored = gzip.compress(b"id,name\n1,2\n") + b"?"
    assert outcome(stored, "SELECT name FROM S3Object LIMIT 1", **use) == (b"2\n", None)
    assert outcome(gzip.compress(b"id,name") + b"?", "SELECT name FROM S3Object", **use) == (
        b"",
        "TruncatedInput",
    )
    assert outcome(gzip.compress(b"id,name"), "SELECT name FROM S3Object", **use) == (b"", None)


@pytest.mark.parametrize(
    ("codec", "stored"), [("GZIP", gzip.compress(b"", mtime=0)), ("BZIP2", bz2.compress(b"")), ("GZIP", b"")]
)
def test_no_text_has_no_records(codec: str, stored: bytes) -> None:
    assert outcome(stored, "SELECT s.x FROM S3Object s", codec, file_header_info="USE") == (b"", None)
    assert outcome(stored, "SELECT COUNT(*) FROM S3Object", codec) == (b"0\n", None)


def test_compressed_but_not_declared() -> None:
    assert outcome(gzip.compress(ROWS), "SELECT * FROM S3Object", "NONE") == (b"", "InvalidTextEncoding")


def bomb(line: bytes, mebibytes: int) -> bytes:
    """A GZIP object of one member that unpacks to *line* again and again."""
    block = line * ((1 << 20) // len(line))
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(mebibytes):
        checksum = zlib.crc32(block, checksum)
    trailer = checksum.to_bytes(4, "little") + (mebibytes << 20).to_bytes(4, "little")
    return gzip.compress(b"")[:10] + packed * mebibytes + b"\x03\x00" + trailer


def test_memory_stays_small_whatever_an_object_unpacks_to() -> None:
    stored = bomb(b"a,b\n", 256)
    zeros, lines = bomb(b"\0", 1024), bomb(b"\n", 128)
    assert len(stored) < 2_000_000
    tracemalloc.start()
    try:
        records, (scanned, processed), code = select(stored, "SELECT * FROM S3Object LIMIT 1")
        assert (records, code) == (b"a,b\n", None)
        assert processed < 1 << 20
        assert scanned < 100_000
        assert outcome(stored, "SELECT COUNT(*) FROM S3Object") == (b"67108864\n", None)
        assert outcome(zeros, "SELECT * FROM S3Object LIMIT 1") == (b"", "OverMaxRecordSize")
        assert outcome(lines, "SELECT x FROM S3Object", file_header_info="USE") == (
            b"",
            None,
        )
        assert tracemalloc.get_traced_memory()[1] < 96 << 20
    finally:
        tracemalloc.stop()


def test_an_answer_that_is_not_read_leaves_no_thread() -> None:
    client = s3sql.client(MemoryStore({"b": {"k": gzip.compress(ROWS, 1)}}))
    for events in (0, 1):
        answer = client.select_object_content(
            Bucket="b",
            Key="k",
            Expression="SELECT * FROM S3Object",
            ExpressionType="SQL",
            InputSerialization={"CompressionType": "GZIP", "CSV": {}},
            OutputSerialization={"CSV": {}},
        )["Payload"]
        for _ in range(events):
            next(iter(answer))
        answer.close()
        assert running() == []


def test_a_stream_is_read_once() -> None:
    class Stream:
        def __init__(self) -> None:
            self.rest = io.BytesIO(gzip.compress(LINES.replace(b",", b",\n"), 1))

        def read(self, size: int) -> bytes:
            return self.rest.read(size)

    # Every cut is wrong, so the reader goes back in the text, but not in the stream.
    request = SelectRequest(
        expression="SELECT COUNT(*) FROM S3Object",
        input=JsonInput("LINES"),
        output=CsvOutput(),
        compression="GZIP",
    )
    chunks = list(engine.run(request, open_file(Stream())).chunks())
    assert b"".join(bytes(chunk.payload) for chunk in chunks if chunk is not None) == b"60000\n"


def test_json_text_is_kept() -> None:
    stored = gzip.compress("\N{BYTE ORDER MARK}".encode() + b'{"a":[1.50,"\\u00e9"]}')
    records, code = outcome(stored, "SELECT * FROM S3Object", type="DOCUMENT")
    assert (json.loads(records), code) == ({"a": [1.5, "é"]}, None)
    assert b"1.50" in records
