"""Signatures: AWS's published ones, botocore's, and every way to forge one that was thought of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.settings import Credentials, Key
from s3sql.server.signatures import sigv4
from s3sql.server.signatures.claims import SIGNATURE_PARAMETER
from s3sql.server.signatures.signing import Scope, SigningKey
from s3sql.server.signatures.sigv4 import authenticate
from tests.server.signatures.signed_requests import (
    ACCESS_KEY,
    HOST,
    KNOWN,
    NOW,
    SECRET,
    WireRequest,
    settings_with,
    signed,
)

SETTINGS = settings_with()
DAY = timedelta(days=1)
EMPTY = hashlib.sha256().hexdigest()
STREAMING = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


def refusal(request: WireRequest, settings: Any = SETTINGS, now: datetime = NOW) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        request.authenticated(settings, now)
    assert caught.value.status < 500
    assert SECRET not in caught.value.message
    return caught.value


def accepted(request: WireRequest, settings: Any = SETTINGS, now: datetime = NOW) -> None:
    found = request.authenticated(settings, now)
    assert found is not None
    assert found.key.access_key == ACCESS_KEY


# ---- AWS's published requests


def published(
    method: str, target: bytes, headers: dict[str, str], signed_headers: str, signature: str
) -> WireRequest:
    path, _, query = target.partition(b"?")
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={signed_headers},Signature={signature}"
    )
    given = {"x-amz-date": "20130524T000000Z", **headers, "authorization": authorization}
    return WireRequest(
        method, path, query, tuple((name.encode(), value.encode()) for name, value in given.items())
    )


BUCKET_HOST = "examplebucket.s3.amazonaws.com"
CHUNKED = {
    "host": "s3.amazonaws.com",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "66560",
    "content-length": "66824",
}
PUBLISHED = {
    "GET Object": published(
        "GET",
        b"/test.txt",
        {"Host": BUCKET_HOST, "Range": "bytes=0-9", "x-amz-content-sha256": EMPTY},
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    "PUT Object": published(
        "PUT",
        b"/test$file.text",
        {
            "Host": BUCKET_HOST,
            "Date": "Fri, 24 May 2013 00:00:00 GMT",
            "x-amz-storage-class": "REDUCED_REDUNDANCY",
            "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        },
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    "GET Bucket Lifecycle": published(
        "GET",
        b"/?lifecycle",
        {"Host": BUCKET_HOST, "x-amz-content-sha256": EMPTY},
        "host;x-amz-content-sha256;x-amz-date",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
    "GET Bucket": published(
        "GET",
        b"/?max-keys=2&prefix=J",
        {"Host": BUCKET_HOST, "x-amz-content-sha256": EMPTY},
        "host;x-amz-content-sha256;x-amz-date",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
    "PUT Object in chunks": published(
        "PUT",
        b"/examplebucket/chunkObject.txt",
        {**CHUNKED, "x-amz-content-sha256": STREAMING},
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
        "x-amz-decoded-content-length;x-amz-storage-class",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    ),
    "PUT Object in chunks with a trailer": published(
        "PUT",
        b"/examplebucket/chunkObject.txt",
        {**CHUNKED, "x-amz-content-sha256": f"{STREAMING}-TRAILER", "x-amz-trailer": "x-amz-checksum-crc32c"},
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
        "x-amz-storage-class;x-amz-trailer",
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    ),
    "presigned GET Object": WireRequest(
        "GET",
        b"/test.txt",
        b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2F"
        b"s3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        b"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        ((b"host", BUCKET_HOST.encode()),),
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_request(name: str) -> None:
    accepted(PUBLISHED[name])


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_request_of_another_method(name: str) -> None:
    assert refusal(replace(PUBLISHED[name], method="DELETE")).code == "SignatureDoesNotMatch"


def test_what_a_signature_leaves_for_the_body() -> None:
    found = PUBLISHED["PUT Object in chunks"].authenticated(SETTINGS)
    assert found is not None
    assert (found.content_sha256, found.presigned) == (STREAMING, False)
    first = hashlib.sha256(b"a" * 65_536).hexdigest()
    for _ in range(2):  # each chain begins at the seed
        assert (
            found.chunk_signatures().of_chunk(first)
            == "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
        )
    presigned = PUBLISHED["presigned GET Object"].authenticated(SETTINGS)
    assert presigned is not None
    assert (presigned.content_sha256, presigned.presigned) == ("UNSIGNED-PAYLOAD", True)
    assert SECRET not in repr(found)


# ---- who and when


def test_a_request_without_a_signature_has_no_sender() -> None:
    request = WireRequest("GET", b"/b/k", b"list-type=2", ((b"host", b"h"),))
    assert request.authenticated(SETTINGS) is None


def test_an_unknown_key_and_a_wrong_secret() -> None:
    unknown = refusal(signed(access_key="AKIDUNKNOWN"))
    assert (unknown.code, unknown.status) == ("InvalidAccessKeyId", 403)
    wrong = refusal(signed(secret="guessed"))
    assert (wrong.code, wrong.status) == ("SignatureDoesNotMatch", 403)


@pytest.mark.parametrize("target", ["/bucket/key", "/bucket/a(b?c=d/e"])
def test_an_unknown_key_costs_what_a_known_one_costs(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    for name in ("same_text", "_signature"):
        original = getattr(sigv4, name)

        def counted(*arguments: Any, name: str = name, original: Any = original) -> Any:
            calls[-1].append(name)
            return original(*arguments)

        monkeypatch.setattr(sigv4, name, counted)
    for request in (signed(target=target, access_key="AKIDUNKNOWN"), signed(target=target, secret="guessed")):
        calls.append([])
        refusal(request)
    assert calls[0] == calls[1]
    assert calls[0].count("same_text") == (2 if "(" in target else 1)


def test_one_of_several_keys() -> None:
    other = Key(Credentials("AKIDOTHER", "other secret"))
    found = signed(access_key="AKIDOTHER", secret="other secret").authenticated(settings_with(KNOWN, other))
    assert found is not None
    assert found.key is other
    assert (
        refusal(signed(access_key="AKIDOTHER"), settings_with(KNOWN, other)).code == "SignatureDoesNotMatch"
    )


@pytest.mark.parametrize("minutes", [-15, 0, 15])
def test_a_clock_may_be_off_by_15_minutes(minutes: int) -> None:
    accepted(signed(), now=NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("seconds", [-901, 901, 10**9])
def test_a_replay_after_the_window(seconds: int) -> None:
    error = refusal(signed(), now=NOW + timedelta(seconds=seconds))
    assert (error.code, error.status) == ("RequestTimeTooSkewed", 403)


def test_a_signature_of_the_last_year_there_is() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert refusal(signed(at=last)).code == "RequestTimeTooSkewed"
    assert refusal(signed(at=last, expires=DAY)).code == "AccessDenied"
    accepted(signed(at=last, expires=DAY), now=last)


def test_another_time_is_another_signature() -> None:
    request = signed().with_header("x-amz-date", "20130524T000001Z")
    assert refusal(request).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("seconds", [-900, 0, 60])
def test_a_presigned_url_is_good_for_its_time(seconds: int) -> None:
    accepted(signed(expires=timedelta(seconds=60)), now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(("seconds", "message"), [(61, "Request has expired"), (-901, "not valid yet")])
def test_a_presigned_url_at_another_time(seconds: int, message: str) -> None:
    error = refusal(signed(expires=timedelta(seconds=60)), now=NOW + timedelta(seconds=seconds))
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert message in error.message


def test_the_time_of_a_presigned_url_cannot_be_drawn_out() -> None:
    request = signed(expires=timedelta(seconds=60))
    longer = replace(request, query=request.query.replace(b"Expires=60", b"Expires=6000"))
    assert refusal(longer).code == "SignatureDoesNotMatch"


# ---- region


def test_any_region_is_taken_unless_one_is_set() -> None:
    accepted(signed(region="mars-north-1"))
    accepted(signed(region="eu-west-1"), settings_with(region="eu-west-1"))


def test_a_wrong_region_is_told_the_right_one() -> None:
    settings = settings_with(region="eu-west-1")
    error = refusal(signed(), settings)
    assert (error.code, error.status) == ("AuthorizationHeaderMalformed", 400)
    assert "the region 'us-east-1' is wrong; expecting 'eu-west-1'" in error.message
    assert refusal(signed(expires=DAY), settings).code == "AuthorizationQueryParametersError"


def test_the_region_of_a_bucket_may_be_asked_for_in_the_first_region() -> None:
    settings = settings_with(region="eu-west-1")
    accepted(signed(target="/bucket?location="), settings)
    assert refusal(signed("PUT", "/bucket?location="), settings).code == "AuthorizationHeaderMalformed"
    assert (
        refusal(signed(target="/bucket?location=", region="x"), settings).code
        == "AuthorizationHeaderMalformed"
    )


def test_another_service_is_refused() -> None:
    assert refusal(signed(service="execute-api")).code == "AuthorizationHeaderMalformed"
    assert refusal(signed(service="sts", expires=DAY)).code == "AuthorizationQueryParametersError"


# ---- session tokens

TEMPORARY = settings_with(Key(Credentials(ACCESS_KEY, SECRET, "the token"), expires=NOW + DAY))


@pytest.mark.parametrize("expires", [None, DAY])
def test_a_session_token(expires: timedelta | None) -> None:
    accepted(signed(token="the token", expires=expires), TEMPORARY)
    assert refusal(signed(token="the t0ken", expires=expires), TEMPORARY).code == "InvalidToken"
    assert refusal(signed(token="grün", expires=expires), TEMPORARY).code == "InvalidToken"
    assert refusal(signed(expires=expires), TEMPORARY).code == "InvalidToken"
    assert refusal(signed(token="the token", expires=expires)).code == "InvalidToken"


def test_a_session_token_is_of_no_use_without_the_secret() -> None:
    assert refusal(signed(token="the token", secret="guessed"), TEMPORARY).code == "SignatureDoesNotMatch"


def test_a_session_token_must_be_signed() -> None:
    added = signed().with_header("x-amz-security-token", "the token")
    assert refusal(added, TEMPORARY).code == "AccessDenied"


def test_credentials_expire() -> None:
    request = signed(token="the token", at=NOW + DAY)
    error = refusal(request, TEMPORARY, NOW + DAY)
    assert (error.code, error.status) == ("ExpiredToken", 400)
    accepted(request, TEMPORARY, NOW + DAY - timedelta(seconds=1))
    assert (
        refusal(signed(secret="guessed", at=NOW + DAY), TEMPORARY, NOW + DAY).code == "SignatureDoesNotMatch"
    )


# ---- what must be signed


@pytest.mark.parametrize("expires", [None, DAY])
@pytest.mark.parametrize(
    "name", ["x-amz-acl", "X-Amz-Meta-A", "x-amz-copy-source", "x-amz-server-side-encryption-customer-key"]
)
def test_an_x_amz_header_that_is_not_signed(name: str, expires: timedelta | None) -> None:
    error = refusal(signed(expires=expires).and_header(name, "public-read"))
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert name.lower() in error.message


def test_headers_of_others_need_no_signature() -> None:
    request = (
        signed().and_header("user-agent", "x").and_header("x-amzn-trace-id", "y").and_header("range", "z")
    )
    accepted(request)


def hand_signed(request: WireRequest, canonical: bytes) -> WireRequest:
    """*request* with the signature of a canonical request that was written by hand."""
    key = SigningKey.of(SECRET, Scope("20130524", "us-east-1"))
    signature = key.sign("AWS4-HMAC-SHA256", "20130524T000000Z", hashlib.sha256(canonical).hexdigest())
    head, _, _ = request.header("authorization").rpartition("=")
    return request.with_header("authorization", f"{head}={signature}")


def test_the_payload_hash_needs_no_signature_of_its_own_since_it_is_signed() -> None:
    # Some clients do not name it in SignedHeaders, and S3 does not ask for it.
    request = published(
        "GET", b"/k", {"host": HOST, "x-amz-content-sha256": EMPTY}, "host;x-amz-date", "0" * 64
    )
    canonical = f"GET\n/k\n\nhost:{HOST}\nx-amz-date:20130524T000000Z\n\nhost;x-amz-date\n{EMPTY}"
    request = hand_signed(request, canonical.encode())
    accepted(request)
    assert refusal(request.with_header("x-amz-content-sha256", "0" * 64)).code == "SignatureDoesNotMatch"


def test_the_host_must_be_signed() -> None:
    request = signed()
    authorization = request.header("authorization").replace("host;", "")
    assert refusal(request.with_header("authorization", authorization)).code == "AccessDenied"


def test_a_signed_header_that_did_not_come() -> None:
    request = signed(headers={"content-type": "text/csv"})
    error = refusal(request.with_header("content-type", None))
    assert error.code == "SignatureDoesNotMatch"
    assert "content-type" in error.message


# ---- tampering

FORMS = pytest.mark.parametrize("expires", [None, DAY], ids=["header", "presigned"])


@FORMS
def test_a_signature_moved_to_another_resource(expires: timedelta | None) -> None:
    request = signed(target="/bucket/key", expires=expires)
    accepted(request)
    for path in (
        *(b"/bucket/key2", b"/bucket2/key", b"/bucket/", b"/bucket", b"/", b"/bucket/KEY", b"/bucket//key"),
        *(b"//bucket/key", b"/bucket/./key", b"/bucket/x/../key", b"/bucket/%2e/key", b"/bucket/key/"),
        *(b"/bucket/key%00", b"/bucket/key%20", b"/bucket/key#x", b"/bucket/key;x", b"/bucket/%6bey%2F"),
        *(b"/bucket/key\xc3\xbc", b"/bucket/key\xff", b"/bucket/k" + b"e" * 60_000),
    ):
        assert refusal(replace(request, path=path)).code == "SignatureDoesNotMatch", path
    for method in ("PUT", "POST", "DELETE", "HEAD", "grün", "ÿ"):
        assert refusal(replace(request, method=method)).code == "SignatureDoesNotMatch", method
    other = request.with_header("host", "bucket.localhost:9000")
    assert refusal(other).code == "SignatureDoesNotMatch"


@FORMS
@pytest.mark.parametrize(
    ("came", "encoded"),
    [
        ("/b/k", "/%62/%6b"),
        ("/b/%C3%BC", "/b/%c3%bc"),
        ("/b/a%2Fb", "/b/a%2fb"),
        ("/b/a%2Bb", "/b/a+b"),
        ("/b/%28x%29", "/b/(x)"),
        ("/b/a~b", "/b/a%7Eb"),
        ("/b/a%2520b", "/b/a%2520%62"),
    ],
)
def test_one_resource_may_be_encoded_in_several_ways(
    came: str, encoded: str, expires: timedelta | None
) -> None:
    assert unquote_to_bytes(came) == unquote_to_bytes(encoded)
    request = signed(target=quote(unquote_to_bytes(came), safe="/-_.~"), expires=expires)
    accepted(request)
    accepted(replace(request, path=encoded.encode()))


@FORMS
@pytest.mark.parametrize(
    "target", ["/b/a b", "/b/(x)!*'", "/b/ü", "/b//k", "/b/../k", "/b/%2e%2E", "/b/a%252F"]
)
def test_a_target_is_also_taken_as_it_came(target: str, expires: timedelta | None) -> None:
    accepted(signed(target=target, expires=expires))


@FORMS
def test_a_key_decoded_twice_is_another_key(expires: timedelta | None) -> None:
    request = signed(target="/b/a%252Fb", expires=expires)
    assert refusal(replace(request, path=b"/b/a%2Fb")).code == "SignatureDoesNotMatch"
    assert refusal(replace(request, path=b"/b/a%25252Fb")).code == "SignatureDoesNotMatch"


@FORMS
def test_parameters_cannot_be_added_removed_or_changed(expires: timedelta | None) -> None:
    request = signed(target="/b/k?partNumber=1&uploadId=x", expires=expires)
    accepted(request)
    for query in (
        request.query.replace(b"partNumber=1", b"partNumber=2"),
        request.query.replace(b"partNumber=1", b"partnumber=1"),
        request.query.replace(b"&uploadId=x", b""),
        request.query.replace(b"partNumber=1&", b"partNumber=1&partNumber=1&"),
        request.query + b"&versionId=1",
        request.query + b"&acl",
        request.query + b"#acl",
        b"acl&" + request.query,
    ):
        assert refusal(replace(request, query=query)).code == "SignatureDoesNotMatch", query


def test_the_order_of_parameters_and_an_equals_sign_do_not_matter() -> None:
    request = signed(target="/b/k?select&select-type=2")
    accepted(request)
    accepted(replace(request, query=b"select-type=2&select="))
    accepted(replace(request, query=b"select-type=%32&%73elect"))


def test_a_blank_in_a_parameter_may_be_a_plus() -> None:
    request = signed(target="/b?prefix=a%20b")
    accepted(replace(request, query=b"prefix=a+b"))
    assert refusal(replace(request, query=b"prefix=a%2Bb")).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-amz-content-sha256", "0" * 64),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("x-amz-meta-a", "2"),
        ("x-amz-meta-a", "1,1"),
        ("x-amz-meta-a", "1\u00a0"),
        ("content-type", "text/html"),
    ],
)
def test_a_signed_header_cannot_be_changed(name: str, value: str) -> None:
    request = signed("PUT", headers={"x-amz-meta-a": "1", "content-type": "text/csv"}, body=b"x")
    accepted(request)
    assert refusal(request.with_header(name, value)).code == "SignatureDoesNotMatch"


def test_names_of_headers_match_in_any_case() -> None:
    request = signed("PUT", headers={"x-amz-meta-a": "1"})
    shouted = replace(request, headers=tuple((name.upper(), value) for name, value in request.headers))
    accepted(shouted)


@pytest.mark.parametrize(
    "name", ["x-amz-acl", "host", "authorization", "content-md5", "content-length", "Range"]
)
def test_a_header_that_comes_twice(name: str) -> None:
    request = signed("PUT", headers={"x-amz-acl": "private", "content-md5": "x"})
    error = refusal(request.and_header(name, "a").and_header(name.upper(), "b"))
    assert error.code == "InvalidRequest"
    assert name.lower() in error.message


def test_an_anonymous_request_has_no_header_twice_either() -> None:
    twice = WireRequest("GET", b"/b/k", b"", ((b"host", b"h"), (b"Host", b"i")))
    assert refusal(twice).code == "InvalidRequest"


def test_lists_and_metadata_may_come_as_several_headers() -> None:
    for name in ("x-amz-meta-a", "x-amz-object-attributes"):
        request = signed(headers={name: "a,b"})
        accepted(request.with_header(name, "a").and_header(name, "b"))
        assert refusal(request.with_header(name, "b").and_header(name, "a")).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("value", [b"a\r\nx-amz-acl: b", b"a\r\n b", b"a\nb", b"a\0b"])
def test_a_folded_header(value: bytes) -> None:
    request = signed(headers={"x-amz-meta-a": "a b"}).with_header("x-amz-meta-a", value)
    assert refusal(request).code == "InvalidRequest"


def test_the_bytes_of_a_header_are_what_is_signed() -> None:
    # U+00E0 in UTF-8 ends in a byte that is white space to Python's text.
    value = "à la carte".encode()
    canonical = b"\n".join(
        (
            b"GET\n/bucket/key\n",
            f"host:{HOST}\nx-amz-content-sha256:{EMPTY}\nx-amz-date:20130524T000000Z".encode(),
            b"x-amz-meta-a:" + value + b"\n",
            b"host;x-amz-content-sha256;x-amz-date;x-amz-meta-a",
            EMPTY.encode(),
        )
    )
    request = hand_signed(signed(headers={"x-amz-meta-a": "x"}), canonical)
    accepted(request.with_header("x-amz-meta-a", value))
    accepted(request.with_header("x-amz-meta-a", "à   la  carte"))
    other = request.with_header("x-amz-meta-a", value.replace(b"\xa0", b" "))
    assert refusal(other).code == "SignatureDoesNotMatch"


def test_both_forms_at_once() -> None:
    header, presigned = signed(), signed(expires=DAY)
    assert refusal(replace(header, query=presigned.query)).code == "InvalidArgument"


@pytest.mark.parametrize(
    "parameter", ["X-Amz-Signature=" + "0" * 64, "%58-Amz-Signature=0", "X-Amz-Expires=604800"]
)
def test_a_presigned_parameter_that_comes_twice(parameter: str) -> None:
    request = signed(expires=DAY)
    for query in (f"{parameter}&".encode() + request.query, request.query + f"&{parameter}".encode()):
        assert refusal(replace(request, query=query)).code == "InvalidArgument"


def test_what_is_said_twice_under_two_cases_is_signed_or_refused() -> None:
    request = signed(expires=DAY)
    added = replace(request, query=request.query + b"&x-amz-signature=0")
    assert refusal(added).code == "SignatureDoesNotMatch"


def test_thousands_of_signed_headers_are_looked_up_by_name() -> None:
    names = [f"h{number}" for number in range(5_000)]
    request = signed()
    many = replace(request, headers=(*request.headers, *((name.encode(), b"") for name in names)))
    authorization = request.header("authorization").replace("host;", f"host;{';'.join(names)};")
    assert refusal(many.with_header("authorization", authorization)).code == "SignatureDoesNotMatch"


# ---- properties

SAFE_METHODS = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
KEYS = TEXTS.map(lambda text: quote(text, safe="/~"))
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=3)
NAMES = st.from_regex(r"x-amz-meta-[a-z][a-z0-9-]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)


@st.composite
def requests(draw: st.DrawFn) -> WireRequest:
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in draw(PAIRS))
    target = f"/bucket/{draw(KEYS)}{'?' if query else ''}{query}"
    headers = draw(st.dictionaries(NAMES, VALUES, max_size=3))
    expires = draw(st.sampled_from([None, DAY]))
    assume(expires is None or not any(name.startswith("X-Amz-") for name, _ in parse_qsl(query)))
    return signed(draw(SAFE_METHODS), target, headers, body=draw(st.binary(max_size=8)), expires=expires)


@given(requests())
def test_what_botocore_signs_is_verified(request: WireRequest) -> None:
    accepted(request)


def changed(contents: bytes, position: int, by: int) -> bytes:
    position %= len(contents)
    return contents[:position] + bytes([contents[position] ^ by]) + contents[position + 1 :]


def meaning(request: WireRequest) -> tuple[object, ...]:
    """What a request says, however it is encoded."""
    pairs: Sequence[bytes] = request.query.split(b"&")
    parameters = sorted(
        tuple(unquote_to_bytes(part.replace(b"+", b" ")) for part in pair.partition(b"=")[::2])
        for pair in pairs
    )
    headers = sorted(
        (name.lower(), b" ".join(value.replace(b"\t", b" ").split(b" "))) for name, value in request.headers
    )
    return request.method, unquote_to_bytes(request.path), parameters, headers


@given(requests(), st.sampled_from(["path", "query", "header", "name"]), st.integers(0), st.integers(1, 255))
def test_no_byte_of_what_is_signed_can_be_changed(
    request: WireRequest, where: str, position: int, by: int
) -> None:
    if where in ("header", "name"):
        index = position % len(request.headers)
        name, value = request.headers[index]
        assume(name != b"authorization" and name != b"content-length")
        if where == "name":
            name = changed(name, position, by)
        elif value:
            value = changed(value, position, by)
        other = replace(
            request, headers=(*request.headers[:index], (name, value), *request.headers[index + 1 :])
        )
    else:
        part = getattr(request, where)
        assume(part)
        other = replace(request, **{where: changed(part, position, by)})
    assume(meaning(other) != meaning(request))
    try:
        found = other.authenticated(SETTINGS)
    except S3SelectError:
        return
    # A request that has lost the mark of a signature is an anonymous one.
    assert found is None, other


@given(
    st.sampled_from(["GET", "PUT", "\xff"]),
    st.binary(max_size=60),
    st.binary(max_size=60),
    st.dictionaries(st.binary(max_size=12), st.binary(max_size=60), max_size=6),
)
def test_no_request_ends_in_anything_but_an_s3_error(
    method: str, path: bytes, query: bytes, headers: dict[bytes, bytes]
) -> None:
    try:
        found = authenticate(method, path, query, Headers(raw=list(headers.items())), SETTINGS, NOW)
    except S3SelectError as error:
        found, status = None, error.status
    else:
        status = 200
    assert found is None
    assert status < 500


@given(st.data())
def test_no_garbled_authorization_passes(data: st.DataObject) -> None:
    request = signed()
    authorization = request.header("authorization").encode()
    start = data.draw(st.integers(0, len(authorization)))
    end = data.draw(st.integers(start, len(authorization)))
    garbled = authorization[:start] + data.draw(st.binary(max_size=20)) + authorization[end:]
    assume(garbled.replace(b" ", b"").lower() != authorization.replace(b" ", b"").lower())
    other = request.with_header("authorization", garbled)
    with pytest.raises(S3SelectError) as caught:
        other.authenticated(SETTINGS)
    assert caught.value.status < 500


def test_the_signature_parameter_is_the_only_one_that_is_not_signed() -> None:
    request = signed(expires=DAY)
    for pair in request.query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name != SIGNATURE_PARAMETER.encode():
            other = replace(request, query=request.query.replace(pair, name + b"=" + value[:-1] + b"1"))
            refusal(other)
