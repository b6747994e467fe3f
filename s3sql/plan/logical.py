"""Logical plan: the stages of one query as data, scan at the bottom.

In: bound expressions.  Out: frozen nodes that the rules rewrite and :mod:`s3sql.exec` runs. Nothing
here refers to an object or a file, so one plan serves every scan range and every worker.

    Limit(10)
      Project(item, item)          or   Aggregate(SUM(…), COUNT(*)) below a Project
        Filter(conjunct, conjunct)
          Scan(csv, columns 0 4)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from s3sql.plan.expr import Expr, Step


@dataclass(frozen=True, slots=True)
class Scan:
    """Read the object's rows.

    ``format``: ``csv``, ``json``, ``parquet`` or the name of a registered one, whose columns are as those of
    Parquet. ``path``: steps of the FROM path behind ``S3Object[*]`` (JSON only). ``columns``: numbers of the
    CSV or Parquet columns that expressions name, ascending, None before that is known; whole rows of CSV are
    read besides where an expression asks for them. ``late_columns``: further ones of CSV, which the filter's
    first condition does not read, so that they need to be found only in the records that pass it.

    Two hints that a scan may use or not: at most ``limit`` rows are needed; every row that the query
    selects has ``required_literal`` among its fields' bytes, so a record of a CSV block without quotes
    and escapes that does not contain these bytes need not be looked at.
    """

    format: str
    path: tuple[Step, ...] = ()
    columns: tuple[int, ...] | None = None
    late_columns: tuple[int, ...] = ()
    limit: int | None = None
    required_literal: bytes | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Keep the rows for which every conjunct is TRUE, judged left to right."""

    source: Scan
    conjuncts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One output member: an expression under its output name."""

    name: str
    expression: Expr


@dataclass(frozen=True, slots=True)
class Spread:
    """``*`` or ``path.*``: all members of a struct. ``whole_row``: ``SELECT *``, which leaves a list whole.

    The elements of a list, or any other value, stand under ``_N``, N their position in the output record;
    over MISSING there is nothing.
    """

    expression: Expr
    whole_row: bool


@dataclass(frozen=True, slots=True)
class AggregateCall:
    """``COUNT SUM AVG MIN MAX`` of an expression; ``COUNT(*)`` has no operand."""

    function: str
    operand: Expr | None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Fold all rows into one; ``calls`` are numbered for :class:`s3sql.plan.expr.AggregateResult`."""

    source: Scan | Filter
    calls: tuple[AggregateCall, ...]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Project:
    """The output record: items and spreads in order."""

    source: Scan | Filter | Aggregate
    items: tuple[Item | Spread, ...]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Limit:
    """At most ``count`` output records."""

    source: Project
    count: int


Plan: TypeAlias = Project | Limit
