"""Literals of numbers and timestamps as values: the spelling of the query in, a bound literal out.

Source: AWS S3 User Guide, "Data types": integers have 64 bits, decimals at most 38 significant digits.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context

from s3sql import timestamp
from s3sql.errors import Position, S3SelectError
from s3sql.plan.expr import Literal
from s3sql.types import Kind

#: Rounds to the digits that a decimal has; its exponents are wider than any that is let through.
_DECIMALS = Context(prec=38, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])

#: The scales of a decimal (AWS S3 User Guide: −2^31 to 2^31−1).
_SCALES = range(-(2**31), 2**31)


def decimal_literal(spelling: str, position: Position | None) -> Literal:
    """The decimal of that spelling, with the scale it was written in; beyond 38 digits rounded half-even.

    Raises :class:`S3SelectError` ``LexerInvalidLiteral`` for an exponent that no decimal has.
    """
    value = _DECIMALS.create_decimal(spelling)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent not in _SCALES:
        raise S3SelectError(
            "LexerInvalidLiteral",
            f"The number at {position} has an exponent that no decimal has: the scale is a 32-bit integer.",
            position=position,
        )
    # The dialect has no negative zero.
    return Literal(Kind.DECIMAL, value if value else value.copy_abs(), position=position)


def timestamp_literal(text: str, position: Position | None) -> Literal:
    """The timestamp of an Ion text that the parser has checked."""
    value = timestamp.parse(text)
    assert value is not None, f"the parser takes no {text!r} for a timestamp"
    return Literal(Kind.TIMESTAMP, value, position=position)
