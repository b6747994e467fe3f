"""The chain against AWS's published numbers: 65,536 and 1,024 bytes of ``a``, and the empty chunk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.signatures.chunks import ChunkSignatures
from s3sql.server.signatures.signing import Scope, SigningKey

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TIMESTAMP = "20130524T000000Z"
HASHES = [hashlib.sha256(b"a" * size).hexdigest() for size in (65_536, 1_024, 0)]

#: AWS S3 API Reference, "… transferring payload in multiple chunks", example PUT Object.
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
CHUNKS = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
]

#: AWS S3 API Reference, "Signature calculations for trailing headers", example PUT Object.
TRAILER_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
TRAILER_CHUNKS = [
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
]
TRAILER = [("x-amz-checksum-crc32c", "sOO8/Q==")]
TRAILER_SIGNATURE = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"


def chain(seed: str = SEED, secret: str = SECRET, timestamp: str = TIMESTAMP) -> ChunkSignatures:
    return ChunkSignatures(SigningKey.of(secret, Scope("20130524", "us-east-1")), timestamp, seed)


def refusal(verify: Callable[[], object]) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        verify()
    return caught.value


def test_the_published_chunks() -> None:
    signatures = chain()
    assert [signatures.of_chunk(sha256) for sha256 in HASHES] == CHUNKS


def test_the_published_chunks_and_trailer() -> None:
    signatures = chain(TRAILER_SEED)
    assert [signatures.of_chunk(sha256) for sha256 in HASHES] == TRAILER_CHUNKS
    assert signatures.of_trailer(TRAILER) == TRAILER_SIGNATURE


def test_what_is_made_is_verified() -> None:
    made, found = chain(), chain()
    for sha256 in HASHES:
        found.verify_chunk(sha256, made.of_chunk(sha256))
    found.verify_trailer(TRAILER, made.of_trailer(TRAILER))


def test_trailers_are_signed_by_name_in_lower_case_without_blanks_around() -> None:
    sorted_first = chain().of_trailer([("a", "1"), ("b", "2")])
    assert chain().of_trailer([("B", " 2 "), ("A", "1")]) == sorted_first


@pytest.mark.parametrize(
    "signatures",
    [
        chain("0" * 64),
        chain(secret="another"),
        chain(timestamp="20130524T000001Z"),
        ChunkSignatures(SigningKey.of(SECRET, Scope("20130525", "us-east-1")), TIMESTAMP, SEED),
        ChunkSignatures(SigningKey.of(SECRET, Scope("20130524", "eu-west-1")), TIMESTAMP, SEED),
    ],
)
def test_another_seed_secret_time_or_scope_does_not_verify(signatures: ChunkSignatures) -> None:
    error = refusal(lambda: signatures.verify_chunk(HASHES[0], CHUNKS[0]))
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert "chunk 1" in error.message


def test_a_chunk_cannot_be_changed_left_out_or_repeated() -> None:
    assert refusal(lambda: chain().verify_chunk(HASHES[1], CHUNKS[0])).code == "SignatureDoesNotMatch"
    assert refusal(lambda: chain().verify_chunk(HASHES[1], CHUNKS[1])).code == "SignatureDoesNotMatch"
    signatures = chain()
    signatures.verify_chunk(HASHES[0], CHUNKS[0])
    again = refusal(lambda: signatures.verify_chunk(HASHES[0], CHUNKS[0]))
    assert "chunk 2" in again.message


@pytest.mark.parametrize("signature", ["", "0" * 64, TRAILER_SIGNATURE.upper(), "grün"])
def test_a_trailer_cannot_be_forged(signature: str) -> None:
    signatures = chain(TRAILER_SEED)
    for sha256, chunk in zip(HASHES, TRAILER_CHUNKS, strict=True):
        signatures.verify_chunk(sha256, chunk)
    error = refusal(lambda: signatures.verify_trailer(TRAILER, signature))
    assert error.code == "SignatureDoesNotMatch"
    assert "x-amz-trailer-signature" in error.message
