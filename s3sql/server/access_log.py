"""The access log: one JSON object a line for every answer.

In: an :class:`AccessRecord` of an answered request.  Out: a message of the logger ``s3sql.access``.

    {"time":"2026-11-30T12:00:00.123Z","request_id":"…","client":"127.0.0.1","access_key":"…","operation":
    "SelectObjectContent","bucket":"b","key":"k.csv","status":200,"code":null,"seconds":0.018,"received":512,
    "sent":2048,"user_agent":"Boto3/…","sql_bytes":61,"sql_sha256":"…","scanned":1048576, …}

A line is ASCII: whatever else a client sent is escaped, so that no line can be forged and no terminal be told
anything. The text of a query is never written, since its literals may be secrets; its length and its SHA-256
tell which queries are the same one. The names are documented in docs/endpoint.md.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

#: The logger that access records go to; :mod:`s3sql.server.running.logs` gives it its place.
LOGGER = logging.getLogger("s3sql.access")

#: A text of a client is cut after so many characters; a key has no more than 1,024 bytes.
_LONGEST_TEXT = 1024


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One answered request.

    ``access_key`` names the caller, None for one without a signature that holds. ``received`` and ``sent``
    are the bytes of the bodies. ``notes`` are further members, as the reply's handler gave them; of a query's
    text, ``sql``, only its length and its hash are written.
    """

    request_id: str
    operation: str
    status: int
    seconds: float
    client: str | None = None
    access_key: str | None = None
    bucket: str | None = None
    key: str | None = None
    code: str | None = None
    received: int = 0
    sent: int = 0
    user_agent: str | None = None
    notes: Mapping[str, object] = field(default_factory=dict)


def log_request(record: AccessRecord) -> None:
    """Write *record* to the access log, if there is one."""
    if LOGGER.isEnabledFor(logging.INFO):
        LOGGER.info(access_line(record, datetime.now(UTC)))


def access_line(record: AccessRecord, time: datetime) -> str:
    """The line that *record* is, ended at *time*, without its line end."""
    members: dict[str, object] = {
        "time": time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "request_id": record.request_id,
        "client": record.client,
        "access_key": record.access_key,
        "operation": record.operation,
        "bucket": record.bucket,
        "key": record.key,
        "status": record.status,
        "code": record.code,
        "seconds": round(record.seconds, 6),
        "received": record.received,
        "sent": record.sent,
        "user_agent": record.user_agent,
    }
    notes = _without_text(record.notes)
    line = {**notes, **members}
    ordered = {name: _bounded(line[name]) for name in [*members, *notes]}
    return json.dumps(ordered, separators=(",", ":"), default=str)


def expression_notes(sql: str) -> dict[str, object]:
    """What the log may say of a query's text: its length in bytes of UTF-8, and their SHA-256."""
    text = sql.encode(errors="surrogatepass")
    return {"sql_bytes": len(text), "sql_sha256": hashlib.sha256(text).hexdigest()}


def _without_text(notes: Mapping[str, object]) -> Mapping[str, object]:
    """*notes* with what may be said of a query in the place of the query, ``sql``."""
    if "sql" not in notes:
        return notes
    sql = notes["sql"]
    told = expression_notes(sql) if isinstance(sql, str) else {}
    return {**told, **{name: note for name, note in notes.items() if name != "sql"}}


def _bounded(value: object) -> object:
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[:_LONGEST_TEXT] + "…"
    return value
