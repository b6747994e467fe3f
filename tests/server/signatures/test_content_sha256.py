from __future__ import annotations

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.signatures.content_sha256 import PAYLOADS, UNSIGNED_PAYLOAD, checked_payload


@pytest.mark.parametrize("value", ["0" * 64, "aF" * 32, *PAYLOADS])
def test_a_hash_or_a_word(value: str) -> None:
    assert checked_payload(value) == value


@pytest.mark.parametrize("value", ["", "0" * 63, "0" * 64 + "\n", "０" * 64, "unsigned-payload", "x" * 9999])
def test_neither(value: str) -> None:
    with pytest.raises(S3SelectError, match="must be the SHA-256 of the body") as caught:
        checked_payload(value)
    assert caught.value.code == "InvalidArgument"
    assert len(caught.value.message) < 400


def test_only_the_words_that_are_allowed() -> None:
    assert checked_payload(UNSIGNED_PAYLOAD, (UNSIGNED_PAYLOAD,)) == UNSIGNED_PAYLOAD
    with pytest.raises(S3SelectError):
        checked_payload(PAYLOADS[1], (UNSIGNED_PAYLOAD,))
