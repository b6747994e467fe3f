"""Exact totals of numbers, the same however the rows are split: what SUM and AVG add up.

In: columns of numbers.  Out: the exact total, rounded once when it is asked for.

    ints      a Python int
    decimals  a Python int for each scale
    floats    a Python int that counts 2**-1074; infinities and NaN as IEEE adds them

Totals add to each other, so parts may be summed anywhere and in any order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from s3sql.kernels import exact_sum as kernels
from s3sql.payloads import Decimals, Int32s, Int64s

#: A float counts this many parts of 1.
_FLOAT_UNIT = 1 << 1074

#: Digits behind which a part of a decimal total counts by its sign only: more than 38 digits and rounding
#: can ever look at, while an exponent may be two thousand million.
_HORIZON = 1024

#: Floats lie between 10**-324 and 10**309; what is farther out is rounded the same wherever it is.
_FLOAT_HORIZON = 400


@dataclass(slots=True)
class FloatTotal:
    """The exact sum of floats."""

    units: int = 0
    nans: int = 0
    infinities: int = 0
    negative_infinities: int = 0
    #: Whether there was anything but -0.0, of which alone the sum is -0.0.
    beyond_negative_zero: bool = False

    def add(self, values: NDArray[np.float64]) -> None:
        """Add the values."""
        total = np.zeros(kernels.FLOAT_TOTAL, np.int64)
        kernels.add_floats(np.ascontiguousarray(values, np.float64).view(np.uint64), total)
        limbs = total[: kernels.LIMBS] + total[kernels.LIMBS : kernels.NANS]
        self.units += sum(limb << (32 * place) for place, limb in enumerate(limbs.tolist()) if limb)
        self.nans += int(total[kernels.NANS])
        self.infinities += int(total[kernels.INFINITIES])
        self.negative_infinities += int(total[kernels.NEGATIVE_INFINITIES])
        self.beyond_negative_zero |= bool(total[kernels.NOT_NEGATIVE_ZEROS])

    def merge(self, other: FloatTotal) -> None:
        """Add another total."""
        self.units += other.units
        self.nans += other.nans
        self.infinities += other.infinities
        self.negative_infinities += other.negative_infinities
        self.beyond_negative_zero |= other.beyond_negative_zero

    def rounded(self, beside: Decimal | None, count: int) -> float:
        """The nearest float to this total plus the decimal total *beside*, divided by *count*."""
        if self.nans or (self.infinities and self.negative_infinities):
            return float("nan")
        if self.infinities or self.negative_infinities:
            return float("inf") if self.infinities else float("-inf")
        if beside is None and not self.beyond_negative_zero:
            return -0.0
        numerator, denominator = self.units, _FLOAT_UNIT
        if beside:
            if beside.adjusted() > _FLOAT_HORIZON:
                return float("inf") if beside > 0 else float("-inf")
            if beside.adjusted() < -_FLOAT_HORIZON:
                beside = Decimal((int(beside < 0), (1,), -_FLOAT_HORIZON))
            numerator, denominator = (Fraction(numerator, denominator) + Fraction(beside)).as_integer_ratio()
        try:
            return numerator / (denominator * count)  # Python rounds the quotient of ints once
        except OverflowError:
            return float("inf") if numerator > 0 else float("-inf")


@dataclass(slots=True)
class DecimalTotal:
    """The exact sum of decimals, ints among them; ``scale`` is the largest scale that occurred."""

    unscaled: dict[int, int] = field(default_factory=dict)
    scale: int | None = None

    def add(self, values: Decimals) -> None:
        """Add the values."""
        low, high, scale = values.low, values.high, values.scale
        if not len(scale):
            return
        if bool((scale == scale[0]).all()):
            self._add(_sum_of_mantissas(low, high), int(scale[0]))
            return
        left_out = self._add_narrow(low, scale) if high is None else self._add_wide(low, high, scale)
        if left_out:
            outside = np.flatnonzero((scale < 0) | (scale > kernels.MAX_SCALE))
            outside = outside[np.argsort(scale[outside], kind="stable")]
            first = np.flatnonzero(np.diff(scale[outside], prepend=scale[outside[0]] - 1))
            for rows in np.split(outside, first[1:]):
                self._add(
                    _sum_of_mantissas(low[rows], None if high is None else high[rows]), int(scale[rows[0]])
                )

    def _add_narrow(self, mantissa: Int64s, scale: Int32s) -> int:
        """Add what has a usual scale; returns how many values do not."""
        totals = np.zeros(3 * (kernels.MAX_SCALE + 1), np.int64)
        left_out = kernels.add_by_scale(mantissa, scale, totals)
        for place, (lower, upper, count) in enumerate(totals.reshape(-1, 3).tolist()):
            if count:
                self._add(lower + (upper << 32), place)
        return left_out

    def _add_wide(self, low: Int64s, high: Int64s, scale: Int32s) -> int:
        """As :meth:`_add_narrow`."""
        totals = np.zeros(5 * (kernels.MAX_SCALE + 1), np.int64)
        left_out = kernels.add_wide_by_scale(low, high, scale, totals)
        for place, (*quarters, count) in enumerate(totals.reshape(-1, 5).tolist()):
            if count:
                self._add(sum(quarter << 32 * part for part, quarter in enumerate(quarters)), place)
        return left_out

    def add_integer(self, value: int) -> None:
        """Add a total of ints, which have scale 0."""
        self._add(value, 0)

    def _add(self, unscaled: int, scale: int) -> None:
        self.unscaled[scale] = self.unscaled.get(scale, 0) + unscaled
        self.scale = scale if self.scale is None else max(self.scale, scale)

    def merge(self, other: DecimalTotal) -> None:
        """Add another total."""
        for scale, unscaled in other.unscaled.items():
            self._add(unscaled, scale)

    def value(self) -> Decimal:
        """The total at the largest scale, not rounded.

        Parts more than a thousand digits behind the first are replaced by the sign of the next one: no
        rounding to 38 digits can tell, short of a tie of a thousand digits.
        """
        assert self.scale is not None, "the total of no decimals"
        total, scale = 0, self.scale
        for place, part in sorted(self.unscaled.items()):
            if not part:
                continue
            if not total:
                total, scale = part, place
            elif place - scale > _HORIZON or total.bit_length() > 4 * _HORIZON:
                sign = 1 if part > 0 else -1
                return _decimal(total * 10**_HORIZON + sign, scale + _HORIZON)
            else:
                total, scale = total * 10 ** (place - scale) + part, place
        if not total:
            return _decimal(0, self.scale)
        # Digits up to the largest scale are zeros here; beyond the horizon rounding takes them off again.
        missing = min(self.scale - scale, _HORIZON)
        return _decimal(total * 10**missing, scale + missing)


def sum_of_integers(values: NDArray[np.int64]) -> int:
    """The exact sum of 64-bit integers, at most 2**31 of them."""
    total = np.empty(2, np.int64)
    kernels.add_integers(values, total)
    return int(total[0]) + (int(total[1]) << 32)


def _sum_of_mantissas(low: Int64s, high: Int64s | None) -> int:
    if high is None:
        return sum_of_integers(low)
    # The low half is unsigned: a bit set at its top counts 2**64 more than in a signed one.
    return (sum_of_integers(high) + int(np.count_nonzero(low < 0)) << 64) + sum_of_integers(low)


def _decimal(unscaled: int, scale: int) -> Decimal:
    sign, digits, _ = Decimal(unscaled).as_tuple()
    return Decimal((sign, digits, -scale))
