"""What a serializer is: columns of one morsel in, bytes of whole records out.

In: the members of the output record as columns.  Out: :class:`Records`, the bytes of all records one
behind the other, each followed by its delimiter, and where each ends.

Source of the rules: AWS S3 API Reference, OutputSerialization.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from s3sql.buffers import Bytes
from s3sql.payloads import Int64s
from s3sql.types import Column


@dataclass(frozen=True, slots=True)
class Member:
    """One output member: its name and its value in every row."""

    name: str
    column: Column


@dataclass(frozen=True, slots=True)
class SpreadMembers:
    """All members of a struct; a list's elements or any other value under ``_N``; nothing for MISSING.

    N is the value's position in the output record, from 1. ``whole_row``: ``SELECT *``, where a
    list is one value and not its elements.
    """

    column: Column
    whole_row: bool = False


OutputMember: TypeAlias = Member | SpreadMembers


@dataclass(frozen=True, slots=True)
class Records:
    """Serialised records, one behind the other in ``payload``.

    Record i ends before ``ends[i]``, its delimiter included; the first starts at 0.
    """

    payload: Bytes
    ends: Int64s

    def __len__(self) -> int:
        return len(self.ends)

    def first(self, count: int) -> Records:
        """The first *count* of them."""
        end = int(self.ends[count - 1]) if count else 0
        return Records(self.payload[:end], self.ends[:count])


class Serializer(Protocol):
    """Writes one output format with the delimiters of one request."""

    def serialize(self, members: Sequence[OutputMember], length: int) -> Records:
        """The records of *length* rows, in order."""
        ...
