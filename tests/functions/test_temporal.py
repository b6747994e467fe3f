"""DATE_ADD, DATE_DIFF and EXTRACT over columns; what the kernels compute is tested beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import s3sql
from s3sql.errors import Position
from s3sql.functions.constants import constant
from s3sql.functions.registry import function
from s3sql.timestamp import parse
from s3sql.types import Column, Kind
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.rows import Reported, agree
from tests.twins.values import FailedError, Value, column_of, values_of

PARTS = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "TIMEZONE_HOUR", "TIMEZONE_MINUTE"]


def stamp(text: str) -> Value:
    return Value(Kind.TIMESTAMP, parse(text))


def int_(value: int) -> Value:
    return Value(Kind.INT, value)


def call(name: str, part: str, *values: Value) -> tuple[Value, Reported]:
    """The value for one row."""
    fail = Reported()
    columns = [constant(Kind.STRING, part, 1), *(column_of([value]) for value in values)]
    (result,) = values_of(function(name)(columns, fail))
    return result, fail


@pytest.mark.parametrize(
    ("part", "amount", "text", "expected"),
    [
        # AWS S3 User Guide, DATE_ADD
        ("YEAR", 5, "2010-01-01T", "2015-01-01"),
        ("MONTH", 1, "2010T", "2010-02T"),
        ("MONTH", 13, "2010T", "2011-02T"),
        ("DAY", -1, "2017-01-10T", "2017-01-09"),
        ("HOUR", 1, "2017T", "2017-01-01T01:00-00:00"),
        ("HOUR", 1, "2017-01-02T03:04Z", "2017-01-02T04:04Z"),
        ("MINUTE", 1, "2017-01-02T03:04:05.006Z", "2017-01-02T03:05:05.006Z"),
        ("SECOND", 1, "2017-01-02T03:04:05.006Z", "2017-01-02T03:04:06.006Z"),
        # the day that a month does not have, both ways over the leap day
        ("MONTH", 1, "2012-01-31", "2012-02-29"),
        ("MONTH", -1, "2011-03-31T01:02Z", "2011-02-28T01:02Z"),
        ("YEAR", 1, "2012-02-29", "2013-02-28"),
        ("YEAR", -4, "2012-02-29", "2008-02-29"),
        # the local day counts, and the offset stays
        ("MONTH", 1, "2010-01-31T23:30-01:00", "2010-02-28T23:30-01:00"),
        ("DAY", 1, "2010-12-31T23:59:59.9+14:00", "2011-01-01T23:59:59.9+14:00"),
        ("SECOND", -1, "2010T", "2009-12-31T23:59:59-00:00"),
        ("DAY", 0, "2010T", "2010-01-01"),
        ("YEAR", 0, "2010T", "2010T"),
        ("YEAR", 7999, "2000T", "9999T"),
        ("YEAR", -1999, "2000T", "0001T"),
        ("DAY", 3_652_058, "0001-01-01", "9999-12-31"),
    ],
)
def test_date_add(part: str, amount: int, text: str, expected: str) -> None:
    result, _ = call("DATE_ADD", part, int_(amount), stamp(text))
    assert str(result.value) == expected


@pytest.mark.parametrize(
    ("part", "amount", "text"),
    [
        ("YEAR", 8000, "2000T"),
        ("YEAR", -2000, "2000T"),
        ("MONTH", 1, "9999-12T"),
        ("DAY", -1, "0001-01-01"),
        ("SECOND", 1, "9999-12-31T23:59:59.9-23:59"),
        ("HOUR", -1, "0001-01-01T00:59+23:59"),
        *((part, edge, "2000T") for part in PARTS[:6] for edge in (2**63 - 1, -(2**63))),
    ],
)
def test_a_date_outside_the_years_is_refused(part: str, amount: int, text: str) -> None:
    result, fail = call("DATE_ADD", part, int_(amount), stamp(text))
    assert result == twin.NULL
    assert fail.codes == {0: "IllegalSqlFunctionArgument"}
    assert f"DATE_ADD({part}, {amount}, {text})" in fail.messages[0]


@pytest.mark.parametrize(
    ("part", "first", "second", "expected"),
    [
        # AWS S3 User Guide, DATE_DIFF
        ("YEAR", "2010-01-01T", "2011-01-01T", 1),
        ("YEAR", "2010T", "2010-05T", 0),
        ("MONTH", "2010T", "2010-05T", 4),
        ("MONTH", "2010T", "2011T", 12),
        ("MONTH", "2011T", "2010T", -12),
        ("DAY", "2010-01-01T23:00Z", "2010-01-02T01:00Z", 0),
        ("YEAR", "2009-09-17T17:56Z", "2007-09-17T19:30Z", -2),
        ("MONTH", "2009-09-17T17:56Z", "2007-09-17T19:30Z", -24),
        ("DAY", "2009-09-17T17:56Z", "2007-09-17T19:30Z", -730),
        # the local dates: one instant, two dates
        ("MONTH", "2010-01-31T23:00-02:00", "2010-02-01T01:00Z", 0),
        ("YEAR", "2010-12-31T23:00-01:00", "2012-01-01T00:00Z", 1),
        ("MONTH", "2010-01-31", "2010-02-28", 0),
        ("HOUR", "2010-01-01T00:00+01:00", "2010-01-01T00:00Z", 1),
        ("MINUTE", "2010T", "2010-01-01T00:59:59Z", 59),
        # fractions are dropped before the difference is taken
        ("SECOND", "2010-01-01T00:00:00.9Z", "2010-01-01T00:00:01.1Z", 1),
        ("SECOND", "2010-01-01T00:00:00.1Z", "2010-01-01T00:00:00.9Z", 0),
        ("SECOND", "0001T", "9999-12-31T23:59:59Z", 315_537_897_599),
        ("DAY", "2010-01-02T01:00Z", "2010-01-01T23:00Z", 0),
    ],
)
def test_date_diff(part: str, first: str, second: str, expected: int) -> None:
    assert call("DATE_DIFF", part, stamp(first), stamp(second))[0] == int_(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2010T", [2010, 1, 1, 0, 0, 0, 0, 0]),
        ("2010-10T", [2010, 10, 1, 0, 0, 0, 0, 0]),
        ("2017-01-02T03:04:05+07:08", [2017, 1, 2, 3, 4, 5, 7, 8]),
        ("2017-01-02T03:04:06.234567-00:30", [2017, 1, 2, 3, 4, 6, 0, -30]),
        ("2017-01-01T00:00-07:08", [2017, 1, 1, 0, 0, 0, -7, -8]),
        ("1969-12-31T23:59:59.9-00:00", [1969, 12, 31, 23, 59, 59, 0, 0]),
        ("0001-01-01T00:00+23:59", [1, 1, 1, 0, 0, 0, 23, 59]),
        ("9999-12-31T23:59:59-23:59", [9999, 12, 31, 23, 59, 59, -23, -59]),
    ],
)
def test_extract(text: str, expected: list[int]) -> None:
    assert [call("EXTRACT", part, stamp(text))[0].value for part in PARTS] == expected


@pytest.mark.parametrize(
    ("name", "values", "number", "kind"),
    [
        ("EXTRACT", [Value(Kind.STRING, "2010T")], 2, "STRING"),
        ("EXTRACT", [int_(2010)], 2, "INT"),
        ("DATE_DIFF", [stamp("2010T"), Value(Kind.STRING, "2010T")], 3, "STRING"),
        ("DATE_ADD", [int_(1), Value(Kind.STRING, "2010T")], 3, "STRING"),
        ("DATE_ADD", [Value(Kind.FLOAT, 1.0), stamp("2010T")], 2, "FLOAT"),
        ("DATE_ADD", [twin.TRUE, stamp("2010T")], 2, "BOOL"),
    ],
)
def test_nothing_is_converted(name: str, values: list[Value], number: int, kind: str) -> None:
    result, fail = call(name, "YEAR", *values)
    assert result == twin.NULL
    assert fail.codes == {0: "IncorrectSqlFunctionArgumentType"}
    assert f"Argument {number} of the function {name} must be" in fail.messages[0]
    assert f"found {kind}" in fail.messages[0]


def taken(values: tuple[Value, ...], kinds: tuple[Kind, ...]) -> bool:
    """Whether a function of these kinds has a result for a row; it fails for known values of other kinds."""
    if not all(value.known for value in values):
        return False
    if any(value.kind != kind for value, kind in zip(values, kinds, strict=True)):
        raise FailedError("IncorrectSqlFunctionArgumentType")
    return True


def called(name: str, part: str):
    def run(columns: list[Column], fail: Reported) -> Column:
        return function(name)([constant(Kind.STRING, part, columns[0].length), *columns], fail)

    return run


@given(some.columns(some.values | some.timestamps))
def test_extract_over_columns_of_any_kinds(columns: list[list[Value]]) -> None:
    def extract(value: Value) -> Value:
        return int_(int(str(value.value)[:4])) if taken((value,), (Kind.TIMESTAMP,)) else twin.NULL

    agree(called("EXTRACT", "YEAR"), extract, columns)


@given(some.columns(some.int_values | some.values, some.timestamps | some.values))
def test_date_add_over_columns_of_any_kinds(columns: list[list[Value]]) -> None:
    def date_add(amount: Value, moment: Value) -> Value:
        if not taken((amount, moment), (Kind.INT, Kind.TIMESTAMP)):
            return twin.NULL
        text = str(moment.value)
        year = int(text[:4]) + amount.value
        if not 1 <= year <= 9999:
            raise FailedError("IllegalSqlFunctionArgument")
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        text = f"{year:04}{text[4:]}"
        return stamp(text if leap else text.replace("-02-29", "-02-28"))

    agree(called("DATE_ADD", "YEAR"), date_add, columns)


@given(some.columns(some.timestamps | some.values, some.timestamps | some.unknowns), st.booleans())
def test_date_diff_over_columns_of_any_kinds(columns: list[list[Value]], reverse: bool) -> None:
    def date_diff(first: Value, second: Value) -> Value:
        if not taken((first, second), (Kind.TIMESTAMP, Kind.TIMESTAMP)):
            return twin.NULL
        return int_(second.value.seconds - first.value.seconds)

    def backwards(first: Value, second: Value) -> Value:
        return date_diff(second, first)

    def run(given_columns: list[Column], fail: Reported) -> Column:
        return called("DATE_DIFF", "SECOND")(given_columns[::-1] if reverse else given_columns, fail)

    agree(run, backwards if reverse else date_diff, columns)


@pytest.mark.parametrize("name", ["EXTRACT", "DATE_DIFF", "DATE_ADD"])
def test_no_rows(name: str) -> None:
    amount = column_of([]) if name != "DATE_ADD" else Column.unknown(Kind.NULL, 0)
    arguments = [column_of([])] if name == "EXTRACT" else [amount, column_of([])]
    assert called(name, "DAY")(arguments, Reported()).length == 0


@pytest.mark.parametrize(
    ("expression", "code", "column"),
    [
        ("EXTRACT(YEAR FROM _1)", "IncorrectSqlFunctionArgumentType", 14),
        ("1 + DATE_DIFF(day, `2010T`, _1)", "IncorrectSqlFunctionArgumentType", 18),
        ("DATE_ADD(day, 1, DATE_ADD(year, 9999, `2010T`))", "IllegalSqlFunctionArgument", 31),
        ("[CAST(_1 AS TIMESTAMP)]", "CastFailed", 15),
        ("CAST(DATE_ADD(day, 1, `2010T`) AS INT)", "InvalidCast", 14),
        ("`2010T` < _1", "ExternalEvalException", 22),
    ],
)
def test_errors_tell_the_place_of_the_call(expression: str, code: str, column: int) -> None:
    with pytest.raises(s3sql.S3SelectError) as caught:
        s3sql.query(f"SELECT a, 1, {expression} FROM S3Object", b"a\nx\n", file_header_info="USE").to_arrow()
    assert caught.value.code == code
    assert caught.value.position == Position(1, column)
