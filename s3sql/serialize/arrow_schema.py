"""The Arrow schema of a result, and the pieces of the result in it.

In: a plan, what the caller asks for, and the first pieces.  Out: a :class:`Layout`, fixed before the first
record batch, that turns every piece into one.

A column's type comes from the first of these that knows it: the caller's schema; the plan (CSV fields,
CAST, literals, tests, COUNT); the rows looked at before the first batch. A later row that does not fit is
an error that says what would work. With ``mixed="json"`` no row can fail: columns that neither of the
first two knows are JSON text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from s3sql.errors import S3SelectError
from s3sql.plan.kinds import UNKNOWN, possible_kinds
from s3sql.plan.logical import Aggregate, Item, Limit, Plan
from s3sql.serialize.arrow import Key, Piece
from s3sql.serialize.arrow_arrays import FAMILIES, Values
from s3sql.types import Kind

Type: TypeAlias = pa.DataType

_TYPES: dict[Kind, Type] = {
    Kind.BOOL: pa.bool_(),
    Kind.INT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.STRING: pa.string(),
    Kind.LIST: pa.string(),
    Kind.STRUCT: pa.string(),
}


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known of the columns before any row.

    ``items``: the type of each select item, None where rows must tell, ``...`` for a spread.
    ``names``: the output names of the items, of a spread those known (the header's).
    ``types``: the caller's types by name; ``closed``: there are no other columns.
    ``json``: the items that become JSON text.
    """

    items: tuple[Type | None, ...]
    names: tuple[tuple[str, ...], ...]
    spreads: frozenset[int]
    types: Mapping[str, Type]
    closed: bool
    json: frozenset[int]
