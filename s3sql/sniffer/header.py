"""Whether the first record of a CSV text is a header line.

In: the first records.  Out: ``USE`` or ``NONE`` with the evidence.

A wrong guess loses a row or makes names of one, so a header line needs evidence, and in doubt there is none.
First, the record must look like one: its fields are there, differ, have letters, do not occur again below,
and none is a number, a moment or a truth value. (The first may be empty above numbers of rows.) Then one of
these must hold:

1. all other values of a column are numbers, moments or truth values, and this one is text;
2. the fields are years in equal steps, but for some, as in ``country,2019,2020``;
3. all other values of a column have a shape in common that this one has not: digits, capitals, an ``@``. That
   may be chance, so there must be many values, or it must be so of two columns, or the field must have a word
   that names columns;
4. all other values of a column occur again and again, as those of a category do;
5. most fields are words that name columns everywhere, or are written as programs write names, and what stands
   below them is not. Of a record that is the only one, all are.

Lines without delimiters are names, paths and logs more often than a table of one column. Of a single column 3
counts for a word that names columns only, and 4 does not count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from s3sql.formats.csv_records import CsvRecords
from s3sql.sniffer.choices import Choice
from s3sql.sniffer.delimiter import usual_count
from s3sql.sniffer.looks import Look, look_of

#: Most records and columns that are compared with the first record.
_RECORDS, _COLUMNS = 500, 200

#: The longest name of a column, in characters.
_LONGEST_NAME = 100

#: So many other values, at least, must have a shape in common where something else speaks for names; so many
#: where nothing does, or if they are those of a category, of which each must occur so often on average.
_ALIKE, _MANY, _OFTEN = 4, 20, 4

_ADDRESS = re.compile(r"://|\S@\S+\.\S")
_OF_PROGRAMS = re.compile(r"[A-Za-z]+[0-9]*(?:_[A-Za-z0-9]+)+|[a-z]+[0-9]*(?:[A-Z][a-z0-9]+)+")
_YEAR = re.compile(r"(?:1[5-9]|20|21)\d\d", re.ASCII)

#: Words that name columns in tables everywhere.
_WORDS = frozenset(
    """
    id key uuid guid name title label code type kind class category group status state value values count
    total sum amount price cost quantity qty size length width height weight depth date time datetime
    timestamp year month day hour minute week quarter from to start end begin first last user username email
    phone address street city country region county zip postcode postal province lat lon lng latitude
    longitude x y z url uri link path file filename host ip port method description text comment comments note
    notes message subject body tag tags language lang currency unit units score rating rank level age sex
    gender species model brand make color colour product item sku order customer client account firstname
    lastname surname author source target version flag active enabled index no nr number line row column field
    key company department team role origin destination dest carrier flight station temperature humidity
    pressure speed distance duration
    """.split()
)

#: Shapes that values may have in common, in words, and who has them.
_SHAPES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("has digits", lambda text: any(character.isdecimal() for character in text)),
    ("is in capitals", str.isupper),
    ("begins with a capital", lambda text: text[:1].isupper()),
    ("has an @", lambda text: "@" in text),
    ("has a slash", lambda text: "/" in text),
    ("has a colon", lambda text: ":" in text),
)


def header_of(records: CsvRecords, *, cut: bool) -> Choice:
    """Whether the first of *records* is a header line; *cut*: it is only the beginning of a record."""
    if not len(records):
        return Choice("NONE", "default", "there is no record")
    if cut:
        return Choice("NONE", "default", "the first record is too long to be judged")
    usual, _ = usual_count(records)
    own = records.counts()[0]
    if own < usual:
        return _none(f"the first record has {own:,} fields, most have {usual:,}")
    names = [field.strip() for field in _without_open_end(records)]
    columns = _columns(records, len(names))
    years = _years(names, columns)
    objection = _objection(names, columns, years)
    if objection:
        return _none(objection)
    if years:
        return Choice("USE", "content", "the first record has years in equal steps")
    evidence = next(_evidence(names, columns), "")
    if evidence:
        return Choice("USE", "content", evidence)
    if len(records) == 1:
        return _none("there is one record, and it may be either")
    return _none("nothing tells the first record from the others")


def _none(evidence: str) -> Choice:
    return Choice("NONE", "content", evidence)


def _without_open_end(records: CsvRecords) -> tuple[str, ...]:
    """The first record, without an empty last field that all records have: a delimiter ends each of them."""
    first = records.fields(0)
    if len(first) < 2 or first[-1] or len(records) < 2:
        return first
    others = (records.fields(number)[len(first) - 1 :] for number in range(1, min(len(records), _RECORDS)))
    return first if any("".join(rest) for rest in others) else first[:-1]


def _columns(records: CsvRecords, count: int) -> list[list[str]]:
    """The values below the first record in the first columns, without those that say that there is none."""
    columns: list[list[str]] = [[] for _ in range(min(count, _COLUMNS))]
    for number in range(1, min(len(records), _RECORDS)):
        for column, field in zip(columns, records.fields(number, _COLUMNS), strict=False):
            if look_of(field) != Look.EMPTY:
                column.append(field.strip())
    return columns


def _objection(names: Sequence[str], columns: Sequence[list[str]], years: frozenset[int]) -> str:
    """Why *names* name no columns, empty if they may."""
    for number, name in enumerate(names):
        look = look_of(name)
        values = columns[number] if number < len(columns) else []
        place = f"field {number + 1:,} of the first record"
        if look == Look.EMPTY and not (number == 0 and not name and _number_rows(columns)):
            return f"{place} is empty" if not name else f"{place} says that there is no value"
        if look in (Look.NUMBER, Look.MOMENT) and number not in years:
            return f"{place} is a {look.value}"
        if look == Look.TRUTH and not _is_numero(name, values):
            return f"{place} is a {look.value}"
        if look == Look.TEXT and not _can_be_name(name):
            return f"{place} is no name"
        if name in values:
            return f"{place} occurs again below"
    return "a field of the first record occurs twice in it" if len(set(names)) < len(names) else ""


def _number_rows(columns: Sequence[list[str]]) -> bool:
    """Whether the first column numbers the rows, as an index that was exported does, without a name."""
    return len(columns) > 1 and bool(columns[0]) and all(value.isdecimal() for value in columns[0])


def _is_numero(name: str, values: Sequence[str]) -> bool:
    """Whether *name* is ``no`` for a number, and no truth value like others below it."""
    return name.lower() == "no" and any(look_of(value) != Look.TRUTH for value in values)


def _can_be_name(name: str) -> bool:
    letters = any(character.isalpha() for character in name)
    return letters and len(name) <= _LONGEST_NAME and not _ADDRESS.search(name)


def _years(names: Sequence[str], columns: Sequence[list[str]]) -> frozenset[int]:
    """The columns that are named by years in equal steps, next to others that are not."""
    numbers = [number for number, name in enumerate(names) if _YEAR.fullmatch(name)]
    steps = {int(names[later]) - int(names[earlier]) for earlier, later in pairwise(numbers)}
    if len(numbers) < 2 or len(numbers) == len(names) or len(steps) != 1 or not 1 <= abs(steps.pop()) <= 10:
        return frozenset()
    below = [value for number in numbers if number < len(columns) for value in columns[number]]
    if not below or any(look_of(value) != Look.NUMBER for value in below):
        return frozenset()
    # Above years, years could be values like them.
    return frozenset() if any(_YEAR.fullmatch(value) for value in below) else frozenset(numbers)


def _evidence(names: Sequence[str], columns: Sequence[list[str]]) -> Iterator[str]:
    """What speaks for a header line, the strongest first."""
    named = [(name, values) for name, values in zip(names, columns, strict=False) if name and values]
    for name, values in named:
        looks = {look_of(value) for value in values}
        if look_of(name) in (Look.TEXT, Look.TRUTH) and Look.TEXT not in looks:
            word = f"a {looks.pop().value}" if len(looks) == 1 else "a number, a date or the like"
            yield f"{name!r} is text, and all that stands below it is {word}"
    alike = [(name, len(values), words) for name, values in named if (words := _shape_below(name, values))]
    for name, count, words in alike:
        if _has_known_word(name) or len(alike) > 1 or (len(names) > 1 and count >= _MANY):
            yield f"all that stands below {name!r} {words}, and it does not"
    for name, values in named:
        times = Counter(values)
        is_category = len(values) >= max(_MANY, _OFTEN * len(times)) and min(times.values()) > 1
        if is_category and len(names) > 1:
            yield f"all that stands below {name!r} occurs again and again, and it does not"
    naming = sum(_names_column(name, values) for name, values in zip(names, columns, strict=False))
    # A record alone has nothing below it that would speak against it.
    if len(names) > 1 and (naming == len(names) or (2 * naming > len(names) and any(columns))):
        yield f"{naming:,} of {len(names):,} fields are such as columns are named with"


def _shape_below(name: str, values: Sequence[str]) -> str:
    """The shape, in words, that all *values* have and *name* has not; empty if there is none."""
    if len(values) < _ALIKE:
        return ""
    shapes = (words for words, has in _SHAPES if not has(name) and all(map(has, values)))
    return next(shapes, "")


def _names_column(name: str, values: Sequence[str]) -> bool:
    """Whether *name* is such as columns are named with, and most of *values* are not."""
    return _is_word(name) and sum(map(_is_word, values)) * 2 <= len(values)


def _is_word(text: str) -> bool:
    """Whether *text* has a word that names columns, or is written as programs write names."""
    if len(text) > _LONGEST_NAME:
        return False
    return bool(_OF_PROGRAMS.fullmatch(text)) or _has_known_word(text)


def _has_known_word(text: str) -> bool:
    return not _WORDS.isdisjoint(re.split(r"[\W_]+", text.lower()))
