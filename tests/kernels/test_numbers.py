"""Text to numbers against int(), float() and Decimal, and exact comparison."""

from __future__ import annotations

import math
import random
import re
import struct
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3sql.buffers import PADDING
from s3sql.kernels import numbers as n

MANY = settings(max_examples=300, deadline=None)
DECIMAL_GRAMMAR = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
INT_GRAMMAR = re.compile(r"([+-]?)(?:(\d+)|0[xX]([0-9a-fA-F]+)|0[bB]([01]+))", re.ASCII)


def columns(texts: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The texts with neighbours that would change them if a kernel read too far."""
    buffer, starts, ends = bytearray(), [], []
    for text in texts:
        buffer += b"7"
        starts.append(len(buffer))
        buffer += text.encode("latin-1")
        ends.append(len(buffer))
        buffer += b"5"
    padded = np.full(len(buffer) + PADDING, ord("9"), dtype=np.uint8)
    padded[: len(buffer)] = np.frombuffer(bytes(buffer), dtype=np.uint8)
    return padded, np.array(starts, dtype=np.int32), np.array(ends, dtype=np.int32)


def ints_of(texts: list[str]) -> list[tuple[int, int]]:
    out, status = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.uint8)
    failed = n.parse_ints(*columns(texts), out, status)
    assert failed == np.count_nonzero(status)
    return list(zip(out.tolist(), status.tolist(), strict=True))


def floats_of(texts: list[str]) -> list[tuple[float, int]]:
    out, status = np.zeros(len(texts), np.float64), np.zeros(len(texts), np.uint8)
    failed = n.parse_floats(*columns(texts), out, status)
    assert failed == np.count_nonzero(status)
    return list(zip(out.tolist(), status.tolist(), strict=True))


def decimals_of(texts: list[str]) -> list[tuple[int, int, int]]:
    mantissas, scales = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int32)
    status = np.zeros(len(texts), np.uint8)
    failed = n.parse_decimals(*columns(texts), mantissas, scales, status)
    assert failed == np.count_nonzero(status)
    return list(zip(mantissas.tolist(), scales.tolist(), status.tolist(), strict=True))


# --- the twins --------------------------------------------------------------------------------------------


def expected_int(text: str) -> tuple[int, int]:
    match = INT_GRAMMAR.fullmatch(text.strip(" \t\r\n"))
    if match is None:
        return 0, n.MALFORMED
    sign, decimal, hexadecimal, binary = match.groups()
    value = int(decimal or "0") if decimal else int(hexadecimal, 16) if hexadecimal else int(binary, 2)
    value = -value if sign == "-" else value
    return (value, n.OK) if -(1 << 63) <= value < 1 << 63 else (0, n.OVERFLOW)


def expected_decimal(text: str) -> tuple[int, int] | None:
    """(mantissa, scale), of any size."""
    stripped = text.strip(" \t\r\n")
    if DECIMAL_GRAMMAR.fullmatch(stripped) is None:
        return None
    digits, _, exponent = stripped.lower().partition("e")
    whole, _, fraction = digits.partition(".")
    return int(whole + fraction), len(fraction) - int(exponent or "0")


def check_decimal(text: str) -> None:
    ((mantissa, scale, status),) = decimals_of([text])
    expected = expected_decimal(text)
    if expected is None:
        assert status == n.MALFORMED
        return
    if status == n.ODD:
        # Only a number that cannot be held, or that has more than 19 digits, is left to the wide kernel.
        assert len(str(abs(expected[0]))) >= 19 or abs(expected[1]) > 10**9
        return
    assert status == n.OK
    assert (mantissa, scale) == expected


def check_float(text: str) -> None:
    ((value, status),) = floats_of([text])
    stripped = text.strip(" \t\r\n")
    named = re.fullmatch(r"[+-]?(NaN|Infinity)", stripped)
    if named is None and DECIMAL_GRAMMAR.fullmatch(stripped) is None:
        assert (value, status) == (0.0, n.MALFORMED)
        return
    expected = float(stripped)
    if named is None and math.isinf(expected):
        assert status in (n.OVERFLOW, n.ODD)
        return
    if status == n.ODD:
        assert sum(character.isdigit() for character in stripped) > 19
        return
    assert status == n.OK
    if math.isnan(expected):
        assert math.isnan(value)
        return
    assert struct.pack("<d", value) == struct.pack("<d", expected)


number_like = st.text(alphabet="0123456789", min_size=0, max_size=24).flatmap(
    lambda digits: st.tuples(
        st.sampled_from(["", "", "", "-", "+", " ", "\t-", "--", "0x", "-0b", "0", "."]),
        st.just(digits),
        st.sampled_from(["", "", ".", ".5", ".05", ".123456789", ".00", "..", ",", "a"]),
        st.sampled_from(
            ["", "", "", "e5", "E-7", "e+22", "e", "e-310", "e308", " ", "\r\n", "x", "e9999999999"]
        ),
    ).map("".join)
)
noise = st.text(alphabet="0123456789+-.eExXbBaAfF \t\r\nNInity_", max_size=20)


# --- text to numbers --------------------------------------------------------------------------------------


@MANY
@given(st.one_of(number_like, noise))
@example("")
@example("-")
@example("0x")
@example("0X1f")
@example("-0b101")
@example("9223372036854775807")
@example("9223372036854775808")
@example("-9223372036854775808")
@example("-9223372036854775809")
@example("-0x8000000000000000")
@example("0x8000000000000000")
@example("18446744073709551616")
@example("99999999999999999999x")
@example("00000000000000000000000000000007")
@example("1.5")
@example("1_0")
@example("+ 1")
def test_ints(text):
    assert ints_of([text]) == [expected_int(text)]


@MANY
@given(st.integers(min_value=-(10**20), max_value=10**20))
def test_every_length_of_int(value):
    for text in (str(value), f"{value:+}", f" {value}\n", f"{value:025}", hex(value), bin(value)):
        assert ints_of([text]) == [expected_int(text)]


@MANY
@given(st.one_of(number_like, noise))
@example("1.50")
@example("1e3")
@example(".")
@example(".5")
@example("5.")
@example("-.5e-3")
@example("1e")
@example("1e+")
@example("NaN")
@example("0.000000000000000000000000000001")
@example("1e1000000001")
@example("-9223372036854775808")
@example("9223372036854775808")
@example("12345678.12345678")
@example("1234567.1")
@example("12345678.")
def test_decimals(text):
    check_decimal(text)


@MANY
@given(st.one_of(number_like, noise, st.floats(allow_nan=True, allow_infinity=False).map(repr)))
@example("NaN")
@example("-Infinity")
@example("+Infinity")
@example("nan")
@example("inf")
@example("Infinityx")
@example("1e400")
@example("-0")
@example("-0.0")
@example("2.2250738585072011e-308")
@example("4.9e-324")
@example("2.4703282292062327e-324")
@example("2.4703282292062328e-324")
@example("1.7976931348623157e308")
@example("1.7976931348623159e308")
@example("9007199254740993")
@example("9007199254740993.0000000000000000000000000000001")
@example("1e22")
@example("1e23")
@example("0e999999999999")
def test_floats(text):
    check_float(text)


def test_floats_of_random_digits_are_correctly_rounded():
    source = random.Random(5)
    texts = []
    for _ in range(20_000):
        digits = str(source.randrange(10 ** source.randrange(1, 20)))
        texts.append(f"{digits}e{source.randrange(-345, 310)}")
        texts.append(
            repr(struct.unpack("<d", source.randbytes(8))[0]).replace("inf", "1").replace("nan", "1")
        )
    # Halfway between two neighbours, and one digit to either side of it.
    for _ in range(2_000):
        significand = source.randrange(1 << 52, 1 << 53)
        middle = (2 * significand + 1) << source.randrange(0, 9)
        texts += [str(middle - 1), str(middle), str(middle + 1)]
    for text, (value, status) in zip(texts, floats_of(texts), strict=True):
        if math.isinf(float(text)):
            assert status == n.OVERFLOW
        else:
            assert (value, status) == (float(text), n.OK), text


def test_common_texts_are_never_odd():
    source = random.Random(6)
    texts = [repr(source.random() * 10 ** source.randrange(-5, 6)) for _ in range(2_000)]
    texts += [f"{source.random() * 1000:.2f}" for _ in range(2_000)]
    assert {status for _, status in floats_of(texts)} == {n.OK}
    assert {status for _, _, status in decimals_of(texts)} == {n.OK}


def test_strided_and_broadcast_offsets():
    buffer, starts, ends = columns(["12", "x", "-3.5"])
    out, status = np.zeros(2, np.float64), np.zeros(2, np.uint8)
    n.parse_floats(buffer, starts[::2], ends[::2], out, status)
    assert (out.tolist(), status.tolist()) == ([12.0, -3.5], [0, 0])
    n.parse_floats(buffer, np.broadcast_to(starts[2], 2), np.broadcast_to(ends[2], 2), out, status)
    assert out.tolist() == [-3.5, -3.5]


# --- comparison and conversion ----------------------------------------------------------------------------

mantissas = st.one_of(
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.integers(-100, 100),
    st.tuples(st.integers(-9, 9), st.integers(0, 18)).map(lambda pair: pair[0] * 10 ** pair[1]),
)
scale_values = st.one_of(st.integers(-25, 25), st.integers(-(1 << 31), (1 << 31) - 1))


@MANY
@given(mantissas, scale_values, mantissas, scale_values)
@example(10, 1, 1, 0)
@example(-(1 << 63), 0, (1 << 63) - 1, 0)
@example(1, 0, 10**18, 18)
@example(0, 5, 0, -5)
@example(1, -(1 << 31), 1, (1 << 31) - 1)
def test_comparison_is_exact(m1, s1, m2, s2):
    out = np.zeros(1, dtype=np.int8)
    n.compare_decimals(
        np.array([m1]), np.array([s1], np.int32), np.array([m2]), np.array([s2], np.int32), out
    )
    left, right = (
        Decimal((m1 < 0, tuple(map(int, str(abs(m1)))), -s1)),
        Decimal((m2 < 0, tuple(map(int, str(abs(m2)))), -s2)),
    )
    assert out[0] == int(left.compare(right))


@MANY
@given(mantissas, st.integers(-400, 400))
def test_decimals_to_floats(mantissa, scale):
    out, status = np.zeros(1), np.zeros(1, np.uint8)
    n.decimals_to_floats(np.array([mantissa]), np.array([scale], np.int32), out, status)
    expected = float(f"{mantissa}e{-scale}")
    assert out[0] == expected
    assert status[0] == (n.OVERFLOW if math.isinf(expected) else n.OK)


@pytest.mark.parametrize("read_only", ["buffer", "out"])
def test_what_is_written_must_be_writable(read_only):
    arrays = {
        "buffer": np.zeros(100, np.uint8),
        "starts": np.zeros(1, np.int32),
        "ends": np.zeros(1, np.int32),
        "out": np.zeros(1, np.int64),
        "status": np.zeros(1, np.uint8),
    }
    arrays[read_only].flags.writeable = False
    if read_only == "buffer":
        assert n.parse_ints(*arrays.values()) == 1
        return
    with pytest.raises(TypeError):
        n.parse_ints(*arrays.values())
