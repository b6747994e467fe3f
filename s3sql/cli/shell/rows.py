"""The rows of a query, written in the mode of the session.

In: a result.  Out: bytes. The modes are the outputs of the command line that a person can read, and ``line``:
one column a line, for rows that are wider than the screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len

from s3sql.cli.outputs import BINARY, OUTPUTS, Sink, TableLook, record_format, write_result
from s3sql.cli.outputs.records import payloads
from s3sql.cli.outputs.rows import page_of
from s3sql.cli.query import TERMINAL_ROWS
from s3sql.display.cells import cells, visible

if TYPE_CHECKING:
    from s3sql.result import Result

#: Everything but what no terminal shows, and what cannot follow each other in one file.
MODES: tuple[str, ...] = (*(output for output in OUTPUTS if output not in BINARY), "line")

#: Most rows on a screen, unless ``.limit`` says otherwise, and what is said where there are more.
SCREEN_ROWS = TERMINAL_ROWS
MORE_ROWS = ".limit N shows N of them; .mode csv, or .output FILE, takes all."

#: Most characters of a value in ``line``.
_LONGEST_VALUE = 2_000


def payload_format(mode: str) -> Literal["csv", "json"] | None:
    """How S3 Select is to serialise the rows for *mode*; None: as it does of itself."""
    if not mode:
        return None
    return record_format("json" if mode == "line" else mode)


def rows_to_ask(mode: str) -> int | None:
    """The rows that a query is asked for if a screen shows them in *mode*; None for all."""
    # One more than is shown tells that there are more.
    return SCREEN_ROWS + 1 if mode in ("table", "line") else None


def write_rows(result: Result, mode: str, sink: Sink, look: TableLook) -> None:
    """Write the rows of *result*, which was made with the payload format of *mode*.

    Of a table, or of ``line``, no more rows than *look* allows are written.

    Raises:
        S3SelectError: what is wrong with a row or with the object.
        OSError: the sink takes no more.
    """
    if mode == "line":
        _write_lines(result, sink, look)
    else:
        # CSV and JSON lines are written alike: as the payload comes.
        write_result(result, mode or "csv", sink, look)


def _write_lines(result: Result, sink: Sink, look: TableLook) -> None:
    """Write ``name = value`` for every column, an empty line between rows."""
    most, written = look.most_rows, 0
    rest = b""
    for payload in payloads(result):
        *lines, rest = (rest + payload).split(b"\n")
        shown = lines if most is None else lines[: most - written]
        if shown:
            text = _lines(shown)
            sink.write(f"{'' if not written else chr(10)}{text}".encode(look.encoding, "backslashreplace"))
        written += len(shown)
        if len(shown) < len(lines):
            result.close()
            sink.write(f"\nThe first {written:,} rows; there are more. {look.advice}\n".encode())
            break
    sink.flush()


def _lines(records: list[bytes]) -> str:
    """The *records*, lines of JSON, one column a line."""
    page = page_of(records)
    names = [visible(name) for name in page.column_names]
    widest = max(map(cell_len, names), default=0)
    heads = [f"{' ' * (widest - cell_len(name))}{name}" for name in names]
    columns = [cells(column, _LONGEST_VALUE) for column in page.columns]
    rows = (
        "".join(f"{head} = {column[row].text}\n" for head, column in zip(heads, columns, strict=True))
        for row in range(page.num_rows)
    )
    return "\n".join(rows)
