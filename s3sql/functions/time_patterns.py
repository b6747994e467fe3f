"""The patterns of TO_STRING and TO_TIMESTAMP: java.time's, as far as S3 Select has them.

In: the text of a pattern.  Out: its tokens, or the error that S3 Select has for it.

    y 1969   yy 69   yyy, yyyy 1969     M 7   MM 07   MMM Jul   MMMM July   MMMMM J     d 2   dd 02
    a AM     h 3   hh 03 (1 to 12)      H 3   HH 03 (0 to 23)       m 4   mm 04         s 5   ss 05
    S 0 … SSSSSSSSS 060000000           n 60000000 (nanoseconds of the second)
    X +07, +0730 or Z   XX, XXXX +0700 or Z   XXX, XXXXX +07:00 or Z   x, xx, xxx … without the Z

Text between single quotes stands for itself; two quotes in a row, inside of it or not, are one quote. So do
characters that are no letters, those of :data:`RESERVED` excepted; to parse, only those of
:data:`SEPARATORS`. Letters are those of ASCII; others are characters like any.

Writing is content with any tokens in any order, none included. Parsing must end in a timestamp: no field
may stand twice (S and n are one field, so are h and H), none without all coarser ones.

Sources: AWS S3 User Guide, TO_STRING; java.time's DateTimeFormatter; PartiQL v0.1 for what parsing refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from s3sql.errors import S3SelectError
from s3sql.functions.numbers import describe

#: Characters that no pattern may have outside quotes.
RESERVED = frozenset("[]{}#")
#: The characters that stand for themselves in a pattern to parse by.
SEPARATORS = frozenset(" /-,:.")

#: The letters and how many of one may stand in a row (Choice for y, a and n).
_LONGEST = {"y": 4, "M": 5, "d": 2, "a": 1, "h": 2, "H": 2, "m": 2, "s": 2, "S": 9, "n": 1, "X": 5, "x": 5}
_FIELDS = {
    "y": "year",
    "M": "month",
    "d": "day",
    "a": "AM or PM",
    "h": "hour",
    "H": "hour",
    "m": "minute",
    "s": "second",
    "S": "fraction",
    "n": "fraction",
    "X": "offset",
    "x": "offset",
}
#: The fields from the coarsest to the finest.
_ORDER = ("year", "month", "day", "hour", "minute", "second", "fraction")

#: Most characters of a pattern in a message.
LONGEST_SHOWN = 80

_INVALID = "EvaluatorInvalidTimestampFormatPattern"


@dataclass(frozen=True, slots=True)
class Symbol:
    """*count* times *letter*, from character *place* (from 1) of the pattern on."""

    letter: str
    count: int
    place: int

    @property
    def field(self) -> str:
        """The field of a timestamp that the letter stands for."""
        return _FIELDS[self.letter]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text that stands for itself; at least one character."""

    text: str


Token = Symbol | Verbatim


@dataclass(frozen=True, slots=True)
class _Use:
    """What a pattern is for, and the codes of its faults."""

    function: str
    allowed: str
    character: str
    quote: str
    symbol: str

    def permits(self, character: str) -> bool:
        """Whether a character that is no letter stands for itself."""
        return character in SEPARATORS if self.function == "TO_TIMESTAMP" else character not in RESERVED


_WRITING = _Use("TO_STRING", "all but letters and [ ] { } #", _INVALID, _INVALID, _INVALID)
_PARSING = _Use(
    "TO_TIMESTAMP",
    "blanks and / - , : .",
    "EvaluatorInvalidTimestampFormatPatternToken",
    "EvaluatorUnterminatedTimestampFormatPatternToken",
    "EvaluatorInvalidTimestampFormatPatternSymbol",
)


@lru_cache(maxsize=256)
def writing_pattern(pattern: str) -> tuple[Token, ...]:
    """The tokens of a pattern of TO_STRING.

    Raises:
        S3SelectError: EvaluatorInvalidTimestampFormatPattern, for any fault.
    """
    return tuple(_scan(pattern, _WRITING))


@lru_cache(maxsize=256)
def parsing_pattern(pattern: str) -> tuple[Token, ...]:
    """The tokens of a pattern of TO_TIMESTAMP.

    Raises:
        S3SelectError: of the faults the first, letter by letter, and then in this order:
            EvaluatorInvalidTimestampFormatPatternToken, a character that must stand between quotes;
            EvaluatorUnterminatedTimestampFormatPatternToken, an open quote;
            EvaluatorInvalidTimestampFormatPatternSymbol, an unknown letter or too many in a row;
            EvaluatorInvalidTimestampFormatPatternSymbolForParsing, ``MMMMM``;
            EvaluatorTimestampFormatPatternDuplicateFields, a field twice;
            EvaluatorTimestampFormatPatternHourClockAmPmMismatch, h without a or H with it;
            EvaluatorInvalidTimestampFormatPattern, a field without all coarser ones, or no field.
    """
    tokens = tuple(_scan(pattern, _PARSING))
    symbols = [token for token in tokens if isinstance(token, Symbol)]
    _refuse_duplicates(pattern, symbols)
    _refuse_clock(pattern, symbols)
    _refuse_gaps(pattern, {symbol.field for symbol in symbols})
    return tokens


def _named(pattern: str, use: _Use) -> str:
    return f"The pattern {describe(pattern, LONGEST_SHOWN)} of {use.function}"


def _scan(pattern: str, use: _Use) -> list[Token]:
    tokens: list[Token] = []
    verbatim = ""
    place = 0
    while place < len(pattern):
        character = pattern[place]
        if character.isascii() and character.isalpha():
            if verbatim:
                tokens.append(Verbatim(verbatim))
            verbatim = ""
            end = _end_of_run(pattern, place)
            tokens.append(_symbol(pattern, Symbol(character, end - place, place + 1), use))
            place = end
        elif character == "'":
            text, place = _quoted(pattern, place, use)
            verbatim += text
        elif use.permits(character):
            verbatim += character
            place += 1
        else:
            raise S3SelectError(
                use.character,
                f"{_named(pattern, use)} has '{character}' at character {place + 1}. "
                f"Only {use.allowed} stand for themselves; write other text in single quotes.",
            )
    return [*tokens, Verbatim(verbatim)] if verbatim else tokens


def _end_of_run(pattern: str, start: int) -> int:
    """The place behind the run of one character that begins at *start*."""
    end = start + 1
    while pattern.startswith(pattern[start], end):
        end += 1
    return end


def _quoted(pattern: str, start: int, use: _Use) -> tuple[str, int]:
    """The text from the quote at *start* on, and the place behind its closing quote."""
    if pattern.startswith("''", start):
        return "'", start + 2
    text, place = "", start + 1
    while (end := pattern.find("'", place)) >= 0:
        text += pattern[place:end]
        if not pattern.startswith("''", end):
            return text, end + 1
        text += "'"
        place = end + 2
    raise S3SelectError(
        use.quote,
        f"{_named(pattern, use)} has an open quote at character {start + 1}. "
        "A quote that is to be text is written twice.",
    )


def _symbol(pattern: str, symbol: Symbol, use: _Use) -> Symbol:
    """*symbol* itself if the language has it."""
    longest = _LONGEST.get(symbol.letter, 0)
    unreadable = use is _PARSING and symbol.letter == "M" and symbol.count == 5
    if symbol.count <= longest and not unreadable:
        return symbol
    found = f"{_named(pattern, use)} has '{symbol.letter}' at character {symbol.place}"
    if not longest:
        letters = " ".join(_LONGEST)
        message = f"which is no pattern letter. The letters are {letters}; write other text in single quotes."
        raise S3SelectError(use.symbol, f"{found}, {message}")
    if symbol.count > longest:
        raise S3SelectError(use.symbol, f"{found}, {symbol.count} in a row; there may be {longest}.")
    raise S3SelectError(
        "EvaluatorInvalidTimestampFormatPatternSymbolForParsing",
        f"{found}, five in a row, which only TO_STRING takes: several months begin with the same letter. "
        "MMM and MMMM read names of months.",
    )


def _refuse_duplicates(pattern: str, symbols: Sequence[Symbol]) -> None:
    first: dict[str, Symbol] = {}
    for symbol in symbols:
        other = first.setdefault(symbol.field, symbol)
        if other is not symbol:
            raise S3SelectError(
                "EvaluatorTimestampFormatPatternDuplicateFields",
                f"{_named(pattern, _PARSING)} has the {symbol.field} twice: "
                f"'{other.letter}' at character {other.place} and '{symbol.letter}' at character "
                f"{symbol.place}.",
            )


def _refuse_clock(pattern: str, symbols: Sequence[Symbol]) -> None:
    letters = {symbol.letter: symbol for symbol in symbols}
    if "h" in letters and "a" not in letters:
        found, hint = letters["h"], "without 'a' for AM or PM; H is the hour of 24"
    elif "H" in letters and "a" in letters:
        found, hint = letters["H"], "with 'a' for AM or PM, which goes with h, the hour of 12"
    else:
        return
    raise S3SelectError(
        "EvaluatorTimestampFormatPatternHourClockAmPmMismatch",
        f"{_named(pattern, _PARSING)} has '{found.letter}' at character {found.place} {hint}.",
    )


def _refuse_gaps(pattern: str, fields: set[str]) -> None:
    finest = max((_ORDER.index(field) for field in fields if field in _ORDER), default=0)
    needed = list(_ORDER[: finest + 1])
    if fields - set(_ORDER) and "hour" not in needed:
        needed = list(_ORDER[: _ORDER.index("hour") + 1])
    missing = [field for field in needed if field not in fields]
    if missing:
        raise S3SelectError(
            _INVALID,
            f"{_named(pattern, _PARSING)} lacks the {', '.join(missing)}: a timestamp has "
            "all fields from the year to its finest one, and AM, PM or an offset only with an hour.",
        )
