"""``SelectObjectContent`` through a running endpoint, asked by boto3 and by bare sockets."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from s3sql import engine
from s3sql.eventstream.reader import read_events
from s3sql.exec.buffer_pool import BufferPool
from s3sql.server.settings import Limits
from tests.answers import Answer, answer_of
from tests.server.select_requests import answered, connected, raw_select, xml_body
from tests.server.serving import client_of, serving, settings_for
from tests.test_conformance import CASES, EXCEPTIONS, fault

MIB = 1 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    (root / "bucket").mkdir()
    return root


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serving(settings_for(folder, limits=Limits(selects=4))) as running:
        yield running


@pytest.fixture(scope="module")
def client(url: str) -> Any:
    return client_of(url)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the stream would start before its first mebibyte is evaluated."""
    monkeypatch.setattr(engine, "BEFORE_STREAM_SECONDS", 60.0)


def members(sql: str, **changes: Any) -> dict[str, Any]:
    return {
        "Bucket": "bucket",
        "Key": "key",
        "Expression": sql,
        "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {}},
        "OutputSerialization": {"CSV": {}},
        **changes,
    }


@pytest.mark.parametrize("name", [name for name in CASES if name not in EXCEPTIONS])
def test_conformance_case(name: str, client: Any, folder: Path) -> None:
    case = CASES[name]
    contents = base64.b64decode(case["input_base64"]) if "input_base64" in case else case["input"].encode()
    key = "missing" if case.get("missing_key") else "case"
    (folder / "bucket" / "case").write_bytes(contents)
    asked = members(
        case["sql"],
        Key=key,
        InputSerialization=case["input_serialization"],
        OutputSerialization=case["output_serialization"],
    )
    if case.get("scan_range"):
        asked["ScanRange"] = case["scan_range"]
    wrong = fault(case, answer_of(client, asked))
    assert wrong is None, f"{wrong}\n{json.dumps(case, indent=1)}"


def test_the_reply_is_that_of_the_protocol(url: str, folder: Path) -> None:
    (folder / "bucket" / "key").write_bytes(b"1,2\n3,4\n")
    status, headers, body = answered(url, raw_select(url, xml_body("SELECT s._1 FROM S3Object s")))
    assert status == 200
    assert headers["transfer-encoding"] == "chunked"
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-amz-request-id"]
    assert headers["x-amz-id-2"]
    assert "content-length" not in headers
    kinds = [next(iter(event)) for event in read_events(body)]
    assert kinds == ["Records", "Stats", "End"]


@pytest.mark.parametrize(
    "query", ["?select&select-type=2", "?select=&select-type=2", "?select-type=2&select="]
)
def test_both_spellings_of_the_target(url: str, folder: Path, query: str) -> None:
    (folder / "bucket" / "key").write_bytes(b"1\n")
    assert answered(url, raw_select(url, xml_body("SELECT * FROM S3Object"), query=query))[0] == 200


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"headers": {"Range": "bytes=0-1"}}, 400, "UnsupportedRangeHeader"),
        ({"query": "?select&select-type=1"}, 400, "InvalidArgument"),
        ({"query": "?select"}, 400, "InvalidArgument"),
        ({"body": b""}, 400, "EmptyRequestBody"),
        ({"body": b"<a"}, 400, "MalformedXML"),
        ({"body": b"<!DOCTYPE a><a/>"}, 400, "MalformedXML"),
        ({"method": "GET"}, 405, "MethodNotAllowed"),
        ({"key": "nothing"}, 404, "NoSuchKey"),
        ({"key": "nothing", "body": b"<a"}, 404, "NoSuchKey"),
        ({"headers": {"x-amz-expected-bucket-owner": "123456789012"}}, 403, "AccessDenied"),
        ({"headers": {"x-amz-expected-bucket-owner": "me"}}, 400, "InvalidBucketOwnerAWSAccountID"),
        ({"headers": {"Content-MD5": "xx"}}, 400, "InvalidDigest"),
        ({"headers": {"Content-MD5": base64.b64encode(bytes(16)).decode()}}, 400, "BadDigest"),
        ({"body": b"x" * (3 * MIB)}, 400, "MaxMessageLengthExceeded"),
        ({"body": xml_body("SELECT FROM")}, 400, "ParseEmptySelect"),
        ({"body": xml_body("SELECT CAST(s._1 AS INT) FROM S3Object s")}, 400, "CastFailed"),
    ],
)
def test_what_is_wrong_comes_as_a_document(
    url: str, folder: Path, changes: dict[str, Any], status: int, code: str
) -> None:
    (folder / "bucket" / "key").write_bytes(b"x\n")
    asked = {"body": xml_body("SELECT * FROM S3Object"), **changes}
    got, headers, body = answered(url, raw_select(url, **asked))
    assert f"<Code>{code}</Code>" in body.decode(), body
    assert got == status
    assert headers["content-type"] == "application/xml"
    assert f"<RequestId>{headers['x-amz-request-id']}</RequestId>" in body.decode()


def test_a_body_without_its_length_is_refused(url: str) -> None:
    request = raw_select(url, xml_body("SELECT * FROM S3Object"))
    head = request.partition(b"\r\n\r\n")[0]
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    chunked = b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", b"0", b"", b""])
    status, _, body = answered(url, chunked)
    assert (status, b"MissingContentLength" in body) == (411, True)


def test_a_content_md5_is_checked(url: str, folder: Path) -> None:
    (folder / "bucket" / "key").write_bytes(b"1\n")
    body = xml_body("SELECT * FROM S3Object")
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    assert answered(url, raw_select(url, body, headers={"Content-MD5": digest}))[0] == 200


def answer(client: Any, contents: bytes, sql: str, **changes: Any) -> Answer:
    client.put_object(Bucket="bucket", Key="key", Body=contents)
    return answer_of(client, members(sql, **changes))


def test_formats_and_options(client: Any) -> None:
    assert (
        answer(
            client, b"a\n1\n", "SELECT a FROM S3Object", InputSerialization={"CSV": {"FileHeaderInfo": "USE"}}
        ).payload
        == b"1\n"
    )
    assert (
        answer(
            client,
            b'{"a":[1,2]}',
            "SELECT s.a[1] AS b FROM S3Object s",
            InputSerialization={"JSON": {"Type": "DOCUMENT"}},
            OutputSerialization={"JSON": {}},
        ).payload
        == b'{"b":2}\n'
    )
    assert (
        answer(
            client,
            gzip.compress(b"1\n2\n"),
            "SELECT COUNT(*) FROM S3Object",
            InputSerialization={"CSV": {}, "CompressionType": "GZIP"},
        ).payload
        == b"2\n"
    )
    assert (
        answer(client, b"1\n2\n3\n", "SELECT * FROM S3Object", ScanRange={"Start": 2, "End": 3}).payload
        == b"2\n"
    )
    table = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2, 3]}), table)
    assert (
        answer(
            client, table.getvalue(), "SELECT SUM(a) FROM S3Object", InputSerialization={"Parquet": {}}
        ).payload
        == b"6\n"
    )


def test_an_error_behind_the_first_mebibyte_comes_in_the_stream(client: Any) -> None:
    rows = MIB // 2 + 1000
    got = answer(client, b"1\n" * rows + b"x\n", "SELECT CAST(s._1 AS INT) FROM S3Object s")
    assert (got.code, got.in_stream) == ("CastFailed", True)
    assert got.payload == b"1\n" * rows


def test_progress_comes_when_it_is_asked_for(client: Any) -> None:
    client.put_object(Bucket="bucket", Key="key", Body=b"1\n" * 1000)
    asked = members("SELECT * FROM S3Object", RequestProgress={"Enabled": True})
    events = list(client.select_object_content(**asked)["Payload"])
    assert [next(iter(event)) for event in events] == ["Records", "Progress", "Stats", "End"]


def test_a_customer_key_opens_what_it_closed(client: Any) -> None:
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
    client.put_object(Bucket="bucket", Key="closed", Body=b"1,2\n", **key)
    sql = "SELECT s._2 FROM S3Object s"
    assert answer_of(client, members(sql, Key="closed", **key)).payload == b"2\n"
    assert answer_of(client, members(sql, Key="closed")).code == "InvalidRequest"
    wrong = key | {"SSECustomerKey": b"w" * 32}
    assert answer_of(client, members(sql, Key="closed", **wrong)).code == "AccessDenied"


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE", "REDUCED_REDUNDANCY"])
def test_storage_classes_that_are_not_queried(client: Any, storage_class: str) -> None:
    client.put_object(Bucket="bucket", Key="cold", Body=b"1\n", StorageClass=storage_class)
    got = answer_of(client, members("SELECT * FROM S3Object", Key="cold"))
    assert (got.code, got.in_stream) == ("UnsupportedStorageClass", False)


def test_a_client_that_goes_away_ends_the_scan(url: str, folder: Path) -> None:
    with (folder / "bucket" / "large").open("wb") as file:
        for _ in range(200):
            file.write(b"abcdefg\n" * (MIB // 8))
    with connected(url) as connection:
        connection.sendall(raw_select(url, xml_body("SELECT * FROM S3Object"), key="large"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    deadline = time.monotonic() + 30
    while not _no_buffer_is_out():
        assert time.monotonic() < deadline, "the scan goes on"
        time.sleep(0.01)


def test_a_client_that_reads_nothing_holds_the_scan(url: str, folder: Path) -> None:
    path = folder / "bucket" / "large"
    if not path.exists():
        path.write_bytes(b"abcdefg\n" * (25 * MIB))
    with connected(url) as connection:
        connection.sendall(raw_select(url, xml_body("SELECT * FROM S3Object"), key="large"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        # Nobody else reads: what is taken from the pool stays, and does not grow.
        time.sleep(0.3)
        taken = _pool()._taken
        time.sleep(0.3)
        assert _pool()._taken == taken
    deadline = time.monotonic() + 30
    while not _no_buffer_is_out():
        assert time.monotonic() < deadline, "the scan goes on"
        time.sleep(0.01)


def test_more_queries_than_turns_wait_for_theirs(url: str, client: Any, folder: Path) -> None:
    (folder / "bucket" / "key").write_bytes(b"1\n")
    if not (folder / "bucket" / "large").exists():
        (folder / "bucket" / "large").write_bytes(b"abcdefg\n" * (25 * MIB))
    holding = [connected(url) for _ in range(4)]
    try:
        for connection in holding:
            connection.sendall(raw_select(url, xml_body("SELECT * FROM S3Object"), key="large"))
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        with connected(url) as fifth:
            fifth.sendall(raw_select(url, xml_body("SELECT * FROM S3Object")))
            fifth.settimeout(0.2)
            with pytest.raises(TimeoutError):
                fifth.recv(1000)
            holding.pop().close()
            fifth.settimeout(30)
            assert fifth.recv(1000).startswith(b"HTTP/1.1 200")
    finally:
        for connection in holding:
            connection.close()


def test_too_many_waiting_are_told_to_slow_down(folder: Path) -> None:
    (folder / "bucket" / "many").write_bytes(b"abcdefg\n" * (8 * MIB))
    limits = Limits(selects=1, waiting_selects=0)
    with serving(settings_for(folder, limits=limits)) as url, connected(url) as connection:
        connection.sendall(raw_select(url, xml_body("SELECT * FROM S3Object"), key="many"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        status, _, body = answered(url, raw_select(url, xml_body("SELECT * FROM S3Object"), key="many"))
        assert (status, b"<Code>SlowDown</Code>" in body) == (503, True)


def test_an_answer_that_is_complete_at_once_takes_one_thread(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from s3sql.server import select

    streamed = []
    from_thread = select.from_thread

    def noted(*arguments: Any) -> Any:
        streamed.append(arguments)
        return from_thread(*arguments)

    monkeypatch.setattr(select, "from_thread", noted)
    (folder / "bucket" / "small").write_bytes(b"1,2\n" * 1000)
    (folder / "bucket" / "large").write_bytes(b"1,2\n" * MIB)
    for key, rows, expected in [("small", 1000, 0), ("large", MIB, 1)]:
        status, _, body = answered(url, raw_select(url, xml_body("SELECT * FROM S3Object"), key=key))
        events = list(read_events(body))
        assert status == 200
        assert (
            b"".join(event["Records"]["Payload"] for event in events if "Records" in event) == b"1,2\n" * rows
        )
        assert events[-2]["Stats"]["Details"]["BytesScanned"] == 4 * rows
        assert len(streamed) == expected
    descriptors = Path("/proc/self/fd")
    if descriptors.exists():
        opened = [os.readlink(each) for each in descriptors.iterdir() if each.is_symlink()]
        assert not [path for path in opened if path.startswith(str(folder / "bucket"))]
    assert _no_buffer_is_out()


def test_a_query_may_not_take_longer_than_the_endpoint_allows(folder: Path) -> None:
    (folder / "bucket" / "many").write_bytes(b"abcdefg\n" * (8 * MIB))
    asked = members("SELECT COUNT(*) FROM S3Object", Key="many")
    limits = Limits(query_time=0.001)
    with serving(settings_for(folder, limits=limits)) as url, pytest.raises(ClientError) as raised:
        client_of(url).select_object_content(**asked)
    assert raised.value.response["Error"]["Code"] == "RequestTimeout"


def test_no_cont_for_a_client_that_stumbles_over_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    from s3sql.server import select

    frames = select.frame_buffers

    def noted(*arguments: Any, keep_alive: bool, **options: Any) -> Any:
        seen.append(keep_alive)
        return frames(*arguments, keep_alive=keep_alive, **options)

    monkeypatch.setattr(select, "frame_buffers", noted)
    (folder / "bucket" / "key").write_bytes(b"1\n")
    with serving(settings_for(folder)) as url:
        body = xml_body("SELECT * FROM S3Object")
        agents = ["MinIO (linux; x64) minio-js/8.0.5", "aws-sdk-js/3"]
        for agent in agents:
            assert answered(url, raw_select(url, body, headers={"User-Agent": agent}))[0] == 200
    assert seen == [False, True]


def _pool() -> BufferPool:
    return engine._POOL


def _no_buffer_is_out() -> bool:
    return _pool()._taken == 0
