"""What is worked out of a plan alone, kept as long as the plan is.

In: a plan, which may come from the cache of plans, and what else the answer depends on.  Out: what a function
made of them, the first time they were seen.

Plans are told apart by identity: to compare two of them takes as long as to work it out. Of each plan the
last answer is kept, and goes with it, so the bounds of the cache of plans are the bounds of this too.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from s3sql.plan.logical import Plan

_Value = TypeVar("_Value")


class Derived(Generic[_Value]):
    """The last values of *make* by plan. Thread-safe: two threads may make the same value at once."""

    def __init__(self, make: Callable[..., _Value]) -> None:
        """``make(plan, *rest)`` gives a value that is never changed and does not hold the plan itself."""
        self._make = make
        self._held: dict[int, tuple[weakref.ref[Plan], tuple[Hashable, ...], _Value]] = {}

    def __call__(self, plan: Plan, *rest: Hashable) -> _Value:
        """What *make* gives of *plan* and *rest*, which is mostly the same for one plan."""
        key = id(plan)
        found = self._held.get(key)
        if found is not None and found[0]() is plan and found[1] == rest:
            return found[2]
        value = self._make(plan, *rest)
        held = self._held
        # A plan is forgotten before another can have its identity.
        self._held[key] = weakref.ref(plan, lambda _: held.pop(key, None)), rest, value
        return value

    def __len__(self) -> int:
        return len(self._held)
