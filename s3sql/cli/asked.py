"""What a ``query`` on the command line asks for.

In: the words of the command line.  Out: :class:`Asked`, in which they go together.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3sql.cli.options import CSV_OUTPUT, ENDPOINT, INPUT, SCAN_RANGE, TIMEOUT, said
from s3sql.cli.outputs import SUFFIXES
from s3sql.cli.usage import CommandLineError

#: Larger than any query S3 Select takes (256 KiB).
_MOST_SQL_BYTES = 1 << 20

_RECORD_DELIMITER = "output_record_delimiter"


@dataclass(frozen=True, slots=True)
class Asked:
    """``output``: None for what suits standard output. ``to``: a file, None for standard output.

    ``records_only``: an option is about records as S3 Select writes them, so no table will do. ``progress``:
    None for only at a terminal. ``keywords``: of :func:`s3sql.query`.
    """

    sql: str
    sources: list[str]
    output: str | None
    to: str | None
    limit: int | None
    explain: bool
    stats: bool
    progress: bool | None
    records_only: bool
    keywords: dict[str, Any]

    @classmethod
    def of_words(cls, words: dict[str, Any]) -> Asked:
        """What *words* ask for.

        Raises:
            CommandLineError: there is no query or no source, or words contradict each other.
        """
        sql, sources = _sql_and_sources(words["file"], words["sql"], words["sources"] or [])
        to = words["to"]
        if to is not None and words["explain"]:
            raise CommandLineError("--explain prints a plan on standard output, and --to is for rows")
        keywords = said(words, INPUT, SCAN_RANGE, CSV_OUTPUT, TIMEOUT, ENDPOINT)
        if words["mixed"] is not None:
            keywords["mixed"] = words["mixed"]
        given = said(words, CSV_OUTPUT)
        csv_options = [name for name in given if name != _RECORD_DELIMITER]
        output = words["output"] or _output_of(to) or ("csv" if csv_options else None)
        _check_csv_options(output, csv_options, given)
        if output == "csv" and to is not None and Path(to).suffix.lower() == ".tsv":
            keywords.setdefault("output_field_delimiter", "\t")
        return cls(
            sql,
            sources,
            output,
            to,
            words["limit"],
            bool(words["explain"]),
            bool(words["stats"]),
            words["progress"],
            bool(given),
            keywords,
        )


def _sql_and_sources(file: str | None, sql: str | None, sources: list[str]) -> tuple[str, list[str]]:
    if file is not None:
        sources = [*([] if sql is None else [sql]), *sources]
        sql = _read(file)
    elif sql is not None and " " not in sql.strip() and os.path.exists(sql):
        raise CommandLineError(
            f"there is no query: {sql} is a file; write s3sql query 'SELECT * FROM S3Object' {sql}"
        )
    if sql is None:
        raise CommandLineError("there is no query: write s3sql query 'SELECT * FROM S3Object' SOURCE")
    if not sources:
        raise CommandLineError("there is no source: name a file, s3://bucket/key, or - for standard input")
    try:
        sql.encode()
    except UnicodeEncodeError:
        raise CommandLineError("the query is not UTF-8") from None
    return sql, sources


def _read(file: str) -> str:
    """The query in *file*."""
    try:
        with open(file, "rb") as opened:
            text = opened.read(_MOST_SQL_BYTES + 1)
        return text.decode("utf-8-sig")
    except OSError as error:
        raise CommandLineError(f"the query cannot be read from {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandLineError(f"the query in {file} is not UTF-8") from None


def _output_of(to: str | None) -> str | None:
    """The output that the name of a file means.

    Raises:
        CommandLineError: it means none.
    """
    if to is None:
        return None
    suffix = Path(to).suffix.lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    known = ", ".join(SUFFIXES)
    raise CommandLineError(
        f"the name {to} does not say what to write; end it in one of {known}, or say it with -o"
    )


def _check_csv_options(output: str | None, csv_options: list[str], given: dict[str, Any]) -> None:
    flags = {word.keyword: word.flags[-1] for word in CSV_OUTPUT}
    if csv_options and output != "csv":
        raise CommandLineError(f"{flags[csv_options[0]]} belongs to csv, and the output is {output}")
    if _RECORD_DELIMITER in given and output not in (None, "csv", "jsonl"):
        raise CommandLineError(
            f"{flags[_RECORD_DELIMITER]} belongs to csv and jsonl, and the output is {output}"
        )
