"""The optimizer: one ordered list of rules, each a function from a plan to a plan of the same meaning.

In: the plan as the binder made it.  Out: the plan that runs. A rule never adds, drops or changes a
failure: an expression that can fail is evaluated for exactly the rows SQL evaluates it for, so it neither
moves nor has anything moved across it.

Golden plans after every rule: ``tests/plan/scripts``.  A program can have its own rules among them
(:func:`s3sql.extend.rule`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import TypeAlias

from s3sql.plan.expr import CsvField, Expr, Literal, ParquetField
from s3sql.plan.fold import TRUE, fold
from s3sql.plan.kinds import UNKNOWN, known_kinds, possible_kinds
from s3sql.plan.like import literal_runs
from s3sql.plan.logical import Aggregate, AggregateCall, Filter, Limit, Plan, Scan
from s3sql.plan.operators import And, Between, Call, Cast, Compare, In, Like, TextRange, is_boolean
from s3sql.plan.traverse import (
    Node,
    map_expressions,
    map_nodes,
    map_scan,
    parts,
    rewrite,
    walk,
)
from s3sql.types import NUMBERS, Kind

Rule: TypeAlias = Callable[[Plan], Plan]


def optimize(plan: Plan) -> Plan:
    """The plan after all rules."""
    for rule in RULES:
        plan = rule(plan)
    return plan


def steps(plan: Plan) -> Iterator[tuple[str, Plan]]:
    """The name of each rule and the plan after it, in order."""
    for rule in RULES:
        plan = rule(plan)
        yield rule.__name__, plan


def fold_constants(plan: Plan) -> Plan:
    """What the text alone decides need not be computed for every row."""
    return map_expressions(plan, lambda expression: rewrite(expression, fold))


def split_conjunctions(plan: Plan) -> Plan:
    """Conjuncts on their own narrow the rows one after the other and can be ordered.

    AND goes on after an unknown, a filter does not; so an operand stays together with the operands behind
    it as long as one of them can fail.
    """

    def split(node: Node) -> Node:
        if not isinstance(node, Filter):
            return node
        conjuncts = tuple(part for conjunct in node.conjuncts for part in _conjuncts(conjunct))
        conjuncts = tuple(conjunct for conjunct in conjuncts if conjunct != TRUE)
        return replace(node, conjuncts=conjuncts) if conjuncts else node.source

    return map_nodes(plan, split)


def _conjuncts(condition: Expr) -> tuple[Expr, ...]:
    if not isinstance(condition, And):
        return (condition,)
    operands = condition.operands
    last_fallible = max((i for i, operand in enumerate(operands) if _can_fail(operand)), default=-1)
    first_unknown = next(
        (i for i, operand in enumerate(operands) if possible_kinds(operand) & UNKNOWN), len(operands)
    )
    if first_unknown >= last_fallible:
        return _split_all(operands)
    together = And(operands[first_unknown : last_fallible + 1], position=condition.position)
    return (*_split_all(operands[:first_unknown]), together, *_split_all(operands[last_fallible + 1 :]))


def _split_all(operands: tuple[Expr, ...]) -> tuple[Expr, ...]:
    return tuple(part for operand in operands for part in _conjuncts(operand))


def _can_fail(condition: Expr) -> bool:
    return condition.fallible or not is_boolean(condition)


def join_text_ranges(plan: Plan) -> Plan:
    """Two bounds for one field are judged in one look at it."""

    def join(node: Node) -> Node:
        if not isinstance(node, Filter):
            return node
        inside = tuple(
            _joined_chain(conjunct) if isinstance(conjunct, And) else conjunct for conjunct in node.conjuncts
        )
        return replace(node, conjuncts=_joined(inside))

    return map_nodes(plan, join)


def _joined_chain(chain: And) -> Expr:
    operands = _joined(chain.operands)
    return operands[0] if len(operands) == 1 else replace(chain, operands=operands)


def _joined(operands: tuple[Expr, ...]) -> tuple[Expr, ...]:
    joined: list[Expr] = []
    for operand in operands:
        both = _text_range(joined[-1], operand) if joined else None
        if both is None:
            joined.append(operand)
        else:
            joined[-1] = both
    return tuple(joined)


_LOWER, _UPPER = {">": False, ">=": True}, {"<": False, "<=": True}


def _text_range(one: Expr, other: Expr) -> TextRange | None:
    """One range for a lower and an upper bound of one CSV field, both texts."""
    bounds = [bound for bound in (_text_bound(one), _text_bound(other)) if bound is not None]
    lower = next((bound for bound in bounds if bound[1] in _LOWER), None)
    upper = next((bound for bound in bounds if bound[1] in _UPPER), None)
    if lower is None or upper is None or lower[0] != upper[0]:
        return None
    return TextRange(lower[0], lower[2], _LOWER[lower[1]], upper[2], _UPPER[upper[1]], position=one.position)


def _text_bound(condition: Expr) -> tuple[CsvField, str, str] | None:
    """Field, operator and text of a comparison of the form ``field operator 'text'``."""
    if not isinstance(condition, Compare):
        return None
    left, right, operator = condition.left, condition.right, condition.operator
    if isinstance(right, CsvField):
        left, right, operator = right, left, _SWAPPED.get(operator, operator)
    if isinstance(left, CsvField) and isinstance(right, Literal) and right.kind == Kind.STRING:
        return left, operator, str(right.value)
    return None


_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def order_conjuncts(plan: Plan) -> Plan:
    """A cheap test first spares the dear ones the rows it rejects; what can fail keeps its place."""

    def order(node: Node) -> Node:
        if not isinstance(node, Filter):
            return node
        # A chain that now begins with what is never unknown can be split there.
        inside = tuple(
            part
            for conjunct in node.conjuncts
            for part in (_conjuncts(_ordered_chain(conjunct)) if isinstance(conjunct, And) else (conjunct,))
        )
        return replace(node, conjuncts=_ordered(inside))

    return map_nodes(plan, order)


def _ordered_chain(chain: And) -> And:
    return replace(chain, operands=_ordered(chain.operands))


def _ordered(operands: tuple[Expr, ...]) -> tuple[Expr, ...]:
    ordered: list[Expr] = []
    for can_fail, group in groupby(operands, _can_fail):
        run = tuple(group)
        ordered.extend(run if can_fail else sorted(run, key=_cost))
    return tuple(ordered)


#: What a node costs a row beside a plain comparison of text with text, roughly in nanoseconds.
_COSTS: dict[type[Expr], int] = {
    Literal: 0,
    CsvField: 1,
    ParquetField: 1,
    Compare: 1,
    Between: 2,
    TextRange: 2,
    In: 3,
    Like: 4,
    Cast: 6,
    Call: 8,
}


def _cost(expression: Expr) -> int:
    return sum(_own_cost(part) for part in walk(expression))


def _own_cost(part: Expr) -> int:
    reads_number = isinstance(part, Compare | Between | In) and _reads_field_as_number(part)
    return _COSTS.get(type(part), 2) + (4 if reads_number else 0)


def _reads_field_as_number(comparison: Expr) -> bool:
    operands = tuple(comparison.children())
    has_field = any(isinstance(operand, CsvField) for operand in operands)
    return has_field and any(known_kinds(operand) & NUMBERS for operand in operands)


def count_constants_as_rows(plan: Plan) -> Plan:
    """COUNT of a known constant counts every row, as COUNT(*) does without evaluating anything."""

    def rewritten(call: AggregateCall) -> AggregateCall:
        constant = isinstance(call.operand, Literal) and call.operand.kind not in UNKNOWN
        return replace(call, operand=None) if call.function == "COUNT" and constant else call

    def change(node: Node) -> Node:
        if not isinstance(node, Aggregate):
            return node
        return replace(node, calls=tuple(rewritten(call) for call in node.calls))

    return map_nodes(plan, change)


def prune_columns(plan: Plan) -> Plan:
    """A field that no expression names need not be found in its record, for whole rows neither.

    A column of Parquet that no expression names is not read at all.
    """
    numbers = {part.number for part in parts(plan) if isinstance(part, CsvField | ParquetField)}
    columns = tuple(sorted(numbers))
    return map_scan(plan, lambda scan: scan if scan.format == "json" else replace(scan, columns=columns))


def delay_columns(plan: Plan) -> Plan:
    """A column that the first condition does not read is wanted only where that condition holds."""

    def change(node: Node) -> Node:
        if not isinstance(node, Filter) or node.source.format != "csv" or not node.source.columns:
            return node
        first = node.conjuncts[0]
        while isinstance(first, And):
            first = first.operands[0]
        early = {part.number for part in walk(first) if isinstance(part, CsvField)}
        late = tuple(number for number in node.source.columns if number not in early)
        if not early or not late:
            return node
        return replace(node, source=replace(node.source, columns=tuple(sorted(early)), late_columns=late))

    return map_nodes(plan, change)


def require_literal(plan: Plan) -> Plan:
    """A record without the text that the filter asks for need not be parsed.

    Only where no conjunct can fail: a fallible one may be evaluated for that record too.
    """

    def hint(node: Node) -> Node:
        if not isinstance(node, Filter) or node.source.format != "csv" or any(map(_can_fail, node.conjuncts)):
            return node
        literal = max(
            (text for conjunct in node.conjuncts for text in _required(conjunct)), key=len, default=b""
        )
        return replace(node, source=replace(node.source, required_literal=literal)) if literal else node

    return map_nodes(plan, hint)


def _required(conjunct: Expr) -> Iterator[bytes]:
    """Texts that a field has in every row for which the conjunct is TRUE."""
    if isinstance(conjunct, Compare) and conjunct.operator == "=":
        for one, other in ((conjunct.left, conjunct.right), (conjunct.right, conjunct.left)):
            if isinstance(one, CsvField) and isinstance(other, Literal) and other.kind == Kind.STRING:
                yield str(other.value).encode("utf-8", "surrogatepass")
    if (
        isinstance(conjunct, Like)
        and isinstance(conjunct.operand, CsvField)
        and isinstance(conjunct.pattern, Literal)
    ):
        escape = conjunct.escape.value if isinstance(conjunct.escape, Literal) else None
        runs = literal_runs(str(conjunct.pattern.value), None if escape is None else str(escape))
        for run in runs or ():
            yield run.encode("utf-8", "surrogatepass")


def push_limit(plan: Plan) -> Plan:
    """Where every row gives one record, the scan can stop as soon as it has found enough rows."""
    if not isinstance(plan, Limit) or not isinstance(plan.source.source, Scan):
        return plan
    count = plan.count
    return map_scan(plan, lambda scan: replace(scan, limit=count))


#: Later rules build on what earlier ones leave: constants first, hints for the scan last.
RULES: tuple[Rule, ...] = (
    fold_constants,
    split_conjunctions,
    join_text_ranges,
    order_conjuncts,
    count_constants_as_rows,
    prune_columns,
    delay_columns,
    require_literal,
    push_limit,
)


def insert_rule(rule: Rule, before: str) -> None:
    """Have *rule* applied before the rule of the name *before*.  One thread at a time calls this.

    Raises:
        ValueError: the rule is in the list, or one of its name, or there is no rule *before*.
    """
    global RULES
    names = [known.__name__ for known in RULES]
    if rule.__name__ in names:
        raise ValueError(f"there is a rule {rule.__name__!r} already")
    if before not in names:
        raise ValueError(f"there is no rule {before!r}; the rules are {', '.join(names)}")
    place = names.index(before)
    RULES = (*RULES[:place], rule, *RULES[place:])


def withdraw_rule(rule: Rule) -> None:
    """Take *rule* out of the list, whether it is there or not.  One thread at a time calls this."""
    global RULES
    RULES = tuple(known for known in RULES if known is not rule)
