"""Objects encrypted with the customer's key (SSE-C), as they lie on the disk.

In: the customer's key and the object's bytes.  Out: a sealed run, and from it any range of the bytes again.

    magic (8) | salt (32) | chunk 0 | chunk 1 | … | last chunk
    chunk: up to 64 KiB of the object, encrypted, and 16 bytes that authenticate them

Each run has a key of its own: HKDF-SHA256 of the customer's key and the random salt. Chunks are
AES-256-GCM; a chunk's nonce is its number and whether it is the last one, so that chunks that are changed,
swapped, repeated or cut off do not authenticate. The last chunk may be empty only if the whole run is.

A part of a multipart upload is a run; the object that they become is the runs one after the other, since the
completion of an upload does not bring the key. How long each is, the catalogue knows.

Sources: NIST SP 800-38D (GCM); RFC 5869 (HKDF); Hoang, Reyhanitabar, Rogaway and Vizár, "Online
Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance" (STREAM, for the nonces).
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.customer_keys import KEY_BYTES
from s3sql.stores.embedded.model import CustomerKey

CHUNK_BYTES = 64 << 10

_MAGIC = b"s3sqlC01"
_SALT_BYTES = 32
_TAG_BYTES = 16
_HEAD_BYTES = len(_MAGIC) + _SALT_BYTES


class Sealer:
    """Encrypts one run; what it returns is to be written in order."""

    __slots__ = ("_cipher", "_number", "_pending", "_salt")

    def __init__(self, key: CustomerKey) -> None:
        self._salt = os.urandom(_SALT_BYTES)
        self._cipher = _cipher(key, self._salt)
        self._pending = bytearray()
        self._number = 0

    def head(self) -> bytes:
        """What comes before the first chunk."""
        return _MAGIC + self._salt

    def update(self, data: bytes | memoryview) -> Iterator[bytes]:
        """The chunks that are full and surely not the last with *data* taken in."""
        contents = memoryview(data).cast("B")
        while len(self._pending) + len(contents) > CHUNK_BYTES:
            taken = CHUNK_BYTES - len(self._pending)
            self._pending += contents[:taken]
            contents = contents[taken:]
            yield self._sealed(last=False)
        self._pending += contents

    def finish(self) -> bytes:
        """The last chunk."""
        return self._sealed(last=True)

    def _sealed(self, *, last: bool) -> bytes:
        chunk = self._cipher.encrypt(_nonce(self._number, last=last), bytes(self._pending), None)
        self._number += 1
        self._pending.clear()
        return chunk


class Unsealer:
    """Reads any range of an object whose bytes lie in sealed runs.

    One thread at a time reads it. The chunk decrypted last is kept, as ranges seldom end where a chunk does.
    """

    __slots__ = ("_ciphers", "_kept", "_kept_chunk", "_key", "_name", "_read_at", "_sealed_starts", "_starts")

    def __init__(
        self, key: CustomerKey, sizes: Sequence[int], read_at: Callable[[int, int], bytes], name: str
    ) -> None:
        """Unseal runs of bytes of these *sizes*; ``read_at(offset, length)`` reads what is sealed."""
        self._key = key
        self._starts = [0, *accumulate(sizes)]
        self._sealed_starts = [0, *accumulate(map(sealed_size, sizes))]
        self._read_at = read_at
        self._name = name
        self._ciphers: dict[int, AESGCM] = {}
        self._kept_chunk: tuple[int, int] | None = None
        self._kept = b""

    @property
    def size(self) -> int:
        """Bytes of the object."""
        return self._starts[-1]

    @property
    def sealed_size(self) -> int:
        """Bytes of all runs."""
        return self._sealed_starts[-1]

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; the number of bytes, fewer than it holds only at the object's end.

        Raises:
            S3SelectError: ``BadDigest`` for bytes that do not authenticate.
        """
        filled = 0
        while filled < len(buffer) and offset + filled < self.size:
            at = offset + filled
            run = bisect_right(self._starts, at) - 1
            number, skipped = divmod(at - self._starts[run], CHUNK_BYTES)
            piece = memoryview(self._chunk(run, number))[skipped : skipped + len(buffer) - filled]
            buffer[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def _chunk(self, run: int, number: int) -> bytes:
        if self._kept_chunk == (run, number):
            return self._kept
        size = self._starts[run + 1] - self._starts[run]
        start = number * CHUNK_BYTES
        length = min(CHUNK_BYTES, size - start)
        place = self._sealed_starts[run] + _HEAD_BYTES + start + number * _TAG_BYTES
        sealed = self._read_at(place, length + _TAG_BYTES)
        try:
            nonce = _nonce(number, last=start + length == size)
            self._kept = self._cipher(run).decrypt(nonce, sealed, None)
        except InvalidTag as error:
            raise self._damaged(
                f"the chunk at byte {self._starts[run] + start:,} does not authenticate"
            ) from error
        self._kept_chunk = (run, number)
        return self._kept

    def _cipher(self, run: int) -> AESGCM:
        if run not in self._ciphers:
            head = self._read_at(self._sealed_starts[run], _HEAD_BYTES)
            if len(head) < _HEAD_BYTES or not head.startswith(_MAGIC):
                raise self._damaged(f"no sealed run begins at byte {self._sealed_starts[run]:,} of its file")
            self._ciphers = {run: _cipher(self._key, head[len(_MAGIC) :])}
        return self._ciphers[run]

    def _damaged(self, reason: str) -> S3SelectError:
        return S3SelectError("BadDigest", f"The stored bytes of {self._name} are damaged: {reason}.")


def sealed_size(size: int) -> int:
    """Bytes of the sealed run of *size* bytes."""
    return _HEAD_BYTES + size + _TAG_BYTES * max(1, -(-size // CHUNK_BYTES))


def _cipher(key: CustomerKey, salt: bytes) -> AESGCM:
    derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=_MAGIC)
    return AESGCM(derivation.derive(key.key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")
