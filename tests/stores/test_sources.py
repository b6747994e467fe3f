from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from moto import mock_aws

from s3sql.errors import S3SelectError
from s3sql.stores.sources import open_source

CONTENTS = b"a,b\n1,2\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a b#c.csv"
    path.write_bytes(CONTENTS)
    return path


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        client.put_object(Bucket="bucket", Key="a b/50%25.csv", Body=CONTENTS)
        yield client


def contents(source: Any, **options: Any) -> bytes:
    with open_source(source, **options) as opened:
        return opened.read(0, 1000)


def test_paths(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert contents(path) == contents(str(path)) == contents(path.as_uri()) == CONTENTS
    assert contents(path.as_uri().replace("file://", "file://localhost")) == CONTENTS
    monkeypatch.chdir(path.parent)
    assert contents(path.name) == CONTENTS


def test_memory_and_files(path: Path) -> None:
    assert contents(CONTENTS) == contents(bytearray(CONTENTS)) == contents(memoryview(CONTENTS)) == CONTENTS
    assert contents(io.BytesIO(CONTENTS)) == CONTENTS
    with path.open("rb") as file:
        assert contents(file) == CONTENTS


def test_s3(client: Any) -> None:
    assert contents("s3://bucket/a b/50%25.csv") == CONTENTS
    assert contents("s3://bucket/a b/50%25.csv", client=client) == CONTENTS
    assert contents("S3A://bucket/a b/50%25.csv", region_name="us-east-1") == CONTENTS
    with pytest.raises(S3SelectError, match="s3://bucket/no") as caught:
        contents("s3://bucket/no")
    assert caught.value.code == "NoSuchKey"


def test_the_members_of_a_request_reach_the_store(client: Any) -> None:
    headers: list[dict[str, str]] = []
    client.meta.events.register(
        "before-call.s3.GetObject", lambda params, **_: headers.append(params["headers"])
    )
    assert (
        contents("s3://bucket/a b/50%25.csv", client=client, expected_bucket_owner="123456789012") == CONTENTS
    )
    assert headers[0]["x-amz-expected-bucket-owner"] == "123456789012"


@pytest.mark.parametrize("client", [5, "boto3", boto3])
def test_what_is_no_client(client: Any) -> None:
    with pytest.raises(TypeError, match=r"client is a boto3 S3 client, not (int|str|module)"):
        contents("s3://bucket/key.csv", client=client)


def test_the_body_of_an_answer(client: Any) -> None:
    answer = client.get_object(Bucket="bucket", Key="a b/50%25.csv")
    with pytest.raises(TypeError, match=r'pass answer\["Body"\]'):
        contents(answer)
    assert contents(answer["Body"]) == CONTENTS


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("s3://bucket", "names no object"),
        ("s3://bucket/", "names no object"),
        ("s3:///key", "names no object"),
        ("https://example.com/x.csv", "https:// is not supported"),
        ("file://host/x.csv", "names the host 'host'"),
        ("file:///x.csv?y", "%3F"),
    ],
)
def test_urls_that_name_nothing(source: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        contents(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (None, "not NoneType"),
        (7, "not int"),
        ([CONTENTS], "not list"),
        (io.StringIO("a,b"), 'mode "rb"'),
        (pa.table({"a": [1]}), "table in memory"),
    ],
)
def test_other_kinds(source: object, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        contents(source)


def test_an_option_that_nothing_uses_is_an_error(path: Path, client: Any) -> None:
    with pytest.raises(ValueError, match="endpoint_url is only for s3://"):
        contents(path, endpoint_url="http://localhost")
    with pytest.raises(ValueError, match="expected_bucket_owner is only for s3://"):
        contents(path, expected_bucket_owner="111122223333")
    with pytest.raises(ValueError, match="client is only for s3://"):
        contents(CONTENTS, client=client)
    with pytest.raises(ValueError, match="region_name is the client's to know"):
        contents("s3://bucket/a b/50%25.csv", client=client, region_name="us-east-1")


def test_an_absent_file_is_no_such_key(tmp_path: Path) -> None:
    with pytest.raises(S3SelectError, match=r"no file .*absent\.csv") as caught:
        contents(tmp_path / "absent.csv")
    assert caught.value.code == "NoSuchKey"


def test_local_sources_load_no_sdk(path: Path) -> None:
    program = (
        "import sys; from s3sql.stores.sources import open_source; open_source(sys.argv[1]).close();"
        "open_source(b'x').close(); sys.exit(any(name in sys.modules for name in ('boto3', 'botocore')))"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, cwd=Path(__file__).parents[2])
