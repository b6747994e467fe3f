"""LIKE for the rows that its first kernels gave up, because the pattern nearly fits at too many places.

In: texts, a compiled pattern, and the rows left undecided.  Out: whether they match.

A row is spread into planes of bytes, one for each eight bits of a code point, so that characters of any
width are compared many at once (:mod:`s3sql.kernels.like_places`). What that costs to begin is little beside
what the row has cost before it was given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import Bytes
from s3sql.kernels import like_places as kernels
from s3sql.kernels.like import UNDECIDED
from s3sql.payloads import Mask, Text

#: What stands between two percent signs: one character each, None for ``_``.
Segment = Sequence[bytes | None]

#: Bytes that may be read behind a plane.
_BEHIND = 320


@dataclass(frozen=True, slots=True)
class PlacePattern:
    """A pattern as code points, and what the kernel needs to know of each segment."""

    codes: NDArray[np.int32]
    bounds: NDArray[np.int32]
    plain: Mask
    overlaps: NDArray[np.int32]

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> PlacePattern:
        """The pattern *segments*, with a ``%`` between each two."""
        codes = np.fromiter(
            (
                kernels.ANY if character is None else ord(character.decode())
                for segment in segments
                for character in segment
            ),
            np.int32,
        )
        bounds = np.cumsum([0, *map(len, segments)], dtype=np.int32)
        overlaps = np.empty(len(codes), np.int32)
        kernels.borders(codes, bounds, overlaps)
        return cls(codes, bounds, np.array([None not in segment for segment in segments]), overlaps)

    def matches(self, buffer: Bytes, start: int, end: int) -> bool:
        """Whether the text ``buffer[start:end]``, which is not empty, matches."""
        greatest = int(buffer[start:end].max())
        # The first bytes of the characters from U+0100 and from U+10000 on; no other byte is as great.
        depth = 1 if greatest < 0xC4 else 2 if greatest < 0xF0 else 3
        if int(self.codes.max(initial=0)) >> 8 * depth:
            return False
        stride = end - start + _BEHIND
        planes = np.empty(depth * stride, np.uint8)
        count = kernels.spread_planes(buffer, start, end, planes, stride, depth)
        return bool(
            kernels.matching_places(
                planes, stride, depth, count, self.codes, self.bounds, self.plain, self.overlaps
            )
        )


def decide(text: Text, segments: Sequence[Segment], matched: NDArray[np.uint8]) -> None:
    """Put 0 or 1 for each row of *matched* that is ``UNDECIDED``."""
    pattern = PlacePattern.of(segments)
    for row in np.flatnonzero(matched == UNDECIDED):
        matched[row] = pattern.matches(text.buffer, int(text.starts[row]), int(text.ends[row]))
