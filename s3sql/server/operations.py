"""Which S3 operation a request is: its name as the AWS S3 API Reference has it.

In: the method, the address and whether the request copies.  Out: a name such as ``ListObjectsV2``, which
says what handles the request, what it needs permission for, and what an answer of 501 names.

    method and level   →  the first sub-resource of the table that the query string has  →  name
"""

from __future__ import annotations

from collections.abc import Mapping

from s3sql.errors import S3SelectError
from s3sql.server.address import Address

#: Sub-resources that configure a bucket or an object, by the names of their operations.
_BUCKET_SETTINGS: Mapping[str, str] = {
    "abac": "BucketAbac",
    "accelerate": "BucketAccelerateConfiguration",
    "acl": "BucketAcl",
    "analytics": "BucketAnalyticsConfiguration",
    "cors": "BucketCors",
    "encryption": "BucketEncryption",
    "intelligent-tiering": "BucketIntelligentTieringConfiguration",
    "inventory": "BucketInventoryConfiguration",
    "lifecycle": "BucketLifecycleConfiguration",
    "logging": "BucketLogging",
    "metadataConfiguration": "BucketMetadataConfiguration",
    "metadataTable": "BucketMetadataTableConfiguration",
    "metrics": "BucketMetricsConfiguration",
    "notification": "BucketNotificationConfiguration",
    "object-lock": "ObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "publicAccessBlock": "PublicAccessBlock",
    "replication": "BucketReplication",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
_OBJECT_SETTINGS: Mapping[str, str] = {
    "acl": "ObjectAcl",
    "annotation": "ObjectAnnotation",
    "legal-hold": "ObjectLegalHold",
    "retention": "ObjectRetention",
    "tagging": "ObjectTagging",
}
#: Settings of which a bucket has several: without ``id``, or ``annotationName``, GET lists them.
_LISTED: Mapping[str, str] = {
    "analytics": "ListBucketAnalyticsConfigurations",
    "intelligent-tiering": "ListBucketIntelligentTieringConfigurations",
    "inventory": "ListBucketInventoryConfigurations",
    "metrics": "ListBucketMetricsConfigurations",
}

#: Sub-resources with names of their own, by method; the query string's first match in this order counts.
_BUCKET: Mapping[str, Mapping[str, str]] = {
    "GET": {
        "location": "GetBucketLocation",
        "uploads": "ListMultipartUploads",
        "versions": "ListObjectVersions",
        "policyStatus": "GetBucketPolicyStatus",
        "session": "CreateSession",
    },
    "POST": {
        "delete": "DeleteObjects",
        "metadataConfiguration": "CreateBucketMetadataConfiguration",
        "metadataTable": "CreateBucketMetadataTableConfiguration",
    },
    "PUT": {
        "metadataAnnotationTable": "UpdateBucketMetadataAnnotationTableConfiguration",
        "metadataInventoryTable": "UpdateBucketMetadataInventoryTableConfiguration",
        "metadataJournalTable": "UpdateBucketMetadataJournalTableConfiguration",
    },
}
_OBJECT: Mapping[str, Mapping[str, str]] = {
    "GET": {"uploadId": "ListParts", "attributes": "GetObjectAttributes", "torrent": "GetObjectTorrent"},
    "PUT": {
        "uploadId": "UploadPart",
        "partNumber": "UploadPart",
        "encryption": "UpdateObjectEncryption",
        "renameObject": "RenameObject",
    },
    "POST": {
        "select": "SelectObjectContent",
        "restore": "RestoreObject",
        "uploads": "CreateMultipartUpload",
        "uploadId": "CompleteMultipartUpload",
    },
    "DELETE": {"uploadId": "AbortMultipartUpload"},
}

#: All words that make another operation of a request. A request has one at most: who took another one for the
#: word that counts would allow what it is not asked about.
_SUB_RESOURCES = frozenset(
    {
        *_BUCKET_SETTINGS,
        *_OBJECT_SETTINGS,
        *(word for table in (_BUCKET, _OBJECT) for words in table.values() for word in words),
    }
) - {"partNumber"}

#: Operations that change nothing in their bucket and give nobody credentials; every other one needs
#: permission to write. A restore that is no query does change something: its handler asks for more.
_READS = ("Get", "Head", "List", "Select", "RestoreObject")

_ALLOWED: Mapping[str, str] = {
    "the service": "GET",
    "a bucket": "DELETE, GET, HEAD, POST, PUT",
    "an object": "DELETE, GET, HEAD, POST, PUT",
    "the result of a query": "POST",
}


def operation_of(method: str, address: Address, *, copies: bool) -> str:
    """The name of the operation; *copies*: the request names a source to copy from.

    Raises:
        S3SelectError: ``MethodNotAllowed`` when the resource, or what the query string names, has no such
            method; ``InvalidArgument`` when it names two things.
    """
    words = [word for word in address.parameters if word in _SUB_RESOURCES]
    if len(words) > 1:
        raise S3SelectError(
            "InvalidArgument", f"Conflicting query string parameters: {', '.join(words)}; send one of them."
        )
    if method == "PUT" and "partNumber" in address.parameters and words not in ([], ["uploadId"]):
        raise S3SelectError(
            "InvalidArgument",
            f"Conflicting query string parameters: partNumber, {words[0]}; send one of them.",
        )
    if address.bucket is None:
        if method != "GET" or words:
            raise _not_allowed(method, "the service")
        return "ListBuckets"
    if address.key is None:
        return _of_bucket(method, address.parameters)
    name = _of_object(method, address.parameters)
    if copies and name in ("PutObject", "UploadPart"):
        return {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}[name]
    return name


def is_read(operation: str) -> bool:
    """Whether permission to read is enough for *operation*."""
    return operation.startswith(_READS)


def _of_bucket(method: str, parameters: Mapping[str, str]) -> str:
    found = _named(method, parameters, _BUCKET) or _setting(method, parameters, _BUCKET_SETTINGS)
    if found:
        return found
    if not _SUB_RESOURCES.isdisjoint(parameters):
        raise _not_allowed(method, "a bucket")
    if method == "GET":
        return "ListObjectsV2" if parameters.get("list-type") == "2" else "ListObjects"
    plain = {"HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket", "POST": "PostObject"}
    if method not in plain:
        raise _not_allowed(method, "a bucket")
    return plain[method]


def _of_object(method: str, parameters: Mapping[str, str]) -> str:
    if method != "POST" and "select" in parameters and "select-type" in parameters:
        raise _not_allowed(method, "the result of a query")
    found = _named(method, parameters, _OBJECT) or _setting(method, parameters, _OBJECT_SETTINGS)
    if found:
        return found
    plain = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
    if method not in plain or not _SUB_RESOURCES.isdisjoint(parameters):
        raise _not_allowed(method, "an object")
    return plain[method]


def _named(method: str, parameters: Mapping[str, str], table: Mapping[str, Mapping[str, str]]) -> str | None:
    names = table.get(method, {})
    return next((names[parameter] for parameter in names if parameter in parameters), None)


def _setting(method: str, parameters: Mapping[str, str], settings: Mapping[str, str]) -> str | None:
    verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}.get(method)
    name = next((parameter for parameter in settings if parameter in parameters), None)
    if verb is None or name is None:
        return None
    if method == "GET" and name in _LISTED and "id" not in parameters:
        return _LISTED[name]
    if method == "GET" and name == "annotation" and "annotationName" not in parameters:
        return "ListObjectAnnotations"
    if method == "DELETE" and name == "lifecycle":
        return "DeleteBucketLifecycle"
    return f"{verb}{settings[name]}"


def _not_allowed(method: str, resource: str) -> S3SelectError:
    return S3SelectError(
        "MethodNotAllowed",
        f"The specified method is not allowed against this resource: {method[:20]} of {resource}.",
        status=405,
        elements={"Method": method[:20], "AllowedMethods": _ALLOWED[resource]},
    )
