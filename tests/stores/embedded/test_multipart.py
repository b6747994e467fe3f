"""Uploads in parts."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from s3sql.checksums import ALGORITHMS, ChecksumAlgorithm, checksum_of
from s3sql.errors import S3SelectError
from s3sql.stores.embedded.model import (
    Attributes,
    Checksum,
    ChecksumType,
    CompletedPart,
    Conditions,
    Upload,
)
from s3sql.stores.embedded.store import EmbeddedStore
from tests.stores.embedded.objects import (
    BUCKET,
    MIB,
    code_of,
    contents_of,
    customer_key,
    keys_of,
    put,
    put_part,
)

ATTRIBUTES = Attributes({"content-type": "text/csv"}, {"a": "b"}, {"c": "d"})
FIRST = b"first " * MIB  # 6 MiB
SECOND = b"second"


@pytest.fixture
def upload(store: EmbeddedStore) -> Upload:
    return store.create_upload(BUCKET, "a/b", ATTRIBUTES)


def named(store: EmbeddedStore, upload: Upload, *parts: bytes) -> list[CompletedPart]:
    """The parts, uploaded as 1, 2, …, as a completion names them."""
    return [
        CompletedPart(number, put_part(store, upload, number, contents))
        for number, contents in enumerate(parts, 1)
    ]


def multipart_etag(*parts: bytes) -> str:
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f"{hashlib.md5(digests).hexdigest()}-{len(parts)}"


def value_of(algorithm: ChecksumAlgorithm, contents: bytes) -> str:
    checksum = checksum_of(algorithm)
    checksum.update(contents)
    return checksum.digest_base64()


def refused(
    store: EmbeddedStore, upload: Upload, parts: Sequence[CompletedPart], **options: object
) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        store.complete_upload(upload, parts, **options)  # type: ignore[arg-type]
    # Nothing came of it, and the upload is still open.
    assert store.list_uploads(BUCKET)[0] == [upload]
    return caught.value


@pytest.mark.parametrize("key", ["a/b", "hidden/"])
def test_parts_become_one_object(store: EmbeddedStore, root: Path, key: str) -> None:
    upload = store.create_upload(BUCKET, key, ATTRIBUTES)
    assert store.upload(BUCKET, key, upload.upload_id) == upload
    second = put_part(store, upload, 7, SECOND)
    first = put_part(store, upload, 2, FIRST)
    put_part(store, upload, 3, b"of no use")
    told = store.complete_upload(upload, [CompletedPart(2, first), CompletedPart(7, second)])
    assert told.etag == multipart_etag(FIRST, SECOND)
    assert told.size == len(FIRST + SECOND)
    assert told.attributes == ATTRIBUTES
    assert [(part.number, part.size, part.etag) for part in told.parts] == [
        (2, len(FIRST), hashlib.md5(FIRST).hexdigest()),
        (7, len(SECOND), hashlib.md5(SECOND).hexdigest()),
    ]
    assert store.describe(BUCKET, key) == told
    assert contents_of(store, key) == FIRST + SECOND
    assert store.list_uploads(BUCKET) == ([], False)
    assert list((root / ".s3sql" / "uploads").iterdir()) == []


def test_one_empty_part_is_enough(store: EmbeddedStore, upload: Upload) -> None:
    told = store.complete_upload(upload, named(store, upload, b""))
    assert (told.size, told.etag) == (0, multipart_etag(b""))


def test_uploads_outlive_the_store(root: Path) -> None:
    store = EmbeddedStore(root)
    upload = store.create_upload(
        BUCKET, "a", ATTRIBUTES, checksum_algorithm="SHA256", customer_key=customer_key()
    )
    etag = put_part(store, upload, 1, SECOND, customer_key())
    store.close()
    store = EmbeddedStore(root)
    assert store.upload(BUCKET, "a", upload.upload_id) == upload
    (part,), more = store.list_parts(upload)
    assert (part.number, part.etag, part.size, more) == (1, etag, len(SECOND), False)
    store.complete_upload(upload, [CompletedPart(1, etag)])
    assert contents_of(store, "a", customer_key()) == SECOND
    store.close()


def test_a_part_takes_the_place_of_another(store: EmbeddedStore, root: Path, upload: Upload) -> None:
    put_part(store, upload, 1, b"old")
    parts = named(store, upload, SECOND)
    folder = root / ".s3sql" / "uploads" / upload.upload_id
    assert sorted(path.name.partition("-")[0] for path in folder.iterdir()) == ["1", "lock"]
    store.complete_upload(upload, parts)
    assert contents_of(store, "a/b") == SECOND


def test_the_same_completion_has_the_same_answer(store: EmbeddedStore, root: Path, upload: Upload) -> None:
    parts = named(store, upload, FIRST, SECOND)
    told = store.complete_upload(upload, parts)
    put(store, "a/b", b"written since")
    for again in (store, EmbeddedStore(root)):
        found = again.upload(BUCKET, "a/b", upload.upload_id)
        assert again.complete_upload(found, parts) == told
        for other in (parts[:1], [CompletedPart(1, "no ETag")]):
            with pytest.raises(S3SelectError) as caught:
                again.complete_upload(found, other)
            assert code_of(caught) == ("NoSuchUpload", 404)
    again.close()
    assert contents_of(store, "a/b") == b"written since"
    assert list((root / ".s3sql" / "uploads").iterdir()) == []


def test_what_has_ended_takes_nothing(store: EmbeddedStore, root: Path) -> None:
    completed = store.create_upload(BUCKET, "a", ATTRIBUTES)
    aborted = store.create_upload(BUCKET, "a", ATTRIBUTES)
    late = [store.start_part(upload, 2) for upload in (completed, aborted)]
    store.complete_upload(completed, named(store, completed, SECOND))
    named(store, aborted, SECOND)
    store.abort_upload(aborted)
    for upload in (completed, aborted):
        for ask in (
            lambda upload=upload: store.start_part(upload, 1),
            lambda upload=upload: store.list_parts(upload),
            lambda upload=upload: store.abort_upload(upload),
        ):
            with pytest.raises(S3SelectError, match=upload.upload_id) as caught:
                ask()
            assert code_of(caught) == ("NoSuchUpload", 404)
    for writer in late:
        with pytest.raises(S3SelectError) as caught:
            writer.commit()
        assert caught.value.code == "NoSuchUpload"
    with pytest.raises(S3SelectError) as caught:
        store.complete_upload(aborted, [CompletedPart(1, "x")])
    assert caught.value.code == "NoSuchUpload"
    assert list((root / ".s3sql" / "uploads").iterdir()) == []


@pytest.mark.parametrize("upload_id", ["", "no", "../tmp", "x" * 5000, "\0"])
def test_an_id_that_is_none(store: EmbeddedStore, upload: Upload, upload_id: str) -> None:
    for bucket, key, given in ((BUCKET, "a/b", upload_id), (BUCKET, "another", upload.upload_id)):
        with pytest.raises(S3SelectError) as caught:
            store.upload(bucket, key, given)
        assert code_of(caught) == ("NoSuchUpload", 404)


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_part_numbers(store: EmbeddedStore, upload: Upload, number: int) -> None:
    with pytest.raises(S3SelectError, match="from 1 to 10,000") as caught:
        store.start_part(upload, number)
    assert code_of(caught) == ("InvalidArgument", 400)


def test_parts_are_listed_by_pages(store: EmbeddedStore, upload: Upload) -> None:
    for number in (10_000, 3, 1, 20):
        put_part(store, upload, number, b"x" * number)
    listed, more = store.list_parts(upload, limit=2)
    assert ([(part.number, part.size) for part in listed], more) == ([(1, 1), (3, 3)], True)
    listed, more = store.list_parts(upload, after=3, limit=2)
    assert ([part.number for part in listed], more) == ([20, 10_000], False)
    assert store.list_parts(upload, limit=0) == ([], False)


def test_uploads_are_listed_by_key_and_age(store: EmbeddedStore) -> None:
    keys = ["b", "a/2", "a/1", "a/1", "c/x/1", "c/x/2", "c-"]
    uploads = [store.create_upload(BUCKET, key, Attributes()) for key in keys]
    by_key = sorted(uploads, key=lambda upload: upload.key)
    assert store.list_uploads(BUCKET) == (by_key, False)
    assert store.list_uploads(BUCKET, limit=0) == ([], False)
    assert store.list_uploads(BUCKET, limit=7) == (by_key, False)
    assert store.list_uploads(BUCKET, limit=6) == (by_key[:6], True)
    assert store.list_uploads(BUCKET, delimiter="/") == (["a/", uploads[0], uploads[6], "c/"], False)
    assert store.list_uploads(BUCKET, delimiter="/", after_key="a/", limit=1) == ([uploads[0]], True)
    assert store.list_uploads(BUCKET, prefix="c/", delimiter="/") == (["c/x/"], False)
    assert store.list_uploads(BUCKET, prefix="a/1") == (uploads[2:4], False)
    assert store.list_uploads(BUCKET, prefix="a", after_key="a/1") == ([uploads[1]], False)
    assert store.list_uploads(BUCKET, prefix="a", after_key="a/1", after_upload_id=uploads[2].upload_id) == (
        [uploads[3], uploads[1]],
        False,
    )
    assert store.list_uploads(BUCKET, after_key="zzz") == ([], False)


def test_many_uploads_of_one_key(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3sql.stores.embedded.multipart._ROWS", 2)
    uploads = [
        store.create_upload(BUCKET, key, Attributes()) for key in ["a", "a", "a", "b/1", "b/2", "b/3", "c"]
    ]
    assert store.list_uploads(BUCKET) == (uploads, False)
    assert store.list_uploads(BUCKET, delimiter="/") == ([*uploads[:3], "b/", uploads[6]], False)


class TestRefused:
    def test_no_parts(self, store: EmbeddedStore, upload: Upload) -> None:
        assert refused(store, upload, []).code == "MalformedXML"

    def test_a_part_that_is_not_there(self, store: EmbeddedStore, upload: Upload) -> None:
        error = refused(store, upload, [CompletedPart(3, "x")])
        assert (error.code, error.status) == ("InvalidPart", 400)
        assert "Part 3 was not uploaded" in error.message

    def test_another_etag(self, store: EmbeddedStore, upload: Upload) -> None:
        (part,) = named(store, upload, SECOND)
        error = refused(store, upload, [CompletedPart(1, "0" * 32)])
        assert error.code == "InvalidPart"
        assert part.etag in error.message

    @pytest.mark.parametrize("order", [(1, 0), (0, 0)])
    def test_the_order(self, store: EmbeddedStore, upload: Upload, order: tuple[int, int]) -> None:
        parts = named(store, upload, SECOND, SECOND)
        error = refused(store, upload, [parts[number] for number in order])
        assert (error.code, error.status) == ("InvalidPartOrder", 400)

    def test_a_small_part(self, store: EmbeddedStore, upload: Upload) -> None:
        parts = named(store, upload, bytes(5 * MIB), bytes(5 * MIB - 1), b"x")
        error = refused(store, upload, parts)
        assert (error.code, error.status) == ("EntityTooSmall", 400)
        assert error.message.startswith("Part 2 has 5,242,879 bytes")
        told = store.complete_upload(upload, [parts[0], parts[2]])
        assert told.size == 5 * MIB + 1

    def test_another_size(self, store: EmbeddedStore, upload: Upload) -> None:
        parts = named(store, upload, SECOND)
        assert refused(store, upload, parts, size=7).code == "InvalidRequest"
        assert store.complete_upload(upload, parts, size=len(SECOND)).size == len(SECOND)

    def test_a_condition(self, store: EmbeddedStore, upload: Upload) -> None:
        parts = named(store, upload, SECOND)
        error = refused(store, upload, parts, conditions=Conditions(if_match="*"))
        assert (error.code, error.status) == ("NoSuchKey", 404)
        put(store, "a/b", b"there")
        error = refused(store, upload, parts, conditions=Conditions(if_none_match="*"))
        assert (error.code, error.status) == ("PreconditionFailed", 412)
        assert contents_of(store, "a/b") == b"there"

    def test_a_part_of_which_the_file_is_damaged(
        self, store: EmbeddedStore, root: Path, upload: Upload
    ) -> None:
        parts = named(store, upload, SECOND)
        (file,) = (root / ".s3sql" / "uploads" / upload.upload_id).glob("1-*")
        file.write_bytes(SECOND[:-1])
        error = refused(store, upload, parts)
        assert error.code == "InvalidPart"
        assert "Upload it again" in error.message
        file.unlink()
        assert refused(store, upload, parts).code == "InvalidPart"
        (token,) = (root / ".s3sql" / "tmp").iterdir()
        assert [path.name for path in token.iterdir()] == ["lock"]


class TestChecksums:
    @pytest.mark.parametrize(
        ("algorithm", "given", "kind"),
        [
            *((algorithm, None, "COMPOSITE") for algorithm in ALGORITHMS if algorithm != "CRC64NVME"),
            ("CRC64NVME", None, "FULL_OBJECT"),
            ("CRC32", "FULL_OBJECT", "FULL_OBJECT"),
            ("CRC32C", "FULL_OBJECT", "FULL_OBJECT"),
            ("CRC64NVME", "FULL_OBJECT", "FULL_OBJECT"),
            ("SHA1", "COMPOSITE", "COMPOSITE"),
        ],
    )
    def test_of_the_whole(
        self,
        store: EmbeddedStore,
        algorithm: ChecksumAlgorithm,
        given: ChecksumType | None,
        kind: ChecksumType,
    ) -> None:
        upload = store.create_upload(
            BUCKET, "a", ATTRIBUTES, checksum_algorithm=algorithm, checksum_type=given
        )
        assert (upload.checksum_algorithm, upload.checksum_type) == (algorithm, kind)
        parts = named(store, upload, FIRST, SECOND)
        values = [value_of(algorithm, FIRST), value_of(algorithm, SECOND)]
        assert [part.checksum for part in store.list_parts(upload)[0]] == [
            Checksum(algorithm, value) for value in values
        ]
        if kind == "FULL_OBJECT":
            expected = value_of(algorithm, FIRST + SECOND)
        else:
            digests = checksum_of(algorithm)
            for contents in (FIRST, SECOND):
                part = checksum_of(algorithm)
                part.update(contents)
                digests.update(part.digest())
            expected = f"{digests.digest_base64()}-2"
        wrong = Checksum(algorithm, value_of(algorithm, b"another"), kind)
        assert refused(store, upload, parts, checksum=wrong).code == "BadDigest"
        told = store.complete_upload(upload, parts, checksum=Checksum(algorithm, expected, kind))
        assert told.checksum == Checksum(algorithm, expected, kind)
        assert [part.checksum and part.checksum.value for part in told.parts] == values

    @pytest.mark.parametrize(
        ("algorithm", "kind"),
        [("SHA1", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE"), (None, "COMPOSITE")],
    )
    def test_types_that_an_algorithm_has_not(
        self, store: EmbeddedStore, algorithm: ChecksumAlgorithm | None, kind: ChecksumType
    ) -> None:
        with pytest.raises(S3SelectError) as caught:
            store.create_upload(BUCKET, "a", ATTRIBUTES, checksum_algorithm=algorithm, checksum_type=kind)
        assert code_of(caught) == ("InvalidRequest", 400)

    def test_of_a_part(self, store: EmbeddedStore) -> None:
        upload = store.create_upload(BUCKET, "a", ATTRIBUTES, checksum_algorithm="CRC32")
        for checksum, code in (
            (Checksum("CRC32", value_of("CRC32", b"another")), "BadDigest"),
            (Checksum("SHA1", value_of("SHA1", SECOND)), "InvalidRequest"),
        ):
            with store.start_part(upload, 1) as writer:
                writer.write(SECOND)
                with pytest.raises(S3SelectError) as caught:
                    writer.commit(checksum)
            assert code_of(caught) == (code, 400)
        assert store.list_parts(upload) == ([], False)
        with store.start_part(upload, 1) as writer:
            writer.write(SECOND)
            told = writer.commit(Checksum("CRC32", value_of("CRC32", SECOND)))
        assert told.checksum == Checksum("CRC32", value_of("CRC32", SECOND))

    def test_that_a_completion_names(self, store: EmbeddedStore) -> None:
        upload = store.create_upload(BUCKET, "a", ATTRIBUTES, checksum_algorithm="CRC32")
        (part,) = named(store, upload, SECOND)
        wrong = Checksum("CRC32", value_of("CRC32", b"another"))
        assert refused(store, upload, [CompletedPart(1, part.etag, wrong)]).code == "InvalidPart"
        good = Checksum("CRC32", value_of("CRC32", SECOND))
        store.complete_upload(upload, [CompletedPart(1, part.etag, good)])

    def test_where_none_was_announced(self, store: EmbeddedStore, upload: Upload) -> None:
        (part,) = named(store, upload, SECOND)
        checksum = Checksum("CRC32", value_of("CRC32", SECOND))
        assert refused(store, upload, [CompletedPart(1, part.etag, checksum)]).code == "InvalidPart"
        assert refused(store, upload, [part], checksum=checksum).code == "InvalidRequest"
        with store.start_part(upload, 1) as writer:
            writer.write(SECOND)
            writer.commit(checksum)
        told = store.complete_upload(upload, [CompletedPart(1, part.etag, checksum)])
        assert told.checksum is None
        assert told.parts[0].checksum == checksum


class TestCustomerKeys:
    def test_the_whole_is_read_by_range(self, store: EmbeddedStore, root: Path) -> None:
        upload = store.create_upload(BUCKET, "a", ATTRIBUTES, customer_key=customer_key())
        assert upload.customer_key_md5 == customer_key().md5
        parts = [
            CompletedPart(number, put_part(store, upload, number, contents, customer_key()))
            for number, contents in enumerate((FIRST, SECOND), 1)
        ]
        for file in (root / ".s3sql").rglob("*"):
            assert not file.is_file() or b"first first" not in file.read_bytes()
        told = store.complete_upload(upload, parts)
        assert (told.size, told.customer_key_md5) == (len(FIRST + SECOND), customer_key().md5)
        with store.open_object(BUCKET, "a", customer_key()) as opened:
            assert opened.read(len(FIRST) - 3, 6) == b"st sec"
            assert opened.read(0, told.size) == FIRST + SECOND
        assert keys_of(store) == ["a"]

    def test_every_part_has_the_key_of_the_upload(self, store: EmbeddedStore, upload: Upload) -> None:
        sealed = store.create_upload(BUCKET, "a", ATTRIBUTES, customer_key=customer_key())
        for wrong, key in ((sealed, None), (sealed, customer_key("x")), (upload, customer_key())):
            with pytest.raises(S3SelectError, match=r"customer's key \(SSE-C\)") as caught:
                store.start_part(wrong, 1, customer_key=key)
            assert code_of(caught) == ("InvalidRequest", 400)


def test_without_the_systems_copying(
    store: EmbeddedStore, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(*arguments: object) -> int:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", unable, raising=False)
    store.complete_upload(upload, named(store, upload, FIRST, SECOND))
    assert contents_of(store, "a/b") == FIRST + SECOND
    monkeypatch.delattr(os, "copy_file_range", raising=False)
    upload = store.create_upload(BUCKET, "c", ATTRIBUTES)
    store.complete_upload(upload, named(store, upload, FIRST, SECOND))
    assert contents_of(store, "c") == FIRST + SECOND


def test_two_completions_at_once_make_one_object(store: EmbeddedStore, root: Path, upload: Upload) -> None:
    parts = named(store, upload, FIRST, SECOND)
    other = EmbeddedStore(root)
    answers = []
    threads = [
        threading.Thread(target=lambda each=each: answers.append(each.complete_upload(upload, parts)))
        for each in (store, other, store, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert len(answers) == 4
    assert len({answer.modified for answer in answers}) == 1
    assert contents_of(store, "a/b") == FIRST + SECOND


def test_many_parts(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3sql.stores.embedded.completion.MIN_PART_BYTES", 1)
    monkeypatch.setattr("s3sql.stores.embedded.multipart.sync", lambda descriptor: None)
    monkeypatch.setattr("s3sql.stores.embedded.writing.sync", lambda descriptor: None)
    upload = store.create_upload(
        BUCKET, "a", ATTRIBUTES, checksum_algorithm="CRC32", checksum_type="FULL_OBJECT"
    )
    count = 300
    parts = named(store, upload, *(b"%5d" % number for number in range(count)))
    told = store.complete_upload(upload, parts)
    contents = b"".join(b"%5d" % number for number in range(count))
    assert told.checksum == Checksum("CRC32", value_of("CRC32", contents), "FULL_OBJECT")
    assert contents_of(store, "a") == contents
    assert len(store.describe(BUCKET, "a").parts) == count
    assert store.list_objects(BUCKET).entries[0] != told  # without its parts
