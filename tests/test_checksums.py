"""Checksums against the catalogue of CRCs, hashlib, and each other."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.checksums import (
    ALGORITHMS,
    ChecksumAlgorithm,
    checksum_of,
    combined,
    composite,
    decoded_checksum,
)

CRCS: tuple[ChecksumAlgorithm, ...] = ("CRC32", "CRC32C", "CRC64NVME")


def value_of(algorithm: ChecksumAlgorithm, *pieces: bytes) -> str:
    checksum = checksum_of(algorithm)
    for piece in pieces:
        checksum.update(piece)
    return checksum.digest_base64()


@pytest.mark.parametrize(
    ("algorithm", "check"),
    [("CRC32", "cbf43926"), ("CRC32C", "e3069283"), ("CRC64NVME", "ae8b14860a799888")],
)
def test_the_check_values_of_the_catalogue(algorithm: ChecksumAlgorithm, check: str) -> None:
    checksum = checksum_of(algorithm)
    checksum.update(b"123456789")
    assert checksum.digest().hex() == check
    assert checksum.digest_base64() == b64encode(bytes.fromhex(check)).decode()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(pieces=st.lists(st.binary(max_size=70), max_size=6))
def test_the_pieces_do_not_matter(algorithm: ChecksumAlgorithm, pieces: list[bytes]) -> None:
    assert value_of(algorithm, *pieces) == value_of(algorithm, b"".join(pieces))


@given(st.binary(max_size=100))
def test_a_view_counts_like_the_bytes(data: bytes) -> None:
    for algorithm in ALGORITHMS:
        checksum = checksum_of(algorithm)
        checksum.update(memoryview(b"." + data)[1:])
        assert checksum.digest_base64() == value_of(algorithm, data)


@given(st.binary(max_size=200))
def test_zlib_and_hashlib_agree(data: bytes) -> None:
    assert checksum_digest("CRC32", data) == zlib.crc32(data).to_bytes(4, "big")
    assert checksum_digest("SHA1", data) == hashlib.sha1(data).digest()
    assert checksum_digest("SHA256", data) == hashlib.sha256(data).digest()


def checksum_digest(algorithm: ChecksumAlgorithm, data: bytes) -> bytes:
    checksum = checksum_of(algorithm)
    checksum.update(data)
    return checksum.digest()


@pytest.mark.parametrize("algorithm", CRCS)
@given(parts=st.lists(st.binary(max_size=90), max_size=5))
def test_crcs_of_parts_make_that_of_the_whole(algorithm: ChecksumAlgorithm, parts: list[bytes]) -> None:
    whole = combined(algorithm, [(value_of(algorithm, part), len(part)) for part in parts])
    assert whole == value_of(algorithm, b"".join(parts))


def test_a_part_may_be_large() -> None:
    first, second = bytes(5 << 20), b"x" * ((5 << 20) + 3)
    for algorithm in CRCS:
        parts = [(value_of(algorithm, part), len(part)) for part in (first, second)]
        assert combined(algorithm, parts) == value_of(algorithm, first, second)


def test_a_hash_cannot_be_combined() -> None:
    with pytest.raises(ValueError, match="SHA256 of a whole"):
        combined("SHA256", [])


def test_a_composite_is_the_checksum_of_the_checksums() -> None:
    parts = [value_of("SHA256", b"a"), value_of("SHA256", b"b")]
    digests = hashlib.sha256(b"a").digest() + hashlib.sha256(b"b").digest()
    assert composite("SHA256", parts) == b64encode(hashlib.sha256(digests).digest()).decode() + "-2"


@pytest.mark.parametrize("value", ["", "AAAA", "AAAAAA=", "AAAAAA", "AAA*AA==", "AAAAAAAA", "ä"])
def test_text_that_is_no_checksum(value: str) -> None:
    assert decoded_checksum("CRC32", value) is None


def test_text_that_is_a_checksum() -> None:
    for algorithm in ALGORITHMS:
        assert decoded_checksum(algorithm, value_of(algorithm, b"x")) == checksum_digest(algorithm, b"x")
