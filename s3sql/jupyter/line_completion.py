"""What may come next in the line of a magic: options, their values, files, variables.

In: the line up to the cursor.  Out: texts that could replace its last word.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from s3sql.functions.signatures import SIGNATURES
from s3sql.jupyter.defaults import SOURCE
from s3sql.jupyter.failure import MagicError
from s3sql.jupyter.line import behind_target, starts_select
from s3sql.jupyter.options import ACTIONS, OPTIONS, Option
from s3sql.jupyter.words import Word, next_word

#: More files of one folder are not offered.
_MOST_FILES = 500

_FUNCTIONS, _SET, _UNSET = "functions", "set", "unset"


@dataclass(frozen=True, slots=True)
class Offer:
    """A text to stand in place of the line from ``start`` to the cursor, and what it is."""

    text: str
    start: int
    kind: str


@dataclass(slots=True)
class TypedLine:
    """What a line says up to its last word, which is being typed and begins at ``start``.

    ``open_option``: the option whose value the last word is. ``used``: the options that are there.
    """

    last: str = ""
    start: int = 0
    source: Word | None = None
    action: str = "query"
    open_option: Option | None = None
    used: dict[str, Word | None] = field(default_factory=dict)
    sql_start: int | None = None


def read_line(before: str) -> TypedLine | None:
    """What *before*, the line up to the cursor, says; None where the cursor is in Python, or all is wrong."""
    typed = TypedLine(start=len(before))
    at = behind_target(before)
    while True:
        try:
            word = next_word(before, at)
        except MagicError as error:
            return _open_quote(before, typed, error)
        if word is None:
            return typed
        if word.end == len(before):
            if not word.plain:
                return None
            typed.last, typed.start = word.plain, word.start
            return typed
        at = word.end
        if starts_select(before, word) and typed.open_option is None:
            typed.sql_start = word.start
            return typed
        _take(typed, word)


def offers(
    typed: TypedLine, *, cell: bool, variables: Sequence[str], defaults: Sequence[str]
) -> Iterator[Offer]:
    """What may replace the last word of *typed*.

    Args:
        typed: the line.
        cell: whether a cell with the SELECT follows.
        variables: the names of the session.
        defaults: the names of the defaults that are set.
    """
    last, start = typed.last, typed.start
    if typed.open_option is not None:
        yield from _values(typed.open_option, last, start, variables)
    elif last.startswith("--") and "=" in last:
        name, _, value = last.partition("=")
        option = OPTIONS.get(name.removeprefix("--"))
        if option is not None:
            yield from _values(option, value, start + len(name) + 1, variables)
    elif last.startswith("-"):
        yield from _flags(typed)
    elif typed.action == _FUNCTIONS:
        yield from _fitting(SIGNATURES, last, start, "function")
    elif typed.action == _SET:
        yield from _assignments(last, start, variables)
    elif typed.action == _UNSET:
        yield from _fitting(defaults, last, start, "option")
    elif typed.source is None:
        yield from _sources(last, start, variables)
        if not last and defaults:
            yield from _flags(typed)
    else:
        if not cell:
            yield from _fitting(["SELECT"], last, start, "keyword")
        if not last:
            yield from _flags(typed)


def _open_quote(before: str, typed: TypedLine, error: MagicError) -> TypedLine | None:
    """The same with a quote that is still open: its text is the last word."""
    if error.position is None or typed.source is not None or typed.open_option is not None:
        return None
    start = error.position.column - 1
    if before[start] not in "'\"":
        return None
    typed.last, typed.start = before[start:], start
    return typed


def _take(typed: TypedLine, word: Word) -> None:
    """Note a word that is complete."""
    if typed.open_option is not None:
        typed.used[typed.open_option.name] = word
        typed.open_option = None
        return
    first = word.parts[0]
    flag, equals, _ = first.partition("=") if isinstance(first, str) else ("", "", "")
    name = flag.removeprefix("--")
    if not flag.startswith("--"):
        if typed.source is None and typed.action not in (_FUNCTIONS, _SET, _UNSET):
            typed.source = word
    elif name in ACTIONS:
        typed.action = name
    elif name in OPTIONS:
        option = OPTIONS[name]
        if option.metavar and not equals:
            typed.open_option = option
        else:
            typed.used[name] = word.behind(f"{flag}=") if equals else None


def _flags(typed: TypedLine) -> Iterator[Offer]:
    flags = [option.flag for option in OPTIONS.values() if option.name not in typed.used]
    if typed.action == "query":
        alone = ("explain", "analyze") if typed.source is not None else tuple(ACTIONS)
        flags += [f"--{name}" for name in alone]
    return _fitting(flags, typed.last, typed.start, "option")


def _values(option: Option, typed: str, start: int, variables: Sequence[str]) -> Iterator[Offer]:
    if option.name == "client":
        return _fitting(variables, typed, start, "variable")
    return _fitting(option.choices, typed, start, "value")


def _assignments(typed: str, start: int, variables: Sequence[str]) -> Iterator[Offer]:
    name, equals, value = typed.partition("=")
    if not equals:
        return _fitting([f"{known}=" for known in (*OPTIONS, SOURCE)], typed, start, "option")
    at = start + len(name) + 1
    if name == SOURCE:
        return _sources(value, at, variables)
    option = OPTIONS.get(name)
    if option is None:
        return iter(())
    return (
        _fitting(("yes", "no"), value, at, "value")
        if not option.metavar
        else _values(option, value, at, variables)
    )


def _sources(typed: str, start: int, variables: Sequence[str]) -> Iterator[Offer]:
    if typed.startswith("{"):
        yield from _fitting([f"{{{name}}}" for name in variables], typed, start, "variable")
        return
    quote = typed[:1] if typed[:1] in ("'", '"') else ""
    path = typed.removeprefix(quote)
    folder, _, beginning = path.rpartition("/")
    folder = f"{folder}/" if "/" in path else ""
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            names = sorted(
                entry.name + ("/" if entry.is_dir() else "")
                for entry in islice(entries, 20 * _MOST_FILES)
                if entry.name.startswith(beginning) and (beginning or not entry.name.startswith("."))
            )
    except (OSError, ValueError):
        return
    for name in names[:_MOST_FILES]:
        whole = folder + name
        mark = quote or ('"' if any(character.isspace() for character in whole) else "")
        # A folder is not the end of the path.
        closing = "" if name.endswith("/") else mark
        yield Offer(f"{mark}{whole}{closing}", start, "path")


def _fitting(names: Iterable[str], typed: str, start: int, kind: str) -> Iterator[Offer]:
    folded = typed.lower()
    for name in names:
        if name.lower().startswith(folded) and name != typed:
            yield Offer(name, start, kind)
