"""The values of a page of rows as short texts in which everything can be seen.

In: an Arrow column of a few rows.  Out: a :class:`Cell` for each: NULL apart from the text ``NULL``,
control characters and those that turn the direction of writing made visible, long texts cut. No more of a
value is decoded than is shown.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

import pyarrow as pa

Values: TypeAlias = "pa.ChunkedArray[Any]"

#: A text that reads as a number: columns of these are set flush right, whatever their type.
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d+)?%?")

#: Characters without a picture that change what is around them, besides the control characters.
_INVISIBLE = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as it is shown. ``size``: bytes of a text that was cut, 0 for one that is whole."""

    text: str
    is_null: bool = False
    size: int = 0


NULL = Cell("NULL", is_null=True)


def cells(column: Values, most: int) -> list[Cell]:
    """The values of *column*, texts of at most *most* characters."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return [NULL if text is None else _cell(*text, most) for text in _texts(column, most)]


def type_name(type_: pa.DataType) -> str:
    """The name that SQL has for an Arrow type; Arrow's own where SQL has none."""
    for is_of, name in _TYPE_NAMES:
        if is_of(type_):
            return name
    return str(type_)


def flush_right(type_: pa.DataType, shown: Sequence[Cell]) -> bool:
    """Whether a column is set flush right: numbers, and texts that all read as numbers."""
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return True
    texts = [cell.text for cell in shown if not cell.is_null]
    return (
        bool(texts)
        and all(
            text[-1:] in "0123456789%" and text != "%" and _NUMBER.fullmatch(text) for text in texts if text
        )
        and any(texts)
    )


def visible(text: str) -> str:
    r"""*text* in which all can be seen: ``␊`` for a line feed, ``\u202e`` for what has no picture."""
    if text.isprintable():
        return text
    return "".join(map(_picture, text))


def _picture(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(character) in _HIDDEN_CATEGORIES or character in _INVISIBLE:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def _cell(text: str, size: int, most: int) -> Cell:
    """A cell of a value that is not null; *size*: its bytes, if they were not all decoded."""
    whole = len(text) <= most and not size
    shown = visible(text if whole else text[:most])
    # In quotes, so that it is not taken for a value that is not there; so is one that has such quotes itself.
    if shown.strip("'") == "NULL":
        shown = f"'{shown}'"
    return (
        Cell(shown) if whole else Cell(f"{shown}…", size=size or len(text.encode("utf-8", "surrogatepass")))
    )


def _texts(column: Values, most: int) -> Iterator[tuple[str, int] | None]:
    """Each value's text, and its bytes if not all of them were decoded."""
    type_ = column.type
    if pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return (_beginning(scalar, most) for scalar in column)
    if pa.types.is_timestamp(type_):
        # Without the zone Arrow needs no table of zones; it is UTC in a result.
        moments = column.cast(pa.timestamp(type_.unit)).cast(pa.string()).to_pylist()
        return (None if text is None else (_moment(text, type_.tz), 0) for text in moments)
    return (_plain(scalar) for scalar in column)


def _beginning(scalar: Any, most: int) -> tuple[str, int] | None:
    """The first *most* characters of a text and one more if there is, and its size if that is not all."""
    if not scalar.is_valid:
        return None
    buffer = scalar.as_buffer()
    # A character has at most four bytes.
    taken = min(buffer.size, 4 * (most + 1))
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    text = decoder.decode(buffer.slice(0, taken).to_pybytes(), final=taken == buffer.size)
    return text[: most + 1], buffer.size if taken < buffer.size else 0


def _moment(text: str, zone: str | None) -> str:
    """``2010-02-03T04:05:06.5Z``: as SQL writes a timestamp, without needless zeros."""
    date, _, time = text.partition(" ")
    whole, point, fraction = time.partition(".")
    fraction = fraction.rstrip("0")
    return f"{date}T{whole}{point if fraction else ''}{fraction}{'Z' if zone == 'UTC' else ''}"


def _plain(scalar: Any) -> tuple[str, int] | None:
    if not scalar.is_valid:
        return None
    value = scalar.as_py()
    if isinstance(value, bool):
        return str(value).lower(), 0
    return (f"{value:f}" if isinstance(value, Decimal) else str(value)), 0


_TYPE_NAMES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "bool"),
    (pa.types.is_integer, "int"),
    (pa.types.is_floating, "float"),
    (pa.types.is_decimal, "decimal"),
    (pa.types.is_string, "string"),
    (pa.types.is_large_string, "string"),
    (pa.types.is_string_view, "string"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_date, "date"),
)
