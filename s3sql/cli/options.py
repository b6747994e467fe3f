"""The options that several commands share, and what they mean to :func:`s3sql.query`.

In: the words of a command line, by keyword.  Out: keyword arguments of a query.

Every option here has the name of the keyword it gives, so that nothing has to be translated; what was not
said is left to the query, which guesses it or has a default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from s3sql.cli.parameters import (
    OptionWord,
    characters,
    choice,
    completing,
    member,
    scan_range,
    seconds,
)
from s3sql.formats.registered_formats import INPUT_FORMATS

_COMPRESSIONS = ("none", "gzip", "bzip2")
_HEADERS = ("none", "use", "ignore")
_JSON_TYPES = ("lines", "document")
_QUOTING = ("asneeded", "always")

_IN = "Input"
_CSV_OUT = "CSV output"
_S3 = "s3:// endpoint (else as boto3 is configured)"

#: How an object is read.
INPUT: Final = (
    OptionWord(
        ("--format",),
        "input_format",
        "what SOURCE holds (default: guessed from its name and content)",
        lambda text: choice(*INPUT_FORMATS.names())(text),
        "csv|json|parquet",
        _IN,
        lambda typed: completing(INPUT_FORMATS.names())(typed),
    ),
    OptionWord(
        ("--compression",),
        "compression_type",
        "how SOURCE is compressed (default: guessed)",
        member(*_COMPRESSIONS),
        "none|gzip|bzip2",
        _IN,
        completing(_COMPRESSIONS),
    ),
    OptionWord(
        ("--header",),
        "file_header_info",
        "whether the first line of CSV names the columns (default: guessed; none: they are _1, _2, ...)",
        member(*_HEADERS),
        "none|use|ignore",
        _IN,
        completing(_HEADERS),
    ),
    OptionWord(
        ("--delimiter",),
        "field_delimiter",
        r"between the fields of CSV; \t is a tab (default: guessed)",
        characters,
        "CHAR",
        _IN,
    ),
    OptionWord(
        ("--quote",),
        "quote_character",
        'quotation mark (default: "; empty: none)',
        characters,
        "CHAR",
        _IN,
    ),
    OptionWord(
        ("--escape",),
        "quote_escape_character",
        'escape inside quotes (default: ")',
        characters,
        "CHAR",
        _IN,
    ),
    OptionWord(
        ("--comment",), "comments", "starts a comment (default: #; empty: none)", characters, "CHAR", _IN
    ),
    OptionWord(
        ("--record-delimiter",),
        "record_delimiter",
        r"one or two characters (default: \n or \r\n)",
        characters,
        "TEXT",
        _IN,
    ),
    OptionWord(
        ("--allow-quoted-record-delimiter",),
        "allow_quoted_record_delimiter",
        "a quoted field may hold line breaks",
        bool,
        panel=_IN,
    ),
    OptionWord(
        ("--json-type",),
        "json_type",
        "JSON type (default: lines)",
        member(*_JSON_TYPES),
        "lines|document",
        _IN,
        completing(_JSON_TYPES),
    ),
)

#: Which part of it.
SCAN_RANGE: Final = (
    OptionWord(
        ("--scan-range",),
        "scan_range",
        "only records that begin at these bytes, both inclusive; START- to the end, -N the last N bytes",
        scan_range,
        "START-END",
        _IN,
    ),
)

#: How long it may take.
TIMEOUT: Final = (
    OptionWord(("--timeout",), "timeout", "give up after so many seconds", seconds, "SECONDS", "Running"),
)

#: How records of CSV are written.
CSV_OUTPUT: Final = (
    OptionWord(
        ("--output-delimiter",),
        "output_field_delimiter",
        "between fields (default: ,)",
        characters,
        "TEXT",
        _CSV_OUT,
    ),
    OptionWord(
        ("--output-quote",),
        "output_quote_character",
        'quotation mark (default: ")',
        characters,
        "CHAR",
        _CSV_OUT,
    ),
    OptionWord(
        ("--output-escape",),
        "output_quote_escape_character",
        'escape inside quotes (default: ")',
        characters,
        "CHAR",
        _CSV_OUT,
    ),
    OptionWord(
        ("--output-record-delimiter",),
        "output_record_delimiter",
        r"behind every record, of JSON lines too (default: \n)",
        characters,
        "TEXT",
        _CSV_OUT,
    ),
    OptionWord(
        ("--quote-fields",),
        "quote_fields",
        "which fields are quoted (default: asneeded)",
        member(*_QUOTING),
        "asneeded|always",
        _CSV_OUT,
        completing(_QUOTING),
    ),
)

#: Where s3:// leads.
ENDPOINT: Final = (
    OptionWord(
        ("--endpoint-url",),
        "endpoint_url",
        "an S3 endpoint other than AWS's",
        str,
        "URL",
        _S3,
    ),
    OptionWord(("--region",), "region_name", "its region", str, "NAME", _S3),
    OptionWord(("--profile",), "profile_name", "the AWS profile to use", str, "NAME", _S3),
)

_S3_URL = re.compile(r"s3a?://", re.IGNORECASE)

_FLAGS = {word.keyword: word.flags[-1] for word in INPUT + SCAN_RANGE + TIMEOUT + CSV_OUTPUT + ENDPOINT}
_NAMES = "|".join(sorted(_FLAGS, key=len, reverse=True))
#: A keyword and its value; or words in quotation marks, which are somebody else's.
_KEYWORD = re.compile(rf"(?<!-)\b({_NAMES})\b(?:='(\w*)')?|(?<!\w)'[^']*'")


def said(words: Mapping[str, Any], *tables: tuple[OptionWord, ...]) -> dict[str, Any]:
    """The keyword arguments among *words* that the options of *tables* gave."""
    names = [word.keyword for table in tables for word in table]
    return {name: words[name] for name in names if words.get(name) is not None}


def for_source(keywords: Mapping[str, Any], source: str, sources: list[str]) -> dict[str, Any]:
    """Those of *keywords* that are for *source*, one of *sources*.

    An endpoint means nothing to a file, and is refused there; unless it is for another of the sources.
    """
    if _S3_URL.match(source) or not any(map(_S3_URL.match, sources)):
        return dict(keywords)
    elsewhere = {word.keyword for word in ENDPOINT}
    return {name: value for name, value in keywords.items() if name not in elsewhere}


def with_flags(message: str) -> str:
    """*message* about keyword arguments, in the words of the command line."""

    def flag(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        return _FLAGS[found[1]] + ("" if found[2] is None else f" {found[2].lower()}")

    return _KEYWORD.sub(flag, message)
