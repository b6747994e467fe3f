"""What may come next in a query that is being typed.

In: the spans of a text up to a place, blanks and comments left out.  Out: a :class:`Place`: the kind of word
that belongs there and the keywords among them.  Nothing is refused: a word out of place is taken for what it
most likely will be.

The grammar is that of ``statement.py`` and ``expression.py``, read from left to right with a stack of what is
open: the statement, calls, parentheses, brackets and CASE.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from s3sql.functions.signatures import ALIASES, SIGNATURES
from s3sql.sql.keywords import DATE_PARTS, EXTRACT_PARTS, RESERVED, TRIM_SIDES
from s3sql.sql.spans import Span

#: ``operand``: a value; ``operator``: a value stands before; ``step``: a name behind a dot; ``table``: behind
#: FROM; ``type``: behind AS in CAST and behind IS; ``clause``: keywords only; ``nothing``: a number or a
#: name that is new.
Expected = Literal["operand", "operator", "step", "table", "type", "clause", "nothing"]

#: The keywords with which every operand may begin; :class:`Place` does not repeat them.
OPERAND_WORDS = ("CASE", "NOT", "NULL", "MISSING", "TRUE", "FALSE")

_OPERATORS = ("AND", "OR", "IS", "IN", "LIKE", "BETWEEN", "NOT")
_NEGATED = ("IN", "LIKE", "BETWEEN")
_DATED = ("EXTRACT", "DATE_ADD", "DATE_DIFF")
_WITH_FROM = ("EXTRACT", "SUBSTRING", "TRIM")
_COMPARISONS = ("=", "<>", "!=", "<", "<=", ">", ">=")
_CASE_WORDS = {"CASE": ("WHEN",), "WHEN": ("THEN",), "THEN": ("WHEN", "ELSE", "END"), "ELSE": ("END",)}
_PARTS = tuple(sorted(DATE_PARTS))


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a path: a member's name, compared in its case if ``exact``; None is an element of a list."""

    name: str | None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What may stand at a place.

    ``words`` are the keywords, likeliest first. ``path``: what stands before the dot when a step is expected,
    empty if it is no path; ``in_from``: whether that path is FROM's. ``aggregates``: whether an operand may
    be one.
    """

    expected: Expected
    words: tuple[str, ...] = ()
    path: tuple[Step, ...] = ()
    in_from: bool = False
    aggregates: bool = False


@dataclass(slots=True)
class _Frame:
    """One thing that is open: ``opener`` is empty for the statement, a function's name, a bracket or CASE."""

    opener: str = ""
    clause: str = ""
    expected: Expected = "operand"
    words: tuple[str, ...] | None = None
    between: bool = False
    like: bool = False
    path: tuple[Step, ...] = ()
    called: str = ""
    step: Step = Step(None)


def expected_behind(significant: Iterable[Span]) -> Place:
    """What may stand behind the spans *significant*."""
    reader = _Reader()
    for span in significant:
        reader.take(span)
    return reader.place()


def unquoted(text: str) -> str:
    """The name that *text*, in double quotes, spells; the closing one may be missing."""
    body = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    return body.replace('""', '"')


class _Reader:
    """Takes one token after the other."""

    def __init__(self) -> None:
        self._frames = [_start()]

    @property
    def _top(self) -> _Frame:
        return self._frames[-1]

    def place(self) -> Place:
        """The place behind what was taken."""
        frame = self._top
        expected, path = frame.expected, frame.path if frame.expected == "step" else ()
        statement = self._frames[0].clause
        words = self._words(frame) if frame.words is None else frame.words
        return Place(expected, words, path, statement == "FROM", statement == "SELECT")

    def take(self, span: Span) -> None:
        """Go on behind *span*."""
        called, self._top.called = self._top.called, ""
        if span.kind == "symbol":
            self._symbol(span.text, called)
        elif span.kind == "quoted":
            self._name(unquoted(span.text), exact=True)
        elif span.kind == "word" and span.text.upper() in RESERVED:
            self._keyword(span.text.upper())
        elif span.kind == "word" or (span.kind == "wrong" and span.text[0].isalpha()):
            self._name(span.text, exact=False)
        else:
            self._literal(span)

    # ---- what belongs where

    def _words(self, frame: _Frame) -> tuple[str, ...]:
        if frame.expected == "operand":
            return ("WHEN",) if frame.clause == "CASE" else ()
        if frame.expected != "operator":
            return ()
        escape = ("ESCAPE",) if frame.like else ()
        between = ("AND",) if frame.between else ()
        return tuple(dict.fromkeys((*between, *escape, *_following(frame), *_OPERATORS)))

    # ---- movement

    def _expect(self, expected: Expected, words: tuple[str, ...] | None = None) -> None:
        frame = self._top
        frame.expected, frame.words = expected, words
        if expected != "step":
            frame.path = ()

    def _open(
        self, opener: str, expected: Expected = "operand", words: tuple[str, ...] | None = None
    ) -> None:
        """Go into *opener*, which will have been an operand when it closes."""
        clause = "CASE" if opener == "CASE" else ""
        self._frames.append(_Frame(opener, clause, expected, words))

    def _leave_cases(self) -> None:
        while self._top.opener == "CASE":
            self._frames.pop()

    def _close(self) -> None:
        self._leave_cases()
        if len(self._frames) == 1:
            self._expect("operator")
            return
        closed = self._frames.pop()
        if closed.opener == "step":
            self._go_on((*self._top.path, closed.step))
        elif closed.opener == "parameters":
            self._expect("nothing", ())
        else:
            self._expect("operator")

    def _go_on(self, path: tuple[Step, ...]) -> None:
        """A path is complete so far, and may go on."""
        frame = self._top
        in_from = frame.opener == "" and frame.clause == "FROM"
        frame.path = path
        frame.expected = "clause" if in_from else "operator"
        frame.words = ("AS", "WHERE", "LIMIT") if in_from else None

    # ---- tokens

    def _symbol(self, symbol: str, called: str) -> None:
        frame = self._top
        if symbol == ";":
            self._frames = [_start()]
        elif symbol == "(":
            self._parenthesis(called)
        elif symbol == "[" and frame.path:
            self._open("step", "nothing", ())
        elif symbol in ("[", "{", "<<"):
            self._open(symbol)
        elif symbol in (")", "]", "}", ">>"):
            self._close()
        elif symbol == ",":
            self._comma()
        elif symbol == ".":
            frame.expected, frame.words = "step", ()
        elif symbol == "*" and frame.expected in ("operand", "step"):
            self._star()
        elif symbol not in ("@", ":"):
            if symbol in _COMPARISONS:
                frame.like = False
            self._expect("operand")

    def _parenthesis(self, called: str) -> None:
        if called == "type":
            self._open("parameters", "nothing", ())
        elif called in _DATED:
            self._open(called, "clause", tuple(sorted(EXTRACT_PARTS)) if called == "EXTRACT" else _PARTS)
        elif called == "TRIM":
            self._open(called, "operand", tuple(sorted(TRIM_SIDES)))
        else:
            self._open(called or "(")

    def _comma(self) -> None:
        self._leave_cases()
        frame = self._top
        frame.between = frame.like = False
        if frame.opener == "parameters" or (frame.opener == "" and frame.clause != "SELECT"):
            self._expect("nothing", ())
        else:
            self._expect("operand")

    def _star(self) -> None:
        """What ``*`` selects, or all members on FROM's path."""
        frame = self._top
        if frame.opener == "" and frame.clause == "FROM":
            self._go_on((*frame.path, Step(None)))
        elif frame.opener == "":
            self._expect("clause", ("FROM",))
        else:
            self._expect("nothing", ())

    def _keyword(self, word: str) -> None:
        frame = self._top
        if word in ("SELECT", "WHERE", "LIMIT"):
            self._clause(word)
        elif word == "FROM":
            self._from()
        elif word == "AS":
            self._expect("type" if frame.opener == "CAST" else "nothing", ())
        elif word in ("WHEN", "THEN", "ELSE") and frame.opener == "CASE":
            frame.clause = word
            self._expect("operand")
        elif word == "END" and frame.opener == "CASE":
            self._frames.pop()
            self._expect("operator")
        elif frame.expected == "type" and word != "NOT":
            self._type()
        elif word in ("NULL", "MISSING", "TRUE", "FALSE"):
            self._expect("operator")
        elif frame.expected == "clause" and word in EXTRACT_PARTS:
            self._expect("clause", ("FROM",) if frame.opener == "EXTRACT" else ())
        elif word in TRIM_SIDES and frame.opener == "TRIM":
            self._expect("operand", ("FROM",))
        elif word not in ("DISTINCT", "ALL"):
            self._operator_or_call(word)

    def _operator_or_call(self, word: str) -> None:
        frame = self._top
        if word == "NOT":
            self._not()
        elif word == "CASE":
            self._open("CASE")
        elif word == "IS":
            self._expect("type", ("NULL", "MISSING", "NOT"))
        elif word in (*_OPERATORS, "ESCAPE", "FOR"):
            frame.between = word == "BETWEEN"
            frame.like = word == "LIKE"
            if word == "FOR":
                frame.clause = word
            self._expect("operand")
        elif frame.expected == "operand" and (word in SIGNATURES or word in ALIASES or word == "CAST"):
            self._expect("nothing", ())
            frame.called = word
        else:
            self._expect("operator")

    def _not(self) -> None:
        """NOT before a value, behind one, or behind IS."""
        expected = self._top.expected
        if expected == "type":
            self._expect("type", ("NULL", "MISSING"))
        elif expected == "operator":
            self._expect("clause", _NEGATED)
        else:
            self._expect("operand")

    def _clause(self, word: str) -> None:
        del self._frames[1:]
        frame = self._top
        frame.clause, frame.between, frame.like = word, False, False
        if word == "LIMIT":
            self._expect("nothing", ())
        else:
            self._expect("operand")

    def _from(self) -> None:
        """The clause, or the word between the arguments of a call."""
        self._leave_cases()
        frame = self._top
        if frame.opener in _WITH_FROM and frame.clause == "":
            frame.clause = "FROM"
            self._expect("operand")
            return
        self._clause("FROM")
        self._expect("table", ())

    def _type(self) -> None:
        frame = self._top
        if frame.opener == "CAST" and frame.words == ():
            self._expect("nothing", ())
            frame.called = "type"
        else:
            self._expect("operator")

    def _name(self, name: str, *, exact: bool) -> None:
        frame = self._top
        step = Step(name, exact)
        if frame.expected == "step":
            self._go_on((*frame.path, step))
        elif frame.expected == "table":
            self._go_on((step,))
        elif frame.opener == "" and frame.expected in ("operator", "clause", "nothing"):
            # An alias: with AS before it or without.
            following = {"SELECT": ("FROM",), "FROM": ("WHERE", "LIMIT")}.get(frame.clause, ())
            self._expect("clause", following)
        elif frame.expected == "operand":
            self._go_on((step,))
            frame.called = "" if exact else name.upper()
        else:
            self._expect("operator")

    def _literal(self, span: Span) -> None:
        frame = self._top
        if frame.opener == "step":
            frame.step = Step(span.text[1:-1].replace("''", "'"), True) if span.kind == "text" else Step(None)
        elif frame.expected == "operand":
            self._expect("operator")


def _start() -> _Frame:
    return _Frame(expected="clause", words=("SELECT",))


def _following(frame: _Frame) -> tuple[str, ...]:
    """The words that end an operand where *frame* is open."""
    if frame.opener == "CASE":
        return _CASE_WORDS[frame.clause]
    if frame.opener == "":
        return {"SELECT": ("FROM", "AS"), "WHERE": ("LIMIT",)}.get(frame.clause, ())
    if frame.opener == "CAST":
        return ("AS",)
    if frame.opener == "SUBSTRING":
        return {"": ("FROM",), "FROM": ("FOR",)}.get(frame.clause, ())
    return ("FROM",) if frame.opener == "TRIM" and frame.clause == "" else ()
