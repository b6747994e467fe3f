"""The same answers on every processor: the kernels for a plain x86-64 against those for this machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = r"""
import s3sql
csv = ('a,b,"c ""d"" e"\r\n# no\n\n1,-2.50,é\n' + '10000000000,1e3,"x, y"\n3,,z\n' * 40).encode()
json = b'{"a":1,"b":[1,{"c":"x\\u00e9"}]}\n{"a":"z","b":{"c":4.0}}\n' * 20
for sql, source, options in [
    ("SELECT * FROM S3Object", csv, {}),
    ("SELECT * FROM S3Object", csv, {"output_format": "json"}),
    ("SELECT s._3, s._1 FROM S3Object s WHERE s._1 > 1 AND s._3 LIKE '%, %'", csv, {}),
    ("SELECT _3 FROM S3Object WHERE _3 >= 'x' AND _3 < 'y' AND CHAR_LENGTH(_2) > 1", csv, {}),
    ("SELECT COUNT(*), SUM(CAST(_1 AS DECIMAL) * 1.5), AVG(CAST(_1 AS FLOAT)), MIN(CAST(_1 AS INT)) "
     "FROM S3Object WHERE _2 <> 'b'", csv, {}),
    ("SELECT UPPER(_3), CAST(_2 AS STRING) || '!' FROM S3Object", csv, {"quote_character": ""}),
    ("SELECT s.a, s.b[1].c, s.b.c FROM S3Object s", json, {"input_format": "json"}),
    ("SELECT * FROM S3Object[*].b[*] s", json, {"input_format": "json", "output_format": "json"}),
]:
    options = {"input_format": "csv", "output_format": "csv", **options}
    for event in s3sql.query(sql, source, **options).events():
        if "Records" in event:
            print(sql, event["Records"]["Payload"].hex())
"""


def answers(**environment: str) -> str:
    """What the program prints under other environment variables."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env={**os.environ, **environment},
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names an x86-64 target")
def test_a_plain_processor_gives_the_same_answers() -> None:
    here = answers()
    assert here.count("\n") == 8
    assert answers(NUMBA_CPU_NAME="x86-64", NUMBA_CPU_FEATURES="") == here
