"""The commands, put together: what each takes, and what it says of itself.

In: the arguments of the process.  Out: an exit status.

typer reads the words; a command is a function of them that returns its exit status. What is wrong with a
command line is told by :mod:`s3sql.cli.usage`, and help is drawn by :mod:`s3sql.cli.help`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import typer
import typer.main

from s3sql import __version__
from s3sql.cli import functions, schema, serve, warmup
from s3sql.cli.extensions import load_extensions
from s3sql.cli.help import Example, HelpCommand, HelpGroup, with_examples
from s3sql.cli.messages import ANSWERED, FAILED, INTERRUPTED, NOBODY_READS, USAGE, drop_output, fail
from s3sql.cli.options import CSV_OUTPUT, ENDPOINT, INPUT, SCAN_RANGE, TIMEOUT
from s3sql.cli.outputs import OUTPUTS
from s3sql.cli.parameters import (
    ArgumentWord,
    OptionWord,
    choice,
    completing,
    takes,
    whole_number,
)
from s3sql.cli.printing import print_text
from s3sql.cli.usage import UsageFault, report

_NAME: Final = "s3sql"

#: Set by a shell that asks for completions.
_COMPLETION: Final = "_S3SQL_COMPLETE"

#: Columns of a terminal that no explanation fills.
_ENDLESS: Final = 10_000

_SOURCES = "files, file://, s3://bucket/key, or - for standard input; answered one after the other"

_QUERY_WORDS = (
    ArgumentWord("sql", "SQL", "the SELECT statement; its table is S3Object"),
    ArgumentWord("sources", "SOURCE...", _SOURCES, many=True),
    OptionWord(
        ("-f", "--file"),
        "file",
        "read the statement from FILE; every word is a SOURCE then",
        str,
        "FILE",
        "Input",
    ),
    *INPUT,
    *SCAN_RANGE,
    OptionWord(
        ("-o", "--output"),
        "output",
        f"{', '.join(OUTPUTS)} (default: table at a terminal; else csv, for JSON input jsonl)",
        choice(*OUTPUTS),
        "FORMAT",
        "Output",
        completing(OUTPUTS),
    ),
    OptionWord(
        ("--to",),
        "to",
        "write to FILE, whose name says the format unless -o does; it is replaced when all is written",
        str,
        "FILE",
        "Output",
    ),
    OptionWord(
        ("--limit",),
        "limit",
        "at most N rows, of all sources together; besides the LIMIT of the statement",
        whole_number,
        "N",
        "Output",
    ),
    OptionWord(
        ("--mixed",),
        "mixed",
        "json: values of a column of several kinds become JSON text, in markdown, arrow and parquet",
        choice("error", "json"),
        "error|json",
        "Output",
        completing(("error", "json")),
    ),
    *CSV_OUTPUT,
    OptionWord(
        ("--explain",),
        "explain",
        "print the plan and no rows; with --stats run the query, and print rows and time of every stage",
        bool,
        panel="Running",
    ),
    OptionWord(
        ("--stats",),
        "stats",
        "say on standard error what was guessed and why, rows, bytes and time",
        bool,
        panel="Running",
    ),
    OptionWord(
        ("--progress/--no-progress",),
        "progress",
        "show how far the query is on standard error (default: at a terminal, after half a second)",
        bool,
        panel="Running",
    ),
    *TIMEOUT,
    *ENDPOINT,
)

_QUERY_EXAMPLES = (
    Example(
        "format, compression, header line and delimiter are guessed, and --stats says how",
        """s3sql query "SELECT s.carrier FROM S3Object s WHERE s.dest = 'HNL'" flights.csv --stats""",
    ),
    Example(
        "to a file", 's3sql query "SELECT * FROM S3Object s" s3://bucket/events.jsonl.gz --to out.parquet'
    ),
    Example("in a pipe", 'zcat table.gz | s3sql query "SELECT COUNT(*) FROM S3Object" - --header none'),
    Example("many files", "s3sql query -f late.sql 2013-*.csv -o jsonl"),
)

_QUERY_ENDING = """
Exit status: 0 answered, 1 the query or an object is at fault, 2 the command line is, 130 interrupted,
141 nobody reads the output any more.
"""

_SHELL_WORDS = (
    ArgumentWord("source", "[SOURCE]", "a file, file:// or s3://bucket/key to begin with"),
    OptionWord(
        ("--mode",),
        "mode",
        "how rows are written (default: table at a terminal, else csv or jsonl); .mode changes it",
        str,
        "MODE",
    ),
    *INPUT,
    *SCAN_RANGE,
    *TIMEOUT,
    *ENDPOINT,
)


def _query(words: dict[str, Any]) -> int:
    from s3sql.cli.query import run_query

    return run_query(words)


def _shell(words: dict[str, Any]) -> int:
    from s3sql.cli.options import said
    from s3sql.cli.shell import run_shell

    keywords = said(words, INPUT, SCAN_RANGE, TIMEOUT, ENDPOINT)
    return run_shell(words["source"], keywords, mode=words["mode"])


def _version(wanted: bool) -> None:
    if wanted:
        print_text(f"s3sql {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, metavar="", help="Print the version."),
    ] = False,
) -> None:
    """SQL over CSV, JSON and Parquet, in files and in S3, as S3 Select answers it."""
    if context.invoked_subcommand is None:
        context.get_help()


_TEXTS: Final = {
    "query": "Query objects.\n\nRuns one S3 Select statement over every source and writes the rows.",
    "schema": "Show what an object holds.\n\nIts columns and how a query writes them, its first rows, its "
    "row groups, and what was guessed of it.",
    "shell": "Query after query, with history and completion.\n\nAn interactive session; .help lists its "
    "commands. Statements from a pipe run one after the other.",
    "functions": "List the functions of the dialect, or explain one.",
    "warmup": "Compile all kernels, so that no query has to.\n\nThey are kept in the kernel cache, for every "
    "process of the machine. For images and installations.",
    "serve": "Serve a folder, or another S3 store, as an S3 endpoint with Select.\n\nA folder's sub-folders "
    "are the buckets.",
}


def build() -> Any:
    """The command line as typer's command."""
    app = typer.Typer(
        name=_NAME,
        cls=HelpGroup,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    _add(app, "query", _query, with_examples(*_QUERY_EXAMPLES, ending=_QUERY_ENDING), _QUERY_WORDS)
    _add(app, "schema", schema.run_schema, with_examples(*schema.EXAMPLES), schema.WORDS)
    _add(app, "shell", _shell, HelpCommand, _SHELL_WORDS)
    _add(app, "functions", functions.run_functions, HelpCommand, functions.WORDS)
    ending = serve.ENDING
    _add(app, "serve", serve.run_serve, with_examples(*serve.EXAMPLES, ending=ending), serve.WORDS)
    _add(app, "warmup", warmup.run_warmup, with_examples(*warmup.EXAMPLES), warmup.WORDS)
    return typer.main.get_command(app)


def _add(
    app: typer.Typer,
    name: str,
    run: Callable[[dict[str, Any]], int],
    look: type[HelpCommand],
    words: Sequence[ArgumentWord | OptionWord],
) -> None:
    def command(**given: Any) -> int:
        return _quietly(run, given)

    parameters = takes(*words)
    app.command(name, cls=look, help=_TEXTS[name])(parameters(command))


def _quietly(run: Callable[[dict[str, Any]], int], words: dict[str, Any]) -> int:
    """Run a command; a reader that went away, and Ctrl-C, are no errors to be told of."""
    try:
        return run(words)
    except BrokenPipeError:
        drop_output()
        return NOBODY_READS
    except KeyboardInterrupt:
        drop_output()
        return INTERRUPTED


def run(arguments: Sequence[str]) -> int:
    """Run the command line *arguments*; return the exit status."""
    if _COMPLETION in os.environ:
        # typer wraps explanations at the width of a terminal, and a shell takes every line for one more word.
        os.environ["COLUMNS"] = str(_ENDLESS)
    # Where colorama is installed numba has it wrap standard output, and write an escape sequence at the end.
    os.environ.setdefault("NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING", "1")
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        # A terminal without some character shows another one; records are bytes and not concerned.
        sys.stdout.reconfigure(errors="replace")
    if list(arguments[:1]) != ["serve"]:
        try:
            load_extensions()
        except ValueError as error:
            return fail(str(error), USAGE)
    command = build()
    try:
        status = command.main(serve.with_bare_values(arguments), prog_name=_NAME, standalone_mode=False)
    except SystemExit as leaving:
        # rich leaves so when it cannot write the help.
        if isinstance(leaving.__context__, BrokenPipeError):
            drop_output()
            return NOBODY_READS
        return leaving.code if isinstance(leaving.code, int) else FAILED if leaving.code else ANSWERED
    except Exception as fault:
        if not isinstance(fault, UsageFault):
            raise
        return report(fault, _NAME)
    return status if isinstance(status, int) else ANSWERED
