"""Numbers to text against repr() and the rules of Java's BigDecimal.toString and Double.toString."""

from __future__ import annotations

import math
import random
import struct
from decimal import Decimal

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3sql.buffers import PADDING
from s3sql.kernels import numbers as n

MANY = settings(max_examples=300, deadline=None)

mantissas = st.one_of(
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.integers(-100, 100),
    st.tuples(st.integers(-9, 9), st.integers(0, 18)).map(lambda pair: pair[0] * 10 ** pair[1]),
)
scale_values = st.one_of(st.integers(-25, 25), st.integers(-(1 << 31), (1 << 31) - 1))


def texts_of(write, capacity: int, *arrays: np.ndarray) -> list[str]:
    rows = len(arrays[0])
    buffer = np.full(rows * capacity + PADDING, ord("#"), dtype=np.uint8)
    starts, ends = np.zeros(rows, np.int32), np.zeros(rows, np.int32)
    size = write(*arrays, buffer, starts, ends)
    assert size == (ends[-1] if rows else 0)
    contents = buffer.tobytes()
    return [contents[s:e].decode("ascii") for s, e in zip(starts.tolist(), ends.tolist(), strict=True)]


def big_decimal_text(mantissa: int, scale: int) -> str:
    """Java's BigDecimal.toString, from its documentation."""
    digits, sign = str(abs(mantissa)), "-" if mantissa < 0 else ""
    adjusted = len(digits) - 1 - scale
    if scale >= 0 and adjusted >= -6:
        padded = digits.rjust(scale + 1, "0")
        return sign + (padded if scale == 0 else f"{padded[:-scale]}.{padded[-scale:]}")
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}E{adjusted:+d}"


def double_text(value: float) -> str:
    """Java's Double.toString over the digits of repr(), which are the shortest."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if value == 0:
        return f"{sign}0.0"
    _, digits, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    if abs(value) < 1e-3 or abs(value) >= 1e7:
        return f"{sign}{text[0]}.{text[1:] or '0'}E{point - 1}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{text}"
    return f"{sign}{text[:point].ljust(point, '0')}.{text[point:] or '0'}"


@MANY
@given(st.lists(mantissas, max_size=8))
def test_ints_print_their_digits(values):
    assert texts_of(n.format_ints, n.INT_TEXT, np.array(values, np.int64)) == [str(value) for value in values]


def test_ints_of_every_length():
    values = [sign * (10**power + delta) for power in range(19) for delta in (-1, 0, 1) for sign in (1, -1)]
    values += [(1 << 63) - 1, -(1 << 63)]
    assert texts_of(n.format_ints, n.INT_TEXT, np.array(values, np.int64)) == [str(value) for value in values]


@MANY
@given(st.lists(st.tuples(mantissas, scale_values), max_size=8))
@example([(150, 2), (1, 6), (15, 8), (1, -3), (0, 2), (0, -3), (0, 7), (-5, 0), (1, 7), (-(1 << 63), 24)])
def test_decimals_print_as_big_decimal_does(rows):
    values = np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.int32)
    assert texts_of(n.format_decimals, n.DECIMAL_TEXT, *values) == [big_decimal_text(*row) for row in rows]


def test_number_text_of_the_reference():
    decimals = [(150, 2, "1.50"), (1, 6, "0.000001"), (15, 8, "1.5E-7"), (1, -3, "1E+3")]
    values = [np.array([row[index] for row in decimals], (np.int64, np.int32)[index]) for index in (0, 1)]
    assert texts_of(n.format_decimals, n.DECIMAL_TEXT, *values) == [row[2] for row in decimals]
    floats = {4.0: "4.0", 300000.0: "300000.0", 1e7: "1.0E7", 1e-4: "1.0E-4", 0.001: "0.001", 1.5: "1.5"}
    floats |= {
        123456.789: "123456.789",
        9999999.0: "9999999.0",
        12345678.9: "1.23456789E7",
        5e-324: "5.0E-324",
    }
    assert texts_of(n.format_floats, n.FLOAT_TEXT, np.array(list(floats))) == list(floats.values())
    odd = np.array([-0.0, 0.0, math.nan, math.inf, -math.inf])
    assert texts_of(n.format_floats, n.FLOAT_TEXT, odd) == ["-0.0", "0.0", "NaN", "Infinity", "-Infinity"]


@MANY
@given(st.lists(st.floats(), max_size=6))
@example([1.7976931348623157e308, 2.2250738585072014e-308, 5e-324, 2.0**-1022 - 5e-324])
@example([1e22, 1e23, 9007199254740992.0, 9007199254740994.0, 0.1, 0.3, 2.0**0.5])
def test_floats_print_the_shortest_digits(values):
    assert texts_of(n.format_floats, n.FLOAT_TEXT, np.array(values, np.float64)) == list(
        map(double_text, values)
    )


def test_floats_of_every_exponent_print_the_shortest_digits():
    source = random.Random(11)
    patterns = [source.getrandbits(64) for _ in range(20_000)]
    patterns += [(exponent << 52) + delta for exponent in range(1, 2047) for delta in (-1, 0, 1)]
    values = [struct.unpack("<d", struct.pack("<Q", pattern))[0] for pattern in patterns]
    values += [round(source.random() * 10**digits, places) for digits in range(8) for places in range(8)]
    for value, text in zip(values, texts_of(n.format_floats, n.FLOAT_TEXT, np.array(values)), strict=True):
        assert text == double_text(value)


def test_texts_are_written_one_after_another():
    buffer = np.zeros(3 * n.INT_TEXT + PADDING, np.uint8)
    starts, ends = np.zeros(3, np.int32), np.zeros(3, np.int32)
    assert n.format_ints(np.array([1, -22, 333]), buffer, starts, ends) == 7
    assert buffer[:7].tobytes() == b"1-22333"
    assert (starts.tolist(), ends.tolist()) == ([0, 1, 4], [1, 4, 7])
