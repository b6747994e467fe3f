"""grammar/accept parses and round-trips; grammar/reject gives its code at its place."""

from __future__ import annotations

import pytest

from s3sql.errors import S3SelectError
from s3sql.sql import parse, print_sql

from .statements import Rejected, accepted, rejected


@pytest.mark.parametrize(("file", "sql"), accepted())
def test_accepted_statement_round_trips(file: str, sql: str) -> None:
    tree = parse(sql)
    printed = print_sql(tree)
    assert parse(printed) == tree, f"{file}: {sql!r} was printed as {printed!r}"
    assert print_sql(parse(printed)) == printed


@pytest.mark.parametrize("case", rejected(), ids=lambda case: f"{case.file}:{case.sql[:60]}")
def test_rejected_statement_gives_code_and_place(case: Rejected) -> None:
    with pytest.raises(S3SelectError) as raised:
        parse(case.sql)
    place = raised.value.position
    assert place is not None
    assert (raised.value.code, place.line, place.column) == (case.code, case.line, case.column)
    assert f"at line {case.line}, column {case.column}." in raised.value.message


def test_there_are_statements() -> None:
    assert len(accepted()) > 90
    assert len(rejected()) > 180
