"""The benchmark program: its files are always the same, its engines do the same work, its ratios right."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as program
from benchmarks import answers, measure, report
from benchmarks.answers import Answer
from benchmarks.engines import CannotAnswerError, load
from benchmarks.events import KINDS, events
from benchmarks.inputs import CODECS, input_path
from benchmarks.lineitem import COLUMNS, lineitem
from benchmarks.machine import memory_directory
from benchmarks.measure import EngineError, EngineResult, QueryResult, WrongAnswerError
from benchmarks.queries import BY_NAME, QUERIES, Query

PEERS = ("duckdb", "polars", "datafusion", "chdb")
ROWS = 3_000


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
