"""Objects that are encrypted with the customer's key, from the outside."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.customer_keys import customer_key_of
from s3sql.stores.embedded.store import EmbeddedStore
from tests.stores.embedded.objects import BUCKET, code_of, contents_of, customer_key, put

SECRET = b"a secret that no disk should see " * 5000


def test_nothing_of_it_lies_on_the_disk(store: EmbeddedStore, root: Path) -> None:
    told = put(store, "secret.csv", SECRET, customer_key=customer_key())
    assert told.size == len(SECRET)
    assert told.customer_key_md5 == customer_key().md5
    assert contents_of(store, "secret.csv", customer_key()) == SECRET
    store.close()
    for path in root.rglob("*"):
        if path.is_file():
            stored = path.read_bytes()
            assert b"no disk should see" not in stored
            assert customer_key().key not in stored


def test_the_etag_does_not_tell_that_two_objects_are_the_same(store: EmbeddedStore) -> None:
    first = put(store, "a", SECRET, customer_key=customer_key())
    assert first.etag != put(store, "b", SECRET, customer_key=customer_key()).etag


@pytest.mark.parametrize("method", ["describe", "open_object"])
def test_the_key_must_be_the_right_one(store: EmbeddedStore, method: str) -> None:
    put(store, "secret", SECRET, customer_key=customer_key())
    put(store, "plain", b"plain")
    ask = getattr(store, method)
    with pytest.raises(S3SelectError, match="must be sent again") as caught:
        ask(BUCKET, "secret")
    assert code_of(caught) == ("InvalidRequest", 400)
    with pytest.raises(S3SelectError, match="another customer's key") as caught:
        ask(BUCKET, "secret", customer_key("x"))
    assert code_of(caught) == ("AccessDenied", 403)
    with pytest.raises(S3SelectError, match="not encrypted") as caught:
        ask(BUCKET, "plain", customer_key())
    assert code_of(caught) == ("InvalidRequest", 400)


def test_plain_and_encrypted_take_each_others_place(store: EmbeddedStore, root: Path) -> None:
    put(store, "a/b", b"plain")
    put(store, "a/b", SECRET, customer_key=customer_key())
    assert contents_of(store, "a/b", customer_key()) == SECRET
    assert not (root / BUCKET / "a").exists()
    put(store, "a/b", b"again")
    assert contents_of(store, "a/b") == b"again"
    assert list((root / ".s3sql" / "objects").iterdir()) == []


def test_a_file_that_is_damaged(store: EmbeddedStore, root: Path) -> None:
    put(store, "secret", SECRET, customer_key=customer_key())
    (file,) = (root / ".s3sql" / "objects").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(S3SelectError, match="as it was stored with") as caught:
        store.open_object(BUCKET, "secret", customer_key())
    assert caught.value.code == "BadDigest"


@pytest.mark.parametrize("given", ["k" * 32, b"k" * 32, b64encode(b"k" * 32), b64encode(b"k" * 32).decode()])
@pytest.mark.parametrize("md5", [None, customer_key().md5])
def test_a_key_as_boto3_takes_it(store: EmbeddedStore, given: str | bytes, md5: str | None) -> None:
    put(store, "secret", SECRET, customer_key=customer_key())
    opened = store.open(
        BUCKET,
        "secret",
        sse_customer_algorithm="AES256",
        sse_customer_key=given,
        sse_customer_key_md5=md5,
    )
    with opened:
        assert opened.read(10_000, 33) == SECRET[10_000:10_033]
        assert opened.size == len(SECRET)


@pytest.mark.parametrize(
    ("algorithm", "key", "md5", "code"),
    [
        ("AES256", None, None, "InvalidArgument"),
        (None, "k" * 32, None, "InvalidArgument"),
        (None, None, "md5", "InvalidArgument"),
        ("aws:kms", "k" * 32, None, "InvalidEncryptionAlgorithmError"),
        ("AES256", "k" * 31, None, "InvalidArgument"),
        ("AES256", "\ud800", None, "InvalidArgument"),
        ("AES256", b"", None, "InvalidArgument"),
        ("AES256", "k" * 32, customer_key("x").md5, "InvalidArgument"),
        ("AES256", "k" * 32, "\u00e9", "InvalidArgument"),
    ],
)
def test_what_is_no_key(algorithm: str | None, key: str | bytes | None, md5: str | None, code: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        customer_key_of(algorithm, key, md5)
    assert code_of(caught) == (code, 400)


def test_no_key_is_none() -> None:
    assert customer_key_of(None, None, None) is None


def test_the_store_has_no_owners(store: EmbeddedStore) -> None:
    put(store, "plain", b"plain")
    with pytest.raises(S3SelectError, match="expected_bucket_owner") as caught:
        store.open(BUCKET, "plain", expected_bucket_owner="000000000000")
    assert code_of(caught) == ("InvalidRequest", 400)
    with store.open(BUCKET, "plain") as opened:
        assert opened.read(0, 10) == b"plain"
