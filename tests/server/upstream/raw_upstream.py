"""An upstream that does what a test wants, right or wrong, down to the bytes of its connections.

In: a coroutine that answers one request.  Out: a server on a free port, and what it was sent.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.datastructures import Headers

from s3sql.server.address import parse_address
from s3sql.server.settings import Credentials, Key, Limits, Settings, Upstream
from s3sql.server.signatures.sigv4 import Authenticated, authenticate

CREDENTIALS = Credentials("UPSTREAMKEY", "upstream/secret", "upstream-token")
REGION = "eu-west-1"


@dataclass
class Received:
    """A request as it came; ``complete`` when its body has as many bytes as announced."""

    method: str
    raw_path: bytes
    raw_query: bytes
    headers: Headers
    connection: int
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False

    def authenticated(self, credentials: Credentials = CREDENTIALS) -> Authenticated:
        """Its signature, verified; it fails if the request is not what was signed."""
        settings = Settings(keys=(Key(credentials),), region=REGION)
        verified = authenticate(
            self.method, self.raw_path, self.raw_query, self.headers, settings, datetime.now(UTC)
        )
        assert verified is not None
        return verified


Answer = Callable[["RawUpstream", Received, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawUpstream:
    """A running server and what happened to it."""

    answer: Answer
    scheme: str = "http"
    port: int = 0
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    sent: int = 0
    #: Set when a connection has ended, from whichever side.
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    #: Set when the head of a request has come.
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def upstream(self) -> Upstream:
        return Upstream(f"{self.scheme}://127.0.0.1:{self.port}", REGION, CREDENTIALS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                received = parsed(head, connection)
                self.requests.append(received)
                self.asked.set()
                await self.answer(self, received, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.ended.set()


def parsed(head: bytes, connection: int) -> Received:
    line, *fields = head[:-4].split(b"\r\n")
    method, target, version = line.split(b" ")
    assert version == b"HTTP/1.1"
    path, _, query = target.partition(b"?")
    raw = [(name.lower(), value.strip()) for name, _, value in (each.partition(b":") for each in fields)]
    return Received(method.decode(), path, query, Headers(raw=raw), connection)


@asynccontextmanager
async def raw_upstream(answer: Answer, certificate: Path | None = None) -> AsyncIterator[RawUpstream]:
    """A server that answers with *answer* while the block lasts; over TLS if it has a *certificate*."""
    upstream = RawUpstream(answer, scheme="http" if certificate is None else "https")
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, ssl=context)
    upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()


def settings_before(upstream: Upstream, *keys: Key, **limits: float) -> Settings:
    """The settings of an endpoint in front of *upstream*."""
    return Settings(keys=keys, upstream=upstream, limits=Limits(**limits))  # type: ignore[arg-type]


async def read_body(received: Received, reader: asyncio.StreamReader) -> None:
    """Read the announced body; what has come of it is in the request at any time."""
    length = int(received.headers.get("content-length", "0"))
    while len(received.body) < length:
        piece = await reader.read(min(1 << 16, length - len(received.body)))
        if not piece:
            raise asyncio.IncompleteReadError(b"", length)
        received.body += piece
    received.complete = True


def replies(reply: bytes) -> Answer:
    """Read the request and send *reply*."""

    async def answer(
        upstream: RawUpstream,
        received: Received,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        await read_body(received, reader)
        writer.write(reply)
        await writer.drain()

    return answer


def address_of(target: str, host: str = "localhost") -> tuple[bytes, bytes, object]:
    path, _, query = target.encode().partition(b"?")
    return path, query, parse_address(host, path, query, ("localhost",))


def certificate_in(directory: Path) -> Path:
    """A file with a certificate for 127.0.0.1 that signs itself, and with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "upstream")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = directory / "upstream.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file
