"""Objects behind an S3 endpoint, by way of boto3.

In: a boto3 client, or where to find an endpoint.  Out: an :class:`S3Object`.

One ``GetObject`` stays open for as long as reads go forward; a read elsewhere opens another, from there to
the object's end. Only the beginning, which is looked at before it is read, is kept as long as no more than
that has been read. A reader that jumps about, as that of Parquet does, asks for the bytes that it wants and
no more.  Every request after the first carries ``If-Match`` with the ETag of the first answer, and
every answer is checked for it, so that one query sees one version.  A body that breaks is resumed at the
byte where it broke.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Protocol

import boto3
from botocore import exceptions as botocore_errors
from urllib3.exceptions import HTTPError

from s3sql.errors import S3SelectError
from s3sql.stores.base import OpenObject, changed
from s3sql.stores.stream import StreamObject

#: A body may break this often in every :data:`RESUME_WINDOW_BYTES` read before the query gives up.
MAX_RESUMES = 5
RESUME_WINDOW_BYTES = 16 << 20

#: Seconds before the second resumption in a window; each further one waits twice as long.
RESUME_DELAY_SECONDS = 0.05

#: So many bytes at an object's beginning can be read again without a request: a look at the format, a header
#: line.
KEPT_BYTES = 128 << 10

#: Bytes for which a request is worth its while: on a fast connection they take longer than its answer.
REQUEST_BYTES = 8 << 20

#: What a body raises when its connection is lost: botocore's errors, and those of the layers under it that
#: botocore lets through.
_BROKEN_BODY = (
    botocore_errors.IncompleteReadError,
    botocore_errors.HTTPClientError,
    botocore_errors.ResponseStreamingError,
    HTTPError,
    OSError,
)

_CREDENTIALS = (
    botocore_errors.NoCredentialsError,
    botocore_errors.PartialCredentialsError,
    botocore_errors.CredentialRetrievalError,
    botocore_errors.TokenRetrievalError,
    botocore_errors.ProfileNotFound,
    botocore_errors.NoAuthTokenError,
)

#: Codes of throttling, which AWS spells in several ways, and of an object that must be restored first.
_THROTTLING = {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests"}
_ARCHIVED = {"InvalidObjectState"}

#: The code for a status whose answer carries none: HEAD, proxies, servers that are not S3.
_CODES_BY_STATUS = {
    301: "PermanentRedirect",
    307: "TemporaryRedirect",
    401: "AccessDenied",
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    412: "PreconditionFailed",
    416: "PreconditionFailed",
    429: "SlowDown",
    501: "NotImplemented",
    503: "ServiceUnavailable",
}


class S3Client(Protocol):
    """What is needed of a boto3 S3 client."""

    def get_object(self, **members: Any) -> Mapping[str, Any]:
        """``GetObject``."""


class S3Store:
    """The buckets of one endpoint, as one boto3 client sees them."""

    __slots__ = ("client",)

    def __init__(self, client: S3Client) -> None:
        self.client = client

    @classmethod
    def connect(
        cls,
        *,
        endpoint_url: str | None = None,
        region_name: str | None = None,
        profile_name: str | None = None,
    ) -> S3Store:
        """A store with a client of its own, configured as boto3 does it: environment, files, role.

        Raises:
            S3SelectError: ``AccessDenied`` when the profile or its credentials cannot be read,
                ``InvalidRequest`` when the endpoint or the region is not one.
        """
        try:
            session = boto3.Session(profile_name=profile_name) if profile_name else boto3
            return cls(session.client("s3", endpoint_url=endpoint_url, region_name=region_name))
        except (botocore_errors.BotoCoreError, ValueError) as error:
            if isinstance(error, _CREDENTIALS):
                raise S3SelectError("AccessDenied", f"{error}.", status=403) from error
            raise S3SelectError("InvalidRequest", f"No S3 client could be made: {error}.") from error

    def open(
        self,
        bucket: str,
        key: str,
        *,
        sse_customer_algorithm: str | None = None,
        sse_customer_key: str | bytes | None = None,
        sse_customer_key_md5: str | None = None,
        expected_bucket_owner: str | None = None,
    ) -> S3Object:
        """Ask for *key* from its first byte on, which tells size and version too.

        Raises:
            S3SelectError: as :meth:`s3sql.stores.base.ObjectStore.open`, with the endpoint's own code
                where it gives one.
        """
        members = {
            "Bucket": bucket,
            "Key": key,
            "SSECustomerAlgorithm": sse_customer_algorithm,
            "SSECustomerKey": sse_customer_key,
            "SSECustomerKeyMD5": sse_customer_key_md5,
            "ExpectedBucketOwner": expected_bucket_owner,
        }
        return S3Object(self.client, {name: given for name, given in members.items() if given is not None})


class S3Object(OpenObject):
    """One version of one object behind an endpoint."""

    __slots__ = (
        "_beginning",
        "_body",
        "_client",
        "_end",
        "_interrupted",
        "_members",
        "_name",
        "_position",
        "_resumes",
        "_window_start",
    )

    #: See :class:`s3sql.stores.base.RangedObject`.
    request_bytes = REQUEST_BYTES

    def __init__(self, client: S3Client, members: dict[str, Any]) -> None:
        """Open the object that *members*, those of ``GetObject``, name."""
        self._client = client
        self._members = members
        self._name = f"s3://{members['Bucket']}/{members['Key']}"
        self._position = 0
        self._beginning = bytearray()
        self._resumes = 0
        self._window_start = 0
        self._interrupted = False
        answer = self._get(members)
        self._body: Any = answer["Body"]
        self.size: int = answer["ContentLength"]
        # Where the open body ends.
        self._end = self.size
        self.etag = _etag(answer)
        if not self.etag:
            self.close()
            raise S3SelectError(
                "InternalError",
                f"The endpoint sent {self._name} without an ETag, so a change of the object during the query "
                "could not be noticed.",
                status=500,
            )

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; see :meth:`s3sql.stores.base.StoredObject.read_into`."""
        return self._read(buffer, offset, self.size)

    def read_range_into(self, buffer: memoryview, offset: int) -> int:
        """As :meth:`read_into`, by a request for these bytes only, unless the open body has them next."""
        return self._read(buffer, offset, min(offset + len(buffer), self.size))

    def _read(self, buffer: memoryview, offset: int, end: int) -> int:
        """Fill *buffer*, where need be from a new body that ends at *end*."""
        wanted = buffer[: max(0, min(len(buffer), self.size - offset))]
        filled = self._read_again(wanted, offset)
        if filled == len(wanted):
            return filled
        start = offset + filled
        if self._body is None or start != self._position or offset + len(wanted) > self._end:
            self._open_at(start, end)
        while filled < len(wanted):
            try:
                count = self._body.readinto(wanted[filled:])
            except botocore_errors.FlexibleChecksumError as error:
                raise _bad_checksum(self._name) from error
            except _BROKEN_BODY as error:
                self._resume(error)
                continue
            if not count:
                self._resume(None)
                continue
            self._keep(wanted[filled : filled + count])
            filled += count
            self._position += count
        if self._position == self._end:
            self._finish()
        return filled

    def _read_again(self, wanted: memoryview, offset: int) -> int:
        """Copy what of *wanted* is kept, if the rest, if any, is what the open body has next."""
        kept = self._beginning[offset : offset + len(wanted)]
        if len(kept) < len(wanted) and self._position != len(self._beginning):
            return 0
        wanted[: len(kept)] = kept
        return len(kept)

    def _keep(self, piece: memoryview) -> None:
        """Keep *piece*, which has just been read, if all before it is kept."""
        if self._position != len(self._beginning):
            return
        if self._position + len(piece) > KEPT_BYTES:
            self._beginning = bytearray()
            return
        self._beginning += piece

    def interrupt(self) -> None:
        """Let a read fail soon that waits for a silent endpoint."""
        self._interrupted = True
        # Closing it would not wake who reads it. There is none when the body has ended, or ends just now.
        connection: Any = getattr(getattr(self._body, "_raw_stream", None), "connection", None)
        with contextlib.suppress(AttributeError, OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection of an unfinished body; it cannot be used again."""
        body, self._body = self._body, None
        if body is not None:
            body.close()

    def _finish(self) -> None:
        """Read the end behind the last byte, at which botocore verifies the object's checksum."""
        body, self._body = self._body, None
        try:
            body.readinto(memoryview(bytearray(1)))
        except botocore_errors.FlexibleChecksumError as error:
            raise _bad_checksum(self._name) from error
        except _BROKEN_BODY:
            # Every byte that was promised is here; how the connection ended no longer matters.
            return
        finally:
            body.close()

    def _open_at(self, offset: int, end: int) -> None:
        """Have the body start at *offset* and end at *end*."""
        self.close()
        last = "" if end == self.size else end - 1
        members = {**self._members, "Range": f"bytes={offset}-{last}", "IfMatch": f'"{self.etag}"'}
        answer = self._get(members)
        self._body = answer["Body"]
        self._position, self._end = offset, end
        if _etag(answer) != self.etag:
            self.close()
            raise changed(self._name)
        if not str(answer.get("ContentRange", "")).startswith(f"bytes {offset}-") and offset:
            self.close()
            raise S3SelectError(
                "NotImplemented",
                f"The endpoint answered a request for the bytes of {self._name} from {offset:,} on with "
                "something else. s3sql needs an endpoint with range requests.",
                status=501,
            )

    def _resume(self, error: Exception | None) -> None:
        """Open the body again where it broke with *error*, or where it ended early.

        Raises:
            S3SelectError: ``InternalError`` when it breaks too often.
        """
        if self._position - self._window_start >= RESUME_WINDOW_BYTES:
            self._window_start = self._position
            self._resumes = 0
        self._resumes += 1
        if self._resumes > MAX_RESUMES:
            self.close()
            raise S3SelectError(
                "InternalError",
                f"The connection broke {self._resumes} times while {self._name} was read, the last time at "
                f"byte {self._position:,} of {self.size:,}: {error or 'the body ended early'}.",
                status=500,
            ) from error
        if self._resumes > 1:
            time.sleep(RESUME_DELAY_SECONDS * 2 ** (self._resumes - 2))
        self._open_at(self._position, self._end)

    def _get(self, members: Mapping[str, Any]) -> Mapping[str, Any]:
        """``GetObject``, its failures as ours, unless nobody wants the answer any more."""
        if not self._interrupted:
            with asking_about(self._name):
                answer = self._client.get_object(**members)
            if not self._interrupted:
                return answer
            answer["Body"].close()
        raise S3SelectError("InternalError", f"Reading {self._name} was given up.", status=500)


def open_body(body: Any) -> StreamObject:
    """The ``Body`` of a ``get_object`` answer, whose object is not known, as a stream.

    Raises:
        S3SelectError: on reading, ``InternalError`` when the connection breaks, and ``BadDigest``.
    """

    def fill(buffer: memoryview) -> int:
        try:
            count: int = body.readinto(buffer)
        except botocore_errors.FlexibleChecksumError as error:
            raise _bad_checksum("the body") from error
        except _BROKEN_BODY as error:
            raise S3SelectError(
                "InternalError",
                f"The connection of the body broke: {error}. Pass s3://bucket/key instead, which is resumed.",
                status=500,
            ) from error
        return count

    return StreamObject(fill)


@contextlib.contextmanager
def asking_about(name: str) -> Iterator[None]:
    """What boto3 raises within, about the object *name*, as an S3SelectError."""
    try:
        yield
    except (botocore_errors.ClientError, botocore_errors.BotoCoreError) as error:
        raise_as_select_error(error, name)


def raise_as_select_error(
    error: botocore_errors.ClientError | botocore_errors.BotoCoreError, name: str
) -> NoReturn:
    """Raise what an endpoint answered, or failed to answer, about the object *name* as an S3SelectError."""
    if isinstance(error, botocore_errors.ClientError):
        raise _from_answer(error, name) from error
    if isinstance(error, _CREDENTIALS):
        raise S3SelectError("AccessDenied", f"{name} was not asked for: {error}.", status=403) from error
    if isinstance(error, botocore_errors.ParamValidationError):
        raise S3SelectError("InvalidRequest", f"{name} was not asked for: {error}.") from error
    if isinstance(error, botocore_errors.ConnectionError | botocore_errors.HTTPClientError):
        raise S3SelectError(
            "ServiceUnavailable", f"The endpoint gave no answer about {name}: {error}.", status=503
        ) from error
    raise S3SelectError("InternalError", f"Asking for {name} failed: {error}.", status=500) from error


def _from_answer(error: botocore_errors.ClientError, name: str) -> S3SelectError:
    """The endpoint's own code and message where it has them, else the code that goes with the status."""
    answer: Mapping[str, Any] = error.response
    status: int = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    code: str = answer.get("Error", {}).get("Code", "")
    message: str = answer.get("Error", {}).get("Message", "")
    if code in _ARCHIVED:
        return S3SelectError(
            "UnsupportedStorageClass",
            f"{name} is archived and must be restored before it can be queried: {message}",
        )
    if code in _THROTTLING:
        return S3SelectError(
            "SlowDown", f"{message or 'Please reduce your request rate.'} ({name})", status=503
        )
    if status in (412, 416) or code == "PreconditionFailed":
        return changed(name)
    if not code or code.isdigit():
        code = _CODES_BY_STATUS.get(status, "InternalError" if status >= 500 else "InvalidRequest")
    return S3SelectError(code, f"{message or 'The endpoint gave no reason.'} ({name})", status=status)


def _etag(answer: Mapping[str, Any]) -> str:
    """The ETag of an answer, without its quotation marks."""
    return str(answer.get("ETag", "")).strip('"')


def _bad_checksum(name: str) -> S3SelectError:
    """The error for bytes that are not those the endpoint's checksum was made of."""
    return S3SelectError(
        "BadDigest", f"The bytes of {name} do not have the checksum that the endpoint sent with them."
    )
