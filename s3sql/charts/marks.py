"""The data of a chart: as many rows as can be drawn, or what they come to.

In: the columns of a chart.  Out: :class:`Marks`, at most :data:`MOST_MARKS` of them, and a sentence on what
they leave out: never is something left out in silence.

Counts, sums and bins are of all rows. Lines and points of too many rows are thinned evenly.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from s3sql.charts.columns import ChartColumn, Values, beside_objects
from s3sql.display.cells import visible

Rows: TypeAlias = list[dict[str, Any]]
Numbers: TypeAlias = NDArray[np.float64]

#: Altair draws no more rows than this.
MOST_MARKS = 5000

#: More bars side by side can hardly be told apart.
MOST_BARS = 100

#: Bins of a histogram, about.
_BINS = 30

#: Characters of a text that a label shows.
_LABEL = 80

#: Fields that are no column of the result: those begin with no blank.
COUNT, FIRST, LAST, NAME, VALUE = " rows", " from", " to", " column", " value"
_PLACE = " place"


@dataclass(frozen=True, slots=True)
class Marks:
    """``rows`` to be drawn, with values under the columns' fields; ``left_out`` in words, or empty."""

    rows: Rows
    left_out: str = ""


def name_marks(columns: Sequence[ChartColumn]) -> Marks:
    """One bar for each column of the only row that has a value."""
    whole = [column for column in columns if column.values.null_count == 0]
    missing = len(columns) - len(whole)
    told = f"{missing:,} of {len(columns):,} columns without a value left out" if missing else ""
    shown = whole[:MOST_BARS]
    if len(shown) < len(whole):
        told = _and(_of(len(shown), len(whole), "columns"), told)
    names = _labels([column.name for column in shown])
    rows = [{NAME: name, VALUE: _plain(column)[0]} for name, column in zip(names, shown, strict=True)]
    return Marks(rows, told)


def row_marks(columns: Sequence[ChartColumn]) -> Marks:
    """A mark for each row that has all values, or for so many of them, evenly."""
    whole, told = _whole(columns)
    count = whole.num_rows
    if count > MOST_MARKS:
        whole = whole.take(np.linspace(0, count - 1, MOST_MARKS).round().astype(np.int64))
        told = _and(f"{MOST_MARKS:,} of {count:,} rows, evenly spaced", told)
    return Marks(_rows(whole, columns), told)


def sum_marks(group: ChartColumn, value: ChartColumn, color: ChartColumn | None) -> tuple[Marks, bool]:
    """A bar for each row, or the sum of those of one group; and whether sums were made.

    The groups are in the order of the rows.
    """
    columns = _distinct(group, value, color)
    whole, told = _whole(columns)
    keys = [column.field for column in columns if column is not value]
    # As doubles: a sum of ints may be more than an int holds.
    numbers = whole.column(value.field).cast(pa.float64(), safe=False)
    doubles = whole.set_column(whole.column_names.index(value.field), value.field, numbers)
    summed = doubles.group_by(keys, use_threads=False).aggregate([(value.field, "sum")])
    repeated = summed.num_rows < whole.num_rows
    if repeated:
        whole = summed.rename_columns([*keys, value.field]).select(whole.column_names)
    groups = whole.column(group.field).unique()
    most = MOST_BARS if group.role != "time" else MOST_MARKS
    if len(groups) > most:
        whole = whole.filter(pc.is_in(whole.column(group.field), value_set=groups.slice(0, most)))
        told = _and(f"the first {most:,} of {len(groups):,} values, in the order of the rows", told)
    if whole.num_rows > MOST_MARKS:
        told = _and(_of(MOST_MARKS, whole.num_rows, "bars"), told)
    return Marks(_rows(whole.slice(0, MOST_MARKS), columns), told), repeated


def count_marks(group: ChartColumn, color: ChartColumn | None) -> Marks:
    """How many rows each value has, the most frequent first."""
    columns = _distinct(group, color)
    whole, told = _whole(columns)
    counted = whole.group_by(whole.column_names, use_threads=False).aggregate([([], "count_all")])
    counted = counted.rename_columns([*whole.column_names, COUNT])
    totals = counted.group_by(group.field, use_threads=False).aggregate([(COUNT, "sum")])
    order = pc.sort_indices(totals, [(f"{COUNT}_sum", "descending")])
    ranked = totals.column(group.field).take(order)
    if len(ranked) > MOST_BARS:
        told = _and(f"the {MOST_BARS} most frequent of {len(ranked):,} values", told)
        ranked = ranked.slice(0, MOST_BARS)
    place = pc.index_in(counted.column(group.field), value_set=ranked.combine_chunks())
    counted = counted.append_column(_PLACE, place).filter(pc.is_valid(place)).sort_by(_PLACE)
    if counted.num_rows > MOST_MARKS:
        told = _and(_of(MOST_MARKS, counted.num_rows, "bars"), told)
    return Marks(_rows(counted.slice(0, MOST_MARKS), columns, (COUNT,)), told)


def bin_marks(column: ChartColumn, color: ChartColumn | None) -> Marks:
    """How many rows lie in each of about thirty ranges of equal size."""
    whole, told = _whole(_distinct(column, color))
    numbers, edges = _binned(column, whole.column(column.field))
    places = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)
    ends = _ends(column, edges)

    def bins(chosen: Any, further: dict[str, Any]) -> Rows:
        counts = np.bincount(places[chosen], minlength=len(edges) - 1)
        return [
            {FIRST: ends[place], LAST: ends[place + 1], COUNT: int(counts[place]), **further}
            for place in np.flatnonzero(counts).tolist()
        ]

    if color is None or color is column:
        return Marks(bins(slice(None), {}), told)
    hues = whole.column(color.field).combine_chunks().dictionary_encode()
    if len(hues.dictionary) > MOST_BARS:
        told = _and(_of(MOST_BARS, len(hues.dictionary), "colours"), told)
    codes = hues.indices.to_numpy()
    rows: Rows = []
    for code, hue in enumerate(_plain(color, hues.dictionary)[:MOST_BARS]):
        rows += bins(codes == code, {color.field: hue})
    return Marks(rows, told)


def _binned(column: ChartColumn, values: Values) -> tuple[Numbers, Numbers]:
    """The values as doubles, and the edges of the bins: round numbers, or equal parts of the time."""
    if column.role == "time":
        values = values.cast(pa.int64())
    numbers = values.cast(pa.float64(), safe=False).to_numpy()
    low, high = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 1.0)
    # Not the difference of both: that may be more than a double holds.
    width = high / _BINS - low / _BINS
    if column.role == "time":
        step = _step_of_time(width or _DAY)
    else:
        # Not less than what tells two doubles of this size apart.
        least = math.ulp(max(abs(low), abs(high)))
        step = _round_step(max(width or abs(low) / 10 or 1.0, least))
        if bool(np.all(numbers == np.floor(numbers))):
            step = max(step, 1.0)
    first = math.floor(low / step)
    count = max(math.floor(high / step) - first + 1, 1)
    edges = np.array([(first + place) * step for place in range(count + 1)])
    return numbers, np.clip(edges, -sys.float_info.max, sys.float_info.max)


def _round_step(least: float) -> float:
    """The next of 1, 2, 5, 10, 20 … above *least*."""
    power = 10.0 ** math.floor(math.log10(max(least, 1e-300)))
    return next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power >= least)


_SECOND, _DAY = 1000.0, 86_400_000.0

#: Milliseconds of times that people count in.
_STEPS_OF_TIME = (
    *(1.0, 10.0, 100.0),
    *(_SECOND * count for count in (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)),
    *(_DAY * count for count in (1, 7, 14, 28, 91, 182, 365.25)),
)


def _step_of_time(least: float) -> float:
    """Milliseconds of a round time at or above *least*."""
    longest = _STEPS_OF_TIME[-1]
    if least > longest:
        return _round_step(least / longest) * longest
    return next(step for step in _STEPS_OF_TIME if step >= least)


def _ends(column: ChartColumn, edges: Numbers) -> list[Any]:
    """The edges as the chart has them: without the last digits, which are those of the binary fraction."""
    if column.role == "time":
        return [_moment(np.datetime64(int(edge), "ms")) for edge in edges]
    short = [float(f"{edge:.12g}") for edge in edges.tolist()]
    ends: list[float] = short if len(set(short)) == len(short) else edges.tolist()
    return [int(end) if end.is_integer() and abs(end) < 2**53 else end for end in ends]


def _distinct(*columns: ChartColumn | None) -> list[ChartColumn]:
    """Each column once, without None."""
    return list(dict.fromkeys(column for column in columns if column is not None))


def _whole(columns: Sequence[ChartColumn]) -> tuple[pa.Table, str]:
    """The rows that have a number or a time wherever one belongs, and a word on the others."""
    named: dict[str, Any] = {column.field: column.values for column in columns}
    for column in columns:
        if column.role == "text":
            named[column.field] = _with_null(named[column.field])
    table = pa.table(named)
    whole = table.drop_null()
    missing = table.num_rows - whole.num_rows
    return whole, f"{missing:,} of {table.num_rows:,} rows without a value left out" if missing else ""


def _rows(table: pa.Table, columns: Sequence[ChartColumn], further: Sequence[str] = ()) -> Rows:
    """The rows for the chart, which takes times as text."""
    lists = {column.field: _plain(column, table.column(column.field)) for column in columns}
    lists |= {name: table.column(name).to_pylist() for name in further}
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _plain(column: ChartColumn, values: Values | pa.Array[Any] | None = None) -> list[Any]:
    found: Any = column.values if values is None else values
    if column.role == "time":
        moments = found.cast(pa.int64()).to_pylist()
        return [None if moment is None else _moment(np.datetime64(moment, "ms")) for moment in moments]
    if column.role == "text":
        listed: list[str] = found.to_pylist()
        distinct = list(dict.fromkeys(listed))
        named = dict(zip(distinct, _labels(distinct), strict=True))
        return [named[text] for text in listed]
    plain: list[Any] = found.to_pylist()
    return plain


def _moment(moment: np.datetime64) -> str:
    """As JavaScript reads it, in UTC: a year that has not four digits has six and a sign."""
    date = str(moment)
    year, rest = date[: date.index("-", 1)], date[date.index("-", 1) :]
    return f"{year if len(year) == 4 and year[0] != '-' else f'{int(year):+07}'}{rest}Z"


def _with_null(texts: Values) -> Values:
    """*texts* with NULL for what is null; the text ``NULL`` is in quotes then, as in a table."""
    if texts.null_count:
        is_text = pc.is_in(texts, value_set=pa.array(["NULL"]))
        quoted: Any = pc.if_else(is_text, pa.scalar("'NULL'"), texts)
        texts = quoted.fill_null("NULL")
    return texts


def _labels(texts: Sequence[str]) -> list[str]:
    """A label for each of *texts*; those that are cut to the same are numbered, to be told apart."""
    labels: dict[str, None] = {}
    times: Counter[str] = Counter()
    for text in texts:
        short = label = beside_objects(visible(text if len(text) <= _LABEL else f"{text[:_LABEL]}…"))
        while label in labels:
            times[short] += 1
            label = f"{short} ({times[short] + 1})"
        labels[label] = None
    return list(labels)


def _and(one: str, other: str) -> str:
    return f"{one}; {other}" if other else one


def _of(shown: int, total: int, what: str) -> str:
    return f"the first {shown:,} of {total:,} {what}"
