from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import Position
from s3sql.plan.expr import Arithmetic, Compare, Literal, Sign
from s3sql.plan.fold import fold
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
