"""UTCNOW as a constant of one query.

In: a plan, which may come from the cache, the text it was made of, and the time.  Out: the plan with every
``UTCNOW()`` as a literal.

Source: AWS S3 User Guide, UTCNOW: the current time in UTC, to the millisecond. It is one value for the whole
query, whatever the row and the worker.
"""

from __future__ import annotations

from s3sql.plan.expr import Expr, Literal
from s3sql.plan.logical import Plan
from s3sql.plan.operators import Call
from s3sql.plan.traverse import map_expressions, rewrite
from s3sql.timestamp import Timestamp
from s3sql.types import Kind

#: The precision of milliseconds.
_MILLISECONDS = 7


def at_time(plan: Plan, text: str, nanoseconds: int) -> Plan:
    """*plan*, made of the query *text*, at a time in nanoseconds since 1970, as ``time.time_ns`` gives it."""
    # Nothing else spells a call, and a long query takes a while to walk.
    if "utcnow" not in text.lower():
        return plan
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    now = Literal(Kind.TIMESTAMP, Timestamp(seconds, rest // 1_000_000 * 1_000_000, _MILLISECONDS, 0))
    return map_expressions(plan, lambda whole: rewrite(whole, lambda part: now if _is_now(part) else part))


def _is_now(expression: Expr) -> bool:
    return isinstance(expression, Call) and expression.function == "UTCNOW"
