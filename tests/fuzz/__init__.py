"""Fuzzing: whatever the bytes are, a query is answered or ends in an S3SelectError, and soon.

A target is a module with ``check(data: bytes) -> None``, which raises for a finding, and ``WORDS``, texts
that are worth trying. ``python -m tests.fuzz NAME --seconds N`` runs one under atheris (CPython 3.11 to
3.13), ``make fuzz`` all of them for ten minutes each. Nothing else here needs atheris.

``corpus/NAME`` holds short inputs, one a file: beginnings for the fuzzer, and one of every finding that was
fixed. ``test_replay.py`` has the targets check them all.
"""

from __future__ import annotations

#: Module of each target by name.
TARGETS = {
    "sql": "tests.fuzz.sql_text",
    "expressions": "tests.fuzz.expressions",
    "csv": "tests.fuzz.csv_bytes",
    "json": "tests.fuzz.json_bytes",
    "parquet": "tests.fuzz.parquet_bytes",
    "compressed": "tests.fuzz.compressed_bytes",
    "stream": "tests.fuzz.event_stream",
    "request": "tests.fuzz.request_body",
}
