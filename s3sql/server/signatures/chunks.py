"""The chain of signatures in a body that is sent in signed chunks: to verify one, and to make one.

In: the signature of the request (the seed) and the SHA-256 of each chunk's bytes.  Out: the signature that
the chunk must have, or is to be sent with.

    seed ──▶ chunk 1 ──▶ chunk 2 ──▶ … ──▶ the empty chunk ──▶ trailer

Every signature signs the one before it, so that no chunk can be left out, put elsewhere or taken from another
request. botocore has nothing for this.

Source: AWS S3 API Reference, "Signature calculations for the Authorization header: transferring payload in
multiple chunks" and "Signature calculations for trailing headers".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from s3sql.errors import S3SelectError
from s3sql.server.signatures.signing import ALGORITHM, EMPTY_SHA256, SigningKey, same_text

#: The name under which a trailer has its signature.
TRAILER_SIGNATURE = "x-amz-trailer-signature"


class ChunkSignatures:
    """The chain of one body; each call goes one link further."""

    __slots__ = ("_chunk", "_key", "_previous", "_timestamp")

    def __init__(self, key: SigningKey, timestamp: str, seed: str) -> None:
        """Begin behind *seed*, the signature of a request made with *key* at *timestamp*."""
        self._key = key
        self._timestamp = timestamp
        self._previous = seed
        self._chunk = 0

    def of_chunk(self, sha256: str) -> str:
        """The signature of the next chunk, of which *sha256* is the hash in hexadecimal."""
        self._chunk += 1
        self._previous = self._key.sign(
            f"{ALGORITHM}-PAYLOAD", self._timestamp, self._previous, EMPTY_SHA256, sha256
        )
        return self._previous

    def of_trailer(self, trailers: Iterable[tuple[str, str]]) -> str:
        """The signature of the headers behind the last chunk, by their names and values."""
        canonical = "".join(
            f"{name}:{value}\n"
            for name, value in sorted((name.lower(), value.strip()) for name, value in trailers)
        )
        self._previous = self._key.sign(
            f"{ALGORITHM}-TRAILER",
            self._timestamp,
            self._previous,
            hashlib.sha256(canonical.encode()).hexdigest(),
        )
        return self._previous

    def verify_chunk(self, sha256: str, signature: str) -> None:
        """Take the next chunk, which came with *signature*.

        Raises:
            S3SelectError: ``SignatureDoesNotMatch``.
        """
        if not same_text(signature, self.of_chunk(sha256)):
            raise S3SelectError(
                "SignatureDoesNotMatch",
                f"The signature of chunk {self._chunk} of the body does not match. Each chunk is signed with "
                "the secret key of the request and the signature before it.",
            )

    def verify_trailer(self, trailers: Iterable[tuple[str, str]], signature: str) -> None:
        """Take the trailer, which came with *signature*.

        Raises:
            S3SelectError: ``SignatureDoesNotMatch``.
        """
        if not same_text(signature, self.of_trailer(trailers)):
            raise S3SelectError(
                "SignatureDoesNotMatch",
                f"The {TRAILER_SIGNATURE} behind the body does not match. The trailer is signed with the "
                "secret key of the request and the signature of the last chunk.",
            )
