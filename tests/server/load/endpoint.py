"""``s3sql serve`` as a process that is measured, killed and started again.

In: a folder.  Out: where the process listens, how much memory it takes, and an end by force or in good order.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ACCESS_KEY, SECRET_KEY = "LOADTESTACCESSKEY000", "load/test+secret"
_URL = re.compile(rb"http://127\.0\.0\.1:(\d+)")
_STARTING_SECONDS, _ENDING_SECONDS = 60, 60
_SAMPLE_SECONDS = 0.1


class Endpoint:
    """One process after the other over *directory*, always on the same port; *options* are the command's."""

    def __init__(self, directory: Path, log: Path, *options: str) -> None:
        self.log = log
        self._command = [sys.executable, "-m", "s3sql.cli", "serve", str(directory), "--access-log", "off"]
        self._command += options
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start a process; return when it listens."""
        names = (name for name in os.environ if not name.startswith("S3SQL_"))
        environment = {name: os.environ[name] for name in names}
        environment |= {"S3SQL_ACCESS_KEY": ACCESS_KEY, "S3SQL_SECRET_KEY": SECRET_KEY}
        with self.log.open("ab") as errors:
            self._process = subprocess.Popen(
                [*self._command, "--port", str(self._port)],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        late = threading.Timer(_STARTING_SECONDS, self._process.kill)
        late.start()
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        late.cancel()
        found = _URL.search(line)
        assert found is not None, f"the endpoint did not start: {line!r}\n{self.log.read_text()[-2000:]}"
        self._port = int(found[1])
        self._process.stdout.close()

    def kill(self) -> None:
        """End the process as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """End the process as an operator does; its exit status."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def memory(self) -> int:
        """Bytes of memory that the process takes (its resident set)."""
        assert self._process is not None
        with open(f"/proc/{self._process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    @contextmanager
    def watched(self) -> Iterator[Callable[[], int]]:
        """Sample the memory while the block lasts; the function tells the most that was seen."""
        most = self.memory()
        ended = threading.Event()

        def watch() -> None:
            nonlocal most
            while not ended.wait(_SAMPLE_SECONDS):
                most = max(most, self.memory())

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield lambda: most
        finally:
            ended.set()
            watching.join()


@contextmanager
def running(directory: Path, log: Path, *options: str) -> Iterator[Endpoint]:
    """A started endpoint, which has to end well behind the block."""
    endpoint = Endpoint(directory, log, *options)
    endpoint.start()
    try:
        yield endpoint
    except BaseException:
        endpoint.kill()
        raise
    assert endpoint.stop() == 0, log.read_text()[-2000:]


def client_of(url: str) -> Any:
    """A boto3 client that tries nothing twice, so that no failure is hidden."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(
            retries={"max_attempts": 0},
            s3={"addressing_style": "path"},
            connect_timeout=60,
            read_timeout=60,
            max_pool_connections=1,
        ),
    )
