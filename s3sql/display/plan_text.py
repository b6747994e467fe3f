"""A plan as a tree of text, with the rows and the time of every node once the query has run.

In: a :class:`~s3sql.display.plan_tree.PlanTree`.  Out: lines for a terminal.

     rows    time
        3    2 µs             Limit 3
        3   40 µs ▍           └─ Project _2 AS name
       12  1.2 ms ████████▌      └─ Filter _1 = '1'
    1,000  1.3 ms █████████▎        └─ Scan csv, columns _1
"""

from __future__ import annotations

from s3sql.display.amounts import count_text, seconds_text
from s3sql.display.error_text import printable
from s3sql.display.plan_tree import Branch, PlanTree

#: Characters of the bar of the node that took longest.
_BAR_CELLS = 12
_EIGHTHS = " ▏▎▍▌▋▊▉"


def plan_text(plan: PlanTree) -> str:
    """The tree, one line a node; what is done first is at the bottom."""
    branches = list(plan.branches())
    trees = [_tree(branch) for branch in branches]
    if any(branch.rows is None for branch in branches):
        return "\n".join(trees)
    rows = ["rows", *(count_text(branch.rows or 0) for branch in branches)]
    times = ["time", *(seconds_text(branch.seconds or 0) for branch in branches)]
    longest = max(branch.seconds or 0 for branch in branches)
    bars = ["", *(_bar((branch.seconds or 0) / longest if longest else 0) for branch in branches)]
    wide, long = max(map(len, rows)), max(map(len, times))
    return "\n".join(
        f"{count:>{wide}}  {time:>{long}} {bar:<{_BAR_CELLS}} {tree}".rstrip()
        for count, time, bar, tree in zip(rows, times, bars, ["", *trees], strict=True)
    )


def _tree(branch: Branch) -> str:
    corner = f"{'   ' * (branch.depth - 1)}└─ " if branch.depth else ""
    return corner + printable(branch.text).replace("\n", "\\n")


def _bar(share: float) -> str:
    """A bar of *share* of the longest, in eighths of a character."""
    eighths = round(share * _BAR_CELLS * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()
