"""One decision after the other: compression, format, field delimiter, header line.

In: an open object, its name, and the keywords of :func:`s3sql.query` that were given.  Out: a
:class:`~s3sql.sniffer.choices.Sniffed`.

What was given holds. Then the name speaks, and the content where the name says nothing. Content overrules a
name in one case, where there can be no doubt: the first bytes are those of GZIP, BZIP2 or Parquet, or those
of no compression although the name tells one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from s3sql.errors import S3SelectError
from s3sql.formats.compression import Codec
from s3sql.request import CsvInput, FileHeaderInfo, check_compression
from s3sql.sniffer.beginning import Beginning, stored_head, text_beginning
from s3sql.sniffer.choices import CSV_KEYWORDS, CSV_TEXT_KEYWORDS, Choice, Sniffed
from s3sql.sniffer.delimiter import CANDIDATES, table_of
from s3sql.sniffer.header import header_of
from s3sql.sniffer.json_beginning import begins_as_json
from s3sql.sniffer.magic import HEAD_BYTES, compression_of, is_parquet, other_format
from s3sql.sniffer.names import Named, named
from s3sql.stores.base import StoredObject

_UNPACK = "Decompress it once: gzip -dc FILE, or bzip2 -dc FILE"


def sniff(opened: StoredObject, name: str, given: Mapping[str, Any]) -> Sniffed:
    """What *opened* is. *given*: keywords of :func:`s3sql.query`, of which those that are None do not count.

    Reads no more than the object's beginning, so that a stream can be read again from its first byte.

    Raises:
        S3SelectError: a keyword is wrong; the object cannot be read; ``InvalidCompressionFormat`` or
            ``InvalidDataSource`` when it is of a kind that s3sql does not read.
    """
    said = {keyword: value for keyword, value in given.items() if value is not None}
    by_name = named(name)
    head = stored_head(opened)
    compression = _compression(head, by_name, said)
    form = _given_format(said)
    if form is not None and form.value != "csv":
        return Sniffed(form, compression)
    if form is None and compression.value == "NONE":
        form = _early_format(head, by_name)
        if form is not None:
            return Sniffed(form, compression)
    check_compression(compression.value, CsvInput)
    beginning = text_beginning(opened, cast("Codec", compression.value))
    form = form or _format(beginning, by_name, compression)
    if form.value != "csv":
        return Sniffed(form, compression)
    return _sniffed_csv(beginning, by_name, said, form, compression)


def _compression(head: bytes, by_name: Named, said: Mapping[str, Any]) -> Choice:
    """The compression of an object that begins with *head*."""
    if "compression_type" in said:
        return Choice(str(said["compression_type"]).strip().upper(), "given")
    found = compression_of(head)
    if found == by_name.compression or not head:
        return Choice(by_name.compression, "default" if by_name.compression == "NONE" else "name")
    if found == "NONE":
        words = f"the name tells {by_name.compression}, but the content does not begin so"
        return Choice("NONE", "content", words)
    against = f", although the name tells {by_name.compression}" if by_name.compression != "NONE" else ""
    return Choice(found, "content", f"the content begins as {found} does{against}")


def _given_format(said: Mapping[str, Any]) -> Choice | None:
    """The format that a keyword says, or that has the only keywords of those given."""
    if "input_format" in said:
        return Choice(str(said["input_format"]), "given")
    if "json_type" in said:
        return Choice("json", "given", "json_type is given, and only JSON has one")
    keyword = next((keyword for keyword in CSV_KEYWORDS if keyword in said), None)
    return None if keyword is None else Choice("csv", "given", f"{keyword} is given, and only CSV has one")


def _early_format(head: bytes, by_name: Named) -> Choice | None:
    """The format for which the first bytes are enough."""
    told = by_name.input_format
    if is_parquet(head) and told != "parquet":
        against = "" if told is None else f", although the name ends in {by_name.suffix}"
        return Choice("parquet", "content", f"the content begins with PAR1{against}")
    return None if told is None or told == "csv" else Choice(told, "name")


def _format(beginning: Beginning, by_name: Named, compression: Choice) -> Choice:
    """The format of a text, or of a file in a compressed object.

    Raises:
        S3SelectError: as :func:`sniff`.
    """
    head = beginning.text[:HEAD_BYTES]
    early = _early_format(head, by_name)
    if early is not None:
        return early
    told = by_name.input_format
    if told is not None:
        looks_json = told == "csv" and begins_as_json(beginning.text, whole=beginning.whole)
        return Choice(told, "name", "the content looks like JSON" if looks_json else "")
    within = compression_of(head)
    if "NONE" not in (within, compression.value):
        raise _not_read(f"compressed with {within}, and once more with {compression.value}", _UNPACK)
    other = other_format(head)
    if other is not None:
        raise _not_read(*other)
    if not beginning.text:
        return Choice("csv", "default", "the object is empty")
    if begins_as_json(beginning.text, whole=beginning.whole):
        return Choice("json", "content", "the content begins as JSON does")
    return Choice("csv", "content", "the content begins neither as JSON nor as Parquet does")


def _not_read(name: str, advice: str) -> S3SelectError:
    code = "InvalidTextEncoding" if name.startswith("text") else "InvalidDataSource"
    return S3SelectError(code, f"The object is {name}. {advice}, or say the input format if it is another.")


def _sniffed_csv(
    beginning: Beginning, by_name: Named, said: Mapping[str, Any], form: Choice, compression: Choice
) -> Sniffed:
    csv = _csv_input(said)
    delimiter = None
    if "field_delimiter" in said:
        delimiter = Choice(csv.field_delimiter, "given")
    elif by_name.field_delimiter is not None:
        csv = replace(csv, field_delimiter=by_name.field_delimiter)
        delimiter = Choice(by_name.field_delimiter, "name", f"the name ends in {by_name.suffix}")
    quoted = None
    if "allow_quoted_record_delimiter" in said:
        quoted = Choice("TRUE" if csv.allow_quoted_record_delimiter else "FALSE", "given")
    elif "scan_range" in said:
        quoted = Choice("FALSE", "default", "a scan range excludes line breaks within quotes")
    table = table_of(beginning, csv, delimiter, quoted=quoted)
    if "file_header_info" in said:
        header = Choice(csv.file_header_info, "given")
    else:
        header = header_of(table.records, cut=table.cut_record)
    return Sniffed(form, compression, header, table.delimiter, table.quoted_delimiters)


def _csv_input(said: Mapping[str, Any]) -> CsvInput:
    """What has been said of the dialect; where the field delimiter is not, one that nothing else is.

    Raises:
        S3SelectError: a keyword is wrong.
    """
    texts = {keyword: said[keyword] for keyword in CSV_TEXT_KEYWORDS if keyword in said}
    wrong = next((keyword for keyword, value in texts.items() if not isinstance(value, str)), None)
    if wrong is not None:
        raise S3SelectError("InvalidRequestParameter", f"{wrong} is {texts[wrong]!r}; it must be text.")
    taken = {
        texts.get("quote_character", '"'),
        texts.get("comments", "#"),
        texts.get("record_delimiter", "\n"),
    }
    free = next(one for one in CANDIDATES if one not in taken)
    return CsvInput(
        file_header_info=cast("FileHeaderInfo", texts.get("file_header_info", "NONE").strip().upper()),
        comments=texts.get("comments", "#"),
        quote_character=texts.get("quote_character", '"'),
        quote_escape_character=texts.get("quote_escape_character") or '"',
        record_delimiter=texts.get("record_delimiter"),
        # An empty one stands for NUL.
        field_delimiter=(texts["field_delimiter"] or "\0") if "field_delimiter" in texts else free,
        allow_quoted_record_delimiter=said.get("allow_quoted_record_delimiter") is True,
    )
