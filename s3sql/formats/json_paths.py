"""Paths into JSON: from rows to the values that a path names, in blocks and in computed values.

In: a parsed block and one value per row, or JSON text.  Out: values, as tape numbers or as a column.

    FROM S3Object[*].a[*].b     range_over     one row per element, MISSING where there is none
    s.a[0].b                    value_at       one value per row
    'x' IN s.a[*].b             value_at       one list per row, absent values left out
    [1, 2][0]                   resolve        the same from the text of a list or struct
    'x' IN s.a                  elements       every element with the row it belongs to
    s.a.* in CSV output         member_values  the same for structs

Rules: PartiQL v0.1, path navigation; AWS S3 User Guide, SELECT command (a wildcard in FROM emits at least one
record). A name matches several members of one struct: ``AmbiguousFieldName``. An unquoted name, which is
ASCII, is compared without regard to the case of ASCII letters.
"""

from __future__ import annotations

import numpy as np

from s3sql.buffers import PADDING, PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats.json_block import JsonBlock, block_of
from s3sql.formats.json_columns import collections_of, column_of
from s3sql.functions.registry import Fail
from s3sql.kernels import json_paths as kernels
from s3sql.payloads import Int32s, Int64s, Mask, Text
from s3sql.plan.expr import Elements, Index, Members, Name, Step
from s3sql.types import Column, Kind


def range_over(block: JsonBlock, steps: tuple[Step, ...]) -> Int32s:
    """The rows of ``FROM S3Object[*]<steps>``: a tape number, ABSENT or AMBIGUOUS each.

    A wildcard gives every incoming value at least one row (Choice where AWS says "a record"). A row whose
    name was AMBIGUOUS stays one row.
    """
    nodes = block.roots
    for step in steps:
        if isinstance(step, Elements | Members):
            nodes, _ = _every(block, nodes, step, 1)
        else:
            nodes = _follow(block, nodes, step)
    return nodes


def value_at(block: JsonBlock, nodes: Int32s, steps: tuple[Step, ...], fail: Fail) -> Column:
    """The value at the path from each row; with a wildcard in the path, the list of the values.

    An ambiguous name fails its row.
    """
    owners: Int64s | None = None
    length = len(nodes)
    for step in steps:
        if isinstance(step, Elements | Members):
            nodes, rows = _every(block, nodes, step, 0)
            owners = rows if owners is None else owners[rows]
            continue
        found = _follow(block, nodes, step)
        ambiguous = found == kernels.AMBIGUOUS
        if isinstance(step, Name) and ambiguous.any():
            fail(_rows_of(ambiguous, owners, length), ambiguous_name(step.name))
        nodes = found
    if owners is None:
        return column_of(block, nodes, fail)
    return collections_of(block, nodes, owners, length)


def resolve(text: Text, steps: tuple[Step, ...], fail: Fail) -> Column:
    """The value at the path from each text, which is compact JSON; ``fail`` as in :func:`value_at`.

    Raises :class:`S3SelectError` ``JSONParsingError`` if a text is nested too deep.
    """
    block = block_of(text)
    return value_at(block, block.roots, steps, fail)


def elements(text: Text, fail: Fail) -> tuple[Column, Int64s]:
    """The elements of every list in *text*, one after another, and the row of *text* each belongs to.

    A value that is not a list is its own only element. Raises as :func:`resolve`.
    """
    return _contents(text, Elements(), fail)


def member_values(text: Text, fail: Fail) -> tuple[Column, Int64s]:
    """As :func:`elements` for the values of all members of every struct."""
    return _contents(text, Members(), fail)


def _contents(text: Text, step: Elements | Members, fail: Fail) -> tuple[Column, Int64s]:
    block = block_of(text)
    nodes, owners = _every(block, block.roots, step, 0)

    def fail_owners(where: Mask, error: S3SelectError) -> None:
        fail(_rows_of(where, owners, len(text)), error)

    return column_of(block, nodes, fail_owners), owners


def ambiguous_name(name: str) -> S3SelectError:
    """The error for a name that several members of one struct have."""
    return S3SelectError(
        "AmbiguousFieldName",
        f"Field name {name!r} is ambiguous: several members of one object match it. "
        "Put the name in double quotes if the members differ in letter case.",
    )


def _follow(block: JsonBlock, nodes: Int32s, step: Name | Index) -> Int32s:
    found = np.empty(len(nodes), np.int32)
    if isinstance(step, Index):
        kernels.step_into_element(block.tape, nodes, step.number, found)
        return found
    name = step.name.encode("utf-8", "surrogatepass")
    wanted = PaddedBuffer.copy_of(name if step.exact else name.lower())
    decoded = np.empty(kernels.LONGEST_ESCAPE * len(name) + PADDING, np.uint8)
    kernels.step_into_member(
        block.buffer, block.tape, nodes, wanted.array, len(name), step.exact, decoded, found
    )
    return found


def _every(block: JsonBlock, nodes: Int32s, step: Elements | Members, at_least: int) -> tuple[Int32s, Int64s]:
    """All values under a wildcard, and the position in *nodes* each comes from."""
    kind = Kind.LIST if isinstance(step, Elements) else Kind.STRUCT
    counts = np.empty(len(nodes), np.int64)
    total = kernels.count_children(block.tape, nodes, int(kind), counts)
    if at_least:
        total += int(np.count_nonzero(counts == 0))
    found = np.empty(total, np.int32)
    owners = np.empty(total, np.int64)
    kernels.list_children(block.tape, nodes, int(kind), counts, at_least, found, owners)
    return found, owners


def _rows_of(where: Mask, owners: Int64s | None, length: int) -> Mask:
    """The rows that own the values marked in *where*."""
    if owners is None:
        return where
    rows = np.zeros(length, np.bool_)
    rows[owners[where]] = True
    return rows
