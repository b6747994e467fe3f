"""What the binder knows of an object before it looks at any row: whether names mean columns, and which.

In: the input serialization of a request and, with FileHeaderInfo USE, the header line.  Out: frozen,
hashable values, so that a bound plan can be cached by its text and its schema.

Source of the rules: AWS S3 API Reference, CSVInput (FileHeaderInfo); AWS S3 User Guide, SELECT command,
"Headers" and "Attribute access".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from s3sql.request import FileHeaderInfo


@dataclass(frozen=True, slots=True)
class CsvSchema:
    """A CSV object: columns ``_1``, ``_2``, … and, with mode USE, the names of the header line.

    ``header`` is the header line's fields, unchanged, with mode USE and None otherwise. ``empty`` says
    that the object has no record at all: then names are not judged, since no row can ask for them.
    """

    mode: FileHeaderInfo = "NONE"
    header: tuple[str, ...] | None = None
    empty: bool = False

    def __post_init__(self) -> None:
        if (self.header is not None) != (self.mode == "USE" and not self.empty):
            raise ValueError(f"a CSV object of mode {self.mode} with header {self.header}")

    def column_name(self, number: int) -> str:
        """The name under which ``SELECT *`` writes column *number* (from 0): its header or ``_N``."""
        if self.header is not None and number < len(self.header) and self.header[number]:
            return self.header[number]
        return f"_{number + 1}"


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """A JSON object: names are members, found or not found row by row."""


Schema: TypeAlias = CsvSchema | JsonSchema
