"""What an endpoint is told to be: where it listens, what it serves, whom it knows.

In: values from arguments, environment and file (:mod:`s3sql.server.running.configuration`).  Out: frozen
settings that every other module is given.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

Permission: TypeAlias = Literal["read", "write", "readwrite"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key with its secret; ``session_token`` for temporary ones."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """One known caller.

    ``buckets`` maps shell patterns of bucket names to what may be done there; None allows everything.
    ``expires``: from then on the key is refused with ``ExpiredToken``. ``upstream``: the credentials with
    which the caller's requests are sent on; None for those of the whole endpoint.
    """

    credentials: Credentials
    buckets: Mapping[str, Permission] | None = None
    expires: datetime | None = None
    upstream: Credentials | None = None

    @property
    def access_key(self) -> str:
        """The name under which the caller is known."""
        return self.credentials.access_key

    def may(self, want: Literal["read", "write"], bucket: str) -> bool:
        """Whether the caller may read from, or write to, *bucket*: any pattern that matches may allow it."""
        if self.buckets is None:
            return True
        return any(
            permission in (want, "readwrite")
            for pattern, permission in self.buckets.items()
            if fnmatch.fnmatchcase(bucket, pattern)
        )

    @property
    def may_see_all(self) -> bool:
        """Whether nothing is kept from the caller."""
        return self.buckets is None


@dataclass(frozen=True, slots=True)
class Upstream:
    """The store behind the endpoint; ``credentials`` of None: as boto3 finds them."""

    url: str
    region: str = "us-east-1"
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the endpoint. Times are in seconds, sizes in bytes.

    ``selects`` queries run at a time and ``waiting_selects`` more wait for at most ``select_wait``, then
    they are told ``SlowDown``. ``query_time`` bounds one query; None: it may take as long as it likes.
    ``header_bytes`` bounds the request line and the headers together, ``headers`` the number of headers,
    ``header_time`` their coming. ``body_time`` bounds the silence while a body comes, and what a slow client
    may take for each message. ``object_bytes`` is the largest body of an object or a part (AWS: 5 GiB),
    ``connections`` the most connections at a time, each closed after ``keep_alive_time`` without a request.
    ``shutdown_time`` is what streams are given to end in when the endpoint stops.
    """

    selects: int = 32
    waiting_selects: int = 512
    select_wait: float = 30.0
    query_time: float | None = None
    header_bytes: int = 64 << 10
    headers: int = 200
    header_time: float = 20.0
    body_time: float = 60.0
    object_bytes: int = 5 << 30
    connections: int = 1000
    keep_alive_time: float = 75.0
    shutdown_time: float = 30.0


@dataclass(frozen=True, slots=True)
class Logs:
    """What is written where, when ``s3sql serve`` runs the endpoint.

    ``access``: ``-`` for standard error, ``off``, or the path of a file. ``format`` and ``level`` are those
    of everything that is no access record, which goes to standard error.
    """

    access: str = "-"
    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an endpoint is told.

    Exactly one of ``directory`` (the embedded store: its sub-folders are buckets) and ``upstream`` is set.
    ``region``: the only one whose signatures are taken; None takes all, and tells ``us-east-1``. ``domains``
    are those whose sub-domains are buckets. ``account``: the 12-digit owner of all buckets. ``anonymous``:
    what needs no signature: nothing, reading objects, or reading objects and Select.
    ``state_directory``: where queries on archived objects are remembered; None for the embedded store's own.
    ``metrics_token``: the bearer token that ``/metrics`` asks for, if any. ``trusted_proxies``: addresses and
    networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed. ``logs``: where to write what.
    """

    keys: tuple[Key, ...]
    directory: Path | None = None
    upstream: Upstream | None = None
    host: str = "127.0.0.1"
    port: int = 9000
    region: str | None = None
    domains: tuple[str, ...] = ("localhost",)
    account: str = "000000000000"
    anonymous: Literal["nothing", "read", "select"] = "nothing"
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    state_directory: Path | None = None
    metrics_token: str | None = field(default=None, repr=False)
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    limits: Limits = Limits()
    logs: Logs = Logs()

    @property
    def told_region(self) -> str:
        """The region that the endpoint says it is in."""
        return self.region or "us-east-1"

    def key(self, access_key: str) -> Key | None:
        """The caller known as *access_key*."""
        return next((key for key in self.keys if key.access_key == access_key), None)
