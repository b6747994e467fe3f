"""Makes the JSON that the benchmarks read: one record a line, like a web shop's log, always the same.

In: the kind of the file and a number of rows.  Out: a file in the cache directory.

flat    {"id":1,"time":"2024-…Z","level":"info","status":200,"bytes":512,"seconds":0.25,"host":"web-07",
         "method":"GET","path":"/api/orders/17","agent":"…"}
nested  {"id":1,"user":{"name":"…","address":{"city":"…","zip":"01234"}},"items":[{"sku":"…","count":2,
         "price":9.99},…],"tags":["…",…],"note":"…"}
mixed   as nested; ``"value"``, an int in most records, is a string, null, a list, a struct or absent

Records are compact, as programs write them, and need no escapes but for the notes of a few. Run as a program
it makes all three: ``python -m benchmarks.events [ROWS]``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lineitem import cache_directory

KINDS = ("flat", "nested", "mixed")

#: 539 MB flat, 583 MB nested, 615 MB mixed.
ROWS = 2_800_000

_CHUNK = 100_000
_LEVELS = ("debug", "info", "info", "info", "warn", "error")
_STATUS = (200, 200, 200, 200, 200, 204, 301, 404, 404, 500)
_METHODS = ("GET", "GET", "GET", "POST", "PUT", "DELETE")
_AGENTS = ("Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "python-requests/2.31", "Go-http-client/2.0")
_NAMES = ("Ada Lovelace", "Edgar Codd", "Grace Hopper", "Jim Gray", "Michael Ström", "Barbara Liskov")
_CITIES = ("Dublin", "Seattle", "São Paulo", "Frankfurt am Main", "Mumbai", "Tokyo")
_TAGS = ("new", "gift", "express", "returned", "bulk", "vip")
_NOTES = ("leave at the door", "call before delivery", "", "second floor, left", 'ring the \\"blue\\" bell')
_VALUES = ('"{}"', "null", "[{}]", '{{"amount":{}}}')


def events(kind: str, rows: int = ROWS) -> Path:
    """The path of the file of *kind*, one of KINDS, with *rows* rows, made if it is not there yet."""
    path = cache_directory() / f"events-{rows}-{kind}.json"
    if path.exists():
        return path
    partial = path.with_suffix(".partial")
    lines = {"flat": _flat, "nested": _nested, "mixed": _mixed}[kind]
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for number, first in enumerate(range(0, rows, _CHUNK)):
            random = np.random.Generator(np.random.PCG64(number))
            file.writelines(lines(random, first, min(_CHUNK, rows - first)))
    partial.rename(path)
    return path


def _flat(random: np.random.Generator, first: int, rows: int) -> Iterator[str]:
    day = np.datetime64("2024-01-01T00:00:00") + random.integers(0, 31_000_000, rows)
    columns: list[Any] = [
        np.datetime_as_string(day.astype("datetime64[s]")).tolist(),
        _choice(random, _LEVELS, rows),
        _choice(random, _STATUS, rows),
        random.integers(0, 100_000, rows).tolist(),
        # Sixteenths are exact in binary, so no engine can print them otherwise.
        (random.integers(1, 200, rows) / 16).tolist(),
        random.integers(0, 40, rows).tolist(),
        _choice(random, _METHODS, rows),
        random.integers(0, 100_000, rows).tolist(),
        _choice(random, _AGENTS, rows),
    ]
    for row, (time, level, status, size, seconds, host, method, order, agent) in enumerate(
        zip(*columns, strict=True), first
    ):
        yield (
            f'{{"id":{row},"time":"{time}Z","level":"{level}","status":{status},"bytes":{size},'
            f'"seconds":{seconds},"host":"web-{host:02}","method":"{method}","path":"/api/orders/{order}",'
            f'"agent":"{agent}"}}\n'
        )


def _nested(random: np.random.Generator, first: int, rows: int) -> Iterator[str]:
    for record in _records(random, first, rows):
        yield record + "}\n"


def _mixed(random: np.random.Generator, first: int, rows: int) -> Iterator[str]:
    odd = random.integers(0, 20, rows).tolist()
    amounts = random.integers(0, 100, rows).tolist()
    for record, form, amount in zip(_records(random, first, rows), odd, amounts, strict=True):
        if form > len(_VALUES):
            yield f'{record},"value":{amount}}}\n'
        elif form < len(_VALUES):
            yield f'{record},"value":{_VALUES[form].format(amount)}}}\n'
        else:
            yield record + "}\n"


def _records(random: np.random.Generator, first: int, rows: int) -> Iterator[str]:
    """The nested records without their closing braces."""
    counts = random.integers(0, 4, rows)
    items = zip(
        random.integers(0, 10_000, int(counts.sum())).tolist(),
        random.integers(1, 51, int(counts.sum())).tolist(),
        (random.integers(1, 2_000, int(counts.sum())) / 4).tolist(),
        strict=True,
    )
    columns: list[Any] = [
        _choice(random, _NAMES, rows),
        _choice(random, _CITIES, rows),
        random.integers(0, 100_000, rows).tolist(),
        counts.tolist(),
        random.integers(0, 4, rows).tolist(),
        _choice(random, _NOTES, rows),
    ]
    for row, (name, city, code, count, tags, note) in enumerate(zip(*columns, strict=True), first):
        listed = ",".join(
            f'{{"sku":"A-{sku:04}","count":{number},"price":{price}}}'
            for sku, number, price in (next(items) for _ in range(count))
        )
        tagged = ",".join(f'"{tag}"' for tag in _TAGS[:tags])
        yield (
            f'{{"id":{row},"user":{{"name":"{name}","address":{{"city":"{city}","zip":"{code:05}"}}}},'
            f'"items":[{listed}],"tags":[{tagged}],"note":"{note}"'
        )


def _choice(random: np.random.Generator, values: tuple[Any, ...], rows: int) -> list[Any]:
    return [values[code] for code in random.integers(0, len(values), rows).tolist()]


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    for made in KINDS:
        print(events(made, count))
