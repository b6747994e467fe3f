"""s3sql through its public function ``s3sql.query(sql, path).events()``: payloads as boto3 gives them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import s3sql
from benchmarks.engines import Variant
from benchmarks.events import KINDS
from benchmarks.queries import Query

#: What the name of the file does not tell.
_OPTIONS: dict[str, Any] = {kind: {"json_type": "LINES", "output_format": "csv"} for kind in KINDS}


class S3Sql:
    version = s3sql.__version__

    def variants(self, query: Query, path: Path) -> dict[str, Variant]:
        def events(target: Path | None) -> object:
            with s3sql.query(query.sql, path, **_OPTIONS.get(query.input, {})) as result:
                return receive(result.events(), query, target)

        return {"events": events}


def receive(events: Iterable[dict[str, Any]], query: Query, target: Path | None) -> object:
    """Take the events as a client does; the answer counts only if the stream ended as it should."""
    ended = False
    payload = b""
    with open(target or "/dev/null", "wb", buffering=0) as file:
        for event in events:
            if "Records" in event:
                payload = event["Records"]["Payload"]
                file.write(payload)
            elif "End" in event:
                ended = True
    if not ended:
        raise RuntimeError("the event stream broke off")
    return payload.decode().strip() if query.single else None


def open_engine(threads: int) -> S3Sql:
    """The number of threads is what the worker has set S3SQL_WORKERS to."""
    return S3Sql()
