"""One small query in a fresh process: ``python -m benchmarks.small REQUEST``.

In: JSON with ``engine``, ``format``, ``path`` (of a file of about a kilobyte), ``columns`` (of CSV),
``texts`` (the query, and others that differ in a constant), ``repeats``, and ``began``: when the process was
started, by the clock that all processes share. Out: JSON with seconds: ``process`` from its start to the end
of the first query, ``import``, ``first``, of the same query ``again``, and of each other text ``new``, both
of s3sql also without the scan, ``again_outside`` and ``new_outside``, for which half of the other texts are
kept; and of the modules HEAVY those ``loaded`` by the import.

The module imports nothing that an engine would otherwise have to import itself.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

#: What ``import s3sql`` must not load: each costs more than the whole import may.
HEAVY = ("numba", "numpy", "pyarrow", "boto3", "botocore", "sqlglot", "starlette", "typer", "rich")

Ask = Callable[[str], None]


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Measure."""
    open_engine = {"s3sql": _s3sql, "duckdb": _duckdb, "polars": _polars}[request["engine"]]
    texts: list[str] = request["texts"]
    before = time.perf_counter()
    __import__(request["engine"])
    imported = time.perf_counter()
    loaded = [name for name in HEAVY if name in sys.modules]
    ask = open_engine(request)
    ask(texts[0])
    first = time.perf_counter()
    whole = time.monotonic() - request["began"]
    others = texts[1:]
    known = [texts[0]] * request["repeats"]
    again = [_seconds(ask, text) for text in known]
    outside: dict[str, list[float]] = {"again_outside": [], "new_outside": []}
    if request["engine"] == "s3sql" and known:
        # Late, as all that is no part of the first query.
        from benchmarks.outside_scan import outside_scan

        kept = len(others) // 2
        outside["again_outside"] = outside_scan(ask, known)
        outside["new_outside"] = outside_scan(ask, others[kept:])
        others = others[:kept]
    return outside | {
        "process": whole,
        "import": imported - before,
        "first": first - imported,
        "loaded": loaded,
        "again": again,
        "new": [_seconds(ask, text) for text in others],
    }


def _seconds(ask: Ask, text: str) -> float:
    start = time.perf_counter()
    ask(text)
    return time.perf_counter() - start


def _s3sql(request: dict[str, Any]) -> Ask:
    import s3sql

    options: dict[str, Any] = {}
    if request["format"] == "json":
        options = {"json_type": "LINES", "output_format": "csv"}

    def ask(text: str) -> None:
        with s3sql.query(text, request["path"], **options) as result:
            for _ in result.events():
                pass

    return ask


def _duckdb(request: dict[str, Any]) -> Ask:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    path, columns = request["path"], dict.fromkeys(request["columns"], "VARCHAR")
    events = dict.fromkeys(("id", "status", "bytes"), "BIGINT") | {"host": "VARCHAR", "path": "VARCHAR"}
    scan = {
        "csv": f"read_csv('{path}', auto_detect = false, header = false, delim = ',', new_line = '\\n', "
        f"quote = '', escape = '', columns = {columns})",
        "json": f"read_json('{path}', format = 'newline_delimited', columns = {events})",
        "parquet": f"read_parquet('{path}')",
    }[request["format"]]

    def ask(text: str) -> None:
        sql = text.replace("FROM lineitem", f"FROM {scan}").replace("FROM events", f"FROM {scan}")
        connection.execute(f"COPY ({sql}) TO '/dev/null' (FORMAT CSV, HEADER false, USE_TMP_FILE false)")

    return ask


def _polars(request: dict[str, Any]) -> Ask:
    """The query as expressions, whatever its text."""
    import datetime

    import polars as pl

    path = request["path"]
    texts = dict.fromkeys(request["columns"], pl.String)
    events = dict.fromkeys(("id", "status", "bytes"), pl.Int64) | dict.fromkeys(("host", "path"), pl.String)

    def frame() -> pl.LazyFrame:
        if request["format"] == "json":
            found = (pl.col("status") == 500) & (pl.col("bytes") >= 50_000)
            return pl.scan_ndjson(path, schema=events).filter(found).select("id", "host", "path")
        if request["format"] == "csv":
            lines = pl.scan_csv(path, has_header=False, quote_char=None, schema=texts)
            early = pl.col("l_shipdate") < "1993-01-14"
        else:
            lines = pl.scan_parquet(path)
            early = pl.col("l_shipdate") < datetime.date(1993, 1, 14)
        return lines.filter(early).select("l_orderkey", "l_extendedprice")

    def ask(text: str) -> None:
        frame().collect().write_csv(include_header=False)

    return ask


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
