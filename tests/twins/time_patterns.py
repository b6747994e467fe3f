"""Format patterns of timestamps in plain Python, one timestamp at a time: what the kernels must agree with.

Written from the reference with datetime and regular expressions, sharing no code with the engine.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from s3sql.timestamp import UNKNOWN_OFFSET, Timestamp
from tests.twins.values import FailedError

MONTHS = "January February March April May June July August September October November December".split()
LONGEST = {"y": 4, "M": 5, "S": 9, "n": 1, "X": 5, "x": 5, "a": 1} | dict.fromkeys("dHhms", 2)
FIELDS = {"y": "y", "M": "M", "d": "d", "h": "H", "H": "H", "m": "m", "s": "s", "S": "S", "n": "S"}
COARSER = "yMdHmsS"
INVALID = "EvaluatorInvalidTimestampFormatPattern"

#: Runs of a letter, quoted text with its closing quote, an open quote, any other character.
_PIECE = re.compile(r"([A-Za-z])\1*|'(?:[^']|'')*'(?!')|'|.", re.S)


def tokens(pattern: str, parsing: bool) -> list[tuple[str, int] | str]:
    """(letter, count) for each run, text for text; raises FailedError with the code of the first fault."""
    found: list[tuple[str, int] | str] = []
    for match in _PIECE.finditer(pattern):
        piece = match[0]
        if match[1]:
            if len(piece) > LONGEST.get(piece[0], 0):
                raise FailedError(INVALID + "Symbol" if parsing else INVALID)
            if parsing and piece == "MMMMM":
                raise FailedError(INVALID + "SymbolForParsing")
            found.append((piece[0], len(piece)))
        elif piece == "'":
            raise FailedError("EvaluatorUnterminatedTimestampFormatPatternToken" if parsing else INVALID)
        elif piece[0] == "'":
            # ''…'' around text is a quote, the text outside, a quote: only here is the number of quotes known
            found.append("'" if piece == "''" else piece[1:-1].replace("''", "'"))
        elif parsing and piece not in " /-,:.":
            raise FailedError(INVALID + "Token")
        elif not parsing and piece in "[]{}#":
            raise FailedError(INVALID)
        else:
            found.append(piece)
    return found


def checked(pattern: str) -> list[tuple[str, int] | str]:
    """The tokens of a pattern to parse by; raises FailedError."""
    found = tokens(pattern, parsing=True)
    letters = [token[0] for token in found if isinstance(token, tuple)]
    fields = [FIELDS.get(letter, letter.upper()) for letter in letters]
    if len(set(fields)) < len(fields):
        raise FailedError("EvaluatorTimestampFormatPatternDuplicateFields")
    if ("h" in letters and "a" not in letters) or ("H" in letters and "a" in letters):
        raise FailedError("EvaluatorTimestampFormatPatternHourClockAmPmMismatch")
    numbers = {field for field in fields if field in COARSER}
    if not numbers or numbers != set(COARSER[: len(numbers)]):
        raise FailedError(INVALID)
    if set(fields) & {"A", "X"} and "H" not in fields:
        raise FailedError(INVALID)
    return found


def written(stamp: Timestamp, pattern: str) -> str:
    """TO_STRING; raises FailedError."""
    minutes = 0 if stamp.offset == UNKNOWN_OFFSET else stamp.offset
    local = datetime(1970, 1, 1) + timedelta(seconds=stamp.seconds + minutes * 60)
    nanoseconds = f"{stamp.nanoseconds:09}"
    hour = local.hour % 12 or 12

    def offset(letter: str, count: int) -> str:
        if letter == "X" and minutes == 0:
            return "Z"
        sign, distance = "-" if minutes < 0 else "+", abs(minutes)
        if count == 1 and distance % 60 == 0:
            return f"{sign}{distance // 60:02}"
        return f"{sign}{distance // 60:02}{':' if count in (3, 5) else ''}{distance % 60:02}"

    def text(letter: str, count: int) -> str:
        name = MONTHS[local.month - 1]
        match letter, count:
            case "y", 2:
                return f"{local.year % 100:02}"
            case "M", 3 | 4 | 5:
                return {3: name[:3], 4: name, 5: name[0]}[count]
            case "a", _:
                return "PM" if local.hour >= 12 else "AM"
            case "S", _:
                return nanoseconds[:count]
            case "n", _:
                return str(stamp.nanoseconds)
            case "x" | "X", _:
                return offset(letter, count)
        numbers = {"y": local.year, "M": local.month, "d": local.day, "h": hour, "H": local.hour}
        numbers |= {"m": local.minute, "s": local.second}
        return f"{numbers[letter]:0{count}}"

    return "".join(token if isinstance(token, str) else text(*token) for token in tokens(pattern, False))


def read(text: str, pattern: str) -> Timestamp:
    """TO_TIMESTAMP; raises FailedError. The numbers of *text* have fewer than 19 digits."""
    found = checked(pattern)
    expressions: list[str] = []
    reserve = 0
    for token in reversed(found):
        width = _exact_width(token)
        expressions.append(_expression(token, reserve))
        reserve = reserve + width if width else 0
    match = re.fullmatch("".join(reversed(expressions)), text, re.I | re.A)
    if match is None:
        raise FailedError("ValueParseFailure")
    return _resolved(found, match.groups())


def _exact_width(token: tuple[str, int] | str) -> int:
    if isinstance(token, str) or token[0] in "aXxn" or (token[0] == "M" and token[1] > 2):
        return 0
    letter, count = token
    return count if letter == "S" or count in (2, 4) else 0


def _expression(token: tuple[str, int] | str, reserve: int) -> str:
    if isinstance(token, str):
        # only letters of ASCII have two cases here
        return "".join(re.escape(c) if c.isascii() else f"(?-i:{re.escape(c)})" for c in token)
    letter, count = token
    if letter == "M" and count > 2:
        return f"({'|'.join(name[:3] if count == 3 else name for name in MONTHS)})"
    if letter == "a":
        return "([ap]m)"
    if letter in "Xx":
        forms = {1: r"[+-][0-9]{2}(?:[0-9]{2})?+", 2: r"[+-][0-9]{4}", 3: r"[+-][0-9]{2}:[0-9]{2}"}
        form = forms[{4: 2, 5: 3}.get(count, count)]
        return f"(z|{form})" if letter == "X" else f"({form})"
    if _exact_width(token):
        return f"([0-9]{{{count}}})"
    if reserve:
        return f"([0-9]{{{count},19}}(?=[0-9]{{{reserve}}}(?![0-9])))"
    return f"([0-9]{{{count},19}}+)"


def _resolved(found: list[tuple[str, int] | str], texts: tuple[str, ...]) -> Timestamp:
    fields = [token for token in found if isinstance(token, tuple)]
    values = {"y": 0, "M": 1, "d": 1, "H": 0, "m": 0, "s": 0}
    nanoseconds, digits, offset, half = 0, 0, UNKNOWN_OFFSET, ""
    for (letter, count), text in zip(fields, texts, strict=True):
        if letter == "a":
            half = text.upper()
        elif letter in "Xx":
            number = re.sub("[^0-9]", "", text).ljust(4, "0")
            hours, minutes = int(number[:2]), int(number[2:])
            if hours > 23 or minutes > 59:
                raise FailedError("ValueParseFailure")
            offset = (hours * 60 + minutes) * (-1 if text[0] == "-" else 1)
        elif letter == "S":
            nanoseconds, digits = int(text.ljust(9, "0")), count
        elif letter == "n":
            nanoseconds, digits = int(text), 9
        elif letter == "M" and count > 2:
            values["M"] = [name[:3] for name in MONTHS].index(text[:3].capitalize()) + 1
        elif letter == "y" and count == 2:
            values["y"] = int(text) + (1900 if int(text) >= 70 else 2000)
        else:
            values[FIELDS[letter]] = int(text)
    if half:
        if not 1 <= values["H"] <= 12:
            raise FailedError("ValueParseFailure")
        values["H"] = values["H"] % 12 + (12 if half == "PM" else 0)
    year, month = values["y"], values["M"]
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= values["d"] <= monthrange(year, month)[1]):
        raise FailedError("ValueParseFailure")
    if values["H"] > 23 or values["m"] > 59 or values["s"] > 59 or nanoseconds > 999_999_999:
        raise FailedError("ValueParseFailure")
    local = datetime(*values.values(), tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    seconds = local.days * 86_400 + local.seconds - (0 if offset == UNKNOWN_OFFSET else offset * 60)
    finest = len({FIELDS[letter] for letter, _ in fields if letter in FIELDS})
    precision = {1: 0, 2: 1, 3: 2, 4: 3, 5: 3, 6: 4, 7: 4 + digits}[finest]
    return Timestamp(seconds, nanoseconds, precision, offset)
