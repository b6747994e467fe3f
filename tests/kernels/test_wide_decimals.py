"""Decimals of up to 38 digits against Python's decimal."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.kernels import exact_sum, integers, wide_decimals
from s3sql.kernels import numbers as kernels
from s3sql.kernels.rescale_decimals import rescale, truncate_wide
from tests.twins.values import decimal as rounded
from tests.twins.values import read_decimal
from tests.twins.wide_decimals import (
    EXTREME_SCALES,
    MOST,
    Number,
    arithmetic,
    decimal,
    halves,
    mantissas,
    near_numbers,
    near_scales,
    number,
    numbers,
    whole,
)

MANY = settings(max_examples=400, deadline=None)


def columns(values: list[Number]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return *halves([m for m, _ in values]), np.array([s for _, s in values], np.int32)


# --- arithmetic -------------------------------------------------------------------------------------------


def _add(sign: int) -> Callable[..., int]:
    return lambda *arrays: wide_decimals.add(*arrays[:6], sign, *arrays[6:])


KERNELS = {
    "+": _add(1),
    "-": _add(-1),
    "*": wide_decimals.multiply,
    "/": wide_decimals.divide,
    "%": wide_decimals.remainder,
}
STATUSES = {integers.BY_ZERO: "by zero", integers.OVERFLOW: "overflow"}


def run(operator: str, pairs: list[tuple[Number, Number]]) -> list[Number | str]:
    length = len(pairs)
    left, right = (columns([pair[side] for pair in pairs]) for side in (0, 1))
    low, high, scale = np.zeros(length, np.int64), np.zeros(length, np.int64), np.zeros(length, np.int32)
    status = np.zeros(length, np.uint8)
    failing = KERNELS[operator](*left, *right, np.ones(length, np.bool_), low, high, scale, status)
    assert failing == np.count_nonzero(status)
    results = zip(low.tolist(), high.tolist(), scale.tolist(), status.tolist(), strict=True)
    return [STATUSES[failed] if failed else (whole(lo, hi), s) for lo, hi, s, failed in results]


@pytest.mark.parametrize("operator", KERNELS)
@MANY
@given(pairs=st.lists(st.tuples(near_numbers, near_numbers) | st.tuples(numbers, numbers)))
@example(
    pairs=[((10**37, 0), (-1, 76)), ((10**37, 0), (-5, 77)), ((10**37, 0), (-51, 78)), ((1, 0), (1, 38))]
)
@example(pairs=[((MOST, 0), (1, 39)), ((MOST, 0), (5, 1)), ((MOST - 1, 0), (5, 1)), ((MOST, 0), (-5, 1))])
@example(
    pairs=[((MOST, 0), (MOST, 0)), ((MOST, 0), (MOST, 38)), ((MOST, 38), (-MOST, 0)), ((1, 0), (MOST, 0))]
)
@example(pairs=[((1, 0), (3, 0)), ((2, 0), (3, 0)), ((1, 0), (2**63, 0)), ((10**37, -5), (1, 5))])
@example(pairs=[((0, 0), (3, 5)), ((0, 7), (3, 5)), ((0, 80), (MOST, -40)), ((3, 5), (0, -(2**31)))])
@example(pairs=[((7, -(2**31)), (13, 2**31 - 1)), ((MOST, 2**31 - 1), (MOST, -(2**31)))])
@example(pairs=[((3, 2**31 - 1), (0, 2**31 - 1)), ((1, -(2**31)), (10, 0)), ((9, 2**31 - 1), (2, 0))])
def test_arithmetic(operator: str, pairs: list[tuple[Number, Number]]) -> None:
    assert run(operator, pairs) == [arithmetic(operator, *pair) for pair in pairs]


@given(st.tuples(mantissas, near_scales), st.tuples(mantissas, near_scales), st.integers(0, 80))
def test_halves_round_to_even(left: Number, tie: Number, distance: int) -> None:
    """A sum that ends in exactly one half of the last digit, or close to it."""
    for behind in (5, 50, 500001, 49):
        pair = (left, (int(math.copysign(behind, tie[0])), left[1] + distance))
        assert run("+", [pair]) == [arithmetic("+", *pair)]


def test_rows_that_are_not_asked_for_stay() -> None:
    left, right = columns([(1, 0), (MOST, 0)]), columns([(0, 0), (MOST, 0)])
    for operator, kernel in KERNELS.items():
        low, high, scale = np.full(2, 7, np.int64), np.full(2, 8, np.int64), np.full(2, 9, np.int32)
        status = np.zeros(2, np.uint8)
        assert kernel(*left, *right, np.zeros(2, np.bool_), low, high, scale, status) == 0, operator
        assert (low.tolist(), high.tolist(), scale.tolist(), status.tolist()) == (
            [7, 7],
            [8, 8],
            [9, 9],
            [0, 0],
        )


@pytest.mark.parametrize("operator", KERNELS)
def test_mantissas_of_more_digits_do_no_harm(operator: str) -> None:
    """A corrupt file may hold them; what comes out does not matter."""
    worst = [(-(2**127), 0), (2**127 - 1, 0), (10**38, 2**31 - 1), (-(2**127), -(2**31))]
    assert len(run(operator, [(a, b) for a in worst for b in [*worst, (3, 0), (1, 38)]])) == 24


# --- comparison, truncation, other scales, floats ---------------------------------------------------------


@MANY
@given(numbers, numbers)
@example((10, 1), (1, 0))
@example((MOST, 38), (1, 0))
@example((10**37, 37), (1, 0))
@example((-(10**37), 0), (-1, -37))
@example((0, 5), (0, -5))
@example((1, -(2**31)), (1, 2**31 - 1))
def test_comparison_is_exact(left: Number, right: Number) -> None:
    out = np.zeros(1, np.int8)
    kernels.compare_wide_decimals(*columns([left]), *columns([right]), out)
    assert out[0] == int(decimal(left).compare(decimal(right)))


@MANY
@given(st.lists(numbers))
@example([(2**63 - 1, 0), (2**63, 0), (-(2**63), 0), (-(2**63) - 1, 0), (MOST, 19), (MOST, 20), (MOST, 39)])
@example([(1, -18), (1, -19), (-9, -18), (0, -(2**31)), (MOST, 2**31 - 1)])
def test_truncation(values: list[Number]) -> None:
    result, status = np.empty(len(values), np.int64), np.empty(len(values), np.uint8)
    assert truncate_wide(*columns(values), result, status) == np.count_nonzero(status)
    for (mantissa, scale), integer, failed in zip(values, result.tolist(), status.tolist(), strict=True):
        magnitude = (
            abs(mantissa) // 10 ** min(scale, 40) if scale >= 0 else abs(mantissa) * 10 ** min(-scale, 40)
        )
        exact = -magnitude if mantissa < 0 else magnitude
        assert failed == (not -(2**63) <= exact < 2**63)
        assert failed or integer == exact


@MANY
@given(st.lists(st.tuples(mantissas, st.integers(-40, 45)) | numbers), st.integers(0, 38), st.data())
@example([(MOST, 0)], 0, None)
@example([(MOST, 0)], 1, None)
@example([(0, 2**31 - 1), (0, -(2**31))], 7, None)
def test_rescaling(values: list[Number], scale: int, data: st.DataObject | None) -> None:
    flags = st.lists(st.booleans(), min_size=len(values), max_size=len(values))
    where = data.draw(flags) if data else [True] * len(values)
    words = np.zeros(2 * len(values), np.int64)
    stopped = rescale(*columns(values), scale, np.array(where, np.bool_), words)
    for row, (mantissa, own) in enumerate(values):
        if not where[row]:
            assert words[2 * row : 2 * row + 2].tolist() == [0, 0]
            continue
        fits = not mantissa or (0 <= scale - own <= 38 and abs(mantissa) * 10 ** (scale - own) <= MOST)
        if not fits:
            assert stopped == row
            return
        expected = mantissa * 10 ** (scale - own) if mantissa else 0
        assert whole(words[2 * row], words[2 * row + 1]) == expected
    assert stopped == -1


@MANY
@given(mantissas, st.integers(-340, 380) | st.sampled_from(EXTREME_SCALES))
@example(2**64 + 2**11, 0)
@example(2**64 + 2**11 + 1, 0)
@example(MOST, -271)
@example(-(2**63) - 1025, 0)
def test_nearest_floats(mantissa: int, scale: int) -> None:
    out, status = np.zeros(1), np.zeros(1, np.uint8)
    odd = kernels.wide_decimals_to_floats(*columns([(mantissa, scale)]), out, status)
    expected = float(f"{mantissa}e{-scale}")
    assert odd == (status[0] == kernels.ODD)
    if odd:
        assert abs(out[0] - expected) <= math.ulp(expected)
        assert abs(mantissa) >= 2**64
        return
    assert out[0] == expected
    assert (status[0] == kernels.OVERFLOW) == math.isinf(expected)


def test_nearly_every_float_is_found() -> None:
    generator = np.random.default_rng(3)
    low, high = generator.integers(-(2**63), 2**63 - 1, 10_000), generator.integers(1, 2**61, 10_000)
    out, status = np.zeros(10_000), np.zeros(10_000, np.uint8)
    assert kernels.wide_decimals_to_floats(low, high, np.full(10_000, 5, np.int32), out, status) < 100


# --- text -------------------------------------------------------------------------------------------------


@MANY
@given(st.lists(st.tuples(mantissas, st.integers(-5, 50)) | numbers))
@example([(MOST, s) for s in (0, 1, 37, 38, 39, 43, 44, -1, 2**31 - 1, -(2**31))])
@example([(-MOST, s) for s in (0, 1, 37, 38, 39, 43, 44, -1, 2**31 - 1, -(2**31))])
@example([(2**64, 0), (10**32, 0), (10**32 - 1, 2), (10**16, 0), (0, 0), (0, 7), (0, -1), (1, 6), (1, 7)])
def test_printing(values: list[Number]) -> None:
    buffer = PaddedBuffer.empty(len(values) * kernels.WIDE_DECIMAL_TEXT).array
    starts, ends = np.zeros(len(values), np.int32), np.zeros(len(values), np.int32)
    size = kernels.format_wide_decimals(*columns(values), buffer, starts, ends)
    texts = [buffer[s:e].tobytes().decode() for s, e in zip(starts.tolist(), ends.tolist(), strict=True)]
    assert texts == [str(decimal(value)) for value in values]  # Python prints as BigDecimal does
    assert size == sum(map(len, texts))
    assert all(len(text) <= kernels.WIDE_DECIMAL_TEXT for text in texts)


def test_the_longest_mantissa_prints() -> None:
    buffer = PaddedBuffer.empty(kernels.WIDE_DECIMAL_TEXT).array
    starts, ends = np.zeros(1, np.int32), np.zeros(1, np.int32)
    values = [(-(2**127), 2**31 - 1)]
    kernels.format_wide_decimals(*columns(values), buffer, starts, ends)
    assert buffer[: ends[0]].tobytes().decode() == str(decimal(values[0]))


def parsed(texts: list[str]) -> list[Number | None]:
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int32)
    starts = (ends - np.array([len(text) for text in encoded])).astype(np.int32)
    buffer = PaddedBuffer.copy_of(b"".join(encoded)).array
    low, scale, status = (np.zeros(len(texts), t) for t in (np.int64, np.int32, np.uint8))
    kernels.parse_decimals(buffer, starts, ends, low, scale, status)
    high = low >> 63
    kernels.parse_wide_decimals(buffer, starts, ends, low, high, scale, status)
    assert kernels.ODD not in status
    rows = zip(low.tolist(), high.tolist(), scale.tolist(), status.tolist(), strict=True)
    return [(whole(lo, hi), s) if state == kernels.OK else None for lo, hi, s, state in rows]


_digits = st.text("0123456789", max_size=60) | st.text("059", min_size=30, max_size=50) | st.just("0" * 40)
spellings = st.tuples(
    st.sampled_from(["", "", "-", "+", " \t-", "\r\n"]),
    _digits,
    st.sampled_from(["", ".", ".5", "."]),
    _digits,
    st.sampled_from(["", "", "e5", "E-7", "e+22", "e2147483647", "e-2147483648", "e2147483660", " ", "\n"]),
).map("".join)


@MANY
@given(st.lists(spellings))
@example(
    ["1" * 38, "9" * 38 + ".5", "9" * 39, "1" * 38 + "5", "1" * 37 + "25", "1" * 37 + "250" + "0" * 50 + "1"]
)
@example(["-" + "9" * 60, "0." + "0" * 50 + "1" * 40, "0" * 50 + "1" * 25, "." + "1" * 40, "1" * 20 + "."])
@example(["1e2147483648", "1e2147483649", "1e-2147483647", "1e-2147483648", "0e2147483649", "0." + "0" * 99])
@example(["1e9999999999999999", "0e-9999999999999999", "1" * 39 + "e-2147483648"])
@example(["9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616"])
def test_reading(texts: list[str]) -> None:
    expected = [read_decimal(text) for text in texts]
    assert parsed(texts) == [None if value is None else number(value) for value in expected]


def test_exponents_of_any_length() -> None:
    assert parsed(["1e" + "9" * 50, "0e-" + "9" * 50, "1e-" + "0" * 50 + "7"]) == [None, None, (1, 7)]


@given(mantissas, st.integers(1, 60))
def test_more_digits_are_rounded_half_even(mantissa: int, digits: int) -> None:
    for tail in ("5" + "0" * digits, "4" + "9" * digits, "5" + "0" * digits + "1"):
        text = f"{mantissa}{tail}"
        assert parsed([text]) == [number(rounded(int(text), 0))]


# --- totals -----------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(mantissas, st.sampled_from([0, 2, exact_sum.MAX_SCALE, -1, 64, 2**31 - 1]))))
def test_mantissas_add_up_by_scale(values: list[Number]) -> None:
    totals = np.zeros(5 * (exact_sum.MAX_SCALE + 1), np.int64)
    left_out = exact_sum.add_wide_by_scale(*columns(values), totals)
    assert left_out == sum(not 0 <= scale <= exact_sum.MAX_SCALE for _, scale in values)
    for place, (*quarters, count) in enumerate(totals.reshape(-1, 5).tolist()):
        mine = [mantissa for mantissa, scale in values if scale == place]
        assert sum(quarter << 32 * part for part, quarter in enumerate(quarters)) == sum(mine)
        assert count == len(mine)


def test_the_twin_itself() -> None:
    assert arithmetic("/", (600, 0), (300, 2)) == (200, 0)
    assert arithmetic("%", (-550, 2), (2, 0)) == (-150, 2)
    assert arithmetic("/", (1, 0), (3, 0)) == (int("3" * 38), 38)
    assert decimal((150, 2)) == Decimal("1.50")
