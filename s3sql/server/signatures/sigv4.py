"""Who sent a request: Signature Version 4, verified.

In: a request line and headers as they came.  Out: :class:`Authenticated`, or None for a request without any
signature; nothing of the body is needed, or read.

    what is claimed ─▶ in time? ─▶ our region? ─▶ all signed that must be? ─▶ signature ─▶ session token

The canonical request is botocore's, whose signer is the one most clients have; it is given the bytes that
came instead of a request that is to be sent. A target that a client encoded in its own way on the wire is
also tried in the form of the documentation: decoded once, and encoded again. Both name one resource.

Whether the key is known or not, the same is computed in the same order: the time taken tells nothing.

A request can be sent again while its time is good, as with S3: a signature is no protection from that.

Source: AWS S3 API Reference, "Authenticating requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.settings import Key, Settings
from s3sql.server.signatures.chunks import ChunkSignatures
from s3sql.server.signatures.claims import (
    SIGNATURE_PARAMETER,
    Claim,
    HeaderValues,
    claim_of,
    decoded,
    quoted,
)
from s3sql.server.signatures.content_sha256 import CONTENT_SHA256
from s3sql.server.signatures.signing import ALGORITHM, SigningKey, same_text

#: How far a client's clock may be off.
MAX_SKEW = timedelta(minutes=15)

#: The region in which clients ask for the region of a bucket when they do not know it.
_FIRST_REGION = "us-east-1"

#: Headers that must not come twice, with all ``x-amz-*``: one reader may take the first and another the last.
_ONCE = {"authorization", "content-length", "content-md5", "content-type", "date", "host", "range"}
#: Headers whose values are lists, which may come as several headers, and every reader joins with commas.
_LISTS = ("x-amz-meta-", "x-amz-object-attributes", "x-amz-optional-object-attributes")

#: The one header that needs no signature of its own: its value is a line of what is signed.
_SIGNED_ANYWAY = CONTENT_SHA256

#: What stands for the secret of a key that nobody has.
_NOBODY = secrets.token_hex(20)

_SPACES = re.compile("[ \t]+")


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A request's sender, and what the rest of the request is verified with.

    ``content_sha256`` is the value of ``x-amz-content-sha256``, ``UNSIGNED-PAYLOAD`` for most presigned URLs.
    """

    key: Key
    content_sha256: str
    presigned: bool
    signing_key: SigningKey = field(repr=False)
    timestamp: str
    signature: str = field(repr=False)

    def chunk_signatures(self) -> ChunkSignatures:
        """The chain of the signatures of the body's chunks, from its beginning."""
        return ChunkSignatures(self.signing_key, self.timestamp, self.signature)


def authenticate(
    method: str, raw_path: bytes, raw_query: bytes, headers: Headers, settings: Settings, now: datetime
) -> Authenticated | None:
    """The sender of a request, or None for an anonymous one.

    Raises:
        S3SelectError: what :func:`~s3sql.server.signatures.claims.claim_of` raises, ``RequestTimeTooSkewed``,
            ``AccessDenied`` (an expired presigned URL, headers that are not signed), ``InvalidAccessKeyId``,
            ``SignatureDoesNotMatch``, ``InvalidToken``, ``ExpiredToken``.
    """
    values = _header_values(headers)
    claim = claim_of(values, raw_query)
    if claim is None:
        return None
    _check_time(claim, now)
    _check_region(claim, settings, asks_location=_asks_location(method, raw_query))
    _check_signed_headers(claim, values)
    key = settings.key(claim.access_key)
    signing_key = SigningKey.of(key.credentials.secret_key if key is not None else _NOBODY, claim.scope)
    signed = [
        same_text(
            claim.signature,
            _signature(signing_key, claim, _CanonicalRequest(target, claim, values).text(method)),
        )
        for target in _targets(raw_path, raw_query, claim)
    ]
    if key is None:
        raise S3SelectError(
            "InvalidAccessKeyId",
            f"The access key {quoted(claim.access_key)} is not known to this endpoint.",
            elements={"AWSAccessKeyId": claim.access_key[:128]},
        )
    if not any(signed):
        raise S3SelectError(
            "SignatureDoesNotMatch",
            "The signature that came is not the one of this request and its access key. Check the secret "
            "key, and that nothing on the way changes the method, the path, the query string or a signed "
            "header.",
        )
    _check_token(claim, key, now)
    return Authenticated(
        key, claim.content_sha256, claim.presigned, signing_key, claim.timestamp, claim.signature
    )


def _header_values(headers: Headers) -> HeaderValues:
    """The headers by name, none of them ambiguous."""
    values: dict[str, list[str]] = {}
    for raw_name, raw_value in headers.raw:
        name, value = raw_name.lower().decode("latin-1"), raw_value.decode("latin-1")
        if any(character in value for character in "\r\n\0"):
            raise S3SelectError("InvalidRequest", f"The header {name} has a line break or a NUL in it.")
        values.setdefault(name, []).append(value)
    for name, several in values.items():
        once = name in _ONCE or (name.startswith("x-amz-") and not name.startswith(_LISTS))
        if len(several) > 1 and once:
            raise S3SelectError(
                "InvalidRequest", f"The header {name} comes {len(several)} times; send it once."
            )
    return values


# ---- checks of a claim


def _check_time(claim: Claim, now: datetime) -> None:
    if claim.expires is None:
        if abs(now - claim.made) > MAX_SKEW:
            raise S3SelectError(
                "RequestTimeTooSkewed",
                f"The request was signed at {claim.made:%Y-%m-%dT%H:%M:%SZ}, and here it is "
                f"{now:%Y-%m-%dT%H:%M:%SZ}. The difference may be 15 minutes; check the clock.",
                elements={
                    "RequestTime": f"{claim.made:%Y%m%dT%H%M%SZ}",
                    "ServerTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                    "MaxAllowedSkewMilliseconds": f"{MAX_SKEW.total_seconds() * 1000:.0f}",
                },
            )
        return
    if claim.made - now > MAX_SKEW:
        raise S3SelectError(
            "AccessDenied", f"Request is not valid yet: X-Amz-Date is {claim.made:%Y-%m-%dT%H:%M:%SZ}."
        )
    if now - claim.made > claim.expires:
        raise S3SelectError(
            "AccessDenied",
            f"Request has expired: it was good for {claim.expires.total_seconds():,.0f} s from "
            f"{claim.made:%Y-%m-%dT%H:%M:%SZ} on.",
        )


def _check_region(claim: Claim, settings: Settings, *, asks_location: bool) -> None:
    region = claim.scope.region
    if settings.region in (None, region) or (asks_location and region == _FIRST_REGION):
        return
    raise S3SelectError(
        "AuthorizationQueryParametersError" if claim.presigned else "AuthorizationHeaderMalformed",
        f"The {'Credential' if claim.presigned else 'authorization header'} is malformed; the region "
        f"{quoted(region)} is wrong; expecting '{settings.region}'",
        elements={"Region": settings.told_region},
    )


def _asks_location(method: str, raw_query: bytes) -> bool:
    names = (decoded(pair.partition(b"=")[0]) for pair in raw_query.split(b"&"))
    return method == "GET" and "location" in names


def _check_signed_headers(claim: Claim, values: HeaderValues) -> None:
    if "host" not in claim.signed_headers:
        raise S3SelectError("AccessDenied", "The header host must be signed: it belongs in SignedHeaders.")
    unsigned = [
        name
        for name in values
        if name.startswith("x-amz-") and name not in claim.signed_headers and name != _SIGNED_ANYWAY
    ]
    if unsigned:
        raise S3SelectError(
            "AccessDenied",
            "There were headers present in the request which were not signed: "
            f"{quoted(', '.join(unsigned))}. Every x-amz-* header belongs in SignedHeaders.",
        )
    absent = [name for name in sorted(claim.signed_headers) if name not in values]
    if absent:
        raise S3SelectError(
            "SignatureDoesNotMatch",
            f"SignedHeaders names {quoted(', '.join(absent))}, and the request has no such header.",
        )


def _check_token(claim: Claim, key: Key, now: datetime) -> None:
    expected = key.credentials.session_token
    if expected is None and claim.session_token is not None:
        raise S3SelectError("InvalidToken", "A session token came with an access key that has none.")
    if expected is not None and claim.session_token is None:
        raise S3SelectError("InvalidToken", "The access key is a temporary one: send its session token too.")
    if expected is not None and not same_text(claim.session_token or "", expected):
        raise S3SelectError("InvalidToken", "The session token is not the one of the access key.")
    if key.expires is not None and now >= key.expires:
        raise S3SelectError(
            "ExpiredToken", f"The credentials expired at {key.expires:%Y-%m-%dT%H:%M:%S%z}; get new ones."
        )


# ---- the canonical request


class _SignedHeaders(dict[str, list[str]]):
    """The signed headers as botocore reads them, found by hashing: a request may bring thousands."""

    def get_all(self, name: str) -> list[str]:
        return self[name]


class _CanonicalRequest(S3SigV4Auth):
    """botocore's canonical form, of a request that came."""

    def __init__(self, target: _Target, claim: Claim, values: HeaderValues) -> None:
        super().__init__(None, claim.scope.service, claim.scope.region)  # type: ignore[arg-type]
        self._target = target
        self._payload = claim.payload
        self._signed = _SignedHeaders({name: list(values[name]) for name in claim.signed_headers})

    def text(self, method: str) -> bytes:
        """The canonical request in bytes: those of the headers and the target as they came."""
        # The URL of the request is not looked at: everything of the target is given by the methods below.
        text = self.canonical_request(AWSRequest(method=method, url="http://localhost/"))
        return text.encode("latin-1", "backslashreplace")

    def headers_to_sign(self, request: Any) -> Any:
        return self._signed

    def canonical_query_string(self, request: Any) -> str:
        return "&".join(f"{name}={value}" for name, value in self._target.parameters)

    def payload(self, request: Any) -> str:
        return self._payload

    def _normalize_url_path(self, path: str) -> str:
        return self._target.path

    def _header_value(self, value: str) -> str:
        # Blanks only: to Python bytes of UTF-8 such as \xa0 are white space too.
        return _SPACES.sub(" ", value).strip(" ")


@dataclass(frozen=True, slots=True)
class _Target:
    """A request's path and its parameters in their order, encoded, a character per byte."""

    path: str
    parameters: tuple[tuple[str, str], ...]


def _targets(raw_path: bytes, raw_query: bytes, claim: Claim) -> dict[_Target, None]:
    """The forms in which a client may have signed the target: as it came, and as documented."""
    came: list[tuple[bytes, bytes]] = []
    for pair in raw_query.split(b"&") if raw_query else []:
        name, _, value = pair.partition(b"=")
        if not claim.presigned or decoded(name) != SIGNATURE_PARAMETER:
            came.append((name, value))
    as_it_came = sorted((name.decode("latin-1"), value.decode("latin-1")) for name, value in came)
    documented = sorted(
        (_encoded(name.replace(b"+", b" ")), _encoded(value.replace(b"+", b" "))) for name, value in came
    )
    path = raw_path or b"/"
    return dict.fromkeys(
        (_Target(path.decode("latin-1"), tuple(as_it_came)), _Target(_encoded(path, "/"), tuple(documented)))
    )


def _encoded(raw: bytes, safe: str = "") -> str:
    """*raw* decoded once and percent-encoded as the documentation of Signature Version 4 says."""
    return quote(unquote_to_bytes(raw), safe=f"{safe}-_.~")


def _signature(key: SigningKey, claim: Claim, canonical: bytes) -> str:
    return key.sign(ALGORITHM, claim.timestamp, hashlib.sha256(canonical).hexdigest())
