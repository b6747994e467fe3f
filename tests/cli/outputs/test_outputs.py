"""Every output, read back and compared with what the query answers."""

from __future__ import annotations

import csv
import gc
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import s3sql
from s3sql.cli.outputs import OUTPUTS, SUFFIXES, TableLook, open_writer, record_format, write_result
from s3sql.cli.outputs import parquet as parquet_output
from s3sql.cli.outputs.rows import page_of
from s3sql.display.table_text import table_text
from s3sql.errors import S3SelectError
from s3sql.result import Result

ROWS = [{"a": "1", "b": "x|y"}, {"a": "2", "b": 'say "z"\nnext'}, {"a": "3", "b": ""}]
CSV = b'a,b\n1,x|y\n2,"say ""z""\nnext"\n3,\n'
SQL = "SELECT s.a, s.b FROM S3Object s"


def ask(output: str, contents: bytes = CSV, sql: str = SQL, **keywords: Any) -> Result:
    keywords.setdefault("input_format", "csv")
    if keywords["input_format"] == "csv":
        keywords.update(file_header_info="USE", allow_quoted_record_delimiter=True)
    return s3sql.query(sql, contents, output_format=record_format(output), **keywords)


def written(output: str, *results: Result, look: TableLook | None = None) -> bytes:
    sink = io.BytesIO()
    writer = open_writer(output, sink, look)
    for result in results:
        writer.write(result)
    writer.finish()
    assert not sink.closed
    return sink.getvalue()


def read_back(output: str, text: bytes) -> list[dict[str, Any]]:
    if output == "csv":
        return [dict(zip("ab", row, strict=True)) for row in csv.reader(io.StringIO(text.decode()))]
    if output == "json":
        read: list[dict[str, Any]] = json.loads(text)
        return read
    if output == "jsonl":
        return [json.loads(line) for line in text.splitlines()]
    table = pa.ipc.open_stream(text).read_all() if output == "arrow" else pq.read_table(pa.BufferReader(text))
    return table.to_pylist()


@pytest.mark.parametrize("output", ["csv", "json", "jsonl", "arrow", "parquet"])
def test_what_is_written_can_be_read(output: str) -> None:
    assert read_back(output, written(output, ask(output))) == ROWS
    assert read_back(output, written(output, ask(output), ask(output))) == ROWS * 2


@pytest.mark.parametrize("output", ["csv", "json", "jsonl", "arrow", "parquet"])
def test_no_rows(output: str) -> None:
    nothing = f"{SQL} WHERE s.a = 'none'"
    assert read_back(output, written(output, ask(output, sql=nothing))) == []
    assert read_back(output, written(output, ask(output, sql=nothing), ask(output))) == ROWS


def test_write_result_writes_all_of_one_result() -> None:
    for output in OUTPUTS:
        sink = io.BytesIO()
        write_result(ask(output), output, sink)
        assert sink.getvalue() == written(output, ask(output)), output


def test_there_is_no_such_output() -> None:
    with pytest.raises(ValueError, match="it is one of table, csv"):
        open_writer("xml", io.BytesIO())
    assert set(SUFFIXES.values()) == set(OUTPUTS) - {"table"}


def test_json_is_one_document_of_many_payloads() -> None:
    lines = b"".join(b'{"n":%d,"t":"%s"}\n' % (number, b"x" * 900) for number in range(5000))
    text = written("json", ask("json", lines, "SELECT * FROM S3Object", input_format="json"))
    assert [row["n"] for row in json.loads(text)] == list(range(5000))
    assert text.startswith(b'[\n{"n":0,')
    assert text.endswith(b'"}\n]\n')


class CutError(Exception):
    """The sink is full."""


class Full(io.RawIOBase):
    """Takes so many bytes."""

    def __init__(self, room: int) -> None:
        self.taken = b""
        self._room = room

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if len(self.taken) + len(data) > self._room:
            raise CutError
        self.taken += bytes(data)
        return len(data)


class Outlived(io.BytesIO):
    """A sink that notes what is written when the writer is thrown away, as Arrow's own writers do."""

    late = b""
    begun = b""

    def cut(self) -> None:
        self.begun = self.getvalue()

    def write(self, data: Any) -> int:
        if self.begun:
            self.late += bytes(data)
        return super().write(data)


def fail_on_the_way(sink: Outlived, output: str) -> None:
    """Write rows, and then one that fails; nothing of the writer is left behind."""
    text = b"a,b\n" + b"1,x\n" * 600_000 + b"no,x\n"
    with pytest.raises(S3SelectError, match="CastFailed"):
        open_writer(output, sink).write(ask(output, text, "SELECT CAST(s.a AS INT) AS a FROM S3Object s"))
    sink.cut()


@pytest.mark.parametrize("output", ["json", "arrow", "parquet"])
def test_a_part_is_never_taken_for_the_whole(output: str) -> None:
    """A row that fails, far behind the first: what was written before it is visibly unfinished."""
    sink = Outlived()
    fail_on_the_way(sink, output)
    gc.collect()
    assert sink.late == b""
    begun = sink.begun
    if output == "json":
        assert begun.startswith(b'[\n{"a":1}')
        with pytest.raises(ValueError):
            json.loads(begun)
    if output == "parquet":
        with pytest.raises(pa.ArrowInvalid):
            pq.read_table(pa.BufferReader(begun))
    if output == "arrow":
        assert not begun.endswith(b"\xff\xff\xff\xff\x00\x00\x00\x00")


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_sink_that_fails(output: str) -> None:
    with pytest.raises(CutError):
        written_into(Full(3), output)


def written_into(sink: Any, output: str) -> None:
    writer = open_writer(output, sink)
    writer.write(ask(output))
    writer.finish()


def test_parquet_is_written_in_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_output, "GROUP_ROWS", 50_000)
    text = b"a,b\n" + b"".join(b"%d,xxxxxxxxxxxxxxxxxxxxxxxxxxx\n" % number for number in range(200_000))
    file = pq.ParquetFile(pa.BufferReader(written("parquet", ask("parquet", text))))
    assert file.metadata.num_rows == 200_000
    assert 1 < file.metadata.num_row_groups <= 4
    assert file.read(["a"])["a"].to_pylist() == [str(number) for number in range(200_000)]


MIXED = b'{"a":1}\n{"a":"x"}\n'


@pytest.mark.parametrize("output", ["arrow", "parquet", "markdown"])
def test_a_column_of_several_kinds(output: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        written(output, ask(output, MIXED, "SELECT s.a FROM S3Object s", input_format="json"))
    assert "schema=" not in caught.value.message
    assert caught.value.hint is not None
    assert "--mixed json" in caught.value.hint
    text = written(
        output, ask(output, MIXED, "SELECT s.a FROM S3Object s", input_format="json", mixed="json")
    )
    if output == "markdown":
        assert text == b'| a |\n| --- |\n| 1 |\n| "x" |\n'
    else:
        assert read_back(output, text) == [{"a": "1"}, {"a": '"x"'}]


@pytest.mark.parametrize("output", ["arrow", "parquet"])
def test_sources_with_other_columns(output: str) -> None:
    other = ask(output, sql="SELECT s.b FROM S3Object s")
    with pytest.raises(
        S3SelectError, match=r"The columns here are b string; those of the first source are a string"
    ):
        written(output, ask(output), other)


@pytest.mark.parametrize("output", ["arrow", "parquet"])
def test_results_without_rows_fit_every_file(output: str) -> None:
    """JSON tells the kinds of columns by its rows only."""

    def some(rows: bytes) -> Result:
        return ask(output, rows, "SELECT s.n FROM S3Object s WHERE s.n > 1", input_format="json")

    def everything(rows: bytes) -> Result:
        return ask(output, rows, "SELECT * FROM S3Object", input_format="json")

    two = b'{"n":2}\n'
    assert read_back(output, written(output, some(b'{"n":1}\n'), some(two), some(b""))) == [{"n": 2}]
    assert read_back(output, written(output, everything(b""), everything(two), everything(b""))) == [{"n": 2}]
    nothing = written(output, some(b'{"n":1}\n'))
    assert (read_back(output, nothing), b"n" in nothing) == ([], True)


@pytest.mark.parametrize("output", OUTPUTS)
def test_what_is_wrong_with_the_object_is_told(output: str) -> None:
    with pytest.raises(S3SelectError, match="not valid JSON"):
        written(output, ask(output, b"{bad", "SELECT * FROM S3Object", input_format="json"))


def test_rows_without_columns_are_no_parquet() -> None:
    with pytest.raises(S3SelectError, match="a Parquet file must have one"):
        written("parquet", ask("parquet", b"{}\n{}\n", "SELECT * FROM S3Object", input_format="json"))


def test_markdown() -> None:
    assert written("markdown", ask("markdown")).decode() == (
        '| a | b |\n| --- | --- |\n| 1 | x\\|y |\n| 2 | say "z"<br>next |\n| 3 |  |\n'
    )


def test_markdown_says_what_is_there() -> None:
    hostile = ["<b>", "a&b", "*x*", "_x_", "__x__", "a_b_c_d", "[l](u)", "`c`", "~~s~~", "a\\|b", "\r\n"]
    hostile += ["$x$", "\x1b[31m\0\x85\t."]
    lines = "".join(json.dumps({"n": n, "t": t}) + "\n" for n, t in enumerate(hostile)).encode()
    text = written("markdown", ask("markdown", lines, "SELECT s.n, s.t FROM S3Object s", input_format="json"))
    head, rule, *rows = text.decode().split("\n")
    assert (head, rule) == ("| n | t |", "| ---: | --- |")
    assert [row.split(" | ", 1)[1].removesuffix(" |") for row in rows[:-1]] == [
        "&lt;b>",
        "a&amp;b",
        r"\*x\*",
        r"\_x\_",
        r"\_\_x\_\_",
        "a_b_c_d",
        r"\[l\](u)",
        r"\`c\`",
        r"\~\~s\~\~",
        r"a\\\|b",
        "<br>",
        r"\$x\$",
        "\ufffd\\[31m\ufffd\ufffd\t.",
    ]


def test_markdown_of_rows_without_columns() -> None:
    def everything(rows: bytes) -> Result:
        return ask("markdown", rows, "SELECT * FROM S3Object", input_format="json")

    assert written("markdown", everything(b"{}\n{}\n")) == b"|  |\n| --- |\n|  |\n|  |\n"
    assert written("markdown", everything(b""), everything(b'{"a":1}\n')) == b"| a |\n| ---: |\n| 1 |\n"


def test_markdown_of_other_columns_is_another_table() -> None:
    other = ask("markdown", sql="SELECT s.b FROM S3Object s LIMIT 1")
    text = written("markdown", ask("markdown", sql=f"{SQL} LIMIT 1"), other).decode()
    assert text == "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n\n| b |\n| --- |\n| x\\|y |\n"


@pytest.fixture
def many() -> bytes:
    return b"".join(b'{"n":%d}\n' % number for number in range(2500))


def numbers(text: bytes) -> list[int]:
    lines = text.decode().splitlines()
    return [int(line.strip("│ ")) for line in lines if line.strip("│ ").isdigit()]


def test_a_table() -> None:
    page = page_of([json.dumps(row).encode() for row in ROWS])
    assert written("table", ask("table")).decode() == f"{table_text(page, width=None)}\n"
    assert written("table", ask("table"), look=TableLook(30, colour=True)).decode() == (
        f"{table_text(page, width=30, colour=True)}\n"
    )


def test_a_long_table_is_several(many: bytes) -> None:
    sql = "SELECT * FROM S3Object"
    text = written("table", ask("table", many, sql, input_format="json"))
    assert numbers(text) == list(range(2500))
    assert text.count("╭".encode()) == 3


@pytest.mark.parametrize(("most", "shown", "more"), [(10, 10, True), (2499, 2499, True), (2500, 2500, False)])
def test_a_table_of_the_first_rows(many: bytes, most: int, shown: int, more: bool) -> None:
    look = TableLook(most_rows=most, advice="Ask for more.")
    result = ask("table", many, "SELECT * FROM S3Object", input_format="json")
    text = written("table", result, look=look)
    assert numbers(text) == list(range(shown))
    assert text.decode().endswith(f"The first {shown:,} rows; there are more. Ask for more.\n") is more


def test_a_table_of_nothing_and_of_names_that_come_twice() -> None:
    assert written("table", ask("table", sql=f"{SQL} WHERE s.a = 'none'")) == b"No rows.\n"
    twice = written("table", ask("table", sql="SELECT s.a AS x, s.b AS x FROM S3Object s LIMIT 1"))
    assert twice.decode().splitlines()[1].split() == ["│", "x", "│", "x", "│"]


def test_a_table_in_ascii() -> None:
    text = written("table", ask("table", b"a,b\n\xc3\xa9,2\n"), look=TableLook(encoding="ascii")).decode(
        "ascii"
    )
    assert text.splitlines()[0] == "+--------+--------+"
    assert "| ?      |      2 |" in text


def test_a_file(tmp_path: Path) -> None:
    with open(tmp_path / "x", "wb") as sink:
        write_result(ask("csv"), "csv", sink)
    assert (tmp_path / "x").read_bytes() == written("csv", ask("csv"))
