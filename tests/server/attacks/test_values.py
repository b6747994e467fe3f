"""Parameters and headers with values that nobody means well, in signed requests of every kind."""

from __future__ import annotations

import random
import shutil
from urllib.parse import quote

import pytest

from tests.server.attacks.arena import GOOD, Arena
from tests.server.attacks.wire import exchanged, signed

METHODS = "GET HEAD PUT POST DELETE GET PUT".split()
PATHS = ["/", "/alpha", "/alpha/good.csv", "/alpha/k", "/alpha/a%2F", "/beta/good.csv", "/gamma"]
PARAMETERS = """
    max-keys prefix delimiter marker start-after continuation-token encoding-type list-type
    fetch-owner versionId partNumber uploadId uploads tagging acl attributes select select-type
    restore delete location versions max-parts part-number-marker max-uploads key-marker
    upload-id-marker response-content-type response-expires response-content-disposition x-id
    max-buckets bucket-region policy cors X-Amz-Expires torrent id
""".split()
HEADERS = """
    range if-match if-none-match if-modified-since if-unmodified-since if-range x-amz-copy-source
    x-amz-copy-source-range x-amz-copy-source-if-match x-amz-copy-source-if-modified-since
    x-amz-metadata-directive x-amz-tagging-directive x-amz-tagging x-amz-meta-a x-amz-meta-
    x-amz-storage-class x-amz-acl x-amz-server-side-encryption
    x-amz-server-side-encryption-customer-algorithm x-amz-server-side-encryption-customer-key
    x-amz-server-side-encryption-customer-key-md5 x-amz-checksum-algorithm x-amz-checksum-type
    x-amz-checksum-mode x-amz-checksum-crc32 x-amz-sdk-checksum-algorithm x-amz-trailer
    x-amz-decoded-content-length content-encoding content-type content-disposition content-language
    cache-control expires content-md5 x-amz-expected-bucket-owner x-amz-source-expected-bucket-owner
    x-amz-object-attributes x-amz-max-parts x-amz-part-number-marker
    x-amz-optional-object-attributes x-amz-website-redirect-location x-amz-mp-object-size
    x-amz-object-lock-mode x-amz-grant-read x-amz-request-payer x-amz-write-offset-bytes
    x-forwarded-for x-forwarded-proto user-agent accept origin cookie x-amz-rename-source date
""".split()
VALUES = [
    *("", "0", "-1", "1", "2", "1000", "9" * 23, "1e3", "0x10", "NaN", "true", "null", "\u0663", "\u00b2"),
    *("é", "\U0001f600", "a" * 5000, "%00", "%ff%fe", "../..", "\x7f", "\x01", " ", "\t", "a,b", "*", "="),
    *("bytes=0-", "bytes=-0", "bytes=5-2", f"bytes=0-{'9' * 26}", f"bytes=-{'9' * 26}", "bytes=0-1,3-4"),
    *('"x"', 'W/"x"', "Mon, 30 Nov 2026 11:00:00 GMT", "Mon, 99 Foo 99999 99:99:99 GMT", "AAAA", "url"),
    *("Thu, 01 Jan 0001 00:00:00 -2359", "Fri, 31 Dec 9999 23:59:59 -2359", "2026-11-30T00:00:00Z"),
    *("AES256", "aws:kms", "GLACIER", "public-read", "a=b", "a=b&a=c", "&&&", "x" * 129 + "=y"),
    *(
        "/alpha/good.csv",
        "alpha/good.csv?versionId=",
        "alpha/good.csv?versionId=null",
        "alpha",
        "arn:aws:s3:::x",
    ),
    *("REPLACE", "COPY", "CRC32", "COMPOSITE", "FULL_OBJECT", "ETag", "ETag,ObjectSize"),
]
BODIES = [
    b"",
    b"abc",
    b"<Delete><Object><Key>x</Key></Object></Delete>",
    b"<Tagging><TagSet/></Tagging>",
    b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
]


@pytest.mark.parametrize("seed", range(4))
def test_no_value_is_more_than_an_error(seed: int, arena: Arena) -> None:
    """Each is answered, with an S3 code if it is refused; what is logged is checked behind every test."""
    chosen = random.Random(seed)
    for _ in range(150):
        names = chosen.sample(PARAMETERS, chosen.choice((0, 1, 1, 2, 3)))
        pairs = (quote(name, safe="") + chosen.choice(("", f"={_encoded(chosen)}")) for name in names)
        target = f"{chosen.choice(PATHS)}?{'&'.join(pairs)}".removesuffix("?")
        headers = {name: _raw(chosen) for name in chosen.sample(HEADERS, chosen.choice((0, 1, 1, 2, 4)))}
        request = signed(arena.url, chosen.choice(METHODS), target, headers, chosen.choice(BODIES))
        answer = exchanged(arena.url, request)
        assert answer.status in range(200, 500) or answer.verdict in ("NotImplemented", "501"), (
            request,
            answer,
        )
        assert answer.status < 400 or answer.code or request.method == "HEAD", (request, answer)
    _tidy(arena)


def _encoded(chosen: random.Random) -> str:
    return quote(chosen.choice(VALUES), safe="%")


def _raw(chosen: random.Random) -> str:
    """A value as bytes of UTF-8, a character for each."""
    return chosen.choice(VALUES).encode().decode("latin-1")


def _tidy(arena: Arena) -> None:
    """Some of them have been in order: let the buckets be as other tests expect them."""
    shutil.rmtree(arena.root / "gamma", ignore_errors=True)
    for bucket in ("alpha", "beta"):
        arena.bucket(bucket).mkdir(exist_ok=True)
        for key in ("k", "a%2F"):
            exchanged(arena.url, signed(arena.url, "DELETE", f"/{bucket}/{key}"))
        (arena.bucket(bucket) / "good.csv").write_bytes(GOOD)
