"""What is made of rows is bounded: pieces give what the whole gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import s3sql
from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.exec import footprint
from s3sql.exec.footprint import Footprint
from s3sql.plan.expr import CsvField, Expr, ListOf, Literal
from s3sql.plan.operators import Arithmetic, Call, Cast, Compare, Concat
from s3sql.types import Kind
from tests.scans import worker_count

CSV = b"".join(b'%d,"a ""%d""",%s\n' % (number, number % 7, b"x" * (number % 50)) for number in range(600))
JSON = b"".join(b'{"a":%d,"b":["x","y%d"]}\n' % (number, number) for number in range(300))
BAD = CSV + b"x,y,z\n" + CSV


def answer(sql: str, source: bytes, **options: object) -> tuple[bytes, str]:
    """The records, and the code of the error behind them."""
    records = b""
    try:
        for event in s3sql.query(sql, source, **options).events():  # type: ignore[arg-type]
            if "Records" in event:
                records += event["Records"]["Payload"]
    except S3SelectError as error:
        return records, error.code
    return records, ""


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("sql", "source", "form"),
    [
        ("SELECT * FROM S3Object", CSV, "csv"),
        ("SELECT s.*, 'more' FROM S3Object s WHERE _3 LIKE '%xxx%'", CSV, "csv"),
        ("SELECT _1 || _2 || _3, UPPER(_3) FROM S3Object WHERE CAST(_1 AS INT) % 3 = 1", CSV, "csv"),
        ("SELECT 'a long constant', _2 FROM S3Object LIMIT 477", CSV, "csv"),
        ("SELECT SUM(CHAR_LENGTH(_3 || _3)), COUNT(*), MAX(CAST(_1 AS INT)) FROM S3Object", CSV, "csv"),
        ("SELECT _2, CAST(_1 AS INT) FROM S3Object", BAD, "csv"),
        ("SELECT _2 FROM S3Object WHERE CAST(_1 AS INT) >= 0", BAD, "csv"),
        ("SELECT COUNT(*) FROM S3Object WHERE CAST(_1 AS INT) >= 0", BAD, "csv"),
        ("SELECT _2 FROM S3Object", CSV + b'"open\n' + CSV, "csv"),
        ("SELECT s.a, [s.b, s.b] FROM S3Object s", JSON, "json"),
        ("SELECT * FROM S3Object[*].b[*] t WHERE t || 'z' <> 'xz'", JSON, "json"),
        ("SELECT COUNT(t || t) FROM S3Object[*].b[*] t", JSON, "json"),
        ("SELECT s.b FROM S3Object s", JSON + b"{]" + JSON, "json"),
    ],
)
def test_pieces_give_what_the_whole_gives(
    sql: str, source: bytes, form: str, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"input_format": form, "output_format": "json"}
    # However slow the machine: what fails in the first mebibyte comes instead of the rows before it.
    monkeypatch.setattr(engine, "BEFORE_STREAM_SECONDS", math.inf)
    with worker_count(workers):
        whole = answer(sql, source, **options)
        for size in (900, 20_000):
            monkeypatch.setattr(footprint, "PIECE_BYTES", size)
            assert answer(sql, source, **options) == whole


def test_rows_repeating_a_long_text_do_not_exhaust_memory() -> None:
    # All rows at once would be 3 GB; offsets of 32 bits would have wrapped.
    sql = f"SELECT MIN(CHAR_LENGTH(_1 || '{'x' * 100_000}')) FROM S3Object LIMIT 1"
    assert answer(sql, b"a\n" * 30_000, input_format="csv") == (b"100001\n", "")


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(0, 40), st.integers(0, 9), st.data()
)
def test_pieces_cover_the_rows_once(
    lengths: list[int], per_row: int, per_byte: int, data: st.DataObject
) -> None:
    ends = np.cumsum(lengths).astype(np.int64)
    starts = ends - np.array(lengths)
    size = data.draw(st.integers(1, 500))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(footprint, "PIECE_BYTES", size)
        pieces = list(Footprint(per_row, per_byte).pieces(starts, ends))
    assert [row for begin, end in pieces for row in range(begin, end)] == list(range(len(lengths)))
    for begin, end in pieces:
        made = per_row * (end - begin) + per_byte * int(ends[end - 1] - starts[begin])
        assert made <= size or end == begin + 1


def test_a_footprint_counts_constants_for_every_row_and_fields_by_their_repetitions() -> None:
    first, second = CsvField(number=0), CsvField(number=1)
    text = Literal(kind=Kind.STRING, value="x" * 1000)
    assert Footprint.of([first, second]) == Footprint(0, 1, frozenset({0, 1}))
    assert Footprint.of([Concat(left=first, right=first), second]).per_byte == 2
    assert Footprint.of([Call(function="UPPER", arguments=(first,))]).per_byte == 3
    assert Footprint.of([ListOf(items=(first, ListOf(items=(second,))))]).per_byte == 6
    assert Footprint.of([Concat(left=first, right=text)]).per_row >= 1000


def test_what_is_only_looked_at_makes_no_text() -> None:
    field, number = CsvField(number=0), Literal(kind=Kind.INT, value=1)
    added: Expr = Cast(operand=field, kind=Kind.INT)
    once = Footprint.of([Arithmetic(operator="+", left=added, right=number)])
    for _ in range(5000):
        added = Arithmetic(operator="+", left=added, right=number)
    assert Footprint.of([added]) == once
    assert Footprint.of([Compare(operator="=", left=field, right=number)]).per_row == 0
    assert Footprint.of([Cast(operand=added, kind=Kind.STRING)]).per_row > once.per_row


def test_every_text_of_a_chain_counts() -> None:
    field, text = CsvField(number=0), Literal(kind=Kind.STRING, value="xyz")
    joined: Expr = field
    for _ in range(5000):
        joined = Concat(left=Concat(left=joined, right=text), right=field)
    made = Footprint.of([joined])
    assert made.per_byte == 5001
    assert made.per_row >= 5000 * 3
