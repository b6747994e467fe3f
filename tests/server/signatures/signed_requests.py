"""Requests as they come over the wire, signed by botocore.

In: a request line, headers, and when and with what it is signed.  Out: a :class:`WireRequest`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from starlette.datastructures import Headers

from s3sql.server.settings import Credentials, Key, Settings
from s3sql.server.signatures.sigv4 import Authenticated, authenticate

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
HOST = "127.0.0.1:9000"
NOW = datetime(2013, 5, 24, tzinfo=UTC)
KNOWN = Key(Credentials(ACCESS_KEY, SECRET))


@dataclass(frozen=True)
class WireRequest:
    """What a server is given of a request, its body aside."""

    method: str
    path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def with_header(self, name: str, value: bytes | str | None) -> WireRequest:
        """The same with another value of a header; None: without it."""
        raw = value.encode() if isinstance(value, str) else value
        others = [header for header in self.headers if header[0].lower() != name.lower().encode()]
        return replace(self, headers=(*others, *([(name.encode(), raw)] if raw is not None else [])))

    def and_header(self, name: str, value: str) -> WireRequest:
        """The same with one header more."""
        return replace(self, headers=(*self.headers, (name.encode(), value.encode())))

    def header(self, name: str) -> str:
        """The value of a header."""
        return Headers(raw=list(self.headers))[name]

    def authenticated(self, settings: Settings, now: datetime = NOW) -> Authenticated | None:
        """Its sender, as the endpoint sees it."""
        return authenticate(
            self.method, self.path, self.query, Headers(raw=list(self.headers)), settings, now
        )


def settings_with(*keys: Key, **changes: Any) -> Settings:
    """Settings of an endpoint that knows *keys*, by default one."""
    return Settings(keys=keys or (KNOWN,), **changes)


def signed(
    method: str = "GET",
    target: str = "/bucket/key",
    headers: Mapping[str, str] | None = None,
    *,
    payload: str | None = None,
    body: bytes = b"",
    access_key: str = ACCESS_KEY,
    secret: str = SECRET,
    token: str | None = None,
    region: str = "us-east-1",
    service: str = "s3",
    at: datetime = NOW,
    expires: timedelta | None = None,
) -> WireRequest:
    """A request signed by botocore, in its header form or, with *expires*, as a presigned URL.

    *payload* is put in place of the body's hash.
    """
    request = AWSRequest(method, f"http://{HOST}{target}", headers={"host": HOST, **(headers or {})})
    credentials = BotoCredentials(access_key, secret, token)
    signer: Any
    if expires is not None:
        signer = S3SigV4QueryAuth(credentials, service, region, int(expires.total_seconds()))
    else:
        signer = S3SigV4Auth(credentials, service, region)
        stands_for_body = payload or hashlib.sha256(body).hexdigest()
        signer.payload = lambda _: stands_for_body
    with patch("botocore.auth.get_current_datetime", lambda: at):
        signer.add_auth(request)
    path, _, query = request.url.removeprefix(f"http://{HOST}").partition("?")
    return WireRequest(
        method,
        path.encode(),
        query.encode(),
        tuple((name.lower().encode(), str(value).encode()) for name, value in request.headers.items()),
    )
