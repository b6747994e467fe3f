"""``s3sql.query``: S3 Select as a Python function.

In: a query, a source, and a keyword for every member of ``select_object_content``.  Out: a
:class:`~s3sql.result.Result`.

The keywords become the XML body that boto3 would send, and the one request parser reads it, so that a
member means here what it means everywhere else. Three things are taken from the source's name where no
keyword says them, which AWS does not do: the format, the compression, and the tab of ``.tsv``. With ``guess``
the content is asked as well (:mod:`s3sql.sniffer`).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from s3sql import engine
from s3sql.formats.registered_formats import INPUT_FORMATS
from s3sql.plan.cache import PLANS, RecentlyUsed
from s3sql.registered import close_to
from s3sql.request import RegisteredInput, RegisteredOutput, SelectRequest, check_expression
from s3sql.request_xml import parse_request, render_request
from s3sql.result import Result
from s3sql.serialize.registered_output import OUTPUT_FORMATS
from s3sql.sniffer.choices import CSV_KEYWORDS
from s3sql.sniffer.names import name_of, named
from s3sql.stores.base import StoredObject
from s3sql.stores.reread import rereadable
from s3sql.stores.sources import Source, is_stored, open_source
from s3sql.stores.timed import Deadline, TimedObject

if TYPE_CHECKING:
    from s3sql.serialize.arrow_schema import AskedTypes, Mixed
    from s3sql.stores.s3 import S3Client

Members: TypeAlias = dict[str, Any]


def query(
    sql: str,
    source: Source,
    *,
    input_format: str | None = None,
    compression_type: str | None = None,
    file_header_info: str | None = None,
    comments: str | None = None,
    quote_character: str | None = None,
    quote_escape_character: str | None = None,
    record_delimiter: str | None = None,
    field_delimiter: str | None = None,
    allow_quoted_record_delimiter: bool | None = None,
    json_type: str | None = None,
    output_format: str | None = None,
    quote_fields: str | None = None,
    output_quote_character: str | None = None,
    output_quote_escape_character: str | None = None,
    output_record_delimiter: str | None = None,
    output_field_delimiter: str | None = None,
    scan_range: tuple[int | None, int | None] | None = None,
    guess: bool = False,
    limit: int | None = None,
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
        source: a path, ``file://`` or ``s3://bucket/key``, bytes, a binary file object, the ``Body`` of a
            ``get_object`` answer, or an open :class:`~s3sql.stores.base.StoredObject`, which is closed with
            the result, or when there is none.
        input_format: ``"csv"``, ``"json"``, ``"parquet"`` or a registered one; by default what the source's
            name or another keyword says.
        compression_type: ``NONE``, ``GZIP`` or ``BZIP2``; by default what the source's name says.
        file_header_info: ``NONE`` (columns are ``_1``, ``_2`` …), ``USE`` or ``IGNORE`` the first line.
        comments: the character that starts a comment line; empty for none. Default ``#``.
        quote_character: empty for none. Default ``"``.
        quote_escape_character: what escapes a quote within quotes. Default ``"``.
        record_delimiter: one or two characters; by default LF and CR LF, mixed too.
        field_delimiter: one character. Default a comma, for ``.tsv`` a tab.
        allow_quoted_record_delimiter: whether a quoted field may hold record delimiters. Default False.
        json_type: ``LINES`` or ``DOCUMENT``; both read one value after another. Default ``LINES``.
        output_format: of the events' payload, ``"csv"``, ``"json"`` or a registered one. Default: JSON for
            JSON, else CSV.
        quote_fields: ``ASNEEDED`` or ``ALWAYS``, of CSV output. Default ``ASNEEDED``.
        output_quote_character: of CSV output. Default ``"``.
        output_quote_escape_character: of CSV output. Default ``"``.
        output_record_delimiter: behind every output record. Default LF.
        output_field_delimiter: of CSV output. Default a comma.
        scan_range: (start, end) in bytes, both inclusive: only records that begin there. ``(start, None)``:
            to the object's end. ``(None, n)``: the last n bytes.
        guess: what no keyword says of format, compression, field delimiter, header line, and line breaks
            within quotes is told by the name and the content; ``Result.sniffed`` says what was decided and
            why.
        limit: at most so many rows, however many the query's own LIMIT allows.
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
    spoken = {
        "input_format": input_format,
        "compression_type": compression_type,
        "file_header_info": file_header_info,
        "comments": comments,
        "quote_character": quote_character,
        "quote_escape_character": quote_escape_character,
        "record_delimiter": record_delimiter,
        "field_delimiter": field_delimiter,
        "allow_quoted_record_delimiter": allow_quoted_record_delimiter,
        "json_type": json_type,
    }
    answer = {
        "output_format": output_format,
        "quote_fields": quote_fields,
        "output_quote_character": output_quote_character,
        "output_quote_escape_character": output_quote_escape_character,
        "output_record_delimiter": output_record_delimiter,
        "output_field_delimiter": output_field_delimiter,
        "scan_range": scan_range,
        "request_progress": request_progress,
    }
    opened: StoredObject | None = source if is_stored(source) else None
    try:
        _check_choice("input_format", input_format, INPUT_FORMATS.names())
        _check_choice("output_format", output_format, OUTPUT_FORMATS.names())
        _check_limit(limit)
        _check_scan_range(scan_range)
        if guess:
            # What is wrong with the text is told before the object is touched.
            check_expression(sql)
            PLANS.tree(sql)
        request = None if guess else request_of_keywords(sql, _by_name(spoken, name_of(source)), answer)
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
        sniffed = None
        if request is None:
            # Late: most queries say everything.
            from s3sql.sniffer.sniffing import sniff

            opened = rereadable(opened)
            sniffed = sniff(opened, name_of(source), {**spoken, "scan_range": scan_range})
            request = request_of_keywords(sql, {**spoken, **sniffed.keywords()}, answer)
        bound = engine.prepare(request, opened, limit=limit)
        try:
            return Result(bound, schema=schema, mixed=mixed, deadline=deadline, sniffed=sniffed)
        except BaseException:
            bound.close()
            raise
    except BaseException:
        if opened is not None:
            opened.close()
        raise


def _by_name(spoken: Members, name: str) -> Members:
    """The keywords *spoken*, and what *name* says where they do not.

    Raises:
        ValueError: nothing says the format.
    """
    said = named(name)
    chosen = spoken["input_format"] or _implied_format(spoken) or said.input_format
    if chosen is None:
        raise ValueError(
            f"nothing says what {name or 'the source'} holds; pass input_format='csv', 'json' or 'parquet', "
            "or guess=True"
        )
    members = {
        **spoken,
        "input_format": chosen,
        "compression_type": spoken["compression_type"] or said.compression,
    }
    if chosen == "csv" and spoken["field_delimiter"] is None:
        members["field_delimiter"] = said.field_delimiter
    return members


#: Requests made before: a client that reads many small objects says the same hundreds of times.
_REQUESTS: RecentlyUsed[Hashable, SelectRequest] = RecentlyUsed(256, 4 << 20)

#: Memory that a request takes besides the text of its query.
_REQUEST_BYTES: Final = 2000


def request_of_keywords(sql: str, given: Members, answer: Members) -> SelectRequest:
    """The request that keywords of :func:`query` mean.

    *given*: all of the input, its format among them. *answer*: those of the output, ``scan_range`` and
    ``request_progress``, as far as they are given.

    Raises:
        S3SelectError: S3 Select refuses it.
        ValueError: keywords contradict each other.
    """
    if answer.get("scan_range") is not None or not isinstance(sql, str):
        return _request_of(sql, given, answer)
    values = (*given.values(), *answer.values())
    # True and 1 are equal and not the same here.
    key = (sql, *given, None, *answer, values, *map(type, values))
    try:
        return _REQUESTS.get(key, lambda: _request_of(sql, given, answer), _REQUEST_BYTES + len(sql))
    except TypeError:
        # A keyword that has no hash is of no type that a request takes, which is told here.
        return _request_of(sql, given, answer)


def _request_of(sql: str, given: Members, answer: Members) -> SelectRequest:
    """As :func:`request_of_keywords`, made anew."""
    chosen = given["input_format"]
    csv_input = {
        "FileHeaderInfo": given["file_header_info"],
        "Comments": given["comments"],
        "QuoteCharacter": given["quote_character"],
        "QuoteEscapeCharacter": given["quote_escape_character"],
        "RecordDelimiter": given["record_delimiter"],
        "FieldDelimiter": _nul_as_empty(given["field_delimiter"]),
        "AllowQuotedRecordDelimiter": given["allow_quoted_record_delimiter"],
    }
    csv_output = {
        "QuoteFields": answer.get("quote_fields"),
        "QuoteCharacter": answer.get("output_quote_character"),
        "QuoteEscapeCharacter": answer.get("output_quote_escape_character"),
        "FieldDelimiter": _nul_as_empty(answer.get("output_field_delimiter")),
    }
    written = answer.get("output_format") or ("json" if chosen == "json" else "csv")
    members: Members = {
        "Expression": sql,
        "ExpressionType": "SQL",
        "RequestProgress": {"Enabled": answer.get("request_progress", False)},
        "InputSerialization": {
            "CompressionType": given["compression_type"],
            **_input(chosen, csv_input, given["json_type"]),
        },
        "OutputSerialization": _output(written, csv_output, answer.get("output_record_delimiter")),
    }
    scan_range = answer.get("scan_range")
    if scan_range is not None:
        members["ScanRange"] = _given({"Start": scan_range[0], "End": scan_range[1]})
    request = parse_request(render_request(members))
    if chosen not in INPUT_FORMATS.built_in:
        request = replace(request, input=RegisteredInput(chosen))
    if written not in OUTPUT_FORMATS.built_in:
        request = replace(request, output=RegisteredOutput(written))
    return request


def _check_choice(keyword: str, given: str | None, choices: tuple[str, ...]) -> None:
    if given is not None and given not in choices:
        close = close_to(given, choices) if isinstance(given, str) else ""
        raise ValueError(f"{keyword} is {given!r}; it must be one of {', '.join(map(repr, choices))}.{close}")


def _check_limit(limit: int | None) -> None:
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 0):
        raise ValueError(f"limit is {limit!r}; it must be a number of rows, 0 or more")


def _check_scan_range(scan_range: object) -> None:
    if scan_range is not None and (not isinstance(scan_range, tuple | list) or len(scan_range) != 2):
        raise ValueError(f"scan_range is {scan_range!r}; it must be a pair (start, end), either of them None")


def _implied_format(spoken: Members) -> str | None:
    """The format whose keywords are given."""
    if spoken["json_type"] is not None:
        return "json"
    return "csv" if any(spoken[keyword] is not None for keyword in CSV_KEYWORDS) else None


#: What stands in a request for a registered format, of which no request can have the name.
_STAND_IN: Final = {"JSON": {"Type": "LINES"}}


def _input(chosen: str, csv: Members, json_type: str | None) -> Members:
    if chosen != "csv" and _given(csv):
        raise ValueError(f"{', '.join(_given(csv))} belong to CSV input, and the input is {chosen}")
    if chosen != "json" and json_type is not None:
        raise ValueError(f"json_type belongs to JSON input, and the input is {chosen}")
    if chosen == "csv":
        return {"CSV": _given(csv)}
    if chosen == "parquet":
        return {"Parquet": {}}
    return {"JSON": {"Type": json_type or "LINES"}} if chosen == "json" else _STAND_IN


def _output(written: str, csv: Members, record_delimiter: str | None) -> Members:
    if written != "csv" and _given(csv):
        raise ValueError(f"{', '.join(_given(csv))} belong to CSV output, and the output is {written}")
    if written not in OUTPUT_FORMATS.built_in:
        if record_delimiter is not None:
            raise ValueError(f"RecordDelimiter belongs to CSV and JSON output, and the output is {written}")
        return {"JSON": {}}
    return {
        written.upper(): _given({**(csv if written == "csv" else {}), "RecordDelimiter": record_delimiter})
    }


def _given(members: Members) -> Members:
    """The members that are set."""
    return {name: value for name, value in members.items() if value is not None}


def _nul_as_empty(delimiter: str | None) -> str | None:
    """NUL as S3 Select is told of it: XML has no way to write the character."""
    return "" if delimiter == "\0" else delimiter
