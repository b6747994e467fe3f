"""The input formats that a program has registered, and the suffixes of names that mean a format.

In: a name.  Out: the format. Nothing heavy is loaded, so that a name can be asked for before an object is
opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from s3sql.errors import S3SelectError
from s3sql.formats.tables import InputFormat
from s3sql.registered import Registered

if TYPE_CHECKING:
    from s3sql.formats.compression import Codec

#: What the suffixes mean that no program can register: formats, and compressions.
FORMAT_SUFFIXES: Final[Mapping[str, str]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
COMPRESSION_SUFFIXES: Final[Mapping[str, Codec]] = {".gz": "GZIP", ".bz2": "BZIP2"}


@dataclass(frozen=True, slots=True)
class RegisteredFormat:
    """A format under its name; ``suffixes`` of an object's name mean it, small letters with their dot."""

    name: str
    form: InputFormat
    suffixes: tuple[str, ...] = ()


INPUT_FORMATS: Final = Registered[RegisteredFormat]("an input format", ("csv", "json", "parquet"))


def register(name: str, form: InputFormat, suffixes: Iterable[str] = ()) -> None:
    """Add a format.

    Raises:
        ValueError: the name or a suffix is taken, or is not spelled like one.
    """
    given = tuple(suffixes)
    for suffix in given:
        if (
            not suffix.startswith(".")
            or suffix.count(".") != 1
            or suffix != suffix.lower()
            or len(suffix) < 2
        ):
            raise ValueError(f"{suffix!r} is no suffix: that is a dot and small letters, such as '.log'")
        if suffix in COMPRESSION_SUFFIXES or of_suffix(suffix) is not None:
            raise ValueError(f"names that end in {suffix!r} have a format already")
    INPUT_FORMATS.add(name, RegisteredFormat(name, form, given))


def of_suffix(suffix: str) -> str | None:
    """The name of the format that *suffix* means, small letters with their dot; None if it means none."""
    return FORMAT_SUFFIXES.get(suffix) or next(
        (found.name for found in INPUT_FORMATS.values() if suffix in found.suffixes), None
    )


def format_named(name: str) -> InputFormat:
    """The registered format *name*.

    Raises:
        S3SelectError: ``InvalidDataSource``, it has been removed meanwhile.
    """
    found = INPUT_FORMATS.get(name)
    if found is None:
        raise S3SelectError("InvalidDataSource", f"There is no input format {name!r} any more.")
    return found.form
