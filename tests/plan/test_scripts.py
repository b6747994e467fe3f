"""Golden plans: each script's queries with the bound plan and the plan after every rule that changed it.

``S3SQL_WRITE_GOLDEN=1 pytest tests/plan/test_scripts.py`` writes the scripts anew; read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from s3sql.errors import S3SelectError
from s3sql.plan.binder import bind
from s3sql.plan.explain import explain
from s3sql.plan.rules import steps
from s3sql.plan.schema import CsvSchema, JsonSchema, ParquetSchema, Schema
from s3sql.sql.parser import parse
from tests.plan.parquet_columns import column

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.txt"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_plans_after_every_rule(script: Path) -> None:
    expected = script.read_text()
    got = rendered(expected)
    if os.environ.get("S3SQL_WRITE_GOLDEN"):
        script.write_text(got)
        expected = got
    assert got == expected


def rendered(script: str) -> str:
    """The script's comments, schema and queries, each query followed by its plans."""
    schema: Schema = CsvSchema()
    out: list[str] = []
    for line in script.splitlines():
        if line.startswith("> "):
            out += ["", line, *plans(line[2:], schema)]
        elif line.startswith("#"):
            out += ["", line]
        elif line == "json":
            schema, out = JsonSchema(), [*out, line]
        elif line == "header none":
            schema, out = CsvSchema(), [*out, line]
        elif line.startswith("parquet "):
            schema, out = parquet(line[8:]), [*out, line]
        elif line.startswith("header "):
            schema, out = CsvSchema("USE", tuple(line[7:].split(","))), [*out, line]
    return "\n".join(_together(out)).lstrip("\n") + "\n"


def parquet(columns: str) -> ParquetSchema:
    """``a INT, b STRING?``: names and kinds, a question mark where there may be NULL."""
    return ParquetSchema(
        tuple(
            column(name, kind.rstrip("?"), nullable=kind.endswith("?"))
            for name, kind in map(str.split, columns.split(", "))
        )
    )


def _together(lines: list[str]) -> list[str]:
    """A comment stands directly above its query."""
    kept: list[str] = []
    for line in lines:
        if line.startswith("> ") and len(kept) > 1 and kept[-2].startswith("#"):
            kept.pop()
        kept.append(line)
    return kept


def plans(query: str, schema: Schema) -> list[str]:
    try:
        plan = bind(parse(query), schema)
    except S3SelectError as error:
        return [f"error {error}"]
    text = explain(plan)
    lines = ["bound", *indented(text)]
    for name, after in steps(plan):
        if explain(after) != text:
            text = explain(after)
            lines += [name, *indented(text)]
    return lines


def indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]
