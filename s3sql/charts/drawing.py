"""Marks as an Altair chart.

In: what to draw, and its data.  Out: a chart that can be read on light and on dark pages, and that can be
changed and put together with others as any chart of Altair can.

Fields are given as such and never in Altair's shorthand, in which a colon or a bracket of a name would mean
something.
"""

from __future__ import annotations

from typing import Any

import altair as alt

from s3sql.charts.choosing import Choice
from s3sql.charts.columns import ChartColumn
from s3sql.charts.marks import (
    COUNT,
    FIRST,
    LAST,
    NAME,
    VALUE,
    Marks,
    bin_marks,
    count_marks,
    name_marks,
    row_marks,
    sum_marks,
)
from s3sql.display.cells import visible

#: Greys that can be seen on white and on black.
_INK, _GRID = "#888888", "rgba(136, 136, 136, 0.25)"

_CONFIG = {
    "axis": {
        "domainColor": _INK,
        "gridColor": _GRID,
        "labelColor": _INK,
        "tickColor": _INK,
        "titleColor": _INK,
    },
    "legend": {"labelColor": _INK, "titleColor": _INK},
    "title": {"color": _INK, "subtitleColor": _INK, "anchor": "start"},
    "view": {"stroke": _GRID},
}

#: Pixels of a chart whose axis across is not one of bars.
_WIDTH, _HEIGHT = 560, 300

#: Pixels for each bar where they are few, and where they are many.
_FEW, _WIDE_STEP, _STEP = 12, 44, 22

#: Lines of so many points show the points too.
_DOTTED = 50


class ResultChart(alt.Chart):
    """An Altair chart on the page's own ground, in colours for both themes; Altair's themes go first."""

    def to_dict(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """The chart as Vega-Lite, as Altair's own."""
        context = options.get("context") or {}
        spec = super().to_dict(*arguments, **options)
        themed = spec.get("usermeta", {}).get("embedOptions", {}).get("theme")
        top = context.get("top_level", True) and options.get("format", "vega-lite") == "vega-lite"
        if top and not themed:
            config = spec.setdefault("config", {})
            if "background" not in config:
                spec.setdefault("background", "transparent")
            for part, colours in _CONFIG.items():
                given = config.get(part) or {}
                config[part] = {**colours, **given}
        return spec


def draw(
    choice: Choice, *, title: str | None = None, width: int | None = None, height: int | None = None
) -> ResultChart:
    """The chart of *choice*."""
    marks, chart = _DRAWERS[_form(choice)](choice)
    properties: dict[str, Any] = {}
    if title is not None or marks.left_out:
        subtitle: dict[str, Any] = {"subtitle": marks.left_out} if marks.left_out else {}
        properties["title"] = alt.TitleParams(text=visible(title or ""), **subtitle)
    bars = len({row.get(_group_field(choice)) for row in marks.rows})
    step = alt.Step(_WIDE_STEP if bars <= _FEW else _STEP)
    across, lying = _stands_on_steps(choice), _lies_on_steps(choice)
    properties["width"] = width if width is not None else step if across else _WIDTH
    properties["height"] = height if height is not None else alt.Step(_STEP) if lying else _HEIGHT
    drawn: ResultChart = chart.properties(data=alt.InlineData(values=marks.rows), **properties)
    return drawn


def _form(choice: Choice) -> str:
    if choice.names:
        return "names"
    if choice.x is None or choice.y is None:
        only = choice.x or choice.y
        assert only is not None, "a chart has a column"
        return "bins" if choice.kind == "histogram" and only.role != "text" else "counts"
    return "sums" if choice.kind == "bar" else "rows"


def _lies(choice: Choice) -> bool:
    """Whether the bars lie: they go across, one below the other."""
    if _form(choice) == "counts":
        return choice.x is None
    x, y = choice.x, choice.y
    return _form(choice) == "sums" and x is not None and y is not None and x.role == "number" != y.role


def _bars_column(choice: Choice) -> ChartColumn | None:
    """The column with a bar for each of its values."""
    if _form(choice) == "counts":
        return choice.x or choice.y
    if _form(choice) == "sums":
        return choice.y if _lies(choice) else choice.x
    return None


def _group_field(choice: Choice) -> str:
    column = _bars_column(choice)
    return NAME if column is None else column.field


def _stands_on_steps(choice: Choice) -> bool:
    """Whether the axis across has a step for each bar, so that the chart is as wide as they are."""
    column = _bars_column(choice)
    return bool(choice.names) or (column is not None and column.role != "time" and not _lies(choice))


def _lies_on_steps(choice: Choice) -> bool:
    column = _bars_column(choice)
    return column is not None and column.role != "time" and _lies(choice)


def _names(choice: Choice) -> tuple[Marks, ResultChart]:
    chart = (
        ResultChart()
        .mark_bar()
        .encode(
            x=alt.X(field=NAME, type="nominal", sort=None, title=None),
            y=alt.Y(field=VALUE, type="quantitative", title=None),
            tooltip=[
                alt.Tooltip(field=NAME, type="nominal", title="column"),
                alt.Tooltip(field=VALUE, type="quantitative", title="value"),
            ],
        )
    )
    return name_marks(choice.names), chart


def _bins(choice: Choice) -> tuple[Marks, ResultChart]:
    column = choice.x or choice.y
    assert column is not None
    marks = bin_marks(column, choice.color)
    kind: Any = _TYPES[column.role]
    scale: dict[str, Any] = {"scale": alt.Scale(type="utc")} if column.role == "time" else {}
    chart = (
        ResultChart()
        .mark_bar()
        .encode(
            x=alt.X(field=FIRST, type=kind, bin="binned", title=visible(column.title), **scale),
            x2=alt.X2(field=LAST),
            y=alt.Y(field=COUNT, type="quantitative", title="rows", stack="zero"),
            tooltip=[
                _tooltip(FIRST, kind, f"{column.title} from"),
                _tooltip(LAST, kind, "to"),
                _tooltip(COUNT, "quantitative", "rows"),
                *_hue_tooltip(choice),
            ],
            **_color(choice),
        )
    )
    return marks, chart


def _counts(choice: Choice) -> tuple[Marks, ResultChart]:
    column = choice.x or choice.y
    assert column is not None
    marks = count_marks(column, choice.color)
    order: Any = {"sort": None if column.role == "text" else "ascending"} if column.role != "time" else {}
    count: dict[str, Any] = {"field": COUNT, "type": "quantitative", "title": "rows"}
    across = _lies(choice)
    chart = (
        ResultChart()
        .mark_bar()
        .encode(
            x=alt.X(**count) if across else alt.X(**_axis(column, discrete=True), **order),
            y=alt.Y(**_axis(column, discrete=True), **order) if across else alt.Y(**count),
            tooltip=[_column_tooltip(column), _tooltip(COUNT, "quantitative", "rows"), *_hue_tooltip(choice)],
            **_color(choice),
        )
    )
    return marks, chart


def _sums(choice: Choice) -> tuple[Marks, ResultChart]:
    x, y = choice.x, choice.y
    assert x is not None
    assert y is not None
    group, value = (y, x) if _lies(choice) else (x, y)
    marks, summed = sum_marks(group, value, choice.color)
    title = visible(f"sum of {value.title}" if summed else value.title)
    bars: dict[str, Any] = {**_axis(group, discrete=True), **({} if group.role == "time" else {"sort": None})}
    upwards: dict[str, Any] = {"field": value.field, "type": "quantitative", "title": title}
    chart = (
        ResultChart()
        .mark_bar()
        .encode(
            x=alt.X(**(bars if group is x else upwards)),
            y=alt.Y(**(bars if group is y else upwards)),
            tooltip=[
                _column_tooltip(group),
                _tooltip(value.field, "quantitative", title),
                *_hue_tooltip(choice),
            ],
            **_color(choice),
        )
    )
    return marks, chart


def _rows(choice: Choice) -> tuple[Marks, ResultChart]:
    x, y = choice.x, choice.y
    assert x is not None
    assert y is not None
    columns = list(dict.fromkeys(column for column in (x, y, choice.color) if column is not None))
    marks = row_marks(columns)
    empty = ResultChart()
    if choice.kind == "point":
        chart = empty.mark_point()
    else:
        line = choice.kind == "line"
        chart = empty.mark_line(point=len(marks.rows) <= _DOTTED) if line else empty.mark_area(opacity=0.7)
    order: dict[str, Any] = {"sort": None} if x.role == "text" else {}
    chart = chart.encode(
        x=alt.X(**_axis(x), **order),
        y=alt.Y(**_axis(y)),
        tooltip=[_column_tooltip(column) for column in columns],
        **_color(choice, discrete=choice.kind in ("line", "area")),
    )
    return marks, chart


_DRAWERS = {"names": _names, "bins": _bins, "counts": _counts, "sums": _sums, "rows": _rows}

_TYPES: dict[str, Any] = {"number": "quantitative", "time": "temporal", "text": "nominal"}


def _axis(column: ChartColumn, *, discrete: bool = False) -> dict[str, Any]:
    """The channel of *column*; ``discrete``: numbers are a step each."""
    kind = "ordinal" if discrete and column.role == "number" else _TYPES[column.role]
    scale: dict[str, Any] = {}
    if column.role == "time":
        scale = {"scale": alt.Scale(type="utc")}
    return {"field": column.field, "type": kind, "title": visible(column.title), **scale}


def _color(choice: Choice, *, discrete: bool = False) -> dict[str, Any]:
    """The channel of the colour; ``discrete``: each value has its own, and so a line of its own."""
    column = choice.color
    if column is None:
        return {}
    title = visible(column.title)
    if discrete:
        kind: Any = "nominal" if column.role == "text" else "ordinal"
        return {"color": alt.Color(field=column.field, type=kind, title=title)}
    scale: dict[str, Any] = {"scale": alt.Scale(type="utc")} if column.role == "time" else {}
    return {"color": alt.Color(field=column.field, type=_TYPES[column.role], title=title, **scale)}


def _hue_tooltip(choice: Choice) -> list[alt.Tooltip]:
    color = choice.color
    return [] if color is None or color is choice.x or color is choice.y else [_column_tooltip(color)]


def _column_tooltip(column: ChartColumn) -> alt.Tooltip:
    return _tooltip(column.field, _TYPES[column.role], column.title)


def _tooltip(field: str, kind: Any, title: str) -> alt.Tooltip:
    if kind != "temporal":
        return alt.Tooltip(field=field, type=kind, title=visible(title))
    # The unit is what makes Vega-Lite write the time in UTC, as the axis does.
    unit: Any = "utcyearmonthdatehoursminutesseconds"
    return alt.Tooltip(
        field=field, type="temporal", timeUnit=unit, format="%Y-%m-%d %H:%M:%S", title=visible(title)
    )
