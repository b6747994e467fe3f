"""A table in Markdown, as GitHub reads it.

In: record batches of results.  Out: a line of names, one of dashes, a line for every row.

A cell is one line: line breaks become ``<br>``, and characters that Markdown would act on are escaped, so
that every text is read as it is; ``$`` is one, as GitHub reads formulas between two of them. Control
characters, which have no place in Markdown, become U+FFFD. NULL is an empty cell.

Source of the dialect: GitHub Flavored Markdown Spec, "Tables (extension)" and "Insecure characters".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from s3sql.cli.outputs.columns import batches, schema_of
from s3sql.cli.outputs.writer import Sink

if TYPE_CHECKING:
    from s3sql.result import Result

#: An underscore between two letters or digits means nothing, and names are full of them. Two matches do not
#: share a letter, so it takes two rounds to find those of ``a_b_c``.
_WITHIN_WORD = (r"([0-9A-Za-z])\\_([0-9A-Za-z])", r"\1_\2")

#: Patterns and what takes their place, in this order.
_REPLACEMENTS = (
    ("&", "&amp;"),
    ("<", "&lt;"),
    (r"([\\`*\[\]|~$_])", r"\\\1"),
    _WITHIN_WORD,
    _WITHIN_WORD,
    (r"\r\n|\n|\r", "<br>"),
    (r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]", "\ufffd"),
)

#: What none of them finds anything in has none of these.
_ANY = r"[&<\\`*\[\]|~$_\x00-\x08\x0a-\x1f\x7f-\x{9f}]"


class MarkdownWriter:
    """Writes one table for all results with the same columns, and another where they change."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._names: list[str] | None = None

    def write(self, result: Result, title: str = "") -> None:
        """Write the rows of *result*, batch by batch."""
        schema = schema_of(result)
        if schema.names:
            self._write_head(schema)
        for batch in batches(result):
            if batch.num_rows:
                self._write_head(schema)
                self._sink.write(_lines([_cells(column) for column in batch.columns], batch.num_rows))
            self._sink.flush()

    def finish(self) -> None:
        """Flush."""
        self._sink.flush()

    def _write_head(self, schema: pa.Schema) -> None:
        """Begin a table of these columns, unless the one that has begun has them."""
        if schema.names == self._names:
            return
        if self._names is not None:
            self._sink.write(b"\n")
        self._names = schema.names
        names = [str(name) for name in _escaped(pa.array(schema.names, pa.string())).to_pylist()]
        rules = ["---:" if _is_number(field.type) else "---" for field in schema] or ["---"]
        self._sink.write(f"| {' | '.join(names)} |\n| {' | '.join(rules)} |\n".encode())


def _is_number(type_: pa.DataType) -> bool:
    return pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)


def _cells(column: pa.Array[Any]) -> pa.Array[Any]:
    return _escaped(column.cast(pa.string()))


def _escaped(texts: pa.Array[Any]) -> pa.Array[Any]:
    if not pc.any(pc.match_substring_regex(texts, _ANY)).as_py():
        return texts
    for pattern, replacement in _REPLACEMENTS:
        texts = pc.replace_substring_regex(texts, pattern, replacement)
    return texts


def _lines(columns: list[pa.Array[Any]], rows: int) -> bytes:
    """The rows between bars, a line each."""
    if not columns:
        return b"|  |\n" * rows
    texts = [column.cast(pa.large_string()) for column in columns]
    bar = pa.scalar(" | ", pa.large_string())
    join: Any = pc.binary_join_element_wise
    inside = join(*texts, bar, null_handling="replace", null_replacement="")
    begin, end, nothing = (pa.scalar(text, pa.large_string()) for text in ("| ", " |\n", ""))
    lines = join(begin, inside, end, nothing)
    # The lines lie one behind the other in the array's own buffer.
    _, offsets, text = lines.buffers()
    ends = memoryview(offsets).cast("q")
    return bytes(memoryview(text)[ends[lines.offset] : ends[lines.offset + len(lines)]])
