"""Requests as bytes, signed or forged, and the answers that came back.

In: what an attack wants to send.  Out: what the endpoint answered, byte for byte. Signatures are botocore's;
those of chunks are computed here, apart from the code that is attacked.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.server.serving import ACCESS_KEY, SECRET_KEY

#: What no answer may ever hold: it stands in files that are in no bucket.
CANARY = b"canary-0c1f7e5a-of-no-bucket"

#: Seconds after which an answer that does not come is a hanging endpoint.
PATIENCE = 30

Headers = Mapping[str, str]
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signs; ``token`` for temporary credentials."""

    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    token: str | None = None


OWNER = Caller()


@dataclass(frozen=True, slots=True)
class Request:
    """A request that can still be tampered with."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def header(self, name: str) -> str:
        return next(value for known, value in self.headers if known.lower() == name.lower())

    def with_header(self, name: str, value: str) -> Request:
        """With another value in place of the header's."""
        assert self.header(name) is not None
        changed = tuple(
            (known, value if known.lower() == name.lower() else old) for known, old in self.headers
        )
        return replace(self, headers=changed)

    def without_header(self, name: str) -> Request:
        kept = tuple(header for header in self.headers if header[0].lower() != name.lower())
        assert len(kept) < len(self.headers)
        return replace(self, headers=kept)

    def plus_header(self, name: str, value: str) -> Request:
        return replace(self, headers=(*self.headers, (name, value)))

    def in_authorization(self, old: str, new: str) -> Request:
        """With *new* in place of *old* in the Authorization header."""
        authorization = self.header("Authorization")
        assert re.search(old, authorization), authorization
        return self.with_header("Authorization", re.sub(old, new, authorization, count=1))

    def in_target(self, old: str, new: str) -> Request:
        assert old in self.target, self.target
        return replace(self, target=self.target.replace(old, new, 1))

    def head(self) -> bytes:
        lines = [
            f"{self.method} {self.target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def __bytes__(self) -> bytes:
        return self.head() + self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the status is 0 for a connection that was closed without a word."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def code(self) -> str:
        """The S3 code of an error document; empty for what is none."""
        found = re.search(rb"<Error><Code>(\w+)</Code>", self.body)
        return found[1].decode() if found else ""

    @property
    def verdict(self) -> str:
        """The code, or the status of what has none; ``closed`` for no answer."""
        return self.code or (str(self.status) if self.status else "closed")


class _Signer(S3SigV4Auth):
    """botocore's signer with the time and the hash of the body that an attack wants."""

    def __init__(self, caller: Caller, region: str, at: datetime, payload: str | None) -> None:
        credentials = Credentials(caller.access_key, caller.secret_key, caller.token)
        super().__init__(credentials, "s3", region)
        self._at = at
        self._payload = payload

    def add_auth(self, request: Any) -> None:
        request.context["timestamp"] = f"{self._at:%Y%m%dT%H%M%SZ}"
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        signature = self.signature(self.string_to_sign(request, canonical), request)
        self._inject_signature_to_request(request, signature)

    def payload(self, request: Any) -> str:
        return self._payload or hashlib.sha256(request.data or b"").hexdigest()


def signed(
    url: str,
    method: str,
    target: str,
    headers: Headers | None = None,
    body: bytes = b"",
    *,
    caller: Caller = OWNER,
    at: datetime | None = None,
    payload: str | None = None,
    region: str = "us-east-1",
) -> Request:
    """A request of *caller*. *payload* stands for the body in what is signed, by default its hash."""
    request = AWSRequest(method, f"{url}{target}", dict(headers or {}), body)
    _Signer(caller, region, at or datetime.now(UTC), payload).add_auth(request)
    sent = {"Host": urlsplit(url).netloc, **request.headers}
    # Added by what sends a request, not by what signs it.
    sized = {"content-length", "transfer-encoding"} & {name.lower() for name in sent}
    if not sized and (body or method in ("PUT", "POST")):
        sent["Content-Length"] = str(len(body))
    return Request(method, target, tuple(sent.items()), body)


def presigned(
    url: str,
    method: str,
    target: str,
    *,
    caller: Caller = OWNER,
    at: datetime | None = None,
    expires: int | str = 300,
    region: str = "us-east-1",
) -> Request:
    """What a browser sends that was given a URL which *caller* has signed."""
    at = at or datetime.now(UTC)
    timestamp = f"{at:%Y%m%dT%H%M%SZ}"
    scope = f"{timestamp[:8]}/{region}/s3/aws4_request"
    path, _, query = target.partition("?")
    parameters = [tuple((*pair.split("=", 1), "")[:2]) for pair in query.split("&") if pair]
    parameters += [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", quote(f"{caller.access_key}/{scope}", safe="")),
        ("X-Amz-Date", timestamp),
        ("X-Amz-Expires", str(expires)),
        ("X-Amz-SignedHeaders", "host"),
    ]
    if caller.token is not None:
        parameters.append(("X-Amz-Security-Token", quote(caller.token, safe="")))
    host = urlsplit(url).netloc
    canonical = "\n".join(
        [
            method,
            path,
            "&".join(f"{name}={value}" for name, value in sorted(parameters)),
            f"host:{host}\n",
            "host",
            "UNSIGNED-PAYLOAD",
        ]
    )
    lines = ["AWS4-HMAC-SHA256", timestamp, scope, hashlib.sha256(canonical.encode()).hexdigest()]
    signature = hmac.digest(_signing_key(caller, scope), "\n".join(lines).encode(), "sha256").hex()
    query = "&".join(f"{name}={value}" for name, value in [*parameters, ("X-Amz-Signature", signature)])
    return Request(method, f"{path}?{query}", (("Host", host),))


def _signing_key(caller: Caller, scope: str) -> bytes:
    key = f"AWS4{caller.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


# ---- bodies in signed chunks


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of an aws-chunked body."""

    contents: bytes
    signature: str = ""
    size: str | None = None

    def __bytes__(self) -> bytes:
        size = f"{len(self.contents):x}" if self.size is None else self.size
        extension = f";chunk-signature={self.signature}" if self.signature else ""
        end = b"\r\n" if self.contents else b""
        return f"{size}{extension}\r\n".encode() + self.contents + end


def signed_chunks(
    request: Request, pieces: Iterable[bytes], caller: Caller = OWNER, trailer: tuple[str, str] | None = None
) -> tuple[list[Chunk], str]:
    """The chunks of *pieces* and the last, empty one behind the request's head; the trailer's signature."""
    authorization = request.header("Authorization")
    scope = re.search(r"Credential=[^/]+/([^,]+)", authorization)
    seed = re.search(r"Signature=(\w+)", authorization)
    assert scope is not None
    assert seed is not None
    key, timestamp, previous = _signing_key(caller, scope[1]), request.header("X-Amz-Date"), seed[1]

    def sign(kind: str, *lines: str) -> str:
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", timestamp, scope[1], previous, *lines])
        return hmac.digest(key, text.encode(), "sha256").hex()

    chunks = []
    for piece in (*pieces, b""):
        previous = sign("PAYLOAD", _EMPTY_SHA256, hashlib.sha256(piece).hexdigest())
        chunks.append(Chunk(piece, previous))
    canonical = f"{trailer[0]}:{trailer[1]}\n" if trailer is not None else ""
    return chunks, sign("TRAILER", hashlib.sha256(canonical.encode()).hexdigest())


# ---- connections


def connected(url: str) -> socket.socket:
    place = urlsplit(url)
    connection = socket.create_connection((place.hostname, place.port))
    connection.settimeout(PATIENCE)
    return connection


def exchanged(url: str, sent: bytes | Request, *, half_close: bool = False) -> Answer:
    """The answer to *sent* on a connection of its own; *half_close*: that nothing more comes is said."""
    head = isinstance(sent, Request) and sent.method == "HEAD"
    with connected(url) as connection:
        _send(connection, bytes(sent))
        if half_close:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        return next(answers(connection, head=head), Answer())


def conversation(url: str, sent: bytes, *, last: bool = True) -> list[Answer]:
    """All answers to *sent* until the endpoint closes, which a *last*, honest request asks it to do."""
    asked = f"GET /healthz HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nConnection: close\r\n\r\n"
    with connected(url) as connection:
        _send(connection, sent + asked.encode() if last else sent)
        return list(answers(connection))


def _send(connection: socket.socket, sent: bytes) -> None:
    # The endpoint may have refused it by now, and its refusal is what counts.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(sent)


def answers(connection: socket.socket, *, head: bool = False) -> Iterator[Answer]:
    """The answers that come, until the connection is closed. Silence is an error: TimeoutError."""
    with connection.makefile("rb") as stream, contextlib.suppress(ConnectionResetError):
        while line := stream.readline():
            if not line.startswith(b"HTTP/1.1 "):
                raise AssertionError(f"this is no answer: {line[:200]!r}")
            status = int(line.split()[1])
            headers: dict[str, str] = {}
            while (line := stream.readline().strip()) and b":" in line:
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            body = b"" if head or status in (100, 204, 304) else _body(stream, headers)
            assert CANARY not in body, "a file that is in no bucket was read"
            yield Answer(status, headers, body)


def _body(stream: Any, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return bytes(stream.read(int(headers.get("content-length", 0))))
    body = b""
    while size := int(stream.readline() or b"0", 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body
