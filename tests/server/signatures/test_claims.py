"""What is said of a signature, and every way to say it wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.server.signatures.claims import Claim, _time, claim_of
from s3sql.server.signatures.signing import Scope
from tests.server.signatures.signed_requests import NOW

SIGNATURE = "f" * 64
PAYLOAD = "UNSIGNED-PAYLOAD"
SCOPE = "20130524/us-east-1/s3/aws4_request"
CREDENTIAL = f"Credential=AKID/{SCOPE}"
COMPONENTS = f"{CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature={SIGNATURE}"
HEADERS = {
    "authorization": f"AWS4-HMAC-SHA256 {COMPONENTS}",
    "x-amz-date": "20130524T000000Z",
    "x-amz-content-sha256": PAYLOAD,
}
PARAMETERS = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": f"AKID/{SCOPE}".replace("/", "%2F"),
    "X-Amz-Date": "20130524T000000Z",
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": SIGNATURE,
}


def of_header(**changes: str | list[str] | None) -> Claim | None:
    merged = {**HEADERS, **{name.replace("_", "-"): value for name, value in changes.items()}}
    values = {
        name: value if isinstance(value, list) else [value]
        for name, value in merged.items()
        if value is not None
    }
    return claim_of(values, b"")


def of_query(headers: dict[str, list[str]] | None = None, **changes: str | None) -> Claim | None:
    merged = {**PARAMETERS, **{f"X-Amz-{name}": value for name, value in changes.items()}}
    pairs = (f"{name}={value}" for name, value in merged.items() if value is not None)
    return claim_of(headers or {}, "&".join(pairs).encode())


def code_of(error: pytest.ExceptionInfo[S3SelectError]) -> str:
    assert error.value.status < 500
    assert len(error.value.message) < 600
    return error.value.code


def test_the_header_form() -> None:
    assert of_header() == Claim(
        access_key="AKID",
        scope=Scope("20130524", "us-east-1"),
        signed_headers=frozenset({"host", "x-amz-date"}),
        signature=SIGNATURE,
        timestamp="20130524T000000Z",
        made=NOW,
        payload=PAYLOAD,
        content_sha256=PAYLOAD,
    )


def test_the_presigned_form() -> None:
    claim = of_query()
    assert claim == Claim(
        access_key="AKID",
        scope=Scope("20130524", "us-east-1"),
        signed_headers=frozenset({"host"}),
        signature=SIGNATURE,
        timestamp="20130524T000000Z",
        made=NOW,
        payload=PAYLOAD,
        content_sha256=PAYLOAD,
        expires=timedelta(seconds=60),
    )
    assert claim.presigned


@pytest.mark.parametrize(
    "query",
    [b"", b"list-type=2&prefix=a", b"Signature=1", b"x-amz-signature=1", b"X-Amz-Date=1", b"%58=1&&=&a"],
)
def test_a_request_may_claim_nothing(query: bytes) -> None:
    assert claim_of({"host": ["h"]}, query) is None


@pytest.mark.parametrize(
    "components",
    [
        COMPONENTS.replace(", ", ","),
        f"  Signature={SIGNATURE},SignedHeaders=X-Amz-Date;HOST ,  {CREDENTIAL}",
    ],
)
def test_components_come_in_any_order_and_spacing(components: str) -> None:
    claim = of_header(authorization=f"AWS4-HMAC-SHA256 {components}")
    assert claim is not None
    assert claim.signed_headers == {"host", "x-amz-date"}


def test_an_access_key_may_have_slashes() -> None:
    claim = of_header(authorization=HEADERS["authorization"].replace("AKID", "a/b"))
    assert claim is not None
    assert claim.access_key == "a/b"


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "InvalidArgument"),
        ("Bearer abc", "InvalidArgument"),
        ("Basic YTpi", "InvalidArgument"),
        ("aws4-hmac-sha256 x", "InvalidArgument"),
        ("AWS AKID:c2lnbmF0dXJl", "InvalidRequest"),
        (f"AWS4-ECDSA-P256-SHA256 {COMPONENTS}", "UnsupportedSignature"),
        ("AWS4-HMAC-SHA256", "AuthorizationHeaderMalformed"),
        ("AWS4-HMAC-SHA256 " + "x" * 60_000, "AuthorizationHeaderMalformed"),
        (f"AWS4-HMAC-SHA256 {COMPONENTS},", "AuthorizationHeaderMalformed"),
        (f"AWS4-HMAC-SHA256 {COMPONENTS}, {CREDENTIAL}", "AuthorizationHeaderMalformed"),
        (f"AWS4-HMAC-SHA256 {COMPONENTS}, Extra=1", "AuthorizationHeaderMalformed"),
        (
            f"AWS4-HMAC-SHA256 {COMPONENTS.replace('Signature=f', 'signature=f')}",
            "AuthorizationHeaderMalformed",
        ),
        (f"AWS4-HMAC-SHA256 {COMPONENTS.replace(SIGNATURE, '')}", "AuthorizationHeaderMalformed"),
        (f"AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host", "AuthorizationHeaderMalformed"),
        (f"AWS4-HMAC-SHA256 {CREDENTIAL}, Signature=f", "AuthorizationHeaderMalformed"),
        (f"AWS4-HMAC-SHA256 {COMPONENTS.replace('host;', 'host;;')}", "AuthorizationHeaderMalformed"),
        *(
            (f"AWS4-HMAC-SHA256 {COMPONENTS.replace(f'AKID/{SCOPE}', credential)}", code)
            for credential, code in {
                "AKID": "AuthorizationHeaderMalformed",
                SCOPE: "AuthorizationHeaderMalformed",
                f"/{SCOPE}": "AuthorizationHeaderMalformed",
                "AKID/20130524//s3/aws4_request": "AuthorizationHeaderMalformed",
                "AKID/20130524/us-east-1/iam/aws4_request": "AuthorizationHeaderMalformed",
                "AKID/20130524/us-east-1/s3/aws5_request": "AuthorizationHeaderMalformed",
                "AKID/20130525/us-east-1/s3/aws4_request": "AuthorizationHeaderMalformed",
                "AKID/２０１３/us-east-1/s3/aws4_request": "AuthorizationHeaderMalformed",
            }.items()
        ),
    ],
)
def test_a_wrong_authorization_header(authorization: str, code: str) -> None:
    with pytest.raises(S3SelectError) as error:
        of_header(authorization=authorization)
    assert code_of(error) == code


def test_messages_name_what_would_work() -> None:
    with pytest.raises(S3SelectError, match="must be 's3'"):
        of_header(authorization=HEADERS["authorization"].replace("/s3/", "/sts/"))
    with pytest.raises(S3SelectError, match="signature_version='s3v4'"):
        of_header(authorization="AWS AKID:x")


@pytest.mark.parametrize(
    "date",
    [
        None,
        "",
        "20130524",
        "2013-05-24T00:00:00Z",
        "20131324T000000Z",
        "20130524T000000Z ",
        "٢0130524T000000Z",
    ],
)
def test_a_signed_request_needs_a_date(date: str | None) -> None:
    with pytest.raises(S3SelectError) as error:
        of_header(x_amz_date=date)
    assert code_of(error) == "AccessDenied"
    assert error.value.status == 403


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 24 May 2013 00:00:00 GMT",
        "Fri, 24 May 2013 02:00:00 +0200",
        "Fri, 24 May 2013 00:00:00 -0000",
        "20130524T000000Z",
    ],
)
def test_the_date_header_is_taken_where_x_amz_date_is_missing(date: str) -> None:
    claim = of_header(x_amz_date=None, date=date)
    assert claim is not None
    assert (claim.timestamp, claim.made) == ("20130524T000000Z", NOW)


@pytest.mark.parametrize(
    "date", ["yesterday", "", "Fri, 99 May 2013 00:00:00 GMT", "Fri, 24 May 99999 00:00:00 GMT"]
)
def test_a_date_header_that_is_none(date: str) -> None:
    with pytest.raises(S3SelectError) as error:
        of_header(x_amz_date=None, date=date)
    assert code_of(error) == "AccessDenied"


def test_x_amz_date_counts_before_the_date_header() -> None:
    claim = of_header(date="Sat, 25 May 2013 00:00:00 GMT")
    assert claim is not None
    assert claim.made == NOW


@pytest.mark.parametrize(
    "name", ["authorization", "x_amz_date", "x_amz_content_sha256", "x_amz_security_token"]
)
def test_a_header_of_the_signature_comes_once(name: str) -> None:
    value = HEADERS.get(name.replace("_", "-"), "t")
    with pytest.raises(S3SelectError) as error:
        of_header(**{name: [value, value]})
    assert code_of(error) == "InvalidRequest"


def test_a_signed_request_says_what_its_body_is() -> None:
    with pytest.raises(S3SelectError) as error:
        of_header(x_amz_content_sha256=None)
    assert code_of(error) == "InvalidRequest"


@pytest.mark.parametrize(
    "payload",
    [
        "0123456789abcdefABCDEF" * 2 + "0" * 20,
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    ],
)
def test_what_may_stand_for_a_body(payload: str) -> None:
    claim = of_header(x_amz_content_sha256=payload)
    assert claim is not None
    assert (claim.payload, claim.content_sha256) == (payload, payload)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "0" * 63,
        "0" * 65,
        "g" * 64,
        "unsigned-payload",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        "0" * 60_000,
    ],
)
def test_what_may_not_stand_for_a_body(payload: str) -> None:
    with pytest.raises(S3SelectError) as error:
        of_header(x_amz_content_sha256=payload)
    assert code_of(error) == "InvalidArgument"


# ---- presigned


@pytest.mark.parametrize("name", ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"])
def test_a_presigned_url_has_all_its_parameters(name: str) -> None:
    for value in (None, ""):
        with pytest.raises(S3SelectError, match=f"lacks X-Amz-{name}") as error:
            of_query(**{name: value})
        assert code_of(error) == "AuthorizationQueryParametersError"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Algorithm", "AWS4-HMAC-SHA1"),
        ("Credential", "AKID"),
        ("Credential", "AKID%2F20130524%2Fus-east-1%2Fec2%2Faws4_request"),
        ("Credential", "AKID%2F20130523%2Fus-east-1%2Fs3%2Faws4_request"),
        ("Credential", "AKID%252F20130524%252Fus-east-1%252Fs3%252Faws4_request"),
        ("Date", "20130524"),
        ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("Date", "20130524T250000Z"),
        ("Expires", "0"),
        ("Expires", "-1"),
        ("Expires", "1.5"),
        ("Expires", "604801"),
        ("Expires", "9" * 5000),
        ("Expires", "%D9%A1"),
        ("SignedHeaders", "host;"),
    ],
)
def test_a_wrong_parameter_of_a_presigned_url(name: str, value: str) -> None:
    with pytest.raises(S3SelectError) as error:
        of_query(**{name: value})
    assert code_of(error) == "AuthorizationQueryParametersError"


def test_a_week_is_the_most() -> None:
    claim = of_query(Expires="604800")
    assert claim is not None
    assert claim.expires == timedelta(days=7)


def test_the_asymmetric_signature_is_not_supported() -> None:
    with pytest.raises(S3SelectError) as error:
        of_query(Algorithm="AWS4-ECDSA-P256-SHA256")
    assert code_of(error) == "UnsupportedSignature"


def test_version_2_is_refused_by_its_name() -> None:
    with pytest.raises(S3SelectError, match="version 2") as error:
        claim_of({}, b"AWSAccessKeyId=AKID&Expires=1369353600&Signature=abc%3D")
    assert code_of(error) == "InvalidRequest"


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"{name}={value}" for name, value in PARAMETERS.items()).encode(),
        b"X-Amz-Signature=f",
        b"AWSAccessKeyId=AKID&Signature=f",
    ],
)
def test_one_form_excludes_the_other(query: bytes) -> None:
    with pytest.raises(S3SelectError) as error:
        claim_of({name: [value] for name, value in HEADERS.items()}, query)
    assert code_of(error) == "InvalidArgument"


@pytest.mark.parametrize(
    "again", [b"X-Amz-Signature=e", b"%58-Amz-Signature=e", b"X-Amz-Credential=", b"X-Amz-Date"]
)
def test_a_parameter_of_the_signature_comes_once(again: bytes) -> None:
    query = "&".join(f"{name}={value}" for name, value in PARAMETERS.items()).encode()
    for both in (query + b"&" + again, again + b"&" + query):
        with pytest.raises(S3SelectError) as error:
            claim_of({}, both)
        assert code_of(error) == "InvalidArgument"


def test_parameters_are_not_counted_in_thousands() -> None:
    assert claim_of({}, b"&".join([b"a"] * 1_000)) is None
    for query in (b"&".join([b"a"] * 1_001), b"&" * 60_000):
        with pytest.raises(S3SelectError) as error:
            claim_of({}, query)
        assert code_of(error) == "InvalidArgument"


def test_the_hash_of_a_presigned_body() -> None:
    told = {"x-amz-content-sha256": ["a" * 64]}
    unsigned = of_query(told)
    assert unsigned is not None
    assert (unsigned.payload, unsigned.content_sha256) == (PAYLOAD, "a" * 64)
    as_header = of_query(told, SignedHeaders="host%3Bx-amz-content-sha256")
    assert as_header is not None
    assert (as_header.payload, as_header.content_sha256) == ("a" * 64, "a" * 64)
    hoisted = of_query(**{"Content-Sha256": "b" * 64})
    assert hoisted is not None
    assert (hoisted.payload, hoisted.content_sha256) == ("b" * 64, "b" * 64)


@pytest.mark.parametrize("payload", ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x"])
def test_a_presigned_body_is_not_in_chunks(payload: str) -> None:
    for claim in (
        lambda: of_query({"x-amz-content-sha256": [payload]}),
        lambda: of_query(**{"Content-Sha256": payload}),
    ):
        with pytest.raises(S3SelectError) as error:
            claim()
        assert code_of(error) == "InvalidArgument"


def test_the_session_token() -> None:
    in_header, in_query = of_header(x_amz_security_token="t"), of_query(**{"Security-Token": "a%2Bb"})
    assert in_header is not None
    assert in_query is not None
    assert (in_header.session_token, in_query.session_token) == ("t", "a+b")
    assert "a+b" not in repr(in_query)


@given(
    st.one_of(
        st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda t: f"{t:%Y%m%dT%H%M%SZ}"),
        st.from_regex("[0-9]{8}T[0-9]{6}Z", fullmatch=True),
        st.text(max_size=17),
    )
)
def test_a_timestamp_is_read_as_strptime_reads_it(timestamp: str) -> None:
    expected: datetime | None
    try:
        expected = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        expected = None
    if not re.fullmatch("[0-9]{8}T[0-9]{6}Z", timestamp):
        expected = None
    assert _time(timestamp) == expected
