"""The rows of a result as an Altair chart: ``result.chart(x=…, y=…, kind=…)``.

In: an Arrow table.  Out: an ``altair.Chart``. Three steps:

1. every column becomes numbers, times or texts (:mod:`s3sql.charts.columns`);
2. what was not asked for is chosen (:mod:`s3sql.charts.choosing`);
3. the rows become at most five thousand marks (:mod:`s3sql.charts.marks`), which Altair draws
   (:mod:`s3sql.charts.drawing`).

Altair is loaded with the last step; it comes with ``s3sql[jupyter]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from s3sql.charts.choosing import choose
from s3sql.charts.columns import chart_columns

if TYPE_CHECKING:
    import altair


def chart(
    table: pa.Table,
    *,
    x: str | None = None,
    y: str | None = None,
    kind: str | None = None,
    color: str | None = None,
    title: str | None = None,
    width: int | None = None,
    height: int | None = None,
) -> altair.Chart:
    """A chart of the rows of *table*; see :meth:`s3sql.result.Result.chart`.

    Raises:
        ImportError: Altair is not installed.
        TypeError: *title* is no text, or *width* or *height* no number.
        ValueError: there is no such column or kind, or the columns do not suit it; a size is not positive.
    """
    if title is not None and not isinstance(title, str):
        raise TypeError(f"the title is a text, not {type(title).__name__}")
    for name, size in (("width", width), ("height", height)):
        if size is not None and not isinstance(size, int | float):
            raise TypeError(f"the {name} is a number of pixels, not {type(size).__name__}")
        if size is not None and size <= 0:
            raise ValueError(f"the {name} is a number of pixels above 0, not {size}")
    try:
        from s3sql.charts.drawing import draw
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != "altair":
            raise
        raise ImportError("charts need Altair; install it with: pip install 's3sql[jupyter]'") from missing
    choice = choose(chart_columns(table), table.num_rows, x, y, kind, color)
    return draw(choice, title=title, width=width, height=height)
