"""Whatever a caller has, as the object it is.

In: the ``source`` of :func:`s3sql.query`.  Out: a :class:`~s3sql.stores.base.StoredObject`.

    str, os.PathLike        a file; ``file://`` and ``s3://bucket/key`` in a str, and ``scheme://bucket/key``
                            of a store that the program has registered
    bytes-like              its contents
    a get_object Body       a stream
    anything with read()    a file object from where it stands, or a stream
    a StoredObject          itself
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeGuard, cast
from urllib.parse import urlsplit

from s3sql.registered import Registered, close_to
from s3sql.stores.base import ObjectStore, StoredObject
from s3sql.stores.local import open_path
from s3sql.stores.memory import BytesObject
from s3sql.stores.stream import Readable, is_readable, open_file

if TYPE_CHECKING:
    from s3sql.stores.s3 import S3Client

Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | Readable | StoredObject

#: The stores that a program has registered, by the schemes of their URLs.
STORES: Final = Registered[ObjectStore]("a store for the scheme", ("file", "s3", "s3a"))

#: A URL's scheme has two letters at least here; one letter is a drive of Windows.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def open_source(
    source: Source,
    *,
    client: S3Client | None = None,
    endpoint_url: str | None = None,
    region_name: str | None = None,
    profile_name: str | None = None,
    sse_customer_algorithm: str | None = None,
    sse_customer_key: str | bytes | None = None,
    sse_customer_key_md5: str | None = None,
    expected_bucket_owner: str | None = None,
) -> StoredObject:
    """Open *source*; the options are about ``s3://`` and mean nothing to any other kind.

    Args:
        source: see the module's table.
        client: the boto3 S3 client to ask; it knows its endpoint, region and credentials.
        endpoint_url: an S3 endpoint other than AWS's.
        region_name: the region of the client that is made.
        profile_name: the profile of the client that is made.
        sse_customer_algorithm: as :meth:`s3sql.stores.base.ObjectStore.open` takes it, like the rest.
        sse_customer_key: likewise.
        sse_customer_key_md5: likewise.
        expected_bucket_owner: likewise.

    Raises:
        S3SelectError: ``NoSuchKey``, ``NoSuchBucket``, ``AccessDenied`` and the other codes of a store.
        TypeError: *source* is of no kind in the table, or *client* is no client.
        ValueError: *source* is a URL of another scheme or without a key, or an option is given that
            nothing would use.
    """
    endpoint = _given(endpoint_url=endpoint_url, region_name=region_name, profile_name=profile_name)
    members = _given(
        sse_customer_algorithm=sse_customer_algorithm,
        sse_customer_key=sse_customer_key,
        sse_customer_key_md5=sse_customer_key_md5,
        expected_bucket_owner=expected_bucket_owner,
    )
    location = source if isinstance(source, str) else ""
    scheme = _SCHEME.match(location)
    if scheme is not None and scheme[1].lower() in ("s3", "s3a"):
        if client is not None and endpoint:
            raise ValueError(f"{next(iter(endpoint))} is the client's to know; leave it out or the client")
        return _open_s3_url(location, client, endpoint, members)
    store = None if scheme is None else STORES.get(scheme[1].lower())
    unused = [*_given(client=client), *endpoint, *(members if store is None else ())]
    if unused:
        raise ValueError(f"{unused[0]} is only for s3:// sources")
    if store is not None:
        bucket, key = _bucket_and_key(location)
        return store.open(bucket, key, **members)
    if scheme is not None:
        return open_path(_path_of(location, scheme[1].lower()))
    return _open_here(source)


def local_path(location: str) -> str | None:
    """The path of the file that *location* names; None if it is the URL of something else.

    Raises:
        ValueError: it is a ``file`` URL of another host, or with a query.
    """
    scheme = _SCHEME.match(location)
    if scheme is None:
        return location
    return _path_of(location, "file") if scheme[1].lower() == "file" else None


def _given(**options: Any) -> dict[str, Any]:
    """The options that are set."""
    return {name: given for name, given in options.items() if given is not None}


def is_stored(source: object) -> TypeGuard[StoredObject]:
    """Whether *source* is an object that is open already."""
    return callable(getattr(source, "read_into", None)) and hasattr(source, "etag")


def _open_here(source: Source) -> StoredObject:
    """Open a source of this process or this machine."""
    if is_stored(source):
        return source
    if isinstance(source, str | os.PathLike):
        return open_path(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return BytesObject(source)
    if _is_botocore_body(source):
        from s3sql.stores.s3 import open_body

        return open_body(source)
    if is_readable(source):
        return open_file(source)
    raise TypeError(_wrong_kind(source))


def _open_s3_url(
    url: str, client: S3Client | None, endpoint: dict[str, Any], members: dict[str, Any]
) -> StoredObject:
    """Open ``s3://bucket/key``."""
    from s3sql.stores.s3 import S3Store

    bucket, key = _bucket_and_key(url)
    if client is not None and not callable(getattr(client, "get_object", None)):
        raise TypeError(f"client is a boto3 S3 client, not {type(client).__name__}")
    store = S3Store.connect(**endpoint) if client is None else S3Store(client)
    return store.open(bucket, key, **members)


def _bucket_and_key(url: str) -> tuple[str, str]:
    """What ``scheme://bucket/key`` names; the key is taken as it is, nothing in it is percent-decoded."""
    scheme, _, place = url.partition("://")
    bucket, _, key = place.partition("/")
    if not bucket or not key:
        raise ValueError(f"{url!r} names no object; an object's URL is {scheme.lower()}://bucket/key")
    return bucket, key


def _path_of(url: str, scheme: str) -> str:
    """The path that a ``file`` URL names (RFC 8089)."""
    if scheme != "file":
        names = STORES.names()
        known = ", ".join(f"{name}://" for name in names if name != "s3a")
        raise ValueError(
            f"{url!r}: the scheme {scheme}:// is not supported.{close_to(scheme, names)} "
            f"Sources are paths, {known}, bytes and file objects; the response of an HTTP library is one."
        )
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise ValueError(f"{url!r} names the host {parts.netloc!r}; a local file's URL has three slashes")
    if parts.query or parts.fragment:
        raise ValueError(f"{url!r}: write ? and # in a file's name as %3F and %23")
    # Late: it brings all of HTTP with it, and hardly anyone writes a file's URL.
    from urllib.request import url2pathname

    return url2pathname(parts.path)


def _is_botocore_body(source: object) -> bool:
    """Whether *source* is botocore's ``StreamingBody``; botocore is loaded if and only if it can be one."""
    return any(kind.__module__ == "botocore.response" for kind in type(source).__mro__)


def _wrong_kind(source: object) -> str:
    """Why *source* is none, and what to pass."""
    found = f"a source is a path, s3://bucket/key, bytes or a binary file object, not {type(source).__name__}"
    if isinstance(source, dict) and "Body" in cast("dict[str, object]", source):
        return f'{found}; of the answer of get_object pass answer["Body"]'
    if hasattr(source, "__arrow_c_stream__"):
        return f"{found}; a table in memory is for the library that made it to query"
    return found
