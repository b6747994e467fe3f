"""The benchmark program: its files are always the same, its engines do the same work, its ratios right."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

import s3sql
from benchmarks import __main__ as program
from benchmarks import (
    answers,
    kernels,
    latency,
    measure,
    outside_scan,
    plot,
    report,
    scaling,
    tables,
    targets,
)
from benchmarks.answers import Answer
from benchmarks.engines import CannotAnswerError, load
from benchmarks.events import KINDS, events
from benchmarks.inputs import CODECS, input_path
from benchmarks.lineitem import COLUMNS, lineitem
from benchmarks.machine import memory_directory
from benchmarks.measure import EngineError, EngineResult, QueryResult, WrongAnswerError
from benchmarks.queries import BY_NAME, QUERIES, Query
from benchmarks.sized import sized
from s3sql import engine
from s3sql.exec.pipeline import Pipeline
from s3sql.exec.task import Task
from s3sql.formats.parquet_opening import ParquetOpening

PEERS = ("duckdb", "polars", "datafusion", "chdb")
ROWS = 3_000

#: What the name of a file does not tell.
_JSON: dict[str, Any] = {"flat": {"json_type": "LINES", "output_format": "csv"}}


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the files that are made once for all tests."""
    return tmp_path_factory.mktemp("benchmarks") / "bench"


@pytest.fixture(autouse=True)
def cache(files: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the programs find their files; a bucket in a store, for the engine that wants one."""
    monkeypatch.setenv("S3SQL_BENCH_CACHE", str(files))
    return files


def test_generator_is_deterministic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = {quoted: lineitem(ROWS, quoted=quoted).read_bytes() for quoted in (False, True)}
    monkeypatch.setenv("S3SQL_BENCH_CACHE", str(tmp_path / "again"))
    assert {quoted: lineitem(ROWS, quoted=quoted).read_bytes() for quoted in (False, True)} == first


def test_generators_of_other_formats_are_deterministic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = (*KINDS, *CODECS, "lineitem-gzip")
    first = [input_path(name, 300).read_bytes() for name in names]
    monkeypatch.setenv("S3SQL_BENCH_CACHE", str(tmp_path / "again"))
    assert [input_path(name, 300).read_bytes() for name in names] == first


@pytest.mark.parametrize("kind", KINDS)
def test_events_are_compact_records(kind: str) -> None:
    lines = events(kind, 500).read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["id"] for record in records] == list(range(500))
    assert lines == [json.dumps(r, separators=(",", ":"), ensure_ascii=False) for r in records]
    types = {type(record.get("value")) for record in records}
    assert types == ({int, str, list, dict, type(None)} if kind == "mixed" else {type(None)})


def test_an_engine_that_cannot_answer_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    path.write_bytes(b"{}\n")
    ours = FakeWorker("s3sql", {"events": b"1\n"}, {"events": 0.5})
    peer = FakeWorker("polars", {}, {})
    peer.ask = lambda **request: {"skipped": "no such type"}  # type: ignore[method-assign]
    result = measure.measure(BY_NAME["json-mixed"], path, [ours, peer], samples=1)  # type: ignore[list-item]
    assert [found.engine for found in result.engines] == ["s3sql"]
    assert result.skipped == {"polars": "no such type"}


def test_plain_file_has_sixteen_unquoted_columns() -> None:
    lines = lineitem(ROWS).read_text().splitlines()
    assert len(lines) == ROWS
    assert {line.count(",") + 1 for line in lines} == {len(COLUMNS)}
    assert not any('"' in line for line in lines)


def test_quoted_file_has_commas_and_quotes_within_quotes() -> None:
    text = lineitem(ROWS, quoted=True).read_text()
    assert ", " in text
    assert '""so called""' in text


@pytest.mark.parametrize(
    ("name", "low", "high"), [("filter", 0.01, 0.03), ("project", 0.12, 0.18), ("like", 0.07, 0.11)]
)
def test_share_of_rows_is_what_the_title_says(name: str, low: float, high: float, tmp_path: Path) -> None:
    found = _answer("s3sql", BY_NAME[name], tmp_path)
    assert low < next(iter(found.values())).rows / ROWS < high


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
@pytest.mark.parametrize("peer", PEERS)
def test_every_variant_gives_our_answer(peer: str, query: Query, tmp_path: Path) -> None:
    pytest.importorskip(peer, reason="the extra `bench` is not installed")
    (expected,) = _answer("s3sql", query, tmp_path).values()
    if not query.single and query.name != "like-rare":
        assert expected.rows > 10
    if query.input == "mixed" and peer in ("polars", "datafusion"):
        with pytest.raises(CannotAnswerError, match="one type"):
            _answer(peer, query, tmp_path)
        return
    found = _answer(peer, query, tmp_path)
    assert found
    assert {name: str(answer) for name, answer in found.items() if not answer.equals(expected)} == {}


@pytest.mark.parametrize("name", ["filter", "sum", "gzip-filter", "json-nested", "parquet-text"])
def test_boto3_interface_gives_our_answer(name: str, tmp_path: Path) -> None:
    (expected,) = _answer("s3sql", BY_NAME[name], tmp_path).values()
    (found,) = _answer("client", BY_NAME[name], tmp_path).values()
    assert found.equals(expected)


def test_unknown_engine_is_named() -> None:
    with pytest.raises(ValueError, match="'sqlite'"):
        load("sqlite", 1)


def test_rows_are_compared_as_a_multiset(tmp_path: Path) -> None:
    expected = _written(tmp_path, b"1,a\n2,b\n2,b\n")
    assert _written(tmp_path, b"2,b\n1,a\n2,b\n").equals(expected)
    assert not _written(tmp_path, b"1,a\n1,a\n2,b\n").equals(expected)
    assert not _written(tmp_path, b"1,a\n2,b\n").equals(expected)
    assert not _written(tmp_path, b"1,a\n2,b\n2,c\n").equals(expected)


def test_parts_of_an_answer_are_one(tmp_path: Path) -> None:
    expected = _written(tmp_path, b"1\n2\n3\n")
    (tmp_path / "out.csv-0").write_bytes(b"3\n1\n")
    (tmp_path / "out.csv-1").write_bytes(b"2\n")
    assert answers.of_files(tmp_path / "out.csv").equals(expected)
    assert list(tmp_path.glob("out.csv*")) == []


def test_values_are_compared_as_numbers() -> None:
    assert answers.of_value("100.50").equals(answers.of_value("100.50000000001"))
    assert not answers.of_value("100.50").equals(answers.of_value("100.51"))


class FakeWorker:
    """A worker whose runs take the seconds it is told, and that writes *rows*."""

    def __init__(self, engine: str, rows: dict[str, bytes], seconds: dict[str, float]) -> None:
        self.engine = engine
        self.rows = rows
        self.seconds = seconds
        self.ran: list[str] = []

    def ask(self, **request: Any) -> dict[str, Any]:
        variant = request.get("variant")
        if variant is None:
            return {"variants": list(self.seconds)}
        if variant not in self.rows:
            raise EngineError("not possible")
        self.ran.append(variant)
        if request["target"]:
            Path(request["target"]).write_bytes(self.rows[variant])
        return {"seconds": self.seconds[variant], "cpu": 0.0, "value": None}


def test_fastest_variant_is_measured_and_failures_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"1\n")
    ours = FakeWorker("s3sql", {"events": b"1\n"}, {"events": 0.5})
    peer = FakeWorker("duckdb", {"slow": b"1\n", "fast": b"1\n"}, {"slow": 9.0, "fast": 2.0, "broken": 0.1})
    result = measure.measure(BY_NAME["star"], path, [ours, peer], samples=3)  # type: ignore[list-item]
    assert [found.variant for found in result.engines] == ["events", "fast"]
    assert result.engines[1].tried["broken"] == "not possible"
    assert result.engines[1].seconds == [2.0] * 3
    assert peer.ran.count("slow") == 1
    assert result.ratio == 4.0
    assert list(result.round_ratios) == [4.0] * 3


def test_wrong_answer_ends_the_run(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"1\n")
    ours = FakeWorker("s3sql", {"events": b"1\n"}, {"events": 0.5})
    peer = FakeWorker("duckdb", {"text": b"2\n"}, {"text": 0.5})
    with pytest.raises(WrongAnswerError, match="duckdb, text"):
        measure.measure(BY_NAME["star"], path, [ours, peer], samples=1)  # type: ignore[list-item]


def test_report_names_the_fastest_peer() -> None:
    engines = [
        EngineResult("s3sql", "events", {"events": 0.1}, seconds=[0.1, 0.2, 0.1], cpu=[0.1] * 3),
        EngineResult("duckdb", "text", {"text": 0.4}, seconds=[0.4, 0.4, 0.5], cpu=[0.1] * 3),
        EngineResult("polars", "text", {"text": 0.3}, seconds=[0.3, 0.3, 0.6], cpu=[0.1] * 3),
    ]
    result = QueryResult(BY_NAME["filter"], 100_000_000, Answer(rows=1, size=2), engines, other_load=0.5)
    run: dict[str, Any] = {
        "versions": {found.engine: "1" for found in engines},
        "samples": 3,
        "started": "now",
        "machine": {},
    }
    run |= {"load_before": [0.0], "load_after": [0.0]}
    run["machine"] = {"processor": "p", "cores": 2, "system": "s", "python": "3", "commit": "c"}
    document = report.document(run, [result])
    text = report.markdown(document)
    assert "| 1,000 | 250 | 333 | **3.00** (polars) | 1.50 – 6.00 | 4 missed |" in text
    assert "other processes" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table[:3]} == {8}
    assert document["queries"][0]["ratio"] == pytest.approx(3.0)


def test_whole_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "bench"
    monkeypatch.setenv("S3SQL_BENCH_CACHE", str(cache))
    pytest.importorskip("duckdb", reason="the extra `bench` is not installed")
    arguments = ["--rows", "2000", "--samples", "2", "--engines", "s3sql,duckdb"]
    assert program.main([*arguments, "--threads", "1", "--query", "filter", "--query", "count"]) == 0
    printed = capsys.readouterr()
    assert "| filter | s3sql | events (of 1) |" in printed.out
    assert printed.err.startswith("filter: s3sql")
    (written,) = cache.glob("result-*.json")
    query, _ = json.loads(written.read_text())["queries"]
    assert [len(found["seconds"]) for found in query["engines"]] == [2, 2]
    assert list(memory_directory().glob(f"s3sql-bench-{os.getpid()}-*")) == []
    assert all(found["peak_mb"] >= found["idle_mb"] > 20 for found in query["engines"])


def _results() -> list[QueryResult]:
    """Two queries, one of them with two threads and with one."""
    found = []
    for name, threads, ours, peer in (
        ("filter", 2, 0.1, 0.5),
        ("filter", 1, 0.18, 0.8),
        ("parquet-project", 2, 0.4, 0.1),
    ):
        engines = [
            EngineResult("s3sql", "events", {"events": ours}, seconds=[ours] * 3, cpu=[ours] * 3),
            EngineResult("polars", "text", {"text": peer, "typed": "no"}, seconds=[peer] * 3, cpu=[peer] * 3),
        ]
        engines[0].idle_mb, engines[0].peak_mb = 200.0, 230.0
        skipped = {"datafusion": "cannot"}
        result = QueryResult(BY_NAME[name], 10**8, Answer(rows=1, size=2), engines, 0.0, skipped, threads)
        found.append(result)
    return found


def _run(started: str = "2026-01-01T00:00:00") -> dict[str, Any]:
    machine = {"processor": "p", "cores": 2, "system": "s", "python": "3", "commit": "c"}
    return {
        "versions": {"s3sql": "1", "polars": "2"},
        "started": started,
        "machine": machine,
        "samples": 3,
        "load_before": [0.0],
        "load_after": [0.0],
    }


def test_results_come_back_from_a_document() -> None:
    document = json.loads(json.dumps(report.document(_run(), _results())))
    assert report.results_of(document) == _results()


def test_report_has_a_part_for_each_number_of_threads() -> None:
    text = report.markdown(report.document(_run(), _results()))
    assert text.index("## 2 threads") < text.index("## 1 thread\n")
    assert text.count("| filter | s3sql | events (of 1) | 100 (100 – 100) |") == 1
    assert "| filter | 1.80 |" in text
    assert "filter: no datafusion: cannot" in text


def test_latest_measurement_counts() -> None:
    early, late = _results(), _results()[:1]
    late[0].engines[0].seconds = [0.05] * 3
    pieces = [
        report.document(_run("2026-01-02T00:00:00"), late),
        report.document(_run("2026-01-01T00:00:00"), early),
    ]
    document = report.merged(pieces)
    assert [run["started"][:10] for run in document["runs"]] == ["2026-01-01", "2026-01-02"]
    results = report.results_of(document)
    assert [(found.query.name, found.threads, found.run, found.ratio) for found in results] == [
        ("filter", 2, 1, 10.0),
        ("filter", 1, 0, pytest.approx(0.8 / 0.18)),
        ("parquet-project", 2, 0, 0.25),
    ]
    assert report.merged([document]) == document


def test_files_of_different_sizes_are_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = _results()[:1]
    other[0].size = 10**6
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, results in zip(paths, (_results(), other), strict=True):
        path.write_text(json.dumps(report.document(_run(), results)))
    assert tables.main([str(path) for path in paths]) == 2
    assert "filter was measured on files of different sizes" in capsys.readouterr().err


def test_tables_of_the_documentation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(report.document(_run(), _results())))
    merged = tmp_path / "merged.json"
    assert tables.main([str(path), "--docs", "--json", str(merged)]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| CSV: filter, 2 % of the rows, all columns | 1,000 | Polars 200 | 5.0 | 4.4 | 1.8 |",
        "| Parquet: filter and project | 250 | Polars 1,000 | 0.2 | – | – |",
    ]
    assert tables.main([str(merged), "--readme"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "| Parquet: filter and project | 250 | Polars 1,000 | 0.2 |"
    )
    assert tables.main([str(merged), "--all"]) == 0
    assert "## 2 threads" in capsys.readouterr().out


def test_every_query_has_a_line_in_the_documentation() -> None:
    assert set(tables.TITLES) == {query.name for query in QUERIES if not query.kept}
    assert set(tables.README) <= set(tables.TITLES)


def test_target_that_was_not_measured_is_not_met() -> None:
    assert {row.met for row in targets.rows([])} == {None}
    assert "**missed**" not in targets.markdown([])


def test_targets_are_compared_with_what_was_measured() -> None:
    small = {"engine": "s3sql", "format": "csv", "loaded": [], "process": [0.3], "import": [0.1]}
    outside = {"again_outside": [0.000123], "new_outside": [0.006]}
    latency = {
        "program": "latency",
        "small": [
            small | {"kept": True, "first": [0.3], "again": [0.0003], "new": [0.007]} | outside,
            small | {"kept": False, "first": [2.95], "again": [], "new": []},
        ],
        "limit": [{"input": "lineitem", "bytes": 10**9, "first": [0.002], "read": 131_072, "scanned": 1}],
    }
    entry = {"query": "star", "idle_mb": 200.0, "peak_mb": 330.0}
    scaling = {
        "program": "scaling",
        "results": [
            entry | {"megabytes": 100.0, "seconds": [0.1]},
            entry | {"megabytes": 2000.0, "seconds": [2.2], "peak_mb": 331.0},
        ],
    }
    endpoint = {"program": "endpoint", "queries": [{"name": "star", "ratio": 0.59}]}
    documents = [report.document(_run(), _results()), latency, scaling, endpoint]
    found = {row.work: row for row in targets.rows(documents) if row.met is not None}
    assert {work: row.met for work, row in found.items()} == {
        "filter 2 %, `SELECT *`": True,
        "Parquet, Snappy: filter 15 %, 2 columns": False,
        "HTTP endpoint to boto3: star": False,
        "first record of LIMIT 10, lineitem, 1.0 GB": True,
        "import s3sql": True,
        "first query of a process, kernels kept": True,
        "first query of a process, no kernels kept": False,
        "1 KB query of a new text, warm process, outside the scan": False,
        "1 KB query of a known text, warm process, outside the scan": True,
        "memory": False,
        "2 workers against 1: filter": True,
        "time in proportion to the size: star": True,
    }
    known = "1 KB query of a known text, warm process, outside the scan"
    assert found[known].measured == "csv 0.123 ms"
    assert found["memory"].measured.startswith("+ 131 MB at most (star of 2.0 GB)")
    assert found["filter 2 %, `SELECT *`"].measured == "5.00 × polars (5.00 – 5.00)"


def test_picture_is_xml_with_a_bar_and_a_target_for_each_query() -> None:
    drawn = plot.svg(_results()[::2], "a < b")
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    bars = [found for found in root.iter(f"{space}rect") if found.get("rx")]
    marks = [found for found in root.iter(f"{space}line") if found.get("class") == "target"]
    assert [found.get("class") for found in bars] == ["met", "missed"]
    assert len(marks) == 2
    # The bar of what is slower ends where that of what is faster begins.
    assert float(bars[1].get("x", 0)) + float(bars[1].get("width", 0)) == pytest.approx(
        float(bars[0].get("x", 0)), abs=0.2
    )
    # The mark stands at the target: 4 on an axis on which the bar ends at 5.
    at, end = float(marks[0].get("x1", 0)), float(bars[0].get("x", 0)) + float(bars[0].get("width", 0))
    assert float(bars[0].get("x", 0)) < at < end
    assert "prefers-color-scheme: dark" in drawn


@pytest.mark.parametrize("name", ["lineitem", "lineitem-gzip", "lineitem-snappy", "flat"])
def test_objects_of_a_size_are_whole_records(name: str) -> None:
    source = input_path(name, ROWS)
    megabytes = source.stat().st_size * 2.5 / 1e6
    with sized(name, megabytes, ROWS) as path:
        assert 1 <= path.stat().st_size / 1e6 / megabytes < 1.25 or path.stat().st_size == pytest.approx(
            megabytes * 1e6, abs=1000
        )
        with s3sql.query("SELECT COUNT(*) FROM S3Object", path, **_JSON.get(name, {})) as result:
            count = int(b"".join(e["Records"]["Payload"] for e in result.events() if "Records" in e))
    assert 2.4 * ROWS < count <= 3 * ROWS
    assert not path.exists()
    with sized(name, source.stat().st_size / 1e6, ROWS) as same:
        assert same == source


def test_memory_against_size(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--rows", str(ROWS), "--query", "filter", "--megabytes", "1", "--samples", "2"]
    assert scaling.main(arguments) == 0
    assert "| filter | 1 |" in capsys.readouterr().out


def test_scaling_of_pieces_is_one() -> None:
    def piece(megabytes: float, seconds: list[float]) -> dict[str, Any]:
        found = {"query": "star", "megabytes": megabytes, "seconds": seconds, "idle_mb": 1, "peak_mb": 2}
        return {"program": "scaling", "results": [found]}

    merged = scaling.merged([piece(2000.2, [1.0]), piece(100.0, [0.1]), piece(2000.3, [])])
    assert [(found["megabytes"], found["seconds"]) for found in merged["results"]] == [
        (100.0, [0.1]),
        (2000.2, [1.0]),
    ]


def test_small_queries_are_timed_in_fresh_processes() -> None:
    (entry,) = latency.small(["s3sql"], samples=1, repeats=2, kinds=["csv"])
    assert len(entry["process"]) == len(entry["first"]) == 1
    assert len(entry["again"]) == len(entry["new"]) == 2
    assert len(entry["again_outside"]) == len(entry["new_outside"]) == 2
    assert entry["loaded"] == []


@pytest.mark.parametrize("name", ["lineitem", "flat", "lineitem-snappy"])
def test_scan_is_left_out_of_what_a_query_costs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = input_path(name, 8)
    options: dict[str, Any] = {"json_type": "LINES"} if name == "flat" else {}
    now = 0

    def costing(function: Callable[..., Any], nanoseconds: int) -> Callable[..., Any]:
        def run(*arguments: Any, **keywords: Any) -> Any:
            nonlocal now
            now += nanoseconds
            return function(*arguments, **keywords)

        return run

    def ask(text: str) -> None:
        with s3sql.query(text, path, **options) as result:
            assert any("Records" in event for event in result.events())

    monkeypatch.setattr(outside_scan, "time", SimpleNamespace(perf_counter_ns=lambda: now))
    for owner, name_of_part in [
        (engine, "open_object"),
        (ParquetOpening, "scan"),
        (Pipeline, "_read"),
        (Task, "run"),
    ]:
        monkeypatch.setattr(owner, name_of_part, costing(getattr(owner, name_of_part), 1000))
    for owner, name_of_part in [(engine, "prepare"), (engine, "reader_and_reading"), (Task, "_project")]:
        monkeypatch.setattr(owner, name_of_part, costing(getattr(owner, name_of_part), 7))
    run = Task.run
    # What writes the records is part of the work on a morsel.
    assert outside_scan.outside_scan(ask, ["SELECT * FROM S3Object"] * 3) == [14e-9] * 3
    assert Task.run is run
    assert now > 3 * 3000


def test_kernels_that_a_wheel_brings_are_told_from_none() -> None:
    def entry(kept: bool, first: float, **more: bool) -> dict[str, Any]:
        times = {name: [first] for name in ("process", "import", "first", "again", "new")}
        return {"engine": "s3sql", "format": "csv", "kept": kept, "loaded": [], **times, **more}

    small = [entry(True, 0.1), entry(False, 1.0, translated=True), entry(False, 7.0, translated=False)]
    merged = latency.merged([{"small": small[:2], "limit": []}, {"small": small[2:], "limit": []}])
    assert merged["small"] == small
    rows = [line.split(" | ")[:4] for line in latency.markdown(merged).splitlines() if "s3sql |" in line]
    assert [(kernels, time) for _, _, kernels, time in rows] == [
        ("kept", "100 (100 – 100)"),
        ("translated", "1,000 (1,000 – 1,000)"),
        ("none", "7,000 (7,000 – 7,000)"),
    ]
    (row,) = (row for row in targets.rows([merged | {"program": "latency"}]) if "no kernels kept" in row.work)
    assert row.measured == "csv 2.00 s"


def test_texts_of_small_queries_are_queries_and_differ() -> None:
    for name, constant in latency.SMALL.values():
        texts = latency.other_texts(BY_NAME[name].sql, constant, 672)
        assert len(set(texts)) == 673


def test_limited_query_reads_the_beginning(capsys: pytest.CaptureFixture[str]) -> None:
    entry = latency.limited("lineitem", 20_000, 2)
    assert len(entry["first"]) == 2
    assert entry["scanned"] < entry["bytes"] / 4
    assert entry["read"] is None or entry["read"] < entry["bytes"] / 2


def test_kernels_of_a_query_are_found() -> None:
    found = kernels.in_query("filter", input_path("lineitem", ROWS), 2)
    assert found["kernels"]
    assert all(entry["calls"] >= 1 and len(entry["seconds"]) == 2 for entry in found["kernels"].values())
    (blocks, *_) = kernels.blocks(input_path("lineitem", ROWS), 1)
    text = kernels.markdown({"block": [blocks], "queries": [found]})
    assert "| copy (memcpy) |" in text
    assert "| *the rest* |" in text


def _answer(engine: str, query: Query, directory: Path) -> dict[str, Answer]:
    """What an engine in this process answers, by variant."""
    threads = 1
    if engine == "polars":
        import polars

        threads = polars.thread_pool_size()
    target = directory / "out.csv"
    found = {}
    path = input_path(query.input, ROWS)
    for name, run in load(engine, threads).variants(query, path).items():
        value = run(target)
        found[name] = answers.of_value(str(value)) if query.single else answers.of_files(target)
    return found


def _written(directory: Path, content: bytes) -> Answer:
    target = directory / "out.csv"
    target.write_bytes(content)
    return answers.of_files(target)


@pytest.mark.parametrize("arguments", [["--engines", "sqlite"], ["--threads", "0"], ["--query", "join"]])
def test_wrong_options_are_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        program.main(arguments)
    assert arguments[1] in capsys.readouterr().err


def test_quick_run_is_a_part_of_the_full_one() -> None:
    full, quick = (program.work(program.options(arguments)) for arguments in ([], ["--quick"]))
    assert set(quick) < set(full)
    assert {query.name for query, threads in quick if threads == 1} == {"filter", "json-flat"}
    assert [(query, threads) for query, threads in full if threads == 2] == [(query, 2) for query in QUERIES]
    named = program.options(["--query", "count", "--threads", "1"])
    assert program.work(named) == [(BY_NAME["count"], 1)]
