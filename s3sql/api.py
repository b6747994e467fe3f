"""``s3sql.query``: S3 Select as a Python function.

In: a query, a source, and a keyword for every member of ``select_object_content``.  Out: a
:class:`~s3sql.result.Result`.

The keywords become the XML body that boto3 would send, and the one request parser reads it, so that a
member means here what it means everywhere else. Three things are taken from the source's name where no
keyword says them, which AWS does not do: the format, the compression, and the tab of ``.tsv``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from s3sql import engine
from s3sql.request_xml import parse_request, render_request
from s3sql.result import Result
from s3sql.serialize.arrow_schema import AskedTypes, Mixed
from s3sql.stores.sources import Source, open_source
from s3sql.stores.timed import Deadline, TimedObject

if TYPE_CHECKING:
    from s3sql.stores.s3 import S3Client

Members: TypeAlias = dict[str, Any]
Format: TypeAlias = Literal["csv", "json", "parquet"]

_FORMATS: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
_COMPRESSIONS = {".gz": "GZIP", ".bz2": "BZIP2"}


def query(
    sql: str,
    source: Source,
    *,
    input_format: Format | None = None,
    compression_type: str | None = None,
    file_header_info: str | None = None,
    comments: str | None = None,
    quote_character: str | None = None,
    quote_escape_character: str | None = None,
    record_delimiter: str | None = None,
    field_delimiter: str | None = None,
    allow_quoted_record_delimiter: bool | None = None,
    json_type: str | None = None,
    output_format: Literal["csv", "json"] | None = None,
    quote_fields: str | None = None,
    output_quote_character: str | None = None,
    output_quote_escape_character: str | None = None,
    output_record_delimiter: str | None = None,
    output_field_delimiter: str | None = None,
    scan_range: tuple[int | None, int | None] | None = None,
    request_progress: bool = False,
    sse_customer_algorithm: str | None = None,
    sse_customer_key: str | bytes | None = None,
    sse_customer_key_md5: str | None = None,
    expected_bucket_owner: str | None = None,
    schema: AskedTypes | None = None,
    mixed: Mixed = "error",
    timeout: float | None = None,
    client: S3Client | None = None,
    endpoint_url: str | None = None,
    region_name: str | None = None,
    profile_name: str | None = None,
) -> Result:
    """Query one object with S3 Select's SQL.

    The query is checked and bound now; rows are read when the result is.

    Args:
        sql: the SELECT statement; its table is ``S3Object``.
        source: a path, ``file://`` or ``s3://bucket/key``, bytes, a binary file object, or the ``Body`` of a
            ``get_object`` answer.
        input_format: ``"csv"``, ``"json"`` or ``"parquet"``; by default what the source's name or another
            keyword says.
        compression_type: ``NONE``, ``GZIP`` or ``BZIP2``; by default what the source's name says.
        file_header_info: ``NONE`` (columns are ``_1``, ``_2`` …), ``USE`` or ``IGNORE`` the first line.
        comments: the character that starts a comment line; empty for none. Default ``#``.
        quote_character: empty for none. Default ``"``.
        quote_escape_character: what escapes a quote within quotes. Default ``"``.
        record_delimiter: one or two characters; by default LF and CR LF, mixed too.
        field_delimiter: one character. Default a comma, for ``.tsv`` a tab.
        allow_quoted_record_delimiter: whether a quoted field may hold record delimiters. Default False.
        json_type: ``LINES`` or ``DOCUMENT``; both read one value after another. Default ``LINES``.
        output_format: of the events' payload, ``"csv"`` or ``"json"``. Default: JSON for JSON, else CSV.
        quote_fields: ``ASNEEDED`` or ``ALWAYS``, of CSV output. Default ``ASNEEDED``.
        output_quote_character: of CSV output. Default ``"``.
        output_quote_escape_character: of CSV output. Default ``"``.
        output_record_delimiter: behind every output record. Default LF.
        output_field_delimiter: of CSV output. Default a comma.
        scan_range: (start, end) in bytes, both inclusive: only records that begin there. ``(start, None)``:
            to the object's end. ``(None, n)``: the last n bytes.
        request_progress: whether the events include ``Progress``.
        sse_customer_algorithm: of an ``s3://`` object encrypted with a customer's key.
        sse_customer_key: likewise.
        sse_customer_key_md5: likewise.
        expected_bucket_owner: the account that must own the bucket of an ``s3://`` object.
        schema: Arrow types by column name, for columns of mixed or other types than the first rows show;
            a ``pyarrow.Schema`` also fixes the columns of a ``*``.
        mixed: ``"json"``: columns whose type only the rows could tell are JSON text, and none can fail.
        timeout: seconds from now until the result must have been read.
        client: the boto3 S3 client that reads ``s3://``; without it one is made of the next three.
        endpoint_url: an S3 endpoint other than AWS's.
        region_name: its region.
        profile_name: the AWS profile to use.

    Raises:
        S3SelectError: the object cannot be opened, or the request or the SQL is wrong; with AWS's code.
        TimeoutError: the time-out has passed before the object's columns are known.
        ValueError: a keyword has no such value, keywords contradict each other, or nothing says the input
            format.
        TypeError: *source* is none.
    """
    _check_choice("input_format", input_format, ("csv", "json", "parquet"))
    _check_choice("output_format", output_format, ("csv", "json"))
    if scan_range is not None and (not isinstance(scan_range, tuple | list) or len(scan_range) != 2):
        raise ValueError(f"scan_range is {scan_range!r}; it must be a pair (start, end), either of them None")
    name = _name_of(source)
    suffix, compression = _suffixes(name)
    csv = {
        "FileHeaderInfo": file_header_info,
        "Comments": comments,
        "QuoteCharacter": quote_character,
        "QuoteEscapeCharacter": quote_escape_character,
        "RecordDelimiter": record_delimiter,
        "FieldDelimiter": _nul_as_empty(field_delimiter),
        "AllowQuotedRecordDelimiter": allow_quoted_record_delimiter,
    }
    csv_output = {
        "QuoteFields": quote_fields,
        "QuoteCharacter": output_quote_character,
        "QuoteEscapeCharacter": output_quote_escape_character,
        "FieldDelimiter": _nul_as_empty(output_field_delimiter),
    }
    chosen = input_format or _implied_format(csv, json_type) or _FORMATS.get(suffix)
    if chosen is None:
        raise ValueError(
            f"nothing says what {name or 'the source'} holds; pass input_format='csv', 'json' or 'parquet'"
        )
    if chosen == "csv" and suffix == ".tsv" and field_delimiter is None:
        csv["FieldDelimiter"] = "\t"
    written = output_format or ("json" if chosen == "json" else "csv")
    members: Members = {
        "Expression": sql,
        "ExpressionType": "SQL",
        "RequestProgress": {"Enabled": request_progress},
        "InputSerialization": {
            "CompressionType": compression_type or compression,
            **_input(chosen, csv, json_type),
        },
        "OutputSerialization": _output(written, csv_output, output_record_delimiter),
    }
    if scan_range is not None:
        members["ScanRange"] = _given({"Start": scan_range[0], "End": scan_range[1]})
    request = parse_request(render_request(members))
    deadline = None if timeout is None else Deadline(timeout)
    opened = open_source(
        source,
        client=client,
        endpoint_url=endpoint_url,
        region_name=region_name,
        profile_name=profile_name,
        sse_customer_algorithm=sse_customer_algorithm,
        sse_customer_key=sse_customer_key,
        sse_customer_key_md5=sse_customer_key_md5,
        expected_bucket_owner=expected_bucket_owner,
    )
    if deadline is not None:
        opened = TimedObject(opened, deadline)
    try:
        return Result(engine.prepare(request, opened), schema=schema, mixed=mixed, deadline=deadline)
    except BaseException:
        opened.close()
        raise


def _check_choice(keyword: str, given: str | None, choices: tuple[str, ...]) -> None:
    if given is not None and given not in choices:
        raise ValueError(f"{keyword} is {given!r}; it must be one of {', '.join(map(repr, choices))}")


def _name_of(source: object) -> str:
    """The name a source has, empty if it has none."""
    if isinstance(source, str):
        return urlsplit(source).path if "://" in source else source
    if isinstance(source, os.PathLike):
        return str(os.fspath(source))
    name = getattr(source, "name", "")
    return name if isinstance(name, str) else ""


def _suffixes(name: str) -> tuple[str, str]:
    """The suffix that tells the format, and the compression that the one behind it tells."""
    stem, suffix = os.path.splitext(name.lower())
    if suffix in _COMPRESSIONS:
        return os.path.splitext(stem)[1], _COMPRESSIONS[suffix]
    return suffix, "NONE"


def _implied_format(csv: Members, json_type: str | None) -> Format | None:
    """The format whose keywords are given."""
    if json_type is not None:
        return "json"
    return "csv" if _given(csv) else None


def _input(chosen: Format, csv: Members, json_type: str | None) -> Members:
    if chosen != "csv" and _given(csv):
        raise ValueError(f"{', '.join(_given(csv))} belong to CSV input, and the input is {chosen}")
    if chosen != "json" and json_type is not None:
        raise ValueError(f"json_type belongs to JSON input, and the input is {chosen}")
    if chosen == "csv":
        return {"CSV": _given(csv)}
    return {"JSON": {"Type": json_type or "LINES"}} if chosen == "json" else {"Parquet": {}}


def _output(written: str, csv: Members, record_delimiter: str | None) -> Members:
    if written != "csv" and _given(csv):
        raise ValueError(f"{', '.join(_given(csv))} belong to CSV output, and the output is {written}")
    return {
        written.upper(): _given({**(csv if written == "csv" else {}), "RecordDelimiter": record_delimiter})
    }


def _given(members: Members) -> Members:
    """The members that are set."""
    return {name: value for name, value in members.items() if value is not None}


def _nul_as_empty(delimiter: str | None) -> str | None:
    """NUL as S3 Select is told of it: XML has no way to write the character."""
    return "" if delimiter == "\0" else delimiter
