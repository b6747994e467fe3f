"""Ion text between backticks: the scalars of it.

In: the text between two backticks.  Out: an :class:`IonValue`, or None when it is no Ion scalar.

Source: Amazon Ion specification, text encoding; AWS S3 User Guide, "Data types" (timestamps). Lists, structs,
s-expressions, blobs, clobs and annotations are not read: an S3 Select literal is a scalar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from s3sql import timestamp

IonKind = Literal["NULL", "BOOL", "INT", "DECIMAL", "FLOAT", "TIMESTAMP", "STRING"]

#: Python writes no integer of more than 4,300 digits, and no number of S3 Select has more than 38.
_MAX_RADIX_DIGITS = 1000


@dataclass(frozen=True, slots=True)
class IonValue:
    """A kind and its text.

    INT: decimal digits with sign; DECIMAL: as an SQL number (``e`` for Ion's ``d``); FLOAT: Ion text;
    TIMESTAMP: Ion text, at most nine digits of fraction; STRING (also of a symbol): the decoded text; BOOL:
    true or false; NULL: empty.
    """

    kind: IonKind
    text: str


_NULL = re.compile(
    r"null(\.(null|bool|int|float|decimal|timestamp|string|symbol|blob|clob|struct|list|sexp))?"
)
_INT = re.compile(r"-?(0|[1-9](_?[0-9])*)")
_HEX = re.compile(r"-?0[xX][0-9a-fA-F](_?[0-9a-fA-F])*")
_BINARY = re.compile(r"-?0[bB][01](_?[01])*")
_REAL = re.compile(r"(-?(?:0|[1-9](?:_?[0-9])*))(\.(?:[0-9](?:_?[0-9])*)?)?(?:([dDeE])([+-]?[0-9]+))?")
_SYMBOL = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r\n|.))", re.DOTALL)
_ESCAPED = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "v": "\v",
    '"': '"', "'": "'", "?": "?", "\\": "\\", "/": "/", "\n": "", "\r": "", "\r\n": "",
}  # fmt: skip


def read(text: str) -> IonValue | None:
    """The Ion scalar that *text* spells, blanks around it ignored; None when there is none."""
    text = text.strip(" \t\r\n\v\f")
    if text in ("true", "false"):
        return IonValue("BOOL", text)
    if _NULL.fullmatch(text):
        return IonValue("NULL", "")
    if text in ("nan", "+inf", "-inf"):
        return IonValue("FLOAT", text)
    if _SYMBOL.fullmatch(text):
        return IonValue("STRING", text)
    if text[:1] == '"' and text[-1:] == '"' and len(text) > 1:
        return _quoted(text[1:-1], '"')
    if text[:1] == "'" and text[-1:] == "'" and len(text) > 1:
        return _quoted(text[1:-1], "'")
    if timestamp.parse(text) is not None:
        return IonValue("TIMESTAMP", text)
    return _number(text)


def _number(text: str) -> IonValue | None:
    if _INT.fullmatch(text):
        return IonValue("INT", text.replace("_", ""))
    for pattern, base in ((_HEX, 16), (_BINARY, 2)):
        if len(text) <= _MAX_RADIX_DIGITS and pattern.fullmatch(text):
            return IonValue("INT", str(int(text, base)))
    found = _REAL.fullmatch(text)
    if not found:
        return None
    whole, fraction, marker, exponent = found.groups()
    digits = (whole + (fraction or "")).replace("_", "")
    if marker in ("e", "E"):
        return IonValue("FLOAT", f"{digits}e{exponent}")
    return IonValue("DECIMAL", digits if marker is None else f"{digits}e{exponent}")


def _quoted(body: str, quote: str) -> IonValue | None:
    """The text of a quoted string or symbol; None for a stray quote, a raw line break or a bad escape."""
    parts: list[str] = []
    end = 0
    for found in _ESCAPE.finditer(body):
        plain = body[end : found.start()]
        if quote in plain or "\n" in plain or "\r" in plain:
            return None
        parts.append(plain)
        hexadecimal = found.group(1) or found.group(2) or found.group(3)
        if hexadecimal:
            point = int(hexadecimal, 16)
            if point > 0x10FFFF:
                return None
            parts.append(chr(point))
        else:
            character = _ESCAPED.get(found.group(4))
            if character is None:
                return None
            parts.append(character)
        end = found.end()
    rest = body[end:]
    if quote in rest or "\\" in rest or "\n" in rest or "\r" in rest:
        return None
    text = _paired("".join(parts) + rest)
    return None if text is None else IonValue("STRING", text)


def _paired(text: str) -> str | None:
    r"""*text* with surrogate pairs (``\uD83D\uDE00``) joined; None for half a pair."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None
