"""The names and values of the session, as a magic sees them.

In: Python expressions of a line or a query.  Out: their values.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Names of values that are nobody's variables.
_CONSTANTS = frozenset({"None", "True", "False"})


@dataclass(frozen=True, slots=True)
class Namespace:
    """The variables of the session, and those of the function that calls the magic, which come first."""

    user: dict[str, Any]
    local: Mapping[str, Any]

    def value_of(self, expression: str) -> object:
        """The value of *expression*; raises what it raises."""
        value: object
        name = variable_name(expression)
        if name is not None and name in self.local:
            # No look at what is built in: ``:id`` without a variable ``id`` is a mistake.
            value = self.local[name]
        elif name is not None and name not in self.user and name not in _CONSTANTS:
            raise NameError(f"name {expression!r} is not defined", name=expression)
        else:
            value = eval(_compiled(expression), self._globals())
        return value

    def names(self) -> list[str]:
        """The variables that a person made, as far as their names tell."""
        return sorted(name for name in {*self.user, *self.local} if not name.startswith("_"))

    def _globals(self) -> dict[str, Any]:
        # A comprehension sees the globals of an expression only, hence one dictionary.
        return self.user if self.local is self.user else {**self.user, **self.local}


def variable_name(text: str) -> str | None:
    """The name that Python makes of *text*, some letters of which it takes for others; None if it is none."""
    return unicodedata.normalize("NFKC", text) if text.isidentifier() else None


def _compiled(expression: str) -> Any:
    form = f"({expression}\n)" if "\n" in expression else expression
    return compile(form, "{{…}}", "eval")
