"""Makes the CSV that the benchmarks read: rows like those of TPC-H's lineitem, the same on every machine.

In: a number of rows.  Out: a file in the cache directory, 16 columns, no header; with ``quoted=True`` the two
text columns are quoted and hold commas and doubled quotes. The same rows as Parquet, typed, in row groups of
200,000.

Run as a program it makes both files: ``python -m benchmarks.lineitem [ROWS]``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

COLUMNS = (
    "l_orderkey l_partkey l_suppkey l_linenumber l_quantity l_extendedprice l_discount l_tax l_returnflag "
    "l_linestatus l_shipdate l_commitdate l_receiptdate l_shipinstruct l_shipmode l_comment"
).split()

#: 1023 MB plain, 1053 MB quoted.
ROWS = 8_000_000

_CHUNK = 200_000
_WORDS = (
    "furiously quickly carefully blithely slyly regular special pending express final ironic even bold "
    "silent accounts packages deposits requests foxes theodolites instructions pinto beans dependencies "
    "ideas platelets across above against among along sleep wake haggle nag use boost affix detect "
    "integrate cajole unusual"
).split()
_INSTRUCTIONS = ["DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"]
_MODES = ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"]


def cache_directory() -> Path:
    """Where the files are kept, outside version control."""
    chosen = os.environ.get("S3SQL_BENCH_CACHE")
    directory = Path(chosen) if chosen else Path(__file__).resolve().parent.parent / ".cache" / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def lineitem(rows: int = ROWS, *, quoted: bool = False) -> Path:
    """The path of the file with *rows* rows, made if it is not there yet."""
    path = cache_directory() / f"lineitem-{rows}{'-quoted' if quoted else ''}.csv"
    if path.exists():
        return path
    partial = path.with_suffix(".partial")
    style = "needed" if quoted else "none"
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style=style)
    with partial.open("wb") as file:
        for number, first in enumerate(range(0, rows, _CHUNK)):
            table = _chunk(number, first, min(_CHUNK, rows - first), quoted)
            pyarrow.csv.write_csv(table, file, options)
    partial.rename(path)
    return path


def lineitem_parquet(rows: int, codec: str) -> Path:
    """The path of the same rows as a Parquet file whose columns *codec* compresses."""
    path = cache_directory() / f"lineitem-{rows}-{codec}.parquet"
    if path.exists():
        return path
    partial = path.with_suffix(".partial")
    schema = _chunk(0, 0, 0, False).schema
    # Amounts are integers of 32 and 64 bits, as most writers store them.
    options = {"compression": codec, "store_decimal_as_integer": True}
    with pyarrow.parquet.ParquetWriter(partial, schema, **options) as writer:
        for number, first in enumerate(range(0, rows, _CHUNK)):
            writer.write_table(_chunk(number, first, min(_CHUNK, rows - first), False))
    partial.rename(path)
    return path


def _chunk(number: int, first: int, rows: int, quoted: bool) -> pa.Table:
    random = np.random.Generator(np.random.PCG64(number))
    day = np.datetime64("1992-01-01") + random.integers(0, 2526, rows)
    quantity = random.integers(1, 51, rows)
    cents = quantity * random.integers(90_000, 200_000, rows)
    columns = [
        pa.array((first + np.arange(rows)) // 4 + 1),
        pa.array(random.integers(1, 200_000, rows)),
        pa.array(random.integers(1, 10_000, rows)),
        pa.array(np.arange(rows) % 7 + 1),
        pa.array(quantity),
        _decimals(cents, 12),
        _decimals(random.integers(0, 11, rows), 3),
        _decimals(random.integers(0, 9, rows), 3),
        _choice(random, ["A", "N", "R"], rows),
        _choice(random, ["O", "F"], rows),
        pa.array(day.astype("datetime64[D]")),
        pa.array((day + random.integers(-30, 60, rows)).astype("datetime64[D]")),
        pa.array((day + random.integers(1, 30, rows)).astype("datetime64[D]")),
        _choice(random, _INSTRUCTIONS, rows),
        _choice(random, _MODES, rows),
        _comments(random, rows, quoted),
    ]
    return pa.table(columns, names=COLUMNS)


def _decimals(cents: np.ndarray, precision: int) -> pa.Array:
    """Amounts of two decimals: 128-bit numbers of cents, none negative."""
    words = np.zeros((len(cents), 2), np.int64)
    words[:, 0] = cents
    return pa.Array.from_buffers(pa.decimal128(precision, 2), len(cents), [None, pa.py_buffer(words)])


def _choice(random: np.random.Generator, values: list[str], rows: int) -> pa.Array:
    codes = pa.array(random.integers(0, len(values), rows, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array(values)).cast(pa.string())


def _comments(random: np.random.Generator, rows: int, quoted: bool) -> pa.Array:
    words = [_choice(random, _WORDS, rows) for _ in range(4)]
    if not quoted:
        return pa.compute.binary_join_element_wise(*words, " ")
    start = pa.compute.binary_join_element_wise(words[0], words[1], ", ")
    rare = pa.array(np.where(random.random(rows) < 0.02, ' "so called" ', " "))
    return pa.compute.binary_join_element_wise(start, words[2], rare.cast(pa.string()))


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    for with_quotes in (False, True):
        print(lineitem(count, quoted=with_quotes))
