"""``python -m benchmarks.remote``: what distance costs: objects of a store that is as far away as S3.

In: options.  Out: Markdown on standard output: seconds and MB/s of queries over objects of
``benchmarks/slow_store.py``, for several latencies and one rate for each connection, beside those of the same
local files, with the number of requests; peers that reach an S3 endpoint do the same.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

import s3sql
from benchmarks import machine
from benchmarks.inputs import input_path
from benchmarks.queries import BY_NAME
from benchmarks.slow_store import serving

#: Names of inputs and of queries over them; the CSV has a gigabyte.
_QUERIES = (("lineitem", "count"), ("lineitem", "filter"), ("lineitem-gzip", "gzip-filter"))
_PARQUET = (("lineitem-snappy", "parquet-project"), ("lineitem-snappy", "parquet-sum"))
_GIGABYTE_ROWS = 8_000_000

_CREDENTIALS = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench", "region_name": "us-east-1"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report."""
    options = _parser().parse_args(arguments)
    rate = options.rate * 1e6 or None
    print("| query | from | time | MB/s | of local |\n|---|---|---|---|---|")
    for name, query in (*_QUERIES, *_PARQUET):
        path = input_path(name, options.rows or (_GIGABYTE_ROWS if name == "lineitem" else None))
        machine.warm_page_cache(path)
        sql = BY_NAME[query].sql
        local = _median(lambda: _ask(sql, str(path)), options.samples)  # noqa: B023
        _report(query, "local file", path, local, local)
        for latency in options.latencies:
            with serving(path.parent.parent, latency / 1e3, rate) as url:
                client = client_of(url)
                far = f"s3://{path.parent.name}/{path.name}"
                seconds = _median(lambda: _ask(sql, far, client=client), options.samples)  # noqa: B023
                _report(query, f"{latency:g} ms away", path, seconds, local)
                for peer, ask in _peers(query, url, far):
                    try:
                        seconds = _median(ask, 1)
                    except Exception as error:
                        print(f"{peer}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
                        continue
                    _report(query, f"{latency:g} ms away, {peer}", path, seconds, local)
                client.close()
    return 0


def client_of(url: str) -> Any:
    """A boto3 client of the store, which looks at no signatures."""
    return boto3.client(
        "s3", endpoint_url=url, config=Config(s3={"addressing_style": "path"}), **_CREDENTIALS
    )


def _ask(sql: str, source: str, **options: Any) -> None:
    for _ in s3sql.query(sql, source, **options).events():
        pass


def _peers(query: str, url: str, far: str) -> list[tuple[str, Callable[[], object]]]:
    """The engines that can be asked for the same, without anything that they would have to download."""
    if query != "count":
        return []

    def polars() -> object:
        import polars as pl

        options = {
            "aws_endpoint_url": url,
            "aws_allow_http": "true",
            "aws_access_key_id": "bench",
            "aws_secret_access_key": "bench",
            "aws_region": "us-east-1",
        }
        frame = pl.scan_csv(far, has_header=False, infer_schema=False, storage_options=options)
        return frame.select(pl.len()).collect(engine="streaming")

    def datafusion() -> object:
        from datafusion import SessionContext
        from datafusion.object_store import AmazonS3

        context = SessionContext()
        store = AmazonS3(
            bucket_name=far.split("/")[2],
            endpoint=url,
            region="us-east-1",
            access_key_id="bench",
            secret_access_key="bench",
            allow_http=True,
        )
        context.register_object_store("s3://", store, None)
        context.register_csv("t", far, has_header=False)
        return context.sql("SELECT COUNT(*) FROM t").collect()

    def duckdb() -> object:
        import duckdb

        connection = duckdb.connect()
        connection.execute("LOAD httpfs")
        host = url.removeprefix("http://")
        connection.execute(
            f"CREATE SECRET (TYPE s3, KEY_ID 'bench', SECRET 'bench', ENDPOINT '{host}', "
            "URL_STYLE 'path', USE_SSL false)"
        )
        return connection.execute(
            f"SELECT COUNT(*) FROM read_csv('{far}', header=false, all_varchar=true)"
        ).fetchall()

    return [("Polars", polars), ("DataFusion", datafusion), ("DuckDB", duckdb)]


def _median(ask: Callable[[], object], samples: int) -> float:
    took = []
    for _ in range(samples):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _report(query: str, place: str, path: Path, seconds: float, local: float) -> None:
    speed = path.stat().st_size / seconds / 1e6
    print(f"| {query} | {place} | {seconds:.2f} s | {speed:,.0f} | {local / seconds:.2f} |", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.remote", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--latencies", type=float, nargs="*", default=[10, 30, 50], help="in ms (10 30 50)")
    parser.add_argument("--rate", type=float, default=80, help="MB/s of a connection, 0: unbounded (80)")
    parser.add_argument("--samples", type=int, default=3, help="of each query (3)")
    parser.add_argument("--rows", type=int, help="of the files, instead of 8,000,000 and 4,800,000")
    return parser


if __name__ == "__main__":
    sys.exit(main())
