"""What queries make of Parquet values, through the public API."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import s3sql
from s3sql.errors import S3SelectError

TABLE = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int32()),
        "name": ["one", None, 'th"ree'],
        "price": pa.array([Decimal("1.50"), Decimal("-0.10"), None], pa.decimal128(10, 2)),
        "ratio": pa.array([4.0, None, 33.19], pa.float32()),
        "day": pa.array([dt.date(2010, 1, 1), None, dt.date(9999, 12, 31)]),
        "at": pa.array([1546303690000000, 1, None], pa.timestamp("us")),
        "tags": pa.array([["x", None], [], None]),
        "info": pa.array([{"a": {"b": 7}, "n": None}, None, {"a": None, "n": "z"}]),
        "big": pa.array([1, 2**63, None], pa.uint64()),
    }
)


def written(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


OBJECT = written(TABLE)


def answer(sql: str, output: str = "json", contents: bytes = OBJECT) -> list[str]:
    result = s3sql.query(sql, contents, input_format="parquet", output_format=output)  # type: ignore[arg-type]
    payload = b"".join(event["Records"]["Payload"] for event in result.events() if "Records" in event)
    return payload.decode().splitlines()


def test_all_columns_as_json() -> None:
    assert answer("SELECT * FROM S3Object") == [
        '{"id":1,"name":"one","price":1.50,"ratio":4.0,"day":"2010-01-01","at":"2019-01-01T00:48:10.000Z",'
        '"tags":["x",null],"info":{"a":{"b":7}},"big":1}',
        '{"id":2,"price":-0.10,"at":"1970-01-01T00:00:00.000001Z","tags":[],"big":9223372036854775808}',
        '{"id":3,"name":"th\\"ree","ratio":33.189998626708984,"day":"9999-12-31","info":{"n":"z"}}',
    ]


def test_all_columns_as_csv() -> None:
    assert answer("SELECT * FROM S3Object", "csv") == [
        '1,one,1.50,4.0,2010-01-01,2019-01-01T00:48:10.000Z,"[""x"",null]","{""a"":{""b"":7}}",1',
        "2,,-0.10,,,1970-01-01T00:00:00.000001Z,[],,9223372036854775808",
        '3,"th""ree",,33.189998626708984,9999-12-31,,,"{""n"":""z""}",',
    ]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT name FROM S3Object", ['{"name":"one"}', "{}", '{"name":"th\\"ree"}']),
        ("SELECT name AS n, 1 AS one FROM S3Object s WHERE id = 2", ['{"one":1}']),
        ("SELECT name || '!' AS n FROM S3Object s WHERE id < 3", ['{"n":"one!"}', '{"n":null}']),
        ("SELECT COALESCE(name, '-') AS n FROM S3Object WHERE name IS NULL", ['{"n":"-"}']),
        ("SELECT id FROM S3Object WHERE name IS MISSING", []),
        ("SELECT s.info.a.b, s.info.n FROM S3Object s", ['{"b":7}', "{}", '{"n":"z"}']),
        ("SELECT s.tags[0] FROM S3Object s", ['{"_1":"x"}', "{}", "{}"]),
        ("SELECT s.tags[1] FROM S3Object s WHERE id = 1", ['{"_1":null}']),
        ("SELECT s.id.x, s.id FROM S3Object s LIMIT 1", ['{"id":1}']),
        ("SELECT id FROM S3Object s WHERE 'x' IN s.tags", ['{"id":1}']),
        ("SELECT id FROM S3Object s WHERE 'z' IN s.info.n", []),
        ("SELECT s.info.* FROM S3Object s", ['{"a":{"b":7}}', "{}", '{"n":"z"}']),
        ("SELECT id, s.tags.* FROM S3Object s", ['{"id":1,"_2":"x","_3":null}', '{"id":2}', '{"id":3}']),
        ("SELECT s FROM S3Object s WHERE id = 3", [
            '{"s":{"id":3,"name":"th\\"ree","ratio":33.189998626708984,"day":"9999-12-31","info":{"n":"z"}}}'
        ]),
        ("SELECT id, s.* FROM S3Object s WHERE FALSE", []),
        ("SELECT COUNT(*) AS c, COUNT(name) AS n, SUM(price) AS p FROM S3Object", ['{"c":3,"n":2,"p":1.40}']),
        ("SELECT MAX(big) AS m, MIN(id) AS i FROM S3Object", ['{"m":9223372036854775808,"i":1}']),
        ("SELECT id FROM S3Object WHERE price > 1 AND ratio = 4", ['{"id":1}']),
        ("SELECT id FROM S3Object WHERE big > 9223372036854775807", ['{"id":2}']),
        ("SELECT id FROM S3Object s WHERE s.\"day\" < `2011-01-01`", ['{"id":1}']),
        ('SELECT CAST(s."at" AS STRING) AS t FROM S3Object s LIMIT 1', ['{"t":"2019-01-01T00:48:10.000Z"}']),
        ("SELECT id FROM S3Object WHERE id = '1'", []),
    ],
)  # fmt: skip
def test_answers(sql: str, expected: list[str]) -> None:
    assert answer(sql) == expected


@pytest.mark.parametrize("options", [{}, {"use_dictionary": False}, {"data_page_version": "2.0"}])
def test_types_that_only_arrow_knows(options: dict[str, Any]) -> None:
    table = pa.table(
        {
            "a": pa.array(["x", None, "z"], pa.string_view()),
            "b": pa.array(["x", None, "z"], pa.large_string()),
            "c": pa.array(["x", None, "z"]).dictionary_encode(),
            "d": pa.array([["x"], None, []], pa.list_(pa.string_view())),
            "e": pa.array([1, None, 3], pa.duration("ns")),
            "n": [1, 2, 3],
        }
    )
    found = answer("SELECT a, b, c, d, e FROM S3Object WHERE n <> 2", contents=written(table, **options))
    assert found == ['{"a":"x","b":"x","c":"x","d":["x"],"e":1}', '{"a":"z","b":"z","c":"z","d":[],"e":3}']


def test_int96_is_a_timestamp_of_any_year() -> None:
    days = [dt.datetime(1, 1, 1), dt.datetime(2020, 1, 1, 1, 2, 3, 456789), dt.datetime(9999, 12, 31)]
    table = pa.table({"t": pa.array(days, pa.timestamp("us"))})
    found = answer("SELECT t FROM S3Object", "csv", written(table, use_deprecated_int96_timestamps=True))
    assert found == ["0001-01-01T00:00:00.000Z", "2020-01-01T01:02:03.456789Z", "9999-12-31T00:00:00.000Z"]


def test_a_value_without_meaning_ends_the_query_at_its_row() -> None:
    table = pa.table({"n": [1, 2, 3], "b": [b"ok", b"\xff", b"ok"]})
    contents = written(table)
    with pytest.raises(S3SelectError, match="'b' is of bytes") as found:
        answer("SELECT b FROM S3Object", contents=contents)
    assert found.value.code == "UnsupportedTypeForQuerying"
    assert answer("SELECT b FROM S3Object WHERE n <> 2", contents=contents) == ['{"b":"ok"}'] * 2
    assert answer("SELECT b FROM S3Object LIMIT 1", contents=contents) == ['{"b":"ok"}']
    assert answer("SELECT n FROM S3Object WHERE n <> 2 AND b = 'ok'", contents=contents) == [
        '{"n":1}',
        '{"n":3}',
    ]


def test_no_rows_and_no_columns() -> None:
    assert answer("SELECT * FROM S3Object", contents=written(TABLE.slice(0, 0))) == []
    assert answer("SELECT COUNT(*), MAX(id) FROM S3Object", contents=written(TABLE.slice(0, 0))) == [
        '{"_1":0,"_2":null}'
    ]
    with pytest.raises(S3SelectError, match="'nope' at line 1, column 8 does not exist"):
        answer("SELECT nope FROM S3Object", contents=written(TABLE.slice(0, 0)))


def test_output_is_json() -> None:
    for line in answer("SELECT s, s.* FROM S3Object s"):
        json.loads(line)
