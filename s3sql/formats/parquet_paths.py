"""Which lists of an Arrow schema are repeated fields in the Parquet file, and not LISTs.

In: the dotted path of a leaf column and the way to it through the Arrow schema.  Out: whether the list on
that way is a plain repeated field. Arrow reads both as lists and keeps no trace of the annotation, but a LIST
has one or two levels in the path that a repeated field has not::

    optional group a (LIST) { repeated group list { optional int32 element } }      a.list.element
    optional group a (LIST) { repeated int32 array }                                a.array
    repeated int32 a                                                                a

Source of the rule: Apache Parquet, LogicalTypes.md, "Lists" with its backward-compatibility rules; AWS S3
User Guide, Data types: only the last value of a repeated field is returned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: A list, and a side of a map, on the way to a leaf; everything else there is the name of a field.
LIST, MAP_SIDE = 0, 1

#: More lists than this around one leaf are all taken for LISTs.
_MOST_LISTS = 8


def is_repeated(path: str, above: Sequence[str | int], below: Sequence[str | int]) -> bool:
    """Whether the list between *above* and *below* on the way to the leaf at *path* is no LIST."""
    way = [*above, LIST, *below]
    if sum(step == LIST for step in way) > _MOST_LISTS:
        return False
    for fewest in (1, 0):
        pattern = "".join(_pattern(step, fewest) for step in way)
        found = re.fullmatch(pattern, f".{path}", re.DOTALL)
        if found is not None:
            return not found[1 + sum(step == LIST for step in above)]
    return False


def _pattern(step: str | int, fewest: int) -> str:
    if step == LIST:
        return rf"((?:\.[^.]+){{{fewest},2}})"
    if step == MAP_SIDE:
        return r"\.[^.]+\.[^.]+"
    return re.escape(f".{step}")
