"""Keys and names of buckets that try to lead out of a bucket, by every way that takes a key."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape, unescape

import pytest

from tests.server.attacks.arena import Arena
from tests.server.attacks.wire import Answer, exchanged, signed

#: Targets behind the bucket, as they go over the wire.
KEYS = [
    "../secret.txt",
    "../../secret.txt",
    "../../beside/secret.txt",
    "../.s3sql/secret.txt",
    "../beta/good.csv",
    "x/../../secret.txt",
    "./../secret.txt",
    "%2e%2e/secret.txt",
    "%2E%2E%2Fsecret.txt",
    "..%2f..%2fsecret.txt",
    "%252e%252e%252fsecret.txt",
    "..%255csecret.txt",
    "..\\secret.txt",
    "..%5csecret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "%e2%80%a5/secret.txt",
    "..;/secret.txt",
    "...//...//secret.txt",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "C:%5cwindows",
    "..",
    ".",
    "./",
    "../",
    "%2e",
    "%2e%2e",
    "%2f",
    "a//b",
    "a/./b",
    "a/../b",
    "a/b/",
    ".s3sql",
    ".s3sql/secret.txt",
    ".s3sql-notes",
    ".s3sql/objects",
    "%00",
    "secret.txt%00.csv",
    "a%00/../../secret.txt",
    "a%0ab",
    "a%0d%0aX-Evil:%201",
    "%7f",
    "%ff%fe",
    "%ED%A0%80",
    "%",
    "%2",
    "%zz",
    "x" * 255,
    "x" * 256,
    "x" * 1024,
    "x" * 1025,
    "%78" * 1025,
    "x/" * 512,
    "../" * 341 + "x",
    "é" * 300,
    "%F0%9F%92%A9" * 60,
    "~root/.ssh/id_rsa",
    "$HOME",
    "`id`",
    "a|b",
    "con",
    "aux.txt",
    "a%3aStream",
    "good.csv/x",
    "good.csv%2f..%2f..%2fsecret.txt",
    "'%20or%201=1--",
    "%25s%25n",
    "*",
    "[a-z]",
]

#: Names of buckets, as they go over the wire.
BUCKETS = [
    "..",
    ".",
    "%2e%2e",
    "%2e",
    ".s3sql",
    "%2es3sql",
    ".s3sql%2fobjects",
    "alpha%2f..",
    "..%2fbeside",
    "..%2f",
    "%2e%2e%2fbeside",
    "%252e%252e",
    "alpha%00",
    "%00",
    "..%5cbeside",
    "secret.txt",
    "alpha%0a",
    "%c0%ae%c0%ae",
    "ALPHA%2FX",
    "x" * 300,
    "~",
    "alpha ",
]


def asked(
    arena: Arena, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> Answer:
    """The answer to a signed request; whatever it is, it is none of the server's own failures."""
    # A byte of the target that is none of ASCII goes over the wire as it is.
    raw = target.encode().decode("latin-1")
    answer = exchanged(arena.url, signed(arena.url, method, raw, headers, body))
    assert answer.status in range(200, 500) or answer.code == "NotImplemented", (method, target[:80], answer)
    return answer


def listed(arena: Arena, bucket: str = "alpha") -> list[str]:
    answer = asked(arena, "GET", f"/{bucket}?list-type=2&encoding-type=url")
    assert answer.status == 200
    return [unquote(unescape(key)) for key in re.findall(r"<Key>(.*?)</Key>", answer.body.decode())]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:24])
def test_a_key_stays_in_its_bucket(key: str, arena: Arena) -> None:
    """It is a key like others, from which comes what was put, or it is refused."""
    before = listed(arena)
    read = asked(arena, "GET", f"/alpha/{key}")
    assert read.status in (400, 404), read
    body = f"contents of {key}".encode()
    written = asked(arena, "PUT", f"/alpha/{key}", body=body)
    if written.status != 200:
        assert written.verdict in ("InvalidURI", "KeyTooLongError", "InvalidArgument", "InvalidRequest"), (
            written
        )
        assert listed(arena) == before
        return
    try:
        assert asked(arena, "GET", f"/alpha/{key}").body == body
        assert asked(arena, "HEAD", f"/alpha/{key}").headers["content-length"] == str(len(body))
        added = set(listed(arena)) - set(before)
        assert len(added) == 1, f"one key is one object: {added}"
    finally:
        assert asked(arena, "DELETE", f"/alpha/{key}").status == 204
    assert listed(arena) == before
    assert asked(arena, "GET", f"/alpha/{key}").status == 404


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:24])
def test_no_other_way_leads_out_either(key: str, arena: Arena) -> None:
    """Copies, uploads, tags, deletions, listings and queries of a key that is not there."""
    source = {"x-amz-copy-source": f"/alpha/{key}".encode().decode("latin-1")}
    for target in ("/beta/copied", "/beta/copied?partNumber=1&uploadId=none"):
        assert asked(arena, "PUT", target, source).status >= 400
    for parameters in ("tagging", "acl", "attributes", "uploadId=..%2f..%2fx"):
        assert asked(arena, "GET", f"/alpha/{key}?{parameters}").status >= 400
    select = asked(arena, "POST", f"/alpha/{key}?select&select-type=2", body=SELECT)
    assert select.status >= 400
    created = asked(arena, "POST", f"/alpha/{key}?uploads")
    found = re.search(rb"<UploadId>(.+?)</UploadId>", created.body)
    if found is not None:
        upload = f"/alpha/{key}?uploadId={found[1].decode()}"
        assert asked(arena, "PUT", f"{upload}&partNumber=1", body=b"part").status == 200
        assert asked(arena, "DELETE", upload).status == 204
    for name in ("prefix", "start-after", "marker", "delimiter", "continuation-token", "key-marker"):
        value = quote(key, safe="%")
        if not _is_utf8(value):
            continue
        asked(arena, "GET", f"/alpha?list-type=2&{name}={value}")
        asked(arena, "GET", f"/alpha?{name}={value}")
        asked(arena, "GET", f"/alpha?uploads&{name}={value}")
    assert listed(arena, "beta") == ["good.csv"]


def _is_utf8(encoded: str) -> bool:
    try:
        unquote(encoded, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


SELECT = (
    b"<SelectObjectContentRequest><Expression>SELECT * FROM S3Object</Expression><ExpressionType>SQL"
    b"</ExpressionType><InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/>"
    b"</OutputSerialization></SelectObjectContentRequest>"
)


def test_a_document_of_deletions_stays_in_its_bucket(arena: Arena) -> None:
    keys = [unquote(key) for key in KEYS if _is_utf8(key) and "\0" not in unquote(key)]
    keys = [key for key in keys if not re.search("[\x01-\x08\x0b-\x1f\ud800-\udfff]", key)]
    objects = "".join(f"<Object><Key>{escape(key)}</Key></Object>" for key in keys)
    body = f"<Delete>{objects}</Delete>".encode()
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    before = listed(arena)
    answer = asked(arena, "POST", "/alpha?delete", {"Content-MD5": digest}, body)
    assert answer.status == 200
    assert answer.body.count(b"<Deleted>") + answer.body.count(b"<Error>") == len(keys)
    assert listed(arena) == before


@pytest.mark.parametrize("upload_id", ["..%2f..%2fsecret.txt", "%2fetc", ".", "%00", "x" * 5000, "%ff", ""])
def test_an_upload_id_is_no_way_out(upload_id: str, arena: Arena) -> None:
    target = f"/alpha/good.csv?uploadId={upload_id}"
    for method, more in (("PUT", "&partNumber=1"), ("POST", ""), ("DELETE", ""), ("GET", "")):
        body = COMPLETE if method == "POST" else b""
        answer = asked(arena, method, target + more, body=body)
        assert answer.code in ("NoSuchUpload", "InvalidURI", "InvalidArgument"), answer


COMPLETE = (
    b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part>"
    b"</CompleteMultipartUpload>"
)


@pytest.mark.parametrize("bucket", BUCKETS, ids=lambda bucket: bucket[:24])
def test_a_name_is_no_way_out(bucket: str, arena: Arena) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert asked(arena, method, f"/{bucket}").status >= 400, method
    for key in ("secret.txt", "good.csv", "beside/secret.txt", "objects/x"):
        for method in ("GET", "HEAD", "DELETE"):
            assert asked(arena, method, f"/{bucket}/{key}").status >= 400, method
        assert asked(arena, "PUT", f"/{bucket}/{key}", body=b"evil").status >= 400
        assert asked(arena, "POST", f"/{bucket}/{key}?uploads").status >= 400
        assert asked(arena, "POST", f"/{bucket}/{key}?select&select-type=2", body=SELECT).status >= 400
        source = {"x-amz-copy-source": f"/{bucket}/{key}"}
        assert asked(arena, "PUT", "/beta/copied", source).status >= 400
    host = {"Host": f"{bucket.strip()}.localhost"}
    raw = signed(arena.url, "GET", "/secret.txt", host)
    assert exchanged(arena.url, raw).status in (400, 403, 404)


@pytest.mark.parametrize(
    "prefix", ["../../out", "/out", "..", "a/../../../out", "\\..\\out", ".s3sql/jobs/x"]
)
@pytest.mark.parametrize("bucket", ["beta", "..", ".s3sql", "beta/../beside", "/"])
def test_the_results_of_an_archive_query_stay_in_a_bucket(bucket: str, prefix: str, arena: Arena) -> None:
    put = asked(arena, "PUT", "/alpha/archived", {"x-amz-storage-class": "GLACIER"}, b"1,2\n")
    assert put.status == 200
    body = RESTORE.format(bucket=bucket, prefix=prefix).encode()
    answer = asked(arena, "POST", "/alpha/archived?restore", body=body)
    assert answer.status == 202 if bucket == "beta" else answer.status in (400, 403, 404), answer
    _forget_results(arena)


def _forget_results(arena: Arena) -> None:
    """Delete the results that are there; those that come later are in beta, too."""
    for key in listed(arena, "beta"):
        if key != "good.csv":
            asked(arena, "DELETE", f"/beta/{quote(key, safe='')}")


RESTORE = (
    "<RestoreRequest><Type>SELECT</Type><SelectParameters><InputSerialization><CSV/></InputSerialization>"
    "<ExpressionType>SQL</ExpressionType><Expression>SELECT * FROM object</Expression><OutputSerialization>"
    "<CSV/></OutputSerialization></SelectParameters><OutputLocation><S3><BucketName>{bucket}</BucketName>"
    "<Prefix>{prefix}</Prefix></S3></OutputLocation></RestoreRequest>"
)


# ---- what somebody else has put into the folder


@pytest.fixture
def planted(arena: Arena) -> Iterator[Path]:
    """A bucket's folder with everything in it that is no regular file."""
    folder = arena.bucket()
    (folder / "link").symlink_to(arena.base / "secret.txt")
    (folder / "relative").symlink_to("../../secret.txt")
    (folder / "linkdir").symlink_to(arena.base / "beside", target_is_directory=True)
    (folder / "dangling").symlink_to(arena.base / "not-there")
    (folder / "loop").symlink_to("loop")
    (folder / "null").symlink_to("/dev/null")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "beta").symlink_to(arena.bucket("beta"), target_is_directory=True)
    os.mkfifo(folder / "pipe")
    with contextlib.suppress(PermissionError):
        # Who is not root cannot make one; it is /dev/zero.
        os.mknod(folder / "device", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    (folder / "folder").mkdir()
    own = socket.socket(socket.AF_UNIX)
    descriptor = os.open(folder, os.O_RDONLY)
    # A Unix socket's path is short, so it is bound by way of the folder's descriptor.
    own.bind(f"/proc/self/fd/{descriptor}/socket")
    os.close(descriptor)
    (arena.root / "linked").symlink_to(arena.base / "beside", target_is_directory=True)
    arena.remember()
    yield folder
    own.close()
    (arena.root / "linked").unlink()
    for name in PLANTED:
        with contextlib.suppress(FileNotFoundError):
            (folder / name).unlink()
    (folder / "folder").rmdir()
    arena.remember()


PLANTED = [
    "link",
    "relative",
    "linkdir",
    "dangling",
    "loop",
    "null",
    "zero",
    "beta",
    "pipe",
    "socket",
    "device",
]


def test_what_is_no_file_is_no_object(arena: Arena, planted: Path) -> None:
    assert not {*PLANTED, "folder"} & set(listed(arena))
    for name in [*PLANTED, "folder", "linkdir/secret.txt", "beta/good.csv", "linkdir/", "loop/x"]:
        assert asked(arena, "GET", f"/alpha/{name}").verdict == "NoSuchKey"
        assert asked(arena, "HEAD", f"/alpha/{name}").status == 404
        assert asked(arena, "POST", f"/alpha/{name}?select&select-type=2", body=SELECT).verdict == "NoSuchKey"
        assert asked(arena, "PUT", "/beta/x", {"x-amz-copy-source": f"/alpha/{name}"}).verdict == "NoSuchKey"
        assert (
            asked(arena, "PUT", f"/alpha/{name}?tagging", body=b"<Tagging><TagSet/></Tagging>").status >= 400
        )
    for prefix in ("linkdir/", "beta/", "loop/", "pipe"):
        answer = asked(arena, "GET", f"/alpha?prefix={prefix}")
        assert b"<Contents>" not in answer.body


@pytest.mark.parametrize("name", [*PLANTED, "linkdir/new", "linkdir/secret.txt", "beta/good.csv", "pipe/x"])
def test_writing_does_not_follow_what_is_planted(name: str, arena: Arena, planted: Path) -> None:
    """An object of that name is written, read and deleted, beside what stands in its way or in its place."""
    for method, status in (("PUT", 200), ("GET", 200), ("DELETE", 204)):
        answer = asked(arena, method, f"/alpha/{name}", body=b"evil" if method == "PUT" else b"")
        assert answer.status == status, (method, answer)
        assert arena.bucket("beta").joinpath("good.csv").stat().st_size == 12
    assert asked(arena, "GET", f"/alpha/{name}").verdict == "NoSuchKey"
    assert sorted(os.listdir(arena.base / "beside")) == ["secret.txt"]


def test_deleting_what_is_planted_touches_nothing_behind_it(arena: Arena, planted: Path) -> None:
    for name in [*PLANTED, "linkdir/secret.txt", "beta/good.csv", "folder", "folder/"]:
        assert asked(arena, "DELETE", f"/alpha/{name}").status == 204
    assert sorted(os.listdir(arena.base / "beside")) == ["secret.txt"]
    assert arena.bucket("beta").joinpath("good.csv").exists()


def test_a_link_is_no_bucket(arena: Arena, planted: Path) -> None:
    assert b"linked" not in asked(arena, "GET", "/").body
    for method in ("GET", "HEAD", "DELETE"):
        assert asked(arena, method, "/linked").status == 404
        assert asked(arena, method, "/linked/secret.txt").status == 404
    assert asked(arena, "PUT", "/linked/new", body=b"evil").status == 404
    assert asked(arena, "PUT", "/linked").status in (400, 409)


def test_a_bucket_of_links_is_deleted_as_what_it_is(arena: Arena) -> None:
    """Either it is kept, since something is in it, or only the link goes."""
    (arena.root / "gamma").mkdir()
    (arena.root / "gamma" / "away").symlink_to(arena.base / "beside", target_is_directory=True)
    assert asked(arena, "DELETE", "/gamma").verdict in ("BucketNotEmpty", "204")
    assert sorted(os.listdir(arena.base / "beside")) == ["secret.txt"]
    with contextlib.suppress(FileNotFoundError):
        (arena.root / "gamma" / "away").unlink()
    with contextlib.suppress(FileNotFoundError):
        (arena.root / "gamma").rmdir()
