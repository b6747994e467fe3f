"""Requests for Select as bytes, for what no client of S3 would send or do.

In: a URL, and what is to be different.  Out: a signed request, a connection, a reply taken apart.
"""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.server.serving import ACCESS_KEY, SECRET_KEY

BODY = (
    "<SelectObjectContentRequest><Expression>{sql}</Expression><ExpressionType>SQL</ExpressionType>"
    "<InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/></OutputSerialization>"
    "{more}</SelectObjectContentRequest>"
)


def raw_select(
    url: str,
    body: bytes,
    *,
    key: str = "key",
    query: str = "?select&select-type=2",
    headers: dict[str, str] | None = None,
    method: str = "POST",
) -> bytes:
    """A signed request as bytes; *headers* are signed too."""
    request = AWSRequest(method, f"{url}/bucket/{key}{query}", headers or {}, body)
    S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", "us-east-1").add_auth(request)
    sent = {"Host": urlsplit(url).netloc, **request.headers, "Content-Length": str(len(body))}
    lines = [f"{method} /bucket/{key}{query} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def connected(url: str) -> socket.socket:
    place = urlsplit(url)
    connection = socket.create_connection((place.hostname, place.port))
    connection.settimeout(60)
    return connection


def answered(url: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the reply on a connection of its own."""
    with connected(url) as connection:
        connection.sendall(request)
        stream = connection.makefile("rb")
        return reply_of(stream)


def reply_of(stream: Any) -> tuple[int, dict[str, str], bytes]:
    status = int(stream.readline().split()[1])
    headers = {}
    while (line := stream.readline().strip()) and b":" in line:
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    if "content-length" in headers:
        return status, headers, stream.read(int(headers["content-length"]))
    body = b""
    while size := int(stream.readline(), 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return status, headers, body


def xml_body(sql: str, more: str = "") -> bytes:
    return BODY.format(sql=sql, more=more).encode()
