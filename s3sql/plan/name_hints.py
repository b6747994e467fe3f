"""Advice for a name that means nothing: the nearest column, the columns there are, the alias of the query.

In: the name as the query has it and what the object's columns are called.  Out: a line for people, made when
a query has failed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from s3sql.errors import Position
from s3sql.plan.schema import CsvSchema
from s3sql.request import FileHeaderInfo
from s3sql.sql.keywords import RESERVED
from s3sql.sql.lexer import tokenize

#: So many columns are compared with a name, and so many are listed at most.
_COMPARED = 1000
_LISTED = 6

#: Longer names are not misspelt but no names.
_LONGEST = 200

#: What a file is delimited by that is read with another delimiter.
_DELIMITERS = {";": "';'", "\t": "a tab", "|": "'|'"}

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def column_hint(name: str, columns: Sequence[str], *, may_be_text: bool) -> str:
    """What may be meant by *name*, which none of *columns* has.

    ``may_be_text``: it stands alone and in double quotes, as a text does in other dialects.
    """
    columns = [column for column in columns if column]
    if len(columns) == 1:
        for delimiter, shown in _DELIMITERS.items():
            if delimiter in columns[0]:
                return f"the header is one column, {_shown(columns[0])}: is the field delimiter {shown}?"
    near = _nearest(name, columns)
    if near is not None:
        advice = f"column {_shown(name)} not found; did you mean {_shown(near)}?"
        return f"{advice} Letter case counts in double quotes" if near.lower() == name.lower() else advice
    if may_be_text:
        text = _cut(name).replace("'", "''")
        return f"double quotes are for names; if {_shown(name)} is a text, write '{text}'"
    return f"column {_shown(name)} not found; {_listed(columns)}"


def _listed(columns: Sequence[str]) -> str:
    """The first of *columns* by their names."""
    if not columns:
        return "no column has a name"
    shown = ", ".join(_shown(column) for column in columns[:_LISTED])
    more = len(columns) - _LISTED
    return f"the columns are {shown}{f' and {more:,} more' if more > 0 else ''}"


def number_hint(name: str, schema: CsvSchema) -> str:
    """What to write in place of *name* where columns have numbers only."""
    digits = re.fullmatch(r"_0+([1-9][0-9]*)?", name)
    if digits is not None:
        return f"columns are numbered from 1, without leading zeros: _{digits[1] or '1'}"
    reason = _without_names(schema.mode)
    return f"{reason}: columns are _1, _2, …; FileHeaderInfo USE takes their names from it"


def header_hint(
    sql: str, place: Position | None, mode: FileHeaderInfo, first_line: Sequence[str]
) -> str | None:
    """As :func:`number_hint`, for the name at *place* of *sql* and an object whose first line is known.

    None: the name is not like anything in that line.
    """
    if place is None:
        return None
    offset = place.offset(sql)
    name = next((token.text for token in tokenize(sql) if token.start == offset), "")
    near = _nearest(name, first_line)
    if near is None:
        return None
    number = list(first_line).index(near) + 1
    return f"{_without_names(mode)}: write _{number} for {_shown(near)}, or read it with FileHeaderInfo USE"


def _without_names(mode: FileHeaderInfo) -> str:
    """Why no column has a name."""
    return "the first line is not read as a header" if mode == "NONE" else "the header line is skipped"


def alias_hint(name: str, step: str, row_name: str, table: str) -> str:
    """What to write for *name* before a dot and *step*, where it is neither the row nor a column."""
    if row_name.lower() == table.lower():
        return f"the table has no alias {_written(name)}; write FROM {table} {_written(name)}"
    column = "*" if step == "*" else _written(step)
    return f"FROM calls the rows {_written(row_name)}; write {_written(row_name)}.{column}"


def _nearest(name: str, columns: Sequence[str]) -> str | None:
    """The column that is most like *name*, its own spelling in another letter case before all."""
    if len(name) > _LONGEST:
        return None
    folded: dict[str, str] = {}
    for column in columns[:_COMPARED]:
        if 0 < len(column) <= _LONGEST:
            folded.setdefault(column.strip().lower(), column)
    near = get_close_matches(name.strip().lower(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def _written(name: str) -> str:
    """*name* as a query writes it."""
    if _PLAIN.fullmatch(name) and name.upper() not in RESERVED:
        return name
    return _shown(name)


def _shown(name: str) -> str:
    return '"' + _cut(name).replace('"', '""') + '"'


def _cut(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:57]}..."
