"""Bodies as they come from ASGI: announced, decoded, bounded and verified."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from s3sql.checksums import ALGORITHMS, checksum_of
from s3sql.errors import S3SelectError
from s3sql.server.bodies import body as body_module
from s3sql.server.bodies.announced import stored_content_encoding
from s3sql.server.bodies.body import RequestBody
from s3sql.server.exchange import Body
from s3sql.server.settings import Limits
from s3sql.server.signatures.signing import Scope, SigningKey
from s3sql.server.signatures.sigv4 import Authenticated
from tests.server.bodies.test_aws_chunked import PUBLISHED, PUBLISHED_WITH_TRAILER, SEED, TRAILER_SEED
from tests.server.signatures.signed_requests import KNOWN, SECRET

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
LIMITS = Limits(object_bytes=1 << 20, body_time=5.0)
TEXT = b"hello, world\n"
CRC = base64.b64encode(zlib.crc32(TEXT).to_bytes(4, "big")).decode()


class Wire:
    """ASGI's ``receive``: *pieces*, and behind them the end, a hang or the client's going away."""

    def __init__(self, pieces: Sequence[bytes], then: str = "end") -> None:
        self.pieces = list(pieces)
        self.then = then
        self.calls = 0

    async def __call__(self) -> dict[str, Any]:
        self.calls += 1
        # Suspends, as a connection does.
        await asyncio.sleep(0)
        if self.pieces:
            piece = self.pieces.pop(0)
            more = bool(self.pieces) or self.then != "end"
            return {"type": "http.request", "body": piece, "more_body": more}
        if self.then == "gone":
            return {"type": "http.disconnect"}
        if self.then == "hang":
            await asyncio.Event().wait()
        assert self.calls == 1, "nothing is received behind the end"
        return {"type": "http.request"}


def sender(content_sha256: str = "UNSIGNED-PAYLOAD", seed: str = SEED) -> Authenticated:
    key = SigningKey.of(SECRET, Scope("20130524", "us-east-1"))
    return Authenticated(KNOWN, content_sha256, False, key, "20130524T000000Z", seed)


def announced(
    headers: dict[str, str],
    pieces: Sequence[bytes] = (),
    content_sha256: str | None = "UNSIGNED-PAYLOAD",
    *,
    seed: str = SEED,
    then: str = "end",
    limits: Limits = LIMITS,
    operation: str | None = None,
) -> RequestBody:
    authenticated = sender(content_sha256, seed) if content_sha256 is not None else None
    return RequestBody(Wire(pieces, then), Headers(headers), authenticated, limits, operation)


def plain(contents: bytes, content_sha256: str | None = "UNSIGNED-PAYLOAD", **headers: str) -> RequestBody:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return announced({"content-length": str(len(contents)), **named}, [contents], content_sha256)


def in_trailer(
    trailer: bytes,
    contents: bytes = TEXT,
    content_sha256: str = UNSIGNED_TRAILER,
    name: str | None = "x-amz-checksum-crc32",
) -> RequestBody:
    wire = f"{len(contents):x}\r\n".encode() + contents + b"\r\n0\r\n" + trailer + b"\r\n"
    headers = {"transfer-encoding": "chunked", "x-amz-decoded-content-length": str(len(contents))}
    if name is not None:
        headers["x-amz-trailer"] = name
    return announced(headers, [wire], content_sha256)


def read(body: Body, most: int = 1 << 24) -> bytes:
    return asyncio.run(body.read(most))


def pieces_of(body: Body) -> tuple[list[bytes], S3SelectError | None]:
    """The pieces that are handed out, and the error that ends them."""
    found: list[bytes] = []

    async def take() -> None:
        async for piece in body.chunks():
            found.append(piece)

    try:
        asyncio.run(take())
    except S3SelectError as error:
        return found, error
    return found, None


def refusal(body: Body) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        read(body)
    assert caught.value.status < 500
    return caught.value


def refusal_of_headers(make: Callable[[], RequestBody]) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        make()
    assert len(caught.value.message) < 600
    return caught.value


# ---- plain bodies


def test_a_body_is_what_came() -> None:
    body = plain(TEXT)
    assert body.length == len(TEXT)
    assert read(body) == TEXT
    assert body.checksums == {}


def test_an_empty_body() -> None:
    body = plain(b"", hashlib.sha256().hexdigest())
    assert (body.length, read(body)) == (0, b"")
    assert pieces_of(plain(b"")) == ([], None)


def test_nothing_is_received_before_the_first_piece_is_asked_for() -> None:
    wire = Wire([TEXT])
    body = RequestBody(wire, Headers({"content-length": str(len(TEXT))}), sender(), LIMITS)
    pieces = body.chunks()
    assert wire.calls == 0
    assert asyncio.run(anext(pieces)) == TEXT


@pytest.mark.parametrize("sizes", [[1] * 50, [0, 5, 0, 7], [300_000, 5, 700_000], [65_536] * 12])
def test_small_pieces_are_gathered_and_nothing_is_lost(sizes: list[int]) -> None:
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]
    whole = b"".join(pieces)
    headers = {"content-length": str(len(whole))}
    found, error = pieces_of(announced(headers, pieces, hashlib.sha256(whole).hexdigest()))
    assert error is None
    assert b"".join(found) == whole
    assert all(len(piece) >= body_module.PIECE_BYTES for piece in found[:-1])


def test_the_last_piece_comes_only_when_all_digests_hold() -> None:
    contents = bytes(1 << 20)
    wrong = hashlib.sha256(b"another").hexdigest()
    pieces = [contents[:65_536]] * 16
    found, error = pieces_of(announced({"content-length": str(1 << 20)}, pieces, wrong))
    assert error is not None
    assert error.code == "XAmzContentSHA256Mismatch"
    assert 0 < sum(map(len, found)) <= len(contents) - body_module.PIECE_BYTES


def test_a_body_may_be_closed_before_its_end() -> None:
    async def take_one() -> bytes:
        body = announced({"content-length": str(1 << 20)}, [bytes(1 << 18)] * 4, then="hang")
        pieces = body.chunks()
        first = await anext(pieces)
        await pieces.aclose()
        return first

    assert len(asyncio.run(take_one())) == 1 << 18


def test_a_body_without_a_length() -> None:
    body = announced({})
    assert body.length is None
    error = refusal(body)
    assert (error.code, error.status) == ("MissingContentLength", 411)


def test_transfer_encoding_needs_aws_chunked() -> None:
    error = refusal_of_headers(lambda: announced({"transfer-encoding": "chunked"}))
    assert (error.code, error.status) == ("MissingContentLength", 411)


@pytest.mark.parametrize("value", ["", "x", "-1", "+1", "1.5", "1e3", "0x10", "١", " 1", "9" * 5000])
def test_a_length_that_is_none(value: str) -> None:
    def make() -> RequestBody:
        headers = Headers(raw=[(b"content-length", value.encode())])
        return RequestBody(Wire([]), headers, sender(), LIMITS)

    assert refusal_of_headers(make).code == "InvalidArgument"


def test_a_body_that_is_too_large_is_refused_before_it_comes() -> None:
    error = refusal_of_headers(lambda: announced({"content-length": str((1 << 20) + 1)}))
    assert error.code == "EntityTooLarge"
    assert "1,048,577" in error.message
    decoded = {"x-amz-decoded-content-length": "999999999999999999", "content-length": "10"}
    assert refusal_of_headers(lambda: announced(decoded, (), SIGNED)).code == "EntityTooLarge"
    assert announced({"content-length": str(1 << 20)}).length == 1 << 20


def test_read_refuses_more_than_it_is_told_to() -> None:
    wire = Wire([TEXT])
    body = RequestBody(wire, Headers({"content-length": str(len(TEXT))}), sender(), LIMITS)
    with pytest.raises(S3SelectError) as caught:
        read(body, len(TEXT) - 1)
    assert caught.value.code == "MaxMessageLengthExceeded"
    assert wire.calls == 0
    assert read(plain(TEXT), len(TEXT)) == TEXT


@pytest.mark.parametrize("pieces", [[b"abc"], [b"abcdef"], [b"abc", b"def"], []])
def test_a_body_of_another_length_than_announced(pieces: list[bytes]) -> None:
    error = refusal(announced({"content-length": "5"}, pieces))
    assert (error.code, error.status) == ("IncompleteBody", 400)
    assert "Content-Length says 5" in error.message


def test_a_client_that_goes_away() -> None:
    found, error = pieces_of(announced({"content-length": "1000000"}, [bytes(300_000)], then="gone"))
    assert error is not None
    assert (error.code, found) == ("IncompleteBody", [])


# ---- time


def test_silence() -> None:
    limits = Limits(body_time=0.01)
    error = refusal(announced({"content-length": "9"}, [b"abc"], then="hang", limits=limits))
    assert (error.code, error.status) == ("RequestTimeout", 400)
    assert "3 bytes" in error.message


class Clock:
    """A clock that each receipt of a message puts forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class SlowWire(Wire):
    """A client that takes *seconds* for each piece."""

    def __init__(self, clock: Clock, seconds: float, pieces: Sequence[bytes]) -> None:
        super().__init__(pieces)
        self.clock = clock
        self.seconds = seconds

    async def __call__(self) -> dict[str, Any]:
        message = await super().__call__()
        self.clock.now += self.seconds
        return message


def slow(
    monkeypatch: pytest.MonkeyPatch, seconds: float, pieces: Sequence[bytes]
) -> tuple[Clock, RequestBody]:
    clock = Clock()
    monkeypatch.setattr(body_module, "time", clock)
    headers = Headers({"content-length": str(sum(map(len, pieces)))})
    return clock, RequestBody(SlowWire(clock, seconds, pieces), headers, sender(), Limits(body_time=60.0))


def test_a_byte_at_a_time_is_no_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, body = slow(monkeypatch, 10, [b"x"] * 100)
    assert refusal(body).code == "RequestTimeout"
    assert clock.now <= 70


def test_a_slow_upload_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, body = slow(monkeypatch, 50, [bytes(1024)] * 100)
    assert len(read(body)) == 102_400
    assert clock.now == 5000


def test_what_we_take_for_the_bytes_is_not_the_clients_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, body = slow(monkeypatch, 0, [bytes(1 << 18)] * 4 + [b"x"] * 10)

    async def take() -> int:
        size = 0
        async for piece in body.chunks():
            size += len(piece)
            clock.now += 1000
        return size

    assert asyncio.run(take()) == (1 << 20) + 10


# ---- digests


def test_the_hash_that_was_signed() -> None:
    assert read(plain(TEXT, hashlib.sha256(TEXT).hexdigest().upper())) == TEXT
    found, error = pieces_of(plain(TEXT, hashlib.sha256(b"hello").hexdigest()))
    assert error is not None
    assert (error.code, error.status, found) == ("XAmzContentSHA256Mismatch", 400, [])
    assert hashlib.sha256(TEXT).hexdigest() in error.message


def test_the_hash_of_an_anonymous_request() -> None:
    digest = hashlib.sha256(TEXT).hexdigest()
    assert read(plain(TEXT, None, x_amz_content_sha256=digest)) == TEXT
    assert refusal(plain(b"x", None, x_amz_content_sha256=digest)).code == "XAmzContentSHA256Mismatch"
    wrong = refusal_of_headers(lambda: plain(TEXT, None, x_amz_content_sha256="x"))
    assert wrong.code == "InvalidArgument"
    assert read(plain(TEXT, None)) == TEXT


def test_content_md5() -> None:
    def md5(contents: bytes) -> str:
        return base64.b64encode(hashlib.md5(contents).digest()).decode()

    assert read(plain(TEXT, content_md5=md5(TEXT))) == TEXT
    found, error = pieces_of(plain(TEXT, content_md5=md5(b"x")))
    assert error is not None
    assert (error.code, error.status, found) == ("BadDigest", 400, [])


@pytest.mark.parametrize(
    "value", ["", "x", "AAAA", "A" * 24, "=" * 24, "AAAAAAAAAAAAAAAAAAAAAA", "ü", "A" * 50_000]
)
def test_content_md5_that_is_none(value: str) -> None:
    error = refusal_of_headers(lambda: plain(TEXT, content_md5=value))
    assert (error.code, error.status) == ("InvalidDigest", 400)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [0, 13, 300_000])
def test_every_checksum(algorithm: Any, size: int) -> None:
    contents = b"x" * size
    checksum = checksum_of(algorithm)
    checksum.update(contents)
    value = checksum.digest_base64()
    name = f"x-amz-checksum-{algorithm.lower()}"
    headers = {"content-length": str(size), name: value, "x-amz-sdk-checksum-algorithm": algorithm}
    body = announced(headers, [contents])
    assert body.checksums == {}
    assert read(body) == contents
    assert body.checksums == {algorithm: value}
    found, error = pieces_of(announced({**headers, "content-length": str(size + 1)}, [contents + b"y"]))
    assert error is not None
    assert (error.code, found) == ("BadDigest", [])
    assert value in error.message
    trailer = in_trailer(f"{name}:{value}\r\n".encode(), contents, name=name) if size else None
    if trailer is not None:
        assert read(trailer) == contents
        assert trailer.checksums == {algorithm: value}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-amz-checksum-crc32": "x"}, "InvalidRequest"),
        ({"x-amz-checksum-crc32": ""}, "InvalidRequest"),
        ({"x-amz-checksum-crc32": "AAAAAAAAAAA="}, "InvalidRequest"),
        ({"x-amz-checksum-crc32": f"{CRC}-2"}, "InvalidRequest"),
        ({"x-amz-checksum-sha256": CRC}, "InvalidRequest"),
        ({"x-amz-checksum-crc32": CRC, "x-amz-checksum-crc32c": CRC}, "InvalidRequest"),
        ({"x-amz-checksum-sha512": CRC}, "NotImplemented"),
        ({"x-amz-checksum-": CRC}, "NotImplemented"),
        ({"x-amz-sdk-checksum-algorithm": "CRC32"}, "InvalidRequest"),
        ({"x-amz-sdk-checksum-algorithm": "", "x-amz-checksum-crc32": CRC}, "NotImplemented"),
        ({"x-amz-sdk-checksum-algorithm": "CRC32C", "x-amz-checksum-crc32": CRC}, "InvalidRequest"),
        ({"x-amz-sdk-checksum-algorithm": "XXHASH3", "x-amz-checksum-crc32": CRC}, "NotImplemented"),
        ({"x-amz-trailer": "x-amz-checksum-crc32"}, "InvalidRequest"),
    ],
)
def test_checksums_that_contradict_each_other(headers: dict[str, str], code: str) -> None:
    error = refusal_of_headers(lambda: announced({"content-length": "13", **headers}))
    assert error.code == code


def test_headers_that_only_look_like_checksums() -> None:
    body = plain(
        TEXT,
        x_amz_checksum_mode="ENABLED",
        x_amz_checksum_algorithm="CRC32",
        x_amz_checksum_type="FULL_OBJECT",
    )
    assert read(body) == TEXT
    assert read(plain(TEXT, x_amz_checksum_crc32=CRC, x_amz_sdk_checksum_algorithm="crc32")) == TEXT


def test_the_checksum_of_a_completed_upload_is_not_its_bodys() -> None:
    headers = {"content-length": str(len(TEXT)), "x-amz-checksum-crc32": "AAAAAA==-2"}
    body = announced(headers, [TEXT], operation="CompleteMultipartUpload")
    assert read(body) == TEXT
    assert body.checksums == {}
    assert refusal_of_headers(lambda: announced(headers, operation="PutObject")).code == "InvalidRequest"


# ---- aws-chunked


def chunked(wire: bytes, content_sha256: str, seed: str = SEED, **headers: str) -> RequestBody:
    given = {"content-length": str(len(wire)), "x-amz-decoded-content-length": "66560"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    pieces = [wire[start : start + 50_000] for start in range(0, len(wire), 50_000)]
    return announced(given, pieces, content_sha256, seed=seed)


def test_the_published_chunks() -> None:
    body = chunked(PUBLISHED, SIGNED)
    assert body.length == 66_560
    assert read(body) == b"a" * 66_560


def test_the_published_chunks_and_trailer() -> None:
    body = chunked(
        PUBLISHED_WITH_TRAILER, f"{SIGNED}-TRAILER", TRAILER_SEED, x_amz_trailer="x-amz-checksum-crc32c"
    )
    assert read(body) == b"a" * 66_560
    assert body.checksums == {"CRC32C": "sOO8/Q=="}


def test_a_forged_chunk_hands_nothing_out() -> None:
    found, error = pieces_of(chunked(PUBLISHED.replace(b"aaaa", b"aaab", 1), SIGNED))
    assert error is not None
    assert (error.code, found) == ("SignatureDoesNotMatch", [])


def test_another_request_has_another_chain() -> None:
    assert refusal(chunked(PUBLISHED, SIGNED, TRAILER_SEED)).code == "SignatureDoesNotMatch"


def test_a_body_that_is_cut_short() -> None:
    for end in (10, 1_000, 65_700, len(PUBLISHED) - 70):
        assert refusal(chunked(PUBLISHED[:end], SIGNED)).code == "IncompleteBody"


def test_the_length_before_decoding_counts_too() -> None:
    assert (
        refusal(chunked(PUBLISHED, SIGNED, content_length=str(len(PUBLISHED) + 1))).code == "IncompleteBody"
    )


def test_chunks_need_the_length_of_what_they_hold() -> None:
    error = refusal_of_headers(lambda: announced({"content-length": "10"}, (), SIGNED))
    assert (error.code, error.status) == ("MissingContentLength", 411)


def test_signed_chunks_of_an_anonymous_request() -> None:
    headers = {"content-length": "10", "x-amz-decoded-content-length": "1", "x-amz-content-sha256": SIGNED}
    assert refusal_of_headers(lambda: announced(headers, (), None)).code == "AccessDenied"


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", "0" * 64])
def test_the_framing_is_said_where_it_is_signed(payload: str) -> None:
    headers = {"content-length": "10", "content-encoding": "gzip, AWS-Chunked"}
    error = refusal_of_headers(lambda: announced(headers, (), payload))
    assert error.code == "InvalidRequest"
    assert "STREAMING-" in error.message


# ---- trailers


def test_a_trailer() -> None:
    body = in_trailer(f"x-amz-checksum-crc32:{CRC}\r\n".encode())
    assert body.checksums == {}
    assert read(body) == TEXT
    assert body.checksums == {"CRC32": CRC}


def test_no_trailer_where_none_is_announced() -> None:
    assert read(in_trailer(b"", name=None)) == TEXT


@pytest.mark.parametrize(
    ("trailer", "name", "code"),
    [
        (b"x-amz-checksum-crc32:AAAAAA==\r\n", "x-amz-checksum-crc32", "BadDigest"),
        (b"", "x-amz-checksum-crc32", "MalformedTrailerError"),
        (f"x-amz-checksum-crc32c:{CRC}\r\n".encode(), "x-amz-checksum-crc32", "MalformedTrailerError"),
        (f"x-amz-checksum-crc32:{CRC}\r\nx:1\r\n".encode(), "x-amz-checksum-crc32", "MalformedTrailerError"),
        (f"x-amz-checksum-crc32:{CRC}\r\n".encode(), None, "MalformedTrailerError"),
        (b"x-amz-checksum-crc32:\r\n", "x-amz-checksum-crc32", "MalformedTrailerError"),
        (b"x-amz-checksum-crc32:AAAA\r\n", "x-amz-checksum-crc32", "MalformedTrailerError"),
        (b"nonsense\r\n", "x-amz-checksum-crc32", "MalformedTrailerError"),
    ],
)
def test_a_wrong_trailer(trailer: bytes, name: str | None, code: str) -> None:
    found, error = pieces_of(in_trailer(trailer, name=name))
    assert error is not None
    assert (error.code, error.status, found) == (code, 400, [])


@pytest.mark.parametrize(
    ("name", "headers", "code"),
    [
        ("x-amz-meta-a", {}, "InvalidRequest"),
        ("x-amz-checksum-crc32, x-amz-checksum-sha1", {}, "InvalidRequest"),
        ("x-amz-checksum-crc32", {"x-amz-checksum-crc32": CRC}, "InvalidRequest"),
        ("x-amz-checksum-crc32", {"x-amz-checksum-sha1": CRC}, "InvalidRequest"),
        ("x-amz-checksum-crc32", {"x-amz-sdk-checksum-algorithm": "SHA1"}, "InvalidRequest"),
        ("x-amz-checksum-md5", {}, "InvalidRequest"),
    ],
)
def test_an_announcement_that_is_none(name: str, headers: dict[str, str], code: str) -> None:
    given = {"content-length": "9", "x-amz-decoded-content-length": "1", "x-amz-trailer": name, **headers}
    assert refusal_of_headers(lambda: announced(given, (), UNSIGNED_TRAILER)).code == code


# ---- what is stored


@pytest.mark.parametrize(
    ("values", "stored"),
    [
        ([], None),
        (["aws-chunked"], None),
        (["aws-chunked,gzip"], "gzip"),
        (["gzip, AWS-CHUNKED"], "gzip"),
        (["aws-chunked", "gzip"], "gzip"),
        (["gzip,br"], "gzip,br"),
        ([" , "], None),
        (["identity"], "identity"),
    ],
)
def test_the_stored_content_encoding(values: list[str], stored: str | None) -> None:
    headers = Headers(raw=[(b"content-encoding", value.encode()) for value in values])
    assert stored_content_encoding(headers) == stored


# ---- properties


@given(
    st.binary(max_size=300),
    st.dictionaries(
        st.sampled_from(
            [
                *("content-length", "content-md5", "content-encoding", "transfer-encoding", "x-amz-trailer"),
                *("x-amz-checksum-crc32", "x-amz-checksum-sha1", "x-amz-sdk-checksum-algorithm"),
                *("x-amz-decoded-content-length", "x-amz-checksum-type"),
            ]
        ),
        st.sampled_from(
            ["", "0", "3", "99", "x", "CRC32", "aws-chunked", "x-amz-checksum-crc32", "AAAAAA=="]
        ),
    ),
    st.sampled_from(["UNSIGNED-PAYLOAD", "0" * 64, SIGNED, f"{SIGNED}-TRAILER", UNSIGNED_TRAILER]),
    st.sampled_from(["end", "gone"]),
)
def test_no_body_ends_in_anything_but_an_s3_error(
    wire: bytes, headers: dict[str, str], content_sha256: str, then: str
) -> None:
    try:
        body = announced(headers, [wire], content_sha256, then=then)
        contents, status = read(body), 200
    except S3SelectError as error:
        contents, status = b"", error.status
    assert status < 500 or status == 501
    assert len(contents) <= len(wire)
