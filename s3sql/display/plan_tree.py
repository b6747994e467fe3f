"""A plan that is data to programs and a picture to people.

In: the plan as a dictionary, and a line of text for each of its nodes.  Out: the same dictionary, which
``json.dumps`` takes, and which a notebook or ``print`` shows as a tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from s3sql.display.amounts import count_text, seconds_text


@dataclass(frozen=True, slots=True)
class Branch:
    """One node of the picture: its text, how deep it is, and what it did, None before the query has run."""

    text: str
    depth: int
    rows: int | None
    seconds: float | None


class PlanTree(dict[str, Any]):
    """The plan of a query: a dictionary for each node, its input under ``source``.

    After the query has run each has ``rows``, those that left it, and ``seconds``, the work of all threads.
    """

    def __init__(self, described: Mapping[str, Any], lines: tuple[str, ...]) -> None:
        """``lines``: the text of each node, from the top down."""
        super().__init__(described)
        self._lines = lines

    def branches(self) -> Iterator[Branch]:
        """The nodes from the top down."""
        node: Mapping[str, Any] = self
        for depth, line in enumerate(self._lines):
            yield Branch(line, depth, node.get("rows"), node.get("seconds"))
            node = node.get("source", {})

    def explained(self) -> str:
        """The plan as text, each node two blanks deeper than the one it feeds, rows and time behind."""
        return "\n".join(f"{'  ' * branch.depth}{branch.text}{_done(branch)}" for branch in self.branches())

    def __str__(self) -> str:
        from s3sql.display.plan_text import plan_text

        return plan_text(self)

    def _repr_html_(self) -> str:
        from s3sql.display.plan_html import plan_html

        return plan_html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("PlanTree(...)" if cycle else str(self))


def _done(branch: Branch) -> str:
    if branch.rows is None or branch.seconds is None:
        return ""
    return f" ({count_text(branch.rows, 'row')}, {seconds_text(branch.seconds)})"
