"""Defaults of a session go where they can mean something, and nowhere else."""

from __future__ import annotations

import numpy
import pytest

from s3sql.jupyter.defaults import Defaults, read_value
from s3sql.jupyter.options import OPTIONS


@pytest.fixture
def defaults() -> Defaults:
    made = Defaults()
    for name, value in {
        "header": "use",
        "json-type": "document",
        "endpoint-url": "http://localhost:1",
        "limit": "5",
        "allow-quoted-record-delimiter": "yes",
    }.items():
        made.set(name, value)
    return made


CSV = {"header": "USE", "allow-quoted-record-delimiter": True}
JSON = {"json-type": "DOCUMENT"}


@pytest.mark.parametrize(
    ("source", "given", "expected"),
    [
        ("x.csv", {}, CSV),
        ("x.csv.gz", {}, CSV),
        ("x.jsonl", {}, JSON),
        ("x.parquet", {}, {}),
        ("x", {}, {**CSV, **JSON}),
        (b"", {}, {**CSV, **JSON}),
        ("x", {"format": "parquet"}, {}),
        ("x", {"delimiter": ";"}, CSV),
        ("x.csv", {"format": "json"}, JSON),
        ("x.csv", {"header": "NONE"}, {"allow-quoted-record-delimiter": True}),
        ("s3://b/x.csv", {}, {**CSV, "endpoint-url": "http://localhost:1"}),
        ("S3://b/x.json", {}, {**JSON, "endpoint-url": "http://localhost:1"}),
    ],
)
def test_what_a_query_gets(
    defaults: Defaults, source: object, given: dict[str, object], expected: dict[str, object]
) -> None:
    assert defaults.for_query(source, given) == {"limit": 5, **expected}


def test_a_format_is_for_sources_whose_name_tells_none() -> None:
    defaults = Defaults({"format": "csv", "header": "USE"})
    assert defaults.for_query("x.json", {}) == {}
    assert defaults.for_query("x", {}) == {"format": "csv", "header": "USE"}


def test_a_switch_is_turned_off() -> None:
    defaults = Defaults({"no-progress": True})
    defaults.set("no-progress", "no")
    assert defaults.values == {}
    with pytest.raises(ValueError, match="no-progress is yes or no, not 'perhaps'"):
        defaults.set("no-progress", "perhaps")


def test_they_are_shown_as_they_are_set() -> None:
    made = Defaults({"header": "USE", "delimiter": "\t", "limit": 5, "client": object(), "source": "a b"})
    assert str(made).splitlines() == [
        "header=USE",
        r"delimiter='\t'",
        "limit=5",
        "client=<object>",
        "source='a b'",
    ]


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("header", "Use", "USE"),
        ("compression", "gzip", "GZIP"),
        ("delimiter", r"\t", "\t"),
        ("delimiter", "|", "|"),
        ("record-delimiter", r"\r\n", "\r\n"),
        ("limit", "10", 10),
        ("limit", 10, 10),
        ("timeout", "1.5", 1.5),
        ("scan-range", "5-", (5, None)),
        ("scan-range", (1, 2), (1, 2)),
        ("limit", numpy.int64(3), 3),
        ("show", 0, 0),
        ("timeout", 2, 2),
        ("timeout", 0.5, 0.5),
        ("limit", None, None),
        ("as", None, None),
    ],
)
def test_values(name: str, written: object, value: object) -> None:
    assert read_value(OPTIONS[name], written) == value


@pytest.mark.parametrize(
    ("name", "written", "why"),
    [
        ("header", "maybe", "--header is one of none, use, ignore, not 'maybe'"),
        ("limit", "-1", "--limit: '-1' is no number of rows"),
        ("show", -1, "--show: -1 is no number of rows"),
        ("show", 2.5, "--show takes N, not 2.5"),
        ("limit", True, "--limit takes N, not True"),
        ("as", 5, "--as is one of arrow, pandas, polars, not 5"),
        ("delimiter", 5, "--delimiter takes CHAR, not 5"),
        ("scan-range", 5, "--scan-range takes START-END, not 5"),
        ("limit", "many", "--limit: 'many' is no number of rows"),
        ("timeout", "soon", "--timeout: 'soon' is no number of seconds"),
        ("scan-range", "-", "--scan-range: '-' is none of START-END, START- and -N"),
    ],
)
def test_values_that_are_none(name: str, written: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_value(OPTIONS[name], written)
