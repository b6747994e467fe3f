"""``s3sql schema``: what an object holds.

In: a source.  Out: its columns, its first rows and its row groups, in tables at a terminal, as plain text in
a pipe, or as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from s3sql.cli.help import Example
from s3sql.cli.messages import ANSWERED, FAILED, USAGE, fail
from s3sql.cli.options import ENDPOINT, INPUT, said, with_flags
from s3sql.cli.parameters import ArgumentWord, OptionWord, whole_number
from s3sql.cli.printing import print_text
from s3sql.cli.sources import check_sources, opened
from s3sql.cli.terminal import colour, output_is_terminal, width
from s3sql.cli.usage import CommandLineError

if TYPE_CHECKING:
    from s3sql.describe import Description

WORDS: Final = (
    ArgumentWord("source", "SOURCE", "a file, file://, s3://bucket/key, or - for standard input"),
    OptionWord(("--json",), "json", "one JSON document, with everything that is known", bool),
    OptionWord(("--rows",), "rows", "so many first rows (default: 10)", whole_number, "N"),
    *INPUT,
    *ENDPOINT,
)

EXAMPLES: Final = (
    Example("the columns, and how a query writes them", "s3sql schema events.jsonl.gz"),
    Example("for a program", "s3sql schema s3://bucket/table.parquet --json"),
)

_ROWS = 10


def run_schema(words: dict[str, Any]) -> int:
    """Describe the source; return the exit status."""
    source = words["source"]
    try:
        if source is None:
            raise CommandLineError(
                "there is no source: name a file, s3://bucket/key, or - for standard input"
            )
        check_sources([source])
    except CommandLineError as problem:
        return _fail(str(problem), USAGE)
    from s3sql.describe import describe
    from s3sql.display.error_text import error_text, printable
    from s3sql.errors import S3SelectError

    rows = _ROWS if words["rows"] is None else words["rows"]
    try:
        with opened(source) as readable:
            description = describe(readable, rows=rows, **said(words, INPUT, ENDPOINT))
    except S3SelectError as error:
        return _fail(error_text("", error), FAILED)
    except (ValueError, TypeError) as error:
        return _fail(printable(with_flags(str(error))), USAGE)
    if words["json"]:
        print_text(json.dumps(description.to_dict(), indent=2))
    elif output_is_terminal():
        _print_tables(description)
    else:
        print_text(_plain(description))
    return ANSWERED


def _plain(description: Description) -> str:
    """The text of the description, and the first rows."""
    rows = _first_rows(description, None, colourful=False)
    return f"{description}\n\n{rows}" if rows else str(description)


def _first_rows(description: Description, columns: int | None, *, colourful: bool) -> str:
    from s3sql.display.table_text import table_text

    if not description.first_rows.num_rows:
        return ""
    return table_text(description.first_rows, width=columns, colour=colourful)


def _print_tables(description: Description) -> None:
    """The description as rich draws it."""
    from s3sql.cli.schema_tables import draw
    from s3sql.display.error_text import printable

    colourful = colour(sys.stdout)
    parts = [draw(description, width(), colourful=colourful)]
    rows = _first_rows(description, width(), colourful=colourful)
    if rows:
        parts.append(rows)
    print_text("\n\n".join(parts))
    for note in description.notes:
        print_text(f"note: {printable(note)}")


def _fail(message: str, status: int) -> int:
    return fail(message, status, command="s3sql schema")
