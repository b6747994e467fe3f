"""Tab in the shell: commands, what they take, and queries.

In: the text of the prompt and the cursor.  Out: completions as prompt_toolkit shows them. Those of queries
come from :mod:`s3sql.completion`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from s3sql import completion
from s3sql.cli.shell.commands import COMMANDS
from s3sql.cli.shell.options import OPTIONS, values_of
from s3sql.cli.shell.rows import MODES
from s3sql.cli.shell.session import Session
from s3sql.cli.shell.statement import Splitter, lines_of
from s3sql.display.cells import visible
from s3sql.functions.signatures import ALIASES, SIGNATURES

#: Most names of a folder that are offered; typing on shortens the list.
MOST_FILES = 500

#: The word at the end of a line; one that begins with a quote may have blanks.
_WORD = re.compile(r"""\"[^"]*$|'[^']*$|[^\s"']*$""")


class ShellCompleter(Completer):
    """Completes what stands before the cursor."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The completions of *document* at its cursor."""
        before = document.text_before_cursor
        line = _command_line(before)
        if line is None:
            yield from self._of_query(_query(before), document.text_after_cursor)
        else:
            yield from self._of_command(line)

    def _of_query(self, before: str, behind: str) -> Iterator[Completion]:
        source = self._session.source
        columns, table = ((), "S3Object") if source is None else (source.columns, source.table)
        for found in completion.complete(before + behind, len(before), columns, table=table):
            yield _shown(found.text, found.start - len(before), found.note or found.kind)

    def _of_command(self, line: str) -> Iterator[Completion]:
        name, blank, rest = line.lstrip().partition(" ")
        if not blank:
            for command in COMMANDS.values():
                if command.name.startswith(name.lower()) and command.name != name:
                    yield _shown(command.name, -len(name), command.help)
            return
        known = COMMANDS.get(name.lower())
        argument = "" if known is None else known.argument
        typed = _typed(rest)
        if argument == "file":
            yield from _files(typed)
        elif argument == "source":
            yield from _source_words(rest, typed)
        elif argument == "query" and " " in rest.lstrip():
            yield from self._of_query(rest, "")
        else:
            for word, note in _words(argument):
                if word.lower().startswith(rest.lstrip().lower()):
                    yield _shown(word, -len(typed), note)


def _command_line(before: str) -> str | None:
    """The line of the cursor if it is a command's."""
    splitter = Splitter()
    *earlier, line = lines_of(before) if before and not before.endswith("\n") else [*lines_of(before), ""]
    try:
        for complete in earlier:
            splitter.feed(complete)
    except ValueError:
        return None
    return line if not splitter.begun and line.lstrip().startswith(".") else None


def _query(before: str) -> str:
    """What stands behind the commands that *before* begins with."""
    lines = lines_of(before)
    while lines and lines[0].lstrip().startswith("."):
        lines.pop(0)
    return "".join(lines)


def _words(argument: str) -> Iterator[tuple[str, str]]:
    """What an argument of few values may be, each with a note."""
    if argument == "mode":
        yield from ((mode, "") for mode in MODES)
    elif argument in ("switch", "query"):
        yield from (("on", ""), ("off", ""))
        if argument == "query":
            yield "SELECT", "the plan of this query"
    elif argument == "command":
        yield from ((name.removeprefix("."), command.help) for name, command in COMMANDS.items())
    elif argument == "function":
        yield from ((name, signature.documentation) for name, signature in SIGNATURES.items())
        yield from ((alias, f"the same as {name}") for alias, name in ALIASES.items())


def _source_words(rest: str, typed: str) -> Iterator[Completion]:
    earlier = rest[: len(rest) - len(typed)].split()
    option = OPTIONS.get(earlier[-1]) if earlier else None
    if option is not None and option.read is not bool:
        for value in values_of(option, typed):
            yield _shown(value, -len(typed), "")
    elif typed.startswith("-"):
        for name, option in OPTIONS.items():
            if name.startswith(typed):
                yield _shown(name, -len(typed), option.help)
    else:
        yield from _files(typed)


def _typed(rest: str) -> str:
    word = _WORD.search(rest)
    assert word is not None, "the word may be empty"
    return word.group()


def _files(typed: str) -> Iterator[Completion]:
    """The files and folders whose path begins with *typed*; none with a name that no command can have."""
    opening = typed[:1] if typed.startswith(("'", '"')) else ""
    folder, beginning = os.path.split(typed.removeprefix(opening))
    names: list[str] = []
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            for entry in entries:
                if entry.name.startswith(beginning) and (beginning or not entry.name.startswith(".")):
                    names.append(f"{entry.name}{os.sep if entry.is_dir() else ''}")
                if len(names) == MOST_FILES:
                    break
    except (OSError, ValueError):
        return
    for name in sorted(names):
        path = os.path.join(folder, name)
        quote = opening or _quote_for(path)
        if "\n" in path or (quote and quote in path):
            continue
        # The quote of a folder stays open for what is in it.
        closing = "" if name.endswith(os.sep) else quote
        yield _shown(f"{quote}{path}{closing}", -len(typed), "", display=name)


def _quote_for(path: str) -> str:
    """The quote that *path* needs as a word; empty if it needs none."""
    if '"' in path:
        return "'"
    return '"' if "'" in path or any(character.isspace() for character in path) else ""


def _shown(text: str, start: int, note: str, *, display: str = "") -> Completion:
    return Completion(text, start, display=visible(display or text), display_meta=visible(note))
