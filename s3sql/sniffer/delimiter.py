"""The field delimiter of a CSV text.

In: the beginning of a text, and what has been said of its dialect.  Out: :class:`Table`: the records as they
are read with the best delimiter, and that delimiter as a choice.

Comma, semicolon, tab and vertical bar are tried, each by reading the records with it, so quotes and comments
count as in a query. Of each three things are asked: do the records have the same number of fields, are these
many, and do they look as if nothing in them still had to be divided? A decimal comma, ``1,50;2,75``, fails in
the last: divided at the comma it leaves ``50;2``. A comma wins ties, since a CSV object has it unless
something says otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.csv_records import CsvRecords, first_records
from s3sql.request import CsvInput
from s3sql.sniffer.beginning import Beginning
from s3sql.sniffer.choices import Choice
from s3sql.sniffer.looks import Look, look_of

#: In the order in which they win ties.
CANDIDATES = (",", ";", "\t", "|")

NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}

#: Most records that are looked at, and of these, most whose fields are, and most fields of each.
MOST_RECORDS = 2000
_FIELDS_OF_RECORDS, _FIELDS_OF_EACH = 100, 50

#: With fewer records of the same number of fields than this share of all, a delimiter divides by chance.
_LEAST_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Table:
    """The first records of a text, read with ``csv``; a record that was cut short is none of them.

    ``cut_record``: there is not even one whole record, and this one is the beginning of the first.
    """

    csv: CsvInput
    records: CsvRecords
    delimiter: Choice
    quoted_delimiters: Choice
    cut_record: bool


def table_of(beginning: Beginning, csv: CsvInput, said: Choice | None, *, quoted: Choice | None) -> Table:
    """The table of a text. *csv*: what has been said of the dialect, defaults elsewhere.

    ``said``: the field delimiter, None if it is to be found; ``quoted``: likewise, whether quoted fields may
    hold record delimiters.
    """
    if said is not None:
        return _read(beginning, csv, said, quoted)
    taken = {csv.quote_character, csv.comments, csv.record_delimiter or "\n"}
    tables = [
        _read(beginning, replace(csv, field_delimiter=one), Choice(one, "content"), quoted)
        for one in CANDIDATES
        if one not in taken
    ]
    scored = [(_score(table), -number, table) for number, table in enumerate(tables)]
    score, _, best = max(scored, key=lambda entry: entry[:2], default=(0.0, 0, None))
    if best is None or not score:
        return _read(beginning, csv, Choice(csv.field_delimiter, "default"), quoted)
    return replace(best, delimiter=replace(best.delimiter, evidence=_evidence(best.records)))


def _read(beginning: Beginning, csv: CsvInput, delimiter: Choice, quoted: Choice | None) -> Table:
    """The records of a text with a certain delimiter."""
    given = quoted or Choice("FALSE", "default")
    records, cut = _records(beginning, csv)
    if quoted is None and records.broken_by_quotes:
        wider = replace(csv, allow_quoted_record_delimiter=True)
        more, more_cut = _records(beginning, wider)
        # A quote that is never closed would take the rest of the text for one field.
        if len(more) > len(records) and not more_cut:
            words = "a quoted field of the first records has a line break in it"
            return Table(wider, more, delimiter, Choice("TRUE", "content", words), cut_record=False)
    return Table(csv, records, delimiter, given, cut)


def _records(beginning: Beginning, csv: CsvInput) -> tuple[CsvRecords, bool]:
    """The records, and whether the only one is cut short."""
    dialect = CsvDialect.of(csv)
    records = first_records(beginning.text, dialect, at_end=beginning.whole, most=MOST_RECORDS)
    if len(records) or beginning.whole or records.broken_by_quotes:
        return records, False
    return first_records(beginning.text, dialect, at_end=True, most=1), True


def _score(table: Table) -> float:
    """How well a delimiter divides; 0 if it does not."""
    usual, share = usual_count(table.records)
    if usual < 2 or share < _LEAST_SHARE:
        return 0.0
    fields = [field for record in _usual_records(table.records, usual) for field in record]
    others = [one for one in CANDIDATES if one != table.csv.field_delimiter]
    whole = sum(not _is_divisible(field, others) for field in fields)
    # Squared: what divides some records only, or all but the header line, is likelier to stand within fields.
    return share**2 * (1 - 1 / usual) * whole / len(fields)


def usual_count(records: CsvRecords) -> tuple[int, float]:
    """The number of fields that most records have, and the share of those that have it."""
    counts = Counter(records.counts())
    if not counts:
        return 0, 0.0
    usual, times = max(counts.items(), key=lambda entry: (entry[1], entry[0]))
    return usual, times / counts.total()


def _usual_records(records: CsvRecords, usual: int) -> Iterator[tuple[str, ...]]:
    """Some fields of the first records that have the usual number of them."""
    numbers = (number for number, count in enumerate(records.counts()) if count == usual)
    for _, number in zip(range(_FIELDS_OF_RECORDS), numbers, strict=False):
        yield records.fields(number, _FIELDS_OF_EACH)


def _is_divisible(field: str, others: list[str]) -> bool:
    """Whether another delimiter stands in *field*, but not as the decimal or thousands mark of a number."""
    return any(other in field for other in others) and look_of(field) in (Look.TEXT, Look.EMPTY)


def _evidence(records: CsvRecords) -> str:
    usual, share = usual_count(records)
    count = len(records)
    among = "the only record" if count == 1 else f"{share:.0%} of the first {count:,} records"
    return f"{usual:,} fields in {among}"
