"""Totals in limbs against Python's integers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.kernels import exact_sum

INTS = st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.sampled_from([-(2**63), 2**63 - 1, 0, -1])))


def total_of(values: np.ndarray, times: int = 1) -> np.ndarray:
    total = np.zeros(exact_sum.FLOAT_TOTAL, np.int64)
    for _ in range(times):
        exact_sum.add_floats(values.view(np.uint64), total)
    return total


def units(total: np.ndarray) -> int:
    """The total in parts of 2**-1074."""
    limbs = total[: exact_sum.NANS].reshape(2, exact_sum.LIMBS).tolist()
    return sum(limb << (32 * place) for lane in limbs for place, limb in enumerate(lane))


@given(st.lists(st.floats()))
@example([5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308])
@example([-1.7976931348623157e308, 1.0])
def test_floats_add_up_exactly(values: list[float]) -> None:
    total = total_of(np.array(values))
    finite = [value for value in values if math.isfinite(value)]
    assert units(total) == sum(map(Fraction, finite), Fraction()) * 2**1074
    assert total[exact_sum.NANS] == sum(map(math.isnan, values))
    assert total[exact_sum.INFINITIES] == values.count(math.inf)
    assert total[exact_sum.NEGATIVE_INFINITIES] == values.count(-math.inf)
    assert total[exact_sum.NOT_NEGATIVE_ZEROS] == sum(str(value) != "-0.0" for value in values)


def test_carries_move_on_before_a_limb_is_full() -> None:
    for value in (
        1.7976931348623157e308,
        -1.7976931348623157e308,
        float.fromhex("-0x1.fffffffffffffp-31"),
        -5e-324,
    ):
        values = np.full(100_001, value)
        assert units(total_of(values, times=3)) == 300_003 * Fraction(value) * 2**1074


@given(INTS)
def test_integers_add_up_exactly(values: list[int]) -> None:
    total = np.full(2, 99, np.int64)
    exact_sum.add_integers(np.array(values, np.int64), total)
    assert int(total[0]) + (int(total[1]) << 32) == sum(values)


@given(INTS, st.data())
def test_mantissas_add_up_by_scale(values: list[int], data: st.DataObject) -> None:
    scale = st.sampled_from([0, 1, 2, exact_sum.MAX_SCALE, -1, exact_sum.MAX_SCALE + 1, -(2**31), 2**31 - 1])
    scales = data.draw(st.lists(scale, min_size=len(values), max_size=len(values)))
    totals = np.zeros(3 * (exact_sum.MAX_SCALE + 1), np.int64)
    left_out = exact_sum.add_by_scale(np.array(values, np.int64), np.array(scales, np.int32), totals)
    assert left_out == sum(not 0 <= scale <= exact_sum.MAX_SCALE for scale in scales)
    for place, (low, high, count) in enumerate(totals.reshape(-1, 3).tolist()):
        assert low + (high << 32) == sum(v for v, s in zip(values, scales, strict=True) if s == place)
        assert count == scales.count(place)
