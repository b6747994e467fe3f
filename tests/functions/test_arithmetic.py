from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.functions.arithmetic import arithmetic, sign
from s3sql.types import Kind
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.rows import Reported, agree
from tests.twins.values import Value, column_of, values_of

OPERATORS = ["+", "-", "*", "/", "%"]
SIDES = [some.scalars, some.numbers, some.int_values, some.decimal_values, some.float_values]


def int_(value: int) -> Value:
    return Value(Kind.INT, value)


def number(value: str) -> Value:
    return Value(Kind.DECIMAL, Decimal(value))


@settings(max_examples=300)
@given(st.data(), st.sampled_from(OPERATORS), st.sampled_from(SIDES), st.sampled_from(SIDES))
def test_arithmetic_is_that_of_single_values(
    data: st.DataObject, operator: str, left: st.SearchStrategy[Value], right: st.SearchStrategy[Value]
) -> None:
    agree(
        lambda columns, fail: arithmetic(operator, *columns, fail),
        lambda a, b: twin.arithmetic(operator, a, b),
        data.draw(some.columns(left, right)),
    )


@given(st.data(), st.sampled_from(["-", "+"]), st.sampled_from(SIDES))
def test_signs_are_those_of_single_values(
    data: st.DataObject, operator: str, operand: st.SearchStrategy[Value]
) -> None:
    agree(
        lambda columns, fail: sign(operator, *columns, fail),
        lambda a: twin.sign(operator, a),
        data.draw(some.columns(operand)),
    )


@pytest.mark.parametrize(
    ("left", "operator", "right", "expected"),
    [
        (int_(7), "/", int_(-2), int_(-3)),
        (int_(-7), "%", int_(2), int_(-1)),
        (number("3.0"), "/", int_(2), number("1.5")),
        (number("1.50"), "*", int_(2), number("3.00")),
        (int_(600), "/", number("3.00"), number("200")),
        (int_(1), "/", number("3.0"), number("0." + "3" * 38)),
        (int_(2), "/", number("3.0"), number("0." + "6" * 37 + "7")),
        (number("5.50"), "%", int_(2), number("1.50")),
        (number("0.5"), "*", number("0.3"), number("0.15")),
        (number("1E+40"), "%", number("7"), number("4")),
        (number("7"), "%", number("1E+90"), number("7")),
        (int_(2**63 - 1), "+", number("1"), number("9223372036854775808")),
        (Value(Kind.FLOAT, 1.1), "+", number("0.1"), Value(Kind.FLOAT, 1.2000000000000002)),
        (Value(Kind.FLOAT, -1.0), "/", int_(0), Value(Kind.FLOAT, float("-inf"))),
        (int_(1), "+", twin.MISSING, twin.NULL),
    ],
)
def test_worked_examples(left: Value, operator: str, right: Value, expected: Value) -> None:
    fail = Reported()
    (result,) = values_of(arithmetic(operator, column_of([left]), column_of([right]), fail))
    assert result.same(expected), result
    assert not fail.codes


@pytest.mark.parametrize(
    ("left", "operator", "right", "code", "message"),
    [
        (int_(2**63 - 1), "+", int_(1), "IntegerOverflow", "9223372036854775807 + 1"),
        (int_(-(2**63)), "/", int_(-1), "IntegerOverflow", "AS DECIMAL"),
        (int_(1), "/", int_(0), "ExternalEvalException", "zero on its right"),
        (number("1"), "%", number("0.0"), "ExternalEvalException", "zero on its right"),
        (Value(Kind.STRING, "1"), "+", int_(1), "ExternalEvalException", "Found STRING + INT"),
        (number("1E-2147483647"), "*", number("0.1111"), "ExternalEvalException", "scale of the result"),
    ],
)
def test_failures_say_what_was_found(
    left: Value, operator: str, right: Value, code: str, message: str
) -> None:
    fail = Reported()
    result = arithmetic(operator, column_of([left]), column_of([right]), fail)
    assert values_of(result) == [twin.NULL]
    assert fail.codes == {0: code}
    assert message in fail.messages[0]


def test_the_least_integer_has_no_negative() -> None:
    fail = Reported()
    result = sign("-", column_of([int_(-(2**63)), int_(5)]), fail)
    assert values_of(result) == [twin.NULL, int_(-5)]
    assert fail.codes == {0: "IntegerOverflow"}
