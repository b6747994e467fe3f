"""What every stage of a query did: the rows that left it, and how long workers were at it.

In: what the work on each morsel was, in the order of the object.  Out: a :class:`StageWork` for every node of
the plan.

The clock is looked at where one stage ends and the next begins, once for a morsel. Counted are the morsels
whose result was used: what was read ahead of a LIMIT or of a failing row, and thrown away, is not, so the
rows are the same in every run. The time is summed over the threads; reading includes waiting for the store.
A column that is decoded only where a row needs it counts for the stage that needed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from s3sql.plan.logical import Aggregate, Filter, Limit, Plan, Scan
from s3sql.plan.traverse import nodes


@dataclass(frozen=True, slots=True)
class MorselWork:
    """What one morsel cost: rows out of the scan and out of the filter, nanoseconds of each stage.

    ``output_time`` is that of the aggregates where there are any, else of the select list and the writing.
    """

    scanned_rows: int = 0
    kept_rows: int = 0
    scan_time: int = 0
    filter_time: int = 0
    output_time: int = 0


@dataclass(slots=True)
class StageWork:
    """Rows out of one node of the plan, and nanoseconds of work."""

    rows: int = 0
    nanoseconds: int = 0

    @property
    def seconds(self) -> float:
        """The work in seconds."""
        return self.nanoseconds / 1e9


@dataclass(slots=True)
class Profile:
    """The work of one query; filled in by the one thread that takes the results.

    ``begun``: whether reading has.
    """

    begun: bool = False
    scan: StageWork = field(default_factory=StageWork)
    filter: StageWork = field(default_factory=StageWork)
    aggregate: StageWork = field(default_factory=StageWork)
    project: StageWork = field(default_factory=StageWork)
    limit: StageWork = field(default_factory=StageWork)

    def add(self, work: MorselWork, *, folded: bool) -> None:
        """Count one morsel; *folded*: into aggregates."""
        self.scan.rows += work.scanned_rows
        self.scan.nanoseconds += work.scan_time
        self.filter.rows += work.kept_rows
        self.filter.nanoseconds += work.filter_time
        (self.aggregate if folded else self.project).nanoseconds += work.output_time

    def of(self, plan: Plan) -> Iterator[StageWork]:
        """The work of every node of *plan*, from the top down."""
        for node in nodes(plan):
            if isinstance(node, Scan):
                yield self.scan
            elif isinstance(node, Filter):
                yield self.filter
            elif isinstance(node, Aggregate):
                yield self.aggregate
            else:
                yield self.limit if isinstance(node, Limit) else self.project
