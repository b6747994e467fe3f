"""Columns of Parquet for the tests of the planner."""

from __future__ import annotations

from s3sql.plan.schema import ParquetColumn, ParquetForm, ParquetType
from s3sql.types import Kind

_FORMS: dict[str, ParquetForm] = {
    "BOOL": "bool",
    "INT": "int",
    "FLOAT": "float",
    "DECIMAL": "decimal",
    "STRING": "text",
    "TIMESTAMP": "timestamp",
    "LIST": "list",
    "STRUCT": "struct",
}


def column(
    name: str,
    kind: str,
    *,
    nullable: bool = True,
    refusal: tuple[str, str] | None = None,
    may_fail: bool = False,
) -> ParquetColumn:
    """A column of one kind."""
    children = (ParquetType("int"),) if kind == "LIST" else ()
    kinds = frozenset({Kind[kind]})
    return ParquetColumn(name, kinds, nullable, refusal, ParquetType(_FORMS[kind], children), may_fail)
