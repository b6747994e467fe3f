"""Target ``csv``: ten bytes choose dialect, header, query, a scan range and what stands before the text."""

from __future__ import annotations

from unittest import mock

from s3sql.errors import S3SelectError
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.request import CsvInput, CsvOutput, JsonOutput, ScanRange, SelectRequest
from tests.fuzz.draws import Draws
from tests.fuzz.runs import LONGEST, answer, check_columns, check_morsels
from tests.scans import Scanned
from tests.twins import csv_rows
from tests.twins.records import json_record

WORDS: tuple[str, ...] = (
    '"',
    '""',
    ",",
    "\r\n",
    "\n",
    "\r",
    "#",
    '",',
    ',"',
    '"\n',
    ";;",
    "\\",
    "\ufeff",
    "é",
)

_ALL = "SELECT * FROM S3Object"
_QUERIES = (
    _ALL,
    "SELECT COUNT(*) FROM S3Object",
    "SELECT s._2, _1 FROM S3Object s WHERE _1 = 'a'",
    "SELECT _3 FROM S3Object WHERE _2 LIKE '%abc%'",
    "SELECT * FROM S3Object WHERE _1 > 1 AND _2 < 'b'",
    "SELECT * FROM S3Object s LIMIT 2",
    "SELECT SUM(CAST(_1 AS INT)), MAX(_2) FROM S3Object",
    "SELECT a FROM S3Object WHERE \"b\" <> ''",
    "SELECT CAST(_1 AS DECIMAL) * 2 FROM S3Object WHERE _2 BETWEEN 1 AND 5",
)
_FIELDS = (",", "\t", ";", "|", "§", "\0", "\r", '"', "\\")
_RECORDS = (None, "\n", "\r\n", "\r", ";;", "ab", "§", "\n\n", "||", "|;", "\\n", "\u0100\u0101")
_QUOTES = ('"', "'", "", "”", "\n", "\\")
_ESCAPES = ('"', "\\", "'", "§", "\n", ",")
_COMMENTS = ("#", "", "'", '"', "\ufdd0", "\n")


def check(data: bytes) -> None:
    """All passes, and the twin, find the same records wherever morsels and scan ranges end."""
    draws = Draws(data)
    try:
        inputs = CsvInput(
            field_delimiter=draws.pick(_FIELDS),
            record_delimiter=draws.pick(_RECORDS),
            quote_character=draws.pick(_QUOTES),
            quote_escape_character=draws.pick(_ESCAPES),
            comments=draws.pick(_COMMENTS),
            allow_quoted_record_delimiter=draws.flag(),
            file_header_info=draws.pick(("NONE", "USE", "IGNORE")),
        )
    except S3SelectError:
        return
    sql = draws.pick(_QUERIES)
    cut = draws.byte()
    outputs = CsvOutput() if cut & 1 else JsonOutput()
    record = f"a{inputs.field_delimiter}b{inputs.record_delimiter or chr(10)}"
    text = record.encode() * draws.below(40) + draws.rest()
    request = SelectRequest(sql, inputs, outputs)
    usual = answer(request, text)
    with mock.patch.object(CsvDialect, "fast", False):
        assert answer(request, text) == usual, "the general pass"
    assert answer(request, text, optimized=False) == usual, "as bound"
    check_columns(request, text, usual)
    check_morsels(request, text)
    if sql == _ALL and inputs.file_header_info == "NONE":
        _check_twin(inputs, text)
    if not inputs.allow_quoted_record_delimiter and sql == _ALL:
        _check_scan_ranges(request, text, cut)


def _check_twin(inputs: CsvInput, contents: bytes) -> None:
    try:
        text = contents.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        return
    bare = inputs.record_delimiter is None
    dialect = csv_rows.Dialect(
        inputs.field_delimiter,
        inputs.record_delimiter or "\n",
        inputs.quote_character,
        inputs.quote_escape_character,
        inputs.comments,
        bare,
        inputs.allow_quoted_record_delimiter,
    )
    rows, code = csv_rows.read(text, dialect)
    records = [json_record([(f"_{number}", field) for number, field in enumerate(row, 1)]) for row in rows]
    got = answer(SelectRequest(_ALL, inputs, JsonOutput()), contents)
    assert got == Scanned(records, code), "the twin"


def _check_scan_ranges(request: SelectRequest, text: bytes, cut: int) -> None:
    """Two ranges that share a border have all records between them, each once."""
    whole = answer(request, text, morsel=2 * LONGEST + 8, longest=LONGEST)
    if whole.code is not None or not 0 < cut < len(text):
        return
    records: list[bytes] = []
    for start, end in ((0, cut - 1), (cut, len(text) - 1)):
        part = SelectRequest(
            request.expression, request.input, request.output, scan_range=ScanRange(start, end)
        )
        got = answer(part, text, morsel=2 * LONGEST + 8, longest=LONGEST)
        if got.code == "UnsupportedScanRangeInput":
            # Of some delimiters only the whole text tells what they mean.
            return
        assert got.code is None, f"bytes {start} to {end}: {got.code}"
        records += got.records
    assert records == whole.records, f"ranges that meet at byte {cut}"
