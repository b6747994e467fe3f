"""The options of the magic: what each is called, may be, and means to ``s3sql.query``.

In: nothing.  Out: :data:`OPTIONS`, which the line's parser, the session's defaults, completion and the help
read. Those of a query are the ones of the command line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal

from s3sql.formats.registered_formats import INPUT_FORMATS

#: What an option is about: a default of the session is used where it can mean something.
About = Literal["input", "csv", "json", "s3", "query", "display"]

#: A line has no other way to write these characters; everything else is taken as it is.
_ESCAPES = {r"\t": "\t", r"\n": "\n", r"\r": "\r", r"\0": "\0", r"\\": "\\"}


def _word(written: str) -> object:
    return written


def _upper(written: str) -> object:
    """AWS's spelling of a choice."""
    return written.upper()


def _characters(written: str) -> object:
    r"""The characters that *written* stands for: ``\t``, ``\n``, ``\r``, ``\0`` and ``\\`` are one each."""
    return re.sub(r"\\.", lambda escape: _ESCAPES.get(escape[0], escape[0]), written)


def _count(written: str) -> object:
    if not re.fullmatch("[0-9]{1,18}", written):
        raise ValueError(f"{written!r} is no number of rows")
    return int(written)


def _seconds(written: str) -> object:
    try:
        return float(written)
    except ValueError:
        raise ValueError(f"{written!r} is no number of seconds") from None


def _scan_range(written: str) -> object:
    """Start and end of ``START-END``, ``START-`` or ``-N``."""
    match = re.fullmatch("([0-9]{0,18})-([0-9]{0,18})", written)
    if match is None or written == "-":
        raise ValueError(f"{written!r} is none of START-END, START- and -N")
    start, end = match.groups()
    return int(start) if start else None, int(end) if end else None


@dataclass(frozen=True, slots=True)
class Option:
    """One option. ``keyword`` is the one of ``s3sql.query``, None for those of the magic itself.

    ``metavar`` is empty for an option without a value; ``words`` are all values it may have, if that is known
    before the session; ``read`` makes of what was written the value, and raises ValueError for what is none.
    ``kind``: what a value of Python that is no text must be; None where only text will do.
    """

    name: str
    about: About
    keyword: str | None
    help: str
    metavar: str = ""
    words: tuple[str, ...] = ()
    read: Callable[[str], object] = _word
    kind: type | None = None

    @property
    def choices(self) -> tuple[str, ...]:
        """All values it may have now; none where any text may be one."""
        return INPUT_FORMATS.names() if self.name == "format" else self.words

    @property
    def describes(self) -> bool:
        """Whether it says how the source is found and read, whatever the query."""
        return self.about in ("input", "csv", "json", "s3")

    @property
    def flag(self) -> str:
        """As it is written in the line."""
        return f"--{self.name}"


_ALL = (
    Option("format", "input", "input_format", "what SOURCE holds", "FORMAT"),
    Option(
        "compression", "input", "compression_type", "how SOURCE is compressed", "KIND",
        ("none", "gzip", "bzip2"), _upper,
    ),
    Option(
        "header", "csv", "file_header_info", "whether the first line of CSV names the columns", "HEADER",
        ("none", "use", "ignore"), _upper,
    ),
    Option("delimiter", "csv", "field_delimiter", "between the fields of CSV", "CHAR", (), _characters),
    Option("quote", "csv", "quote_character", "quotation mark of CSV", "CHAR", (), _characters),
    Option("escape", "csv", "quote_escape_character", "escape inside quotes", "CHAR", (), _characters),
    Option("comment", "csv", "comments", "starts a comment of CSV", "CHAR", (), _characters),
    Option(
        "record-delimiter", "csv", "record_delimiter", "one or two characters between the records of CSV",
        "TEXT", (), _characters,
    ),
    Option(
        "allow-quoted-record-delimiter", "csv", "allow_quoted_record_delimiter",
        "a quoted field of CSV may hold line breaks",
    ),
    Option("json-type", "json", "json_type", "type of JSON", "TYPE", ("lines", "document"), _upper),
    Option(
        "scan-range", "query", "scan_range", "only records that begin at these bytes", "START-END", (),
        _scan_range, tuple,
    ),
    Option("limit", "query", "limit", "at most N rows", "N", (), _count, Integral),
    Option("timeout", "query", "timeout", "most seconds for the query", "SECONDS", (), _seconds, Real),
    Option(
        "mixed", "query", "mixed", "json: columns of several kinds are JSON text", "MODE", ("error", "json")
    ),
    Option("endpoint-url", "s3", "endpoint_url", "an S3 endpoint other than AWS's", "URL"),
    Option("region", "s3", "region_name", "its region", "NAME"),
    Option("profile", "s3", "profile_name", "the AWS profile to use", "NAME"),
    Option("client", "s3", "client", "the variable that holds a boto3 client", "VARIABLE", (), _word, object),
    Option(
        "as", "display", None, "what the cell's value is instead of a Result", "KIND",
        ("arrow", "pandas", "polars"),
    ),
    Option("show", "display", None, "at most N rows are shown", "N", (), _count, Integral),
    Option("no-progress", "display", None, "no progress bar"),
)  # fmt: skip

#: Every option of a query by its name without dashes in front.
OPTIONS: Mapping[str, Option] = {option.name: option for option in _ALL}

#: What else the magic does, and what it says of it; each stands alone.
ACTIONS: Mapping[str, str] = {
    "explain": "show the plan; nothing is read but the object's beginning",
    "analyze": "run the query and show the plan with rows and time",
    "schema": "show the columns of SOURCE, their kinds and the first rows",
    "functions": "show the functions of the dialect, or the one that is named",
    "set": "set defaults of this session: header=use source=flights.csv; alone: show them",
    "unset": "forget the defaults that are named, or all",
    "help": "show this",
}

#: Flags by the keyword of a function, and by the member of a request, that stand for the same.
_FLAGS = {
    spelling: option.flag
    for option in _ALL
    if option.keyword is not None and "_" in option.keyword
    for spelling in (option.keyword, option.keyword.title().replace("_", ""))
}
_SPELLING = re.compile(rf"\b({'|'.join(sorted(_FLAGS, key=len, reverse=True))})\b(?:='(\w*)')?")


def in_options(message: str) -> str:
    """*message* with options in place of the keywords and members that it names."""
    return _SPELLING.sub(lambda found: " ".join(filter(None, (_FLAGS[found[1]], found[2]))), message)
