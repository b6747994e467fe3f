"""s3sql through its endpoint: a server process on the loopback interface, asked by boto3 over HTTP."""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

import s3sql
from benchmarks.engines import Variant
from benchmarks.engines.client import input_serialization
from benchmarks.engines.s3sql import receive
from benchmarks.queries import Query

_ACCESS_KEY = "bench"
_SECRET_KEY = "no-secret-it-is-valid-here-for-a-minute"


class Endpoint:
    version = s3sql.__version__

    def __init__(self) -> None:
        self._clients: dict[Path, Any] = {}

    def variants(self, query: Query, path: Path) -> dict[str, Variant]:
        client = self._client(path.parent.parent)

        def select(target: Path | None) -> object:
            return receive(select_events(client, query, path), query, target)

        return {"select_object_content": select}

    def _client(self, folder: Path) -> Any:
        if folder not in self._clients:
            self._clients[folder] = client_of(start(folder))
        return self._clients[folder]


def start(folder: Path) -> str:
    """Start an endpoint over *folder*, which ends with this process; return its URL."""
    server = subprocess.Popen(
        [sys.executable, "-m", "s3sql.cli", "serve", str(folder), "--port", "0", "--access-log", "off"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_environment(),
    )
    atexit.register(_stop, server)
    assert server.stdout is not None
    for line in server.stdout:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found is not None:
            return found[0]
    raise RuntimeError(f"the endpoint did not start: exit status {server.wait()}")


def _environment() -> dict[str, str]:
    """The environment of a server, which takes no variable of ours that it does not know."""
    given = {name: value for name, value in os.environ.items() if name != "S3SQL_BENCH_CACHE"}
    return {**given, "S3SQL_ACCESS_KEY": _ACCESS_KEY, "S3SQL_SECRET_KEY": _SECRET_KEY}


def client_of(url: str) -> Any:
    """A boto3 client of the endpoint."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=_ACCESS_KEY,
        aws_secret_access_key=_SECRET_KEY,
        config=Config(s3={"addressing_style": "path"}),
    )


def select_events(client: Any, query: Query, path: Path) -> Any:
    """The events of *query* over the file *path*, whose folder is the bucket."""
    return client.select_object_content(
        Bucket=path.parent.name,
        Key=path.name,
        Expression=query.sql,
        ExpressionType="SQL",
        InputSerialization=input_serialization(query),
        OutputSerialization={"CSV": {}},
    )["Payload"]


def _stop(server: subprocess.Popen[str]) -> None:
    server.terminate()
    server.wait()


def open_engine(threads: int) -> Endpoint:
    """The number of threads is what the worker has set S3SQL_WORKERS to, which the server inherits."""
    return Endpoint()
