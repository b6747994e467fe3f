"""What the binder knows of an object before it looks at any row: whether names mean columns, and which.

In: the input serialization of a request and, with FileHeaderInfo USE, the header line; of Parquet the
file's schema.  Out: frozen, hashable values, so that a bound plan can be cached by its text and its schema.

Source of the rules: AWS S3 API Reference, CSVInput (FileHeaderInfo); AWS S3 User Guide, SELECT command,
"Headers" and "Attribute access", and Data types, "Parquet".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from s3sql.request import FileHeaderInfo
from s3sql.types import Kind


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


#: How the values of a Parquet type are read. ``bytes``: text if it is UTF-8. ``repeated``: a repeated field
#: that is no LIST, of which the last value counts. ``refused``: not at all.
ParquetForm: TypeAlias = Literal[
    "null", "bool", "int", "uint64", "float", "decimal", "text", "bytes", "uuid", "date", "time", "timestamp",
    "list", "repeated", "struct", "map", "refused",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParquetType:
    """The type of a Parquet field.

    ``children``: the element of ``list`` and ``repeated``, key and value of ``map``, the fields of
    ``struct``, whose names are ``names``.
    """

    form: ParquetForm
    children: tuple[ParquetType, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParquetColumn:
    """A top-level field of a Parquet schema.

    ``kinds``: what a value may be besides NULL; ``nullable``: whether it may be NULL. ``refusal``: code and
    message of the error of every query that reads the column, None if it can be read. ``may_fail``: whether
    single values can be such as no SQL value stands for (bytes that are no text, a year beyond 9999).
    """

    name: str
    kinds: frozenset[Kind]
    nullable: bool
    refusal: tuple[str, str] | None
    type: ParquetType
    may_fail: bool = False

    def __hash__(self) -> int:
        """That of the name: plans are found by schemas, and few of these have the same names."""
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class ParquetSchema:
    """A Parquet object: its top-level fields in the file's order, names as the file spells them.

    ``format``: another one of which the object is, with columns of the same types.
    """

    columns: tuple[ParquetColumn, ...]
    format: str = "parquet"
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A file may have thousands of columns, and each query over it looks for its plan.
        object.__setattr__(self, "_hash", hash((self.columns, self.format)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def title(self) -> str:
        """The format as a message writes it."""
        return "Parquet" if self.format == "parquet" else self.format


Schema: TypeAlias = CsvSchema | JsonSchema | ParquetSchema
