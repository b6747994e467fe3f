"""Every function of the dialect by name: how it is called, not how it is computed.

In: nothing.  Out: :data:`SIGNATURES`, which the parser, the planner, the evaluator's registry and the
reference page read.

Source: AWS S3 User Guide, "SQL functions"; PartiQL v0.1, "Builtin functions" for the second argument of
TO_TIMESTAMP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: The form of a call: arguments between commas, or the words that SQL puts between them.
Syntax = Literal["plain", "substring", "trim", "extract", "date"]


@dataclass(frozen=True, slots=True)
class Signature:
    """How one function is called.

    ``minimum`` and ``maximum`` count the arguments, a date part included; ``maximum`` None: any number.
    ``documentation`` is one line.
    """

    name: str
    kind: Literal["scalar", "aggregate"]
    minimum: int
    maximum: int | None
    documentation: str
    syntax: Syntax = "plain"

    def takes(self, count: int) -> bool:
        """Whether a call with *count* arguments is right."""
        return count >= self.minimum and (self.maximum is None or count <= self.maximum)


_ALL = (
    Signature("AVG", "aggregate", 1, 1, "The mean of the numbers; decimal for integers and decimals."),
    Signature("COUNT", "aggregate", 1, 1, "The number of rows, or of values that are not NULL or MISSING."),
    Signature("MAX", "aggregate", 1, 1, "The largest number or the latest timestamp."),
    Signature("MIN", "aggregate", 1, 1, "The smallest number or the earliest timestamp."),
    Signature("SUM", "aggregate", 1, 1, "The sum of the numbers."),
    Signature("CHAR_LENGTH", "scalar", 1, 1, "The number of characters of a text."),
    Signature("COALESCE", "scalar", 1, None, "The first argument that is not NULL or MISSING, else NULL."),
    Signature("DATE_ADD", "scalar", 3, 3, "A timestamp moved by a number of parts.", "date"),
    Signature("DATE_DIFF", "scalar", 3, 3, "The number of whole parts between two timestamps.", "date"),
    Signature("EXTRACT", "scalar", 2, 2, "One part of a timestamp as an integer.", "extract"),
    Signature("LOWER", "scalar", 1, 1, "A text in lower case."),
    Signature("NULLIF", "scalar", 2, 2, "NULL if both arguments are equal, else the first."),
    Signature(
        "SUBSTRING", "scalar", 2, 3, "A part of a text, from a position that counts from 1.", "substring"
    ),
    Signature("TO_STRING", "scalar", 2, 2, "A timestamp written by a format pattern."),
    Signature(
        "TO_TIMESTAMP", "scalar", 1, 2, "The timestamp that a text spells, by a pattern if one is given."
    ),
    Signature("TRIM", "scalar", 1, 3, "A text without the given characters at its ends.", "trim"),
    Signature("UPPER", "scalar", 1, 1, "A text in upper case."),
    Signature("UTCNOW", "scalar", 0, 0, "The time of the query in UTC, in milliseconds."),
)

#: Every function by its name in upper case.
SIGNATURES: dict[str, Signature] = {signature.name: signature for signature in _ALL}

#: Second names.
ALIASES: dict[str, str] = {"CHARACTER_LENGTH": "CHAR_LENGTH"}

#: The functions that make one row of all.
AGGREGATES: frozenset[str] = frozenset(s.name for s in _ALL if s.kind == "aggregate")
