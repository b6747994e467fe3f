"""A plan that gives no more than so many rows, whatever its query says.

In: an optimised plan, which may come from the cache.  Out: another one; the plan itself stays as it is.
"""

from __future__ import annotations

from s3sql.plan.logical import Limit, Plan
from s3sql.plan.rules import push_limit


def at_most(plan: Plan, count: int) -> Plan:
    """The first *count* rows of *plan*, or all that its own LIMIT leaves if these are fewer."""
    if isinstance(plan, Limit):
        return plan if plan.count <= count else push_limit(Limit(plan.source, count))
    return push_limit(Limit(plan, count))
