"""One query, asked as a program with boto3 asks it: what came back, whole.

In: the members of ``select_object_content`` and an object's bytes.  Out: an :class:`Answer`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.exceptions import ClientError, EventStreamError

import s3sql
from s3sql.client import SelectClient
from s3sql.stores.memory import MemoryStore

_PLACE = re.compile(r"at line (\d+), column (\d+)")


@dataclass(frozen=True)
class Answer:
    """``payload``: all records that came; ``code``: of the error that came instead of, or behind, them."""

    payload: bytes
    code: str | None = None
    message: str = ""
    in_stream: bool = False
    stats: dict[str, int] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """``line:column`` of the error, if its message names one."""
        found = _PLACE.search(self.message)
        return f"{found[1]}:{found[2]}" if found else ""


@cache
def _client() -> tuple[SelectClient, dict[str, dict[str, bytes]]]:
    # One for all queries: botocore takes a while to make one.
    buckets: dict[str, dict[str, bytes]] = {"bucket": {}}
    return s3sql.client(MemoryStore(buckets)), buckets


def ask(
    contents: bytes | None,
    sql: str,
    inputs: dict[str, Any],
    outputs: dict[str, Any],
    scan_range: dict[str, int] | None = None,
) -> Answer:
    """The answer to *sql* over *contents*; None: an object that does not exist."""
    client, buckets = _client()
    buckets["bucket"] = {} if contents is None else {"key": contents}
    members: dict[str, Any] = {
        "Bucket": "bucket",
        "Key": "key",
        "Expression": sql,
        "ExpressionType": "SQL",
        "InputSerialization": inputs,
        "OutputSerialization": outputs,
    }
    if scan_range is not None:
        members["ScanRange"] = scan_range
    return answer_of(client, members)


def answer_of(client: Any, members: dict[str, Any]) -> Answer:
    """What *client*'s ``select_object_content`` answers to *members*."""
    try:
        payload = client.select_object_content(**members)["Payload"]
    except ClientError as error:
        return Answer(b"", error.response["Error"]["Code"], error.response["Error"]["Message"])
    records: list[bytes] = []
    stats: dict[str, int] = {}
    try:
        for event in payload:
            records.append(bytes(event.get("Records", {}).get("Payload", b"")))
            stats = event.get("Stats", {}).get("Details", stats)
    except EventStreamError as error:
        refusal = error.response["Error"]
        return Answer(b"".join(records), refusal["Code"], refusal["Message"], in_stream=True)
    return Answer(b"".join(records), stats=stats)
