from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.formats.json_columns import ESCAPED_BYTES
from s3sql.payloads import Decimals, Text
from s3sql.request import JsonOutput
from s3sql.serialize.base import Member, SpreadMembers
from s3sql.serialize.json import JsonSerializer
from s3sql.types import Column, Kind
from tests.formats.json_texts import objects
from tests.twins import json_rows as twin


def serialize(members, length: int, delimiter: str = "\n") -> list[str]:
    """The records, without their delimiters."""
    records = JsonSerializer(JsonOutput(record_delimiter=delimiter)).serialize(members, length)
    payload = records.payload.tobytes()
    ends = records.ends.tolist()
    assert len(ends) == length
    assert len(payload) == (ends[-1] if ends else 0)
    pieces = [payload[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert all(piece.endswith(delimiter.encode()) for piece in pieces)
    return [piece.removesuffix(delimiter.encode()).decode() for piece in pieces]


def strings(*texts: str) -> Column:
    return Column.of(Kind.STRING, Text.of(texts))


def json_column(kind: Kind, *texts: str) -> Column:
    return Column.of(kind, Text.of(texts))


def column_of(values: list[object]) -> Column:
    """Values of any kinds: ``...`` is MISSING, None is NULL, lists and structs are the twin's."""
    kinds: list[Kind] = []
    for value in values:
        kinds.append(
            Kind.MISSING
            if value is ...
            else Kind.NULL
            if value is None
            else Kind.BOOL
            if isinstance(value, bool)
            else Kind.INT
            if isinstance(value, int)
            else Kind.FLOAT
            if isinstance(value, float)
            else Kind.DECIMAL
            if isinstance(value, Decimal)
            else Kind.STRUCT
            if isinstance(value, twin.Struct)
            else Kind.LIST
            if isinstance(value, list)
            else Kind.STRING
        )

    def only(kind: Kind, otherwise: object) -> list[object]:
        return [v if k == kind else otherwise for v, k in zip(values, kinds, strict=True)]

    parts = {
        Kind.BOOL: np.array(only(Kind.BOOL, False), np.bool_),
        Kind.INT: np.array(only(Kind.INT, 0), np.int64),
        Kind.FLOAT: np.array(only(Kind.FLOAT, 0.0), np.float64),
        Kind.DECIMAL: Decimals.of(only(Kind.DECIMAL, None)),
        Kind.STRING: Text.of(only(Kind.STRING, "")),
        Kind.LIST: Text.of([twin.compact(v) if isinstance(v, list) else "" for v in values]),
        Kind.STRUCT: Text.of([twin.compact(v) if isinstance(v, twin.Struct) else "" for v in values]),
    }
    present = {kind: part for kind, part in parts.items() if kind in kinds}
    return Column.tagged(np.array(kinds, np.uint8), present)


def expected_text(value: object) -> str:
    if isinstance(value, float):
        return {1.5: "1.5", 1e10: "1.0E10"}.get(value, "null")
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return str(value)
    return twin.compact(value)


def expected_record(values: list[tuple[str | None, object]], whole_row: bool) -> str:
    """Members as (name, value), a spread as (None, value)."""
    written: list[str] = []
    count = 0
    for name, value in values:
        if value is ...:
            continue
        if name is not None:
            pairs = [(name, value)]
        elif isinstance(value, twin.Struct):
            pairs = list(value)
        elif isinstance(value, list) and not whole_row:
            pairs = [(f"_{count + 1 + place}", element) for place, element in enumerate(value)]
        else:
            pairs = [(f"_{count + 1}", value)]
        count += len(pairs)
        written += [f"{json.dumps(n, ensure_ascii=False)}:{expected_text(v)}" for n, v in pairs]
    return "{" + ",".join(written) + "}"


text_values = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.text(
    st.sampled_from('ab"\\\n\x00\x1f\x7f/<é'), max_size=90
)
nested = objects().map(lambda contents: next(iter(twin.rows_of(contents)[0]), []))
containers = nested.filter(lambda value: isinstance(value, list))
values = st.one_of(
    st.just(...),
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([1.5, 1e10, float("nan"), float("inf")]),
    st.sampled_from([Decimal("1.50"), Decimal("1E+3"), Decimal(2**70)]),
    text_values,
    containers,
    nested.filter(lambda value: isinstance(value, twin.Struct)),
)


@given(st.data())
def test_records_agree_with_the_twin(data):
    length = data.draw(st.integers(0, 6))
    names = data.draw(st.lists(st.none() | text_values, min_size=1, max_size=4))
    whole_row = data.draw(st.booleans())
    columns = [data.draw(st.lists(values, min_size=length, max_size=length)) for _ in names]
    members = [
        SpreadMembers(column_of(column), whole_row) if name is None else Member(name, column_of(column))
        for name, column in zip(names, columns, strict=True)
    ]
    assert serialize(members, length, "|") == [
        expected_record([(name, column[row]) for name, column in zip(names, columns, strict=True)], whole_row)
        for row in range(length)
    ]


def test_a_flat_record():
    members = [Member("a", Column.of(Kind.INT, np.array([1, -2]))), Member("b", strings("x", ""))]
    assert serialize(members, 2) == ['{"a":1,"b":"x"}', '{"a":-2,"b":""}']


@pytest.mark.parametrize("delimiter", ["\n", ",", "\r\n", "é--"])
def test_every_record_is_followed_by_the_delimiter(delimiter):
    assert serialize([Member("_1", Column.of(Kind.INT, np.array([3, 4])))], 2, delimiter) == [
        '{"_1":3}',
        '{"_1":4}',
    ]


def test_no_rows_and_no_members():
    assert serialize([Member("a", strings())], 0) == []
    assert serialize([], 2) == ["{}", "{}"]


def test_missing_is_left_out_and_null_is_written():
    column = Column.tagged(
        np.array([Kind.MISSING, Kind.NULL, Kind.STRING], np.uint8), {Kind.STRING: Text.of("abc")}
    )
    members = [Member("a", column), Member("b", column)]
    assert serialize(members, 3) == ["{}", '{"a":null,"b":null}', '{"a":"c","b":"c"}']


def test_escapes():
    assert serialize([Member('"\t', strings('"\\/\b\f\n\r\t\x01\x1f\x7f<>&é€😀'))], 1) == [
        '{"\\"\\t":"\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f<>&é€😀"}'
    ]


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 200])
def test_strings_of_any_length_leave_their_neighbours_alone(length):
    column = strings("x" * length, "y" * length, "\n" * length)
    members = [Member("a", column), Member("b", column)]
    assert [json.loads(record) for record in serialize(members, 3)] == [
        {"a": c * length, "b": c * length} for c in "xy\n"
    ]


def test_duplicate_names_are_all_written():
    assert serialize([Member("a", strings("x")), Member("a", strings("y"))], 1) == ['{"a":"x","a":"y"}']


def test_numbers_keep_their_spelling():
    numbers = Column(2, Kind.INT, None, {Kind.INT: np.array([0, 7])}, Text.of(["-0", "7"]))
    decimals = Column(
        2,
        Kind.DECIMAL,
        None,
        {Kind.DECIMAL: Decimals.of([Decimal(1000), Decimal(4)])},
        Text.of(["1e3", "4.0"]),
    )
    assert serialize([Member("i", numbers), Member("d", decimals)], 2) == [
        '{"i":-0,"d":1e3}',
        '{"i":7,"d":4.0}',
    ]


def test_spread_of_structs():
    column = json_column(Kind.STRUCT, '{"a":1,"a":[2]}', "{}", '{"b":null}')
    assert serialize([SpreadMembers(column)], 3) == ['{"a":1,"a":[2]}', "{}", '{"b":null}']
    assert serialize([SpreadMembers(column), Member("z", strings("p", "q", "r"))], 3) == [
        '{"a":1,"a":[2],"z":"p"}',
        '{"z":"q"}',
        '{"b":null,"z":"r"}',
    ]


def test_a_whole_row_that_is_no_struct_stands_under_one_name():
    column = Column.tagged(
        np.array([Kind.LIST, Kind.STRING, Kind.MISSING], np.uint8),
        {Kind.LIST: Text.of(["[1,{}]", "", ""]), Kind.STRING: Text.of(["", "x", ""])},
    )
    assert serialize([SpreadMembers(column, whole_row=True)], 3) == ['{"_1":[1,{}]}', '{"_1":"x"}', "{}"]


def test_elements_are_numbered_by_their_place_in_the_record():
    struct = json_column(Kind.STRUCT, '{"a":1,"b":2}', "{}")
    lists = json_column(Kind.LIST, '["x",null]', "[" + ",".join(["0"] * 11) + "]")
    records = serialize([SpreadMembers(struct), SpreadMembers(lists)], 2)
    assert records[0] == '{"a":1,"b":2,"_3":"x","_4":null}'
    assert records[1] == "{" + ",".join(f'"_{n}":0' for n in range(1, 12)) + "}"


def test_strings_known_to_need_no_escapes():
    plain = strings("x", "", "é" * 40)
    known = Text(plain.text().buffer, plain.text().starts, plain.text().ends, ESCAPED_BYTES)
    members = [Member("a", Column.of(Kind.STRING, known)), Member("b", Column.of(Kind.STRING, known))]
    assert serialize(members, 3) == serialize([Member("a", plain), Member("b", plain)], 3)
