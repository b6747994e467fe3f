"""A running endpoint for tests: real HTTP, on a port of its own.

In: settings.  Out: its URL while a ``with`` block lasts.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import uvicorn
from botocore.config import Config

from s3sql.server.app import application
from s3sql.server.running.http_protocol import protocol_class
from s3sql.server.settings import Credentials, Key, Settings

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def settings_for(directory: Path | None, **changes: Any) -> Settings:
    """Settings of an endpoint over *directory* that knows one caller, who may do everything."""
    given: dict[str, Any] = {"keys": (Key(Credentials(ACCESS_KEY, SECRET_KEY)),), "directory": directory}
    return Settings(**given | changes)


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The URL of an endpoint with *settings*; their host and port are not used."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(
            application(settings),
            http=protocol_class(settings.limits),
            ws="none",
            lifespan="on",
            # Not uvicorn's own, which is for the whole process and would outlive the test.
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive(), "the endpoint did not start"
        assert time.monotonic() < deadline, "the endpoint did not start in time"
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
        assert not thread.is_alive(), "the endpoint did not stop"


def client_of(url: str, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY, **config: Any) -> Any:
    """A boto3 S3 client of the endpoint, which tries nothing twice."""
    options: dict[str, Any] = {"retries": {"max_attempts": 0}, "s3": {"addressing_style": "path"}}
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(**options | config),
    )
