from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.functions.conversion import cast
from s3sql.timestamp import UNKNOWN_OFFSET, Timestamp
from s3sql.types import Kind
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.rows import Reported, agree
from tests.twins.values import Value, column_of, values_of

TARGETS = [Kind.BOOL, Kind.INT, Kind.FLOAT, Kind.DECIMAL, Kind.STRING, Kind.TIMESTAMP]
SOURCES = [
    some.values,
    some.text_values,
    some.number_texts.map(lambda t: Value(Kind.STRING, t)),
    some.timestamp_texts.map(lambda t: Value(Kind.STRING, t)),
    some.numbers,
]


def text(value: str) -> Value:
    return Value(Kind.STRING, value)


@settings(max_examples=300)
@given(st.data(), st.sampled_from(TARGETS), st.sampled_from(SOURCES))
def test_cast_is_that_of_single_values(
    data: st.DataObject, target: Kind, source: st.SearchStrategy[Value]
) -> None:
    agree(
        lambda columns, fail: cast(*columns, target, fail),
        lambda value: twin.cast(value, target),
        data.draw(some.columns(source)),
    )


@pytest.mark.parametrize(
    ("value", "target", "code", "message"),
    [
        (text("abc"), Kind.INT, "CastFailed", "cast from STRING to INT. Found 'abc', expected digits"),
        (text(""), Kind.INT, "CastFailed", "Found ''"),
        (text("1.5"), Kind.INT, "CastFailed", "Found '1.5'"),
        (text("x" * 99), Kind.FLOAT, "CastFailed", "xxx… (101 characters)"),
        (text("1e400"), Kind.FLOAT, "CastFailed", "cast from STRING to FLOAT"),
        (text("9223372036854775808"), Kind.INT, "IntegerOverflow", "AS DECIMAL"),
        (text("1e9999999999"), Kind.DECIMAL, "CastFailed", "cast from STRING to DECIMAL"),
        (
            text("2010"),
            Kind.TIMESTAMP,
            "CastFailed",
            "cast from STRING to TIMESTAMP. Found '2010', expected an Ion",
        ),
        (text(" 2010T"), Kind.TIMESTAMP, "CastFailed", "Found ' 2010T'"),
        (
            text("2010-01-01T00:00:00.0000000000Z"),
            Kind.TIMESTAMP,
            "CastFailed",
            "at most nine digits of fraction",
        ),
        (Value(Kind.INT, 1), Kind.TIMESTAMP, "InvalidCast", "cast from INT to TIMESTAMP"),
        (
            Value(Kind.TIMESTAMP, Timestamp(0, 0, 0, UNKNOWN_OFFSET)),
            Kind.INT,
            "InvalidCast",
            "TIMESTAMP can be cast to STRING",
        ),
        (Value(Kind.FLOAT, float("nan")), Kind.INT, "IntegerOverflow", "cast from FLOAT to INT"),
        (Value(Kind.FLOAT, float("inf")), Kind.DECIMAL, "CastFailed", "a finite number"),
        (Value(Kind.DECIMAL, Decimal("1e30")), Kind.INT, "IntegerOverflow", "Found 1E+30"),
        (Value(Kind.DECIMAL, Decimal("1e999")), Kind.FLOAT, "CastFailed", "cast from DECIMAL to FLOAT"),
        (
            Value(Kind.LIST, "[]"),
            Kind.STRING,
            "InvalidCast",
            "cast from LIST to STRING. Lists and structs have no conversions",
        ),
    ],
)
def test_failures_say_what_was_found(value: Value, target: Kind, code: str, message: str) -> None:
    fail = Reported()
    assert values_of(cast(column_of([value]), target, fail)) == [twin.NULL]
    assert fail.codes == {0: code}
    assert message in fail.messages[0]


def test_the_first_failing_row_is_the_one_quoted() -> None:
    fail = Reported()
    cast(column_of([text("1"), text("x"), text("y")]), Kind.INT, fail)
    assert "'x'" in fail.messages[0]


def test_unknowns_pass_through() -> None:
    column = column_of([twin.NULL, twin.MISSING, text("1")])
    assert values_of(cast(column, Kind.INT, Reported())) == [twin.NULL, twin.MISSING, Value(Kind.INT, 1)]
