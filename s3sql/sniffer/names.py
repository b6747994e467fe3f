"""What the name of a source says: the format, the compression, and the tab of ``.tsv``.

In: a source of :func:`s3sql.query`.  Out: its name; the :class:`Named` values of a name.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from s3sql.formats.compression import Codec
from s3sql.formats.registered_formats import COMPRESSION_SUFFIXES, of_suffix

_S3 = re.compile(r"s3a?://[^/]*/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says: ``compression`` is NONE and the others are None where it says nothing.

    ``suffix`` is the one that tells the format, in small letters; the format may be one that the program has
    registered.
    """

    suffix: str
    input_format: str | None
    compression: Codec
    field_delimiter: str | None


#: Of a source without a name.
_NAMELESS = Named("", None, "NONE", None)


def name_of(source: object) -> str:
    """The name a source has, empty if it has none."""
    if isinstance(source, str):
        bucket = _S3.match(source)
        if bucket is not None:
            # A key is taken as it is; `?` and `#` are characters like others.
            return source[bucket.end() :]
        return urlsplit(source).path if "://" in source else source
    if isinstance(source, os.PathLike):
        return str(os.fspath(source))
    name = getattr(source, "name", "")
    return name if isinstance(name, str) else ""


def named(name: str) -> Named:
    """What *name* says by its last suffix, or by the last two if the last one tells a compression."""
    if not name:
        return _NAMELESS
    stem, suffix = os.path.splitext(name.lower())
    compression: Codec = COMPRESSION_SUFFIXES.get(suffix, "NONE")
    if compression != "NONE":
        suffix = os.path.splitext(stem)[1]
    return Named(suffix, of_suffix(suffix), compression, "\t" if suffix == ".tsv" else None)
