"""What a person who types a query may want to type next.

In: the text, the place of the cursor in it, the columns of the object.  Out: completions, likeliest first;
none in literals and comments, and none but those that what is typed begins.

Names are compared without regard to case, as S3 Select compares them, and stand in quotes where they must.
Words of the dialect take the case of what is typed. What belongs where is told by :mod:`s3sql.sql.expected`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Literal

from s3sql.functions.signatures import ALIASES, SIGNATURES
from s3sql.sql.calls import TYPES
from s3sql.sql.expected import OPERAND_WORDS, Place, Step, expected_behind, unquoted
from s3sql.sql.keywords import RESERVED
from s3sql.sql.spans import Span, spans

if TYPE_CHECKING:
    from s3sql.describe import ColumnDescription

Kind = Literal["alias", "column", "function", "keyword", "table", "type"]

#: Nobody reads a longer list to its end; typing on shortens it.
MOST = 500

#: A text of more characters was not typed, and is not read again at every key.
LONGEST = 32 * 1024

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")

#: How the words are used that do not speak for themselves.
_USES = {
    "BETWEEN": "value BETWEEN low AND high",
    "CASE": "CASE WHEN condition THEN value ELSE value END",
    "ESCAPE": "LIKE pattern ESCAPE character",
    "IN": "value IN (value, ...)",
    "IS": "value IS [NOT] NULL or MISSING",
    "LIKE": "text LIKE pattern: % any text, _ one character",
    "LIMIT": "LIMIT number",
    "MISSING": "what a record does not have",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """A text to stand in place of what is typed from ``start`` to the cursor; ``note`` says what it is."""

    text: str
    start: int
    kind: Kind
    note: str = ""


@dataclass(slots=True)
class _Names:
    """What stands below a path: members by name, and what the elements of a list have."""

    note: str = ""
    members: dict[str, _Names] = field(default_factory=dict)
    elements: _Names | None = None

    def below(self, step: Step) -> _Names:
        """The names one step further, made if they are not there."""
        if step.name is not None:
            return self.members.setdefault(step.name, _Names())
        if self.elements is None:
            self.elements = _Names()
        return self.elements

    def at(self, path: Sequence[Step]) -> _Names | None:
        """The names at *path*; None if nothing is known of it."""
        names: _Names | None = self
        for step in path:
            if names is None:
                return None
            names = names.elements if step.name is None else names._member(step.name, step.exact)
        return names

    def _member(self, name: str, exact: bool) -> _Names | None:
        if exact or name in self.members:
            return self.members.get(name)
        folded = name.lower()
        return next((found for member, found in self.members.items() if member.lower() == folded), None)


@dataclass(frozen=True, slots=True)
class _Row:
    """What FROM says: the row's name, whether it is an alias, the path behind the table's name.

    ``written``: there is a FROM. Before it is typed, any name before a dot may come to be the row's.
    """

    name: str
    declared: bool
    path: tuple[Step, ...]
    written: bool = True


def complete(
    text: str, cursor: int, columns: Sequence[ColumnDescription | str], *, table: str = "S3Object"
) -> list[Completion]:
    """The completions of what stands before *cursor* (an offset from 0) in *text*.

    *columns* are those of the rows of *table*, the path that FROM would name: a name is a column's, a
    description also knows members.
    """
    if len(text) > LONGEST:
        return []
    before = spans(text[: max(0, cursor)])
    typed = _typed(before)
    if typed is None:
        return []
    start = len(text[: max(0, cursor)]) - len(typed)
    significant = [span for span in before if span.end <= start and span.kind not in ("blank", "comment")]
    behind = text[max(0, cursor) :]
    place = expected_behind(significant)
    names = _names(tuple(columns), table)
    row = _row(before) or _row(spans(behind)) or _row(spans(text)) or _row_to_be(table)
    found = _candidates(place, names, row, table)
    shown = _fitting(found, typed, behind, lower=_in_lower_case(significant))
    return [
        Completion(candidate, start, kind, note)
        for candidate, kind, note in islice(shown, MOST)
        if candidate != typed
    ]


def _typed(before: Sequence[Span]) -> str | None:
    """The beginning of a word at the end of the spans, empty between words.

    None where nothing can be completed.
    """
    if not before:
        return ""
    last = before[-1]
    if last.kind in ("blank", "symbol", "open_quoted"):
        return last.text if last.kind == "open_quoted" else ""
    if last.kind == "comment":
        return None if last.text.startswith("--") else ""
    word = ""
    for span in reversed(before):
        if span.kind != "word" and not (span.kind == "wrong" and span.text.isalnum()):
            break
        word = span.text + word
    return word if word and not word[0].isdigit() else None


def _in_lower_case(significant: Sequence[Span]) -> bool:
    """Whether the words of the dialect that are there are written in lower case."""
    words = [span.text for span in significant if span.kind == "word" and span.text.upper() in RESERVED]
    return bool(words) and words[-1].islower()


# ---- names


@lru_cache(maxsize=4)
def _names(columns: tuple[ColumnDescription | str, ...], table: str) -> _Names:
    """The names below the table's root values."""
    root = _Names()
    rows = root
    for step in _row_to_be(table).path:
        rows = rows.below(step)
    for column in columns:
        if isinstance(column, str):
            rows.below(Step(column))
            continue
        names = rows
        for step in _steps([span for span in spans(column.sql) if span.kind != "blank"][1:])[0]:
            names = names.below(step)
        names.note = _note(column)
    return root


def _note(column: ColumnDescription) -> str:
    kinds = ", ".join(column.kinds)
    example = f"e.g. {column.examples[0]}" if column.examples else ""
    note = " ".join(part for part in (kinds, example) if part)
    return "".join(c if c.isprintable() else " " for c in (note if len(note) <= 60 else f"{note[:59]}…"))


def _row(found: Sequence[Span]) -> _Row | None:
    """What the first FROM with a table says."""
    tokens = [span for span in found if span.kind not in ("blank", "comment")]
    for index, (word, name) in enumerate(pairwise(tokens)):
        if word.text.upper() != "FROM" or name.text.strip('"').upper() != "S3OBJECT":
            continue
        path, rest = _steps(tokens[index + 2 :])
        # `S3Object` is short for `S3Object[*]`.
        below = path[1:] if path and path[0].name is None else path
        if rest and rest[0].text.upper() == "AS":
            rest = rest[1:]
        if rest and (rest[0].kind == "quoted" or (rest[0].kind == "word" and _is_free(rest[0].text))):
            alias = rest[0]
            return _Row(unquoted(alias.text) if alias.kind == "quoted" else alias.text, True, below)
        implied = path[-1].name or "_1" if path else "S3Object"
        return _Row(implied, False, below)
    return None


def _row_to_be(table: str) -> _Row:
    """The row while FROM is not typed yet."""
    row = _row(spans(f"FROM {table}"))
    return _Row("S3Object", False, () if row is None else row.path, written=False)


def _is_free(word: str) -> bool:
    return word.upper() not in RESERVED


def _steps(tokens: Sequence[Span]) -> tuple[tuple[Step, ...], Sequence[Span]]:
    """The steps of a path that *tokens* begin with, and the tokens behind them."""
    path: list[Step] = []
    at = 0
    while at + 1 < len(tokens):
        mark, token = tokens[at].text, tokens[at + 1]
        if mark == "." and token.kind in ("word", "quoted"):
            exact = token.kind == "quoted"
            path.append(Step(unquoted(token.text) if exact else token.text, exact))
            at += 2
        elif mark == "." and token.text == "*":
            path.append(Step(None))
            at += 2
        elif mark == "[" and at + 2 < len(tokens) and tokens[at + 2].text == "]":
            is_name = token.kind == "text"
            path.append(Step(token.text[1:-1].replace("''", "'"), True) if is_name else Step(None))
            at += 3
        else:
            break
    return tuple(path), tokens[at:]


# ---- what may stand at a place

_Candidate = tuple[str, Kind, str]


def _candidates(place: Place, names: _Names, row: _Row, table: str) -> Iterator[_Candidate]:
    """Everything that may stand at *place*; names as they are, words in upper case."""
    for word in place.words:
        yield word, "keyword", _USES.get(word, "")
    if place.expected == "operand":
        yield from _operands(place, names, row)
    elif place.expected == "step":
        yield from _members(_below(place, names, row))
    elif place.expected == "table":
        yield from ((name, "table", "") for name in dict.fromkeys((table, "S3Object", "S3Object[*]")))
    elif place.expected == "type":
        second_names = sorted(TYPES, key=lambda name: TYPES[name][0] != name)
        yield from ((name, "type", _second_name(name)) for name in second_names)


def _second_name(name: str) -> str:
    kind = TYPES[name][0]
    return "" if name == kind else f"the same as {kind}"


def _operands(place: Place, names: _Names, row: _Row) -> Iterator[_Candidate]:
    for name, kind, note in _members(names.at(row.path)):
        # A name that is the row's own means the row.
        hidden = name.strip('"').lower() == row.name.lower()
        yield f"{_written(row.name)}.{name}" if hidden else name, kind, note
    if row.declared:
        yield _written(row.name), "alias", "the row"
    for signature in SIGNATURES.values():
        if signature.kind == "scalar" or place.aggregates:
            empty = signature.maximum == 0
            yield f"{signature.name}({')' if empty else ''}", "function", signature.usage
    for alias, name in ALIASES.items():
        yield f"{alias}(", "function", SIGNATURES[name].usage
    yield "CAST(", "function", "CAST(value AS type)"
    for word in OPERAND_WORDS:
        yield word, "keyword", _USES.get(word, "")


def _below(place: Place, names: _Names, row: _Row) -> _Names | None:
    """The names behind the dot of *place*."""
    if not place.path:
        return None
    first, *steps = place.path
    named = (first.name or "").lower()
    if place.in_from:
        return (
            names.at(steps[1:] if steps and steps[0].name is None else steps) if named == "s3object" else None
        )
    rows = names.at(row.path)
    if rows is None:
        return None
    is_row = first.name == row.name if first.exact else named in (row.name.lower(), "s3object")
    is_row = is_row or (not row.written and rows.at([first]) is None)
    return rows.at(steps if is_row else place.path)


def _members(names: _Names | None) -> Iterator[_Candidate]:
    """The members as a query writes them."""
    if names is None:
        return
    seen: dict[str, int] = {}
    for name in names.members:
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
    for name, member in names.members.items():
        # Names that differ in case only are told apart by quotes.
        yield _written(name, quoted=seen[name.lower()] > 1), "column", member.note


def _written(name: str, *, quoted: bool = False) -> str:
    """*name* as a query writes it, in quotes if it must be."""
    if not quoted and _PLAIN.fullmatch(name) and _is_free(name):
        return name
    return '"' + name.replace('"', '""') + '"'


def _fitting(found: Iterator[_Candidate], typed: str, behind: str, *, lower: bool) -> Iterator[_Candidate]:
    """The candidates that *typed* begins, written in its way, each once."""
    in_quotes = typed.startswith('"')
    prefix = (unquoted(typed) if in_quotes else typed).lower()
    as_typed = typed.islower() if any(c.isalpha() for c in typed) else lower
    seen: set[str] = set()
    for text, kind, note in found:
        is_name = kind in ("alias", "column")
        plain = unquoted(text) if text.startswith('"') else text
        if not plain.lower().startswith(prefix) or (in_quotes and not is_name):
            continue
        written = text
        if in_quotes:
            written = _written(plain, quoted=True).removesuffix('"' if behind.startswith('"') else "")
        elif kind == "function" and behind.startswith("("):
            written = text.partition("(")[0]
        if not is_name and kind != "table" and as_typed:
            written = written.lower()
        if written not in seen:
            seen.add(written)
            yield written, kind, note
