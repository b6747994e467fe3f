from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.dialects import ARCHIVE_SELECT
from s3sql.errors import S3SelectError
from s3sql.request import CsvInput, JsonOutput
from s3sql.server.archive.output import Encryption, Grant, OutputLocation
from s3sql.server.archive.restore_xml import MAX_BODY_BYTES, ArchiveSelect, parse_restore

from .requests import CSV, output_location, restore_request, select_parameters, select_request

CONTEXT = base64.b64encode(b'{"a":"b"}').decode()
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def parsed(body: bytes) -> ArchiveSelect:
    found = parse_restore(body)
    assert found is not None
    return found


def refusal(body: bytes) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        parse_restore(body)
    return caught.value


def refused_location(members: str) -> S3SelectError:
    return refusal(select_request(location=members))


def grant(type: str = "CanonicalUser", name: str = "<ID>x</ID>", permission: str = "READ") -> str:
    grantee = f'<Grantee {XSI} xsi:type="{type}">{name}</Grantee>'
    return f"<Grant>{grantee}<Permission>{permission}</Permission></Grant>"


def acl(*grants: str) -> str:
    return f"<AccessControlList>{''.join(grants)}</AccessControlList>"


def tags(*pairs: tuple[str, str]) -> str:
    inner = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in pairs)
    return f"<Tagging><TagSet>{inner}</TagSet></Tagging>"


def metadata(*pairs: tuple[str, str]) -> str:
    inner = "".join(
        f"<MetadataEntry><Name>{name}</Name><Value>{value}</Value></MetadataEntry>" for name, value in pairs
    )
    return f"<UserMetadata>{inner}</UserMetadata>"


def test_the_least_request() -> None:
    found = parsed(restore_request())
    assert found.query.expression == "SELECT * FROM Object"
    assert found.query.dialect is ARCHIVE_SELECT
    assert found.query.input == CsvInput()
    assert found.output == OutputLocation("out", "p")
    assert (found.tier, found.description) == ("Standard", "")


def test_all_members_in_any_order() -> None:
    location = (
        "<StorageClass>standard_ia</StorageClass>"
        + metadata(("Color", "blue"), ("x-amz-meta-Size", " 7 "))
        + tags(("k", "v"), ("empty", ""))
        + acl(
            grant(),
            grant("AmazonCustomerByEmail", "<EmailAddress>a@b.c</EmailAddress>", "FULL_CONTROL"),
            grant("Group", "<URI>http://g</URI><DisplayName>g</DisplayName>", "read_acp"),
        )
        + "<Encryption><EncryptionType>AWS:KMS</EncryptionType><KMSKeyId>k</KMSKeyId>"
        + f"<KMSContext>{CONTEXT}</KMSContext></Encryption>"
    )
    body = restore_request(
        output_location(location),
        select_parameters("SELECT _1 FROM Archive", output="<JSON/>"),
        "<Description>mine</Description>",
        "<Tier>expedited</Tier>",
        "<Type>select</Type>",
    )
    found = parsed(body)
    assert (found.tier, found.description) == ("Expedited", "mine")
    assert found.query.output == JsonOutput()
    assert found.output == OutputLocation(
        bucket="out",
        prefix="p",
        encryption=Encryption("aws:kms", "k", CONTEXT),
        grants=(
            Grant("CanonicalUser", "x", "READ"),
            Grant("AmazonCustomerByEmail", "a@b.c", "FULL_CONTROL"),
            Grant("Group", "http://g", "READ_ACP"),
        ),
        tags={"k": "v", "empty": ""},
        metadata={"color": "blue", "size": "7"},
        storage_class="STANDARD_IA",
    )


@pytest.mark.parametrize(
    "body",
    [
        restore_request("<Days>3</Days>"),
        restore_request("<Days>3</Days><GlacierJobParameters><Tier>Bulk</Tier></GlacierJobParameters>"),
        restore_request("<Tier>Standard</Tier><Description>x</Description>"),
        b"<RestoreRequest/>",
    ],
)
def test_without_a_type_it_is_an_ordinary_restore(body: bytes) -> None:
    assert parse_restore(body) is None


SELECT = "<Type>SELECT</Type>"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([select_parameters()], "SelectParameters belongs to a request of Type SELECT"),
        ([output_location()], "OutputLocation belongs to a request of Type SELECT"),
        (["<Days>1</Days>", select_parameters()], "SelectParameters belongs"),
        (
            ["<Type>OTHER</Type>", select_parameters(), output_location()],
            "Type is 'OTHER'; it must be SELECT",
        ),
        (["<Type/>", select_parameters(), output_location()], "Type is ''; it must be SELECT"),
        ([SELECT, "<Days>1</Days>", select_parameters(), output_location()], "Days belongs to an ordinary"),
        (
            [SELECT, "<GlacierJobParameters/>", select_parameters(), output_location()],
            "GlacierJobParameters belongs to an ordinary",
        ),
        ([SELECT, output_location()], "SelectParameters is missing"),
        ([SELECT, select_parameters()], "OutputLocation is missing"),
        ([SELECT, select_parameters(), "<OutputLocation/>"], "S3 is missing"),
        ([SELECT, select_parameters(), output_location(bucket=" ")], "BucketName is missing or empty"),
        ([SELECT, select_parameters(), output_location(prefix="")], "Prefix is missing or empty"),
        (
            [SELECT, select_parameters(), "<OutputLocation><S3><Prefix>p</Prefix></S3></OutputLocation>"],
            "BucketName is missing",
        ),
        (
            [
                SELECT,
                select_parameters(),
                "<OutputLocation><S3><BucketName>b</BucketName></S3></OutputLocation>",
            ],
            "Prefix is missing",
        ),
        ([SELECT, SELECT, select_parameters(), output_location()], "more than one Type"),
        ([SELECT, "<Tier>Fast</Tier>", select_parameters(), output_location()], "Tier is 'Fast'; it must be"),
    ],
)
def test_what_does_not_fit_together_is_malformed(members: list[str], message: str) -> None:
    error = refusal(restore_request(*members))
    assert error.code == "MalformedXML"
    assert message in error.message
    assert error.message.endswith("Please check the service documentation and try again.")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MissingRequestBodyError"),
        (b" \n", "MissingRequestBodyError"),
        (b"x" * (MAX_BODY_BYTES + 1), "MaxMessageLengthExceeded"),
        (b"<RestoreRequest>", "MalformedXML"),
        (b"<SelectRequest/>", "MalformedXML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><RestoreRequest/>', "MalformedXML"),
        (select_request(""), "MissingRequiredParameter"),
        (select_request("SELECT '" + "x" * (128 << 10) + "' FROM Object"), "ExpressionTooLong"),
        (select_request(input="<JSON><Type>LINES</Type></JSON>"), "InvalidDataSource"),
        (select_request(input="<Parquet/>"), "InvalidDataSource"),
        (select_request(input=""), "InvalidDataSource"),
        (select_request(input="<CSV/><Parquet/>"), "ObjectSerializationConflict"),
        (select_request(input="<CompressionType>GZIP</CompressionType><CSV/>"), "InvalidCompressionFormat"),
        (select_request(input="<CompressionType>ZIP</CompressionType><CSV/>"), "InvalidCompressionFormat"),
        (
            select_request(input="<CSV><FileHeaderInfo>MAYBE</FileHeaderInfo></CSV>"),
            "InvalidFileHeaderInfo",
        ),
        (select_request(output="<CSV/><JSON/>"), "ObjectSerializationConflict"),
        (select_request(output=""), "MissingRequiredParameter"),
        (restore_request(SELECT, "<SelectParameters/>", output_location()), "MissingRequiredParameter"),
        (
            restore_request(
                SELECT,
                select_parameters().replace("<ExpressionType>SQL", "<ExpressionType>PRQL"),
                output_location(),
            ),
            "InvalidExpressionType",
        ),
    ],
)
def test_codes_of_bodies_and_queries(body: bytes, code: str) -> None:
    assert refusal(body).code == code


def test_the_refusal_of_a_format_says_what_would_work() -> None:
    assert "reads CSV only" in refusal(select_request(input="<Parquet/>")).message
    body = select_request(input="<CompressionType>BZIP2</CompressionType><CSV/>")
    assert refusal(body).message.startswith("CompressionType is BZIP2, but a query on an archived object")


def test_compression_none_is_allowed() -> None:
    assert parsed(select_request(input=CSV)).query.compression == "NONE"


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ("<CannedACL>secret</CannedACL>", "MalformedXML", "CannedACL is 'secret'; it must be private, "),
        ("<CannedACL/>", "MalformedXML", "CannedACL is ''"),
        (
            "<CannedACL>private</CannedACL>" + acl(grant()),
            "InvalidRequest",
            "both CannedACL and AccessControlList",
        ),
        (acl(grant(permission="EAT")), "MalformedXML", "Permission is 'EAT'; it must be FULL_CONTROL, "),
        (acl("<Grant><Permission>READ</Permission></Grant>"), "MalformedXML", "Grantee is missing"),
        (
            acl(f'<Grant><Grantee {XSI} xsi:type="Group"><URI>u</URI></Grantee></Grant>'),
            "MalformedXML",
            "Permission is missing",
        ),
        (acl(grant(type="Robot")), "MalformedXML", "The xsi:type of a Grantee is 'Robot'; it must be"),
        (
            acl("<Grant><Grantee><ID>x</ID></Grantee><Permission>READ</Permission></Grant>"),
            "MalformedXML",
            "A Grantee has no attribute xsi:type",
        ),
        (acl(grant(name="<URI>u</URI>")), "MalformedXML", "ID is missing or empty"),
        (acl(grant("AmazonCustomerByEmail")), "MalformedXML", "EmailAddress is missing or empty"),
        (acl(grant("Group")), "MalformedXML", "URI is missing or empty"),
        (acl(*[grant()] * 101), "MalformedXML", "AccessControlList holds 101 Grants; the most is 100"),
        ("<Encryption/>", "MalformedXML", "EncryptionType is missing or empty"),
        (
            "<Encryption><EncryptionType>ROT13</EncryptionType></Encryption>",
            "InvalidEncryptionAlgorithmError",
            "EncryptionType is 'ROT13'; it must be AES256 or aws:kms",
        ),
        (
            "<Encryption><EncryptionType>AES256</EncryptionType><KMSKeyId>k</KMSKeyId></Encryption>",
            "InvalidArgument",
            "belong to EncryptionType aws:kms, not to AES256",
        ),
        *(
            (
                "<Encryption><EncryptionType>aws:kms</EncryptionType>"
                f"<KMSContext>{context}</KMSContext></Encryption>",
                "InvalidArgument",
                "KMSContext must be the base64 text of a JSON object",
            )
            for context in (
                "{}",
                "e3",
                *(base64.b64encode(text).decode() for text in (b"[]", b'{"a":1}', b"\xff", b"[" * 5000)),
            )
        ),
        (
            "<StorageClass>ICE</StorageClass>",
            "InvalidStorageClass",
            "StorageClass is 'ICE'; it must be STANDARD",
        ),
        ("<Tagging/>", "MalformedXML", "TagSet is missing"),
        (tags(("", "v")), "MalformedXML", "Key is missing or empty"),
        (tags(("k", "1"), ("k", "2")), "InvalidTag", "same key"),
        (tags(("aws:k", "1")), "InvalidTag", "begins with aws:"),
        (tags(*((f"k{n}", "") for n in range(11))), "InvalidTag", "there are 11"),
        (metadata(("", "v")), "MalformedXML", "Name is missing or empty"),
        (metadata(("a b", "v")), "InvalidArgument", "'a b' cannot become a header"),
        (metadata(("x-amz-meta-", "v")), "InvalidArgument", "'x-amz-meta-' cannot become a header"),
        (metadata(("a", "ü")), "InvalidArgument", "'a' cannot become a header"),
        (metadata(("a", "1\n2")), "InvalidArgument", "'a' cannot become a header"),
        (metadata(("a", "1"), ("A", "2")), "InvalidArgument", "holds the Name 'a' twice"),
        (metadata(("a", "x" * 2048)), "MetadataTooLarge", "UserMetadata has 2,049 bytes"),
    ],
)
def test_what_is_wrong_in_the_output_location(members: str, code: str, message: str) -> None:
    error = refused_location(members)
    assert (error.code, message in error.message) == (code, True), error.message


def test_the_most_metadata() -> None:
    assert len(parsed(select_request(location=metadata(("a", "x" * 2047)))).output.metadata["a"]) == 2047


@given(st.data())
def test_whatever_comes_is_parsed_or_refused(data: st.DataObject) -> None:
    body = bytearray(
        select_request(
            location=acl(grant())
            + tags(("k", "v"))
            + metadata(("a", "b"))
            + "<StorageClass>GLACIER</StorageClass>"
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        removed = data.draw(st.integers(0, 40))
        body[at : at + removed] = data.draw(st.binary(max_size=4) | st.just(body[at : at + 60]))
    with contextlib.suppress(S3SelectError):
        parse_restore(bytes(body))


def test_unknown_members_are_skipped() -> None:
    body = select_request("SELECT * FROM Object", "<Future><Deep>x</Deep></Future>", location="<New>1</New>")
    assert parsed(body).output == OutputLocation("out", "p")
