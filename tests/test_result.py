from __future__ import annotations

import io
import json
import re
import threading
import time
from decimal import Decimal
from typing import Any

import pandas
import polars
import pyarrow as pa
import pytest

import s3sql
from s3sql.errors import S3SelectError

PEOPLE = b'id,name,amount\n1,Ann,1.50\n2,Bob,2.25\n3,"C, D",\n4,short\n'


def people(sql: str, **options: object) -> s3sql.Result:
    return s3sql.query(sql, PEOPLE, file_header_info="USE", **options)  # type: ignore[arg-type]


def numbers(count: int) -> bytes:
    return b"".join(b"%d,%d,%s\n" % (n, n % 7, b"x" * 40) for n in range(count))


class TestArrow:
    def test_csv_columns_are_text(self) -> None:
        table = people("SELECT * FROM S3Object").to_arrow()
        assert table.schema == pa.schema(
            [("id", pa.string()), ("name", pa.string()), ("amount", pa.string())]
        )
        assert table.column("name").to_pylist() == ["Ann", "Bob", "C, D", "short"]
        assert table.column("amount").to_pylist() == ["1.50", "2.25", "", None]

    def test_expressions(self) -> None:
        table = people(
            "SELECT CAST(s.id AS INT) * 2 AS n, s.name LIKE 'A%' a, CAST(s.amount AS DECIMAL) + 1 AS d "
            "FROM S3Object s WHERE s.amount <> ''"
        ).to_arrow()
        assert table.to_pylist() == [
            {"n": 2, "a": True, "d": Decimal("2.50")},
            {"n": 4, "a": False, "d": Decimal("3.25")},
        ]

    def test_aggregates(self) -> None:
        table = people(
            "SELECT COUNT(*) c, SUM(CAST(s.id AS INT)) s, MIN(CAST(s.id AS FLOAT)) FROM S3Object s"
        ).to_arrow()
        assert table.to_pylist() == [{"c": 4, "s": 10, "_3": 1.0}]

    def test_no_rows(self) -> None:
        table = people(
            "SELECT s.name, CAST(s.id AS INT) i FROM S3Object s WHERE s.name = 'nobody'"
        ).to_arrow()
        assert (table.num_rows, table.schema.types) == (0, [pa.string(), pa.int64()])
        assert people("SELECT * FROM S3Object LIMIT 0").to_arrow().schema.names == ["id", "name", "amount"]
        assert s3sql.query("SELECT a FROM S3Object", b"", file_header_info="USE").to_arrow().num_rows == 0

    def test_duplicate_columns(self) -> None:
        table = people("SELECT s.id, s.name AS id FROM S3Object s LIMIT 1").to_arrow()
        assert table.schema.names == ["id", "id"]
        assert [column.to_pylist() for column in table.columns] == [["1"], ["Ann"]]

    def test_ragged_rows(self) -> None:
        table = s3sql.query("SELECT * FROM S3Object", b"a\nb,c\n\nd,e,f\n", input_format="csv").to_arrow()
        assert table.to_pydict() == {"_1": ["a", "b", "d"], "_2": [None, "c", "e"], "_3": [None, None, "f"]}

    def test_json(self) -> None:
        text = b'{"a":1,"b":{"c":[1]}}\n{"a":2.5}\n{"x":"\xc3\xa9"}\n'
        table = s3sql.query("SELECT * FROM S3Object", text, json_type="LINES").to_arrow()
        assert table.to_pydict() == {
            "a": [Decimal(1), Decimal("2.5"), None],
            "b": ['{"c":[1]}', None, None],
            "x": [None, None, "é"],
        }

    def test_mixed_values(self) -> None:
        text, sql = b'{"a":1}{"a":"x"}{"a":null}', "SELECT s.a FROM S3Object s"
        with pytest.raises(S3SelectError, match=r"CastFailed: Row 2 .*mixed='json'"):
            s3sql.query(sql, text, input_format="json").to_arrow()
        as_json = s3sql.query(sql, text, input_format="json", mixed="json").to_arrow()
        assert as_json.column("a").to_pylist() == ["1", '"x"', None]
        asked = s3sql.query(sql, text, input_format="json", schema={"a": pa.string()}).to_arrow()
        assert asked.column("a").to_pylist() == ["1", "x", None]

    def test_a_kind_that_comes_late(self) -> None:
        text = b"".join(b'{"n":%d}\n' % n for n in range(200_000)) + b'{"n":"x"}\n'
        result = s3sql.query("SELECT s.n FROM S3Object s", text, input_format="json")
        assert result.schema.field("n").type == pa.int64()
        with pytest.raises(S3SelectError, match="Row 200,001 of the result does not fit"):
            list(result)

    def test_batches_come_in_order_and_are_one_table(self) -> None:
        result = s3sql.query("SELECT CAST(_1 AS INT) FROM S3Object", numbers(100_000), input_format="csv")
        batches = list(result)
        assert len(batches) > 1
        assert pa.Table.from_batches(batches).column(0).to_pylist() == list(range(100_000))
        assert result.stats.rows == 100_000
        assert result.stats.bytes_scanned == result.stats.bytes_processed == len(numbers(100_000))
        assert result.stats.bytes_returned >= 800_000

    def test_limit_across_morsels(self) -> None:
        result = s3sql.query("SELECT _1 FROM S3Object LIMIT 9999", numbers(100_000), input_format="csv")
        assert result.to_arrow().column(0).to_pylist() == [str(n) for n in range(9999)]
        assert result.stats.bytes_scanned < len(numbers(100_000))

    def test_rows_before_a_failing_one_are_delivered(self) -> None:
        text = numbers(50_000) + b"x,1\n" + numbers(10)
        result = s3sql.query("SELECT CAST(_1 AS INT) n FROM S3Object", text, input_format="csv")
        batches: list[pa.RecordBatch] = []
        with pytest.raises(S3SelectError, match="CastFailed"):
            batches.extend(result)
        assert sum(batch.num_rows for batch in batches) == result.stats.rows == 50_000

    def test_data_frames(self) -> None:
        sql = "SELECT s.name, CAST(s.id AS INT) id FROM S3Object s"
        expected = {"name": ["Ann", "Bob", "C, D", "short"], "id": [1, 2, 3, 4]}
        frame = people(sql).to_pandas()
        assert isinstance(frame, pandas.DataFrame)
        assert frame.to_dict("list") == expected
        assert people(sql).to_polars().to_dict(as_series=False) == expected

    def test_the_arrow_c_stream(self) -> None:
        assert polars.DataFrame(people("SELECT s.id FROM S3Object s")).to_dict(as_series=False) == {
            "id": ["1", "2", "3", "4"]
        }
        reader = pa.RecordBatchReader.from_stream(people("SELECT s.id FROM S3Object s"))
        assert reader.read_all().num_rows == 4


class TestEvents:
    def test_events_are_those_of_boto3(self) -> None:
        result = people("SELECT s.name FROM S3Object s LIMIT 2", output_format="json")
        assert list(result.events()) == [
            {"Records": {"Payload": b'{"name":"Ann"}\n{"name":"Bob"}\n'}},
            {
                "Stats": {
                    "Details": {
                        "BytesScanned": len(PEOPLE),
                        "BytesProcessed": len(PEOPLE),
                        "BytesReturned": 30,
                    }
                }
            },
            {"End": {}},
        ]
        assert (result.stats.rows, result.stats.bytes_returned) == (2, 30)

    def test_progress(self) -> None:
        events = list(people("SELECT COUNT(*) FROM S3Object", request_progress=True).events())
        assert [next(iter(event)) for event in events] == ["Records", "Progress", "Stats", "End"]

    def test_an_early_failure_is_raised_at_once(self) -> None:
        with pytest.raises(S3SelectError, match="CastFailed"):
            people("SELECT CAST(s.name AS INT) FROM S3Object s").events()


class TestReading:
    def test_only_once(self) -> None:
        result = people("SELECT * FROM S3Object")
        result.to_arrow()
        for read in (result.to_arrow, result.events, lambda: iter(result), lambda: result.to_pandas()):
            with pytest.raises(ValueError, match="run the query again"):
                read()

    def test_the_schema_does_not_use_the_result_up(self) -> None:
        result = people("SELECT * FROM S3Object")
        assert result.schema == result.schema
        assert result.to_arrow().num_rows == 4
        assert result.schema.names == ["id", "name", "amount"]

    def test_closing_ends_the_scan(self) -> None:
        before = threading.active_count()
        source = io.BytesIO(numbers(200_000))
        with s3sql.query("SELECT * FROM S3Object", source, input_format="csv") as result:
            batch = next(iter(result))
            assert batch.num_rows
        result.close()
        with pytest.raises(ValueError, match="closed"):
            next(iter(result))
        assert "closed" in repr(result)
        assert threading.active_count() <= before + 4

    def test_a_closed_iterator_closes_the_result(self) -> None:
        result = s3sql.query("SELECT * FROM S3Object", numbers(100_000), input_format="csv")
        batches = iter(result)
        next(batches)
        batches.close()  # type: ignore[attr-defined]
        assert "closed" in repr(result)

    def test_time_out(self) -> None:
        with pytest.raises(TimeoutError, match="1e-09 seconds"):
            s3sql.query("SELECT * FROM S3Object", numbers(1000), input_format="csv", timeout=1e-9)
        for read in (s3sql.Result.to_arrow, lambda result: list(result.events())):
            result = s3sql.query("SELECT * FROM S3Object", numbers(1000), input_format="csv", timeout=0.2)
            time.sleep(0.25)
            with pytest.raises(TimeoutError, match=r"0\.2 seconds"):
                read(result)
        for wrong in (0, -1, float("nan")):
            with pytest.raises(ValueError, match="timeout"):
                people("SELECT * FROM S3Object", timeout=wrong)

    def test_time_out_in_the_middle_of_the_events(self) -> None:
        class Endless(io.RawIOBase):
            def readable(self) -> bool:
                return True

            def readinto(self, buffer: Any) -> int:
                buffer[:] = b"1" + b"\n" * (len(buffer) - 1)
                return len(buffer)

        result = s3sql.query(
            "SELECT * FROM S3Object", io.BufferedReader(Endless()), input_format="csv", timeout=0.3
        )
        with pytest.raises(TimeoutError, match=r"0\.3 seconds"):
            list(result.events())

    @pytest.mark.parametrize("line", [b"\n", b"# no header\n"])
    def test_time_out_while_the_header_is_looked_for(self, line: bytes) -> None:
        class Endless(io.RawIOBase):
            def readable(self) -> bool:
                return True

            def readinto(self, buffer: Any) -> int:
                buffer[:] = (line * (len(buffer) // len(line) + 1))[: len(buffer)]
                return len(buffer)

        with pytest.raises(TimeoutError, match=r"0\.3 seconds"):
            s3sql.query(
                "SELECT * FROM S3Object",
                io.BufferedReader(Endless()),
                input_format="csv",
                file_header_info="USE",
                timeout=0.3,
            )

    def test_plan(self) -> None:
        result = people("SELECT s.name FROM S3Object s WHERE s.id = '1' LIMIT 3")
        assert result.explain() == (
            "Limit 3\n  Project _2 AS name\n    Filter _1 = '1'\n"
            "      Scan csv, columns _1, late columns _2, required literal '1'"
        )
        assert json.dumps(result.plan).startswith('{"node": "limit"')

    def test_repr(self) -> None:
        result = people("SELECT *\n  FROM S3Object")
        assert repr(result) == "<s3sql.Result 'SELECT * FROM S3Object': not read yet, 0 rows>"
        result.to_arrow()
        assert re.fullmatch(r"<s3sql.Result '.*': closed, 4 rows>", repr(result))
