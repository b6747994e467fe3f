"""The checksums of S3 that travel with an object's bytes.

In: an algorithm's name, and bytes as they come.  Out: the checksum as headers have it: base64, big-endian.

    checksum_of("CRC64NVME")        update(…), update(…), digest_base64()
    combined("CRC32C", parts)       the checksum of parts that follow each other, from theirs and their sizes
    composite("SHA256", values)     the checksum of the parts' checksums, with "-" and their number behind it

CRC-32 is zlib's. CRC-32C and CRC-64/NVME are kernels of ours: they take half the time of the MD5 that every
object needs for its ETag, so that a further library for them would save little that can be noticed.

Source: AWS S3 User Guide, "Checking object integrity for data uploads".
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, get_args

import numpy as np

from s3sql.kernels.crc import crc_tables, update_crc

ChecksumAlgorithm: TypeAlias = Literal["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]

ALGORITHMS: tuple[ChecksumAlgorithm, ...] = get_args(ChecksumAlgorithm)

#: Bytes of a checksum before base64.
DIGEST_BYTES: dict[ChecksumAlgorithm, int] = {
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    "SHA1": 20,
    "SHA256": 32,
}

#: Polynomials with their highest coefficient in the lowest bit, as the reflected checks have them.
_POLYNOMIALS: dict[str, int] = {
    "CRC32": 0xEDB88320,
    "CRC32C": 0x82F63B78,
    "CRC64NVME": 0x9A6C9329AC4BC9B5,
}


class RunningChecksum(Protocol):
    """A checksum of bytes that come one after the other."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Take *data* in."""
        ...

    def digest(self) -> bytes:
        """The checksum of all bytes so far."""
        ...

    def digest_base64(self) -> str:
        """The same as the headers have it."""
        ...


def checksum_of(algorithm: ChecksumAlgorithm) -> RunningChecksum:
    """A checksum that has taken in nothing yet. It is for one thread at a time."""
    if algorithm == "CRC32":
        return _Crc32()
    if algorithm in ("CRC32C", "CRC64NVME"):
        return _TableCrc(algorithm)
    return _Hash(hashlib.new(algorithm, usedforsecurity=False))


def decoded_checksum(algorithm: ChecksumAlgorithm, value: str) -> bytes | None:
    """The bytes of the base64 text *value*; None if it is no checksum of *algorithm*."""
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if len(decoded) == DIGEST_BYTES[algorithm] else None


def composite(algorithm: ChecksumAlgorithm, values: Sequence[str]) -> str:
    """The checksum of the checksums *values* of an upload's parts, and their number."""
    checksum = checksum_of(algorithm)
    for value in values:
        checksum.update(base64.b64decode(value))
    return f"{checksum.digest_base64()}-{len(values)}"


def combined(algorithm: ChecksumAlgorithm, parts: Iterable[tuple[str, int]]) -> str:
    """The checksum of parts that follow each other, from the checksum and the size in bytes of each.

    Raises:
        ValueError: *algorithm* is no CRC; a hash cannot be combined.
    """
    if algorithm not in _POLYNOMIALS:
        raise ValueError(f"the {algorithm} of a whole does not follow from those of its parts")
    polynomial = _POLYNOMIALS[algorithm]
    bits = 8 * DIGEST_BYTES[algorithm]
    total = 0
    for value, size in parts:
        register = int.from_bytes(base64.b64decode(value), "big")
        total = _product(_byte_power(size, polynomial, bits), total, polynomial, bits) ^ register
    return base64.b64encode(total.to_bytes(bits // 8, "big")).decode()


@dataclass(slots=True)
class _Crc32:
    """CRC-32 by zlib."""

    register: int = 0

    def update(self, data: bytes | memoryview, /) -> None:
        self.register = zlib.crc32(data, self.register)

    def digest(self) -> bytes:
        return self.register.to_bytes(4, "big")

    def digest_base64(self) -> str:
        return base64.b64encode(self.digest()).decode()


class _TableCrc:
    """A reflected CRC by kernel; its register starts with all bits set, and all are inverted at the end."""

    __slots__ = ("_mask", "_register", "_size", "_tables")

    def __init__(self, algorithm: Literal["CRC32C", "CRC64NVME"]) -> None:
        self._size = DIGEST_BYTES[algorithm]
        self._mask = (1 << 8 * self._size) - 1
        self._register = self._mask
        self._tables = _tables_of(algorithm)

    def update(self, data: bytes | memoryview, /) -> None:
        contents = np.frombuffer(data, np.uint8)
        self._register = int(update_crc(contents, self._tables, self._register))

    def digest(self) -> bytes:
        return (self._register ^ self._mask).to_bytes(self._size, "big")

    def digest_base64(self) -> str:
        return base64.b64encode(self.digest()).decode()


class _Hash:
    """One of hashlib's."""

    __slots__ = ("_hash",)

    def __init__(self, algorithm: Any) -> None:
        self._hash = algorithm

    def update(self, data: bytes | memoryview, /) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return bytes(self._hash.digest())

    def digest_base64(self) -> str:
        return base64.b64encode(self.digest()).decode()


@functools.cache
def _tables_of(algorithm: str) -> Any:
    return crc_tables(_POLYNOMIALS[algorithm])


def _product(left: int, right: int, polynomial: int, bits: int) -> int:
    """The product of two polynomials modulo *polynomial*; the highest bit is the coefficient of 1."""
    product = 0
    for place in range(bits - 1, -1, -1):
        if left >> place & 1:
            product ^= right
        right = right >> 1 ^ (polynomial if right & 1 else 0)
    return product


@functools.lru_cache(4096)
def _byte_power(count: int, polynomial: int, bits: int) -> int:
    """The polynomial x to the power of 8 * *count*: what *count* bytes that follow do to a register."""
    power = 1 << bits - 1
    place = 0
    while count >> place:
        if count >> place & 1:
            power = _product(_squared(place, polynomial, bits), power, polynomial, bits)
        place += 1
    return power


@functools.cache
def _squared(times: int, polynomial: int, bits: int) -> int:
    """The polynomial x to the power of 8, squared *times* times."""
    if not times:
        return 1 << bits - 9
    root = _squared(times - 1, polynomial, bits)
    return _product(root, root, polynomial, bits)
