"""Bodies of ``GetObject``: some bytes of one version of one object, resumed where a connection breaks.

In: a boto3 client, and the members of ``GetObject`` that name an object.  Out: :class:`Body`, the bytes from
one offset to another, in order.

Every request after the first carries ``If-Match`` with the ETag of the first answer, and every answer is
checked for it, so that one query sees one version.  A body that breaks is resumed at the byte where it broke.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore import exceptions as botocore_errors
from botocore.httpchecksum import StreamingChecksumBody
from botocore.response import StreamingBody
from urllib3.response import HTTPResponse

from s3sql.errors import S3SelectError
from s3sql.stores.base import changed
from s3sql.stores.s3.errors import BROKEN_BODY, asking_about, bad_checksum

#: A body may break this often in every :data:`RESUME_WINDOW_BYTES` read before the query gives up.
MAX_RESUMES: Final = 5
RESUME_WINDOW_BYTES: Final = 16 << 20

#: Seconds before the second resumption in a window; each further one waits twice as long.
RESUME_DELAY_SECONDS: Final = 0.05


_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/")


class S3Client(Protocol):
    """What is needed of a boto3 S3 client, by several threads at a time."""

    def get_object(self, **members: Any) -> Mapping[str, Any]:
        """``GetObject``."""


@dataclass(frozen=True, slots=True)
class ObjectChecksum:
    """The checksum of a whole object that came with its first bytes, and that of the bytes so far."""

    running: Any
    expected: bytes

    @classmethod
    def of(cls, body: Any) -> ObjectChecksum | None:
        """That of botocore's *body*, as far as it has been read; None if it has none."""
        # Of what multipart uploads have, a checksum of checksums, botocore makes none of these bodies.
        if not isinstance(body, StreamingChecksumBody):
            return None
        running, expected = (getattr(body, name, None) for name in ("_checksum", "_expected"))
        return None if running is None or expected is None else cls(running, base64.b64decode(expected))


class ObjectVersion:
    """The version of an object that the first answer told of, and every request for it. Thread-safe."""

    __slots__ = ("_client", "_members", "etag", "given_up", "name", "size")

    def __init__(self, client: S3Client, members: dict[str, Any]) -> None:
        """The object that *members*, those of ``GetObject``, name."""
        self._client = client
        self._members = members
        self.name = f"s3://{members['Bucket']}/{members['Key']}"
        self.etag = ""
        self.size = 0
        #: Set when nobody wants the object's bytes any more.
        self.given_up = threading.Event()

    def first(self) -> Body:
        """Ask for all of the object, which tells its size and version.

        Raises:
            S3SelectError: what the endpoint answers; ``InternalError`` if it tells no version or no length.
        """
        answer = self._get(self._members)
        self.size = answer.get("ContentLength", -1)
        self.etag = _etag(answer)
        lacks = ""
        if not self.etag:
            lacks = "an ETag, so a change of the object during the query could not be noticed"
        elif self.size < 0:
            lacks = "its length, so a body that ends early could not be told from the object"
        if lacks:
            answer["Body"].close()
            raise S3SelectError(
                "InternalError", f"The endpoint sent {self.name} without {lacks}.", status=500
            )
        return Body(self, 0, self.size, answer["Body"])

    def ask(self, start: int, end: int) -> Any:
        """The body of the bytes from *start* up to *end*.

        Raises:
            S3SelectError: what the endpoint answers; ``PreconditionFailed`` if that is another version,
                ``NotImplemented`` if it is other bytes.
        """
        last = "" if end == self.size else end - 1
        members = {**self._members, "Range": f"bytes={start}-{last}", "IfMatch": f'"{self.etag}"'}
        answer = self._get(members)
        stream = answer["Body"]
        if _etag(answer) != self.etag:
            stream.close()
            raise changed(self.name)
        if not _begins_at(start, answer):
            stream.close()
            raise S3SelectError(
                "NotImplemented",
                f"The endpoint answered a request for the bytes of {self.name} from {start:,} on with "
                "something else. s3sql needs an endpoint with range requests.",
                status=501,
            )
        return stream

    def _get(self, members: Mapping[str, Any]) -> Mapping[str, Any]:
        """``GetObject``, its failures as ours, unless nobody wants the answer any more."""
        if not self.given_up.is_set():
            with asking_about(self.name):
                answer = self._client.get_object(**members)
            if not self.given_up.is_set():
                return answer
            answer["Body"].close()
        raise self.gave_up()

    def gave_up(self) -> S3SelectError:
        """The error of a read after nobody wanted the bytes any more."""
        return S3SelectError("InternalError", f"Reading {self.name} was given up.", status=500)


class Body:
    """The bytes of *version* from ``position`` up to ``end``. One thread reads; any may interrupt."""

    __slots__ = (
        "_given_up",
        "_readinto",
        "_resumes",
        "_stream",
        "_version",
        "_whole",
        "_window_start",
        "end",
        "position",
    )

    def __init__(self, version: ObjectVersion, start: int, end: int, stream: Any = None) -> None:
        """*stream*: botocore's body, if the request has been sent."""
        self._version = version
        self._stream: Any = None
        self._readinto: Any = None
        self._take(stream)
        self._whole = stream is not None
        self._given_up = False
        self._resumes = 0
        self._window_start = start
        self.position = start
        self.end = end

    def open(self) -> None:
        """Have the answer, or at least its head, unless it is there.

        Raises:
            S3SelectError: as :meth:`ObjectVersion.ask`.
        """
        if self._stream is None:
            self._take(self._version.ask(self.position, self.end))
        if self._given_up:
            # Whoever interrupted may have come before there was a connection.
            self.close()
            raise self._version.gave_up()

    def read_into(self, buffer: memoryview) -> int:
        """Write one or more of the next bytes into *buffer*, no more than there are; return how many.

        Raises:
            S3SelectError: as :meth:`open`; ``InternalError`` when the connection breaks too often,
                ``BadDigest``.
        """
        wanted = buffer[: self.end - self.position]
        while True:
            self.open()
            try:
                count: int = self._readinto(wanted)
            except botocore_errors.FlexibleChecksumError as error:
                raise bad_checksum(self._version.name) from error
            except BROKEN_BODY as error:
                self._resume(error)
                continue
            if not count:
                self._resume(None)
                continue
            self.position += count
            return count

    def _take(self, stream: Any) -> None:
        """Read on from *stream*."""
        self._readinto = None if stream is None else plain_readinto(stream) or stream.readinto
        self._stream = stream

    def checksum(self) -> ObjectChecksum | None:
        """The object's own checksum, if this is the first body and has not been resumed."""
        return ObjectChecksum.of(self._stream) if self._whole else None

    def finish(self) -> None:
        """Read the end behind the last byte, at which botocore verifies the object's checksum.

        Raises:
            S3SelectError: ``BadDigest``.
        """
        try:
            if isinstance(self._stream, StreamingChecksumBody):
                self._readinto(memoryview(bytearray(1)))
        except botocore_errors.FlexibleChecksumError as error:
            raise bad_checksum(self._version.name) from error
        except BROKEN_BODY:
            # Every byte that was promised is here; how the connection ended no longer matters.
            return
        finally:
            self.close()

    def interrupt(self) -> None:
        """Let a read fail soon that waits for a silent endpoint. Any thread may call it."""
        self._given_up = True
        # Closing it would not wake who reads it. There is none when the body has ended, or ends just now.
        connection: Any = getattr(getattr(self._stream, "_raw_stream", None), "connection", None)
        with contextlib.suppress(AttributeError, OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection of an unfinished body; that of a finished one is used again."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        # One of which nothing was read is not known to its connection to be over.
        if self.position == self.end and self.end:
            raw = getattr(stream, "_raw_stream", None)
            release: Callable[[], None] | None = getattr(raw, "release_conn", None)
            # More than was asked for would be taken for the next answer.
            is_over = getattr(getattr(raw, "_fp", None), "length", None) in (None, 0)
            if release is not None and is_over:
                release()
        stream.close()

    def _resume(self, error: Exception | None) -> None:
        """Have the rest asked for again after *error*, or after an early end.

        Raises:
            S3SelectError: ``InternalError`` when it breaks too often, or is not wanted any more.
        """
        version = self._version
        self.close()
        self._whole = False
        if self._given_up or version.given_up.is_set():
            raise version.gave_up() from error
        if self.position - self._window_start >= RESUME_WINDOW_BYTES:
            self._window_start = self.position
            self._resumes = 0
        self._resumes += 1
        if self._resumes > MAX_RESUMES:
            raise S3SelectError(
                "InternalError",
                f"The connection broke {self._resumes} times while {version.name} was read, the last time at "
                f"byte {self.position:,} of {version.size:,}: {error or 'the body ended early'}.",
                status=500,
            ) from error
        if self._resumes > 1:
            version.given_up.wait(RESUME_DELAY_SECONDS * 2 ** (self._resumes - 2))


def plain_readinto(stream: Any) -> Callable[[memoryview], int] | None:
    """How to read *stream*, botocore's, from its connection into memory; None if that is not all it does.

    Its own ``readinto`` makes three copies on the way. None of the checks of botocore and urllib3 is lost: of
    the number of bytes :class:`Body` takes care, and a stream with a checksum is read as it is.
    """
    raw = getattr(stream, "_raw_stream", None)
    answer = getattr(raw, "_fp", None)
    if type(stream) is not StreamingBody or type(raw) is not HTTPResponse or raw.decode_content:
        return None
    return answer.readinto if type(answer) is http.client.HTTPResponse else None


def _begins_at(start: int, answer: Mapping[str, Any]) -> bool:
    """Whether *answer* has the bytes from *start* on, and as many as it says to have."""
    told = answer.get("ContentRange")
    if told is None:
        return start == 0
    found = _CONTENT_RANGE.match(str(told))
    if found is None or int(found[1]) != start:
        return False
    return answer.get("ContentLength") in (None, int(found[2]) + 1 - start)


def _etag(answer: Mapping[str, Any]) -> str:
    """The ETag of an answer, without its quotation marks."""
    return str(answer.get("ETag", "")).strip('"')
