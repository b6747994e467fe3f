r"""The three formulas that every Signature Version 4 is made of.

In: a secret, a scope and what is to be signed.  Out: a signing key, a string to sign, a signature.

    key        =  HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request")
    string     =  algorithm \n timestamp \n scope \n …
    signature  =  hex(HMAC(key, string))

Source: AWS S3 API Reference, "Authenticating requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from dataclasses import dataclass, field

#: What signs a request, and the beginning of what signs its chunks.
ALGORITHM = "AWS4-HMAC-SHA256"

#: The SHA-256 of nothing, as S3 writes it.
EMPTY_SHA256 = hashlib.sha256().hexdigest()

_TERMINATOR = "aws4_request"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when a signing key is good for anything: ``20130524/us-east-1/s3/aws4_request``."""

    date: str
    region: str
    service: str = "s3"

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{_TERMINATOR}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key for one day, region and service; made of a secret that it does not tell."""

    scope: Scope
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: str, scope: Scope) -> SigningKey:
        """The key that the holder of *secret* signs with in *scope*."""
        return cls(scope, _derived(secret, scope))

    def sign(self, algorithm: str, timestamp: str, *lines: str) -> str:
        """The signature, in hexadecimal, of *lines* below the head that every string to sign has."""
        string_to_sign = "\n".join((algorithm, timestamp, str(self.scope), *lines))
        return hmac.new(self.key, string_to_sign.encode(), hashlib.sha256).hexdigest()


@functools.lru_cache(maxsize=256)
def _derived(secret: str, scope: Scope) -> bytes:
    """The bytes of a signing key, which are the same for all requests of a day."""
    key = f"AWS4{secret}".encode()
    for part in (scope.date, scope.region, scope.service, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def same_text(found: str, expected: str) -> bool:
    """Whether two texts are one, in a time that does not tell where they differ."""
    return hmac.compare_digest(found.encode(), expected.encode())
