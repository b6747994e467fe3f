"""Which columns and which kind of chart.

In: the columns of a result and what the caller asked for.  Out: a :class:`Choice`.

What nobody asked for is guessed from the columns' roles, in their order; the rules are s3sql's own:

    one row of several numbers   bars of the columns' names
    a time and a number          line
    a text and a number          bars, in the order of the rows
    two numbers                  points
    one number, or one time      histogram
    one text                     bars that count
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias, cast, get_args

from s3sql.charts.columns import ChartColumn, Role, column_named

Kind: TypeAlias = Literal["bar", "line", "area", "point", "histogram"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Choice:
    """A chart: ``y`` is None where rows are counted. ``names``: bars of these columns' names instead."""

    kind: Kind
    x: ChartColumn | None = None
    y: ChartColumn | None = None
    color: ChartColumn | None = None
    names: tuple[ChartColumn, ...] = ()


def choose(
    columns: list[ChartColumn], rows: int, x: str | None, y: str | None, kind: str | None, color: str | None
) -> Choice:
    """The chart of *rows* rows that is asked for, or that suits.

    Raises:
        ValueError: there is no such column or kind, the columns do not suit it, or there is nothing to draw.
    """
    checked = _kind(kind)
    across, upwards, hue = (None if name is None else column_named(columns, name) for name in (x, y, color))
    if not rows or not columns:
        raise ValueError(f"the result has no {'rows' if columns else 'columns'}, so there is nothing to draw")
    numbers = tuple(column for column in columns if column.role == "number")
    if across is upwards is hue is None and rows == 1 and len(numbers) > 1 and checked in (None, "bar"):
        return Choice("bar", names=numbers)
    across, upwards = _pair(columns, across, upwards, checked, hue)
    chosen = checked or _suitable(across, upwards)
    _check(chosen, across, upwards)
    return Choice(chosen, across, upwards, hue)


def _kind(kind: str | None) -> Kind | None:
    if kind is None or kind in KINDS:
        return cast("Kind | None", kind)
    near = get_close_matches(str(kind).lower(), KINDS, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(
        f"there is no chart of kind {kind!r}{meant} The kinds are {', '.join(map(repr, KINDS))}."
    )


def _pair(
    columns: list[ChartColumn],
    x: ChartColumn | None,
    y: ChartColumn | None,
    kind: Kind | None,
    color: ChartColumn | None,
) -> tuple[ChartColumn | None, ChartColumn | None]:
    """Both columns, those that were not given taken from the others as far as they suit."""
    others = [column for column in columns if column is not x and column is not y and column is not color]
    if kind == "histogram":
        found = x or y or _first(others, "number") or _first(others, "time") or _first(others, "text")
        return found, None
    if x is None and y is None:
        number, second = _first(others, "number"), None
        time, text = _first(others, "time"), _first(others, "text")
        if kind == "point" and sum(column.role == "number" for column in others) > 1:
            time = text = None
        if kind == "bar":
            time, text = (None, text) if text is not None else (time, None)
        elif kind is not None:
            text = None if time is not None else text
        if number is not None and time is None and text is None:
            second = _first([column for column in others if column is not number], "number")
            return (number, second) if second is not None or kind in (None, "bar") else (None, number)
        return time or text, number
    if y is None:
        assert x is not None
        # Asked for alone, a column is counted; a line or points need something to go up to.
        return x, (_first(others, "number") if kind in ("line", "area", "point") else None)
    if x is None:
        return _first(others, "time") or _first(others, "text") or _first(others, "number"), y
    return x, y


def _first(columns: list[ChartColumn], role: Role) -> ChartColumn | None:
    return next((column for column in columns if column.role == role), None)


def _suitable(x: ChartColumn | None, y: ChartColumn | None) -> Kind:
    """The kind of chart for these columns."""
    if x is None or y is None:
        only = x or y
        return "bar" if only is not None and only.role == "text" else "histogram"
    if x.role == "time" and y.role == "number":
        return "line"
    return "bar" if (x.role == "text") != (y.role == "text") else "point"


def _check(kind: Kind, x: ChartColumn | None, y: ChartColumn | None) -> None:
    """Refuse what *kind* cannot draw."""
    if kind in ("line", "area", "point") and (x is None or y is None):
        raise ValueError(f"a {kind} chart needs two columns, x and y; kind='bar' or 'histogram' counts one")
    if kind in ("line", "area") and y is not None and y.role != "number":
        raise ValueError(f"the y of a {kind} chart is a column of numbers, and {y.name!r} holds {_held(y)}")
    if kind == "bar" and x is not None and x is y:
        raise ValueError(f"x and y of a bar chart are both {x.name!r}; leave y out to count its values")
    if kind == "bar" and x is not None and y is not None and "number" not in (x.role, y.role):
        raise ValueError(
            f"a bar chart needs a column of numbers; {x.name!r} holds {_held(x)} and {y.name!r} {_held(y)}"
        )


def _held(column: ChartColumn) -> str:
    return {"number": "numbers", "time": "times", "text": "texts"}[column.role]
