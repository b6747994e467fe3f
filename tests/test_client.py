from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.eventstream
import numpy as np
import pytest
from botocore.exceptions import ClientError, EventStreamError, ParamValidationError
from moto import mock_aws

import s3sql
from s3sql.client import SelectClient, _enable
from s3sql.errors import S3SelectError
from s3sql.eventstream.messages import MAX_RECORDS_BYTES
from s3sql.eventstream.writer import Chunk, Chunks
from s3sql.request import SelectRequest
from s3sql.stores.base import StoredObject
from s3sql.stores.memory import BytesObject, MemoryStore

CSV = {"CSV": {}}


def members(**changes: Any) -> dict[str, Any]:
    return {
        "Bucket": "bucket",
        "Key": "key",
        "Expression": "SELECT * FROM S3Object",
        "ExpressionType": "SQL",
        "InputSerialization": CSV,
        "OutputSerialization": CSV,
        **changes,
    }


@dataclass
class Engine:
    """An engine that answers with the request it was given and the bytes of the object."""

    before_stream: Exception | None = None
    in_stream: Exception | None = None
    chunks: int = 1
    requests: list[SelectRequest] = field(default_factory=list)
    finished: int = 0

    def run(self, request: SelectRequest, source: StoredObject) -> SimpleNamespace:
        self.requests.append(request)
        if self.before_stream:
            raise self.before_stream
        return SimpleNamespace(chunks=lambda: self._chunks(request, source))

    def _chunks(self, request: SelectRequest, source: StoredObject) -> Chunks:
        try:
            payload = repr(request).encode() + source.read(0, 10 * MAX_RECORDS_BYTES)
            for _ in range(self.chunks):
                yield Chunk(payload, np.array([len(payload)], dtype=np.int64), 11, 22)
            if self.in_stream:
                raise self.in_stream
        finally:
            self.finished += 1


@pytest.fixture
def engine() -> Engine:
    return Engine()


def select_client(engine: Engine, contents: bytes = b"1,2\n") -> SelectClient:
    return SelectClient(MemoryStore({"bucket": {"key": contents}}), engine.run)


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        client.put_object(Bucket="bucket", Key="key", Body=b"1,2\n")
        yield client


def test_a_boto3_program_needs_one_more_line(s3: Any, engine: Engine) -> None:
    _enable(s3, engine.run)
    response = s3.select_object_content(**members())
    found = list(response["Payload"])
    expected = repr(SelectRequest("SELECT * FROM S3Object", *_csv())).encode() + b"1,2\n"
    assert found == [
        {"Records": {"Payload": expected}},
        {"Stats": {"Details": {"BytesScanned": 11, "BytesProcessed": 22, "BytesReturned": len(expected)}}},
        {"End": {}},
    ]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert set(response["ResponseMetadata"]) == {
        "RequestId", "HostId", "HTTPStatusCode", "HTTPHeaders", "RetryAttempts",
    }  # fmt: skip
    assert s3.get_object(Bucket="bucket", Key="key")["Body"].read() == b"1,2\n"


def _csv() -> tuple[Any, Any]:
    from s3sql.request import CsvInput, CsvOutput

    return CsvInput(), CsvOutput()


def test_the_payload_is_iterated_once_and_in_parts(engine: Engine) -> None:
    payload = select_client(engine).select_object_content(**members())["Payload"]
    assert isinstance(payload, botocore.eventstream.EventStream)
    for event in payload:
        assert "Records" in event
        break
    assert [next(iter(event)) for event in payload] == ["Stats", "End"]
    assert list(payload) == []
    assert engine.finished == 1


def test_closing_the_payload_ends_the_query() -> None:
    engine = Engine(chunks=1_000_000)
    payload = select_client(engine, b"x" * MAX_RECORDS_BYTES).select_object_content(**members())["Payload"]
    assert "Records" in next(iter(payload))
    payload.close()
    unread = select_client(engine).select_object_content(**members())["Payload"]
    unread.close()
    assert engine.finished == 2
    assert list(payload) == list(unread) == []


@pytest.mark.parametrize("parsed", [True, False])
def test_the_object_is_closed_however_a_query_ends(engine: Engine, parsed: bool) -> None:
    closed: list[int] = []

    class Contents(BytesObject):
        def close(self) -> None:
            closed.append(engine.finished)
            super().close()

    class Store(MemoryStore):
        def open(self, bucket: str, key: str, **_: Any) -> BytesObject:
            return Contents(b"1\n")

    client = SelectClient(Store({}), engine.run)
    list(client.select_object_content(**members())["Payload"])
    assert closed == [1]
    client.select_object_content(**members())["Payload"].close()
    assert closed == [1, 2]
    engine.in_stream = S3SelectError("CastFailed")
    with pytest.raises(EventStreamError):
        list(client.select_object_content(**members())["Payload"])
    assert closed == [1, 2, 3]
    engine.before_stream = S3SelectError("MissingHeaders")
    with pytest.raises(ClientError):
        client.select_object_content(**members(**({} if parsed else {"ScanRange": {}})))
    assert set(closed) == {1, 2, 3}
    assert len(closed) == 4


# Errors


def test_an_object_that_is_not_there(s3: Any, engine: Engine) -> None:
    _enable(s3, engine.run)
    for client in (s3, select_client(engine)):
        with pytest.raises(client.exceptions.NoSuchKey) as caught:
            client.select_object_content(**members(Key="other"))
        assert caught.value.response["Error"]["Code"] == "NoSuchKey"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert not engine.requests


def test_an_error_before_the_stream_is_a_client_error() -> None:
    engine = Engine(before_stream=S3SelectError("MissingHeaders", "no header x"))
    with pytest.raises(ClientError) as caught:
        select_client(engine).select_object_content(**members())
    assert str(caught.value) == (
        "An error occurred (MissingHeaders) when calling the SelectObjectContent operation: no header x"
    )
    assert caught.value.response["Error"] == {"Code": "MissingHeaders", "Message": "no header x"}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert caught.value.operation_name == "SelectObjectContent"


def test_the_object_comes_before_the_request_and_the_request_before_the_query() -> None:
    engine = Engine(before_stream=S3SelectError("MissingHeaders"))
    client = select_client(engine)
    wrong = members(InputSerialization={"CSV": {"FieldDelimiter": "ab"}})
    for call, code in ((wrong | {"Key": "x"}, "NoSuchKey"), (wrong, "InvalidRequestParameter")):
        with pytest.raises(ClientError) as caught:
            client.select_object_content(**call)
        assert caught.value.response["Error"]["Code"] == code


def test_an_error_in_the_stream_is_an_event_stream_error() -> None:
    engine = Engine(in_stream=S3SelectError("CastFailed", "row 7"))
    payload = select_client(engine).select_object_content(**members())["Payload"]
    assert "Records" in next(iter(payload))
    with pytest.raises(EventStreamError) as caught:
        list(payload)
    assert str(caught.value) == (
        "An error occurred (CastFailed) when calling the SelectObjectContent operation: row 7"
    )
    assert caught.value.response == {"Error": {"Code": "CastFailed", "Message": "row 7"}}


def test_a_fault_of_ours_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ClientError) as caught:
        select_client(Engine(before_stream=ZeroDivisionError("secret"))).select_object_content(**members())
    assert caught.value.response["Error"]["Code"] == "InternalError"
    assert "secret" not in str(caught.value)
    assert "secret" in caplog.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"Bucket": "bucket"},
        members(Expression=1),
        members(Unknown="x"),
        members(ScanRange={"Start": "1"}),
        members(InputSerialization={"CSV": {"Delimiter": ","}}),
    ],
)
def test_botocore_checks_the_members(engine: Engine, wrong: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        select_client(engine).select_object_content(**wrong)


# Enabling and disabling


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


def test_disable_gives_the_call_back_to_the_endpoint(s3: Any, engine: Engine) -> None:
    sent: list[str] = []

    def stop(request: Any, **_: object) -> None:
        sent.append(request.url)
        raise ConnectionAbortedError

    s3.meta.events.register_first("before-send.s3.SelectObjectContent", stop)
    for _ in range(2):
        _enable(s3, engine.run)
    s3.select_object_content(**members())
    assert (len(engine.requests), sent) == (1, [])
    for _ in range(2):
        s3sql.disable(s3)
    with pytest.raises(ConnectionAbortedError):
        s3.select_object_content(**members())
    assert len(engine.requests) == 1
    assert sent[0].endswith("/key?select&select-type=2")


def test_other_clients_are_not_touched(s3: Any, engine: Engine) -> None:
    other = boto3.client("s3")
    _enable(s3, engine.run)
    later = boto3.client("s3")
    for client in (other, later):
        assert client.meta.events is not s3.meta.events
        _body_sent(client, members())
    assert not engine.requests


def test_a_session_enables_its_later_clients(s3: Any, engine: Engine) -> None:
    session = boto3.Session()
    before = session.client("s3")
    _enable(session, engine.run)
    _enable(session, engine.run)
    enabled = session.client("s3", region_name="eu-west-1")
    resource = session.resource("s3")
    s3sql.disable(session)
    after = session.client("s3")
    for client in (enabled, resource.meta.client):
        assert len(list(client.select_object_content(**members())["Payload"])) == 3
    assert len(engine.requests) == 2
    assert enabled.list_objects_v2(Bucket="bucket")["KeyCount"] == 1
    for client in (before, after):
        _body_sent(client, members())
    assert len(engine.requests) == 2
    session.client("sqs")


def test_what_cannot_be_enabled(engine: Engine, tmp_path: Path) -> None:
    class AioBaseClient:
        __module__ = "aiobotocore.client"

    class AsynchronousSession:
        _session = AioBaseClient()

    for target in (AioBaseClient(), AsynchronousSession()):
        with pytest.raises(TypeError, match="calls are awaited"):
            s3sql.enable(target)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a client of sqs"):
        s3sql.enable(boto3.client("sqs"))
    with pytest.raises(TypeError, match=r"not s3\.ServiceResource"):
        s3sql.enable(boto3.resource("s3"))
    with pytest.raises(TypeError, match="not NoneType"):
        s3sql.disable(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a store is"):
        s3sql.client(7)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a client of sqs"):
        s3sql.client(boto3.client("sqs"))
    with pytest.raises(NotADirectoryError):
        s3sql.client(tmp_path / "nowhere")


# Members that are not in the body


def test_customer_keys_and_the_owner_reach_get_object(s3: Any, engine: Engine) -> None:
    seen: list[dict[str, Any]] = []

    def answer(params: dict[str, Any], **_: object) -> tuple[Any, Any]:
        seen.append(dict(params["headers"]))
        found = {"Body": io.BytesIO(b"1\n"), "ContentLength": 2, "ETag": '"e"', "ResponseMetadata": {}}
        return SimpleNamespace(status_code=200, headers={}), found

    s3.meta.events.register_first("before-call.s3.GetObject", answer)
    _enable(s3, engine.run)
    extra = {
        "SSECustomerAlgorithm": "AES256",
        "SSECustomerKey": "k" * 32,
        "ExpectedBucketOwner": "012345678901",
    }
    list(s3.select_object_content(**members(**extra))["Payload"])
    assert seen[0]["x-amz-expected-bucket-owner"] == "012345678901"
    assert seen[0]["x-amz-server-side-encryption-customer-algorithm"] == "AES256"
    assert seen[0]["x-amz-server-side-encryption-customer-key"] == "a2tr" * 10 + "a2s="
    assert seen[0]["x-amz-server-side-encryption-customer-key-MD5"]


def test_a_store_gets_them_as_the_caller_gave_them(engine: Engine) -> None:
    opened: list[dict[str, Any]] = []

    class Store(MemoryStore):
        def open(self, bucket: str, key: str, **options: Any) -> BytesObject:
            opened.append(options)
            return super().open(bucket, key)

    store = Store({"bucket": {"key": b"1\n"}})
    for extra in ({}, {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}):
        SelectClient(store, engine.run).select_object_content(**members(**extra))
    options = {
        "sse_customer_algorithm": None,
        "sse_customer_key": None,
        "sse_customer_key_md5": None,
        "expected_bucket_owner": None,
    }
    assert opened == [
        options,
        options | {"sse_customer_algorithm": "AES256", "sse_customer_key": "k" * 32},
    ]


def test_any_name_botocore_lets_through_may_be_a_bucket(engine: Engine) -> None:
    for bucket, key in (("My_Folder.2024", "a b/ü?&.csv"), ("abc", "/x/../y//")):
        client = SelectClient(MemoryStore({bucket: {key: b"1\n"}}), engine.run)
        assert len(list(client.select_object_content(**members(Bucket=bucket, Key=key))["Payload"])) == 3


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"ExpectedBucketOwner": "me"}, "InvalidBucketOwnerAWSAccountID"),
        ({"ExpectedBucketOwner": "012345678901"}, "InvalidRequest"),
        ({"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}, "InvalidRequest"),
    ],
)
def test_a_folder_has_neither(engine: Engine, tmp_path: Path, extra: dict[str, str], code: str) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "key").write_bytes(b"1\n")
    with pytest.raises(ClientError) as caught:
        s3sql.client(tmp_path).select_object_content(**members(**extra))
    assert caught.value.response["Error"]["Code"] == code


def test_the_environment_does_not_matter_to_a_client_of_ours(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "config"
    broken.write_text("[profile")
    for name, value in {
        "AWS_PROFILE": "missing",
        "AWS_DEFAULT_REGION": "nowhere!",
        "AWS_CONFIG_FILE": str(broken),
        "AWS_SHARED_CREDENTIALS_FILE": str(broken),
        "AWS_ENDPOINT_URL": "ftp://x",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    client = select_client(engine)
    assert len(list(client.select_object_content(**members())["Payload"])) == 3
    client.close()


def test_enabling_loads_neither_numba_nor_pandas() -> None:
    program = (
        "import sys, boto3, s3sql; s3sql.enable(boto3.client('s3', region_name='us-east-1'));"
        "print(*sorted({'numba', 'pandas', 'pyarrow', 'sqlglot'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
