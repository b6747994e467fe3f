"""Output records as the rules say them, one at a time, in plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from s3sql.request import CsvOutput
from tests.twins.json_rows import MISSING, Struct, compact


def csv_record(fields: Iterable[str], output: CsvOutput) -> bytes:
    """Fields joined and quoted as the output settings ask, the delimiter behind them."""
    return (output.field_delimiter.join(_field(f, output) for f in fields) + output.record_delimiter).encode()


def _field(value: str, output: CsvOutput) -> str:
    quote, escape = output.quote_character, output.quote_escape_character
    if not quote:
        return value
    causes = [output.field_delimiter, quote, *output.record_delimiter, "\r", "\n"]
    if output.quote_fields == "ASNEEDED" and not any(cause in value for cause in causes):
        return value
    return quote + "".join(escape + c if c in (quote, escape) else c for c in value) + quote


def json_record(members: Sequence[tuple[str, object]], delimiter: str = "\n") -> bytes:
    """One object; MISSING members are left out."""
    kept = Struct((name, value) for name, value in members if value is not MISSING)
    return (compact(kept) + delimiter).encode()
