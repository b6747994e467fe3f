"""Walking and rewriting expressions and plans, for the rules.

In: a tree of frozen nodes.  Out: the same tree, or a new one that shares every part that did not change.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from s3sql.plan.chain import LEFT_SLOTS, chain
from s3sql.plan.expr import Expr, slots
from s3sql.plan.logical import Aggregate, AggregateCall, Filter, Item, Limit, Plan, Project, Scan, Spread

Node: TypeAlias = Scan | Filter | Aggregate | Project | Limit
Change: TypeAlias = Callable[[Expr], Expr]


def walk(expression: Expr) -> Iterator[Expr]:
    """The expression and all its parts, parents first, left to right."""
    pending = [expression]
    while pending:
        part = pending.pop()
        yield part
        pending += reversed(list(part.children()))


def shape(expression: Expr) -> Hashable:
    """A key that equal expressions have in common, and only those: comparing long chains would recurse."""
    return tuple(
        (type(part), _plain(tuple(getattr(part, slot) for slot in slots(type(part)))))
        for part in walk(expression)
    )


def _plain(value: object) -> object:
    """*value* with a mark for every expression in it."""
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return Expr if isinstance(value, Expr) else value


def rewrite(expression: Expr, change: Change) -> Expr:
    """The expression with *change* applied to every part of it, children first, left to right."""
    left: Expr | None = None
    for link in chain(expression):
        left = _with_operands(link, left, change)
    assert left is not None, "a chain has a first operand"
    return left


def _with_operands(expression: Expr, left: Expr | None, change: Change) -> Expr:
    """One step of rewrite(); *left* is the operand on the left of an operator, rewritten already."""
    changed: dict[str, Any] = {}
    left_slot = None if left is None else LEFT_SLOTS[type(expression)]
    for slot in slots(type(expression)):
        before = getattr(expression, slot)
        after = left if slot == left_slot else _rewritten(before, change)
        if after is not before:
            changed[slot] = after
    return change(replace(expression, **changed) if changed else expression)


def _rewritten(value: object, change: Change) -> object:
    if isinstance(value, Expr):
        return rewrite(value, change)
    if not isinstance(value, tuple):
        return value
    after = tuple(_rewritten(item, change) for item in value)
    return value if all(new is old for new, old in zip(after, value, strict=True)) else after


def nodes(plan: Node) -> Iterator[Node]:
    """The plan's nodes from the top down to the scan."""
    node: Node = plan
    while not isinstance(node, Scan):
        yield node
        node = node.source
    yield node


def scan_of(plan: Node) -> Scan:
    """The scan of the plan."""
    node: Node = plan
    while not isinstance(node, Scan):
        node = node.source
    return node


def conjuncts_of(plan: Node) -> tuple[Expr, ...]:
    """The conjuncts of the plan's filter; none without one."""
    return next((node.conjuncts for node in nodes(plan) if isinstance(node, Filter)), ())


def expressions(node: Node) -> Iterator[Expr]:
    """The expressions that *node* itself evaluates, in order."""
    if isinstance(node, Filter):
        yield from node.conjuncts
    elif isinstance(node, Aggregate):
        yield from (call.operand for call in node.calls if call.operand is not None)
    elif isinstance(node, Project):
        yield from (item.expression for item in node.items)


def parts(plan: Node) -> Iterator[Expr]:
    """All parts of all expressions of the plan."""
    return (part for node in nodes(plan) for root in expressions(node) for part in walk(root))


def map_nodes(plan: Plan, change: Callable[[Node], Node]) -> Plan:
    """The plan with *change* applied to every node, the scan first; a filter may become its own source."""
    changed = _mapped(plan, change)
    assert isinstance(changed, Project | Limit), "the top of a plan stays what it is"
    return changed


def _mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    if not isinstance(node, Scan):
        source = _mapped(node.source, change)
        if source is not node.source:
            node = replace(node, source=source)  # type: ignore[arg-type]
    return change(node)


def map_scan(plan: Plan, change: Callable[[Scan], Scan]) -> Plan:
    """The plan over another scan."""
    return map_nodes(plan, lambda node: change(node) if isinstance(node, Scan) else node)


def map_expressions(plan: Plan, change: Change) -> Plan:
    """The plan with every expression as *change* makes it; *change* is given whole expressions."""

    def changed(node: Node) -> Node:
        if isinstance(node, Filter):
            return replace(node, conjuncts=tuple(change(conjunct) for conjunct in node.conjuncts))
        if isinstance(node, Aggregate):
            return replace(node, calls=tuple(_map_call(call, change) for call in node.calls))
        if isinstance(node, Project):
            return replace(node, items=tuple(_map_item(item, change) for item in node.items))
        return node

    return map_nodes(plan, changed)


def _map_call(call: AggregateCall, change: Change) -> AggregateCall:
    return call if call.operand is None else replace(call, operand=change(call.operand))


def _map_item(item: Item | Spread, change: Change) -> Item | Spread:
    return replace(item, expression=change(item.expression))
