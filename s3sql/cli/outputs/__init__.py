"""The forms in which rows are written.

In: results, one after the other.  Out: bytes in a sink.

    table       for people: a frame, names, types; one table for each result
    csv         the records as S3 Select serialises them
    json        one JSON document: the list of all records
    jsonl       one JSON object a line, as S3 Select serialises them
    markdown    a table in GitHub's dialect
    arrow       an Arrow IPC stream
    parquet     a Parquet file

A result's records are serialised as its query was told, so whoever writes a result as *output* asks
:func:`s3sql.query` for ``output_format=record_format(output)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from s3sql.cli.outputs.writer import ScreenSink, Sink, TableLook, Writer

if TYPE_CHECKING:
    from s3sql.result import Result

__all__ = [
    "BINARY",
    "OUTPUTS",
    "SUFFIXES",
    "ScreenSink",
    "Sink",
    "TableLook",
    "Writer",
    "open_writer",
    "record_format",
    "write_result",
]

#: Every output by its name.
OUTPUTS: tuple[str, ...] = ("table", "csv", "json", "jsonl", "markdown", "arrow", "parquet")

#: Those that a terminal cannot show.
BINARY = frozenset({"arrow", "parquet"})

#: The output that the suffix of a file means.
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".md": "markdown",
    ".markdown": "markdown",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".parquet": "parquet",
}


def record_format(output: str) -> Literal["csv", "json"]:
    """The ``output_format`` of the query whose result is to be written as *output*."""
    return "csv" if output == "csv" else "json"


def open_writer(output: str, sink: Sink, look: TableLook | None = None) -> Writer:
    """The writer of *output* into *sink*; *look* is that of tables.

    Raises:
        ValueError: there is no such output.
    """
    # Each output is loaded when it is asked for: some need rich, some a part of pyarrow.
    if output == "table":
        from s3sql.cli.outputs.table import TableWriter

        return TableWriter(sink, look or TableLook())
    if output in ("csv", "jsonl"):
        from s3sql.cli.outputs.records import RecordsWriter

        return RecordsWriter(sink)
    if output == "json":
        from s3sql.cli.outputs.json_document import JsonDocumentWriter

        return JsonDocumentWriter(sink)
    if output == "markdown":
        from s3sql.cli.outputs.markdown import MarkdownWriter

        return MarkdownWriter(sink)
    if output == "arrow":
        from s3sql.cli.outputs.arrow import ArrowWriter

        return ArrowWriter(sink)
    if output == "parquet":
        from s3sql.cli.outputs.parquet import ParquetWriter

        return ParquetWriter(sink)
    raise ValueError(f"output is {output!r}; it is one of {', '.join(OUTPUTS)}")


def write_result(result: Result, output: str, sink: Sink, look: TableLook | None = None) -> None:
    """Write one whole result.

    Args:
        result: made with ``output_format=record_format(output)``; it is read to its end, or to the end of
            what *look* allows.
        output: one of :data:`OUTPUTS`.
        sink: gets the bytes; it is flushed and left open.
        look: of a table.

    Raises:
        S3SelectError: what is wrong with a row or with the object.
        TimeoutError: the time-out has passed.
        OSError: the sink takes no more.
        ValueError: there is no such output.
    """
    writer = open_writer(output, sink, look)
    writer.write(result)
    writer.finish()
