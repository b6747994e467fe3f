"""boto3 alone: the endpoint's recorded answer, byte for byte, sent by a process that does nothing else.

What it takes is what boto3 needs for an answer however fast the server is.
"""

from __future__ import annotations

import atexit
import os
from pathlib import Path

import s3sql
from benchmarks import machine
from benchmarks.engines import Variant
from benchmarks.engines.endpoint import client_of, select_events, start
from benchmarks.engines.s3sql import receive
from benchmarks.queries import Query
from benchmarks.raw_requests import Canned, Connection, signed_request


class CannedAnswers:
    version = s3sql.__version__

    def variants(self, query: Query, path: Path) -> dict[str, Variant]:
        url = start(path.parent.parent)
        answer = machine.memory_directory() / f"s3sql-bench-{os.getpid()}-{query.name}.http"
        atexit.register(answer.unlink, missing_ok=True)
        connection = Connection(url)
        connection.record(signed_request(client_of(url), query, path), answer)
        connection.close()
        canned = Canned(answer)
        atexit.register(canned.close)
        client = client_of(canned.url)

        def select(target: Path | None) -> object:
            return receive(select_events(client, query, path), query, target)

        return {"recorded": select}


def open_engine(threads: int) -> CannedAnswers:
    return CannedAnswers()
