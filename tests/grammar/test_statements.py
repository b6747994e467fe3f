"""grammar/accept parses and round-trips; grammar/reject gives its code at its place."""

from __future__ import annotations

import pytest

from s3sql.dialects import ARCHIVE_SELECT, S3_SELECT, Dialect
from s3sql.errors import S3SelectError
from s3sql.sql import parse, print_sql

from .statements import ARCHIVE, Rejected, accepted, rejected


@pytest.mark.parametrize(("file", "sql"), accepted())
def test_accepted_statement_round_trips(file: str, sql: str) -> None:
    check_accepted(file, sql, S3_SELECT)


@pytest.mark.parametrize(("file", "sql"), accepted(ARCHIVE))
def test_accepted_statement_on_an_archived_object_round_trips(file: str, sql: str) -> None:
    check_accepted(file, sql, ARCHIVE_SELECT)


def check_accepted(file: str, sql: str, dialect: Dialect) -> None:
    tree = parse(sql, dialect)
    printed = print_sql(tree)
    assert parse(printed, dialect) == tree, f"{file}: {sql!r} was printed as {printed!r}"
    assert print_sql(parse(printed, dialect)) == printed


@pytest.mark.parametrize("case", rejected(), ids=lambda case: f"{case.file}:{case.sql[:60]}")
def test_rejected_statement_gives_code_and_place(case: Rejected) -> None:
    check_rejected(case, S3_SELECT)


@pytest.mark.parametrize("case", rejected(ARCHIVE), ids=lambda case: f"{case.file}:{case.sql[:60]}")
def test_rejected_statement_on_an_archived_object_gives_code_and_place(case: Rejected) -> None:
    check_rejected(case, ARCHIVE_SELECT)


def check_rejected(case: Rejected, dialect: Dialect) -> None:
    with pytest.raises(S3SelectError) as raised:
        parse(case.sql, dialect)
    place = raised.value.position
    assert place is not None
    assert (raised.value.code, place.line, place.column) == (case.code, case.line, case.column)
    assert f"at line {case.line}, column {case.column}." in raised.value.message


def test_there_are_statements() -> None:
    assert len(accepted()) > 90
    assert len(rejected()) > 180
    assert len(accepted(ARCHIVE)) > 10
    assert len(rejected(ARCHIVE)) > 30
