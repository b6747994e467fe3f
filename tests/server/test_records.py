"""What is told of answers that do not end well: in the access log, in the metrics, and to the connection."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3sql import engine
from s3sql.server.access_log import LOGGER
from s3sql.server.settings import Limits
from tests.server.select_requests import answered, connected, raw_select, xml_body
from tests.server.serving import serving, settings_for

MIB = 1 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bucket = tmp_path_factory.mktemp("store") / "bucket"
    bucket.mkdir()
    (bucket / "broken").write_bytes(b"1\n" * MIB + b"x\n")
    (bucket / "large").write_bytes(b"abcdefg\n" * (8 * MIB))
    return bucket.parent


class Records(logging.Handler):
    """The access records that were written."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(json.loads(record.getMessage()))

    def the_one(self) -> dict[str, Any]:
        deadline = time.monotonic() + 30
        while not self.found:
            assert time.monotonic() < deadline, "no record is written"
            time.sleep(0.005)
        (found,) = self.found
        return found


@pytest.fixture
def records() -> Iterator[Records]:
    handler, level = Records(), LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    yield handler
    LOGGER.setLevel(level)
    LOGGER.removeHandler(handler)


def metric(url: str, line: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as page:
        lines = page.read().decode().splitlines()
    return next((float(found.split()[-1]) for found in lines if found.startswith(line)), 0.0)


def test_an_error_in_a_stream_is_told_as_any_other(
    folder: Path, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BEFORE_STREAM_SECONDS", 60.0)
    with serving(settings_for(folder)) as url:
        body = xml_body("SELECT CAST(s._1 AS INT) FROM S3Object s")
        status, _, payload = answered(url, raw_select(url, body, key="broken"))
        assert status == 200
        assert b"CastFailed" in payload
        found = records.the_one()
        assert (found["status"], found["code"], found["ended"]) == (200, "CastFailed", "failed")
        assert found["sent"] == len(payload)
        assert metric(url, 's3sql_errors_total{code="CastFailed"}') == 1


def test_what_was_sent_before_a_client_left_is_counted(folder: Path, records: Records) -> None:
    with serving(settings_for(folder)) as url:
        with connected(url) as connection:
            connection.sendall(raw_select(url, xml_body("SELECT * FROM S3Object"), key="large"))
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        found = records.the_one()
    assert (found["code"], found["ended"]) == ("Disconnected", "client gone")
    assert found["sent"] > 0


def peers() -> set[int]:
    """The ports at the other ends of all connections of this process, which the endpoint is a thread of."""
    found = set()
    for descriptor in map(int, os.listdir("/dev/fd")):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as copy:
            # The pair of an event loop in this process has no ports.
            if copy.family in (socket.AF_INET, socket.AF_INET6):
                found.add(copy.getpeername()[1])
    return found


def test_the_connection_of_a_client_that_takes_nothing_is_closed(folder: Path, records: Records) -> None:
    limits = Limits(body_time=0.3)
    with serving(settings_for(folder, limits=limits)) as url, connected(url) as connection:
        port = connection.getsockname()[1]
        connection.sendall(raw_select(url, xml_body("SELECT * FROM S3Object"), key="large"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert port in peers()
        assert records.the_one()["code"] == "Disconnected"
        # Not when the client has taken what is on its way, which it may never do.
        deadline = time.monotonic() + 30
        while port in peers():
            assert time.monotonic() < deadline, "the connection is kept"
            time.sleep(0.01)
