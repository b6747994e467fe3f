"""Chains of operators: ``a + b - c`` leans to the left, and is as deep as it is long.

In: a bound expression.  Out: the operators on its left side. Nesting is limited, the length of a chain is
not: a query of 256 KiB can have 130,000 operators in a row. So whatever follows the operands of an
expression goes along the left side in a loop, and recurses for the other operands only.
"""

from __future__ import annotations

from s3sql.plan.expr import Expr
from s3sql.plan.operators import Arithmetic, Between, Compare, Concat, In, InCollection, IsKind, Like, Not

#: Where each class of operator keeps the operand that a chain goes on with.
LEFT_SLOTS: dict[type[Expr], str] = {
    **dict.fromkeys((Arithmetic, Compare, Concat), "left"),
    **dict.fromkeys((Between, In, InCollection, IsKind, Like, Not), "operand"),
}


def left_operand(expression: Expr) -> Expr | None:
    """The operand on the left of an operator; None for what is no link of a chain."""
    slot = LEFT_SLOTS.get(type(expression))
    operand: Expr | None = None if slot is None else getattr(expression, slot)
    return operand


def chain(expression: Expr) -> list[Expr]:
    """The left side of *expression*, from the inside out: of ``a + b = c`` a, ``a + b`` and the whole."""
    links = [expression]
    while (slot := LEFT_SLOTS.get(type(expression))) is not None:
        expression = getattr(expression, slot)
        links.append(expression)
    links.reverse()
    return links
