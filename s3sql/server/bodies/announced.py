"""What the headers of a request say of its body, before a byte of it is asked for.

In: headers, and what the signature says stands for the body.  Out: an :class:`ExpectedBody`.

    how it comes     plain, or in aws-chunked framing, with signatures or without
    how long it is   Content-Length, x-amz-decoded-content-length
    what it holds    x-amz-content-sha256, Content-MD5, one x-amz-checksum-* or the trailer that brings it

Source: AWS S3 API Reference, "PutObject" and "Error responses"; AWS S3 User Guide, "Checking object integrity
for data uploads". Which code a contradiction has is as S3 was seen to answer.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from starlette.datastructures import Headers

from s3sql.checksums import ALGORITHMS, DIGEST_BYTES, ChecksumAlgorithm, decoded_checksum
from s3sql.errors import S3SelectError
from s3sql.server.settings import Limits
from s3sql.server.signatures.content_sha256 import (
    STREAMING_SIGNED,
    STREAMING_SIGNED_TRAILER,
    STREAMING_UNSIGNED_TRAILER,
    UNSIGNED_PAYLOAD,
)

AWS_CHUNKED = "aws-chunked"
_STREAMING = (STREAMING_SIGNED, STREAMING_SIGNED_TRAILER, STREAMING_UNSIGNED_TRAILER)
_WITH_TRAILER = (STREAMING_SIGNED_TRAILER, STREAMING_UNSIGNED_TRAILER)

_CHECKSUM = "x-amz-checksum-"
#: Headers that begin as checksums do and are none.
_NO_CHECKSUMS = {f"{_CHECKSUM}algorithm", f"{_CHECKSUM}mode", f"{_CHECKSUM}type"}
_SDK_ALGORITHM = "x-amz-sdk-checksum-algorithm"
_TRAILER = "x-amz-trailer"
_DECODED_LENGTH = "x-amz-decoded-content-length"

_LENGTH = re.compile("[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ExpectedBody:
    """A body as it is announced.

    ``length`` is that of the decoded bytes, ``wire_length`` that of those which come; None: the request does
    not say. ``sha256`` and ``md5`` are hexadecimal. ``checksum`` is in base64; None with an ``algorithm``:
    the trailer brings it.
    """

    length: int | None
    wire_length: int | None
    chunked: bool = False
    signed_chunks: bool = False
    signed_trailer: bool = False
    sha256: str | None = None
    md5: str | None = None
    algorithm: ChecksumAlgorithm | None = None
    checksum: str | None = None

    @property
    def in_trailer(self) -> bool:
        """Whether the checksum comes behind the body."""
        return self.algorithm is not None and self.checksum is None


def expected_body(
    headers: Headers, content_sha256: str, limits: Limits, *, of_whole_object: bool = False
) -> ExpectedBody:
    """What *headers* announce.

    *of_whole_object*: the checksum in them is not the body's but that of the object that results.

    Raises:
        S3SelectError: ``MissingContentLength``, ``EntityTooLarge``, ``InvalidDigest``, ``InvalidArgument``
            for a length that is none, ``NotImplemented`` for a checksum that is not one of the five,
            ``InvalidRequest`` for any other contradiction.
    """
    chunked = content_sha256 in _STREAMING
    wire_length = _length(headers, "content-length")
    length = _length(headers, _DECODED_LENGTH) if chunked else wire_length
    if chunked and length is None:
        raise S3SelectError(
            "MissingContentLength", f"A body in {AWS_CHUNKED} framing needs the header {_DECODED_LENGTH}."
        )
    if not chunked and AWS_CHUNKED in _codings(headers):
        raise S3SelectError(
            "InvalidRequest",
            f"Content-Encoding has {AWS_CHUNKED}, and x-amz-content-sha256 is {content_sha256[:40]!r}; with "
            f"that framing it must be one of {', '.join(_STREAMING)}.",
        )
    if not chunked and "transfer-encoding" in headers:
        raise S3SelectError(
            "MissingContentLength",
            "The body comes with Transfer-Encoding and without Content-Length. Send its length, or use "
            f"{AWS_CHUNKED} with {_DECODED_LENGTH}.",
        )
    if length is not None and length > limits.object_bytes:
        raise S3SelectError(
            "EntityTooLarge",
            f"The body has {length:,} bytes; the most is {limits.object_bytes:,}. Upload it in parts.",
        )
    algorithm, checksum = (None, None) if of_whole_object else _checksum(headers, content_sha256)
    return ExpectedBody(
        length=length,
        wire_length=wire_length,
        chunked=chunked,
        signed_chunks=content_sha256 in (STREAMING_SIGNED, STREAMING_SIGNED_TRAILER),
        signed_trailer=content_sha256 == STREAMING_SIGNED_TRAILER,
        sha256=None if chunked or content_sha256 == UNSIGNED_PAYLOAD else content_sha256.lower(),
        md5=_md5(headers),
        algorithm=algorithm,
        checksum=checksum,
    )


def stored_content_encoding(headers: Headers) -> str | None:
    """``Content-Encoding`` without the framing of the transfer, which is no property of the object."""
    return ",".join(coding for coding in _codings(headers) if coding.lower() != AWS_CHUNKED) or None


def _codings(headers: Headers) -> list[str]:
    names = (name.strip() for value in headers.getlist("content-encoding") for name in value.split(","))
    return [AWS_CHUNKED if name.lower() == AWS_CHUNKED else name for name in names if name]


def _length(headers: Headers, name: str) -> int | None:
    value = headers.get(name)
    if value is None:
        return None
    if not _LENGTH.fullmatch(value):
        raise S3SelectError("InvalidArgument", f"{name} is {value[:40]!r}; it must be a number of bytes.")
    return int(value)


def _md5(headers: Headers) -> str | None:
    value = headers.get("content-md5")
    if value is None:
        return None
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 16:
        raise S3SelectError(
            "InvalidDigest", f"Content-MD5 is {value[:40]!r}; it must be the base64 text of 16 bytes."
        )
    return digest.hex()


def _checksum(headers: Headers, content_sha256: str) -> tuple[ChecksumAlgorithm | None, str | None]:
    """The algorithm of the body's checksum, and its value unless the trailer brings it."""
    sent = [
        name for name in map(str.lower, headers) if name.startswith(_CHECKSUM) and name not in _NO_CHECKSUMS
    ]
    announced = [name.strip().lower() for name in headers.get(_TRAILER, "").split(",") if name.strip()]
    if announced and content_sha256 not in _WITH_TRAILER:
        raise _contradiction(
            f"{_TRAILER} announces {announced[0][:40]!r}, and x-amz-content-sha256 is "
            f"{content_sha256[:40]!r}; a trailer needs {' or '.join(_WITH_TRAILER)}."
        )
    foreign = [name for name in announced if not name.startswith(_CHECKSUM)]
    if foreign:
        raise _contradiction(
            f"{_TRAILER} announces {foreign[0][:40]!r}; only a header {_CHECKSUM}* may be in the trailer."
        )
    unknown = [name for name in announced if name.removeprefix(_CHECKSUM).upper() not in ALGORITHMS]
    if unknown:
        raise _contradiction(
            f"The value specified in the {_TRAILER} header is not supported: {unknown[0][:60]!r}; the "
            f"checksums are {', '.join(ALGORITHMS)}."
        )
    if len({*sent, *announced}) > 1 or (sent and announced):
        raise _contradiction(
            "Expecting a single x-amz-checksum- header, and the request has "
            f"{', '.join(sorted([*sent, *announced]))[:120]}."
        )
    name = next(iter([*sent, *announced]), None)
    algorithm = _algorithm(name.removeprefix(_CHECKSUM), name) if name is not None else None
    value = headers.get(name) if name is not None and sent else None
    if algorithm is not None and value is not None and decoded_checksum(algorithm, value) is None:
        raise _contradiction(
            f"The value of {name}, {value[:80]!r}, is invalid: it must be the base64 text of "
            f"{DIGEST_BYTES[algorithm]} bytes."
        )
    _check_sdk_algorithm(headers.get(_SDK_ALGORITHM), algorithm)
    return algorithm, value


def _algorithm(name: str, where: str) -> ChecksumAlgorithm:
    found = next((algorithm for algorithm in ALGORITHMS if algorithm == name.upper()), None)
    if found is None:
        raise S3SelectError(
            "NotImplemented",
            f"The checksum {name[:40]!r} of {where[:60]} is not implemented; {', '.join(ALGORITHMS)} are.",
        )
    return found


def _check_sdk_algorithm(given: str | None, algorithm: ChecksumAlgorithm | None) -> None:
    if given is None:
        return
    if algorithm is None:
        raise _contradiction(
            f"{_SDK_ALGORITHM} is {given[:40]!r}, and neither a header {_CHECKSUM}* nor {_TRAILER} brings "
            "the checksum."
        )
    if _algorithm(given, _SDK_ALGORITHM) != algorithm:
        raise _contradiction(
            f"The value of {_SDK_ALGORITHM}, {given[:40]!r}, is invalid: the checksum that comes is "
            f"{algorithm}."
        )


def _contradiction(message: str) -> S3SelectError:
    return S3SelectError("InvalidRequest", message)
