"""A query of a known text answers as one that nobody has asked: nothing of a query gets into another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

import s3sql
from s3sql import api, engine
from s3sql.errors import S3SelectError
from s3sql.formats import json_fitted, parquet_metadata
from s3sql.plan.cache import PlanCache, RecentlyUsed
from s3sql.serialize import output as outputs
from tests.formats.parquet_files import parquet

CSV = [b"a,b\n1,x\n2,\n3,z\n", b"b,a\nx,1\ny,22\n", b"1,2,3\n3,'4,5'\n", b""]
JSON = [
    b'{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n' * 40,
    b'{"b":"x","a":1}\n{"b":"y"}\n' * 40,
    b'{"a":{"b":1},"b":[1,2]}\n' * 40,
    b"",
]
PARQUET = [
    parquet({"a": [1, 2, 3], "b": ["x", "y", None]}, row_group_size=2),
    parquet({"a": [3, 2, 1], "b": ["x", "y", None]}, row_group_size=2),
    parquet({"b": ["x"], "a": [2.5]}),
    parquet({"b": [[1]], "c": [1]}),
]
OBJECTS = {"csv": CSV, "json": JSON, "parquet": PARQUET}

TEXTS = [
    "SELECT * FROM S3Object",
    "SELECT s.a, s.b FROM S3Object s WHERE CAST(s.a AS DECIMAL) < 3",
    "SELECT s.b FROM S3Object s WHERE s.a = 2 LIMIT 1",
    "SELECT COUNT(*), MIN(s.b) FROM S3Object s WHERE s.b <> 'x'",
    "SELECT s._1 FROM S3Object s",
    "SELECT s.a FROM S3Object",
]

KEYWORDS: dict[str, list[dict[str, Any]]] = {
    "csv": [
        {},
        {"file_header_info": "USE"},
        {"file_header_info": "USE", "quote_character": "'"},
        {"file_header_info": "IGNORE", "field_delimiter": "|"},
        {"file_header_info": "USE", "scan_range": (5, 8)},
    ],
    "json": [{}, {"json_type": "DOCUMENT"}, {"scan_range": (20, 30)}],
    "parquet": [{}, {"scan_range": (0, 5)}],
}

ANSWERS: list[dict[str, Any]] = [
    {"output_format": "csv"},
    {"output_format": "csv", "quote_fields": "ALWAYS"},
    {"output_format": "csv", "output_field_delimiter": "|", "output_record_delimiter": ";"},
    {"output_format": "json"},
    {"output_format": "json", "output_record_delimiter": ";"},
    {"output_format": "csv", "limit": 1},
    {"output_format": "csv", "request_progress": True},
]


@st.composite
def queries(draw: st.DrawFn) -> tuple[str, bytes, dict[str, Any]]:
    form = draw(st.sampled_from(sorted(OBJECTS)))
    keywords = draw(st.sampled_from(KEYWORDS[form])) | draw(st.sampled_from(ANSWERS))
    contents = draw(st.sampled_from(OBJECTS[form]))
    return draw(st.sampled_from(TEXTS)), contents, {"input_format": form, **keywords}


def answer(text: str, contents: bytes, keywords: dict[str, Any]) -> object:
    try:
        with s3sql.query(text, contents, **keywords) as result:
            return list(result.events())
    except S3SelectError as error:
        return error.code, error.message, error.position


def answer_of_a_new_process(text: str, contents: bytes, keywords: dict[str, Any]) -> object:
    """With none of what queries leave for those behind them."""
    with (
        mock.patch.object(engine, "PLANS", PlanCache()),
        mock.patch.object(api, "_REQUESTS", RecentlyUsed(1, 0)),
        mock.patch.object(parquet_metadata, "_KNOWN", RecentlyUsed(1, 0)),
        mock.patch.object(outputs, "_csv_serializer", outputs.CsvSerializer),
    ):
        return answer(text, contents, keywords)


@given(st.lists(queries(), min_size=2, max_size=8))
def test_answers_do_not_depend_on_queries_before(asked: list[tuple[str, bytes, dict[str, Any]]]) -> None:
    with mock.patch.object(json_fitted, "_LEAST_BYTES", 0):
        for one in [*asked, *asked]:
            assert answer(*one) == answer_of_a_new_process(*one)


def test_threads_may_ask_the_same_at_once() -> None:
    asked = [
        (text, contents, {"input_format": form, **keywords, **ANSWERS[0]})
        for form, objects in OBJECTS.items()
        for contents in objects
        for keywords in KEYWORDS[form]
        for text in TEXTS
    ]
    expected = [answer_of_a_new_process(*one) for one in asked]
    start = threading.Barrier(4)

    def ask(_: int) -> list[object]:
        start.wait()
        return [answer(*one) for one in asked]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [expected] * 4


@pytest.mark.parametrize("form", OBJECTS)
def test_a_file_that_is_written_anew_between_two_queries_is_seen(form: str, tmp_path: Path) -> None:
    path = tmp_path / "object"
    keywords = {"input_format": form, "output_format": "csv"}
    for contents in [*OBJECTS[form], *reversed(OBJECTS[form])]:
        path.write_bytes(contents)
        for text in TEXTS:
            found: object
            try:
                with s3sql.query(text, path, **keywords) as result:
                    found = list(result.events())
            except S3SelectError as error:
                found = error.code, error.message, error.position
            assert found == answer_of_a_new_process(text, contents, keywords)


def test_serializers_of_long_delimiters_are_not_kept() -> None:
    kept = outputs._csv_serializer
    kept.cache_clear()
    for size, count in ((1, 1), (63, 2), (64, 2), (10_000, 2)):
        with s3sql.query(
            "SELECT * FROM S3Object",
            b"1,2\n",
            input_format="csv",
            output_format="csv",
            output_field_delimiter="|",
            output_record_delimiter=";" * size,
        ) as result:
            records = b"".join(event["Records"]["Payload"] for event in result.events() if "Records" in event)
        assert records == b"1|2" + b";" * size
        assert kept.cache_info().currsize == count
