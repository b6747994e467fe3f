"""Random SQL values, edges preferred."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from s3sql.timestamp import parse
from s3sql.types import Kind
from tests.twins.values import FALSE, MISSING, NULL, TRUE, Value

EDGE_INTS = [0, 1, -1, 2, 3, 7, 10, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), -(2**63) + 1, 10**18]

ints = st.sampled_from(EDGE_INTS) | st.integers(-1000, 1000) | st.integers(-(2**63), 2**63 - 1)

_mantissas = (
    st.integers(-1000, 1000)
    | st.sampled_from(EDGE_INTS)
    | st.integers(-(10**20), 10**20)
    | st.integers(-(10**38) + 1, 10**38 - 1)
)


def _decimal(mantissa: int, scale: int) -> Decimal:
    return Decimal((int(mantissa < 0), tuple(map(int, str(abs(mantissa)))), -scale))


decimals = st.builds(_decimal, _mantissas, st.integers(0, 6) | st.integers(-25, 45))

floats = (
    st.sampled_from([0.0, -0.0, 1.0, 0.5, 0.1, 1e7, 1e-3, 9.2e18, -9.3e18, float("nan"), float("inf")])
    | st.floats()
)

NUMBER_TEXTS = [
    *(
        "0",
        "1",
        "-1",
        "+7",
        "007",
        "1.0",
        "1.50",
        ".5",
        "5.",
        "1e3",
        "1E-2",
        " 12 ",
        "\t3\n",
        "0x1F",
        "-0b101",
    ),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"),
    *("12345678901234567890.5", "1" * 39, "0." + "3" * 45, "1e400", "1e-400", "1e99999999999"),
    *("NaN", "-Infinity", "1" + "0" * 30 + "5" * 8, "99999999999999999999999999999999999999.5"),
]
OTHER_TEXTS = [
    *(
        "",
        " ",
        "abc",
        "TRUE",
        "true",
        "True",
        "a",
        "b",
        "ab",
        "abc\0",
        "e3",
        "1e",
        "1_0",
        "--1",
        "1.2.3",
        ".",
    ),
    *("é", "\uffff", "😀", "longer than eight", "longer than eight bytes", "longer than eighx"),
    *("12345678", "123456789", "nan", "inf", "0x", "+", "1 2"),
]
TIMESTAMP_TEXTS = [
    *(
        "2010T",
        "2010-01T",
        "2010-01-01",
        "2010-01-01T00:00Z",
        "2010-01-01T02:00+02:00",
        "2010-01-01T00:00:00-00:00",
    ),
    *("2009-12-31T23:59:59.999999999Z", "2010-01-01T00:00:00.000000001-00:00", "2010-01-01T00:00:00.000Z"),
    *("0001T", "0001-01-01T00:00+23:59", "9999-12-31T23:59:59-23:59", "2012-02-29", "1900-03-01T00:00:00.5Z"),
]
NO_TIMESTAMP_TEXTS = ["2010", "2011-02-29", "2010-01-01 00:00Z", "2010T ", "2010-01-01T00:00", "0000T"]
timestamp_texts = st.sampled_from(TIMESTAMP_TEXTS + NO_TIMESTAMP_TEXTS)
number_texts = st.sampled_from(NUMBER_TEXTS) | ints.map(str)
other_texts = st.sampled_from(OTHER_TEXTS) | st.text(max_size=12)
texts = number_texts | other_texts | timestamp_texts

bools = st.sampled_from([TRUE, FALSE])
unknowns = st.sampled_from([NULL, MISSING])
LISTS = ["[]", "[1]", "[1.0]", '["a"]', "[null]", "[1,2]", "[2,1]", '[{"a":1}]', '[{"a":1.00}]', "[true]"]
STRUCTS = ["{}", '{"a":1}', '{"a":1.0}', '{"a":1,"b":[2]}', '{"b":[2.0],"a":1}', '{"a":null}', '{"b":1}']
lists = st.sampled_from(LISTS).map(lambda text: Value(Kind.LIST, text))
structs = st.sampled_from(STRUCTS).map(lambda text: Value(Kind.STRUCT, text))

int_values = ints.map(lambda v: Value(Kind.INT, v))
decimal_values = decimals.map(lambda v: Value(Kind.DECIMAL, v))
float_values = floats.map(lambda v: Value(Kind.FLOAT, v))
text_values = texts.map(lambda v: Value(Kind.STRING, v))
numbers = int_values | decimal_values | float_values
scalars = unknowns | bools | numbers | text_values
timestamps = st.sampled_from(TIMESTAMP_TEXTS).map(lambda text: Value(Kind.TIMESTAMP, parse(text)))
values = scalars | timestamps | lists | structs


def columns(*values: st.SearchStrategy[Value], size: int = 8) -> st.SearchStrategy[list[list[Value]]]:
    """Columns of one length, one for each strategy, each uniform or mixed."""

    def of_length(length: int) -> st.SearchStrategy[list[list[Value]]]:
        return st.tuples(*(st.lists(v, min_size=length, max_size=length) for v in values)).map(list)

    return st.integers(0, size).flatmap(of_length)
