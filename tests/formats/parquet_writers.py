"""One table written to Parquet in many ways, by Arrow and by DuckDB.

:data:`COLUMNS` tells its types, how values are made, and literals to compare them with.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

#: Nanoseconds of a day, and the days to 2020-01-01.
DAY = 86_400 * 10**9
NEW_YEAR = 18_262

# --- the table --------------------------------------------------------------------------------------------

TEXTS = ["", "a", "ab", "ab c", "b", "Zoë", "é", "日本語", "zz" * 40, "😀"]

#: How the value of a column in row *n* is made, and the literals it is compared with: SQL, and the value that
#: SQL compares. Timestamps count nanoseconds since 1970.
COLUMNS: dict[str, tuple[pa.DataType, Callable[[int], Any], list[tuple[str, Any]]]] = {
    "b": (pa.bool_(), lambda n: n % 150 < 100, [("TRUE", True), ("FALSE", False)]),
    "i8": (
        pa.int8(),
        lambda n: n % 250 - 125,
        [("0", 0), ("-125", -125), ("1.5", Decimal("1.5")), ("300", 300)],
    ),
    "i16": (pa.int16(), lambda n: n * 5 - 999, [("-999", -999), ("70", 70), ("40000", 40000)]),
    "i32": (pa.int32(), lambda n: -n, [("-1", -1), ("-250", -250), ("5", 5)]),
    "i64": (
        pa.int64(),
        lambda n: n * 2**50,
        [("9007199254740993", 2**53 + 1), ("CAST('9007199254740992' AS FLOAT)", 2.0**53)],
    ),
    "u8": (pa.uint8(), lambda n: n % 256, [("0", 0), ("200", 200), ("-1", -1)]),
    "u32": (
        pa.uint32(),
        lambda n: 2**31 - 100 + n,
        [("2147483648", 2**31), ("0", 0), ("4294967295", 2**32 - 1)],
    ),
    "u64": (
        pa.uint64(),
        lambda n: 2**63 - 100 + n,
        [("9223372036854775807", 2**63 - 1), ("9223372036854775900", 2**63 + 92)],
    ),
    "f32": (
        pa.float32(),
        lambda n: [n / 10, math.nan, -0.0][n % 17 // 15 + n % 31 // 30],
        [("0.1", 0.1), ("CAST('20.5' AS FLOAT)", 20.5), ("-1", -1.0)],
    ),
    "f64": (
        pa.float64(),
        lambda n: math.nan if n % 50 == 49 else (n - 100) / 8,
        [("0.125", 0.125), ("0", 0.0), ("1e9", 1e9), ("CAST('NaN' AS FLOAT)", math.nan)],
    ),
    "d9": (
        pa.decimal128(9, 2),
        lambda n: Decimal(n * 5 - 700) / 100,
        [("0", 0), ("1.50", Decimal("1.5")), ("-7.00", -7), ("1.505", Decimal("1.505"))],
    ),
    "d18": (
        pa.decimal128(18, 4),
        lambda n: Decimal(n - 9) * 10**9 / 10**4,
        [("100000", 100000), ("-900000.0000", -900000)],
    ),
    "d38": (
        pa.decimal128(38, 10),
        lambda n: Decimal(f"{(n - 50) * 10**24}.5"),
        [("0.0", 0), ("50000000000000000000000000.5", Decimal("50000000000000000000000000.5"))],
    ),
    "t": (
        pa.string(),
        lambda n: TEXTS[n // 40 % len(TEXTS)],
        [(f"'{text}'", text) for text in [*TEXTS, "aa", "zzz", "\U0010ffff"]],
    ),
    "k": (
        pa.string(),
        lambda n: f"key {n:06}",
        [("'key 000100'", "key 000100"), ("'key 0001'", "key 0001"), ("'z'", "z")],
    ),
    "c": (pa.dictionary(pa.int32(), pa.string()), lambda n: TEXTS[n % 3], [("'a'", "a"), ("'x'", "x")]),
    "y": (pa.binary(), lambda n: TEXTS[n % 10].encode(), [("'é'", "é"), ("'b'", "b")]),
    "dy": (
        pa.date32(),
        lambda n: datetime.date(2020, 1, 1) + datetime.timedelta(n),
        [("`2020-02-10`", (NEW_YEAR + 40) * DAY), ("`2020-03-01T12:00Z`", (NEW_YEAR + 60) * DAY + DAY // 2)],
    ),
    "ms": (
        pa.timestamp("ms", "UTC"),
        lambda n: (NEW_YEAR * 86_400 + n * 3600) * 1000 + n,
        [
            ("`2020-01-03T12:00:00.060Z`", NEW_YEAR * DAY + 60 * (3600 * 10**9 + 10**6)),
            ("`2020T`", NEW_YEAR * DAY),
            ("`2019T`", (NEW_YEAR - 365) * DAY),
        ],
    ),
    "us": (
        pa.timestamp("us"),
        lambda n: (n - 100) * 1_000_001,
        [("`1970T`", 0), ("`1970-01-01T00:00:01.000001Z`", 1_000_001_000)],
    ),
    "ns": (
        pa.timestamp("ns"),
        lambda n: (n - 5) * 10**9 + 123_456_789,
        [("`1970-01-01T00:00:00.123456789Z`", 123_456_789), ("`1970-01-01T00:00:10Z`", 10**10)],
    ),
}


def _is_null(name: str, row: int) -> bool:
    """Columns without NULL, with some, and with runs that are longer than row groups."""
    place = sum(name.encode())
    return (False, row % 7 == 3, row % 150 < 75, row % 11 != 2)[place % 4]


def _table(count: int) -> pa.Table:
    columns: dict[str, Any] = {"id": pa.array(range(count))}
    for name, (type_, value, _) in COLUMNS.items():
        columns[name] = pa.array([None if _is_null(name, row) else value(row) for row in range(count)], type_)
    columns["o"] = pa.array(
        [None if row % 13 == 5 else {"x": row, "l": [row] * (row % 3)} for row in range(count)],
        pa.struct({"x": pa.int64(), "l": pa.list_(pa.int64())}),
    )
    return pa.table(columns)


TABLE = _table(300)

# --- the writers ------------------------------------------------------------------------------------------

_FLAT = {name: type_ for name, (type_, *_) in COLUMNS.items()}
_PLAIN: dict[str, Any] = {"use_dictionary": False}
_DELTA = {
    name: "DELTA_BINARY_PACKED" for name, type_ in _FLAT.items() if pa.types.is_integer(type_)
} | {"t": "DELTA_LENGTH_BYTE_ARRAY", "k": "DELTA_BYTE_ARRAY", "y": "DELTA_BYTE_ARRAY"}  # fmt: skip
_SPLIT = dict.fromkeys(("f32", "f64", "i32", "i64", "d9"), "BYTE_STREAM_SPLIT")

WRITERS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "one row group": {"row_group_size": 10**6},
    "few rows in a group": {"row_group_size": 10},
    "plain": _PLAIN,
    "no statistics": {"write_statistics": False},
    "statistics of some columns": {"write_statistics": ["id", "i64", "t", "ms"]},
    "page index": {"write_page_index": True, "data_page_size": 100, "write_batch_size": 10},
    "page checksums": {"write_page_checksum": True},
    "pages of version 2": {"data_page_version": "2.0", "data_page_size": 200, "write_batch_size": 16},
    "pages of version 2, plain": {"data_page_version": "2.0", "compression": "none", **_PLAIN},
    "dictionaries that overflow": {"dictionary_pagesize_limit": 60, "write_batch_size": 8},
    "delta": {"column_encoding": _DELTA, **_PLAIN},
    "delta, version 2": {"column_encoding": _DELTA, "data_page_version": "2.0", **_PLAIN},
    "byte stream split": {"column_encoding": _SPLIT, "store_decimal_as_integer": True, **_PLAIN},
    "decimals as integers": {"store_decimal_as_integer": True},
    "format 1.0": {"version": "1.0", "coerce_timestamps": "us", "allow_truncated_timestamps": True},
    "format 2.4": {"version": "2.4", "coerce_timestamps": "us", "allow_truncated_timestamps": True},
    "int96": {"use_deprecated_int96_timestamps": True},
    "milliseconds": {"coerce_timestamps": "ms", "allow_truncated_timestamps": True},
    "no arrow schema, old lists": {"store_schema": False, "use_compliant_nested_type": False},
    "gzip": {"compression": "gzip"},
    "zstd": {"compression": "zstd", "data_page_version": "2.0"},
    "brotli": {"compression": "brotli"},
    "lz4": {"compression": "lz4"},
    "bloom filters and sorting": {"sorting_columns": [pq.SortingColumn(0)]},
}

#: What DuckDB's own writer is told.
DUCKDB_WRITERS = [
    "COMPRESSION snappy, ROW_GROUP_SIZE 2048",
    "COMPRESSION zstd, ROW_GROUP_SIZE 2048, PARQUET_VERSION v2",
    "COMPRESSION gzip, ROW_GROUP_SIZE 4096, DICTIONARY_SIZE_LIMIT 2",
    "COMPRESSION uncompressed, ROW_GROUP_SIZE 100000",
]


def by_duckdb(options: str, folder: Path) -> bytes:
    """A file by DuckDB; its row groups have 2,048 rows at least.

    Without a column whose values have another type there, and one whose deltas Arrow cannot read.
    """
    path = folder / "file.parquet"
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("written", _table(5000).drop_columns(["y", "u32"]))
        connection.execute(f"COPY (SELECT * FROM written) TO '{path}' (FORMAT parquet, {options})")
    return path.read_bytes()
