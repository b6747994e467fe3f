"""Parameters in a query: Python values that become literals of the SQL, never text of it.

In: a query as it was typed, with ``:name`` and ``{{expression}}``.  Out: the query with a literal in the
place of each, and the way back from a place in the one to the place in the other.

A parameter stands where a token of SQL could begin: in texts, quoted names and comments nothing is one. What
takes its place is one token with a blank on each side, or a bracketed list behind IN, so that no value can
become another part of the query.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

from s3sql.errors import Position, S3SelectError
from s3sql.jupyter.failure import ParameterError, undefined
from s3sql.jupyter.literals import elements, list_literal, literal
from s3sql.limits import MAX_EXPRESSION_BYTES
from s3sql.sql.lexer import TOKEN

_NAME = re.compile(r":([^\W\d]\w*)")

#: So many ``}}`` may stand in the strings and dictionaries of one expression.
_MOST_CLOSINGS = 100

_STEP = re.compile(r"\.[^\W\d]|\[")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: *expression* is its Python, between ``start`` and ``end`` (exclusive) of the query.

    ``behind_in``: it follows IN, alone in parentheses or without any, and may be a list. Those parentheses
    are part of it.
    """

    expression: str
    start: int
    end: int
    behind_in: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """A query with its parameters filled in: ``sql``, made of ``typed``.

    ``pieces`` are the literals in ``sql`` and the parameters in ``typed`` that they stand for, as (start of
    the literal, its end, start of the parameter, its end).
    """

    typed: str
    sql: str
    pieces: tuple[tuple[int, int, int, int], ...]

    def typed_offset(self, offset: int) -> int:
        """The place in ``typed`` of the character at *offset* of ``sql``; of a literal: its parameter's."""
        number = bisect_right(self.pieces, offset, key=lambda piece: piece[0]) - 1
        if number < 0:
            return offset
        _, end, typed_start, typed_end = self.pieces[number]
        return typed_start if offset < end else typed_end + offset - end

    def typed_error(self, error: S3SelectError) -> S3SelectError:
        """*error* with its place in ``typed`` instead of ``sql``, in the message too."""
        place = error.position
        if place is None or not self.pieces:
            return error
        moved = copy(error)
        moved.position = Position.at(self.typed, self.typed_offset(place.offset(self.sql)))
        moved.message = error.message.replace(f"at {place}", f"at {moved.position}")
        moved.args = (f"{moved.code}: {moved.message}",)
        return moved


def find_parameters(sql: str) -> list[Parameter]:
    """The parameters of *sql* in their order, up to the first place where no token begins.

    Raises:
        ParameterError: a ``{{`` is not closed, or what it holds is no Python expression.
    """
    found: list[Parameter] = []
    # Starts and texts of the last two tokens: IN, and the parenthesis that may stand between it and a list.
    before: tuple[tuple[int, str], tuple[int, str]] = ((0, ""), (0, ""))
    at = 0
    while at < len(sql):
        parameter = _parameter_at(sql, at, before)
        if parameter is not None:
            found.append(parameter)
            before = (before[1], (at, "a value"))
            at = parameter.end
            continue
        token = TOKEN.match(sql, at)
        if token is None or token.lastgroup == "open_comment":
            break
        if sql.startswith("::", at):
            # Other dialects cast so; the parser says what to write instead.
            token = re.compile(":+").match(sql, at)
            assert token is not None, "it starts with a colon"
        if token.lastgroup != "blank":
            before = (before[1], (at, token[0].upper()))
        at = token.end()
    return found


def fill(sql: str, value_of: Callable[[str], object], known: Callable[[], list[str]]) -> Filled:
    """*sql* with the literals of its parameters.

    Args:
        sql: the query as it was typed.
        value_of: evaluates one Python expression; a NameError names the name.
        known: the names that a parameter could have meant.

    Raises:
        ParameterError: a parameter has no value, or one without literal.
        S3SelectError: ``ExpressionTooLong``.
    """
    parts: list[str] = []
    pieces: list[tuple[int, int, int, int]] = []
    typed_end = length = 0
    for parameter in find_parameters(sql):
        between = sql[typed_end : parameter.start]
        written = f" {_literal_of(sql, parameter, value_of, known)} "
        length += len(between)
        pieces.append((length, length + len(written), parameter.start, parameter.end))
        parts += [between, written]
        length += len(written)
        typed_end = parameter.end
        if length > MAX_EXPRESSION_BYTES:
            raise _too_long(sql, parameter)
    return Filled(sql, "".join([*parts, sql[typed_end:]]), tuple(pieces))


def python_end(text: str, start: int) -> int | None:
    """Where the ``{{expression}}`` that begins at *start* of *text* ends; None if it is not closed.

    The expression ends at the first ``}}`` that leaves valid Python, so that it may hold braces and strings.

    Raises:
        ParameterError: there is a ``}}``, but no Python expression before one.
    """
    first = close = text.find("}}", start + 2)
    if first < 0:
        return None
    for _ in range(_MOST_CLOSINGS):
        if close < 0:
            break
        if _is_expression(text[start + 2 : close]):
            return close + 2
        close = text.find("}}", close + 1)
    shown = text[start + 2 : first].strip()
    if not shown:
        raise ParameterError("{{}} holds no Python expression", text, start)
    raise ParameterError(f"{_short(shown)} is no Python expression", text, start)


def _parameter_at(sql: str, at: int, before: tuple[tuple[int, str], tuple[int, str]]) -> Parameter | None:
    if sql.startswith("{{", at):
        closed = python_end(sql, at)
        if closed is None:
            raise ParameterError("{{ is not closed by }}", sql, at)
        expression, end = sql[at + 2 : closed - 2].strip(), closed
    else:
        name = _NAME.match(sql, at)
        if name is None:
            return None
        expression, end = name[1], name.end()
        if _STEP.match(sql, end):
            raise ParameterError(
                f":{expression} takes a name alone",
                sql,
                at,
                hint=f"write {{{{{expression}…}}}} for an expression",
            )
    (_, earlier), (previous_at, previous) = before
    if previous == "IN":
        return Parameter(expression, at, end, behind_in=True)
    closing = _closing(sql, end) if (earlier, previous) == ("IN", "(") else None
    if closing is not None:
        return Parameter(expression, previous_at, closing, behind_in=True)
    return Parameter(expression, at, end, behind_in=False)


def _closing(sql: str, at: int) -> int | None:
    """The end of the parenthesis that closes at *at*, blanks aside; None if another token comes."""
    while (token := TOKEN.match(sql, at)) is not None:
        if token.lastgroup != "blank":
            return token.end() if token[0] == ")" else None
        at = token.end()
    return None


def _literal_of(
    sql: str, parameter: Parameter, value_of: Callable[[str], object], known: Callable[[], list[str]]
) -> str:
    try:
        value = value_of(parameter.expression)
    except NameError as error:
        raise undefined(error, sql, parameter.start, known()) from error
    except Exception as error:
        described = f"{type(error).__name__}: {error}"
        raise ParameterError(f"{_short(parameter.expression)}: {described}", sql, parameter.start) from error
    try:
        several = elements(value) if parameter.behind_in else None
        if several is not None:
            return list_literal(several)
        if not parameter.behind_in:
            return literal(value)
        # ``IN (:x)`` keeps its parentheses: they are part of the parameter. Without them nothing would be in
        # a single value, whatever it is.
        if sql[parameter.start] != "(":
            raise ValueError(
                f"IN takes a list, tuple, set, range or one column, and this is a {type(value).__name__}; "
                "a single value stands behind =, or in parentheses"
            )
        return f"({literal(value)})"
    except ValueError as error:
        raise ParameterError(f"{_short(parameter.expression)}: {error}", sql, parameter.start) from None


def _is_expression(text: str) -> bool:
    """Whether *text* is a Python expression, of several lines too."""
    forms = [text.strip()]
    if "\n" in forms[0]:
        forms.append(f"({forms[0]}\n)")
    for form in forms:
        try:
            ast.parse(form, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return True
    return False


def _too_long(sql: str, parameter: Parameter) -> S3SelectError:
    return S3SelectError(
        "ExpressionTooLong",
        f"With the value of {_short(parameter.expression)} the SQL expression has more than "
        f"{MAX_EXPRESSION_BYTES:,} bytes.",
        position=Position.at(sql, parameter.start),
    )


def _short(expression: str) -> str:
    one_line = " ".join(expression.split())
    return one_line if len(one_line) <= 40 else f"{one_line[:37]}..."
