"""SQL values and operators, one value at a time, in plain Python: what the columns must agree with.

Written from the reference with fractions and regular expressions, sharing no code with the engine.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from s3sql.payloads import Decimals, Text, Timestamps
from s3sql.timestamp import Timestamp, parse
from s3sql.types import Column, Kind

NUMBERS = (Kind.INT, Kind.FLOAT, Kind.DECIMAL)
INT_RANGE = range(-(2**63), 2**63)


class FailedError(Exception):
    """The row fails with an AWS code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Value(NamedTuple):
    """One SQL value: None for NULL and MISSING, JSON text for lists and structs."""

    kind: Kind
    value: Any = None

    @property
    def known(self) -> bool:
        return self.kind >= Kind.BOOL

    def same(self, other: Value) -> bool:
        """Identical, not just equal: scale, sign of zero and NaN count."""
        if self.kind != other.kind:
            return False
        if self.kind == Kind.FLOAT:
            return (math.isnan(self.value) and math.isnan(other.value)) or repr(self.value) == repr(
                other.value
            )
        if self.kind == Kind.DECIMAL:
            return unscaled(self.value) == unscaled(other.value)
        return bool(self.value == other.value)


NULL = Value(Kind.NULL)
MISSING = Value(Kind.MISSING)
TRUE = Value(Kind.BOOL, True)
FALSE = Value(Kind.BOOL, False)


def truth(value: bool) -> Value:
    return TRUE if value else FALSE


#: What stands in rows of other kinds.
JUNK = Timestamp(2**63 - 1, -1, 255, 32767)


def column_of(values: Sequence[Value], uniform: bool = False) -> Column:
    """The column of some values; entries of other kinds hold junk that must not matter.

    *uniform*: a column without tags, for values of one kind.
    """
    tags = np.array([value.kind for value in values], np.uint8)
    parts: dict[Kind, Any] = {}
    for kind in {value.kind for value in values}:
        mine = [value.value if value.kind == kind else None for value in values]
        if kind == Kind.BOOL:
            parts[kind] = np.array([bool(v) for v in mine], np.bool_)
        elif kind == Kind.INT:
            parts[kind] = np.array([-(2**63) if v is None else v for v in mine], np.int64)
        elif kind == Kind.FLOAT:
            parts[kind] = np.array([math.nan if v is None else v for v in mine], np.float64)
        elif kind == Kind.DECIMAL:
            decimals = Decimals.of(mine)
            decimals.low[[v is None for v in mine]] = -(2**63)
            decimals.scale[[v is None for v in mine]] = -(2**31)
            parts[kind] = decimals
        elif kind == Kind.TIMESTAMP:
            fields = zip(*[JUNK if v is None else v for v in mine], strict=True)
            dtypes = (np.int64, np.int32, np.uint8, np.int16)
            parts[kind] = Timestamps(*(np.array(f, d) for f, d in zip(fields, dtypes, strict=True)))
        elif kind >= Kind.STRING:
            parts[kind] = Text.of("junk" if v is None else v for v in mine)
    if uniform:
        return Column(len(values), values[0].kind, None, parts)
    return Column.tagged(tags, parts)


def values_of(column: Column) -> list[Value]:
    tags = column.tag_array().tolist()
    found = [column.value(row) for row in range(column.length)]
    return [
        Value(Kind(tag), value if tag >= Kind.BOOL else None) for tag, value in zip(tags, found, strict=True)
    ]


def unscaled(value: Decimal) -> tuple[int, int]:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    number = int("".join(map(str, digits)))
    return (-number if sign else number), exponent


def decimal(number: int, scale: int) -> Decimal:
    """``number * 10 ** -scale``, rounded half-even to 38 digits; zero has no sign."""
    while len(str(abs(number))) > 38:
        drop = len(str(abs(number))) - 38
        quotient, rest = divmod(abs(number), 10**drop)
        half = 5 * 10 ** (drop - 1)
        quotient += rest > half or (rest == half and quotient % 2 == 1)
        number, scale = (quotient if number > 0 else -quotient), scale - drop
    return Decimal((int(number < 0), tuple(map(int, str(abs(number)))), -scale))


# --- text and numbers -------------------------------------------------------------------------------------

_NUMBER = re.compile(
    r"[ \t\r\n]*([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?[ \t\r\n]*"
)


def read_decimal(text: str) -> Decimal | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction, bare_fraction, exponent = match.groups()
    after = fraction or bare_fraction or ""
    scale = len(after) - int(exponent or 0)
    number = int((whole or "") + after) * (-1 if sign == "-" else 1)
    value = decimal(number, scale)
    return value if -(2**31) <= -unscaled(value)[1] < 2**31 else None


def float_text(value: float) -> str:
    """Java's Double.toString with the shortest digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return sign + "0.0"
    number, exponent = unscaled(Decimal(repr(abs(value))))
    digits = str(number).rstrip("0")
    exponent += len(str(number)) - len(digits)
    point = len(digits) + exponent  # digits before the point
    if 1e-3 <= abs(value) < 1e7:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"


def text_of(value: Value) -> str:
    if value.kind == Kind.BOOL:
        return "true" if value.value else "false"
    if value.kind == Kind.FLOAT:
        return float_text(value.value)
    return str(value.value)  # Decimal prints as BigDecimal does


def as_float(value: Value) -> float:
    return float(value.value)


# --- comparison -------------------------------------------------------------------------------------------

_OPERATORS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(op: str, left: Value, right: Value, left_csv: bool = False, right_csv: bool = False) -> Value:
    if not left.known or not right.known:
        return NULL
    if left_csv and left.kind == Kind.STRING and right.kind in NUMBERS:
        number = read_decimal(left.value)
        if number is None:
            return _no_number(op)
        left = Value(Kind.DECIMAL, number)
    elif right_csv and right.kind == Kind.STRING and left.kind in NUMBERS:
        number = read_decimal(right.value)
        if number is None:
            return _no_number(op)
        right = Value(Kind.DECIMAL, number)
    if left.kind in NUMBERS and right.kind in NUMBERS:
        if Kind.FLOAT in (left.kind, right.kind):
            return truth(_OPERATORS[op](as_float(left), as_float(right)))
        return truth(_OPERATORS[op](Fraction(left.value), Fraction(right.value)))
    if left.kind == right.kind and left.kind in (Kind.LIST, Kind.STRUCT) and op in ("=", "<>"):
        return truth(same_json(left.value, right.value) == (op == "="))
    if left.kind == right.kind == Kind.TIMESTAMP:
        return truth(_OPERATORS[op](left.value[:2], right.value[:2]))
    if left.kind == right.kind and left.kind in (Kind.BOOL, Kind.STRING):
        return truth(_OPERATORS[op](left.value, right.value))  # Python orders text by code point
    if op in ("=", "<>"):
        return truth(op == "<>")
    raise FailedError("ExternalEvalException")


def _no_number(op: str) -> Value:
    return {"=": FALSE, "<>": TRUE}.get(op, NULL)


def same_json(left: str, right: str) -> bool:
    def canonical(value: Any) -> Any:
        if isinstance(value, list):
            return ("list", tuple(canonical(item) for item in value))
        if isinstance(value, dict):
            return ("struct", tuple(sorted((k, repr(canonical(v))) for k, v in value.items())))
        if isinstance(value, bool) or value is None or isinstance(value, str):
            return (type(value).__name__, value)
        return ("number", Fraction(value))

    a, b = (canonical(json.loads(text, parse_float=Fraction, parse_int=Fraction)) for text in (left, right))
    return bool(a == b)


# --- arithmetic -------------------------------------------------------------------------------------------


def arithmetic(op: str, left: Value, right: Value) -> Value:
    if not left.known or not right.known:
        return NULL
    if left.kind not in NUMBERS or right.kind not in NUMBERS:
        raise FailedError("ExternalEvalException")
    if Kind.FLOAT in (left.kind, right.kind):
        return Value(Kind.FLOAT, _float_arithmetic(op, as_float(left), as_float(right)))
    if op in "/%" and right.value == 0:
        raise FailedError("ExternalEvalException")
    if left.kind == right.kind == Kind.INT:
        return integer(_exact(op, Fraction(left.value), Fraction(right.value), truncated=True))
    _, a_exponent = unscaled(Decimal(left.value))
    _, b_exponent = unscaled(Decimal(right.value))
    exact = _exact(op, Fraction(left.value), Fraction(right.value), truncated=False)
    if op == "/":
        return Value(Kind.DECIMAL, _quotient(exact, max(0, b_exponent - a_exponent)))
    scale = -a_exponent - b_exponent if op == "*" else max(-a_exponent, -b_exponent)
    number = exact * Fraction(10) ** scale
    assert number.denominator == 1
    return Value(Kind.DECIMAL, decimal(number.numerator, scale))


def integer(value: Fraction) -> Value:
    if int(value) not in INT_RANGE:
        raise FailedError("IntegerOverflow")
    return Value(Kind.INT, int(value))


def _exact(op: str, left: Fraction, right: Fraction, truncated: bool) -> Fraction:
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    if op == "%":
        return left - right * math.trunc(left / right)
    return Fraction(math.trunc(left / right)) if truncated else left / right


def _quotient(exact: Fraction, least_scale: int) -> Decimal:
    if not exact:
        return decimal(0, least_scale)
    rest, fives, twos = exact.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest == 1:
        scale = max(least_scale, fives, twos)
        number = int(exact * 10**scale)
        while len(str(abs(number))) > 38 and number % 10 == 0:
            number, scale = number // 10, scale - 1
        if len(str(abs(number))) <= 38:
            return decimal(number, scale)
    # 38 significant digits, half-even.
    scale = 0
    while abs(exact) * Fraction(10) ** scale >= 10**38:
        scale -= 1
    while abs(exact) * Fraction(10) ** scale < 10**37:
        scale += 1
    return decimal(round(exact * Fraction(10) ** scale), scale)


def _float_arithmetic(op: str, left: float, right: float) -> float:
    if op in "/%" and (right == 0 or math.isinf(left) or math.isnan(left) or math.isnan(right)):
        if op == "%" or left == 0 or math.isnan(left) or math.isnan(right):
            return math.nan if op == "%" or right == 0 or math.isnan(left + right) else left / right
        if math.isinf(right):
            return math.nan
        return math.copysign(math.inf, left) * math.copysign(1, right)
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    return left / right if op == "/" else math.fmod(left, right)


def sign(op: str, operand: Value) -> Value:
    if not operand.known:
        return NULL
    if operand.kind not in NUMBERS:
        raise FailedError("ExternalEvalException")
    if op == "+":
        return operand
    if operand.kind == Kind.INT:
        return integer(Fraction(-operand.value))
    if operand.kind == Kind.FLOAT:
        return Value(Kind.FLOAT, -operand.value)
    number, exponent = unscaled(operand.value)
    return Value(Kind.DECIMAL, decimal(-number, -exponent))


def concat(left: Value, right: Value) -> Value:
    if not left.known or not right.known:
        return NULL
    if left.kind != Kind.STRING or right.kind != Kind.STRING:
        raise FailedError("ExternalEvalException")
    return Value(Kind.STRING, left.value + right.value)


# --- CAST -------------------------------------------------------------------------------------------------

_INTEGER = re.compile(r"[ \t\r\n]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|([0-9]+))[ \t\r\n]*")
_FLOAT_WORD = re.compile(r"[ \t\r\n]*([+-]?)(NaN|Infinity)[ \t\r\n]*")


def cast(operand: Value, kind: Kind) -> Value:
    if not operand.known or operand.kind == kind:
        return operand
    if Kind.TIMESTAMP in (operand.kind, kind) and Kind.STRING not in (operand.kind, kind):
        raise FailedError("InvalidCast")
    if operand.kind > Kind.TIMESTAMP:
        raise FailedError("InvalidCast")
    if kind == Kind.STRING:
        return Value(Kind.STRING, text_of(operand))
    if kind == Kind.TIMESTAMP:
        moment = parse(operand.value)
        if moment is None:
            raise FailedError("CastFailed")
        return Value(kind, moment)
    return {Kind.BOOL: _to_bool, Kind.INT: _to_int, Kind.FLOAT: _to_float, Kind.DECIMAL: _to_decimal}[kind](
        operand
    )


def _to_bool(operand: Value) -> Value:
    if operand.kind == Kind.STRING:
        return truth(re.fullmatch("[tT][rR][uU][eE]", operand.value) is not None)
    return truth(operand.value != 0)


def _to_int(operand: Value) -> Value:
    if operand.kind == Kind.STRING:
        match = _INTEGER.fullmatch(operand.value)
        if match is None:
            raise FailedError("CastFailed")
        minus, hexadecimal, binary, digits = match.groups()
        number = int(hexadecimal or binary or digits, 16 if hexadecimal else 2 if binary else 10)
        return integer(Fraction(-number if minus == "-" else number))
    if operand.kind == Kind.FLOAT and not math.isfinite(operand.value):
        raise FailedError("IntegerOverflow")
    return integer(Fraction(math.trunc(Fraction(operand.value))))


def _to_float(operand: Value) -> Value:
    if operand.kind == Kind.STRING:
        word = _FLOAT_WORD.fullmatch(operand.value)
        if word is not None:
            number = math.nan if word[2] == "NaN" else math.inf
            return Value(Kind.FLOAT, -number if word[1] == "-" else number)
        if _NUMBER.fullmatch(operand.value) is None:
            raise FailedError("CastFailed")
        number = float(operand.value.strip(" \t\r\n"))
    else:
        number = float(operand.value)
    if math.isinf(number):
        raise FailedError("CastFailed")
    return Value(Kind.FLOAT, number)


def _to_decimal(operand: Value) -> Value:
    if operand.kind in (Kind.BOOL, Kind.INT):
        return Value(Kind.DECIMAL, Decimal(int(operand.value)))
    text = operand.value if operand.kind == Kind.STRING else float_text(operand.value)
    number = read_decimal(text)
    if number is None:
        raise FailedError("CastFailed")
    return Value(Kind.DECIMAL, number)
