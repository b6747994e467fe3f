"""The real engine behind boto3's ``select_object_content``."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.eventstream
import botocore.parsers
import numpy as np
import pytest
from botocore.exceptions import ClientError, EventStreamError
from moto import mock_aws

import s3sql
from s3sql import engine
from s3sql.client import SelectClient
from s3sql.errors import S3SelectError
from s3sql.eventstream.writer import Chunk, frames
from s3sql.request import SelectRequest
from s3sql.request_xml import parse_request
from s3sql.stores.base import StoredObject
from s3sql.stores.memory import MemoryStore


def members(**changes: Any) -> dict[str, Any]:
    return {
        "Bucket": "bucket",
        "Key": "key",
        "Expression": "SELECT * FROM S3Object",
        "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {}},
        "OutputSerialization": {"CSV": {}},
        **changes,
    }


def echo(request: SelectRequest, source: StoredObject) -> SimpleNamespace:
    """An engine that answers with the request it was given."""
    payload = repr(request).encode()
    chunk = Chunk(payload, np.array([len(payload)], dtype=np.int64), 11, 22)
    return SimpleNamespace(chunks=lambda: iter([chunk]))


# In process and over the wire

CONTENTS = b'a,b\n1,2\n# no\n\'x\',\'y\\\'z\'\n"p","q""r"\n'

OPTIONS: list[dict[str, Any]] = [
    {},
    {"Expression": "SELECT s._1 FROM S3Object s\r\n WHERE s._2 <> 'a&b' OR s._1 > '€'"},
    {"RequestProgress": {"Enabled": True}},
    {"RequestProgress": {"Enabled": False}},
    {"ScanRange": {"Start": 1, "End": 4}},
    {"ScanRange": {"Start": 2}},
    {"ScanRange": {"End": 3}},
    {"InputSerialization": {"CSV": {}, "CompressionType": "NONE"}},
    {"InputSerialization": {"CSV": {}, "CompressionType": "GZIP"}},
    {"InputSerialization": {"CSV": {}, "CompressionType": "BZIP2"}},
    {"InputSerialization": {"CSV": {"FileHeaderInfo": "Use"}}},
    {"InputSerialization": {"CSV": {"FileHeaderInfo": "IGNORE"}}},
    {"InputSerialization": {"CSV": {"Comments": ""}}},
    {"InputSerialization": {"CSV": {"Comments": "\ufdd0"}}},
    {"InputSerialization": {"CSV": {"QuoteCharacter": "'", "QuoteEscapeCharacter": "\\"}}},
    {"InputSerialization": {"CSV": {"QuoteCharacter": "", "QuoteEscapeCharacter": ""}}},
    {"InputSerialization": {"CSV": {"FieldDelimiter": ""}}},
    {"InputSerialization": {"CSV": {"FieldDelimiter": "\t", "RecordDelimiter": "\r\n"}}},
    {"InputSerialization": {"CSV": {"FieldDelimiter": " ", "RecordDelimiter": "\r"}}},
    {"InputSerialization": {"CSV": {"RecordDelimiter": "\\n"}}},
    {"InputSerialization": {"CSV": {"AllowQuotedRecordDelimiter": True}}},
    {"InputSerialization": {"JSON": {"Type": "Document"}}},
    {"InputSerialization": {"JSON": {"Type": "LINES"}}},
    {"InputSerialization": {"Parquet": {}}},
    {"OutputSerialization": {"CSV": {"QuoteFields": "ALWAYS", "QuoteCharacter": "'"}}},
    {"OutputSerialization": {"CSV": {"QuoteEscapeCharacter": "\\", "FieldDelimiter": "<=>"}}},
    {"OutputSerialization": {"CSV": {"FieldDelimiter": "", "RecordDelimiter": "\r\n"}}},
    {"OutputSerialization": {"JSON": {}}},
    {"OutputSerialization": {"JSON": {"RecordDelimiter": ",\r"}}},
    # refused, alike
    {"InputSerialization": {}},
    {"InputSerialization": {"CSV": {"RecordDelimiter": ""}}},
    {"InputSerialization": {"CSV": {"FieldDelimiter": "\x01"}}},
    {"InputSerialization": {"JSON": {}}},
    {"OutputSerialization": {}},
    {"ScanRange": {}},
    {"Expression": ""},
]


@pytest.fixture(scope="module")
def plain() -> Any:
    """A boto3 client that is only used to see what it would send."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        return boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


STORE = MemoryStore({"bucket": {"key": CONTENTS}})


@pytest.fixture(scope="module", params=[echo, engine.run], ids=["echo", "engine"])
def answering(request: pytest.FixtureRequest) -> tuple[Any, SelectClient]:
    """An engine and a client over it."""
    return request.param, SelectClient(STORE, request.param)


@pytest.mark.parametrize("options", OPTIONS, ids=repr)
def test_in_process_and_over_the_wire_are_the_same(
    plain: Any, answering: tuple[Any, SelectClient], options: dict[str, Any]
) -> None:
    """What the XML of the call, answered on the wire and decoded by botocore, gives in process too."""
    call = members(**options)
    run, client = answering
    try:
        request = parse_request(_body_sent(plain, call))
        answer = run(request, STORE.open("bucket", "key"))
        wire = b"".join(frames(answer.chunks(), progress=request.progress))
    except S3SelectError as error:
        expected: Any = {"Code": error.code, "Message": error.message}
    else:
        expected = _decoded_by_botocore(plain, wire)
    try:
        found: Any = list(client.select_object_content(**call)["Payload"])
    except ClientError as error:
        found = error.response["Error"]
    assert found == expected


def _body_sent(client: Any, call: dict[str, Any]) -> bytes:
    """The XML boto3 sends for *call*."""
    bodies: list[bytes] = []

    def keep(params: dict[str, Any], **_: object) -> tuple[Any, Any]:
        bodies.append(params["body"])
        return SimpleNamespace(status_code=200, headers={}), {}

    client.meta.events.register_first("before-call.s3.SelectObjectContent", keep)
    client.select_object_content(**call)
    client.meta.events.unregister("before-call.s3.SelectObjectContent", keep)
    return bodies[0]


def _decoded_by_botocore(client: Any, wire: bytes) -> list[Any]:
    operation = client.meta.service_model.operation_model("SelectObjectContent")
    body = SimpleNamespace(stream=lambda: iter([wire[:50], wire[50:]]))
    parser = botocore.parsers.EventStreamXMLParser()
    return list(
        botocore.eventstream.EventStream(body, operation.get_event_stream_output(), parser, operation.name)
    )


# A program written for AWS


def rows_of_adults(s3: Any) -> list[str]:
    """A boto3 program as it is found in tutorials, unchanged."""
    response = s3.select_object_content(
        Bucket="bucket",
        Key="people.csv",
        Expression="SELECT s.name FROM s3object s WHERE CAST(s.age AS INT) >= 18",
        ExpressionType="SQL",
        InputSerialization={"CSV": {"FileHeaderInfo": "Use"}, "CompressionType": "NONE"},
        OutputSerialization={"CSV": {}},
    )
    rows: list[str] = []
    for event in response["Payload"]:
        if "Records" in event:
            rows += event["Records"]["Payload"].decode("utf-8").splitlines()
        elif "Stats" in event:
            assert event["Stats"]["Details"]["BytesScanned"] == len(PEOPLE)
    return rows


PEOPLE = "name,age\nÅsa,41\nBo,7\nCem,18\n".encode()


def test_it_runs_with_one_more_line(tmp_path: Path) -> None:
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="people.csv", Body=PEOPLE)
        s3sql.enable(s3)
        assert rows_of_adults(s3) == ["Åsa", "Cem"]
        assert rows_of_adults(s3sql.client(boto3.client("s3"))) == ["Åsa", "Cem"]
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "people.csv").write_bytes(PEOPLE)
    assert rows_of_adults(s3sql.client(tmp_path)) == ["Åsa", "Cem"]


def test_errors_come_where_aws_sends_them(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "key").write_bytes(b"1\n" * 2_000_000 + b"x\n")
    client = s3sql.client(tmp_path)
    with pytest.raises(ClientError) as caught:
        client.select_object_content(**members(Expression="SELECT x FROM S3Object"))
    assert caught.value.response["Error"]["Code"] == "InvalidColumnIndex"
    payload = client.select_object_content(**members(Expression="SELECT CAST(_1 AS INT) FROM S3Object"))[
        "Payload"
    ]
    received: list[Any] = []
    with pytest.raises(EventStreamError, match=r"\(CastFailed\)"):
        received.extend(payload)
    assert sum(len(event["Records"]["Payload"]) for event in received) == 4_000_000


@pytest.mark.filterwarnings("ignore")  # awswrangler has deprecated select_query, since AWS closed S3 Select
def test_awswrangler_with_parallel_scan_ranges() -> None:
    import awswrangler

    lines = [b"id,kind,name\r\n"] + [b"%08d,%d,name %d\r\n" % (n, n % 97, n) for n in range(150_000)]
    starts = np.cumsum([len(line) for line in lines])
    # awswrangler's ranges share a byte; a record that starts at it belongs to both.
    assert not np.any(starts % (1 << 20) == 0)
    with mock_aws():
        session = boto3.Session()
        s3sql.enable(session)
        plain = boto3.client("s3")
        plain.create_bucket(Bucket="bucket")
        plain.put_object(Bucket="bucket", Key="key.csv", Body=b"".join(lines))
        found = awswrangler.s3.select_query(
            sql="SELECT s.id, s.name FROM s3object s WHERE CAST(s.kind AS INT) = 5",
            path="s3://bucket/key.csv",
            input_serialization="CSV",
            input_serialization_params={"FileHeaderInfo": "Use", "RecordDelimiter": "\r\n"},
            use_threads=True,
            boto3_session=session,
        )
    expected = [n for n in range(150_000) if n % 97 == 5]
    assert found["id"].tolist() == [f"{n:08d}" for n in expected]
    assert found["name"].tolist() == [f"name {n}" for n in expected]
