"""The parser of the body of ``RestoreObject``.

In: the XML as it came over the wire.  Out: an :class:`ArchiveSelect`, or None for an ordinary restore, of
which nothing else is judged here.

``SelectParameters`` are read by :mod:`s3sql.request_xml`, as those of SelectObjectContent are. What does not
fit the schema, or does not fit together, is ``MalformedXML`` with the reason.

Source: AWS S3 API Reference, "RestoreObject" (RestoreRequest, S3Location, Grantee, Tagging, MetadataEntry).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypeVar

from s3sql.dialects import ARCHIVE_SELECT
from s3sql.errors import S3SelectError
from s3sql.request import CsvInput, SelectRequest
from s3sql.request_xml import MEMBERS, request_of
from s3sql.server.archive.output import Encryption, EncryptionType, Grant, GranteeType, OutputLocation
from s3sql.server.objects.attributes import MAX_METADATA_BYTES, STORAGE_CLASSES
from s3sql.server.objects.tags import checked_tags
from s3sql.xml_elements import Document, Element, Schema, malformed, read_document

Tier: TypeAlias = Literal["Standard", "Bulk", "Expedited"]

#: Largest body in bytes: the longest expression with every character escaped, and room for the rest.
MAX_BODY_BYTES: Final = 2 << 20

#: Most grants of one access list (AWS S3 User Guide, "Access control list (ACL) overview").
MAX_GRANTS: Final = 100

_SELECT_PARAMETERS: Final[Schema] = {
    name: MEMBERS[name]
    for name in ("InputSerialization", "ExpressionType", "Expression", "OutputSerialization")
}
_GRANTEE: Final[Schema] = {"DisplayName": None, "EmailAddress": None, "ID": None, "URI": None}
_LOCATION: Final[Schema] = {
    "BucketName": None,
    "Prefix": None,
    "Encryption": {"EncryptionType": None, "KMSKeyId": None, "KMSContext": None},
    "CannedACL": None,
    "AccessControlList": {"Grant": {"Grantee": _GRANTEE, "Permission": None}},
    "Tagging": {"TagSet": {"Tag": {"Key": None, "Value": None}}},
    "UserMetadata": {"MetadataEntry": {"Name": None, "Value": None}},
    "StorageClass": None,
}
_DOCUMENT: Final = Document(
    ("RestoreRequest",),
    {
        "Type": None,
        "Tier": None,
        "Description": None,
        "Days": None,
        "GlacierJobParameters": {"Tier": None},
        "SelectParameters": _SELECT_PARAMETERS,
        "OutputLocation": {"S3": _LOCATION},
    },
    repeated=frozenset({"Grant", "Tag", "MetadataEntry"}),
    max_bytes=MAX_BODY_BYTES,
)

_TIERS: Final[tuple[Tier, ...]] = ("Standard", "Bulk", "Expedited")
_ENCRYPTIONS: Final[tuple[EncryptionType, ...]] = ("AES256", "aws:kms")
_CANNED_ACLS: Final = (
    *("private", "public-read", "public-read-write", "authenticated-read"),
    *("aws-exec-read", "bucket-owner-read", "bucket-owner-full-control"),
)
_PERMISSIONS: Final = ("FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP")

#: The types of grantees, and the member by which each is known.
_GRANTEES: Final[dict[GranteeType, str]] = {
    "CanonicalUser": "ID",
    "AmazonCustomerByEmail": "EmailAddress",
    "Group": "URI",
}

_METADATA: Final = "x-amz-meta-"
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")

_T = TypeVar("_T", bound=str)


@dataclass(frozen=True, slots=True)
class ArchiveSelect:
    """A query on an archived object, and where its results go.

    ``tier`` says how soon the caller wants them; every tier is served alike, since nothing has to be fetched
    from an archive first. ``description`` is the caller's own.
    """

    query: SelectRequest
    output: OutputLocation
    tier: Tier = "Standard"
    description: str = ""


def parse_restore(body: bytes) -> ArchiveSelect | None:
    """Read the XML body of a request.

    Raises:
        S3SelectError: ``MissingRequestBodyError``, ``MaxMessageLengthExceeded``, ``MalformedXML``; of
            SelectParameters what :func:`s3sql.request_xml.request_of` raises, ``InvalidDataSource`` and
            ``InvalidCompressionFormat``; of OutputLocation ``InvalidEncryptionAlgorithmError``,
            ``InvalidArgument``, ``InvalidRequest``, ``InvalidTag``, ``MetadataTooLarge`` and
            ``InvalidStorageClass``.
    """
    if not body.strip(b" \t\r\n"):
        raise S3SelectError(
            "MissingRequestBodyError", "The request body is empty; it must be a RestoreRequest in XML."
        )
    root = read_document(body, _DOCUMENT)
    if "Type" not in root.texts:
        for name in ("SelectParameters", "OutputLocation"):
            if name in root.elements:
                raise malformed(f"{name} belongs to a request of Type SELECT, but there is no Type.")
        return None
    _one_of(root, "Type", ("SELECT",))
    for name in ("Days", "GlacierJobParameters"):
        if name in root.texts or name in root.elements:
            raise malformed(f"{name} belongs to an ordinary restore; a request of Type SELECT has none.")
    query = _query(_required(root, "SelectParameters"))
    location = _required(_required(root, "OutputLocation"), "S3")
    return ArchiveSelect(
        query=query,
        output=_location(location),
        tier=_one_of(root, "Tier", _TIERS) or "Standard",
        description=root.text("Description", ""),
    )


def _query(element: Element) -> SelectRequest:
    query = request_of(element, ARCHIVE_SELECT)
    if not isinstance(query.input, CsvInput):
        found = type(query.input).__name__.removesuffix("Input")
        raise S3SelectError(
            "InvalidDataSource",
            f"InputSerialization names {found}, but a query on an archived object reads CSV only. Restore "
            "the object, or copy it to STANDARD, and use SelectObjectContent.",
        )
    if query.compression != "NONE":
        raise S3SelectError(
            "InvalidCompressionFormat",
            f"CompressionType is {query.compression}, but a query on an archived object reads uncompressed "
            "CSV only. Restore the object, or copy it to STANDARD, and use SelectObjectContent.",
        )
    return query


def _location(element: Element) -> OutputLocation:
    bucket = _required_text(element, "BucketName").strip()
    prefix = _required_text(element, "Prefix")
    encryption = _encryption(element.elements["Encryption"]) if "Encryption" in element.elements else None
    canned_acl = _one_of(element, "CannedACL", _CANNED_ACLS)
    grants = _grants(element.element("AccessControlList"))
    if canned_acl is not None and grants:
        raise S3SelectError(
            "InvalidRequest",
            "Specifying both CannedACL and AccessControlList is not allowed; give one of them.",
        )
    return OutputLocation(
        bucket=bucket,
        prefix=prefix,
        encryption=encryption,
        canned_acl=canned_acl,
        grants=grants,
        tags=_tags(element.elements["Tagging"]) if "Tagging" in element.elements else {},
        metadata=_user_metadata(element.element("UserMetadata")),
        storage_class=_storage_class(element),
    )


def _encryption(element: Element) -> Encryption:
    given = _required_text(element, "EncryptionType").strip()
    chosen = _matching(given, _ENCRYPTIONS)
    if chosen is None:
        raise S3SelectError(
            "InvalidEncryptionAlgorithmError",
            f"EncryptionType is {given[:40]!r}; it must be {' or '.join(_ENCRYPTIONS)}.",
        )
    key_id = element.text("KMSKeyId", "").strip() or None
    context = element.text("KMSContext", "").strip() or None
    if chosen != "aws:kms" and (key_id or context):
        raise S3SelectError(
            "InvalidArgument", f"KMSKeyId and KMSContext belong to EncryptionType aws:kms, not to {chosen}."
        )
    if context is not None and not _is_encryption_context(context):
        raise S3SelectError(
            "InvalidArgument", "KMSContext must be the base64 text of a JSON object whose values are texts."
        )
    return Encryption(chosen, key_id, context)


def _is_encryption_context(text: str) -> bool:
    try:
        context = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(context, dict) and all(isinstance(value, str) for value in context.values())


def _grants(element: Element) -> tuple[Grant, ...]:
    grants = element.repeated("Grant")
    if len(grants) > MAX_GRANTS:
        raise malformed(f"AccessControlList holds {len(grants)} Grants; the most is {MAX_GRANTS}.")
    return tuple(_grant(grant) for grant in grants)


def _grant(element: Element) -> Grant:
    grantee = _required(element, "Grantee")
    given = grantee.attributes.get("type")
    if given is None:
        raise malformed("A Grantee has no attribute xsi:type.")
    kind = _matching(given, tuple(_GRANTEES))
    if kind is None:
        raise malformed(
            f"The xsi:type of a Grantee is {given[:40]!r}; it must be {_alternatives(_GRANTEES)}."
        )
    name = _required_text(grantee, _GRANTEES[kind]).strip()
    _required_text(element, "Permission")
    permission = _one_of(element, "Permission", _PERMISSIONS)
    assert permission is not None, "it is there"
    return Grant(kind, name, permission)


def _tags(element: Element) -> dict[str, str]:
    tag_set = _required(element, "TagSet")
    return checked_tags(
        [(_required_text(tag, "Key"), tag.text("Value", "")) for tag in tag_set.repeated("Tag")]
    )


def _user_metadata(element: Element) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for entry in element.repeated("MetadataEntry"):
        given = _required_text(entry, "Name").strip()
        name = given.lower().removeprefix(_METADATA)
        value = entry.text("Value", "").strip()
        if not _TOKEN.fullmatch(name) or not _PRINTABLE.fullmatch(value):
            raise S3SelectError(
                "InvalidArgument",
                f"The MetadataEntry {given[:40]!r} cannot become a header of the results: its Name must be a "
                "header's name, its Value printable ASCII.",
            )
        if name in metadata:
            raise S3SelectError("InvalidArgument", f"UserMetadata holds the Name {name[:40]!r} twice.")
        metadata[name] = value
    size = sum(len(name) + len(value) for name, value in metadata.items())
    if size > MAX_METADATA_BYTES:
        raise S3SelectError(
            "MetadataTooLarge",
            f"UserMetadata has {size:,} bytes; the most is {MAX_METADATA_BYTES:,} bytes of names and values "
            "together.",
        )
    return metadata


def _storage_class(element: Element) -> str:
    given = element.text("StorageClass", "STANDARD").strip()
    found = _matching(given, STORAGE_CLASSES)
    if found is None:
        raise S3SelectError(
            "InvalidStorageClass",
            f"StorageClass is {given[:40]!r}; it must be {_alternatives(STORAGE_CLASSES)}.",
        )
    return found


def _required(parent: Element, name: str) -> Element:
    if name not in parent.elements:
        raise malformed(f"{name} is missing; a request of Type SELECT needs it.")
    return parent.elements[name]


def _required_text(parent: Element, name: str) -> str:
    text = parent.texts.get(name, "")
    if not text.strip():
        raise malformed(f"{name} is missing or empty.")
    return text


def _one_of(parent: Element, name: str, allowed: Sequence[_T]) -> _T | None:
    """The value of an enumeration, in the spelling of *allowed*; None if it is absent."""
    if name not in parent.texts:
        return None
    given = parent.texts[name].strip()
    found = _matching(given, allowed)
    if found is None:
        raise malformed(f"{name} is {given[:40]!r}; it must be {_alternatives(allowed)}.")
    return found


def _matching(given: str, allowed: Sequence[_T]) -> _T | None:
    return next((value for value in allowed if value.lower() == given.lower()), None)


def _alternatives(allowed: Sequence[str] | dict[GranteeType, str]) -> str:
    *others, last = allowed
    return f"{', '.join(others)} or {last}" if others else last
