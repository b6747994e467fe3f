"""Values as CSV fields: their text, and what a struct or list is spread into.

In: the members of a record, some of them to be spread.  Out: the text of every field, a record's fields
one behind the other.

A struct gives a field per member, a list one per element, MISSING none, any other value one (PartiQL v0.1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from s3sql.formats.json_paths import elements, member_values
from s3sql.functions.number_text import number_text
from s3sql.kernels.gather import gather_text
from s3sql.payloads import Int32s, Int64s, Text
from s3sql.serialize.base import OutputMember, SpreadMembers
from s3sql.types import Column, Kind


def field_text(column: Column) -> Text:
    """The text of every value: numbers taken over unchanged as they were spelled, NULL and MISSING empty."""
    if column.spelling is None:
        return number_text(column)
    spelling = column.spelling
    tags = column.tag_array()
    spelled = (tags == int(Kind.INT)) | (tags == int(Kind.DECIMAL))
    if spelled.all():
        return spelling
    if (spelled | (tags < int(Kind.BOOL))).all():
        return Text(spelling.buffer, spelling.starts, np.where(spelled, spelling.ends, spelling.starts))
    rows, others = np.flatnonzero(spelled), np.flatnonzero(~spelled)
    # Without the rest of the buffers, of which the one that is read is large.
    texts = gather_text([spelling.take(rows), number_text(column.take(others))])
    pieces = [
        (where, Column.of(Kind.STRING, text)) for where, text in zip((rows, others), texts, strict=True)
    ]
    return Column.interleave(column.length, pieces).text()


def spread_fields(members: Sequence[OutputMember], length: int) -> tuple[Int32s, Text]:
    """The fields of *length* records.

    Returns the number of each record's first field (and, last, of all fields) and the fields' text.
    """
    texts: list[Text] = []
    owners: list[Int64s] = []
    for member in members:
        if isinstance(member, SpreadMembers):
            text, rows = _spread(member)
        else:
            text, rows = field_text(member.column), np.arange(length)
        texts.append(text)
        owners.append(rows)
    rows = np.concatenate(owners)
    order = np.argsort(rows, kind="stable")
    first = np.zeros(length + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=length), out=first[1:])
    gathered = gather_text(texts)
    starts = np.concatenate([text.starts for text in gathered])[order]
    ends = np.concatenate([text.ends for text in gathered])[order]
    return first, Text(gathered[0].buffer, starts, ends)


def _spread(member: SpreadMembers) -> tuple[Text, Int64s]:
    """The fields that the values to be spread give, and the row each belongs to, ascending."""
    column = member.column
    tags = column.tag_array()
    apart = (
        {Kind.STRUCT: member_values}
        if member.whole_row
        else {Kind.STRUCT: member_values, Kind.LIST: elements}
    )
    texts: list[Text] = []
    owners: list[Int64s] = []
    for kind, parts in apart.items():
        rows = np.flatnonzero(tags == kind)
        if not len(rows):
            continue
        payload = column.parts[kind]
        assert isinstance(payload, Text)
        values, within = parts(payload.take(rows), _never)
        texts.append(field_text(values))
        owners.append(rows[within])
    others = np.flatnonzero(~np.isin(tags, [*apart, Kind.MISSING]))
    texts.append(field_text(column.take(others)))
    owners.append(others)
    rows = np.concatenate(owners)
    order = np.argsort(rows, kind="stable")
    gathered = gather_text(texts)
    starts = np.concatenate([text.starts for text in gathered])[order]
    ends = np.concatenate([text.ends for text in gathered])[order]
    return Text(gathered[0].buffer, starts, ends), rows[order]


def _never(where: object, error: Exception) -> None:
    """Values taken from an object or computed can all be spread."""
    raise error
