"""The ratios as a picture: a bar for each query, and a mark where its target is.

In: results with a ratio.  Out: an SVG, which follows the colours of the page (light or dark) that shows it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.measure import QueryResult

_ROW = 26
_LABELS = 330
_BARS = 420
_NOTES = 150
_TOP = 64
_BOTTOM = 34

_NOTE = "Speed over that of the fastest peer; the upright mark is the target."

_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 16px; font-weight: 600; }
  .note { fill: #57606a; font-size: 12px; }
  .met { fill: #1a7f5a; }
  .missed { fill: #b35900; }
  .grid { stroke: #d0d7de; }
  .equal { stroke: #57606a; }
  .target { stroke: #24292f; stroke-width: 2.5; }
  .back { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    .met { fill: #3fb68b; }
    .missed { fill: #e3963e; }
    .grid { stroke: #30363d; }
    .equal { stroke: #9198a1; }
    .target { stroke: #e6edf3; }
    .back { fill: #0d1117; }
  }
"""


def svg(results: Sequence[QueryResult], title: str) -> str:
    """The picture of the *results*, on a logarithmic axis: twice as fast is as far as half as fast."""
    shown = [(result, result.ratio) for result in results if result.ratio is not None]
    values = [1.0, *(ratio for _, ratio in shown), *(result.query.target for result, _ in shown)]
    low = 2.0 ** math.floor(math.log2(min(values) / 1.05))
    high = 2.0 ** math.ceil(math.log2(max(values) * 1.05))
    width, height = _LABELS + _BARS + _NOTES, _TOP + _ROW * len(shown) + _BOTTOM

    def place(value: float) -> float:
        return _LABELS + _BARS * math.log(value / low) / math.log(high / low)

    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{width}" height="{height}"/>',
        f'<text class="title" x="16" y="26">{escape(title)}</text>',
        f'<text class="note" x="16" y="46">{_NOTE}</text>',
    ]
    tick = low
    while tick <= high:
        parts.append(_line("equal" if tick == 1 else "grid", place(tick), _TOP - 6, height - _BOTTOM + 4))
        where = f'x="{place(tick):.1f}" y="{height - 12}" text-anchor="middle"'
        parts.append(f'<text class="note" {where}>{tick:g} ×</text>')
        tick *= 2
    for number, (result, ratio) in enumerate(shown):
        ends = place(1), place(ratio), place(result.query.target)
        parts += _bar(result, ratio, _TOP + _ROW * number, *ends)
    return "\n".join([*parts, "</svg>", ""])


def _bar(result: QueryResult, ratio: float, top: float, one: float, end: float, target: float) -> list[str]:
    kind = "met" if ratio >= result.query.target else "missed"
    peer = result.fastest_peer.engine if result.fastest_peer else ""
    middle = top + _ROW / 2 + 4
    label = escape(result.query.title.replace("`", ""))
    across = f'x="{min(one, end):.1f}" width="{max(abs(end - one), 1):.1f}"'
    note = f'<tspan class="note">{escape(peer)}, {kind}</tspan>'
    return [
        f'<text x="{_LABELS - 12}" y="{middle:.1f}" text-anchor="end">{label}</text>',
        f'<rect class="{kind}" {across} y="{top + 5}" height="{_ROW - 10}" rx="2"/>',
        _line("target", target, top + 2, top + _ROW - 2),
        f'<text x="{_LABELS + _BARS + 12}" y="{middle:.1f}">{ratio:.2f} × {note}</text>',
    ]


def _line(kind: str, x: float, top: float, bottom: float) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'
