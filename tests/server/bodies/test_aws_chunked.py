from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.server.bodies import aws_chunked
from s3sql.server.bodies.aws_chunked import AwsChunkedDecoder
from s3sql.server.signatures.chunks import ChunkSignatures
from s3sql.server.signatures.signing import Scope, SigningKey

KEY = SigningKey.of("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Scope("20130524", "us-east-1"))
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
TRAILER_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"

#: The published bodies of "Signature calculations …: transferring payload in multiple chunks" and "… trailing
#: headers".
PUBLISHED = (
    b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
    + b"a" * 65_536
    + b"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
    + b"a" * 1_024
    + b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
)
PUBLISHED_WITH_TRAILER = (
    b"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
    + b"a" * 65_536
    + b"\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
    + b"a" * 1_024
    + b"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    + b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    + b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)


def signatures(seed: str = SEED) -> ChunkSignatures:
    return ChunkSignatures(KEY, "20130524T000000Z", seed)


def with_trailer() -> AwsChunkedDecoder:
    return AwsChunkedDecoder(66_560, signatures(TRAILER_SEED), signed_trailer=True)


def encoded(chunks: Sequence[bytes], trailer: bytes = b"", *, signed: bool = False) -> bytes:
    """Chunks as they come over the wire; the last one is empty."""
    chain = signatures()

    def parts() -> Iterator[bytes]:
        for chunk in [*chunks, b""]:
            signature = (
                f";chunk-signature={chain.of_chunk(hashlib.sha256(chunk).hexdigest())}" if signed else ""
            )
            yield f"{len(chunk):x}{signature}\r\n".encode()
            yield chunk + b"\r\n" if chunk else trailer + b"\r\n"

    return b"".join(parts())


def decode(
    decoder: AwsChunkedDecoder, body: bytes, cut: int = 1 << 20
) -> tuple[bytes, list[tuple[str, str]]]:
    contents = b"".join(
        part for start in range(0, len(body), cut) for part in decoder.decode(body[start : start + cut])
    )
    return contents, decoder.finish()


def refusal(decoder: AwsChunkedDecoder, body: bytes, cut: int = 1 << 20) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        decode(decoder, body, cut)
    return caught.value


@pytest.mark.parametrize("cut", [1, 7, 1000, 1 << 20])
def test_the_published_bodies(cut: int) -> None:
    assert decode(AwsChunkedDecoder(66_560, signatures()), PUBLISHED, cut) == (b"a" * 66_560, [])
    trailers = [("x-amz-checksum-crc32c", "sOO8/Q==")]
    assert decode(with_trailer(), PUBLISHED_WITH_TRAILER, cut) == (b"a" * 66_560, trailers)


def test_an_empty_body() -> None:
    assert decode(AwsChunkedDecoder(0), b"0\r\n\r\n") == (b"", [])
    assert decode(AwsChunkedDecoder(0, signatures()), encoded([], signed=True)) == (b"", [])


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=5),
    st.sampled_from([b"", b"x-amz-checksum-crc32:AAAAAA==\r\n"]),
    st.booleans(),
    st.integers(1, 50),
)
def test_what_is_encoded_is_decoded_however_it_is_cut(
    chunks: list[bytes], trailer: bytes, signed: bool, cut: int
) -> None:
    whole = b"".join(chunks)
    decoder = AwsChunkedDecoder(len(whole), signatures() if signed else None)
    contents, trailers = decode(decoder, encoded(chunks, trailer, signed=signed), cut)
    assert contents == whole
    assert trailers == ([("x-amz-checksum-crc32", "AAAAAA==")] if trailer else [])


def test_chunks_without_signatures_are_handed_on_as_they_come() -> None:
    decoder = AwsChunkedDecoder(6)
    assert list(decoder.decode(b"6\r\nab")) == [b"ab"]
    assert list(decoder.decode(b"cdef\r")) == [b"cdef"]


def test_a_signed_chunk_is_kept_until_its_signature_is_verified() -> None:
    decoder = AwsChunkedDecoder(66_560, signatures())
    first = PUBLISHED.index(b"\r\n400;")
    assert list(decoder.decode(PUBLISHED[: first - 1])) == []
    assert list(decoder.decode(PUBLISHED[first - 1 : first])) == [b"a" * 65_536]


@pytest.mark.parametrize(
    "position",
    [
        30,  # the first chunk's signature
        1_000,  # its contents
        PUBLISHED.index(b"0055627c"),
        PUBLISHED.index(b"b6c6ea8a"),
        PUBLISHED.index(b"\r\n0;") - 1,
    ],
)
def test_no_byte_of_a_signed_body_can_be_changed(position: int) -> None:
    forged = PUBLISHED[:position] + b"1" + PUBLISHED[position + 1 :]
    error = refusal(AwsChunkedDecoder(66_560, signatures()), forged)
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)


def test_a_signed_chunk_cannot_be_left_out_or_put_elsewhere() -> None:
    chunks = [b"a" * 10, b"b" * 10, b"c" * 10]
    body = encoded(chunks, signed=True)
    size = len(body) // 4 + 3
    starts = [body.index(b"a;chunk", start) for start in (0, 1, size + 1)]
    first, second, rest = (
        body[starts[0] : starts[1]],
        body[starts[1] : starts[2]],
        body[starts[2] :],
    )
    assert decode(AwsChunkedDecoder(30, signatures()), first + second + rest)[0] == b"".join(chunks)
    for forged, length in ((second + first + rest, 30), (first + rest, 20), (first + first + rest, 30)):
        assert refusal(AwsChunkedDecoder(length, signatures()), forged).code == "SignatureDoesNotMatch"


def test_signatures_cannot_be_left_out() -> None:
    error = refusal(AwsChunkedDecoder(3, signatures()), encoded([b"abc"]))
    assert error.code == "IncompleteBody"
    assert "chunk-signature" in error.message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5",
        b"5\r\n",
        b"5\r\nabcd",
        b"5\r\nabcde",
        b"5\r\nabcde\r\n",
        b"5\r\nabcde\r\n0",
        b"5\r\nabcde\r\n0\r",
        b"4\r\nabcde\r\n0\r\n\r\n",  # a size that is too small
        b"6\r\nabcde\r\n0\r\n\r\n",  # and one too large
        b"5\nabcde\r\n0\r\n\r\n",
        b"5\r\nabcde\n0\r\n\r\n",
        b"5;x=1\r\nabcde\r\n0\r\n\r\n",
        b" 5\r\nabcde\r\n0\r\n\r\n",
        b"+5\r\nabcde\r\n0\r\n\r\n",
        b"0x5\r\nabcde\r\n0\r\n\r\n",
        b"-5\r\nabcde\r\n0\r\n\r\n",
        b"\r\nabcde\r\n0\r\n\r\n",
        b"g\r\nabcde\r\n0\r\n\r\n",
        b"ffffffffffffffff\r\nabcde",
        b"fffffffffffffffff\r\nabcde",
        b"0\r\n\r\n",
        b"4\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
        "5\r\nabcde\r\n０\r\n\r\n".encode(),
        b"<?xml version='1.0'?><a/>",
    ],
)
@pytest.mark.parametrize("cut", [1, 1000])
def test_broken_framing(body: bytes, cut: int) -> None:
    error = refusal(AwsChunkedDecoder(5), body, cut)
    assert (error.code, error.status) == ("IncompleteBody", 400)


def test_a_line_that_does_not_end_is_not_kept() -> None:
    error = refusal(AwsChunkedDecoder(5), b"0" * 100_000, cut=100)
    assert error.code == "IncompleteBody"
    assert str(aws_chunked.MAX_LINE_BYTES) in error.message


def test_a_signed_chunk_that_is_too_large_is_refused_before_it_comes() -> None:
    size = aws_chunked.MAX_SIGNED_CHUNK_BYTES + 1
    decoder = AwsChunkedDecoder(size, signatures())
    with pytest.raises(S3SelectError) as caught:
        list(decoder.decode(f"{size:x};chunk-signature={'0' * 64}\r\n".encode()))
    assert caught.value.code == "InvalidRequest"
    assert "16,777,216" in caught.value.message


def test_a_large_chunk_without_a_signature_streams() -> None:
    size = aws_chunked.MAX_SIGNED_CHUNK_BYTES + 1
    decoder = AwsChunkedDecoder(size)
    assert list(decoder.decode(f"{size:x}\r\nabc".encode())) == [b"abc"]


def test_the_error_says_how_many_bytes_came_and_how_many_were_announced() -> None:
    assert (
        "5 that x-amz-decoded-content-length" in refusal(AwsChunkedDecoder(5), encoded([b"abcdef"])).message
    )
    few = refusal(AwsChunkedDecoder(5), encoded([b"abc"]))
    assert "has 3 decoded bytes, and x-amz-decoded-content-length says 5" in few.message


# ---- trailers


@pytest.mark.parametrize(
    "trailer",
    [
        b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n",
        b"X-Amz-Checksum-CRC32: AAAAAA== \r\n\r\n",
        b"x-amz-checksum-crc32:AAAAAA==\n\r\n\r\n",
        b"x-amz-checksum-crc32:AAAAAA==\n",
        b"x-amz-checksum-crc32:AAAAAA==",
        b"\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
    ],
)
@pytest.mark.parametrize("cut", [1, 1000])
def test_line_ends_of_trailers(trailer: bytes, cut: int) -> None:
    _, trailers = decode(AwsChunkedDecoder(3), b"3\r\nabc\r\n0\r\n" + trailer, cut)
    assert trailers == [("x-amz-checksum-crc32", "AAAAAA==")]


@pytest.mark.parametrize(
    "trailer",
    [
        b"x-amz-checksum-crc32\r\n\r\n",
        b":AAAAAA==\r\n\r\n",
        b"x y:AAAAAA==\r\n\r\n",
        b"x-amz-checksum-crc32 :AAAAAA==\r\n\r\n",
        b" folded:1\r\n\r\n",
        b"x:1\r\nX:1\r\n\r\n",
        b"x\0:1\r\n\r\n",
        b"3\r\nabc\r\n0\r\n\r\n",
        "ü:1\r\n".encode(),
        b"\xff\xff",
    ],
)
def test_trailers_that_are_none(trailer: bytes) -> None:
    error = refusal(AwsChunkedDecoder(3), b"3\r\nabc\r\n0\r\n" + trailer)
    assert (error.code, error.status) == ("MalformedTrailerError", 400)


@pytest.mark.parametrize("piece", [b"x:1\r\n", b"x" * 100, b"\r\n" * 50])
def test_trailers_without_end(piece: bytes) -> None:
    error = refusal(AwsChunkedDecoder(0), b"0\r\n" + piece * 10_000, cut=100)
    assert error.code == "MalformedTrailerError"
    assert "16,384" in error.message


def test_a_signed_trailer_needs_its_signature() -> None:
    body = PUBLISHED_WITH_TRAILER
    without = body[: body.index(b"x-amz-trailer-signature")] + b"\r\n"
    error = refusal(with_trailer(), without)
    assert error.code == "MalformedTrailerError"
    assert "x-amz-trailer-signature" in error.message


@pytest.mark.parametrize(
    "forge",
    [
        lambda body: body.replace(b"sOO8", b"sOO9"),
        lambda body: body.replace(b"d81f82fc", b"d81f82fd"),
        lambda body: body.replace(b"x-amz-checksum-crc32c", b"x-amz-checksum-crc32"),
        lambda body: body.replace(b"x-amz-trailer-signature", b"x:1\r\nx-amz-trailer-signature"),
        lambda body: body.replace(b"x-amz-checksum-crc32c:sOO8/Q==\r\n", b""),
    ],
)
def test_a_signed_trailer_cannot_be_changed(forge: Callable[[bytes], bytes]) -> None:
    assert refusal(with_trailer(), forge(PUBLISHED_WITH_TRAILER)).code == "SignatureDoesNotMatch"


@given(st.binary(max_size=200), st.integers(0, 8), st.booleans(), st.integers(1, 20))
def test_no_body_ends_in_anything_but_an_s3_error(body: bytes, length: int, signed: bool, cut: int) -> None:
    decoder = AwsChunkedDecoder(length, signatures() if signed else None, signed_trailer=signed)
    try:
        contents, _ = decode(decoder, body, cut)
    except S3SelectError as error:
        contents, code = b"", error.code
        known = ("IncompleteBody", "InvalidRequest", "MalformedTrailerError", "SignatureDoesNotMatch")
    else:
        code, known = "", ("",)
    assert len(contents) <= length
    assert code in known
