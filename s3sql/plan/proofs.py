"""Which operators cannot fail, whatever the rows hold.

In: bound operands.  Out: proofs, of which the rules make use: what cannot fail may be evaluated for any row.

Source: AWS S3 User Guide, "Operators" and "SQL functions", as :mod:`s3sql.functions` has them.
"""

from __future__ import annotations

from s3sql.plan.expr import Expr, Literal
from s3sql.plan.kinds import known_kinds
from s3sql.plan.like import literal_runs
from s3sql.types import Kind

#: Functions that take every value (or none at all), and those that take every text.
_ANY_ARGUMENTS = frozenset({"COALESCE", "NULLIF", "UTCNOW"})
_TEXT_ARGUMENTS = frozenset({"CHAR_LENGTH", "LOWER", "TRIM", "UPPER"})

#: Functions that take every timestamp, behind the part of it that the parser has checked.
_TIMESTAMP_ARGUMENTS = frozenset({"DATE_DIFF", "EXTRACT"})


def is_sound_pattern(pattern: Expr, escape: Expr | None) -> bool:
    """Whether both are constants that LIKE accepts."""
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
        return False
    if escape is None:
        return True
    if not isinstance(escape, Literal) or not isinstance(escape.value, str):
        return False
    return literal_runs(pattern.value, escape.value) is not None


def never_fails(function: str, arguments: tuple[Expr, ...]) -> bool:
    """Whether *function* takes everything that these arguments can be."""
    if function in _ANY_ARGUMENTS:
        return True
    if function in _TIMESTAMP_ARGUMENTS:
        return all(known_kinds(argument) <= {Kind.TIMESTAMP} for argument in arguments[1:])
    return function in _TEXT_ARGUMENTS and all(
        known_kinds(argument) <= {Kind.STRING} for argument in arguments
    )
