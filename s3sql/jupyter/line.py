"""The line of a magic, parsed: what is asked for, of which source, with which options.

In: the text behind ``%s3sql`` or ``%%s3sql``.  Out: an :class:`Invocation`.

    [NAME <<] SOURCE [--option [VALUE]]… [SELECT …]      the SELECT in the cell, or at the end of the line
    --schema SOURCE [options] | --functions [NAME] | --set [name=value]… | --unset [name]… | --help
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from keyword import iskeyword
from typing import Literal

from s3sql.jupyter.failure import UsageError
from s3sql.jupyter.namespace import variable_name
from s3sql.jupyter.options import ACTIONS, OPTIONS
from s3sql.jupyter.words import Word, next_word

Action = Literal["query", "explain", "analyze", "schema", "functions", "set", "unset", "help"]

#: A name may touch the arrow; what is no name may not, since a path may hold an arrow too.
_NAMED = re.compile(r"\s*(?:([^\W\d]\w*)\s*<<|(\S*?)\s*<<(?=\s|$))")

#: A SELECT that goes on behind it, with a blank or without; SELECT.csv is a file.
_SELECT = re.compile(r"SELECT(?=[\s*'\"`(]|$)", re.IGNORECASE)

#: Actions that a cell with a SELECT may ask for.
_OF_A_QUERY = frozenset({"query", "explain", "analyze"})


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a line asks for.

    ``target``: the variable that keeps the value. ``options``: words by the option's name, None for one
    without value. ``words``: the names behind ``--functions``, ``--set`` and ``--unset``. ``sql``: the SELECT
    of the line, which starts at ``sql_start``; None if there is none.
    """

    line: str
    action: Action = "query"
    target: str | None = None
    source: Word | None = None
    options: Mapping[str, Word | None] = field(default_factory=dict)
    words: tuple[Word, ...] = ()
    sql: str | None = None
    sql_start: int = 0


def parse_line(line: str, *, cell: bool) -> Invocation:
    """The invocation that *line* spells; *cell*: whether a cell with the SELECT belongs to it.

    Raises:
        UsageError: an option, a value or a word is none, or too much.
        ParameterError: what ``{{`` opens is no Python expression.
    """
    target, at = _target(line)
    action: Action = "query"
    source: Word | None = None
    options: dict[str, Word | None] = {}
    words: list[Word] = []
    sql_start: int | None = None
    while (word := next_word(line, at)) is not None:
        at = word.end
        if starts_select(line, word) and action in _OF_A_QUERY:
            sql_start = word.start
            break
        if _is_option(word):
            name = _option_name(line, word)
            if name in ACTIONS:
                if action != "query":
                    raise UsageError(f"--{action} and --{name} exclude each other", line, word.start)
                action = name  # type: ignore[assignment]
            else:
                options[name], at = _option_value(line, word, name)
        elif action in ("functions", "set", "unset"):
            words.append(word)
        elif source is None:
            source = word
        else:
            raise UsageError(
                f"{line[word.start : word.end]} is one word too many",
                line,
                word.start,
                hint=_too_many(line, word, action, cell),
            )
    if source is not None and action in ("functions", "set", "unset"):
        raise UsageError(f"--{action} takes no source", line, source.start)
    if target is not None and action not in _OF_A_QUERY:
        raise UsageError(f"{target} << keeps a result, and --{action} has none", line, 0)
    if cell and action not in _OF_A_QUERY:
        raise UsageError(f"--{action} needs no cell", line, 0, hint=f"write %s3sql --{action} with one %")
    if cell and sql_start is not None:
        raise UsageError(
            "there is a SELECT in the line and one in the cell",
            line,
            sql_start,
            hint="%%s3sql takes it from the cell, %s3sql from the line",
        )
    if sql_start is None:
        return Invocation(line, action, target, source, options, tuple(words))
    return Invocation(line, action, target, source, options, tuple(words), line[sql_start:], sql_start)


def known_name(name: str, names: Iterable[str], line: str, start: int, what: str, dashes: str = "") -> str:
    """*name*, which must be one of *names*.

    Raises:
        UsageError: it is not; names the one that is meant, if one is like it.
    """
    names = list(names)
    if name in names:
        return name
    spelled = {known.lower(): known for known in names}
    close = [spelled[known] for known in get_close_matches(name.lower(), spelled, 1, 0.5)]
    raise UsageError(
        f"{dashes}{name} is no {what}",
        line,
        start,
        hint=f"did you mean {dashes}{close[0]}?"
        if close
        else f"%s3sql --{'functions' if what == 'function' else 'help'} lists every {what}",
    )


def _target(line: str) -> tuple[str | None, int]:
    """The name in front of ``<<``, and where the rest begins."""
    named = _NAMED.match(line)
    if named is None:
        return None, 0
    written = named[1] or named[2]
    if written.startswith("--"):
        return None, 0
    if not written:
        raise UsageError("a name stands in front of <<", line, named.start(2))
    name = variable_name(written)
    if name is None or iskeyword(name) or name == "__debug__":
        raise UsageError(
            f"{written} cannot be the name of a variable", line, named.start(named.lastindex or 0)
        )
    return name, named.end()


def behind_target(line: str) -> int:
    """Where the source may begin: behind ``NAME <<``, if there is one."""
    named = _NAMED.match(line)
    return 0 if named is None else named.end()


def starts_select(line: str, word: Word) -> bool:
    """Whether *word* of *line* begins the SELECT."""
    return _SELECT.match(line, word.start) is not None


def _is_option(word: Word) -> bool:
    first = word.parts[0]
    return isinstance(first, str) and re.match("--?[A-Za-z]|--$", first) is not None


def _option_name(line: str, word: Word) -> str:
    """The name of an option without its dashes and value."""
    first = word.parts[0]
    assert isinstance(first, str)
    written = first.partition("=")[0]
    if not written.startswith("--"):
        name = written.lstrip("-").lower()
        raise UsageError(
            f"{written} is no option",
            line,
            word.start,
            hint=f"did you mean --{name}?"
            if name in OPTIONS or name in ACTIONS
            else "options begin with two dashes",
        )
    name = written.removeprefix("--").lower().replace("_", "-")
    return known_name(name, (*OPTIONS, *ACTIONS), line, word.start, "option", "--")


def _option_value(line: str, word: Word, name: str) -> tuple[Word | None, int]:
    """The value of the option *name*, and where the rest begins."""
    option = OPTIONS[name]
    first = word.parts[0]
    assert isinstance(first, str)
    written, equals, _ = first.partition("=")
    if not option.metavar:
        if equals:
            raise UsageError(f"{option.flag} takes no value", line, word.start)
        return None, word.end
    if equals:
        return word.behind(f"{written}="), word.end
    value = next_word(line, word.end)
    if value is None or value.plain.startswith("--"):
        choices = f": {', '.join(option.choices)}" if option.choices else ""
        raise UsageError(
            f"{option.flag} needs a value, {option.metavar}{choices}",
            line,
            word.start,
            hint=f"write {option.flag}={value.plain} if that is the value" if value is not None else None,
        )
    return value, value.end


def _too_many(line: str, word: Word, action: Action, cell: bool) -> str:
    if word.plain.upper() == "SELECT":
        return f"--{action} takes no SELECT"
    if word.quoted and line[word.start + 1 : word.end].upper().startswith("SELECT"):
        return "the SELECT stands in the cell" if cell else "the SELECT stands without quotes"
    return "a source whose name has blanks stands in quotes"
