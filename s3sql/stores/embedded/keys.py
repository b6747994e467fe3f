"""Names: which buckets there are and may be, and which keys can be paths of their own.

In: a bucket's name, a key.  Out: the segments of the key's own path below its bucket, or None for a key
that no path can stand for. Such a key is *hidden*: its bytes lie in ``.s3sql/objects``, and only the
catalogue knows it.

    data/2024.csv               its own path
    data/   /data   a//b        hidden: a segment is empty
    a/../b   ./a                hidden: "." and ".." lead elsewhere
    a, of which a/b exists      hidden, as a folder stands there (:mod:`.placement` finds that out)
    .s3sql-notes                hidden: such names are ours

Whether a file system takes two names for one ("Data" and "data") is probed when the store is opened
(:func:`s3sql.stores.embedded.files.folds_names`); there, a key that is not in its folded form is hidden,
unless a file has exactly its name.

Source: AWS S3 User Guide, "Naming Amazon S3 objects" and "General purpose bucket naming rules".
"""

from __future__ import annotations

import re
import unicodedata

from s3sql.errors import S3SelectError
from s3sql.limits import MAX_KEY_BYTES

#: Longest name of a file or folder in bytes (NAME_MAX).
MAX_SEGMENT_BYTES = 255

#: How the names of all files and folders of the store's own begin.
OWN_PREFIX = ".s3sql"

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

#: Names of buckets that exist: what SDKs let through, but no hidden folder.
_SERVED_BUCKET = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")
#: Names of buckets that can be made.
_NEW_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def is_bucket_name(name: str) -> bool:
    """Whether a folder of this name is served as a bucket."""
    return _SERVED_BUCKET.fullmatch(name) is not None


def check_new_bucket_name(name: str) -> None:
    """Refuse a name that S3 has no bucket under.

    Raises:
        S3SelectError: ``InvalidBucketName`` that says what is wrong with it.
    """
    if not 3 <= len(name) <= 63:
        reason = f"it has {len(name)} characters, and a bucket's name has 3 to 63"
    elif _NEW_BUCKET.fullmatch(name) is None:
        reason = (
            "it may have lower-case letters, digits, dots and hyphens, and begins and ends with a letter or "
            "a digit"
        )
    elif ".." in name:
        reason = "it has two dots in a row"
    elif _ADDRESS.fullmatch(name):
        reason = "it looks like an IP address"
    elif name.startswith(_RESERVED_STARTS) or name.endswith(_RESERVED_ENDS):
        reason = "S3 keeps names with this beginning or end for itself"
    else:
        return
    raise S3SelectError("InvalidBucketName", f"The specified bucket is not valid: {name[:70]!r}: {reason}.")


def check_key(key: str) -> None:
    """Refuse what is no key.

    Raises:
        S3SelectError: ``KeyTooLongError``, or ``InvalidArgument`` for an empty key or one that is not UTF-8.
    """
    if not key:
        raise S3SelectError("InvalidArgument", "The key is empty; a key has at least one character.")
    try:
        size = len(key.encode())
    except UnicodeEncodeError as error:
        raise S3SelectError("InvalidArgument", f"The key {key[:40]!r} is not UTF-8.") from error
    if size > MAX_KEY_BYTES:
        raise S3SelectError(
            "KeyTooLongError", f"The key is {size:,} bytes long; the most is {MAX_KEY_BYTES:,} bytes."
        )


def may_exist(key: str) -> bool:
    """Whether an object could be stored under *key*; what could not is not looked for."""
    try:
        check_key(key)
    except S3SelectError:
        return False
    return True


def segments_of(key: str) -> list[str] | None:
    """The segments of the path that stands for *key* and for no other key; None for a hidden one."""
    segments = key.split("/")
    return segments if all(map(is_segment, segments)) else None


def is_segment(name: str) -> bool:
    """Whether *name* can be part of a key's own path, be it of a file or of a folder."""
    if name.isascii() and name.isprintable() and name[:1] not in ("", ".") and "/" not in name:
        return len(name) <= MAX_SEGMENT_BYTES  # nearly all of them, in a quarter of the time
    if name in ("", ".", "..") or name.startswith(OWN_PREFIX) or "/" in name or _CONTROL.search(name):
        return False
    try:
        return len(name.encode()) <= MAX_SEGMENT_BYTES
    except UnicodeEncodeError:  # a file's name that is not UTF-8
        return False


def is_folded(segment: str) -> bool:
    """Whether *segment* has the one form that stands for all names a file system takes for the same."""
    return unicodedata.normalize("NFC", segment).casefold() == segment
