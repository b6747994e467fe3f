"""``s3sql serve`` as a process of its own, on a free port.

In: a folder.  Out: where it listens and whom it knows, until the block is left; then it is told to end.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_URL = re.compile(r"http://127\.0\.0\.1:\d+")
_ENDING_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running endpoint and the credentials of its only key."""

    url: str
    access_key: str = "INTEROPERABILITY0000"
    secret_key: str = "a+secret/with=signs0123456789abcdefghijk"
    region: str = "us-east-1"


class EndpointFailedError(Exception):
    """The process did not start, died, or did not end well; the argument is what it wrote."""


@contextmanager
def running(directory: Path, log: Path) -> Iterator[Endpoint]:
    """Serve *directory*; what the process says goes to *log*, one line for each request included.

    Raises:
        EndpointFailedError: before the block, or behind it.
    """
    known = Endpoint("")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("S3SQL_")}
    environment |= {"S3SQL_ACCESS_KEY": known.access_key, "S3SQL_SECRET_KEY": known.secret_key}
    command = [
        Path(sys.executable).with_name("s3sql"),
        "serve",
        directory,
        "--port",
        "0",
        "--access-log",
        "-",
    ]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield Endpoint(_listening(process, log))
        except BaseException:
            process.kill()
            raise
        died = process.poll()
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise EndpointFailedError(
                f"did not end in {_ENDING_SECONDS} s after SIGTERM; see {log}"
            ) from None
        if died is not None or status:
            raise EndpointFailedError(f"ended with status {status}; see {log}")


def server_errors(log: Path) -> list[str]:
    """The lines of the access log in *log* that tell of an answer of 500 or more.

    Raises:
        EndpointFailedError: there is no access log.
    """
    entries = [
        (json.loads(line), line)
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        if line.startswith('{"time"')
    ]
    if not entries:
        raise EndpointFailedError(f"no line of an access log is in {log}")
    return [line for entry, line in entries if entry["status"] >= 500]


def _listening(process: subprocess.Popen[bytes], log: Path) -> str:
    """The URL that the process says it listens at."""
    while True:
        status = process.poll()
        written = log.read_text(encoding="utf-8", errors="replace")
        if found := _URL.search(written):
            return found[0]
        if status is not None:
            raise EndpointFailedError(f"ended with status {status} before it listened:\n{written[-2000:]}")
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
