"""``s3sql query``: rows of objects.

In: the words of the command line.  Out: rows on standard output or in a file; an exit status.

    words ─▶ Asked ─▶ for each source: s3sql.query(guess=True) ─▶ s3sql.cli.outputs ─▶ stdout | --to FILE
                                            └─▶ stderr: progress, then --stats
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from s3sql.cli.asked import Asked
from s3sql.cli.messages import ANSWERED, FAILED, USAGE, fail, say
from s3sql.cli.options import for_source, with_flags
from s3sql.cli.outputs import BINARY, ScreenSink, Sink, TableLook, Writer, open_writer, record_format
from s3sql.cli.outputs.file import OutputFile
from s3sql.cli.progress import Progress
from s3sql.cli.sources import check_sources, opened, shown_name
from s3sql.cli.terminal import colour, output_encoding, output_is_terminal, width
from s3sql.cli.usage import CommandLineError
from s3sql.errors import S3SelectError

if TYPE_CHECKING:
    from s3sql.result import Result

#: Rows of a table that a terminal shows where --limit does not say how many.
TERMINAL_ROWS = 100

_ADVICE = "--limit N shows N of them; -o csv, --to FILE or a pipe takes all."


def run_query(words: dict[str, Any]) -> int:
    """Answer the query; return the exit status."""
    try:
        asked = Asked.of_words(words)
        check_sources(asked.sources)
        output = asked.output or ("table" if asked.to is None and output_is_terminal() else None)
        if asked.records_only and output == "table":
            output = asked.output
        _check_output(asked, output)
    except CommandLineError as problem:
        return fail(str(problem), USAGE, command="s3sql query")
    return _Run(asked, output).status()


def _check_output(asked: Asked, output: str | None) -> None:
    """Refuse an output that the place it would go to cannot take."""
    if asked.explain or asked.to is not None:
        return
    if sys.stdout is None:
        raise CommandLineError("standard output is closed; write to a file with --to")
    if output in BINARY and output_is_terminal():
        raise CommandLineError(
            f"{output} is binary, and standard output is a terminal; write to a file with --to, or to a pipe"
        )


class _Run:
    """One run of the command: sources one after the other into one output."""

    def __init__(self, asked: Asked, output: str | None) -> None:
        self._asked = asked
        self._output = output
        self._remaining = asked.limit
        #: What --stats says when the document has its end: both may go to one terminal.
        self._later: list[str] = []

    def status(self) -> int:
        """Do it; return the exit status."""
        from s3sql.display.error_text import error_text, printable

        asked = self._asked
        try:
            with self._place() as (sink, file), self._stats_last(), Progress(asked.progress) as progress:
                if asked.explain:
                    return self._each(None, progress)
                if file is None and output_is_terminal():
                    sink = ScreenSink(sink, progress.stop)
                writer = open_writer(self._output or "csv", sink, self._look())
                status = self._each(writer, progress)
                if status == ANSWERED:
                    writer.finish()
                    if file is not None:
                        file.keep()
                return status
        except BrokenPipeError:
            raise
        except S3SelectError as error:
            # There was nothing that the end of the output could be written of.
            return fail(error_text(asked.sql, error), FAILED)
        except OSError as error:
            place = "standard output" if asked.to is None else asked.to
            return fail(printable(f"{place}: {error.strerror or error}"), FAILED)

    @contextmanager
    def _stats_last(self) -> Iterator[None]:
        try:
            yield
        finally:
            for text in self._later:
                say(text)

    @contextmanager
    def _place(self) -> Iterator[tuple[Sink, OutputFile | None]]:
        if self._asked.to is None or self._asked.explain:
            yield (sys.stdout.buffer if sys.stdout is not None else _Nowhere()), None
            return
        with OutputFile(self._asked.to) as file:
            yield file.sink, file

    def _look(self) -> TableLook:
        if self._asked.to is not None:
            return TableLook()
        if not output_is_terminal():
            return TableLook(encoding=output_encoding())
        most = TERMINAL_ROWS if self._asked.limit is None else None
        return TableLook(width(), colour(sys.stdout), most, _ADVICE, output_encoding())

    def _each(self, writer: Writer | None, progress: Progress) -> int:
        """Every source; the first that fails ends it."""
        for number, source in enumerate(self._asked.sources):
            if number and self._remaining == 0:
                break
            status = self._one(source, writer, progress)
            if status != ANSWERED:
                return status
        return ANSWERED

    def _one(self, source: str, writer: Writer | None, progress: Progress) -> int:
        import pyarrow as pa

        from s3sql.display.error_text import error_text, printable

        several = len(self._asked.sources) > 1
        place = f"{printable(shown_name(source))}: " if several else ""
        try:
            with opened(source) as readable:
                try:
                    result = self._query(source, readable)
                except (ValueError, TypeError) as error:
                    progress.stop()
                    return fail(f"{place}{printable(with_flags(str(error)))}", USAGE)
                with result:
                    progress.watch(shown_name(source), result)
                    self._answer(source, result, writer, progress)
        except S3SelectError as error:
            progress.stop()
            return fail(place + error_text(self._asked.sql, error), FAILED)
        except (TimeoutError, pa.ArrowException) as error:
            progress.stop()
            return fail(place + printable(str(error)), FAILED)
        return ANSWERED

    def _query(self, source: str, readable: Any) -> Result:
        # Late: numba and pyarrow take their time, and a wrong command line is told at once.
        from s3sql.api import query

        asked = self._asked
        keywords = for_source(asked.keywords, source, asked.sources)
        limit = self._remaining
        if self._output is not None:
            keywords["output_format"] = record_format(self._output)
        if self._output == "table" and limit is None and not asked.explain and self._look().most_rows:
            # One more row than is shown tells that there are more.
            limit = TERMINAL_ROWS + 1
        result = query(asked.sql, readable, guess=True, limit=limit, **keywords)
        if self._output is None:
            # One output has one format: that of the first source, which the query has chosen.
            json_lines = result.sniffed is not None and result.sniffed.input_format.value == "json"
            self._output = "jsonl" if json_lines else "csv"
        return result

    def _answer(self, source: str, result: Result, writer: Writer | None, progress: Progress) -> None:
        """The rows of one source, or its plan."""
        if writer is not None:
            writer.write(result, shown_name(source) if len(self._asked.sources) > 1 else "")
            if self._remaining is not None:
                self._remaining -= result.stats.rows
        elif self._asked.stats:
            for _ in result.events():
                pass
        if writer is None:
            progress.stop()
            self._print_plan(source, result)
        if self._asked.stats:
            progress.stop()
            tell = self._later.append if writer is not None and self._output == "json" else say
            tell(stats_text(shown_name(source), result))

    def _print_plan(self, source: str, result: Result) -> None:
        if self._output in ("json", "jsonl"):
            text = json.dumps(result.plan, indent=2 if self._output == "json" else None)
        else:
            text = result.explain()
            if len(self._asked.sources) > 1:
                text = f"{shown_name(source)}:\n{text}"
        encoding = output_encoding()
        if sys.stdout is not None:
            sys.stdout.buffer.write(f"{text}\n".encode(encoding, "replace"))
            sys.stdout.buffer.flush()


def stats_text(name: str, result: Result) -> str:
    """What *result* was taken for and what it took, in two lines."""
    from s3sql.display.amounts import count_text, rate_text, seconds_text
    from s3sql.display.error_text import printable

    stats = result.stats
    amounts = (
        f"{stats.bytes_scanned:,} bytes scanned, {stats.bytes_processed:,} processed, "
        f"{stats.bytes_returned:,} returned"
    )
    rate = rate_text(stats.bytes_scanned, stats.seconds)
    time = ", ".join(filter(None, (seconds_text(stats.seconds), rate)))
    return f"{printable(name)}: {result.sniffed}\n{count_text(stats.rows, 'row')}; {amounts}; {time}"


class _Nowhere:
    """Standard output that is closed and not needed."""

    def write(self, data: bytes | memoryview, /) -> int:
        """Take nothing in."""
        return len(data)

    def flush(self) -> None:
        """Nothing is buffered."""
