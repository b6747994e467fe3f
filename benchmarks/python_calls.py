"""``python -m benchmarks.python_calls``: how much Python runs while an object is scanned.

In: the queries of :data:`SHAPES` over made-up objects of two sizes.  Out: a table on standard output: what
Python's own tracing counts over the larger object, and how much of it each further row costs.

Counted are calls of functions, Python's and built-in ones, and lines of Python that are executed, the same
line again in a loop included, in all threads. Where whole columns are worked on by kernels and numpy, both
grow with the morsels, of which there is one for every few ten thousand rows, and not with the rows.
``tests/test_no_python_per_row.py`` holds all of them to that.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import s3sql
from benchmarks.rows import csv_rows, gzip_rows, json_array, json_rows, parquet_rows, quoted_rows
from s3sql.exec import workers

#: Rows of the two objects.
FEW, MANY = 20_000, 80_000


@dataclass(frozen=True, slots=True)
class Shape:
    """A query of a certain shape. ``rows`` makes the object, ``options`` are those of ``s3sql.query``.

    ``arrow``: its result is asked for as Arrow, and not as the bytes of records.
    """

    sql: str
    rows: Callable[[int], bytes]
    options: tuple[tuple[str, Any], ...]
    arrow: bool = False

    @property
    def name(self) -> str:
        """The query behind the kind of the object."""
        kind = self.rows.__name__.removesuffix("_rows").replace("_", " ")
        return f"{kind}{' to Arrow' if self.arrow else ''}: {self.sql}"


_CSV = (("input_format", "csv"), ("file_header_info", "USE"))
_GZIP = (*_CSV, ("compression_type", "GZIP"))
_JSON = (("input_format", "json"),)
_DOCUMENT = (*_JSON, ("json_type", "DOCUMENT"))
_PARQUET = (("input_format", "parquet"),)

_CSV_QUERIES = (
    "SELECT * FROM S3Object s",
    "SELECT s.id, s.word FROM S3Object s WHERE CAST(s.id AS INT) % 3 = 0",
    "SELECT s.id FROM S3Object s WHERE s.amount > 100 AND s.id <> 7",
    "SELECT COUNT(*) FROM S3Object s",
    "SELECT SUM(CAST(s.id AS INT)), AVG(CAST(s.amount AS DECIMAL)), MIN(CAST(s.ratio AS FLOAT)), "
    "MAX(CAST(s.amount AS DECIMAL)), COUNT(s.word) FROM S3Object s",
    "SELECT SUM(CAST(s.ratio AS FLOAT)), AVG(CAST(s.ratio AS FLOAT)) FROM S3Object s",
    "SELECT CAST(s.amount AS DECIMAL) * 3 + 1, CAST(s.id AS INT) / 7, CAST(s.ratio AS FLOAT) - 2 "
    "FROM S3Object s",
    "SELECT CAST(s.amount AS DECIMAL) / 7, CAST(s.amount AS DECIMAL) % 7 FROM S3Object s",
    "SELECT CAST(CAST(s.ratio AS FLOAT) AS STRING), CAST(CAST(s.ratio AS FLOAT) AS INT), "
    "CAST(s.amount AS FLOAT) FROM S3Object s",
    "SELECT SUM(CAST(s.wide AS DECIMAL)), AVG(CAST(s.wide AS DECIMAL)) FROM S3Object s",
    "SELECT MIN(CAST(s.wide AS DECIMAL)), MAX(CAST(s.wide AS DECIMAL)) FROM S3Object s",
    "SELECT CAST(s.wide AS DECIMAL) * 2, CAST(s.wide AS DECIMAL) - CAST(s.amount AS DECIMAL) FROM S3Object s",
    "SELECT CAST(s.wide AS DECIMAL) / 7, CAST(s.wide AS DECIMAL) % 7 FROM S3Object s",
    "SELECT s.id FROM S3Object s WHERE CAST(s.wide AS DECIMAL) > 5e28",
    "SELECT CAST(s.wide AS FLOAT), CAST(CAST(s.wide AS DECIMAL) AS STRING) FROM S3Object s",
    "SELECT s.id FROM S3Object s WHERE CAST(s.moment AS TIMESTAMP) < CAST('2015-06-01T' AS TIMESTAMP)",
    "SELECT MIN(CAST(s.moment AS TIMESTAMP)), MAX(CAST(s.moment AS TIMESTAMP)) FROM S3Object s",
    "SELECT EXTRACT(HOUR FROM CAST(s.moment AS TIMESTAMP)), DATE_ADD(month, 1, CAST(s.moment AS TIMESTAMP)), "
    "DATE_DIFF(day, CAST(s.moment AS TIMESTAMP), UTCNOW()) FROM S3Object s",
    "SELECT TO_STRING(CAST(s.moment AS TIMESTAMP), 'MMMM d, y h:m a') FROM S3Object s",
    "SELECT TO_TIMESTAMP(SUBSTRING(s.moment, 1, 10), 'yyyy-MM-dd') FROM S3Object s",
    "SELECT s.id FROM S3Object s WHERE s.word LIKE '%an%'",
    "SELECT s.id FROM S3Object s WHERE s.word LIKE '_e%' OR s.word LIKE 'x!%%' ESCAPE '!'",
    "SELECT s.id FROM S3Object s WHERE s.word IN ('pear', 'fig', 'kiwi')",
    "SELECT s.id FROM S3Object s WHERE CAST(s.id AS INT) IN (1, 5, 9, 4000)",
    "SELECT s.id FROM S3Object s WHERE s.id IN (1, 5, 9, 4000)",
    "SELECT s.id FROM S3Object s WHERE CAST(s.amount AS DECIMAL) BETWEEN 10.5 AND 20",
    "SELECT CASE WHEN s.word = 'fig' THEN 1 WHEN s.word > 'k' THEN 2.5 ELSE s.word END FROM S3Object s",
    "SELECT COALESCE(s.note, s.word), NULLIF(s.word, 'fig') FROM S3Object s WHERE s.note IS NOT NULL",
    "SELECT UPPER(s.word), LOWER(s.word), TRIM(s.word), SUBSTRING(s.word, 2, 3) FROM S3Object s",
    "SELECT CHAR_LENGTH(s.word), s.word || '-' || s.id FROM S3Object s",
    "SELECT TRIM(BOTH 'p' FROM s.word), CAST(s.flag AS BOOL) FROM S3Object s",
    "SELECT s.word FROM S3Object s WHERE NOT (s.word < 'b' OR s.word >= 'q') AND s.id LIKE '%1%'",
)
_TYPED_QUERIES = (
    "SELECT * FROM S3Object s",
    "SELECT s.id, s.word FROM S3Object s WHERE s.id % 3 = 0",
    "SELECT COUNT(*) FROM S3Object s",
    "SELECT COUNT(*) FROM S3Object s WHERE s.amount > 100",
    "SELECT SUM(s.id), AVG(s.amount), MIN(s.ratio), MAX(s.amount), COUNT(s.word) FROM S3Object s",
    "SELECT SUM(s.wide), MIN(s.wide), MAX(s.wide) FROM S3Object s",
    "SELECT s.wide * 2, s.wide - s.amount, s.amount * s.id FROM S3Object s",
    "SELECT s.id FROM S3Object s WHERE s.wide > 5e28 OR s.amount = s.id",
    "SELECT s.id FROM S3Object s WHERE s.id IN (1, 5, 9, 4000) OR s.word IN ('pear', 'fig')",
    "SELECT s.id FROM S3Object s WHERE s.word LIKE '%an%' AND s.amount BETWEEN 10.5 AND 200",
    "SELECT UPPER(s.word), s.word || '-', CHAR_LENGTH(s.word), CAST(s.id AS STRING) FROM S3Object s",
    "SELECT CASE WHEN s.flag THEN s.id ELSE s.amount END, COALESCE(s.note, s.word) FROM S3Object s",
    "SELECT s.tags[0], s.tags FROM S3Object s WHERE 'b' IN s.tags",
    "SELECT s.place, s.place.city FROM S3Object s WHERE s.place.zip < '05000'",
    "SELECT s.note, s.nothing IS MISSING, s.note IS NULL FROM S3Object s",
)
_JSON_QUERIES = (
    *_TYPED_QUERIES,
    "SELECT s.id FROM S3Object s WHERE s.mixed = 17",
    "SELECT s.mixed FROM S3Object s WHERE s.mixed IS NOT MISSING",
    "SELECT COUNT(s.mixed), MAX(s.id) FROM S3Object s",
    "SELECT s['id'] + 1, s.quoted, s.ratio * 2 FROM S3Object s",
    "SELECT t FROM S3Object[*].tags[*] t",
    "SELECT s.id FROM S3Object s WHERE s.place = s.place AND s.tags <> s.place",
    "SELECT [s.id, s.word], s.place.* FROM S3Object s",
    "SELECT s.id FROM S3Object s WHERE s.tags = ['a', 'b', 7] OR s.tags IN (['x'], s.tags)",
    "SELECT EXTRACT(YEAR FROM CAST(s.moment AS TIMESTAMP)) FROM S3Object s "
    "WHERE CAST(s.moment AS TIMESTAMP) > `2012T`",
)
_PARQUET_QUERIES = (
    *(sql for sql in _TYPED_QUERIES if "MISSING" not in sql),
    "SELECT s.moment, s.birth, DATE_ADD(hour, 1, s.moment), EXTRACT(YEAR FROM s.birth) FROM S3Object s",
    "SELECT s.id FROM S3Object s WHERE s.birth < CAST('2015-06-01' AS TIMESTAMP)",
    "SELECT MIN(s.moment), MAX(s.birth), AVG(s.ratio), SUM(s.ratio) FROM S3Object s",
    "SELECT s.pairs, s.pairs.a, s.many FROM S3Object s",
    "SELECT s.small, s.uuid, s.clock, s.bytes, s.half FROM S3Object s",
    "SELECT TO_STRING(s.moment, 'y-MM-dd') FROM S3Object s",
)

SHAPES = (
    *(Shape(sql, csv_rows, _CSV) for sql in _CSV_QUERIES),
    Shape("SELECT * FROM S3Object s", csv_rows, (*_CSV, ("output_format", "json"))),
    Shape("SELECT s.word, s.note FROM S3Object s", csv_rows, (*_CSV, ("quote_fields", "ALWAYS"))),
    *(
        Shape(sql, quoted_rows, _CSV)
        for sql in ("SELECT * FROM S3Object s", *_CSV_QUERIES[1:3], _CSV_QUERIES[28])
    ),
    *(Shape(sql, gzip_rows, _GZIP) for sql in _CSV_QUERIES[:2]),
    *(Shape(sql, csv_rows, _CSV, arrow=True) for sql in (_CSV_QUERIES[0], _CSV_QUERIES[6], _CSV_QUERIES[17])),
    *(Shape(sql, json_rows, _JSON) for sql in _JSON_QUERIES),
    *(Shape(sql, json_rows, (*_JSON, ("output_format", "csv"))) for sql in _JSON_QUERIES[:2]),
    *(Shape(sql, json_rows, _JSON, arrow=True) for sql in (_JSON_QUERIES[1], _JSON_QUERIES[13])),
    Shape("SELECT * FROM S3Object[*][*] s WHERE s.id % 3 = 0", json_array, _DOCUMENT),
    *(Shape(sql, parquet_rows, _PARQUET) for sql in _PARQUET_QUERIES),
    Shape("SELECT * FROM S3Object s", parquet_rows, (*_PARQUET, ("output_format", "json"))),
    *(Shape(sql, parquet_rows, _PARQUET, arrow=True) for sql in (_PARQUET_QUERIES[1], _PARQUET_QUERIES[14])),
)


@dataclass(slots=True)
class Counts:
    """What the interpreter has reported. Threads may lose a count to each other now and then."""

    calls: int = 0
    lines: int = 0

    def traced(self, frame: FrameType, event: str, argument: object) -> Any:
        """For ``sys.settrace``."""
        self.lines += event == "line"
        return self.traced

    def profiled(self, frame: FrameType, event: str, argument: object) -> None:
        """For ``sys.setprofile``."""
        self.calls += event in ("call", "c_call")


def counts(shape: Shape, rows: int) -> Counts:
    """What Python does for the query over so many rows, from the call to the end of its result."""
    contents = shape.rows(rows)
    _run(shape, contents)  # the first time kernels are loaded and modules imported
    # Threads are traced from their beginning or never, so those of the query before do not do.
    workers._forget()
    counted = Counts()
    threading.settrace(counted.traced)
    threading.setprofile(counted.profiled)
    sys.settrace(counted.traced)
    sys.setprofile(counted.profiled)
    try:
        _run(shape, contents)
    finally:
        sys.setprofile(None)
        sys.settrace(None)
        threading.setprofile(None)
        threading.settrace(None)
        workers._forget()
    return counted


def _run(shape: Shape, contents: bytes) -> None:
    with s3sql.query(shape.sql, contents, **dict(shape.options)) as result:
        if shape.arrow:
            result.to_arrow()
            return
        for _ in result.events():
            pass


def main() -> None:
    """Print the table."""
    print("| query | rows | Python calls | calls per further row | lines per further row |")
    print("|---|---|---|---|---|")
    for shape in SHAPES:
        few, many = counts(shape, FEW), counts(shape, MANY)
        further = [(many.calls - few.calls) / (MANY - FEW), (many.lines - few.lines) / (MANY - FEW)]
        name = shape.name.replace("|", "\\|")
        print(f"| {name} | {MANY:,} | {many.calls:,} | {further[0]:.3f} | {further[1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
