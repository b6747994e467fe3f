"""Columns of Parquet values against a plain-Python twin, through files that Arrow has written."""

from __future__ import annotations

import io
import json
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from s3sql.formats.parquet_arrays import without_views
from s3sql.formats.parquet_columns import column_of
from s3sql.formats.parquet_schema import kinds_of
from s3sql.payloads import Decimals
from s3sql.plan.schema import ParquetColumn, ParquetForm, ParquetType
from s3sql.timestamp import UNKNOWN_OFFSET, Timestamp
from s3sql.types import Column, Kind
from tests.formats.parquet_footers import schema_in
from tests.functions.failures import Failures
from tests.twins.values import float_text

FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799


# --- the twin ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Type:
    """A type to write: Arrow's, raw values of it, and what they are in SQL and as JSON."""

    arrow: pa.DataType
    raw: st.SearchStrategy[Any]
    value: Callable[[Any], object]
    text: Callable[[Any], str]


def scalar(
    arrow: pa.DataType, raw: st.SearchStrategy[Any], value: Callable[[Any], object] = lambda v: v
) -> Type:
    return Type(arrow, raw, value, lambda found: _json(value(found)))


def _json(value: object) -> str:
    if isinstance(value, float):
        return float_text(value) if math.isfinite(value) else "null"
    if isinstance(value, Timestamp):
        return f'"{value}"'
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def instant(value: int, per_second: int) -> Timestamp:
    second, fraction = divmod(value, per_second)
    nanoseconds = fraction * (10**9 // per_second)
    digits = 3 if nanoseconds % 10**6 == 0 else 6 if nanoseconds % 1000 == 0 else 9
    return Timestamp(second, nanoseconds, 4 + digits, 0)


def time_of_day(value: int, per_second: int) -> str:
    second, fraction = divmod(value, per_second)
    nanoseconds = fraction * (10**9 // per_second)
    digits = 3 if nanoseconds % 10**6 == 0 else 6 if nanoseconds % 1000 == 0 else 9
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{f'{nanoseconds:09}'[:digits]}"


def decimals(type_: pa.DataType, digits: int) -> Type:
    mantissas = st.integers(1 - 10**digits, 10**digits - 1)
    exact = mantissas.map(lambda m: Decimal((int(m < 0), tuple(map(int, str(abs(m)))), -type_.scale)))
    return scalar(type_, exact)


def ints(type_: pa.DataType, least: int, greatest: int) -> Type:
    return scalar(type_, st.integers(least, greatest))


def stamps(unit: str, per_second: int, zone: str | None = None) -> Type:
    least, greatest = FIRST_SECOND * per_second, LAST_SECOND * per_second + per_second - 1
    within = st.integers(max(least, -(2**63) + 10**9), min(greatest, 2**63 - 1))
    raw = within | within.map(lambda v: v - v % per_second) | st.integers(-(10**4), 10**4)
    return scalar(pa.timestamp(unit, zone), raw, lambda v: instant(v, per_second))


TEXTS = st.text(max_size=20) | st.text('"\\\x00\n/é\U0001f600', max_size=6)
FLOATS = {width: st.floats(width=width) for width in (16, 32, 64)}

SCALARS = [
    scalar(pa.bool_(), st.booleans()),
    *[ints(getattr(pa, f"int{b}")(), -(2 ** (b - 1)), 2 ** (b - 1) - 1) for b in (8, 16, 32, 64)],
    *[ints(getattr(pa, f"uint{b}")(), 0, 2**b - 1) for b in (8, 16, 32)],
    scalar(pa.uint64(), st.integers(0, 2**64 - 1), lambda v: v if v < 2**63 else Decimal(v)),
    scalar(pa.float16(), FLOATS[16].map(np.float16), float),
    scalar(pa.float32(), FLOATS[32]),
    scalar(pa.float64(), FLOATS[64]),
    decimals(pa.decimal128(4, 2), 4),
    decimals(pa.decimal128(38, 38), 38),
    decimals(pa.decimal128(38, 0), 38),
    decimals(pa.decimal256(50, 10), 38),
    scalar(pa.string(), TEXTS),
    scalar(pa.binary(), TEXTS.map(str.encode), bytes.decode),
    scalar(pa.large_string(), TEXTS),
    scalar(pa.string_view(), TEXTS),
    scalar(pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["", "a", "ä", '"'])),
    scalar(pa.binary(3), st.text("abc", min_size=3, max_size=3).map(str.encode), bytes.decode),
    scalar(pa.uuid(), st.uuids().map(lambda u: u.bytes), lambda b: str(uuid.UUID(bytes=b))),
    ints(pa.duration("us"), -(2**63) + 1, 2**63 - 1),
    scalar(
        pa.date32(),
        st.integers(FIRST_SECOND // 86400, LAST_SECOND // 86400),
        lambda v: Timestamp(v * 86400, 0, 2, UNKNOWN_OFFSET),
    ),
    stamps("ms", 10**3),
    stamps("us", 10**6, "Europe/Berlin"),
    stamps("ns", 10**9),
    scalar(pa.time32("ms"), st.integers(0, 86_400_000 - 1), lambda v: time_of_day(v, 10**3)),
    scalar(pa.time64("us"), st.integers(0, 86_400 * 10**6 - 1), lambda v: time_of_day(v, 10**6)),
    scalar(pa.time64("ns"), st.integers(0, 86_400 * 10**9 - 1), lambda v: time_of_day(v, 10**9)),
    Type(pa.null(), st.none(), lambda v: None, lambda v: "null"),
]


def or_null(type_: Type) -> st.SearchStrategy[Any]:
    return st.none() | type_.raw


def list_of(item: Type, arrow: pa.DataType | None = None) -> Type:
    def text(values: list[Any]) -> str:
        return f"[{','.join('null' if value is None else item.text(value) for value in values)}]"

    return Type(arrow or pa.list_(item.arrow), st.lists(or_null(item), max_size=3), text, text)


def struct_of(members: dict[str, Type]) -> Type:
    def text(values: dict[str, Any]) -> str:
        shown = [
            f"{json.dumps(name, ensure_ascii=False)}:{type_.text(values[name])}"
            for name, type_ in members.items()
            if values[name] is not None
        ]
        return f"{{{','.join(shown)}}}"

    raw = st.fixed_dictionaries({name: or_null(type_) for name, type_ in members.items()})
    return Type(pa.struct([(name, type_.arrow) for name, type_ in members.items()]), raw, text, text)


def map_of(key: Type, value: Type) -> Type:
    def shown(found: Any) -> str:
        return "null" if found is None else value.text(found)

    def text(entries: list[tuple[Any, Any]]) -> str:
        pairs = [(key.text(k), shown(v)) for k, v in entries]
        if pa.types.is_string(key.arrow):
            return "{" + ",".join(f"{k}:{v}" for k, v in pairs) + "}"
        return "[" + ",".join(f'{{"key":{k},"value":{v}}}' for k, v in pairs) + "]"

    raw = st.lists(st.tuples(key.raw, or_null(value)), max_size=3)
    return Type(pa.map_(key.arrow, value.arrow), raw, text, text)


KEYS = [scalar(pa.string(), TEXTS), ints(pa.int32(), -5, 5)]
#: Arrow makes no nested arrays of its UUIDs from Python values.
TYPES = st.recursive(
    st.sampled_from([type_ for type_ in SCALARS if type_.arrow != pa.uuid()]),
    lambda types: st.one_of(
        types.map(list_of),
        types.map(lambda item: list_of(item, pa.large_list(item.arrow))),
        st.dictionaries(st.text('ab"é. ', min_size=1, max_size=4), types, min_size=1, max_size=3).map(
            struct_of
        ),
        st.builds(map_of, st.sampled_from(KEYS), types),
    ),
    max_leaves=4,
)


# --- through a file ---------------------------------------------------------------------------------------


def through_file(array: pa.Array, **options: Any) -> tuple[ParquetColumn, pa.Array]:
    file = io.BytesIO()
    try:
        pq.write_table(pa.table({"c": array}), file, **options)
    except pa.ArrowNotImplementedError:
        # Arrow's writer cannot slice views within some nested values, so nobody reads them either.
        reject()
    opened = pq.ParquetFile(file)
    (found,) = schema_in(file.getvalue()).columns
    batches = list(opened.iter_batches())
    return found, batches[0].column(0) if batches else array


def read(array: pa.Array, column: ParquetColumn) -> Column:
    failures = Failures()
    found = column_of(array, column, failures)
    assert failures.codes == {}
    return found


def same(found: list[object], expected: list[object]) -> None:
    """Equal with their types: 1 is not 1.0, -0.0 is not 0.0, 1.50 is not 1.5, and NaN is NaN."""
    assert [(type(v).__name__, str(v)) for v in found] == [(type(v).__name__, str(v)) for v in expected]


@st.composite
def tables(draw: st.DrawFn) -> tuple[Type, list[Any]]:
    type_ = draw(TYPES)
    return type_, draw(st.lists(or_null(type_), max_size=6))


@given(tables(), st.integers(0, 3))
@settings(max_examples=150)
def test_random_tables_of_every_type(table: tuple[Type, list[Any]], skipped: int) -> None:
    type_, raw = table
    column, array = through_file(pa.array(raw, type_.arrow))
    expected = [None if value is None else type_.value(value) for value in raw]
    found = read(array, column)
    same(found.to_python(), expected)
    assert found.kinds() <= column.kinds | {Kind.NULL}
    same(read(array.slice(skipped), column).to_python(), expected[skipped:])
    rows = np.arange(len(raw))[::-2]
    taken = without_views(array).take(pa.array(rows))
    same(read(taken, column).to_python(), [expected[row] for row in rows])


@pytest.mark.parametrize("type_", SCALARS, ids=lambda type_: str(type_.arrow))
def test_every_scalar_type_with_many_rows(type_: Type) -> None:
    @given(st.lists(or_null(type_), min_size=100, max_size=130))
    @settings(max_examples=5)
    def check(raw: list[Any]) -> None:
        column, array = through_file(pa.array(raw, type_.arrow))
        same(read(array, column).to_python(), [None if v is None else type_.value(v) for v in raw])

    check()


# --- single types -----------------------------------------------------------------------------------------


def column(form: ParquetForm, *children: ParquetType, names: tuple[str, ...] = ()) -> ParquetColumn:
    type_ = ParquetType(form, children, names)
    return ParquetColumn("c", kinds_of(type_), nullable=True, refusal=None, type=type_)


def failing(array: pa.Array, column: ParquetColumn) -> tuple[list[object], Failures]:
    failures = Failures()
    return column_of(array, column, failures).to_python(), failures


class TestScalars:
    def test_a_32_bit_float_is_widened(self) -> None:
        assert read(pa.array([33.19], pa.float32()), column("float")).to_python() == [33.189998626708984]

    def test_ints_and_floats_share_arrows_memory(self) -> None:
        for array, form, kind in (
            (pa.array([1, 2]), "int", Kind.INT),
            (pa.array([0.5]), "float", Kind.FLOAT),
        ):
            payload = read(array, column(form)).array(kind)
            assert payload.__array_interface__["data"][0] == array.buffers()[1].address

    def test_a_dictionary_is_copied_once(self) -> None:
        array = pa.array(["word" * 100] * 1000).dictionary_encode()
        text = read(array, column("text")).text()
        assert text.buffer.size < 500
        assert text.to_bytes() == [b"word" * 100] * 1000

    def test_a_dictionary_with_nulls(self) -> None:
        array = pa.DictionaryArray.from_arrays(pa.array([0, None, 1, 0], pa.int8()), pa.array(["x", None]))
        assert read(array, column("text")).to_python() == ["x", None, None, "x"]

    def test_an_empty_dictionary(self) -> None:
        array = pa.DictionaryArray.from_arrays(pa.array([None, None], pa.int32()), pa.array([], pa.string()))
        assert read(array, column("text")).to_python() == [None, None]

    def test_unsigned_beyond_63_bits(self) -> None:
        found = read(pa.array([1, 2**63 - 1, 2**63, 2**64 - 1, None], pa.uint64()), column("uint64"))
        same(found.to_python(), [1, 2**63 - 1, Decimal(2**63), Decimal(2**64 - 1), None])

    @pytest.mark.parametrize(
        ("mantissa", "expected"),
        [
            (10**38 - 1, "99999999999999999999999999999999999999E-2"),
            (10**38, "1.0000000000000000000000000000000000000E+36"),
            (-(10**38) - 5, "-1.0000000000000000000000000000000000000E+36"),
            (10**40 + 50, "1.0000000000000000000000000000000000000E+38"),
            (10**40 + 1500, "1.0000000000000000000000000000000000002E+38"),
        ],
    )
    def test_more_than_38_digits_are_rounded_half_even(self, mantissa: int, expected: str) -> None:
        exact = Decimal((int(mantissa < 0), tuple(map(int, str(abs(mantissa)))), -2))
        array = pa.array([Decimal("1.50"), exact, None, Decimal("-2.00")], pa.decimal256(76, 2))
        found = read(array, column("decimal")).to_python()
        assert found == [Decimal("1.50"), Decimal(expected), None, Decimal("-2.00")]
        assert [str(found[0]), str(found[3])] == ["1.50", "-2.00"]

    def test_decimals_of_19_digits_keep_their_scale(self) -> None:
        array = pa.array(
            [Decimal("0.1000000000000000000"), Decimal("9.2233720368547758080")], pa.decimal128(38, 19)
        )
        payload = read(array, column("decimal")).decimals()
        assert isinstance(payload, Decimals)
        assert [str(payload.value(row)) for row in (0, 1)] == [
            "0.1000000000000000000",
            "9.2233720368547758080",
        ]

    def test_times(self) -> None:
        values = [0, 45_296_789_000_000, 45_296_789_012_000, 45_296_789_012_345, 86_399_999_999_999]
        assert read(pa.array(values, pa.time64("ns")), column("time")).to_python() == [
            "00:00:00.000",
            "12:34:56.789",
            "12:34:56.789012",
            "12:34:56.789012345",
            "23:59:59.999999999",
        ]

    @pytest.mark.parametrize("type_", SCALARS, ids=lambda type_: str(type_.arrow))
    def test_nothing(self, type_: Type) -> None:
        form, _ = through_file(pa.array([None], type_.arrow))
        assert read(pa.array([], type_.arrow), form).to_python() == []
        assert read(pa.array([None], type_.arrow), form).to_python() == [None]


class TestFailures:
    def test_bytes_that_are_no_text(self) -> None:
        array = pa.array([b"ok", b"\xff", None, b"\xc3", b"\xa4", b"", b"\xc3\xa4"])
        values, failures = failing(array, column("bytes"))
        assert failures.codes == dict.fromkeys((1, 3, 4), "UnsupportedTypeForQuerying")
        assert values == ["ok", None, None, None, None, "", "ä"]

    def test_a_character_cut_in_two(self) -> None:
        values, failures = failing(pa.array([b"\xc3", b"", b"\xa4"]), column("bytes"))
        assert sorted(failures.codes) == [0, 2]
        assert values == [None, "", None]

    def test_a_string_that_is_no_text(self) -> None:
        array = pa.array([b"ok", b"\xff"]).view(pa.string())
        _, failures = failing(array, column("text"))
        assert failures.codes == {1: "ParquetParsingError"}
        assert "'c' holds a string that is not UTF-8" in failures.messages[0]

    def test_bad_entries_of_a_dictionary_count_where_they_are_used(self) -> None:
        dictionary = pa.array([b"x", b"\xff"])
        for codes, failed in (([0, 0], {}), ([0, 1], {1: "UnsupportedTypeForQuerying"})):
            array = pa.DictionaryArray.from_arrays(pa.array(codes), dictionary)
            assert failing(array, column("bytes"))[1].codes == failed

    @pytest.mark.parametrize(
        ("array", "form", "rows"),
        [
            (pa.array([0, 2932897, -719163, None], pa.date32()), "date", [1, 2]),
            (pa.array([LAST_SECOND * 1000 + 1000, 0], pa.timestamp("ms")), "timestamp", [0]),
            (pa.array([0, FIRST_SECOND * 10**6 - 1], pa.timestamp("us")), "timestamp", [1]),
            (pa.array([0, -1, 86_400_000], pa.time32("ms")), "time", [1, 2]),
            (pa.array([86_400 * 10**6, 0], pa.time64("us")), "time", [0]),
        ],
    )
    def test_values_that_sql_cannot_show(self, array: pa.Array, form: ParquetForm, rows: list[int]) -> None:
        values, failures = failing(array, column(form))
        assert failures.codes == dict.fromkeys(rows, "UnsupportedTypeForQuerying")
        assert [row for row, value in enumerate(values) if value is None and array[row].is_valid] == rows

    def test_nulls_hold_anything(self) -> None:
        raw = pa.array([2**62, 0], pa.int64())
        array = pa.Array.from_buffers(pa.timestamp("us"), 2, [pa.py_buffer(b"\x02"), raw.buffers()[1]])
        assert failing(array, column("timestamp"))[1].codes == {}

    def test_elements_fail_their_rows(self) -> None:
        array = pa.array([[b"ok"], [], None, [b"a", b"\xff"], [b"b"]])
        nested = column("list", ParquetType("bytes"))
        assert failing(array, nested)[1].codes == {3: "UnsupportedTypeForQuerying"}
        structs = pa.array([None, [{"x": b"ok"}, {"x": b"\xff"}]])
        nested = column("list", ParquetType("struct", (ParquetType("bytes"),), ("x",)))
        assert failing(structs, nested)[1].codes == {1: "UnsupportedTypeForQuerying"}


class TestNested:
    def test_null_members_are_left_out(self) -> None:
        type_ = pa.struct([("a", pa.int64()), ("b", pa.int8())])
        array = pa.array([{"a": None, "b": 2}, {"a": None, "b": None}, None], type_)
        int_ = ParquetType("int")
        found = read(array, column("struct", int_, int_, names=("a", "b")))
        assert found.to_python() == ['{"b":2}', "{}", None]

    def test_uuids_within(self) -> None:
        octets = uuid.UUID(int=7).bytes
        array = pa.array([[octets, None]], pa.list_(pa.binary(16))).cast(pa.list_(pa.uuid()))
        found, array = through_file(array)
        assert read(array, found).to_python() == ['["00000000-0000-0000-0000-000000000007",null]']

    def test_names_are_escaped(self) -> None:
        found = read(pa.array([{'a"\n': 1}]), column("struct", ParquetType("int"), names=('a"\n',)))
        assert found.to_python() == [r'{"a\"\n":1}']

    def test_floats_that_json_has_not(self) -> None:
        array = pa.array([[1.0, math.nan, math.inf, None]])
        assert read(array, column("list", ParquetType("float"))).to_python() == ["[1.0,null,null,null]"]

    def test_timestamps_are_strings(self) -> None:
        array = pa.array([[0, 1]], pa.list_(pa.timestamp("us")))
        found = read(array, column("list", ParquetType("timestamp")))
        assert found.to_python() == ['["1970-01-01T00:00:00.000Z","1970-01-01T00:00:00.000001Z"]']

    def test_maps(self) -> None:
        array = pa.array([[("a", 1), ("a", None)], [], None], pa.map_(pa.string(), pa.int32()))
        found = read(array, column("map", ParquetType("text"), ParquetType("int")))
        assert found.kinds() == {Kind.STRUCT, Kind.NULL}
        assert found.to_python() == ['{"a":1,"a":null}', "{}", None]

    def test_maps_with_other_keys(self) -> None:
        array = pa.array([[(1, "x"), (2, None)], []], pa.map_(pa.int32(), pa.string()))
        found = read(array, column("map", ParquetType("int"), ParquetType("text")))
        assert found.kind == Kind.LIST
        assert found.to_python() == ['[{"key":1,"value":"x"},{"key":2,"value":null}]', "[]"]

    @pytest.mark.parametrize("make", [pa.list_view, pa.large_list_view])
    def test_views_within_lists(self, make: Callable[[pa.DataType], pa.DataType]) -> None:
        array = pa.array([["a", None], None, [], ["b"]], make(pa.string_view()))
        found = read(without_views(array).take(pa.array([3, 1, 0])), column("list", ParquetType("text")))
        assert found.to_python() == ['["b"]', None, '["a",null]']

    @pytest.mark.parametrize("make", [pa.list_, pa.large_list, pa.list_view, pa.large_list_view])
    def test_every_kind_of_list(self, make: Callable[[pa.DataType], pa.DataType]) -> None:
        array = pa.array([[1, 2], None, [], [None]], make(pa.int64()))
        assert read(array, column("list", ParquetType("int"))).to_python() == ["[1,2]", None, "[]", "[null]"]

    def test_lists_of_fixed_size(self) -> None:
        array = pa.array([[1, 2], None, [3, None]], pa.list_(pa.int64(), 2))
        assert read(array, column("list", ParquetType("int"))).to_python() == ["[1,2]", None, "[3,null]"]

    def test_a_repeated_field_has_its_last_value(self) -> None:
        array = pa.array([[1, 2], [], None, [7, None], [3]])
        assert read(array, column("repeated", ParquetType("int"))).to_python() == [2, None, None, None, 3]
        text = pa.array([["a", "b"], []])
        assert read(text, column("repeated", ParquetType("text"))).to_python() == ["b", None]

    def test_repeated_fields_within(self) -> None:
        inner = ParquetType("repeated", (ParquetType("int"),))
        array = pa.array([{"x": [1, 2]}, {"x": []}])
        assert read(array, column("struct", inner, names=("x",))).to_python() == ['{"x":2}', "{}"]
        array = pa.array([[{"x": [1]}, {"x": [2, 3]}], []])
        outer = column("repeated", ParquetType("struct", (inner,), ("x",)))
        assert read(array, outer).to_python() == ['{"x":3}', None]
