"""What a request says of its own signature, in either of the two forms, before any of it is believed.

In: headers and the query string.  Out: a :class:`Claim`, or None from a request that claims nothing.

    Authorization: AWS4-HMAC-SHA256 Credential=KEY/20130524/us-east-1/s3/aws4_request,
                   SignedHeaders=host;x-amz-date, Signature=…                                 header form
    ?X-Amz-Algorithm=…&X-Amz-Credential=…&X-Amz-Date=…&X-Amz-Expires=…&X-Amz-SignedHeaders=…
                   &X-Amz-Signature=…                                                         presigned form

Source: AWS S3 API Reference, "Authenticating requests", using the Authorization header or query parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from s3sql.errors import S3SelectError
from s3sql.server.signatures.content_sha256 import CONTENT_SHA256, UNSIGNED_PAYLOAD, checked_payload
from s3sql.server.signatures.signing import ALGORITHM, Scope

#: Every header by its name in lower case: its values in their order, each a character per byte.
HeaderValues: TypeAlias = Mapping[str, Sequence[str]]

#: The parameter that a presigned URL's signature does not sign: itself.
SIGNATURE_PARAMETER = "X-Amz-Signature"

#: For how many seconds a presigned URL may be good: a week.
MAX_EXPIRES = 604_800

#: Parameters that a request may have; S3 knows some dozens, and each is sorted before anyone is known.
MAX_PARAMETERS = 1_000

_ECDSA = "AWS4-ECDSA-P256-SHA256"
_COMPONENTS = ("Credential", "SignedHeaders", "Signature")
#: Parameters of which any one makes a URL a presigned one, or a broken one.
_PRESIGNING = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-SignedHeaders", SIGNATURE_PARAMETER)
_PRESIGNED = (*_PRESIGNING, "X-Amz-Date", "X-Amz-Expires")
_VERSION_2 = ("AWSAccessKeyId", "Signature")
_TOKEN = "x-amz-security-token"

_TIMESTAMP = re.compile("[0-9]{8}T[0-9]{6}Z", re.ASCII)
_EXPIRES = re.compile("[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who says to have signed a request, when, and what of it.

    ``payload`` stands for the body in what was signed; ``content_sha256`` is what the body has to be checked
    against. ``expires``: how long a presigned URL is good for; None in the header form.
    """

    access_key: str
    scope: Scope
    signed_headers: frozenset[str]
    signature: str
    timestamp: str
    made: datetime
    payload: str
    content_sha256: str
    session_token: str | None = field(default=None, repr=False)
    expires: timedelta | None = None

    @property
    def presigned(self) -> bool:
        """Whether the signature came in the query string."""
        return self.expires is not None


def claim_of(headers: HeaderValues, raw_query: bytes) -> Claim | None:
    """What the request claims.

    Raises:
        S3SelectError: ``AuthorizationHeaderMalformed``, ``AuthorizationQueryParametersError``,
            ``AccessDenied`` (no date), ``InvalidArgument`` (both forms, another scheme, a payload hash that
            is none, too many parameters), ``InvalidRequest`` (Signature Version 2, a header twice),
            ``UnsupportedSignature``.
    """
    parameters = _parameters(raw_query)
    authorization = single(headers, "authorization")
    in_query = any(name in parameters for name in _PRESIGNING)
    version_2 = all(name in parameters for name in _VERSION_2)
    if authorization is not None and (in_query or version_2):
        raise S3SelectError(
            "InvalidArgument",
            "The request has an Authorization header and a signature in its query string. Only one of the "
            "two is allowed.",
        )
    if version_2:
        raise _old_version("The query string")
    if authorization is not None:
        return _of_header(authorization, headers)
    if in_query:
        return _of_query(parameters, headers)
    return None


def single(headers: HeaderValues, name: str) -> str | None:
    """The value of a header that may come once; None if it does not.

    Raises:
        S3SelectError: ``InvalidRequest`` when it comes more often.
    """
    values = headers.get(name, ())
    if len(values) > 1:
        raise S3SelectError("InvalidRequest", f"The header {name} comes {len(values)} times; send it once.")
    return values[0] if values else None


def quoted(value: str) -> str:
    """The beginning of *value* for a message."""
    return repr(value if len(value) <= 60 else f"{value[:60]}…")


# ---- the header form


def _of_header(authorization: str, headers: HeaderValues) -> Claim:
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme == "AWS":
        raise _old_version("The Authorization header")
    if scheme == _ECDSA:
        raise _asymmetric()
    if scheme != ALGORITHM:
        raise S3SelectError(
            "InvalidArgument",
            f"The Authorization header begins with {quoted(scheme)}; {ALGORITHM} is supported.",
        )
    components = _components(rest)
    access_key, scope = _credential(components["Credential"], "AuthorizationHeaderMalformed")
    timestamp, made = _date(headers)
    _check_date(scope, timestamp, "AuthorizationHeaderMalformed")
    content_sha256 = single(headers, CONTENT_SHA256)
    if content_sha256 is None:
        raise S3SelectError(
            "InvalidRequest",
            f"Missing required header for this request: {CONTENT_SHA256}. It is the SHA-256 of the body in "
            f"hexadecimal, or {UNSIGNED_PAYLOAD}.",
        )
    return Claim(
        access_key=access_key,
        scope=scope,
        signed_headers=_signed_headers(components["SignedHeaders"], "AuthorizationHeaderMalformed"),
        signature=components["Signature"],
        timestamp=timestamp,
        made=made,
        payload=checked_payload(content_sha256),
        content_sha256=content_sha256,
        session_token=single(headers, _TOKEN),
    )


def _components(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for component in text.split(","):
        name, _, value = component.strip().partition("=")
        if name not in _COMPONENTS or name in found:
            raise S3SelectError(
                "AuthorizationHeaderMalformed",
                f"The Authorization header has {quoted(component)} where one each of "
                f"{', '.join(_COMPONENTS)} belongs, with commas between them.",
            )
        found[name] = value
    for name in _COMPONENTS:
        if not found.get(name):
            raise S3SelectError("AuthorizationHeaderMalformed", f"The Authorization header lacks {name}.")
    return found


def _date(headers: HeaderValues) -> tuple[str, datetime]:
    """When the request was signed, as in the string to sign and as a time: ``x-amz-date``, else ``Date``."""
    given = single(headers, "x-amz-date")
    if given is None:
        given = single(headers, "date")
        if given is not None and not _TIMESTAMP.fullmatch(given):
            given = _timestamp_of_http_date(given)
    made = _time(given) if given is not None else None
    if given is None or made is None:
        raise S3SelectError(
            "AccessDenied",
            "A signed request needs the header x-amz-date, such as 20130524T000000Z, or a Date.",
        )
    return given, made


def _timestamp_of_http_date(value: str) -> str | None:
    try:
        found = parsedate_to_datetime(value)
        # Without a zone, or with "-0000", the time is UTC (RFC 5322, section 3.3), not this machine's.
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{found:%Y%m%dT%H%M%SZ}"


# ---- the presigned form


def _of_query(parameters: Mapping[str, str], headers: HeaderValues) -> Claim:
    for name in _PRESIGNED:
        if not parameters.get(name):
            raise _wrong_query(f"The query string lacks {name}. A presigned URL has {', '.join(_PRESIGNED)}.")
    if parameters["X-Amz-Algorithm"] == _ECDSA:
        raise _asymmetric()
    if parameters["X-Amz-Algorithm"] != ALGORITHM:
        raise _wrong_query(
            f"X-Amz-Algorithm is {quoted(parameters['X-Amz-Algorithm'])}; {ALGORITHM} is supported."
        )
    access_key, scope = _credential(parameters["X-Amz-Credential"], "AuthorizationQueryParametersError")
    timestamp = parameters["X-Amz-Date"]
    made = _time(timestamp)
    if made is None:
        raise _wrong_query(f"X-Amz-Date is {quoted(timestamp)}; it must be such as 20130524T000000Z.")
    _check_date(scope, timestamp, "AuthorizationQueryParametersError")
    signed_headers = _signed_headers(parameters["X-Amz-SignedHeaders"], "AuthorizationQueryParametersError")
    payload, content_sha256 = _presigned_payload(parameters, headers, signed_headers)
    return Claim(
        access_key=access_key,
        scope=scope,
        signed_headers=signed_headers,
        signature=parameters[SIGNATURE_PARAMETER],
        timestamp=timestamp,
        made=made,
        payload=payload,
        content_sha256=content_sha256,
        session_token=parameters.get("X-Amz-Security-Token"),
        expires=_expires(parameters["X-Amz-Expires"]),
    )


def _expires(value: str) -> timedelta:
    if not _EXPIRES.fullmatch(value) or not 1 <= int(value) <= MAX_EXPIRES:
        raise _wrong_query(
            f"X-Amz-Expires is {quoted(value)}; it must be a number of seconds from 1 to {MAX_EXPIRES:,}."
        )
    return timedelta(seconds=int(value))


def _presigned_payload(
    parameters: Mapping[str, str], headers: HeaderValues, signed_headers: frozenset[str]
) -> tuple[str, str]:
    """What stands for the body in what a presigned URL signs, and what the body is checked against.

    Whoever presigns seldom knows the body, and signs ``UNSIGNED-PAYLOAD``; a hash may be signed as a
    parameter or a header. A hash that only the sender of the body gives is checked, although not signed.
    """
    allowed = (UNSIGNED_PAYLOAD,)
    told = single(headers, CONTENT_SHA256)
    if told is not None:
        checked_payload(told, allowed)
    signed = parameters.get("X-Amz-Content-Sha256")
    if signed is None:
        signed = told if told is not None and CONTENT_SHA256 in signed_headers else UNSIGNED_PAYLOAD
    checked_payload(signed, allowed)
    return signed, told if told is not None and signed == UNSIGNED_PAYLOAD else signed


# ---- both forms


def _parameters(raw_query: bytes) -> dict[str, str]:
    """The parameters that concern signatures, decoded; any other is left out."""
    wanted = (*_PRESIGNED, *_VERSION_2, "X-Amz-Security-Token", "X-Amz-Content-Sha256")
    found: dict[str, str] = {}
    if raw_query.count(b"&") >= MAX_PARAMETERS:
        raise S3SelectError(
            "InvalidArgument", f"The query string has more than {MAX_PARAMETERS:,} parameters."
        )
    for pair in raw_query.split(b"&"):
        raw_name, _, raw_value = pair.partition(b"=")
        name = decoded(raw_name)
        if name not in wanted:
            continue
        if name in found:
            raise S3SelectError("InvalidArgument", f"The parameter {name} comes twice in the query string.")
        found[name] = decoded(raw_value)
    return found


def decoded(raw: bytes) -> str:
    """A part of a query string without its percent-encoding, a character per byte."""
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("latin-1")


def _credential(text: str, code: str) -> tuple[str, Scope]:
    """The access key, which may hold slashes, and the scope behind it."""
    parts = text.rsplit("/", 4)
    if len(parts) != 5 or not all(parts):
        raise S3SelectError(
            code, f"The Credential is {quoted(text)}; it must be KEY/20130524/us-east-1/s3/aws4_request."
        )
    access_key, date, region, service, terminator = parts
    if service != "s3":
        raise S3SelectError(code, f"The Credential is for the service {quoted(service)}; it must be 's3'.")
    if terminator != "aws4_request":
        raise S3SelectError(
            code, f"The Credential ends in {quoted(terminator)}; it must end in 'aws4_request'."
        )
    return access_key, Scope(date, region, service)


def _signed_headers(text: str, code: str) -> frozenset[str]:
    names = text.split(";")
    if not all(names):
        raise S3SelectError(code, f"SignedHeaders is {quoted(text)}; it must be names with ';' between them.")
    return frozenset(name.lower() for name in names)


def _check_date(scope: Scope, timestamp: str, code: str) -> None:
    if scope.date != timestamp[:8]:
        raise S3SelectError(
            code,
            f"The date of the Credential is {quoted(scope.date)}; it must be that of the request, "
            f"{timestamp[:8]!r}.",
        )


def _time(timestamp: str) -> datetime | None:
    if not _TIMESTAMP.fullmatch(timestamp):
        return None
    try:
        # The digits stand where the pattern says; strptime would take as long as a signature.
        month, day, hour, minute, second = (int(timestamp[at : at + 2]) for at in (4, 6, 9, 11, 13))
        return datetime(int(timestamp[:4]), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _wrong_query(message: str) -> S3SelectError:
    return S3SelectError("AuthorizationQueryParametersError", message)


def _old_version(where: str) -> S3SelectError:
    return S3SelectError(
        "InvalidRequest",
        f"{where} has a signature of version 2, which is not supported. Use {ALGORITHM}: with boto3 that is "
        "Config(signature_version='s3v4').",
    )


def _asymmetric() -> S3SelectError:
    return S3SelectError(
        "UnsupportedSignature", f"{_ECDSA} (Signature Version 4A) is not supported. Use {ALGORITHM}."
    )
