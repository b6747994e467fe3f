"""The command ``s3sql``: one query over one object, its records on standard output; or the endpoint.

In: the arguments of the process.  Out: an exit status: 0 answered, 1 the query or the object is at fault,
2 the command line is, 130 interrupted, 141 nobody reads on (as a program ended by SIGPIPE has it). Those of
the endpoint are in :mod:`s3sql.cli.serve`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from s3sql.api import query
from s3sql.cli.arguments import parser, query_options
from s3sql.cli.caret import explain_error
from s3sql.cli.serve import serve
from s3sql.errors import S3SelectError
from s3sql.result import Result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with *argv*, by default the process's own arguments; return the exit status."""
    arguments = parser().parse_args(argv)
    if arguments.command == "serve":
        return serve(arguments)
    try:
        return _run_query(arguments)
    except S3SelectError as error:
        return _fail(explain_error(arguments.sql, error), 1)
    except BrokenPipeError:
        _drop_output()
        return 141
    except KeyboardInterrupt:
        _drop_output()
        return 130


def _run_query(arguments: argparse.Namespace) -> int:
    """Start the query, and write its records as they come."""
    if arguments.source == "-" and arguments.format is None:
        return _fail("standard input has no name that tells its format; add --format csv or --format json", 2)
    source = sys.stdin.buffer if arguments.source == "-" else arguments.source
    try:
        result = query(arguments.sql, source, **query_options(arguments))
    except (ValueError, TypeError) as error:
        return _fail(str(error), 2)
    with result:
        _write_records(result, print_stats=arguments.stats)
    return 0


def _write_records(result: Result, *, print_stats: bool) -> None:
    """Write the records to standard output and, if asked for, their Stats event to standard error."""
    for event in result.events():
        if "Records" in event:
            sys.stdout.buffer.write(event["Records"]["Payload"])
        if "Stats" in event and print_stats:
            sys.stdout.buffer.flush()
            counts = event["Stats"]["Details"]
            print(
                f"{counts['BytesScanned']:,} bytes scanned, {counts['BytesProcessed']:,} processed, "
                f"{counts['BytesReturned']:,} returned",
                file=sys.stderr,
            )
    sys.stdout.buffer.flush()


def _drop_output() -> None:
    """Forget what is buffered: written at the interpreter's end it would fail again, or wait for ever."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, status: int) -> int:
    """Say why there is no answer, or no more of it; return *status*."""
    sys.stdout.buffer.flush()
    print(f"s3sql: {message}", file=sys.stderr)
    return status
