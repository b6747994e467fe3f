"""The clients and credentials of the store behind the endpoint."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from s3sql.errors import S3SelectError
from s3sql.server.settings import Credentials, Key, Limits, Settings, Upstream
from s3sql.server.upstream.stores import UpstreamStores

OWN = Credentials("OWN", "own-secret", "own-token")
WHOLE = Credentials("WHOLE", "whole-secret")


def stores(
    url: str = "http://127.0.0.1:9", credentials: Credentials | None = WHOLE, region: str = "eu-west-1"
) -> UpstreamStores:
    return UpstreamStores(Settings(keys=(), upstream=Upstream(url, region, credentials), limits=Limits()))


def key(name: str, upstream: Credentials | None = None) -> Key:
    return Key(Credentials(name, "secret"), upstream=upstream)


def test_callers_that_share_credentials_share_a_client() -> None:
    behind = stores()
    shared = behind.client_for(key("a"))
    assert behind.client_for(key("b")) is shared
    assert behind.client_for(None) is shared
    own = behind.client_for(key("c", OWN))
    assert own is not shared
    assert behind.client_for(key("d", Credentials("OWN", "own-secret", "own-token"))) is own
    assert behind.store_for(key("c", OWN)).client is own
    behind.close()


def test_clients_have_the_region_the_credentials_and_path_style() -> None:
    behind = stores()
    client = behind.client_for(key("c", OWN))
    url = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})
    assert url.startswith("http://127.0.0.1:9/bucket/k?")
    assert "X-Amz-Credential=OWN%2F" in url
    assert "%2Feu-west-1%2Fs3%2F" in url
    assert "X-Amz-Security-Token=own-token" in url
    behind.close()


@pytest.mark.parametrize(
    "url", ["https://s3.eu-west-1.amazonaws.com", "https://s3.cn-north-1.amazonaws.com.cn"]
)
def test_aws_is_asked_in_virtual_host_style(url: str) -> None:
    behind = stores(url)
    asked = behind.client_for(None).generate_presigned_url(
        "get_object", Params={"Bucket": "bucket", "Key": "k"}
    )
    assert asked.startswith(f"https://bucket.{url.removeprefix('https://')}/k?")
    behind.close()


def test_the_credentials_of_each_caller() -> None:
    behind = stores()
    own = asyncio.run(behind.credentials_for(key("c", OWN)))
    whole = asyncio.run(behind.credentials_for(key("a")))
    assert (own.access_key, own.secret_key, own.token) == ("OWN", "own-secret", "own-token")
    assert (whole.access_key, whole.secret_key, whole.token) == ("WHOLE", "whole-secret", None)


def test_credentials_that_boto3_finds() -> None:
    found = asyncio.run(stores(credentials=None).credentials_for(None))
    assert (found.access_key, found.secret_key) == ("testing", "testing")


def test_a_profile_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(S3SelectError) as caught:
        stores(credentials=None)
    assert caught.value.code == "InvalidRequest"
    assert "nobody" in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "",
        "store:9000",
        "ftp://store",
        "https://",
        "https://user:password@store",
        "https://store?x=1",
        "https://store#x",
        "https://store:x",
        "https://[::1",
    ],
)
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        stores(url)
    assert caught.value.code == "InvalidRequest"
    assert "URL of an S3 endpoint" in caught.value.message
    assert "password" not in caught.value.message


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def test_a_store_reads_what_is_there(moto_url: str) -> None:
    admin = boto3.client("s3", endpoint_url=moto_url)
    admin.create_bucket(Bucket="bucket")
    admin.put_object(Bucket="bucket", Key="k", Body=b"contents")
    behind = stores(moto_url, region="us-east-1")
    with behind.store_for(None).open("bucket", "k") as opened:
        assert opened.read(2, 100) == b"ntents"
    with pytest.raises(S3SelectError) as caught:
        behind.store_for(None).open("bucket", "none")
    assert caught.value.code == "NoSuchKey"
    behind.close()
    admin.close()


def test_customer_keys_and_owner_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    behind = stores()
    client = behind.client_for(None)
    asked: list[dict[str, str]] = []

    def note(request: object, **_: object) -> None:
        asked.append({name.lower(): str(value) for name, value in request.headers.items()})  # type: ignore[attr-defined]
        raise RuntimeError("not sent")

    client.meta.events.register("before-sign.s3.GetObject", note)
    with pytest.raises(RuntimeError):
        behind.store_for(None).open(
            "bucket",
            "k",
            sse_customer_algorithm="AES256",
            sse_customer_key=b"k" * 32,
            expected_bucket_owner="111122223333",
        )
    assert asked[0]["x-amz-server-side-encryption-customer-key"] == base64.b64encode(b"k" * 32).decode()
    assert asked[0]["x-amz-expected-bucket-owner"] == "111122223333"
    behind.close()
