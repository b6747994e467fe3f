from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from s3sql.cli import main
from s3sql.cli.serve import with_bare_values
from s3sql.server.running.options import OPTIONS

ROOT = Path(__file__).parents[2]
KEYS = {"S3SQL_ACCESS_KEY": "AKIDEXAMPLE", "S3SQL_SECRET_KEY": "hush-hush-hush"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bucket = tmp_path / "data" / "my-bucket"
    bucket.mkdir(parents=True)
    (bucket / "flights.csv").write_text("carrier,dest\nHA,HNL\nUA,IAH\n", encoding="utf-8")
    return tmp_path / "data"


@dataclass
class Serving:
    """``s3sql serve`` in a process of its own; ``banner`` is what it has printed."""

    process: subprocess.Popen[str]
    banner: str
    url: str

    def client(
        self, access_key: str = KEYS["S3SQL_ACCESS_KEY"], secret: str = KEYS["S3SQL_SECRET_KEY"]
    ) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            config=Config(retries={"max_attempts": 0}),
        )

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """The exit status, and what stood on standard error."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@contextlib.contextmanager
def serving(*words: str, **environment: str) -> Iterator[Serving]:
    process = subprocess.Popen(
        [sys.executable, "-m", "s3sql.cli", "serve", *words, "--port", "0"],
        cwd=ROOT,
        env={**_environment(), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        assert lines[0], process.communicate(timeout=60)[1]
        while "/dev/stdout" not in lines[-1]:
            lines.append(process.stdout.readline())
        yield Serving(process, "".join(lines), lines[0].split()[-1])
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=60)


def _environment() -> dict[str, str]:
    """That of the tests, without what would be an option."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("S3SQL_") or "CACHE" in name
    }


def records(answer: Any) -> bytes:
    return b"".join(event["Records"]["Payload"] for event in answer["Payload"] if "Records" in event)


CSV = {
    "ExpressionType": "SQL",
    "InputSerialization": {"CSV": {"FileHeaderInfo": "USE"}},
    "OutputSerialization": {"CSV": {}},
}


def test_what_is_printed_runs_as_it_is(folder: Path) -> None:
    with serving(str(folder)) as endpoint:
        assert endpoint.banner.startswith(f"s3sql serves {folder} at http://127.0.0.1:")
        assert "The credentials below were made for this run." in endpoint.banner
        snippet = re.search(r"^boto3:\n\n(.*?)^AWS CLI:$", endpoint.banner, re.S | re.M)
        assert snippet is not None
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec("\n".join(line.removeprefix("    ") for line in snippet[1].splitlines()), {})
        assert printed.getvalue() == "HA,HNL\nUA,IAH\n"
        assert "--bucket my-bucket --key flights.csv" in endpoint.banner
        status, err = endpoint.stop(signal.SIGINT)
    assert status == 0
    access = json.loads(err.splitlines()[0])
    assert (access["operation"], access["bucket"], access["key"]) == (
        "SelectObjectContent",
        "my-bucket",
        "flights.csv",
    )
    assert (access["rows"], access["returned"], access["ended"]) == (2, 14, "complete")
    assert "SELECT" not in err


def test_a_file_says_what_to_be(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "s3sql.toml"
    file.write_text(
        'dir = "data"\naccess_log = "access.log"\n'
        '[[keys]]\naccess_key = "READER"\nsecret_key = "hush-hush-hush"\n'
        'buckets = { "my-*" = "read" }\n'
    )
    with serving("--config", str(file)) as endpoint:
        client = endpoint.client("READER")
        answer = client.select_object_content(
            Bucket="my-bucket", Key="flights.csv", Expression="SELECT s.dest FROM S3Object s", **CSV
        )
        assert records(answer) == b"HNL\nIAH\n"
        with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
            client.put_object(Bucket="my-bucket", Key="x", Body=b"")
        assert endpoint.stop() == (0, "")
    codes = [json.loads(line)["code"] for line in (tmp_path / "access.log").read_text().splitlines()]
    assert codes == [None, "AccessDenied"]


def test_credentials_that_were_given_and_a_query_under_way(folder: Path) -> None:
    """They are not printed; it is answered to its end."""
    rows = 400_000
    (folder / "my-bucket" / "long.csv").write_bytes(b"carrier,dest\n" + b"0123456789,0123456789\n" * rows)
    with serving(str(folder), "--access-log", "off", **KEYS) as endpoint:
        assert "AKIDEXAMPLE" in endpoint.banner
        assert "hush" not in endpoint.banner
        answer = endpoint.client().select_object_content(
            Bucket="my-bucket", Key="long.csv", Expression="SELECT * FROM S3Object", **CSV
        )
        events = iter(answer["Payload"])
        received = len(next(events)["Records"]["Payload"])
        endpoint.process.send_signal(signal.SIGTERM)
        rest = list(events)
        received += sum(len(event["Records"]["Payload"]) for event in rest if "Records" in event)
        assert received == 22 * rows
        assert "End" in rest[-1]
        assert endpoint.stop() == (0, "")


def test_a_port_that_is_in_use(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["serve", str(folder), "--port", str(port)]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err == (
        f"s3sql serve: cannot listen on 127.0.0.1 port {port}: Address already in use; choose another with "
        "--port, 0 is any free one\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to serve: name a folder"),
        (["no-such-folder"], "DIR: 'no-such-folder' is no folder"),
        ([".", "--port", "x"], "option --port: 'x' is no port"),
        ([".", "--port", ""], "option --port: '' is no port"),
        (["--allow-anonymous", "."], "option --allow-anonymous: '.' is none of nothing, read, select"),
        (["--config", "no-such-file"], "no-such-file: cannot be read"),
    ],
)
def test_wrong_options(words: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", *words]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"s3sql serve: {message}")


@pytest.mark.parametrize("words", [["--prot", "1"], ["a", "b"], ["--port"], ["--max-sel", "3"]])
def test_unknown_words(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", *words]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("s3sql")
    assert "--help says more" in err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["serve", ".", "--allow-anonymous"], ["serve", ".", "--allow-anonymous=read"]),
        (["serve", "--allow-anonymous", "--port", "1"], ["serve", "--allow-anonymous=read", "--port", "1"]),
        (["serve", "--allow-anonymous=select", "."], ["serve", "--allow-anonymous=select", "."]),
        (["serve", "--allow-anonymous", "select"], ["serve", "--allow-anonymous", "select"]),
        (["serve", "--", "--allow-anonymous"], ["serve", "--", "--allow-anonymous"]),
        (["query", "--allow-anonymous"], ["query", "--allow-anonymous"]),
    ],
)
def test_anonymous_alone_means_reading(words: list[str], meant: list[str]) -> None:
    assert with_bare_values(words) == meant


def test_the_words_reach_the_configuration(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Every option is refused with its own name, so every one arrives where it is read."""
    for option in OPTIONS[1:]:
        # There is no such folder, so that nothing is served where the value is allowed.
        assert main(["serve", str(tmp_path / "no"), option.flag, ""]) == 2
        err = capfd.readouterr().err
        if option.name not in ("domain", "trusted_proxies"):
            assert err.startswith(f"s3sql serve: option {option.flag}: "), option.flag


#: ``s3sql serve`` where one module after the other cannot be imported.
_WITHOUT = """
import sys
from s3sql.cli import main
missing, *words = sys.argv[1:]
for module in missing.split(","):
    sys.modules[module] = None
    try:
        print(main(words), flush=True)
    except ModuleNotFoundError as error:
        print(error.name, file=sys.stderr)
    for name in [name for name in sys.modules if name == module or name.startswith("s3sql.server.")]:
        del sys.modules[name]
"""


def test_modules_that_are_not_there(folder: Path) -> None:
    """Those of the extra are named; anything else that is not there is a defect."""
    extra = ["uvicorn", "starlette", "prometheus_client"]
    missing = ",".join([*extra, "s3sql.server.running.banner"])
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT, missing, "serve", str(folder)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout == "1\n" * len(extra)
    *told, defect = done.stderr.splitlines()
    assert told == [
        f"s3sql serve: the endpoint needs {module}, which is not there: pip install 's3sql[server]'"
        for module in extra
    ]
    assert defect == "s3sql.server.running.banner"
