"""Target ``parquet``: the first byte chooses the query, the second a scan range; the rest is the file."""

from __future__ import annotations

from s3sql.request import CsvOutput, JsonOutput, ParquetInput, ScanRange, SelectRequest
from tests.fuzz.draws import Draws
from tests.fuzz.runs import answer

WORDS: tuple[str, ...] = ("PAR1", "PARE", "\x15\x02", "\x19\x1c", "\x26", "\x7f\x7f\x7f\x7f", "\x15\x04\x15")

#: The columns of all files of the corpus are called a, b and c.
_QUERIES = (
    "SELECT * FROM S3Object",
    "SELECT COUNT(*) FROM S3Object",
    "SELECT s.a, s.b FROM S3Object s WHERE s.a IS NOT NULL",
    "SELECT a FROM S3Object WHERE a > 1 AND b <> 'x'",
    "SELECT * FROM S3Object WHERE b = 'a' OR c LIKE '%b%'",
    "SELECT COUNT(a), MIN(c), SUM(a) FROM S3Object",
    "SELECT c FROM S3Object LIMIT 2",
    "SELECT s.c.x, s.b[0] FROM S3Object s",
    "SELECT CAST(a AS STRING), CHAR_LENGTH(b) FROM S3Object WHERE 1 IN (a, 2)",
)


def check(data: bytes) -> None:
    """The same answer twice; nothing is known of what a damaged file holds."""
    draws = Draws(data)
    sql = draws.pick(_QUERIES)
    start = draws.byte()
    outputs = JsonOutput() if start & 1 else CsvOutput()
    part = ScanRange(start, start + 500) if start & 2 else None
    request = SelectRequest(sql, ParquetInput(), outputs, scan_range=part)
    contents = draws.rest()
    first = answer(request, contents)
    assert answer(request, contents) == first
