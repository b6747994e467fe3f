"""Conditions that are judged once for each text of a dictionary instead of for each row.

In: a plan, and columns as Arrow has decoded them.  Out: which conditions read one column and nothing else,
and the first row of each value of it.

Rows of one value have one outcome, failures included, so the first row of each stands for all of them; and
since that is the row in which SQL would meet a failure first, so does its failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from s3sql.formats.parquet_arrays import fixed_width, known, numpy_type, storage
from s3sql.kernels.parquet_values import first_rows
from s3sql.payloads import Rows
from s3sql.plan.derived import Derived
from s3sql.plan.expr import Expr, ParquetField
from s3sql.plan.logical import Filter, Plan
from s3sql.plan.operators import And, Or
from s3sql.plan.traverse import nodes, walk

Array: TypeAlias = "pa.Array[Any]"

#: With fewer rows to an entry of the dictionary than this, telling the values apart does not pay.
_ROWS_TO_AN_ENTRY = 2


class ConditionsOfOneColumn:
    """The operands of AND and OR in a filter that read one column each."""

    def __init__(self, plan: Plan) -> None:
        """Whoever has this is to hold *plan* as well."""
        filters = [node for node in nodes(plan) if isinstance(node, Filter)]
        # Told by identity: to compare conditions would take as long as they are. The plan keeps them alive.
        self._columns: dict[int, int] = {}
        for condition in (part for node in filters for one in node.conjuncts for part in _operands(one)):
            columns = {part.number for part in walk(condition) if isinstance(part, ParquetField)}
            if len(columns) == 1:
                self._columns[id(condition)] = columns.pop()

    def column(self, condition: Expr) -> int | None:
        """The number of the column that *condition* reads, None if there are several or it is no operand."""
        return self._columns.get(id(condition))


#: Kept with the plan.
conditions_of_one_column = Derived(ConditionsOfOneColumn)


def _operands(condition: Expr) -> Iterator[Expr]:
    """The condition, and its operands if it is a chain of AND or OR."""
    pending = [condition]
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, And | Or):
            pending += part.operands


def first_of_each(values: Array) -> tuple[Rows, Rows] | None:
    """The first row of each value, ascending, and for every row the place of its value among these.

    None if the values are not in a dictionary, or nearly as many as the rows.
    """
    values = storage(values)
    if not isinstance(values, pa.DictionaryArray):
        return None
    length, entries = len(values), len(values.dictionary)
    if entries * _ROWS_TO_AN_ENTRY > length:
        return None
    codes = fixed_width(values.indices, numpy_type(values.indices.type)).astype(np.int32, copy=False)
    there = known(values).view(np.uint8) if values.null_count else np.empty(0, np.uint8)
    numbers = np.full(entries + 1, -1, np.int32)
    # numpy takes by numbers of 64 bits three times as fast as by shorter ones.
    rows, numbered = np.empty(entries + 1, np.intp), np.empty(length, np.intp)
    count = first_rows(codes, there, numbers, rows, numbered)
    return rows[:count], numbered
