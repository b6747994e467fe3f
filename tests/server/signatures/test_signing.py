from __future__ import annotations

from s3sql.server.signatures.signing import Scope, SigningKey, same_text

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def test_the_published_string_to_sign_has_the_published_signature() -> None:
    # AWS S3 API Reference, "Signature calculations for the Authorization header", example GET Object.
    key = SigningKey.of(SECRET, Scope("20130524", "us-east-1"))
    canonical = "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972"
    signature = key.sign("AWS4-HMAC-SHA256", "20130524T000000Z", canonical)
    assert signature == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_a_scope_is_written_as_in_credentials() -> None:
    assert str(Scope("20130524", "eu-west-1")) == "20130524/eu-west-1/s3/aws4_request"


def test_a_key_does_not_show_what_it_is_made_of() -> None:
    key = SigningKey.of(SECRET, Scope("20130524", "us-east-1"))
    assert SECRET not in repr(key)
    assert repr(key.key) not in repr(key)


def test_same_text() -> None:
    assert same_text("grün", "grün")
    assert not same_text("a", "b")
    assert not same_text("a", "ab")


def test_keys_of_different_secrets_days_and_regions_differ_however_often_they_are_asked_for() -> None:
    asked = [
        (secret, Scope(date, region))
        for secret in ("one", "two")
        for date in ("20261129", "20261130")
        for region in ("eu-west-1", "us-east-1")
    ]
    keys = [SigningKey.of(*each).key for each in asked]
    assert len(set(keys)) == len(asked)
    assert [SigningKey.of(*each).key for each in asked] == keys
