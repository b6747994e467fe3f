"""Payloads of a column that are made when they are first asked for.

In: for every kind a function that makes its payload.  Out: a mapping as of payloads that are there already.

Reading the numbers of JSON costs time and can fail; where a query only takes them over, their spelling does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

K = TypeVar("K")
V = TypeVar("V")


class LatePayloads(Mapping[K, V]):
    """``makers``: for every kind a function of the rows that count, None for all; it reports what fails."""

    __slots__ = ("_made", "_makers", "_rows")

    def __init__(
        self, makers: Mapping[K, Callable[[NDArray[np.intp] | None], V]], rows: NDArray[np.intp] | None = None
    ) -> None:
        self._makers = makers
        self._rows = rows
        self._made: dict[Any, V] = {}

    def take(self, rows: NDArray[np.intp]) -> LatePayloads[K, V]:
        """Those of the given rows, in that order."""
        return LatePayloads(self._makers, rows if self._rows is None else self._rows[rows])

    def only(self, kind: K) -> LatePayloads[K, V]:
        """That of *kind*, if there is one."""
        makers = {kind: self._makers[kind]} if kind in self._makers else {}
        return LatePayloads(makers, self._rows)

    def __getitem__(self, kind: K) -> V:
        if kind not in self._made:
            self._made[kind] = self._makers[kind](self._rows)
        return self._made[kind]

    def __contains__(self, kind: object) -> bool:
        return kind in self._makers

    def __iter__(self) -> Iterator[K]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
