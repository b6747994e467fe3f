from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s3sql.formats.parquet_paths import LIST, MAP_SIDE, is_repeated
from s3sql.plan.schema import ParquetColumn, ParquetSchema, ParquetType
from s3sql.types import Kind
from tests.formats.parquet_footers import Field, schema_in, schema_of


def column(field: Field) -> ParquetColumn:
    (found,) = schema_of(field).columns
    return found


def written(array: pa.Array, **options) -> ParquetColumn:
    file = io.BytesIO()
    pq.write_table(pa.table({"c": array}), file, **options)
    (found,) = schema_in(file.getvalue()).columns
    return found


def leaf(physical: str, converted: str | None = None, **more) -> ParquetColumn:
    return column(Field("c", physical, converted, **more))


class TestScalars:
    @pytest.mark.parametrize(
        ("physical", "converted", "form", "kinds"),
        [
            ("BOOLEAN", None, "bool", {Kind.BOOL}),
            ("INT32", None, "int", {Kind.INT}),
            ("INT64", None, "int", {Kind.INT}),
            *[
                ("INT32", f"{sign}{bits}", "int", {Kind.INT})
                for sign in ("INT_", "UINT_")
                for bits in (8, 16, 32)
            ],
            ("INT64", "INT_64", "int", {Kind.INT}),
            ("INT64", "UINT_64", "uint64", {Kind.INT, Kind.DECIMAL}),
            ("FLOAT", None, "float", {Kind.FLOAT}),
            ("DOUBLE", None, "float", {Kind.FLOAT}),
            ("BYTE_ARRAY", "UTF8", "text", {Kind.STRING}),
            ("BYTE_ARRAY", "ENUM", "text", {Kind.STRING}),
            ("BYTE_ARRAY", "JSON", "text", {Kind.STRING}),
            ("BYTE_ARRAY", "BSON", "bytes", {Kind.STRING}),
            ("BYTE_ARRAY", None, "bytes", {Kind.STRING}),
            ("INT32", "DATE", "date", {Kind.TIMESTAMP}),
            ("INT32", "TIME_MILLIS", "time", {Kind.STRING}),
            ("INT64", "TIME_MICROS", "time", {Kind.STRING}),
            ("INT64", "TIMESTAMP_MILLIS", "timestamp", {Kind.TIMESTAMP}),
            ("INT64", "TIMESTAMP_MICROS", "timestamp", {Kind.TIMESTAMP}),
            ("INT96", None, "timestamp", {Kind.TIMESTAMP}),
        ],
    )
    def test_physical_and_converted_types(self, physical, converted, form, kinds) -> None:
        found = leaf(physical, converted)
        assert (found.type, found.kinds, found.refusal) == (ParquetType(form), kinds, None)

    @pytest.mark.parametrize("physical", ["INT32", "INT64", "BYTE_ARRAY", "FLBA"])
    def test_decimals_of_any_physical_type(self, physical) -> None:
        found = leaf(physical, "DECIMAL", precision=9, scale=2, length=8 if physical == "FLBA" else 0)
        assert found.type == ParquetType("decimal")
        assert found.kinds == {Kind.DECIMAL}

    def test_fixed_length_bytes(self) -> None:
        assert leaf("FLBA", length=4).type == ParquetType("bytes")

    @pytest.mark.parametrize(
        ("type_", "form"),
        [
            (pa.uuid(), "uuid"),
            (pa.float16(), "float"),
            (pa.time64("ns"), "time"),
            (pa.timestamp("ns"), "timestamp"),
            (pa.timestamp("us", "Europe/Berlin"), "timestamp"),
            (pa.null(), "null"),
            (pa.decimal256(60, 3), "decimal"),
        ],
    )
    def test_types_with_a_logical_type_only(self, type_, form) -> None:
        assert written(pa.array([None], type_)).type == ParquetType(form)

    @pytest.mark.parametrize(
        ("type_", "form"),
        [
            (pa.large_string(), "text"),
            (pa.string_view(), "text"),
            (pa.dictionary(pa.int8(), pa.string()), "text"),
            (pa.duration("ms"), "int"),
            (pa.json_(), "text"),
            (pa.date64(), "date"),
            (pa.large_binary(), "bytes"),
        ],
    )
    def test_what_the_writer_notes_of_its_arrow_types_does_not_count(self, type_, form) -> None:
        assert written(pa.array([None], type_)).type == ParquetType(form)

    def test_nullable(self) -> None:
        assert column(Field("c", "INT32")).nullable
        assert not column(Field("c", "INT32", repetition="required")).nullable


class TestRefusals:
    @pytest.mark.parametrize(
        ("field", "what"),
        [
            (Field("c", "FLBA", "INTERVAL", length=12), "'c' is INTERVAL on FIXED_LEN_BYTE_ARRAY"),
            (Field("c", "BYTE_ARRAY", logical="GEOMETRY"), "'c' is GEOMETRY on BYTE_ARRAY"),
            (Field("c", "BYTE_ARRAY", logical="GEOGRAPHY"), "'c' is GEOGRAPHY on BYTE_ARRAY"),
            (
                Field(
                    "c",
                    logical="VARIANT",
                    children=(
                        Field("metadata", "BYTE_ARRAY", repetition="required"),
                        Field("value", "BYTE_ARRAY", repetition="required"),
                    ),
                ),
                "it is VARIANT",
            ),
            (
                Field("c", children=(Field("x", "INT32"), Field("y", "FLBA", "INTERVAL", length=12))),
                "'c.y' is INTERVAL on FIXED_LEN_BYTE_ARRAY",
            ),
        ],
    )
    def test_types_without_a_sql_type(self, field, what) -> None:
        found = column(field)
        assert found.refusal is not None
        code, message = found.refusal
        assert code == "UnsupportedParquetType"
        assert f"column 'c', but {what}, which" in message

    def test_other_columns_are_not_refused(self) -> None:
        fields = [Field("a", "INT32"), Field("b", "FLBA", "INTERVAL", length=12), Field("c", "DOUBLE")]
        assert [found.refusal is None for found in schema_of(*fields).columns] == [True, False, True]

    def test_a_group_named_as_a_variant_is_none(self) -> None:
        children = (Field("metadata", "BYTE_ARRAY"), Field("value", "BYTE_ARRAY"))
        assert column(Field("c", children=children)).type.form == "struct"

    def test_deep_nesting(self) -> None:
        field = Field("x", "INT32")
        for _ in range(120):
            field = Field("x", children=(field,))
        first, second = schema_of(field, Field("y", "INT64")).columns
        assert first.refusal is not None
        assert "nested deeper than 100 levels" in first.refusal[1]
        assert second.type == ParquetType("int")


INT = ParquetType("int")
TEXT = ParquetType("text")


class TestNested:
    def test_list_of_three_levels(self) -> None:
        item = Field("list", repetition="repeated", children=(Field("element", "INT32"),))
        found = column(Field("c", None, "LIST", (item,)))
        assert found.type == ParquetType("list", (INT,))
        assert found.kinds == {Kind.LIST}

    def test_list_of_two_levels(self) -> None:
        item = Field("array", "INT32", repetition="repeated")
        assert column(Field("c", None, "LIST", (item,))).type == ParquetType("list", (INT,))

    def test_list_of_two_levels_of_structs(self) -> None:
        item = Field("array", repetition="repeated", children=(Field("x", "INT32"), Field("y", "INT64")))
        element = ParquetType("struct", (INT, INT), ("x", "y"))
        assert column(Field("c", None, "LIST", (item,))).type == ParquetType("list", (element,))

    def test_repeated_field(self) -> None:
        found = column(Field("c", "INT32", repetition="repeated"))
        assert found.type == ParquetType("repeated", (INT,))
        assert found.kinds == {Kind.INT}
        assert found.nullable, "an empty one has no last value"

    def test_repeated_group(self) -> None:
        children = (Field("x", "INT32"), Field("tags", "BYTE_ARRAY", "UTF8", repetition="repeated"))
        found = column(Field("c", children=children, repetition="repeated"))
        inner = ParquetType("struct", (INT, ParquetType("repeated", (TEXT,))), ("x", "tags"))
        assert found.type == ParquetType("repeated", (inner,))
        assert found.kinds == {Kind.STRUCT}

    def test_list_within_a_repeated_group(self) -> None:
        item = Field("list", repetition="repeated", children=(Field("element", "INT32"),))
        found = column(Field("c", repetition="repeated", children=(Field("b", None, "LIST", (item,)),)))
        assert found.type == ParquetType(
            "repeated", (ParquetType("struct", (ParquetType("list", (INT,)),), ("b",)),)
        )

    @pytest.mark.parametrize(("key", "kind"), [("UTF8", Kind.STRUCT), (None, Kind.STRUCT)])
    def test_map_with_text_keys(self, key, kind) -> None:
        entry = (Field("key", "BYTE_ARRAY", key, repetition="required"), Field("value", "INT32"))
        found = column(Field("c", None, "MAP", (Field("key_value", repetition="repeated", children=entry),)))
        assert found.type.form == "map"
        assert found.kinds == {kind}

    def test_map_with_other_keys(self) -> None:
        entry = (Field("key", "INT32", repetition="required"), Field("value", "INT32"))
        found = column(Field("c", None, "MAP", (Field("key_value", repetition="repeated", children=entry),)))
        assert (found.type, found.kinds) == (ParquetType("map", (INT, INT)), {Kind.LIST})

    @pytest.mark.parametrize("compliant", [True, False])
    def test_written_by_arrow(self, compliant) -> None:
        type_ = pa.list_(pa.struct([("a.b", pa.list_(pa.map_(pa.string(), pa.list_(pa.int8()))))]))
        found = written(pa.array([None], type_), use_compliant_nested_type=compliant)
        map_ = ParquetType("map", (TEXT, ParquetType("list", (INT,))))
        assert found.type == ParquetType(
            "list", (ParquetType("struct", (ParquetType("list", (map_,)),), ("a.b",)),)
        )

    def test_leaves_behind_nested_columns_are_theirs(self) -> None:
        pair = Field("p", children=(Field("x", "INT32"), Field("y", "BYTE_ARRAY", "UTF8")))
        found = schema_of(pair, Field("b", "BOOLEAN"), pair, Field("d", "INT32", "DATE"))
        assert [one.type.form for one in found.columns] == ["struct", "bool", "struct", "date"]


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "above", "below", "expected"),
        [
            ("a", ("a",), (), True),
            ("a.array", ("a",), (), False),
            ("a.list.element", ("a",), (), False),
            ("a.x", ("a",), ("x",), True),
            ("a.array.x", ("a",), ("x",), False),
            ("a.array.array", ("a",), (LIST,), False),
            ("a.array.array", ("a", LIST), (), False),
            ("a.b", ("a", LIST, "b"), (), True),
            ("a.b.list.element", ("a",), ("b", LIST), True),
            ("a.b.list.element", ("a", LIST, "b"), (), False),
            ("m.key_value.value.list.element", ("m", MAP_SIDE), (), False),
            ("m.key_value.value", ("m", MAP_SIDE), (), True),
            ("dotted.name.list.element", ("dotted.name",), (), False),
            ("dotted.name", ("dotted.name",), (), True),
            ("something.else", ("a",), (), False),
            ("a" + ".l" * 30, ("a", *[LIST] * 20), (), False),
        ],
    )
    def test_repeated_or_list(self, path, above, below, expected) -> None:
        assert is_repeated(path, above, below) is expected


class TestValuesWithoutMeaning:
    """``may_fail`` is False where the statistics rule them out."""

    @pytest.mark.parametrize(
        ("array", "expected"),
        [
            (pa.array([0, 2932896], pa.date32()), False),
            (pa.array([0, 2932897], pa.date32()), True),
            (pa.array([-719162], pa.date32()), False),
            (pa.array([-719163], pa.date32()), True),
            (pa.array([253402300799999], pa.timestamp("ms")), False),
            (pa.array([253402300800000], pa.timestamp("ms")), True),
            (pa.array([-62135596800000000], pa.timestamp("us", "UTC")), False),
            (pa.array([-62135596800000001], pa.timestamp("us", "UTC")), True),
            (pa.array([2**63 - 1, -(2**63) + 1], pa.timestamp("ns")), False),
            (pa.array([None, None], pa.timestamp("us")), False),
            (pa.array([], pa.timestamp("us")), False),
            (pa.array([86399999], pa.time32("ms")), False),
            (pa.array([[{"t": 0}]], pa.list_(pa.struct([("t", pa.timestamp("us"))]))), False),
            (pa.array([[{"t": 2**62}]], pa.list_(pa.struct([("t", pa.timestamp("us"))]))), True),
            (pa.array([b"x"]), True),
            (pa.array(["x"]), False),
            (pa.array([1.0]), False),
        ],
    )
    def test_with_statistics(self, array, expected) -> None:
        assert written(array).may_fail is expected

    def test_without_statistics(self) -> None:
        assert written(pa.array([0], pa.timestamp("us")), write_statistics=False).may_fail
        assert not written(pa.array([0]), write_statistics=False).may_fail

    def test_every_row_group_counts(self) -> None:
        array = pa.array([0] * 3 + [2932897], pa.date32())
        assert written(array, row_group_size=1).may_fail
        assert not written(array.slice(0, 3), row_group_size=1).may_fail

    def test_int96_has_no_statistics(self) -> None:
        array = pa.array([0], pa.timestamp("us"))
        assert written(array, use_deprecated_int96_timestamps=True).may_fail


def test_no_columns_and_odd_names() -> None:
    assert schema_of() == ParquetSchema(())
    names = ["", " ", "a.b", "A", "a", "ÄÖ", 'q"q', "{\n}"]
    found = schema_of(*[Field(name, "INT32") for name in names])
    assert [one.name for one in found.columns] == names
    assert hash(found) == hash(schema_of(*[Field(name, "INT32") for name in names]))
