"""Records of a registered output format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import s3sql
from s3sql import S3SelectError, extend
from s3sql.request import JsonOutput
from s3sql.serialize.base import OutputMember, Records
from s3sql.serialize.json import JsonSerializer


class Sequence7464:
    """JSON text sequences: a record separator before each value, a line feed behind it."""

    def __init__(self) -> None:
        self.lines = JsonSerializer(JsonOutput("\n"))

    def serialize(self, members: Sequence[OutputMember], length: int) -> Records:
        lines = self.lines.serialize(members, length)
        starts = np.concatenate([[0], lines.ends[:-1]])[:length]
        return Records(np.insert(lines.payload, starts, 0x1E), lines.ends + np.arange(1, length + 1))


class Given:
    """Whatever a test says."""

    def __init__(self, records: Any) -> None:
        self.records = records

    def serialize(self, members: Sequence[OutputMember], length: int) -> Records:
        found: Records = self.records
        return found


@pytest.fixture(autouse=True)
def _format() -> Iterator[None]:
    with extend.output_format("json-seq", Sequence7464()):
        yield


def payloads(sql: str, source: bytes, output: str, **keywords: Any) -> list[bytes]:
    events = s3sql.query(sql, source, output_format=output, **keywords).events()
    return [event["Records"]["Payload"] for event in events if "Records" in event]


CSV = b"a,b\n" + b"".join(b"%d,text %d\n" % (n, n) for n in range(60_000))


@pytest.mark.parametrize(
    ("sql", "source", "keywords"),
    [
        ("SELECT * FROM S3Object", CSV, {"input_format": "csv"}),
        ("SELECT * FROM S3Object", CSV, {"input_format": "csv", "file_header_info": "USE"}),
        ("SELECT a, CAST(a AS INT) + 1 FROM S3Object WHERE a <> '7'", CSV, {"file_header_info": "USE"}),
        ("SELECT * FROM S3Object LIMIT 50001", CSV, {"input_format": "csv"}),
        ("SELECT COUNT(*), MIN(CAST(a AS INT)) FROM S3Object", CSV, {"file_header_info": "USE"}),
        ("SELECT * FROM S3Object", b'{"a":1}{"b":[1,2]}[3]', {"input_format": "json"}),
        ("SELECT s.a.* FROM S3Object s", b'{"a":{"x":1.50}}{"a":null}', {"input_format": "json"}),
        ("SELECT * FROM S3Object", b"", {"input_format": "csv"}),
    ],
)
def test_they_are_those_that_the_format_writes(sql: str, source: bytes, keywords: dict[str, Any]) -> None:
    keywords = {"input_format": "csv", **keywords}
    lines = b"".join(payloads(sql, source, "json", **keywords))
    found = payloads(sql, source, "json-seq", **keywords)
    assert b"".join(found) == b"".join(b"\x1e" + line for line in lines.splitlines(keepends=True))
    # A message holds whole records.
    assert all(part.startswith(b"\x1e") and part.endswith(b"\n") for part in found)


def test_a_record_that_is_too_long() -> None:
    source = b"short\n" + b"x" * (1 << 20) + b"\n"
    events = s3sql.query(
        "SELECT _1 FROM S3Object", source, input_format="csv", output_format="json-seq"
    ).events
    with pytest.raises(S3SelectError, match="OverMaxRecordSize"):
        list(events())


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (b"x", "a bytes; serialize"),
        (Records(b"x", [1]), "no array of uint8"),  # type: ignore[arg-type]
        (Records(np.zeros(1, np.int8), np.array([1])), "no array of uint8"),  # type: ignore[arg-type]
        (Records(np.zeros(1, np.uint8), np.array([1], np.int32)), "no array of int64"),  # type: ignore[arg-type]
        (Records(np.zeros(2, np.uint8), np.array([1, 2])), "2 records for 1 rows"),
        (Records(np.zeros(2, np.uint8), np.array([1])), "do not ascend to the length"),
        (Records(np.zeros(0, np.uint8), np.array([-1])), "do not ascend to the length"),
    ],
)
def test_what_are_no_records(records: Any, message: str) -> None:
    with (
        extend.output_format("given", Given(records)),
        pytest.raises(TypeError, match=f"the output format 'given' gave .*{message}"),
    ):
        payloads("SELECT _1 FROM S3Object", b"1\n", "given", input_format="csv")


def test_a_format_that_was_removed_meanwhile() -> None:
    with extend.output_format("given", Given(None)):
        result = s3sql.query("SELECT _1 FROM S3Object", b"1\n", input_format="csv", output_format="given")
    with pytest.raises(S3SelectError, match="There is no output format 'given' any more"):
        list(result.events())
