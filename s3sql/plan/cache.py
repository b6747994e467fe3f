"""Plans that were made before: parsed once per text, bound and optimised once per text and schema.

In: the text of a query and the schema of an object.  Out: the optimised plan.

A client that reads an object in ranges of a megabyte sends the same text hundreds of times, and parsing
1 KB of it takes about two milliseconds. Trees and plans are never changed, so threads share them. The
least recently used entries go when there are too many or they take too much memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from s3sql.dialects import S3_SELECT, Dialect
from s3sql.plan.binder import Tree, bind
from s3sql.plan.logical import Plan
from s3sql.plan.rules import optimize
from s3sql.plan.schema import CsvSchema, ParquetSchema, Schema
from s3sql.sql.parser import collector_resting, parse

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

#: Memory that a tree and a plan take for each character of the text, measured on the densest: ``a=b=b=b…``.
TREE_BYTES = 700
PLAN_BYTES = 160

#: Memory that a column of a Parquet schema takes besides its name.
PARQUET_COLUMN_BYTES = 400


class RecentlyUsed(Generic[_Key, _Value]):
    """The values used last: at most *count* of them, of at most *size* bytes together."""

    def __init__(self, count: int, size: int) -> None:
        self._count = count
        self._size = size
        self._held = 0
        self._entries: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _Key, make: Callable[[], _Value], size: int) -> _Value:
        """The value of *key*, made now unless it is held; *size* is what it takes, in bytes.

        What *make* raises is raised, and nothing is kept. It runs without a lock, so two threads may make
        the same value at once; the first one stays. A value larger than the whole cache is not kept.
        """
        found = self.held(key)
        return self._made(key, make, size) if found is None else found

    def held(self, key: _Key) -> _Value | None:
        """The value of *key* if it is held, which counts as a use."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                return None
            self._entries.move_to_end(key)
            return found[0]

    def _made(self, key: _Key, make: Callable[[], _Value], size: int) -> _Value:
        value = make()
        with self._lock:
            if key not in self._entries and size <= self._size:
                self._entries[key] = (value, size)
                self._held += size
                while len(self._entries) > self._count or self._held > self._size:
                    _, (_, freed) = self._entries.popitem(last=False)
                    self._held -= freed
        return value

    def __len__(self) -> int:
        return len(self._entries)


class PlanCache:
    """The plans of the queries asked last."""

    def __init__(self, count: int = 256, size: int = 44 << 20) -> None:
        """At most *count* plans of *size* bytes together, and as many trees; the longest text fits."""
        self._count = count
        self._size = size
        self.clear()

    def clear(self) -> None:
        """Forget everything, as is right when functions or rules have changed.

        What another thread is making at the moment is not kept either: it goes to the tables of before.
        """
        self._trees: RecentlyUsed[tuple[str, Dialect], Tree] = RecentlyUsed(
            self._count, TREE_BYTES // PLAN_BYTES * self._size
        )
        self._plans: RecentlyUsed[tuple[str, Schema, Dialect], Plan] = RecentlyUsed(self._count, self._size)

    def tree(self, expression: str, dialect: Dialect = S3_SELECT) -> Tree:
        """The syntax tree of *expression*, to be read only; raises as :func:`s3sql.sql.parser.parse`."""
        size = TREE_BYTES * len(expression)
        return self._trees.get((expression, dialect), lambda: parse(expression, dialect), size)

    def plan(self, expression: str, schema: Schema, dialect: Dialect = S3_SELECT) -> Plan:
        """The optimised plan of *expression* over an object of *schema*.

        Raises :class:`~s3sql.errors.S3SelectError` as :func:`s3sql.sql.parser.parse` and
        :func:`s3sql.plan.binder.bind` do.
        """
        key = (expression, schema, dialect)
        # What a plan takes is told by its columns, of which there may be thousands.
        held = self._plans.held(key)
        if held is not None:
            return held
        size = PLAN_BYTES * len(expression) + _schema_bytes(schema)
        return self._plans.get(key, lambda: self._planned(expression, schema, dialect), size)

    def _planned(self, expression: str, schema: Schema, dialect: Dialect) -> Plan:
        with collector_resting(expression):
            return optimize(bind(self.tree(expression, dialect), schema, dialect))


def _schema_bytes(schema: Schema) -> int:
    """Memory that *schema* takes."""
    if isinstance(schema, CsvSchema):
        return sum(100 + 4 * len(name) for name in schema.header or ())
    if isinstance(schema, ParquetSchema):
        return sum(PARQUET_COLUMN_BYTES + 4 * len(column.name) for column in schema.columns)
    return 0


#: The cache of this process.
PLANS = PlanCache()
