from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.payloads import Decimals, Payload, Text, Timestamps
from s3sql.plan.binder import bind
from s3sql.plan.rules import optimize
from s3sql.plan.schema import CsvSchema, JsonSchema, Schema
from s3sql.request import JsonOutput
from s3sql.serialize.arrow import ArrowSink, Piece, column_names
from s3sql.serialize.arrow_arrays import json_values_of, values_of
from s3sql.serialize.arrow_schema import AskedTypes, Layout, Mixed, Outline
from s3sql.serialize.base import Member, OutputMember, SpreadMembers
from s3sql.serialize.json import JsonSerializer
from s3sql.sql.parser import parse
from s3sql.timestamp import UNKNOWN_OFFSET, Timestamp
from s3sql.timestamp import parse as parse_timestamp
from s3sql.types import Column, Kind

STRUCTS = (Kind.LIST, Kind.STRUCT)


def column(*values: object) -> Column:
    """A column of Python values: ``...`` is MISSING, bytes are JSON of a list or struct."""
    tags = np.array([kind_of(value) for value in values], np.uint8)
    parts: dict[Kind, Payload] = {}
    for kind in {Kind(int(tag)) for tag in tags} - {Kind.NULL, Kind.MISSING}:
        own = [value if kind_of(value) == kind else None for value in values]
        if kind == Kind.DECIMAL:
            parts[kind] = Decimals.of([v if isinstance(v, Decimal) else None for v in own])
        elif kind == Kind.TIMESTAMP:
            rubbish = Timestamp(2**63 - 1, -1, 99, 0)
            fields = zip(*(v if isinstance(v, Timestamp) else rubbish for v in own), strict=True)
            dtypes = (np.int64, np.int32, np.uint8, np.int16)
            parts[kind] = Timestamps(*(np.array(f, d) for f, d in zip(fields, dtypes, strict=True)))
        elif kind == Kind.STRING or kind in STRUCTS:
            parts[kind] = Text.of([v if isinstance(v, str | bytes) else "garbage" for v in own])
        else:
            dtype = {Kind.BOOL: np.bool_, Kind.INT: np.int64, Kind.FLOAT: np.float64}[kind]
            parts[kind] = np.array([0 if v is None else v for v in own], dtype)
    return Column.tagged(tags, parts) if len(tags) else Column.unknown(Kind.NULL, 0)


def kind_of(value: object) -> Kind:
    if value is ... or value is None:
        return Kind.MISSING if value is ... else Kind.NULL
    if isinstance(value, bytes):
        return Kind.STRUCT if value.startswith(b"{") else Kind.LIST
    if isinstance(value, Timestamp):
        return Kind.TIMESTAMP
    kinds = {bool: Kind.BOOL, int: Kind.INT, float: Kind.FLOAT, Decimal: Kind.DECIMAL, str: Kind.STRING}
    return kinds[type(value)]


def decimals(*spellings: str | None) -> Column:
    return column(*(None if spelling is None else Decimal(spelling) for spelling in spellings))


def stamps(*texts: str | None) -> Column:
    return column(*(None if text is None else parse_timestamp(text) for text in texts))


class TestArrays:
    @pytest.mark.parametrize(
        ("values", "expected_type"),
        [
            ((True, None, False), pa.bool_()),
            ((1, -(2**63), ..., 2**63 - 1), pa.int64()),
            ((1.5, None, float("inf")), pa.float64()),
            (("a", "", None, "é\u0000😀"), pa.string()),
            ((b'{"a":1}', b"[1]", None), pa.string()),
            ((None, ...), pa.null()),
        ],
    )
    def test_one_family(self, values: tuple[object, ...], expected_type: pa.DataType) -> None:
        array = values_of(column(*values)).array
        array.validate(full=True)
        assert array.type == expected_type
        expected = [None if v is ... else v.decode() if isinstance(v, bytes) else v for v in values]
        assert array.to_pylist() == expected

    def test_decimals_of_different_scales(self) -> None:
        array = values_of(decimals("1.50", "-2", None, "1e3", "0.001")).array
        assert array.type == pa.decimal128(38, 3)
        assert array.to_pylist() == [Decimal("1.5"), Decimal(-2), None, Decimal(1000), Decimal("0.001")]

    @pytest.mark.parametrize(
        ("spellings", "scale"),
        [
            (("9" * 38,), 0),
            (("0." + "9" * 38,), 38),
            (("-" + "9" * 37, "0.1"), 1),
            (("0e-400", "1.5"), 1),
            (("0e-400",), 38),
            (("9223372036854775807", "-0.0000000000001"), 13),
            (("1e-25", "3"), 25),
            (("1e37",), 0),
        ],
    )
    def test_decimals_that_just_fit(self, spellings: tuple[str, ...], scale: int) -> None:
        array = values_of(decimals(*spellings)).array
        assert array.type == pa.decimal128(38, scale)
        assert array.to_pylist() == [Decimal(spelling) for spelling in spellings]

    @pytest.mark.parametrize(
        "spellings", [("1e38",), ("1e-39",), ("9" * 38, "0.1"), ("1e300", "1"), ("1e20", "1e-19")]
    )
    def test_decimals_beyond_38_digits_are_doubles(self, spellings: tuple[str, ...]) -> None:
        array = values_of(decimals(*spellings)).array
        assert array.type == pa.float64()
        assert array.to_pylist() == [float(spelling) for spelling in spellings]

    @given(
        st.lists(
            st.one_of(
                st.none(),
                st.builds(
                    lambda digits, scale: Decimal(digits).scaleb(-scale),
                    st.integers(-(10**25), 10**25),
                    st.integers(-5, 24),
                ),
            ),
            min_size=1,
            max_size=6,
        )
    )
    def test_decimals_keep_their_value(self, values: list[Decimal | None]) -> None:
        array = values_of(column(*values)).array
        if pa.types.is_decimal(array.type):
            array.validate(full=True)
            assert array.to_pylist() == values
        else:
            assert array.to_pylist() == [None if value is None else float(value) for value in values]

    def test_numbers_widen_as_in_arithmetic(self) -> None:
        assert values_of(column(1, Decimal("2.50"), None)).array.to_pylist() == [1, Decimal("2.5"), None]
        array = values_of(column(1, Decimal("2.5"), 0.1, ...)).array
        assert (array.type, array.to_pylist()) == (pa.float64(), [1.0, 2.5, 0.1, None])

    def test_families_beside_each_other_are_text(self) -> None:
        values = values_of(column(None, 1, "a", True, Decimal("1.50"), b"[1]"))
        assert values.array.to_pylist() == [None, "1", "a", "true", "1.50", "[1]"]
        assert values.families() == {"number": 1, "text": 2, "truth": 3, "JSON": 5}

    def test_timestamps_are_instants_of_microseconds(self) -> None:
        values = values_of(
            stamps("0001T", None, "2010-02-03T04:05:06.123456+01:00", "9999-12-31T23:59:59.999Z")
        )
        values.array.validate(full=True)
        assert values.array.type == pa.timestamp("us", tz="UTC")
        assert values.array.to_pylist() == [
            datetime(1, 1, 1, tzinfo=UTC),
            None,
            datetime(2010, 2, 3, 3, 5, 6, 123456, UTC),
            datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC),
        ]
        assert values.families() == {"timestamp": 0}

    def test_timestamps_of_nanoseconds(self) -> None:
        texts = (
            "1969-12-31T23:59:59.123456789Z",
            None,
            "2010T",
            "1677-09-22",
            "2262-04-10T23:59:59.999999999Z",
        )
        array = values_of(stamps(*texts)).array
        assert array.type == pa.timestamp("ns", tz="UTC")
        assert array.cast(pa.int64()).to_pylist() == [
            -876_543_211,
            None,
            1_262_304_000_000_000_000,
            -9_223_286_400_000_000_000,
            9_223_372_799_999_999_999 - 86_400_000_000_000,
        ]
        # without a fraction of a microsecond the digits do not matter
        assert values_of(stamps("0001-01-01T00:00:00.123456000Z")).array.type == pa.timestamp("us", tz="UTC")

    def test_timestamps_of_nanoseconds_beside_those_too_far_away(self) -> None:
        values = values_of(stamps("0001T", "2010-02-03T04:05:06.123456789+01:00", None))
        assert values.array.to_pylist() == ["0001T", "2010-02-03T04:05:06.123456789+01:00", None]
        assert values.families() == {"timestamp": 0, "text": 1}

    def test_timestamps_beside_others_are_text(self) -> None:
        values = values_of(column(None, 1, Timestamp(0, 0, 2, UNKNOWN_OFFSET)))
        assert values.array.to_pylist() == [None, "1", "1970-01-01"]
        assert values.families() == {"number": 1, "timestamp": 2}

    def test_json_text(self) -> None:
        array = json_values_of(column('a"\n', 1, Decimal("1.50"), None, ..., b'{"x":[1]}', True, 2.0)).array
        assert array.to_pylist() == [r'"a\"\n"', "1", "1.50", None, None, '{"x":[1]}', "true", "2.0"]

    def test_no_rows(self) -> None:
        for empty in (
            column(),
            Column.of(Kind.STRING, Text.of([])),
            Column.of(Kind.INT, np.zeros(0, np.int64)),
        ):
            assert len(values_of(empty).array) == 0
            assert len(json_values_of(empty).array) == 0


def piece(*members: OutputMember) -> Piece:
    return ArrowSink().piece(members, members[0].column.length)


def pylists(made: Piece) -> dict[str, list[object]]:
    return {name: values.array.to_pylist() for (_, name), values in made.columns.items()}


class TestSpreads:
    def test_members_of_structs(self) -> None:
        made = piece(SpreadMembers(column(b'{"a":1,"b":"x"}', b'{"b":"y","c":null}', b"{}", ...), True))
        assert pylists(made) == {
            "a": [1, None, None, None],
            "b": ["x", "y", None, None],
            "c": [None, None, None, None],
        }

    def test_names_with_escapes_are_one_name(self) -> None:
        made = piece(SpreadMembers(column(rb'{"\u0061":1}', b'{"a":2}', '{"é\\"":3}'.encode()), True))
        assert pylists(made) == {"a": [1, 2, None], 'é"': [None, None, 3]}

    def test_a_name_twice(self) -> None:
        with pytest.raises(S3SelectError, match=r"AmbiguousFieldName.*'a'"):
            piece(SpreadMembers(column(b'{"a":1}', b'{"a":1,"a":2}'), True))

    def test_other_values_are_numbered(self) -> None:
        made = piece(
            Member("x", column(1, ..., 3, 4)),
            SpreadMembers(column("a", "b", b'{"m":1,"_2":5}', b"[7,8]")),
            SpreadMembers(column(True, True, True, True)),
        )
        by_key = {key: values.array.to_pylist() for key, values in made.columns.items()}
        assert by_key[1, "_2"] == ["a", None, "5", "7"]
        assert by_key[1, "_1"] == [None, "b", None, None]
        assert by_key[1, "_3"] == [None, None, None, 8]
        assert by_key[2, "_3"] == [True, None, None, None]
        assert by_key[2, "_2"] == [None, True, None, None]
        assert by_key[2, "_4"] == [None, None, True, True]

    def test_a_list_as_a_whole_row_is_one_value(self) -> None:
        assert pylists(piece(SpreadMembers(column(b"[1,2]"), True))) == {"_1": ["[1,2]"]}
        assert pylists(piece(SpreadMembers(column(b"[1,2]")))) == {"_1": [1], "_2": [2]}

    VALUES = st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "a", "é"])),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["a", "b", "_1", "_2"]), inner, max_size=3),
        ),
        max_leaves=5,
    )

    @given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=5), st.booleans())
    def test_the_same_members_as_json_output(self, rows: list[tuple[object, object]], whole: bool) -> None:
        columns = [column(*(as_value(row[number]) for row in rows)) for number in (0, 1)]
        members = (Member("m", columns[0]), SpreadMembers(columns[1], whole))
        records = JsonSerializer(JsonOutput("\n")).serialize(members, len(rows))
        lines = [json.loads(line) for line in records.payload.tobytes().splitlines()]
        sink = ArrowSink(json_items=(0, 1))
        made = sink.piece(members, len(rows))
        for number, line in enumerate(lines):
            found = {
                name: json.loads(values.array[number].as_py())
                for (_, name), values in made.columns.items()
                if values.array[number].is_valid
            }
            assert found == {name: value for name, value in line.items() if value is not None}


def as_value(value: object) -> object:
    """A JSON value as :func:`column` takes it."""
    return json.dumps(value).encode() if isinstance(value, list | dict) else value


class TestLayouts:
    def outline(
        self, sql: str, schema: Schema, asked: AskedTypes | None = None, mixed: Mixed = "error"
    ) -> Outline:
        header = schema.header if isinstance(schema, CsvSchema) else None
        return Outline(optimize(bind(parse(sql), schema)), header or (), asked, mixed)

    def layout(self, *first: Piece, ended: bool = False, asked: AskedTypes | None = None) -> Layout:
        return self.outline("SELECT s.a FROM S3Object s", JsonSchema(), asked).layout(first, ended=ended)

    def test_what_the_plan_knows(self) -> None:
        outline = self.outline(
            "SELECT _1, CAST(_2 AS INT) n, CAST(_2 AS FLOAT) f, _1 = 'a' AS b, UPPER(_1) u, NULL x, 'k' k, "
            "CHAR_LENGTH(_1) l FROM S3Object",
            CsvSchema(),
        )
        assert outline.complete
        assert [str(field.type) for field in outline.layout([], ended=False).schema] == [
            "string", "int64", "double", "bool", "string", "null", "string", "int64",
        ]  # fmt: skip

    def test_timestamps_are_of_microseconds_unless_rows_say_otherwise(self) -> None:
        outline = self.outline("SELECT CAST(_1 AS TIMESTAMP) AS t FROM S3Object", CsvSchema())
        assert not outline.complete
        nothing = piece(Member("t", column(None, ...)))
        coarse = piece(Member("t", stamps("0001T", "2010-02-03T04:05:06.5Z")))
        fine = piece(Member("t", stamps("2010-02-03T04:05:06.123456789Z")))
        for first in ([], [nothing], [coarse]):
            for ended in (False, True):
                layout = outline.layout(first, ended=ended)
                assert layout.schema.field("t").type == pa.timestamp("us", tz="UTC")
        with pytest.raises(S3SelectError, match=r"Row 8 of the result .*no timestamp\[us, tz=UTC\]"):
            layout.batch(fine, 7)
        assert outline.layout([nothing, fine], ended=False).schema.field("t").type == pa.timestamp(
            "ns", tz="UTC"
        )

    def test_timestamps_with_types_that_are_asked_for(self) -> None:
        days = piece(Member("a", stamps("2010-02-03", None, "1900-01-01")))
        assert self.layout(asked={"a": pa.date32()}).batch(days, 0).column("a").to_pylist() == [
            date(2010, 2, 3),
            None,
            date(1900, 1, 1),
        ]
        far = piece(Member("a", stamps("2010T", "0001T")))
        with pytest.raises(S3SelectError, match=r"Row 2 of the result .*no timestamp\[ns\]"):
            self.layout(asked={"a": pa.timestamp("ns")}).batch(far, 0)

    def test_timestamps_as_json_keep_their_text(self) -> None:
        outline = self.outline("SELECT CAST(_1 AS TIMESTAMP) AS t FROM S3Object", CsvSchema(), mixed="json")
        assert outline.complete
        made = ArrowSink(outline.json_items).piece(
            [Member("t", stamps("2010T", "2010-02-03T04:05-00:00"))], 2
        )
        batch = outline.layout([], ended=False).batch(made, 0)
        assert batch.column("t").to_pylist() == ['"2010T"', '"2010-02-03T04:05-00:00"']

    def test_what_only_rows_know(self) -> None:
        for sql in ("SELECT s.a FROM S3Object s", "SELECT * FROM S3Object", "SELECT 1 + s.a FROM S3Object s"):
            assert not self.outline(sql, JsonSchema()).complete
        assert not self.outline("SELECT CAST(_1 AS DECIMAL) FROM S3Object", CsvSchema()).complete
        assert self.outline("SELECT s.a FROM S3Object s", JsonSchema(), mixed="json").complete
        assert self.outline("SELECT s.a FROM S3Object s", JsonSchema(), {"a": pa.int8()}).complete

    def test_a_header_is_the_columns(self) -> None:
        outline = self.outline("SELECT * FROM S3Object", CsvSchema("USE", ("a", "", "a", "b")))
        assert outline.layout([], ended=True).schema.names == ["a", "_2", "_3", "b"]
        assert column_names(["_2", "x"], 3) == ["_2", "x", "_3"]
        assert column_names(["x", "_3", "x"], 3) == ["x", "_3", "_3_"]

    def test_the_first_pieces_decide(self) -> None:
        layout = self.layout(piece(Member("a", column(1, None))), piece(Member("a", column(Decimal("1.5")))))
        assert layout.schema.field("a").type == pa.decimal128(38, 1)
        batch = layout.batch(piece(Member("a", column(7, None, Decimal(2)))), 3)
        assert batch.column("a").to_pylist() == [Decimal(7), None, Decimal(2)]

    def test_a_later_row_of_another_kind(self) -> None:
        layout = self.layout(piece(Member("a", column(1, 2))))
        with pytest.raises(
            S3SelectError, match=r"CastFailed: Row 1,004 of the result .* 'a': no int64.*schema=.*mixed"
        ):
            layout.batch(piece(Member("a", column(1, None, 2, "x", "y"))), 1000)
        with pytest.raises(S3SelectError, match=r"Row 2 .* no int64"):
            layout.batch(piece(Member("a", column(1, Decimal("1.5")))), 0)

    def test_a_later_decimal_of_a_larger_scale(self) -> None:
        layout = self.layout(piece(Member("a", decimals("1.5"))))
        with pytest.raises(S3SelectError, match=r"Row 14 of"):
            layout.batch(piece(Member("a", decimals("1.5", "2", "3", "1.25", "1.125"))), 10)

    def test_values_without_a_common_type(self) -> None:
        with pytest.raises(S3SelectError, match=r"Row 3 .*text behind number"):
            self.layout(piece(Member("a", column(1, None))), piece(Member("a", column("x"))))
        with pytest.raises(S3SelectError, match=r"Row 2 .*JSON behind text"):
            self.layout(piece(Member("a", column("x", b"[1]"))))

    def test_nothing_but_nulls(self) -> None:
        nulls = piece(Member("a", column(None, ...)))
        assert self.layout(nulls, ended=True).schema.field("a").type == pa.null()
        assert self.layout(nulls).schema.field("a").type == pa.string()

    def test_types_that_are_asked_for(self) -> None:
        layout = self.layout(asked={"a": pa.string()})
        mixed = piece(Member("a", column(1, "x", None, b"[1]")))
        assert layout.batch(mixed, 0).column("a").to_pylist() == ["1", "x", None, "[1]"]
        layout = self.layout(asked={"a": pa.float32()})
        assert layout.batch(piece(Member("a", decimals("1.5", None))), 0).column("a").to_pylist() == [
            1.5,
            None,
        ]
        with pytest.raises(S3SelectError, match=r"Row 3 .*no float"):
            layout.batch(piece(Member("a", column("1", "2", "x"))), 0)

    def test_types_for_columns_that_are_not_there(self) -> None:
        with pytest.raises(ValueError, match=r"'b'.*has a"):
            self.layout(asked={"b": pa.string()})

    def test_a_member_no_row_had_before(self) -> None:
        outline = self.outline("SELECT * FROM S3Object", JsonSchema())
        layout = outline.layout([piece(SpreadMembers(column(b'{"a":1}'), True))], ended=False)
        later = piece(SpreadMembers(column(b'{"a":2}', b'{"b":null}', b'{"b":3}'), True))
        with pytest.raises(S3SelectError, match="Row 13 of the result has the member 'b'"):
            layout.batch(later, 10)

    def test_a_schema_fixes_the_members(self) -> None:
        asked = pa.schema([("a", pa.int64()), ("z", pa.string())])
        outline = self.outline("SELECT * FROM S3Object", JsonSchema(), asked)
        assert outline.complete
        batch = outline.layout([], ended=False).batch(piece(SpreadMembers(column(b'{"a":2,"b":3}'), True)), 0)
        assert batch.to_pylist() == [{"a": 2, "z": None}]

    def test_rows_without_any_column(self) -> None:
        outline = self.outline("SELECT * FROM S3Object", JsonSchema())
        empty = piece(SpreadMembers(column(b"{}", b"{}"), True))
        assert outline.layout([empty], ended=True).batch(empty, 0).num_rows == 2
