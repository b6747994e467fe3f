"""The store behind the endpoint as jobs see it; moto plays it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from s3sql.errors import S3SelectError
from s3sql.server.archive import upstream_results
from s3sql.server.archive.output import Encryption, Grant, OutputLocation
from s3sql.server.archive.results import Buffer, Source
from s3sql.server.archive.upstream_results import UpstreamResults
from s3sql.server.settings import Credentials, Key, Settings, Upstream
from s3sql.server.upstream.stores import UpstreamStores

CALLER = Key(Credentials("AKIDEXAMPLE", "secret"), upstream=Credentials("upstream", "secret"))
PLAIN = OutputLocation("out", "p")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def stores(url: str) -> Iterator[UpstreamStores]:
    found = UpstreamStores(Settings(keys=(CALLER,), upstream=Upstream(url)))
    yield found
    found.close()


@pytest.fixture
def client(stores: UpstreamStores) -> Any:
    """A client of moto, which has the buckets ``source`` and ``out`` with nothing in them."""
    client = stores.client_for(CALLER)
    for bucket in ("source", "out"):
        client.create_bucket(Bucket=bucket)
        for listed in client.list_objects_v2(Bucket=bucket).get("Contents", []):
            client.delete_object(Bucket=bucket, Key=listed["Key"])
    return client


@pytest.fixture
def results(stores: UpstreamStores, client: Any) -> UpstreamResults:
    return UpstreamResults(stores)


def put(results: UpstreamResults, key: str, *pieces: Buffer, location: OutputLocation = PLAIN) -> None:
    results.put(CALLER, location, key, "text/csv", iter(pieces))


def read(client: Any, key: str) -> bytes:
    contents: bytes = client.get_object(Bucket="out", Key=key)["Body"].read()
    return contents


class TestReading:
    def test_an_archived_object_that_is_handed_out(self, results: UpstreamResults, client: Any) -> None:
        client.put_object(Bucket="source", Key="a.csv", Body=b"1,2\n", StorageClass="GLACIER")
        client.restore_object(Bucket="source", Key="a.csv", RestoreRequest={"Days": 1})
        with results.open_source(CALLER, Source("source", "a.csv")) as found:
            assert found.read(0, 10) == b"1,2\n"
            assert f'"{found.etag}"' == client.head_object(Bucket="source", Key="a.csv")["ETag"]

    @pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
    def test_an_archived_object_that_is_not(
        self, results: UpstreamResults, client: Any, storage_class: str
    ) -> None:
        client.put_object(Bucket="source", Key="a.csv", Body=b"1\n", StorageClass=storage_class)
        with pytest.raises(S3SelectError, match="must be restored before it can be queried") as caught:
            results.open_source(CALLER, Source("source", "a.csv"))
        assert caught.value.code == "UnsupportedStorageClass"

    @pytest.mark.parametrize("storage_class", ["STANDARD", "STANDARD_IA", "GLACIER_IR"])
    def test_an_object_that_is_not_archived(
        self, results: UpstreamResults, client: Any, storage_class: str
    ) -> None:
        client.put_object(Bucket="source", Key="a.csv", Body=b"1\n", StorageClass=storage_class)
        with pytest.raises(S3SelectError, match=f"class {storage_class}, which is not archived") as caught:
            results.open_source(CALLER, Source("source", "a.csv"))
        assert (caught.value.code, caught.value.status) == ("ObjectAlreadyInActiveTierError", 403)

    def test_a_version(self, results: UpstreamResults, client: Any) -> None:
        client.create_bucket(Bucket="versions")
        client.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
        versions = []
        for contents in (b"old\n", b"new\n"):
            answer = client.put_object(Bucket="versions", Key="a", Body=contents, StorageClass="GLACIER")
            versions.append(answer["VersionId"])
            client.restore_object(Bucket="versions", Key="a", RestoreRequest={"Days": 1})
        with results.open_source(CALLER, Source("versions", "a", versions[0])) as found:
            assert found.read(0, 10) == b"old\n"

    @pytest.mark.parametrize(
        ("source", "code"),
        [
            (Source("source", "none"), "NoSuchKey"),
            (Source("none", "a"), "NoSuchBucket"),
            (Source("source", "a.csv", "no-version"), "NoSuchVersion"),
        ],
    )
    def test_what_is_not_there(
        self, results: UpstreamResults, client: Any, source: Source, code: str
    ) -> None:
        client.put_object(Bucket="source", Key="a.csv", Body=b"1\n", StorageClass="GLACIER")
        with pytest.raises(S3SelectError) as caught:
            results.open_source(CALLER, source)
        assert caught.value.code == code


class TestWriting:
    def test_a_small_object_is_put(self, results: UpstreamResults, client: Any) -> None:
        put(results, "small", b"ab", memoryview(b"cd"), bytearray(b"e"))
        assert read(client, "small") == b"abcde"
        assert "-" not in client.head_object(Bucket="out", Key="small")["ETag"]

    def test_an_empty_object_is_put(self, results: UpstreamResults, client: Any) -> None:
        put(results, "empty")
        assert read(client, "empty") == b""

    @pytest.mark.parametrize("surplus", [-1, 0, 1])
    def test_a_large_object_goes_up_in_parts(
        self, results: UpstreamResults, client: Any, surplus: int
    ) -> None:
        contents = os.urandom(2 * upstream_results.PART_BYTES + surplus)
        third = len(contents) // 3
        put(results, "large", contents[:third], contents[third : third + 1], contents[third + 1 :])
        assert read(client, "large") == contents
        parts = 3 if surplus > 0 else 2
        assert client.head_object(Bucket="out", Key="large")["ETag"].endswith(f'-{parts}"')
        assert "Uploads" not in client.list_multipart_uploads(Bucket="out")

    @pytest.mark.parametrize("before", [0, 1, 2 * upstream_results.PART_BYTES + 1])
    def test_what_fails_on_the_way_leaves_nothing(
        self, results: UpstreamResults, client: Any, before: int
    ) -> None:
        def failing() -> Iterator[Buffer]:
            yield bytes(before)
            raise S3SelectError("CastFailed")

        with pytest.raises(S3SelectError, match="CastFailed"):
            results.put(CALLER, PLAIN, "key", "text/csv", failing())
        assert "Contents" not in client.list_objects_v2(Bucket="out")
        assert "Uploads" not in client.list_multipart_uploads(Bucket="out")

    def test_a_bucket_that_is_not_there(self, results: UpstreamResults) -> None:
        with pytest.raises(S3SelectError) as caught:
            put(results, "key", b"x", location=OutputLocation("nowhere", "p"))
        assert (caught.value.code, caught.value.status) == ("NoSuchBucket", 404)

    def test_the_object_has_what_the_location_says(self, results: UpstreamResults, client: Any) -> None:
        location = OutputLocation(
            "out",
            "p",
            encryption=Encryption("AES256"),
            canned_acl="public-read",
            tags={"a b": "c=d", "e": ""},
            metadata={"color": "blue"},
            storage_class="STANDARD_IA",
        )
        for key, contents in (("small", b"x"), ("large", bytes(upstream_results.PART_BYTES + 1))):
            put(results, key, contents, location=location)
            head = client.head_object(Bucket="out", Key=key)
            assert head["ContentType"] == "text/csv"
            assert head["Metadata"] == {"color": "blue"}
            assert head["StorageClass"] == "STANDARD_IA"
            assert head["ServerSideEncryption"] == "AES256"
            tags = client.get_object_tagging(Bucket="out", Key=key)["TagSet"]
            assert {tag["Key"]: tag["Value"] for tag in tags} == {"a b": "c=d", "e": ""}
            grants = client.get_object_acl(Bucket="out", Key=key)["Grants"]
            assert "READ" in {grant["Permission"] for grant in grants}

    def test_grants_and_keys_of_the_store(self, results: UpstreamResults, client: Any) -> None:
        everybody = "http://acs.amazonaws.com/groups/global/AllUsers"
        context = base64.b64encode(b'{"a":"b"}').decode()
        location = OutputLocation(
            "out",
            "p",
            encryption=Encryption("aws:kms", "key-1", context),
            grants=(
                Grant("CanonicalUser", "user-1", "READ"),
                Grant("AmazonCustomerByEmail", "a@b.c", "READ"),
                Grant("Group", everybody, "READ_ACP"),
            ),
        )
        sent: dict[str, str] = {}
        client.meta.events.register(
            "before-call.s3.PutObject", lambda params, **_: sent.update(params["headers"]), "headers"
        )
        results.check(location)
        put(results, "key", b"x", location=location)
        client.meta.events.unregister("before-call.s3.PutObject", unique_id="headers")
        assert sent["x-amz-grant-read"] == 'id="user-1", emailAddress="a@b.c"'
        assert sent["x-amz-grant-read-acp"] == f'uri="{everybody}"'
        assert sent["x-amz-server-side-encryption-context"] == context
        head = client.head_object(Bucket="out", Key="key")
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "key-1")


@pytest.mark.parametrize(
    ("grant", "code", "message"),
    [
        (Grant("CanonicalUser", "x", "WRITE"), "NotImplemented", "grants WRITE, which buckets have"),
        (Grant("CanonicalUser", 'x", uri="y', "READ"), "InvalidArgument", "cannot stand in a header"),
        (Grant("CanonicalUser", "ü", "READ"), "InvalidArgument", "cannot stand in a header"),
        (Grant("CanonicalUser", "x\ny", "READ"), "InvalidArgument", "cannot stand in a header"),
    ],
)
def test_grants_that_cannot_be_given(results: UpstreamResults, grant: Grant, code: str, message: str) -> None:
    with pytest.raises(S3SelectError, match=message) as caught:
        results.check(replace(PLAIN, grants=(grant,)))
    assert caught.value.code == code


def test_the_store_is_known_by_its_url_and_keeps_no_state(results: UpstreamResults, url: str) -> None:
    assert (results.name, results.state_directory) == (url, None)
    assert isinstance(results.state_directory, Path | None)
