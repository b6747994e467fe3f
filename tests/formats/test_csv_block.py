"""The CSV kernels against the plain-Python twin, and the fast passes against the general one."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3sql.buffers import PADDING, PaddedBuffer
from s3sql.formats import csv_block
from s3sql.formats.base import Morsel
from s3sql.formats.csv_block import CsvBlock, arena_room, index_block
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.scratch import Scratch
from tests.twins import csv_rows
from tests.twins.csv_rows import Dialect

COLUMNS = (0, 1, 3)


def kernel_dialect(dialect: Dialect) -> CsvDialect:
    return CsvDialect(
        dialect.field.encode(),
        dialect.record.encode(),
        dialect.quote.encode(),
        dialect.escape.encode(),
        dialect.comment.encode(),
        dialect.bare_return,
        dialect.allow,
    )


def block_of(text: str, dialect: Dialect, *, general: bool = False) -> CsvBlock:
    contents = text.encode()
    buffer = PaddedBuffer.empty(len(contents) + arena_room(len(contents)))
    # Stale bytes behind the block must not matter.
    buffer.array[:] = 0x22
    buffer.array[: len(contents)] = PaddedBuffer.copy_of(contents).array[: len(contents)]
    index = csv_block.general_index if general else index_block
    return index(Morsel(buffer, len(contents), 0, at_end=True), kernel_dialect(dialect), COLUMNS, Scratch())


def columns_of(block: CsvBlock) -> list[list[str | None]]:
    contents = block.buffer.tobytes()
    return [
        [None if s < 0 else contents[s:e].decode() for s, e in row[2:].reshape(-1, 2).tolist()]
        for row in block.table
    ]


def expected(text: str, dialect: Dialect) -> tuple[list[list[str | None]], str | None]:
    records, code = csv_rows.read(text, dialect)
    rows = [[record[c] if c < len(record) else None for c in COLUMNS] for record in records]
    return rows, code


@dataclass(frozen=True)
class Case:
    text: str
    dialect: Dialect


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Texts made of a dialect's own special characters, so that every rule meets every other."""
    dialect = Dialect(
        field=draw(st.sampled_from([",", "|", "\t", "§", "\r", ";"])),
        record=draw(st.sampled_from(["\n", "\r\n", ";", "\r", "§", "||", "ab", "\n\n", "|;"])),
        quote=draw(st.sampled_from(['"', "'", "", "”"])),
        escape=draw(st.sampled_from(['"', "'", "\\", "§", "”"])),
        comment=draw(st.sampled_from(["#", "", "\ufdd0", '"'])),
        bare_return=False,
        allow=draw(st.booleans()),
    )
    if draw(st.booleans()):
        dialect = Dialect(field=dialect.field if dialect.field != "\n" else ",", allow=dialect.allow)
    pieces = [dialect.field, dialect.record, dialect.quote, dialect.escape, dialect.comment]
    pieces += ["a", "bc", "\r", "\n", "\r\n", "é", " ", dialect.quote * 2, "x" * 70]
    text = "".join(draw(st.lists(st.sampled_from(pieces), max_size=40)))
    return Case(text, dialect)


@given(cases())
@example(Case('a,"b""c",d\r\n#"\nx', Dialect()))
@example(Case("a" * 63 + '"', Dialect()))
@settings(max_examples=1500, deadline=None)
def test_bounds_are_those_of_the_twin(case: Case) -> None:
    rows, code = expected(case.text, case.dialect)
    block = block_of(case.text, case.dialect)
    assert columns_of(block) == rows
    assert (block.error.code if block.error else None) == code


@st.composite
def tables(draw: st.DrawFn) -> Case:
    """Well-formed tables, which the fast passes serve."""
    dialect = Dialect(
        record=draw(st.sampled_from(["\n", "\r\n"])),
        bare_return=False,
        allow=draw(st.booleans()),
        comment=draw(st.sampled_from(["#", ""])),
    )
    if dialect.record == "\n":
        dialect = Dialect(allow=dialect.allow, comment=dialect.comment)
    inner = ["", "a", "x" * 80, "12.5", "é", '"q"', '"a""b"', '","', '""', '"\r\n"' if dialect.allow else "z"]
    rows = draw(st.lists(st.lists(st.sampled_from(inner), min_size=1, max_size=6), max_size=30))
    ends = ["\n", "\r\n"] if dialect.bare_return else [dialect.record]
    text = "".join(",".join(row) + draw(st.sampled_from(ends)) for row in rows)
    if draw(st.booleans()):
        text = text[: -len(dialect.record)]
    return Case(text, dialect)


@given(tables())
@settings(max_examples=600, deadline=None)
def test_fast_passes_give_what_the_general_pass_gives(case: Case) -> None:
    fast, general = block_of(case.text, case.dialect), block_of(case.text, case.dialect, general=True)
    assert columns_of(fast) == columns_of(general) == expected(case.text, case.dialect)[0]
    assert fast.table[:, :2].tolist() == general.table[:, :2].tolist()
    assert (fast.error is None) == (general.error is None)


def test_regular_quotes_do_not_need_the_general_pass() -> None:
    text = 'a,"b, c","say ""hi""",d\r\n"x",,"",\n' * 50
    block = block_of(text, Dialect())
    assert block.fields is None
    assert block.rows == 100


def test_invalid_utf8_ends_the_block_before_its_record() -> None:
    contents = b"a,b\nc,d\n\xff,e\nf,g\n"
    buffer = PaddedBuffer.empty(len(contents) + arena_room(len(contents)))
    buffer.array[: len(contents)] = PaddedBuffer.copy_of(contents).array[: len(contents)]
    dialect = kernel_dialect(Dialect())
    block = index_block(Morsel(buffer, len(contents), 1000, at_end=True), dialect, COLUMNS, Scratch())
    assert columns_of(block) == [["a", "b", None], ["c", "d", None]]
    assert block.error is not None
    assert block.error.code == "InvalidTextEncoding"
    assert "near byte 1,008." in block.error.message
    assert block.error_at == 8
    assert buffer.array.size >= len(contents) + PADDING


def test_a_record_over_the_limit_fails() -> None:
    for text in ("a,b\n" + "x" * (1 << 20) + "y\nz\n", 'a,"b"\n' + '"' + "x" * (1 << 20) + '"\nz\n'):
        block = block_of(text, Dialect())
        assert block.rows == 1
        assert block.error is not None
        assert block.error.code == "OverMaxRecordSize"
    assert block_of("a,b\n" + "x" * (1 << 20) + "\nz\n", Dialect()).rows == 3
