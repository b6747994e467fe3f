"""RestoreObject against a running endpoint, by boto3: over a folder, and in front of moto."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from s3sql.server.settings import Credentials, Key, Upstream

from .serving import ACCESS_KEY, SECRET_KEY, client_of, serving, settings_for

ROWS = b"id,name\n1,Ada\n2,Max\n3,Eve\n"
READER = Key(Credentials("AKIDREADER", "secret"), {"source": "readwrite", "out": "read"})
WRITER = Key(Credentials("AKIDWRITER", "secret"), {"source": "write", "out": "readwrite"})


@dataclass
class Place:
    """A client of an endpoint that has the buckets ``source`` and ``out``."""

    client: Any
    url: str

    def archive(self, key: str = "rows.csv", contents: bytes = ROWS, storage_class: str = "GLACIER") -> None:
        self.client.put_object(Bucket="source", Key=key, Body=contents, StorageClass=storage_class)

    def query(self, sql: str = "SELECT * FROM Object", key: str = "rows.csv", **members: Any) -> Any:
        return self.client.restore_object(Bucket="source", Key=key, RestoreRequest=request(sql, **members))

    def refusal(self, sql: str = "SELECT * FROM Object", key: str = "rows.csv", **members: Any) -> Any:
        with pytest.raises(ClientError) as caught:
            self.query(sql, key, **members)
        return caught.value.response

    def read(self, key: str) -> bytes:
        contents: bytes = self.client.get_object(Bucket="out", Key=key)["Body"].read()
        return contents

    def folder(self, answer: Any) -> str:
        bucket, _, folder = answer["RestoreOutputPath"].partition("/")
        assert bucket == "out"
        return str(folder)

    def ended(self, answer: Any) -> list[str]:
        """All keys of the job, below its folder, once it has its manifest."""
        folder = self.folder(answer)
        deadline = time.monotonic() + 60
        while True:
            listed = self.client.list_objects_v2(Bucket="out", Prefix=f"{folder}/").get("Contents", [])
            keys = [found["Key"].removeprefix(f"{folder}/") for found in listed]
            if any(key.endswith("_manifest.txt") for key in keys):
                return keys
            assert time.monotonic() < deadline, f"the job did not end: {keys}"
            time.sleep(0.01)


def request(
    sql: str = "SELECT * FROM Object",
    *,
    header: str = "USE",
    output: dict[str, Any] | None = None,
    location: dict[str, Any] | None = None,
    **members: Any,
) -> dict[str, Any]:
    """The members of a request in boto3's shapes."""
    return {
        "Type": "SELECT",
        "SelectParameters": {
            "InputSerialization": {"CSV": {"FileHeaderInfo": header}},
            "ExpressionType": "SQL",
            "Expression": sql,
            "OutputSerialization": output or {"CSV": {}},
        },
        "OutputLocation": {"S3": {"BucketName": "out", "Prefix": "p", **(location or {})}},
        **members,
    }


def new_buckets(client: Any) -> None:
    for bucket in ("source", "out"):
        client.create_bucket(Bucket=bucket)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    settings = settings_for(tmp_path_factory.mktemp("store"))
    with serving(replace(settings, keys=(*settings.keys, READER, WRITER))) as url:
        client = client_of(url)
        new_buckets(client)
        yield Place(client, url)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    settings = settings_for(
        None,
        upstream=Upstream(f"http://{host}:{port}", credentials=Credentials("upstream", "secret")),
        state_directory=tmp_path_factory.mktemp("state"),
    )
    with serving(replace(settings, keys=(*settings.keys, READER, WRITER))) as url:
        client = client_of(url)
        new_buckets(client)
        yield Place(client, url)
    moto.stop()


@pytest.fixture(params=["embedded", "upstream"])
def place(request: pytest.FixtureRequest) -> Place:
    """A place with an archived object, which moto hands out once it has been restored."""
    place: Place = request.getfixturevalue(request.param)
    place.archive()
    if request.param == "upstream":
        place.client.restore_object(Bucket="source", Key="rows.csv", RestoreRequest={"Days": 1})
    return place


class TestQueries:
    def test_the_results_come_where_the_header_says(self, place: Place) -> None:
        answer = place.query("SELECT s.name FROM Object s WHERE CAST(s.id AS INT) > 1")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert answer["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "0"
        folder = place.folder(answer)
        assert folder.startswith("p/")
        assert place.ended(answer) == ["job.txt", "result_manifest.txt", "results/part-00001"]
        assert place.read(f"{folder}/result_manifest.txt").decode() == f"{folder}/results/part-00001\n"
        assert place.read(f"{folder}/results/part-00001") == b"Max\nEve\n"
        described = json.loads(place.read(f"{folder}/job.txt"))
        assert (described["JobId"], described["Key"]) == (folder.removeprefix("p/"), "rows.csv")
        assert "SELECT s.name FROM Object s" in described["RestoreRequest"]

    def test_the_objects_have_what_the_request_says(self, place: Place) -> None:
        location = {
            "Prefix": "kept/",
            "CannedACL": "private",
            "StorageClass": "STANDARD_IA",
            "Tagging": {"TagSet": [{"Key": "team", "Value": "blue sky"}]},
            "UserMetadata": [{"Name": "Color", "Value": "green"}],
        }
        answer = place.query(output={"JSON": {}}, location=location, Tier="Bulk", Description="mine")
        folder = place.folder(answer)
        place.ended(answer)
        head = place.client.head_object(Bucket="out", Key=f"{folder}/results/part-00001")
        assert (head["ContentType"], head["StorageClass"]) == ("application/json", "STANDARD_IA")
        assert head["Metadata"] == {"color": "green"}
        tags = place.client.get_object_tagging(Bucket="out", Key=f"{folder}/result_manifest.txt")
        assert tags["TagSet"] == [{"Key": "team", "Value": "blue sky"}]
        assert place.read(f"{folder}/results/part-00001").startswith(b'{"id":"1","name":"Ada"}\n')

    def test_a_row_that_fails_ends_in_an_error_manifest(self, place: Place) -> None:
        answer = place.query("SELECT CAST(name AS INT) FROM Object")
        folder = place.folder(answer)
        assert place.ended(answer) == ["error_manifest.txt", "errors/error.json", "job.txt"]
        assert place.read(f"{folder}/error_manifest.txt").decode() == f"{folder}/errors/error.json\n"
        error = json.loads(place.read(f"{folder}/errors/error.json"))
        assert (error["Code"], error["Line"], error["Column"]) == ("CastFailed", 1, 8)

    def test_the_same_object_may_be_queried_many_times(self, place: Place) -> None:
        answers = [place.query() for _ in range(5)]
        assert len({answer["RestoreOutputPath"] for answer in answers}) == 5
        for answer in answers:
            assert "result_manifest.txt" in place.ended(answer)

    def test_a_prefix_in_any_script(self, place: Place) -> None:
        answer = place.query(location={"Prefix": "ü/a b"})
        assert answer["RestoreOutputPath"].startswith("out/%C3%BC/a b/")
        folder = "ü/a b/" + answer["RestoreOutputPath"].rpartition("/")[2]
        place.ended({"RestoreOutputPath": f"out/{folder}"})
        assert place.read(f"{folder}/results/part-00001") == ROWS.partition(b"\n")[2]

    def test_deep_archive_is_an_archive(self, embedded: Place) -> None:
        embedded.archive("deep.csv", storage_class="DEEP_ARCHIVE")
        assert "result_manifest.txt" in embedded.ended(embedded.query(key="deep.csv"))

    def test_the_object_itself_is_not_restored(self, embedded: Place) -> None:
        embedded.archive()
        embedded.ended(embedded.query())
        with pytest.raises(ClientError) as caught:
            embedded.client.get_object(Bucket="source", Key="rows.csv")
        assert caught.value.response["Error"]["Code"] == "InvalidObjectState"


class TestRefusals:
    @pytest.mark.parametrize(
        ("sql", "members", "code"),
        [
            ("SELECT * FROM S3Object", {}, "InvalidTableAlias"),
            ("SELECT * FROM Object LIMIT 1", {}, "UnsupportedSqlStructure"),
            ("SELECT COUNT(*) FROM Object", {}, "UnsupportedSqlStructure"),
            ("SELECT id, _2 FROM Object", {}, "UnsupportedSqlStructure"),
            ("SELECT s.id.x FROM Object s", {}, "InvalidKeyPath"),
            ("SELECT FROM Object", {}, "ParseEmptySelect"),
            ("SELECT nothing FROM Object", {}, "MissingHeaders"),
            ("SELECT id FROM Object", {"header": "NONE"}, "InvalidColumnIndex"),
            ("SELECT * FROM Object", {"header": "MAYBE"}, "InvalidFileHeaderInfo"),
            ("SELECT * FROM Object", {"Days": 1}, "MalformedXML"),
            ("SELECT * FROM Object", {"GlacierJobParameters": {"Tier": "Bulk"}}, "MalformedXML"),
            ("SELECT * FROM Object", {"Tier": "Now"}, "MalformedXML"),
            ("SELECT * FROM Object", {"location": {"StorageClass": "ICE"}}, "InvalidStorageClass"),
            ("SELECT * FROM Object", {"location": {"Prefix": "x" * 500}}, "InvalidArgument"),
            ("SELECT * FROM Object", {"location": {"BucketName": "nowhere"}}, "NoSuchBucket"),
        ],
    )
    def test_what_is_wrong_comes_as_the_answer(
        self, place: Place, sql: str, members: dict[str, Any], code: str
    ) -> None:
        answer = place.refusal(sql, **members)
        assert answer["Error"]["Code"] == code
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == (404 if code == "NoSuchBucket" else 400)

    def test_an_object_that_is_not_archived(self, place: Place) -> None:
        place.archive("active.csv", storage_class="STANDARD")
        with pytest.raises(place.client.exceptions.ObjectAlreadyInActiveTierError) as caught:
            place.query(key="active.csv")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403

    def test_an_object_that_is_not_there(self, place: Place) -> None:
        assert place.refusal(key="none")["Error"]["Code"] == "NoSuchKey"

    @pytest.mark.parametrize(
        ("key", "want"),
        [(READER, "may not write the bucket out"), (WRITER, "may not read the bucket 'source'")],
    )
    def test_the_caller_reads_the_one_bucket_and_writes_the_other(
        self, place: Place, key: Key, want: str
    ) -> None:
        client = client_of(place.url, key.credentials.access_key, key.credentials.secret_key)
        error = Place(client, place.url).refusal()["Error"]
        assert (error["Code"], want in error["Message"]) == ("AccessDenied", True)

    @pytest.mark.parametrize(
        ("location", "named"),
        [
            ({"CannedACL": "public-read"}, "CannedACL public-read"),
            ({"Encryption": {"EncryptionType": "AES256"}}, "EncryptionType AES256"),
            ({"Encryption": {"EncryptionType": "aws:kms"}}, "EncryptionType aws:kms"),
            (
                {
                    "AccessControlList": [
                        {"Grantee": {"Type": "CanonicalUser", "ID": "x"}, "Permission": "READ"}
                    ]
                },
                "AccessControlList",
            ),
        ],
    )
    def test_what_the_embedded_store_does_not_do(
        self, embedded: Place, location: dict[str, Any], named: str
    ) -> None:
        embedded.archive()
        answer = embedded.refusal(location=location)
        assert (answer["Error"]["Code"], named in answer["Error"]["Message"]) == ("NotImplemented", True)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501

    def test_an_object_under_a_customers_key(self, embedded: Place) -> None:
        embedded.client.put_object(
            Bucket="source",
            Key="secret.csv",
            Body=ROWS,
            StorageClass="GLACIER",
            SSECustomerAlgorithm="AES256",
            SSECustomerKey="k" * 32,
        )
        error = embedded.refusal(key="secret.csv")["Error"]
        assert (error["Code"], "customer's key" in error["Message"]) == ("InvalidRequest", True)

    def test_versions_of_the_embedded_store(self, embedded: Place) -> None:
        embedded.archive()
        members = {"Bucket": "source", "Key": "rows.csv", "RestoreRequest": request()}
        embedded.ended(embedded.client.restore_object(**members, VersionId="null"))
        with pytest.raises(ClientError) as caught:
            embedded.client.restore_object(**members, VersionId="other")
        assert caught.value.response["Error"]["Code"] == "NoSuchVersion"


class TestOrdinaryRestores:
    def test_the_embedded_store_has_none(self, embedded: Place) -> None:
        embedded.archive()
        with pytest.raises(ClientError) as caught:
            embedded.client.restore_object(Bucket="source", Key="rows.csv", RestoreRequest={"Days": 1})
        error = caught.value.response["Error"]
        assert (error["Code"], error["Message"][:41]) == (
            "NotImplemented",
            "RestoreObject without Type SELECT is not ",
        )

    def test_an_upstream_is_asked(self, upstream: Place) -> None:
        upstream.archive("ordinary.csv")
        upstream.client.restore_object(Bucket="source", Key="ordinary.csv", RestoreRequest={"Days": 1})
        head = upstream.client.head_object(Bucket="source", Key="ordinary.csv")
        assert head["Restore"].startswith('ongoing-request="')

    def test_an_upstream_that_has_archived_the_object_says_so(self, upstream: Place) -> None:
        upstream.archive("ice.csv")
        error = upstream.refusal(key="ice.csv")["Error"]
        assert (error["Code"], "must be restored" in error["Message"]) == ("UnsupportedStorageClass", True)


ENDPOINT = """
import socket, sys
from pathlib import Path
import uvicorn
from s3sql.server.app import application
from s3sql.server.settings import Credentials, Key, Settings
settings = Settings(keys=(Key(Credentials(sys.argv[2], sys.argv[3])),), directory=Path(sys.argv[1]))
listening = socket.socket(fileno=int(sys.argv[4]))
uvicorn.Server(uvicorn.Config(application(settings), lifespan="on", log_level="error")).run([listening])
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_survives_the_end_of_its_endpoint(tmp_path: Path, ending: signal.Signals) -> None:
    """It ends in an error manifest: written by the endpoint that is told to stop, or by the next one."""
    store = tmp_path / "store"
    store.mkdir()
    listening = socket.create_server(("127.0.0.1", 0))
    os.set_inheritable(listening.fileno(), True)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    command = [sys.executable, "-c", ENDPOINT, str(store), ACCESS_KEY, SECRET_KEY, str(listening.fileno())]
    with subprocess.Popen(command, pass_fds=[listening.fileno()]) as endpoint:
        # Only the endpoint has the socket now: if it dies, nobody waits for an answer.
        listening.close()
        place = Place(client_of(url), url)
        new_buckets(place.client)
        place.archive(contents=b"1,2,3,4\n" * (2 << 20))
        answers = [place.query(header="NONE") for _ in range(6)]
        endpoint.send_signal(ending)
        endpoint.wait(60)
    with serving(settings_for(store)) as url:
        place = Place(client_of(url), url)
        for answer in answers:
            keys = place.ended(answer)
            assert ("result_manifest.txt" in keys) != ("error_manifest.txt" in keys)
        error = json.loads(place.read(f"{place.folder(answers[-1])}/errors/error.json"))
        assert error["Code"] == "ServiceUnavailable"
        assert not list((store / ".s3sql" / "jobs").glob("*/*.json"))
