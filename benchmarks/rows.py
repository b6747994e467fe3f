"""Objects with a value of every kind in a row, for counting what a query does for each.

In: a number of rows.  Out: the bytes of an object; the same ones each time.

    id      1, 2, 3 …                    moment  2012-03-04T05:06:07.008Z, with several offsets
    amount  120.50                       birth   its date, of Parquet
    ratio   a float with an exponent     flag    true or false
    wide    up to 35 digits              note    text, or null (of CSV: no field)
    word    one of a few texts           tags, place: a list and a struct; mixed: of several kinds, of JSON
"""

from __future__ import annotations

import datetime
import gzip
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_WORDS = ("pear", "banana", "fig", "cherry", "kiwi", "Äpfel", "lemon", "mango")
_OFFSETS = ("Z", "+01:00", "-07:30", "-00:00")
_CITIES = ("Dublin", "Seattle", "São Paulo")
_ODD = ("", ',"mixed":"17"', ',"mixed":null', ',"mixed":[17]', ',"mixed":{"a":1}')
_HEADER = "id,amount,ratio,wide,moment,flag,word,note\n"

#: As many objects as a test compares.
_KEPT = 2


@lru_cache(_KEPT)
def csv_rows(count: int) -> bytes:
    """CSV with a header; every third record lacks the last field."""
    return (_HEADER + "".join(",".join(fields) + "\n" for fields in _texts(count))).encode()


@lru_cache(_KEPT)
def quoted_rows(count: int) -> bytes:
    """The same, the word in quotes, with a comma, and every fourth with doubled quotes."""
    lines = []
    for number, (*before, word, note) in enumerate(_fields(count)):
        marked = f'"{word}, ""so"""' if number % 4 == 0 else f'"{word}, so"'
        lines.append(",".join([*before, marked, note]) + "\n")
    return (_HEADER + "".join(lines)).encode()


@lru_cache(_KEPT)
def gzip_rows(count: int) -> bytes:
    """The CSV compressed."""
    return gzip.compress(csv_rows(count), 1)


@lru_cache(_KEPT)
def json_rows(count: int) -> bytes:
    """A compact record a line; numbers as they are in the CSV."""
    return b"".join(record + b"\n" for record in _records(count))


@lru_cache(_KEPT)
def json_array(count: int) -> bytes:
    """The same records in one root array."""
    return b"[" + b",".join(_records(count)) + b"]"


@lru_cache(_KEPT)
def parquet_rows(count: int) -> bytes:
    """Typed columns in one row group."""
    fields = list(_fields(count))
    numbers = range(count)
    start = datetime.datetime(2010, 1, 1, tzinfo=datetime.UTC)
    times = [start + datetime.timedelta(minutes=97 * number, milliseconds=number) for number in numbers]
    columns: dict[str, Any] = {
        "id": pa.array(numbers, pa.int64()),
        "amount": pa.array([Decimal(row[1]) for row in fields], pa.decimal128(12, 2)),
        "ratio": pa.array([float(row[2]) for row in fields], pa.float64()),
        "wide": pa.array([Decimal(row[3]) for row in fields], pa.decimal128(38, 10)),
        "moment": pa.array(times, pa.timestamp("ms", tz="UTC")),
        "birth": pa.array([time.date() for time in times], pa.date32()),
        "flag": pa.array([row[5] == "true" for row in fields]),
        "word": pa.array([row[6] for row in fields]),
        "note": pa.array([row[7] or None for row in fields]),
        "tags": pa.array([["a", "b", "c"][: number % 4] for number in numbers], pa.list_(pa.string())),
        "place": pa.array([_place(number) for number in numbers]),
        "pairs": pa.array(
            [[("a", number), ("b", None)] for number in numbers], pa.map_(pa.string(), pa.int32())
        ),
        "many": pa.array([[[number], [1, 2]] for number in numbers], pa.list_(pa.list_(pa.int64()))),
        "small": pa.array([number % 100 for number in numbers], pa.uint8()),
        "uuid": pa.array([number.to_bytes(16, "big") for number in numbers], pa.uuid()),
        "clock": pa.array([number % 86_400_000 for number in numbers], pa.time32("ms")),
        "bytes": pa.array([b"raw %d" % number for number in numbers], pa.binary()),
        "half": pa.array([float(row[2]) for row in fields], pa.float32()),
    }
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def _fields(count: int) -> Iterator[list[str]]:
    """The fields of the CSV, the last one empty in some rows."""
    for number in range(count):
        yield [
            str(number),
            f"{number * 37 % 100_000 / 4:.2f}",
            f"{number * 7919 % 10_007 + 0.1}e-{number % 30}",
            f"{(number * 7919 + 1) * 10**15 + number}1.{number:010}",
            _time(number),
            "true" if number % 2 else "false",
            _WORDS[number * 7 % len(_WORDS)],
            f"note {number}" if number % 3 else "",
        ]


def _texts(count: int) -> Iterator[list[str]]:
    for fields in _fields(count):
        yield fields if fields[-1] else fields[:-1]


def _time(number: int) -> str:
    day = f"20{number % 16 + 10}-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return (
        f"{day}T{number % 24:02}:{number % 60:02}:{number % 59:02}.{number % 1000:03}{_OFFSETS[number % 4]}"
    )


def _records(count: int) -> Iterator[bytes]:
    for number, (id_, amount, ratio, wide, moment, flag, word, note) in enumerate(_fields(count)):
        tags = json.dumps(["a", "b", "c"][: number % 4], separators=(",", ":"))
        place = json.dumps(_place(number), separators=(",", ":"), ensure_ascii=False)
        odd = _ODD[number // 3 % len(_ODD)]
        mixed = odd if number % 3 == 0 else f',"mixed":{number % 50}'
        yield (
            f'{{"id":{id_},"amount":{amount},"ratio":{ratio},"wide":{wide},"moment":"{moment}","flag":{flag},'
            f'"word":{json.dumps(word, ensure_ascii=False)},"note":{json.dumps(note or None)},'
            f'"quoted":"a \\"b\\" \\u00e9","tags":{tags},"place":{place}{mixed}}}'
        ).encode()


def _place(number: int) -> dict[str, str | None]:
    return {"city": _CITIES[number % 3], "zip": f"{number * 31 % 100_000:05}"}
