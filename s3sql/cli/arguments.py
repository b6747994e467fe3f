"""The command line's words, and what they mean to :func:`s3sql.query`.

In: the arguments of the process.  Out: a namespace of them; the keyword arguments of a query.
"""

from __future__ import annotations

import argparse
import re
from typing import Any

from s3sql import __version__
from s3sql.cli.serve import add_serve

#: A shell has no easy way to write these characters; everything else is taken as it is.
_ESCAPES = {r"\t": "\t", r"\n": "\n", r"\r": "\r", r"\0": "\0", r"\\": "\\"}

_EXAMPLES = r"""
examples:
  s3sql query "SELECT s.carrier, s.flight FROM S3Object s WHERE s.dest = 'HNL'" flights.csv --header use
  s3sql query "SELECT * FROM S3Object s LIMIT 5" s3://bucket/events.jsonl --output csv
  cat table | s3sql query "SELECT COUNT(*) FROM S3Object" - --format csv --delimiter '\t'

exit status: 0 answered, 1 the query or the object is at fault, 2 the command line is, 130 interrupted
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    root = argparse.ArgumentParser(prog="s3sql", description="S3 Select for everyone.")
    root.add_argument("--version", action="version", version=f"s3sql {__version__}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    query = commands.add_parser(
        "query",
        help="run one query over one object",
        description="Run one S3 Select query and write its records to standard output.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    query.add_argument("sql", metavar="SQL", help="the SELECT statement")
    query.add_argument(
        "source", metavar="FILE", help="a path, file://, s3://bucket/key, or - for standard input"
    )
    query.add_argument(
        "--stats", action="store_true", help="print the bytes read and returned to standard error"
    )
    _add_input(query.add_argument_group("input"))
    _add_output(query.add_argument_group("output"))
    _add_endpoint(query.add_argument_group("s3:// endpoint (else as boto3 is configured)"))
    add_serve(commands)
    return root


def _add_input(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--format",
        choices=["csv", "json", "parquet"],
        help="what FILE holds (default: what its name or another option says)",
    )
    group.add_argument(
        "--compression",
        choices=["none", "gzip", "bzip2"],
        help="how FILE is compressed (default: what its name says)",
    )
    group.add_argument(
        "--header",
        choices=["none", "use", "ignore"],
        help="whether the first line of CSV names the columns (default: none)",
    )
    group.add_argument(
        "--delimiter", type=_text, metavar="CHAR", help="between the fields of CSV (default: ,)"
    )
    group.add_argument("--quote", type=_text, metavar="CHAR", help='quotation mark (default: "; empty: none)')
    group.add_argument("--escape", type=_text, metavar="CHAR", help='escape inside quotes (default: ")')
    group.add_argument(
        "--comment", type=_text, metavar="CHAR", help="starts a comment (default: #; empty: none)"
    )
    group.add_argument(
        "--record-delimiter", type=_text, metavar="TEXT", help=r"one or two characters (default: \n or \r\n)"
    )
    group.add_argument(
        "--allow-quoted-record-delimiter", action="store_true", help="a quoted field may hold line breaks"
    )
    group.add_argument("--json-type", choices=["lines", "document"], help="JSON type (default: lines)")
    group.add_argument(
        "--scan-range",
        type=_scan_range,
        metavar="START-END",
        help="only records that begin at these bytes, both inclusive; START- to the end, -N the last N bytes",
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--output", choices=["csv", "json"], help="format of the records (default: json for JSON, else csv)"
    )
    group.add_argument("--output-delimiter", type=_text, metavar="TEXT", help="between fields (default: ,)")
    group.add_argument("--output-quote", type=_text, metavar="CHAR", help='quotation mark (default: ")')
    group.add_argument(
        "--output-escape", type=_text, metavar="CHAR", help='escape inside quotes (default: ")'
    )
    group.add_argument(
        "--output-record-delimiter", type=_text, metavar="TEXT", help=r"behind every record (default: \n)"
    )
    group.add_argument(
        "--quote-fields", choices=["asneeded", "always"], help="which fields are quoted (default: asneeded)"
    )


def _add_endpoint(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--endpoint-url", metavar="URL", help="an S3 endpoint other than AWS's")
    group.add_argument("--region", metavar="NAME", help="its region")
    group.add_argument("--profile", metavar="NAME", help="the AWS profile to use")


def query_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments that *arguments* mean; what was not said is left to the query's defaults."""
    given = {
        "input_format": arguments.format,
        "output_format": arguments.output,
        "compression_type": _upper(arguments.compression),
        "file_header_info": _upper(arguments.header),
        "field_delimiter": arguments.delimiter,
        "quote_character": arguments.quote,
        "quote_escape_character": arguments.escape,
        "comments": arguments.comment,
        "record_delimiter": arguments.record_delimiter,
        "allow_quoted_record_delimiter": arguments.allow_quoted_record_delimiter or None,
        "json_type": _upper(arguments.json_type),
        "scan_range": arguments.scan_range,
        "output_field_delimiter": arguments.output_delimiter,
        "output_quote_character": arguments.output_quote,
        "output_quote_escape_character": arguments.output_escape,
        "output_record_delimiter": arguments.output_record_delimiter,
        "quote_fields": _upper(arguments.quote_fields),
        "endpoint_url": arguments.endpoint_url,
        "region_name": arguments.region,
        "profile_name": arguments.profile,
    }
    return {name: value for name, value in given.items() if value is not None}


def _upper(word: str | None) -> str | None:
    """AWS's spelling of a choice."""
    return None if word is None else word.upper()


def _text(argument: str) -> str:
    r"""The characters that *argument* stands for: ``\t``, ``\n``, ``\r``, ``\0`` and ``\\`` are one each."""
    return re.sub(r"\\.", lambda escape: _ESCAPES.get(escape[0], escape[0]), argument)


def _scan_range(argument: str) -> tuple[int | None, int | None]:
    """Start and end of ``START-END``, ``START-`` or ``-N``."""
    match = re.fullmatch(r"(\d*)-(\d*)", argument)
    if match is None or argument == "-":
        raise argparse.ArgumentTypeError(f"{argument!r} is none of START-END, START- and -N")
    start, end = match.groups()
    return int(start) if start else None, int(end) if end else None
