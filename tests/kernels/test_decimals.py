from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.kernels import decimals, integers
from s3sql.types import Kind
from tests.twins.strategies import ints
from tests.twins.values import FailedError, Value, arithmetic, decimal, unscaled

Number = tuple[int, int]  # mantissa and scale
Pairs = list[tuple[Number, Number]]

near = st.tuples(ints, st.integers(-25, 25))
operands = st.tuples(ints, st.integers(-25, 25) | st.sampled_from([-(2**31), 2**31 - 1]))


def run(kernel: Callable[..., int], pairs: Pairs) -> list[Number | None]:
    """(mantissa, scale) of each result, None for odd rows."""
    mantissas = [np.array([pair[side][0] for pair in pairs], np.int64) for side in (0, 1)]
    scales = [np.array([pair[side][1] for pair in pairs], np.int32) for side in (0, 1)]
    mantissa, scale = np.empty(len(pairs), np.int64), np.empty(len(pairs), np.int32)
    odd = np.empty(len(pairs), np.bool_)
    count = kernel(mantissas[0], scales[0], mantissas[1], scales[1], mantissa, scale, odd)
    assert count == odd.sum()
    results = zip(mantissa.tolist(), scale.tolist(), odd.tolist(), strict=True)
    return [None if is_odd else (m, s) for m, s, is_odd in results]


def add(left: object, left_scale: object, right: object, right_scale: object, *out: object) -> int:
    return decimals.add(left, left_scale, right, right_scale, 1, *out)


def subtract(left: object, left_scale: object, right: object, right_scale: object, *out: object) -> int:
    return decimals.add(left, left_scale, right, right_scale, -1, *out)


KERNELS = {
    "+": add,
    "-": subtract,
    "*": decimals.multiply,
    "/": decimals.divide,
    "%": decimals.remainder,
}


@pytest.mark.parametrize("operator", KERNELS)
@given(pairs=st.lists(st.tuples(near, near)))
def test_what_is_not_odd_is_exact(operator: str, pairs: Pairs) -> None:
    for pair, result in zip(pairs, run(KERNELS[operator], pairs), strict=True):
        if result is None:
            continue
        left, right = (Value(Kind.DECIMAL, decimal(*number)) for number in pair)
        expected = unscaled(arithmetic(operator, left, right).value)
        assert result == (expected[0], -expected[1]), pair


@pytest.mark.parametrize("operator", KERNELS)
@given(pairs=st.lists(st.tuples(operands, operands)))
def test_no_scale_breaks_a_kernel(operator: str, pairs: Pairs) -> None:
    run(KERNELS[operator], pairs)


@pytest.mark.parametrize(
    ("operator", "left", "right", "expected"),
    [
        ("+", (150, 2), (1, 0), (250, 2)),
        ("+", (2**63 - 1, 0), (1, 0), None),
        ("-", (0, 0), (-(2**63), 0), None),
        ("*", (150, 2), (2, 0), (300, 2)),
        ("/", (600, 0), (300, 2), (200, 0)),
        ("/", (1, 0), (8, 0), (125, 3)),
        ("/", (1, 0), (3, 0), None),
        ("/", (1, 0), (0, 0), None),
        ("%", (-550, 2), (2, 0), (-150, 2)),
        ("%", (-(2**63), 0), (-1, 0), (0, 0)),
    ],
)
def test_results(
    operator: str, left: tuple[int, int], right: tuple[int, int], expected: tuple[int, int] | None
) -> None:
    assert run(KERNELS[operator], [(left, right)]) == [expected]


@given(st.lists(operands))
def test_truncation(values: list[tuple[int, int]]) -> None:
    mantissa, scale = np.array([v[0] for v in values], np.int64), np.array([v[1] for v in values], np.int32)
    result, status = np.empty(len(values), np.int64), np.empty(len(values), np.uint8)
    assert decimals.truncate(mantissa, scale, result, status) == status.sum()
    for (m, s), integer, failed in zip(values, result.tolist(), status.tolist(), strict=True):
        if s < -18:
            assert bool(failed) == (m != 0)
        elif s > 18:
            assert (integer, failed) == (0, 0)
        else:
            exact = int(Fraction(m) / Fraction(10) ** s)
            assert failed == (not -(2**63) <= exact < 2**63)
            assert failed or integer == exact


INTEGER_KERNELS = {
    "+": integers.add,
    "-": integers.subtract,
    "*": integers.multiply,
    "/": integers.divide,
    "%": integers.remainder,
}
CODES = {integers.OVERFLOW: "IntegerOverflow", integers.BY_ZERO: "ExternalEvalException"}


@pytest.mark.parametrize("operator", INTEGER_KERNELS)
@given(pairs=st.lists(st.tuples(ints, ints)))
def test_integers(operator: str, pairs: list[tuple[int, int]]) -> None:
    left, right = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    result, status = np.empty(len(pairs), np.int64), np.empty(len(pairs), np.uint8)
    failing = INTEGER_KERNELS[operator](left, right, result, status)
    assert failing == np.count_nonzero(status)
    for (a, b), got, outcome in zip(pairs, result.tolist(), status.tolist(), strict=True):
        assert (got if outcome == integers.FINE else CODES[outcome]) == expected_integer(operator, a, b)


def expected_integer(operator: str, left: int, right: int) -> object:
    try:
        return arithmetic(operator, Value(Kind.INT, left), Value(Kind.INT, right)).value
    except FailedError as failed:
        return failed.code
