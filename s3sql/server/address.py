"""What a request addresses: a bucket, a key, and the parameters of the query string.

In: the request target as it came over the wire, and the Host.  Out: an :class:`Address`, decoded once.

    GET /bucket/a%2Fb?list-type=2      Host: 127.0.0.1:9000        path style
    GET /a%2Fb                         Host: bucket.localhost      virtual-host style, for the domains served

Nothing here says that the bucket exists or that its name is a good one. Source: AWS S3 User Guide, "Virtual
hosting of general purpose buckets"; AWS S3 API Reference, "InvalidURI".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from s3sql.errors import S3SelectError
from s3sql.limits import MAX_KEY_BYTES


@dataclass(frozen=True, slots=True)
class Address:
    """The service (no bucket), a bucket (no key) or an object, and the query string's parameters.

    A parameter without ``=`` has the empty text as its value.
    """

    bucket: str | None = None
    key: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    virtual_host: bool = False

    @property
    def resource(self) -> str:
        """The path that error documents name: ``/bucket/key``."""
        return "/" + "/".join(part for part in (self.bucket, self.key) if part is not None)


def parse_address(host: str, raw_path: bytes, raw_query: bytes, domains: Sequence[str]) -> Address:
    """The address of a request to *host*, one of whose *domains* may be behind a bucket's name.

    Raises:
        S3SelectError: ``InvalidURI`` for a path that is not percent-encoded UTF-8, ``InvalidArgument`` for a
            parameter that comes twice, ``KeyTooLongError``.
    """
    parameters = _parameters(raw_query)
    if not raw_path.startswith(b"/"):
        raise S3SelectError("InvalidURI", "The request target must begin with a slash.")
    bucket = _bucket_of_host(host, domains)
    if bucket is not None:
        key = _decoded(raw_path[1:], "path") or None
        return Address(bucket, _checked(key), parameters, virtual_host=True)
    first, slash, rest = raw_path[1:].partition(b"/")
    bucket = _decoded(first, "path") or None
    key = _decoded(rest, "path") or None if slash else None
    if bucket is None and key is not None:
        raise S3SelectError("InvalidURI", "The path has a key and no bucket before it: it begins with //.")
    return Address(bucket, _checked(key), parameters)


def host_name(host: str) -> str:
    """The name in a Host header, in lower case, without its port."""
    name = host.lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]


def _bucket_of_host(host: str, domains: Sequence[str]) -> str | None:
    name = host_name(host)
    for domain in domains:
        bucket = name.removesuffix(f".{domain.lower()}")
        if bucket and bucket != name:
            return bucket
    return None


def _parameters(raw_query: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in raw_query.split(b"&") if raw_query else []:
        if not pair:
            continue
        name, _, value = pair.partition(b"=")
        decoded = _decoded(name.replace(b"+", b" "), "query string")
        if decoded in found:
            raise S3SelectError(
                "InvalidArgument", f"The parameter {decoded[:40]!r} comes twice in the query string."
            )
        found[decoded] = _decoded(value.replace(b"+", b" "), "query string")
    return found


def _decoded(raw: bytes, where: str) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise S3SelectError("InvalidURI", f"The {where} is not percent-encoded UTF-8.") from error


def _checked(key: str | None) -> str | None:
    if key is not None:
        check_key_length(key)
    return key


def check_key_length(key: str) -> None:
    """Refuse a key that is too long.

    Raises:
        S3SelectError: ``KeyTooLongError``.
    """
    if len(key.encode()) > MAX_KEY_BYTES:
        raise S3SelectError(
            "KeyTooLongError",
            f"The key is {len(key.encode()):,} bytes long; the most is {MAX_KEY_BYTES:,} bytes.",
        )
