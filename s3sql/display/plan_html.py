"""A plan as a notebook shows it: a tree, and once the query has run the rows and the time of each node.

In: a :class:`~s3sql.display.plan_tree.PlanTree`.  Out: HTML that needs nothing else, and has no script.
"""

from __future__ import annotations

from html import escape

from s3sql.display.amounts import count_text, seconds_text
from s3sql.display.cells import visible
from s3sql.display.html_style import NO_MATHEMATICS, TABLE_STYLE
from s3sql.display.plan_tree import Branch, PlanTree

_STYLE = """
.s3sql-box.s3sql-plan td { max-width: none; vertical-align: middle; }
.s3sql-box.s3sql-plan td.s3sql-node {
  font-family: var(--jp-code-font-family, ui-monospace, monospace); max-width: 60em; overflow-wrap: anywhere;
  white-space: pre-wrap;
}
.s3sql-box.s3sql-plan .s3sql-bar {
  background: var(--s3sql-bar); border-radius: 2px; height: 0.7em; min-width: 1px;
}
"""


def plan_html(plan: PlanTree) -> str:
    """The tree, one row a node; what is done first is at the bottom."""
    branches = list(plan.branches())
    longest = max(branch.seconds or 0 for branch in branches)
    ran = all(branch.rows is not None for branch in branches)
    heads = '<th scope="col">stage</th>'
    if ran:
        heads += '<th scope="col" style="text-align: right">rows</th>'
        heads += '<th scope="col" style="text-align: right">time</th><td></td>'
    rows = "".join(
        f"<tr>{_node(branch)}{_work(branch, longest) if ran else ''}</tr>\n" for branch in branches
    )
    return (
        f'<div class="s3sql-box s3sql-plan {NO_MATHEMATICS}"><style>{TABLE_STYLE}{_STYLE}</style>'
        '<div class="s3sql-scroll" role="region" aria-label="Plan" tabindex="0"><table>\n'
        "<caption>The plan of the query; what is done first is at the bottom.</caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div></div>"
    )


def _node(branch: Branch) -> str:
    name, blank, rest = visible(branch.text).partition(" ")
    corner = "└─ " if branch.depth else ""
    return (
        f'<td class="s3sql-node" style="padding-left: {0.8 + 1.6 * max(branch.depth - 1, 0):.1f}em">'
        f"{corner}<b>{escape(name)}</b>{blank}{escape(rest)}</td>"
    )


def _work(branch: Branch, longest: float) -> str:
    seconds = branch.seconds or 0
    share = 100 * seconds / longest if longest else 0
    bar = f'<div class="s3sql-bar" style="width: {share:.1f}%"></div>' if seconds else ""
    return (
        f'<td style="text-align: right">{count_text(branch.rows or 0)}</td>'
        f'<td style="text-align: right">{seconds_text(seconds)}</td>'
        f'<td aria-hidden="true" style="min-width: 8em">{bar}</td>'
    )
