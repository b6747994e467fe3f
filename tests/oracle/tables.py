"""Random tables as our three inputs, and as a DuckDB table with the same values.

A table's columns have a kind each; None is NULL. In CSV, which has text alone, a number is its text and the
last column's NULLs are fields that short records lack; the others have none. DuckDB is handed the values, not
the object.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from random import Random
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

Kind = Literal[
    "int",
    "decimal",
    "wide decimal",
    "float",
    "text",
    "bool",
    "timestamp",
    "int text",
    "decimal text",
    "wide decimal text",
    "time text",
    "offset time text",
    "texts",
    "ints",
    "struct",
    "structs",
]
Format = Literal["csv", "json", "parquet"]
Compression = Literal["NONE", "GZIP", "BZIP2"]

_INNER = pa.struct({"w": pa.string(), "n": pa.int64()})

_ARROW_TYPES: dict[Kind, pa.DataType] = {
    "int": pa.int64(),
    "decimal": pa.decimal128(9, 2),
    "wide decimal": pa.decimal128(30, 4),
    "float": pa.float64(),
    "text": pa.string(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("ms", "UTC"),
    "texts": pa.list_(pa.string()),
    "ints": pa.list_(pa.int64()),
    "struct": pa.struct({"x": pa.int64(), "y": pa.string(), "z": _INNER}),
    "structs": pa.list_(pa.struct({"x": pa.int64(), "y": pa.string()})),
}

_WORDS = [
    "",
    "a",
    "b",
    "ab",
    "aab",
    "ba",
    "A",
    "aB",
    " a",
    "a ",
    "a%b",
    "a_b",
    "é",
    "日本",
    "x,y",
    'q"q',
    "1",
    "a\\b",
    "_b%",
]


@dataclass(frozen=True)
class Table:
    """``rows`` of values by column; ``columns`` names and kinds."""

    format: Format
    compression: Compression
    columns: dict[str, Kind]
    rows: list[tuple[Any, ...]]

    def contents(self) -> bytes:
        """The object."""
        if self.format == "parquet":
            return self._parquet()
        text = self._csv() if self.format == "csv" else self._json()
        if self.compression == "BZIP2":
            return bz2.compress(text, 1)
        middle = len(text) // 2
        members = gzip.compress(text[:middle], 1) + gzip.compress(text[middle:], 1)
        return members if self.compression == "GZIP" else text

    def inputs(self) -> dict[str, Any]:
        """The InputSerialization."""
        if self.format == "parquet":
            return {"Parquet": {}}
        form = {"CSV": {"FileHeaderInfo": "USE"}} if self.format == "csv" else {"JSON": {"Type": "LINES"}}
        return {**form, "CompressionType": self.compression}

    def load(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the table ``S3Object``."""
        connection.register("loaded", self._arrow())
        connection.execute("CREATE OR REPLACE TABLE S3Object AS SELECT * FROM loaded")
        connection.unregister("loaded")

    def _arrow(self) -> pa.Table:
        columns = zip(*self.rows, strict=True)
        arrays = [
            pa.array(values, _ARROW_TYPES.get(kind, pa.string()))
            for values, kind in zip(columns, self.columns.values(), strict=True)
        ]
        return pa.table(arrays, names=list(self.columns))

    def _csv(self) -> bytes:
        def field(value: str) -> str:
            return '"' + value.replace('"', '""') + '"' if set(value) & set(',"') else value

        lines = [",".join(self.columns)]
        lines += [",".join(field(value) for value in row if value is not None) for row in self.rows]
        return "".join(f"{line}\n" for line in lines).encode()

    def _json(self) -> bytes:
        lines = []
        for number, row in enumerate(self.rows):
            members = zip(self.columns, row, strict=True)
            # Every third record has its NULLs by leaving members out.
            lines.append(_object(members, with_nulls=number % 3 > 0) + "\n")
        return "".join(lines).encode()

    def _parquet(self) -> bytes:
        out = io.BytesIO()
        pq.write_table(self._arrow(), out, row_group_size=len(self.rows) // 3 + 1)
        return out.getvalue()


def _object(members: Iterable[tuple[str, Any]], *, with_nulls: bool) -> str:
    """A JSON object; NULLs are absent members unless *with_nulls*."""
    kept = ((name, value) for name, value in members if with_nulls or value is not None)
    return "{" + ",".join(f'"{name}": {_text(value, with_nulls)}' for name, value in kept) + "}"


def _text(value: Any, with_nulls: bool) -> str:
    """A JSON value; a decimal keeps its zeros."""
    if isinstance(value, dict):
        return _object(value.items(), with_nulls=with_nulls)
    if isinstance(value, list):
        return "[" + ", ".join(_text(element, with_nulls) for element in value) + "]"
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


_NESTED: dict[str, Kind] = {"o": "struct", "l": "texts", "k": "ints", "p": "structs"}

_COLUMNS: dict[Format, dict[str, Kind]] = {
    "csv": {
        "n": "int text",
        "m": "decimal text",
        "v": "wide decimal text",
        "t": "text",
        "u": "time text",
        "x": "offset time text",
        "w": "text",
    },
    "json": {
        "i": "int",
        "j": "int",
        "d": "decimal",
        "v": "wide decimal",
        "t": "text",
        "w": "text",
        "b": "bool",
        "u": "time text",
        "x": "offset time text",
        **_NESTED,
    },
    "parquet": {
        "i": "int",
        "j": "int",
        "d": "decimal",
        "v": "wide decimal",
        "f": "float",
        "t": "text",
        "w": "text",
        "b": "bool",
        "m": "timestamp",
        **_NESTED,
    },
}

#: Columns without NULL; in CSV all but the last.
_WHOLE = {"csv": {"n", "m", "v", "t", "u", "x"}, "json": {"j", "t", "u"}, "parquet": {"j", "t"}}


def random_table(random: Random, form: Format, most_rows: int) -> Table:
    """A table of at least a row."""
    columns = _COLUMNS[form]
    compression: Compression = random.choice(["NONE", "NONE", "GZIP", "BZIP2"])
    rows = []
    for _ in range(random.randrange(most_rows // 60 + 1, most_rows)):
        rows.append(
            tuple(
                None if name not in _WHOLE[form] and random.random() < 0.2 else _value(random, kind)
                for name, kind in columns.items()
            )
        )
    return Table(form, compression, columns, rows)


def _value(random: Random, kind: Kind) -> Any:
    match kind:
        case "int" | "int text":
            value = random.choice([random.randrange(-5, 6), random.randrange(-(10**6), 10**6)])
            return value if kind == "int" else str(value)
        case "decimal" | "decimal text":
            number = _decimal(
                random.choice([random.randrange(-300, 300), random.randrange(-(10**6), 10**6)]), 2
            )
            return number if kind == "decimal" else f"{number:f}"
        case "wide decimal" | "wide decimal text":
            # In 64 bits, just beyond them, and of 30 digits.
            digits = random.choice([6, 18, 19, 20, 30])
            number = _decimal(random.randrange(-(10**digits), 10**digits), 4)
            return number if kind == "wide decimal" else f"{number:f}"
        case "float":
            return random.choice([0.0, 1.5, -2.25, 1e10, random.uniform(-100, 100)])
        case "bool":
            return random.random() < 0.5
        case "text":
            return random.choice(_WORDS)
        case "texts" | "ints" | "structs":
            length = random.choice([0, 1, 2, 2, 3])
            return [None if random.random() < 0.15 else _element(random, kind) for _ in range(length)]
        case "struct":
            inner = {"w": _optional(random, "text"), "n": _optional(random, "int")}
            outer = None if random.random() < 0.2 else inner
            return {"x": _optional(random, "int"), "y": _optional(random, "text"), "z": outer}
    return _moment(random, kind)


def _element(random: Random, kind: Kind) -> Any:
    """An element of a list of *kind*."""
    if kind == "structs":
        return {"x": _optional(random, "int"), "y": _optional(random, "text")}
    return _value(random, "text" if kind == "texts" else "int")


def _optional(random: Random, kind: Kind) -> Any:
    return None if random.random() < 0.2 else _value(random, kind)


def _decimal(mantissa: int, scale: int) -> Decimal:
    return Decimal(mantissa).scaleb(-scale, Context(prec=60))


def _moment(random: Random, kind: Kind) -> Any:
    """A timestamp in UTC, or a text of one with any offset and of any precision from the day on."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        days=random.randrange(-20000, 30000), milliseconds=random.randrange(86_400_000)
    )
    if kind == "timestamp":
        return moment
    if kind == "time text":
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    precision = random.choice(["day", "minutes", "seconds", "milliseconds", "microseconds"])
    if precision == "day":
        return moment.date().isoformat()
    offset = random.choice(["Z", "+00:00", "-00:00", "+05:30", "-11:15", "+14:00"])
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + offset
