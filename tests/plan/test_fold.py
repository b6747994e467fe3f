from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import Position
from s3sql.plan.expr import Literal
from s3sql.plan.fold import fold
from s3sql.plan.operators import Arithmetic, Cast, Compare, Sign
from s3sql.timestamp import parse
from s3sql.types import Kind

INTEGERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-9, 9))


@given(INTEGERS, INTEGERS, st.sampled_from("+-*/%"))
def test_integer_arithmetic_is_exact_or_left_alone(left: int, right: int, sign: str) -> None:
    node = Arithmetic(sign, Literal(Kind.INT, left), Literal(Kind.INT, right))
    folded = fold(node)
    if sign in "/%" and right == 0:
        assert folded is node
        return
    quotient = abs(left) // abs(right) if right else 0
    if (left < 0) != (right < 0):
        quotient = -quotient
    exact = {
        "+": left + right,
        "-": left - right,
        "*": left * right,
        "/": quotient,
        "%": left - quotient * right,
    }
    fits = -(2**63) <= exact[sign] < 2**63
    assert folded == (Literal(Kind.INT, exact[sign]) if fits else node)


def test_the_least_integer_has_no_negative() -> None:
    node = Sign("-", Literal(Kind.INT, -(2**63)))
    assert fold(node) is node


@pytest.mark.parametrize("sign", ["+", "-"])
@pytest.mark.parametrize("literal", [Literal(Kind.STRING, "a"), Literal(Kind.BOOL, True)])
def test_a_sign_before_what_is_no_number_fails_later(sign: str, literal: Literal) -> None:
    node = Sign(sign, literal)
    assert fold(node) is node


def test_a_boolean_is_no_number() -> None:
    assert fold(Compare("=", Literal(Kind.BOOL, True), Literal(Kind.INT, 1))) == Literal(Kind.BOOL, False)
    node = Compare("<", Literal(Kind.BOOL, True), Literal(Kind.INT, 1))
    assert fold(node) is node


def test_the_place_of_a_folded_expression_is_that_of_its_operator() -> None:
    one = Literal(Kind.INT, 1)
    assert fold(Arithmetic("+", one, one, position=Position(1, 9))).position == Position(1, 9)


def stamp(text: str) -> Literal:
    return Literal(Kind.TIMESTAMP, parse(text))


@pytest.mark.parametrize(
    ("left", "sign", "right", "truth"),
    [
        ("2010T", "=", "2010-01-01T00:00:00.000Z", True),
        ("2010-01-01T01:00+01:00", "<>", "2010T", False),
        ("2010-01-01T00:00:00.000000001Z", ">", "2010T", True),
        ("2009-12-31T23:59Z", "<", "2010-01-01T00:00+00:30", False),
    ],
)
def test_timestamps_compare_by_instant(left: str, sign: str, right: str, truth: bool) -> None:
    assert fold(Compare(sign, stamp(left), stamp(right))) == Literal(Kind.BOOL, truth)


def test_a_timestamp_has_no_order_with_text() -> None:
    text = Literal(Kind.STRING, "2010T")
    assert fold(Compare("=", stamp("2010T"), text)) == Literal(Kind.BOOL, False)
    node = Compare("<", stamp("2010T"), text)
    assert fold(node) is node


def test_text_that_is_a_timestamp_is_cast_once() -> None:
    def cast(text: str) -> Cast:
        return Cast(Literal(Kind.STRING, text), Kind.TIMESTAMP)

    assert fold(cast("2010-02-03T04:05:06Z")) == stamp("2010-02-03T04:05:06Z")
    failing = cast("2010-02-30")
    assert fold(failing) is failing
    other = Cast(Literal(Kind.INT, 1), Kind.TIMESTAMP)
    assert fold(other) is other
