"""Completion in the cells of the magics.

In: the text of a cell and the place of the cursor.  Out: what may come next: options and their values, files
and variables in the line; columns, functions, words of the dialect and parameters in the SELECT. Other cells
are left alone, and so is the Python between ``{{`` and ``}}``.

Source: IPython, "Matchers" in ``IPython.core.completer`` (API version 2).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from s3sql.completion import complete
from s3sql.jupyter.columns import Columns
from s3sql.jupyter.defaults import SOURCE, Defaults, read_value
from s3sql.jupyter.failure import ParameterError
from s3sql.jupyter.line_completion import Offer, TypedLine, offers, read_line
from s3sql.jupyter.literals import elements
from s3sql.jupyter.options import OPTIONS
from s3sql.jupyter.parameters import find_parameters
from s3sql.jupyter.words import Python, Word
from s3sql.sql.spans import spans

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

_CELL = re.compile(r"\s*%%s3sql(?=\s|$)")
_LINE = re.compile(r"(?:\s*[\w, ]+=)?\s*%s3sql(?=\s|$)")


class MagicMatcher:
    """The matcher of one session."""

    matcher_api_version = 2
    matcher_identifier = "s3sql"
    #: Before those of Python, which would read the cell as such.
    matcher_priority = 1000.0

    def __init__(self, shell: InteractiveShell, defaults: Defaults) -> None:
        self._shell = shell
        self._defaults = defaults
        self._columns = Columns()
        # IPython asks a matcher for it, as it expects a function.
        self.__qualname__ = type(self).__qualname__

    def __call__(self, context: CompletionContext) -> SimpleMatcherResult:
        """The completions of *context*; those of other matchers are left out where there are any."""
        from IPython.core.completer import SimpleCompletion

        found = list(self._offers(context.full_text, context.cursor_line, context.cursor_position))
        if not found:
            return {"completions": [], "suppress": False}
        lines = context.full_text.split("\n")
        before = "\n".join(
            [*lines[: context.cursor_line], lines[context.cursor_line][: context.cursor_position]]
        )
        return {
            "completions": [SimpleCompletion(offer.text, type=offer.kind) for offer in found],
            "matched_fragment": before[found[0].start :],
            "suppress": True,
            "ordered": True,
        }

    def _offers(self, text: str, line_number: int, column: int) -> Iterator[Offer]:
        """Offers whose ``start`` is an offset of *text*."""
        lines = text.split("\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        first = next((number for number, line in enumerate(lines) if line.strip()), 0)
        magic = _CELL.match(lines[first])
        if magic is not None and line_number > first:
            typed = read_line(f"{lines[first][magic.end() :]} ") or TypedLine()
            body = starts[first + 1]
            return self._in_sql(text[body:], starts[line_number] + column - body, typed, body)
        line = lines[line_number]
        magic = magic if line_number == first and magic is not None else None
        cell = magic is not None
        magic = magic or _LINE.match(line)
        if magic is None or column < magic.end():
            return iter(())
        return self._in_line(
            line[magic.end() :], column - magic.end(), starts[line_number] + magic.end(), cell
        )

    def _in_line(self, line: str, cursor: int, origin: int, cell: bool) -> Iterator[Offer]:
        typed = read_line(line[:cursor])
        if typed is None:
            return
        if typed.sql_start is not None and not cell:
            at = typed.sql_start
            yield from self._in_sql(line[at:], cursor - at, typed, origin + at)
            return
        variables = self._variables(of_parameters=False)
        for offer in offers(typed, cell=cell, variables=variables, defaults=list(self._defaults.values)):
            yield Offer(offer.text, origin + offer.start, offer.kind)

    def _in_sql(self, sql: str, cursor: int, typed: TypedLine, origin: int) -> Iterator[Offer]:
        try:
            masked = _masked(sql[:cursor])
        except ParameterError:
            # The cursor is in a Python expression.
            return
        name = re.search(r":(\w*)$", sql[:cursor])
        if name is not None and _is_parameter(sql[:cursor], masked, name.start()):
            for known in self._variables(of_parameters=True):
                if known.startswith(name[1]) and known != name[1]:
                    yield Offer(known, origin + name.start() + 1, "variable")
            return
        source, keywords = self._source(typed)
        found = None if source is None else self._columns.described(source, keywords)
        try:
            behind = _masked(sql[cursor:])
        except ParameterError:
            behind = ""
        columns = () if found is None else found.columns
        table = "S3Object" if found is None else found.from_path
        for completion in complete(masked + behind, cursor, columns, table=table):
            yield Offer(completion.text, origin + completion.start, completion.kind)

    def _source(self, typed: TypedLine) -> tuple[object, dict[str, object]]:
        """The source of the cell and how it is read, None where only running Python code could tell."""
        source = self._defaults.values.get(SOURCE) if typed.source is None else self._value(typed.source)
        if isinstance(source, str) and source.startswith("~"):
            source = os.path.expanduser(source)
        given: dict[str, object] = {}
        for name, word in typed.used.items():
            option = OPTIONS[name]
            value = True if word is None else self._value(word)
            try:
                given[name] = value if word is None else read_value(option, value)
            except ValueError:
                continue
        if isinstance(given.get("client"), str):
            given["client"] = self._shell.user_ns.get(str(given["client"]))
        chosen = {**self._defaults.for_query(source, given), **given}
        return source, {
            str(OPTIONS[name].keyword): value
            for name, value in chosen.items()
            if OPTIONS[name].describes and value is not None
        }

    def _value(self, word: Word) -> object:
        """The value of *word* where a look at a variable is enough: nothing is run to complete a text."""
        if len(word.parts) == 1:
            part = word.parts[0]
            return self._shell.user_ns.get(part.expression) if isinstance(part, Python) else part
        return None

    def _variables(self, *, of_parameters: bool) -> list[str]:
        """The names that a person gave to values; *of_parameters*: to such as SQL has literals for."""
        hidden = self._shell.user_ns_hidden
        return sorted(
            name
            for name, value in list(self._shell.user_ns.items())
            if not name.startswith("_")
            and hidden.get(name, hidden) is not value
            and (not of_parameters or _has_literal(value))
        )


def _has_literal(value: Any) -> bool:
    return isinstance(value, str | int | float | Decimal | date | None) or elements(value) is not None


def _masked(sql: str) -> str:
    """*sql* with a number of the same length in place of each parameter."""
    for parameter in find_parameters(sql):
        length = parameter.end - parameter.start
        sql = f"{sql[: parameter.start]}{'0' * length}{sql[parameter.end :]}"
    return sql


def _is_parameter(before: str, masked: str, colon: int) -> bool:
    """Whether a colon begins a parameter, which in a text or a comment it does not."""
    if before[colon - 1 : colon] == ":":
        return False
    if colon == len(before) - 1:
        last = spans(masked)[-1]
        return last.kind == "symbol" and last.text == ":"
    return masked[colon] == "0"
