"""Descriptions: what is said of each format, that SQL takes the names as written, hostile objects."""

from __future__ import annotations

import bz2
import contextlib
import datetime
import gzip
import io
import json
import subprocess
import sys
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import s3sql
from s3sql import extend
from s3sql.describe import ColumnDescription, Description
from s3sql.describe.naming import Naming, shown
from s3sql.errors import S3SelectError
from s3sql.stores.memory import BytesObject
from tests.formats.parquet_footers import Field, file_of
from tests.own_extensions import ColonLines

FLIGHTS = (
    b"carrier,flight,dest,arr delay,when,late\n"
    b"HA,51,HNL,1272.5,2020-01-01,true\nUA,1545,,11,2020-01-02T10:00Z,false\nEV,4308,RDU,,2020-01-03,TRUE\n"
)
EVENTS = (
    b'{"user": {"name": "Ada", "a.b": 1}, "tags": ["a", "b"], "n": 1}\n'
    b'{"user": {"name": "Max"}, "n": 2.50, "N": null}\n{"user": null, "tags": [], "n": "x"}\n'
)


def parquet(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def columns(found: Description) -> dict[str, ColumnDescription]:
    return {column.name: column for column in found.columns}


def check(found: Description) -> Description:
    """What holds of every description."""
    assert json.loads(json.dumps(found.to_dict()))["records_seen"] == found.records_seen
    assert str(found.sniffed) in str(found)
    for line in str(found).splitlines():
        assert line == line.rstrip()
        assert line.isprintable()
    for column in found.columns:
        assert 0 <= column.present <= 1
        assert len(column.examples) <= 3
        assert column.sql == "s" or column.sql.startswith(("s.", "s["))
    return found


def described(source: Any, **keywords: Any) -> Description:
    return check(s3sql.describe(source, **keywords))


class TestCsv:
    def test_columns(self) -> None:
        found = described(FLIGHTS)
        assert [(column.name, column.position, column.kinds, column.sql) for column in found.columns] == [
            ("carrier", 1, ("string",), "s.carrier"),
            ("flight", 2, ("int",), "s.flight"),
            ("dest", 3, ("string",), "s.dest"),
            ("arr delay", 4, ("decimal",), 's."arr delay"'),
            ("when", 5, ("timestamp",), 's."when"'),
            ("late", 6, ("bool",), "s.late"),
        ]
        assert columns(found)["dest"].present == pytest.approx(2 / 3)
        assert columns(found)["dest"].examples == ("HNL", "RDU")
        assert (found.records_seen, found.size, found.row_groups, found.from_path) == (
            3,
            len(FLIGHTS),
            None,
            "S3Object",
        )

    def test_first_rows_are_those_of_a_query(self) -> None:
        found = described(FLIGHTS, rows=2)
        query = s3sql.query("SELECT * FROM S3Object", FLIGHTS, guess=True, limit=2)
        assert found.first_rows.to_pylist() == query.to_arrow().to_pylist()

    @pytest.mark.parametrize("header", ["NONE", "IGNORE"])
    def test_without_names(self, header: str) -> None:
        found = described(b"1,x\n2,y,z\n", input_format="csv", file_header_info=header)
        assert [column.sql for column in found.columns] == ["s._1", "s._2", "s._3"]
        assert found.records_seen == (2 if header == "NONE" else 1)
        assert found.first_rows.to_pylist()[-1] == {"_1": "2", "_2": "y", "_3": "z"}

    def test_kinds_are_what_all_texts_can_be_cast_to(self) -> None:
        text = b"a,b,c,d,e,f,g,h\n1,1.5,NaN,2010T,x,,9223372036854775808,true\n-2,1e3,1,2010-01-01,1,,1,no\n"
        found = described(text, file_header_info="USE")
        assert [column.kinds for column in found.columns] == [
            ("int",), ("decimal",), ("float",), ("timestamp",), ("string",), (), ("decimal",), ("string",),
        ]  # fmt: skip
        for column in found.columns:
            for kind in column.kinds:
                s3sql.query(
                    f"SELECT CAST({column.sql} AS {kind.upper()}) AS v FROM S3Object s",
                    text,
                    file_header_info="USE",
                ).to_arrow()

    def test_names_that_need_care(self) -> None:
        text = b'id,Id,user,1st,a"b,x,x,,_9,na me\n1,2,3,4,5,6,7,8,9,10\n'
        found = described(text, file_header_info="USE")
        sql = [column.sql for column in found.columns]
        assert sql == [
            's."id"', 's."Id"', 's."user"', 's."1st"', 's."a""b"',
            "s._6", "s._7", "s._8", "s._9", 's."na me"',
        ]  # fmt: skip
        assert found.columns[5].note == "several columns have this name"
        row = s3sql.query(f"SELECT {', '.join(sql)} FROM S3Object s", text, file_header_info="USE").events()
        assert (
            next(event["Records"]["Payload"] for event in row if "Records" in event)
            == b"1,2,3,4,5,6,7,8,9,10\n"
        )

    def test_ragged(self) -> None:
        found = described(b"a,b\n1\n1,2,3\n1,2\n", file_header_info="USE")
        assert [(column.name, column.present) for column in found.columns] == [
            ("a", 1.0),
            ("b", pytest.approx(2 / 3)),
            ("_3", pytest.approx(1 / 3)),
        ]
        assert found.first_rows.column_names == ["a", "b", "_3"]
        assert found.first_rows["b"].to_pylist() == [None, "2", "2"]

    @pytest.mark.parametrize("content", [b"", b"\n\n", b"# nothing\n", b"\xef\xbb\xbf"])
    def test_nothing(self, content: bytes) -> None:
        found = described(content)
        assert (found.columns, found.records_seen, found.first_rows.num_rows) == ((), 0, 0)

    def test_header_alone(self) -> None:
        found = described(b"id,name,created_at\n")
        assert [(column.name, column.kinds, column.present) for column in found.columns] == [
            ("id", (), 0.0),
            ("name", (), 0.0),
            ("created_at", (), 0.0),
        ]
        assert found.first_rows.column_names == ["id", "name", "created_at"]

    def test_not_utf_8(self) -> None:
        with pytest.raises(S3SelectError, match="InvalidTextEncoding") as caught:
            s3sql.describe(b"name,x\ncaf\xe9,1\n")
        assert caught.value.hint is not None

    def test_an_error_behind_the_first_records(self) -> None:
        found = described(b'a,b\n1,2\n3,"4\n')
        assert found.records_seen == 1
        assert found.notes[0].startswith("a query fails behind the first record: CSVEscapingRecordDelimiter")
        with pytest.raises(S3SelectError, match="CSVEscapingRecordDelimiter"):
            s3sql.describe(b'a,b\n3,"4\n', file_header_info="USE")

    @pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
    def test_cut_short(self, pack: Any) -> None:
        whole = pack(b"id,x\n" + b"1,2\n" * 1000)
        found = described(whole[:-6])
        assert found.notes[0].startswith("a query fails behind the first 999 records: TruncatedInput") or (
            found.notes[0].startswith("a query fails behind the first 1,000 records: TruncatedInput")
        )

    def test_one_long_record(self) -> None:
        found = described(b"id,x\n1," + b"y" * 1_000_000 + b"\n" + b"2,z\n" * 3000)
        assert found.records_seen == 1000
        assert found.columns[1].examples == ("y" * 59 + "…", "z")
        found = described(b"a" * 1_000_000 + b",b\n1," + b"y" * 1_000_000 + b"\n", file_header_info="USE")
        assert found.records_seen == 1
        with pytest.raises(S3SelectError, match="OverMaxRecordSize"):
            s3sql.describe(b"y" * 3_000_000)

    def test_100_000_columns(self) -> None:
        text = b",".join(b"c%d" % number for number in range(100_000)) + b"\n" + b"1," * 99_999 + b"1\n"
        found = described(text)
        assert len(found.columns) == 1000
        assert found.notes == ("the first 1,000 of 100,000 columns are described",)
        assert len(str(found).splitlines()) < 220


class TestJson:
    def test_paths(self) -> None:
        found = described(EVENTS)
        assert [(column.name, column.kinds, column.sql) for column in found.columns] == [
            ("user", ("struct", "null"), 's."user"'),
            ("user.name", ("string",), 's."user".name'),
            ('user."a.b"', ("int",), 's."user"."a.b"'),
            ("tags", ("list",), "s.tags"),
            ("tags[*]", ("string",), "s.tags[0]"),
            ("n", ("int", "decimal", "string"), 's."n"'),
            ("N", ("null",), 's."N"'),
        ]
        by_name = columns(found)
        assert by_name["n"].examples == ("1", "2.50", "x")
        assert by_name["tags"].present == pytest.approx(2 / 3)
        assert by_name["tags[*]"].present == pytest.approx(1 / 3)
        assert by_name["tags[*]"].examples == ("a", "b")
        assert found.from_path == "S3Object"

    def test_a_query_takes_the_names(self) -> None:
        found = described(EVENTS)
        items = ", ".join(f"{column.sql} AS c{number}" for number, column in enumerate(found.columns))
        rows = s3sql.query(f"SELECT {items} FROM {found.from_path} s", EVENTS, guess=True, mixed="json")
        first = rows.to_arrow().to_pylist()[0]
        assert [json.loads(first[f"c{number}"]) for number in (1, 2, 4)] == ["Ada", 1, "a"]

    def test_first_rows_are_those_of_a_query(self) -> None:
        text = b'{"a": 1, "b": {"c": [1]}}\n{"a": 2.5, "d": true}\n{"a": 3}\n'
        found = described(text, rows=2)
        query = s3sql.query("SELECT * FROM S3Object", text, guess=True, limit=2)
        assert found.first_rows.equals(query.to_arrow())
        assert described(text, rows=0).first_rows.num_rows == 0

    def test_values_that_no_column_has(self) -> None:
        assert described(b'{"a": 1}\n{"a": "x"}\n').first_rows.to_pylist() == [{"a": "1"}, {"a": '"x"'}]
        assert described(b'{"a": 1, "a": 2}\n').first_rows.to_pylist() == [{"s": '{"a":1,"a":2}'}]

    def test_a_list_of_records(self) -> None:
        text = b'[{"a": 1}, {"a": 2, "b": [{"c": null}]}]'
        found = described(text)
        assert found.from_path == "S3Object[*][*]"
        assert [column.name for column in found.columns] == ["a", "b", "b[*]", "b[*].c"]
        assert found.records_seen == 2
        assert s3sql.query(f"SELECT s.a FROM {found.from_path} s", text, guess=True).to_arrow().num_rows == 2

    def test_a_long_list(self) -> None:
        text = b"[" + b",".join(b'{"id": %d}' % number for number in range(500_000)) + b"]"
        found = described(text)
        assert found.records_seen == 1000
        assert described(gzip.compress(text, 1)).columns == found.columns

    def test_records_that_are_no_objects(self) -> None:
        found = described(b'1\n"x"\n{"a": 1}\n[2]\n', input_format="json")
        assert [(column.name, column.sql, column.kinds) for column in found.columns] == [
            ("_1", "s", ("int", "string", "struct", "list")),
            ("a", "s.a", ("int",)),
            ("[*]", "s[0]", ("int",)),
        ]

    def test_numbers(self) -> None:
        text = (
            b'{"a": 9223372036854775807, "b": 9223372036854775808, "c": 1e400, "d": -0, "e": 1'
            + b"0" * 5000
            + b"}"
        )
        found = described(text)
        assert [column.kinds for column in found.columns] == [
            ("int",), ("decimal",), ("decimal",), ("int",), ("decimal",),
        ]  # fmt: skip

    def test_nested_as_deeply_as_can_be(self) -> None:
        found = described(b'{"a":' * 500 + b"1" + b"}" * 500)
        assert len(found.columns) == 32
        assert found.notes == ("what is nested more than 32 levels deep is not described",)
        with pytest.raises(S3SelectError, match="JSONParsingError"):
            s3sql.describe(b'{"a":' * 100_000)

    def test_many_members(self) -> None:
        text = json.dumps({f"k{number}": number for number in range(10_000)}).encode()
        found = described(text)
        assert len(found.columns) == 1000
        assert found.notes == ("the first 1,000 paths are described; there are more",)
        assert found.first_rows.num_rows == 1

    def test_long_lists_within(self) -> None:
        found = described(json.dumps({"a": [[number] for number in range(100_000)]}).encode())
        assert [column.name for column in found.columns] == ["a", "a[*]", "a[*][*]"]

    def test_an_error_behind_the_first_records(self) -> None:
        found = described(b'{"a": 1}\n{"a": 2}\n{"a":\n')
        assert found.records_seen == 2
        assert found.notes[0].startswith("a query fails behind the first 2 records: JSONParsingError")
        with pytest.raises(S3SelectError, match="JSONParsingError"):
            s3sql.describe(b'{"a":\n')

    def test_one_long_record(self) -> None:
        limit = 1 << 20
        text = b'{"a": "' + b"x" * (limit - 9) + b'"}'
        assert len(text) == limit
        assert described(text).columns[0].examples == ("x" * 59 + "…",)
        with pytest.raises(S3SelectError, match="OverMaxRecordSize"):
            s3sql.describe(text[:-2] + b'xx"}')


TABLE = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int32()),
        "Name": ["ann", None, "cy"],
        "name": ["x", "y", "z"],
        "date": [datetime.date(2020, 1, 1)] * 3,
        "at": pa.array(
            [datetime.datetime(2020, 1, 1, 10), None, datetime.datetime(2020, 1, 3)], pa.timestamp("us")
        ),
        "tags": [["x"], [], None],
        "place": [{"city": "Ulm", "at": [{"x": 1.5}]}, None, {"city": None, "at": []}],
        "price": pa.array([Decimal("1.50"), None, None], pa.decimal128(9, 2)),
        "map": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
    }
)


class TestParquet:
    def test_columns(self) -> None:
        found = described(parquet(TABLE))
        assert [(column.name, column.position, column.kinds, column.sql) for column in found.columns] == [
            ("id", 1, ("int",), "s.id"),
            ("Name", 2, ("string",), 's."Name"'),
            ("name", 3, ("string",), 's."name"'),
            ("date", 4, ("timestamp",), 's."date"'),
            ("at", 5, ("timestamp",), 's."at"'),
            ("tags", 6, ("list",), "s.tags"),
            ("tags[*]", None, ("string",), "s.tags[0]"),
            ("place", 7, ("struct",), "s.place"),
            ("place.city", None, ("string",), "s.place.city"),
            ("place.at", None, ("list",), 's.place."at"'),
            ("place.at[*]", None, ("struct",), 's.place."at"[0]'),
            ("place.at[*].x", None, ("float",), 's.place."at"[0].x'),
            ("price", 8, ("decimal",), "s.price"),
            ("map", 9, ("struct",), "s.map"),
        ]
        by_name = columns(found)
        assert by_name["Name"].present == pytest.approx(2 / 3)
        assert by_name["place.city"].examples == ("Ulm",)
        assert by_name["tags[*]"].present == pytest.approx(1 / 3)
        assert by_name["price"].examples == ("1.50",)
        assert by_name["at"].examples[0].startswith("2020-01-01T10:00:00")

    def test_a_query_takes_the_names(self) -> None:
        file = parquet(TABLE)
        found = described(file)
        items = ", ".join(f"{column.sql} AS c{number}" for number, column in enumerate(found.columns))
        assert s3sql.query(f"SELECT {items} FROM S3Object s", file, guess=True).to_arrow().num_rows == 3

    def test_first_rows(self) -> None:
        found = described(parquet(TABLE), rows=2)
        rows = found.first_rows.to_pylist()
        assert [row["id"] for row in rows] == [1, 2]
        assert rows[0]["price"] == Decimal("1.50")

    def test_row_groups(self) -> None:
        found = described(parquet(TABLE, row_group_size=2, compression="zstd"))
        assert found.row_groups is not None
        first, second = found.row_groups
        assert (first.rows, second.rows) == (2, 1)
        assert first.begin < second.begin
        assert first.codecs == ("ZSTD",)
        assert first.bytes_stored > 0 < first.bytes_uncompressed
        known = {column.column: (column.nulls, column.minimum, column.maximum) for column in first.statistics}
        assert known["id"] == (0, "1", "2")
        assert known["Name"] == (1, "ann", "ann")
        assert known["date"] == (0, "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z")
        assert known["at"][1] == "2020-01-01T10:00:00Z"
        assert "tags" not in known
        assert "3 rows in 2 row groups" in str(found)

    def test_no_rows(self) -> None:
        found = described(parquet(TABLE.slice(0, 0)))
        assert (found.records_seen, found.first_rows.num_rows) == (0, 0)
        assert found.first_rows.column_names[:2] == ["id", "Name"]
        assert len(found.columns) == 14
        assert {column.present for column in found.columns} == {0.0}

    def test_columns_that_no_query_can_read(self) -> None:
        table = pa.table(
            {
                "id": [1],
                "took": pa.array([1], pa.duration("s")),
                "raw": [b"\xff\xfe"],
            }
        )
        found = described(parquet(table))
        by_name = columns(found)
        assert by_name["id"].examples == ("1",)
        assert by_name["raw"].examples == ()
        assert any("UnsupportedTypeForQuerying" in note for note in found.notes)

    def test_a_type_that_sql_has_nothing_for(self) -> None:
        found = described(file_of(Field("a", "FLBA", "INTERVAL", length=12)))
        (column,) = found.columns
        assert (column.kinds, column.note) == ((), "UnsupportedParquetType: no query can read it")
        assert found.first_rows.num_columns == 0

    def test_two_columns_of_one_name(self) -> None:
        table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "a", "b"])
        found = described(parquet(table))
        assert found.columns[0].note == "2 columns have this name, so no query can name it"
        assert found.first_rows.column_names == ["b"]

    def test_many_columns(self) -> None:
        found = described(parquet(pa.table({f"c{number}": [number] for number in range(3000)})))
        assert len(found.columns) == 1000
        assert found.notes == ("the first 1,000 of 3,000 columns and fields are described",)
        assert found.first_rows.num_columns == 1000

    def test_long_values(self) -> None:
        found = described(parquet(pa.table({"a": ["x" * 100_000] * 2000})))
        assert found.records_seen <= 1000
        assert found.columns[0].examples == ("x" * 59 + "…",)

    @pytest.mark.parametrize("content", [b"PAR1\x15\x00PAR1", parquet(TABLE)[:-30], parquet(TABLE)[:50]])
    def test_damaged(self, content: bytes) -> None:
        with pytest.raises(S3SelectError, match="ParquetParsingError"):
            s3sql.describe(content)

    def test_a_stream(self) -> None:
        class Stream(io.BytesIO):
            def seekable(self) -> bool:
                return False

        found = described(Stream(parquet(TABLE)))
        assert [column.name for column in found.columns][:2] == ["id", "Name"]
        assert found.records_seen == 3


class TestSources:
    def test_a_path(self, tmp_path: Path) -> None:
        (tmp_path / "flights.csv").write_bytes(FLIGHTS)
        for source in (tmp_path / "flights.csv", str(tmp_path / "flights.csv")):
            found = described(source)
            assert found.name == str(tmp_path / "flights.csv")
            assert found.sniffed.input_format.source == "name"

    def test_keywords_win(self) -> None:
        found = described(FLIGHTS, field_delimiter=";", file_header_info="NONE")
        assert len(found.columns) == 1
        with pytest.raises(ValueError, match="belong to CSV input"):
            s3sql.describe(b"{}", input_format="json", comments="")

    def test_what_is_open_is_closed(self) -> None:
        class Closing(BytesObject):
            closed = 0

            def close(self) -> None:
                Closing.closed += 1

        for content in (FLIGHTS, EVENTS, parquet(TABLE), b"\xff,\n"):
            before = Closing.closed
            try:
                s3sql.describe(Closing(content))
            except S3SelectError:
                assert content == b"\xff,\n"
            assert Closing.closed > before

    @pytest.mark.parametrize("rows", [-1, 1001, True, "5"])
    def test_rows(self, rows: Any) -> None:
        with pytest.raises(ValueError, match="rows is"):
            s3sql.describe(FLIGHTS, rows=rows)

    def test_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(S3SelectError, match="NoSuchKey"):
            s3sql.describe(tmp_path / "none.csv")

    def test_timeout(self) -> None:
        with pytest.raises(TimeoutError):
            s3sql.describe(FLIGHTS, timeout=1e-9)

    def test_standard_input_of_a_process(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", "import sys, s3sql; print(s3sql.describe(sys.stdin.buffer))"],
            input=gzip.compress(FLIGHTS * 3),
            capture_output=True,
            check=True,
        )
        assert "csv (by content), GZIP (by content)" in done.stdout.decode()

    def test_memory_does_not_grow_with_the_object(self) -> None:
        small, large = (EVENTS * count for count in (5_000, 100_000))
        s3sql.describe(small)
        peaks = []
        for content in (small, large):
            tracemalloc.start()
            s3sql.describe(content)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < peaks[0] + (2 << 20)


def test_a_format_of_a_program(tmp_path: Path) -> None:
    (tmp_path / "t.col").write_bytes(b"a:1\nb:2\n")
    with extend.input_format("colon", ColonLines(), suffixes=[".col"]):
        found = described(tmp_path / "t.col", rows=1)
        assert found.sniffed.input_format.value == "colon"
        assert [(column.name, column.kinds) for column in found.columns] == [
            ("name", ("string",)),
            ("number", ("int",)),
        ]
        assert found.first_rows.to_pylist() == [{"name": "a", "number": 1}]
        assert (found.records_seen, found.row_groups) == (2, None)


class TestText:
    def test_a_page(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_bytes(b"id,arr delay\n1,12\n2,\n")
        found = s3sql.describe(tmp_path / "t.csv")
        assert str(found).splitlines()[1:] == [
            "csv (by name), no compression, header line (by content), delimiter ',' (by content)",
            "FROM S3Object s, 2 records seen",
            "",
            "column     kind  in SQL         present  examples",
            "id         int   s.id              100%  1, 2",
            'arr delay  int   s."arr delay"      50%  12',
        ]

    def test_what_cannot_be_seen(self) -> None:
        found = described(b"a\x1b[31m,b\x7f\n1\x00,2\n3,4\n", file_header_info="USE")
        assert "a\\x1b[31m" in str(found)
        assert "1\\x00" in str(found)


def test_names_of_paths() -> None:
    paths = [("a",), ("A",), ("b", None, "c"), ("select",), ("x y",), ("",), ('q"',)]
    naming = Naming(paths)
    assert [naming.sql(path) for path in paths] == [
        's."a"', 's."A"', "s.b[0].c", 's."select"', 's."x y"', 's.""', 's."q"""',
    ]  # fmt: skip
    assert [shown(path) for path in paths] == ["a", "A", "b[*].c", "select", "x y", '""', '"q"""']


#: No query can name what XML cannot carry.
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=3)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.lists(VALUES, min_size=1, max_size=5))
def test_any_json(values: list[Any]) -> None:
    content = "\n".join(json.dumps(value) for value in values).encode()
    found = described(content, input_format="json")
    items = ", ".join(f"{column.sql} AS c{number}" for number, column in enumerate(found.columns)) or "1"
    s3sql.query(
        f"SELECT {items} FROM {found.from_path} s", content, input_format="json", mixed="json"
    ).to_arrow()


@given(st.binary(max_size=300), st.sampled_from([bytes, gzip.compress]), st.integers(0, 300))
def test_anything(content: bytes, pack: Any, end: int) -> None:
    for whole in (content, parquet(TABLE)[:end] + content, b"PAR1\x15" + content + b"PAR1"):
        with contextlib.suppress(S3SelectError):
            described(pack(whole)[: end + 200])
