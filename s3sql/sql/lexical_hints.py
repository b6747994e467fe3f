"""Advice for a character or a literal that starts no token.

In: the text of a query and the place where reading it failed.  Out: a line for people, or None.
"""

from __future__ import annotations

import re
from unicodedata import category

_QUOTES = {"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "´": "'"}

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]*(Z|[+-][0-9:]+)?)?", re.ASCII)

_OPERATORS = {
    "&": "conditions are joined by AND",
    "|": "conditions are joined by OR, texts by ||",
    "^": "there is no operator for powers",
    "~": "patterns are for LIKE, with % and _",
}


def lexical_hint(sql: str, offset: int) -> str | None:
    """What may help where the character of *sql* at *offset* starts no token; None: nothing sure."""
    character = sql[offset]
    if character in "'\"":
        what = "text" if character == "'" else "name"
        return f"a quote inside a {what} is doubled: {character}it{character * 2}s{character}"
    if character == "`":
        return _ion(sql, offset)
    if character.isascii() and (character.isdigit() or character == "."):
        return _number(sql, offset)
    if character in _OPERATORS:
        return _OPERATORS[character]
    if character in _QUOTES:
        return f"a text stands in straight quotes '…', a name in \"…\"; this one is {_code_point(character)}"
    if category(character) in ("Zs", "Cf", "Zl", "Zp"):
        return f"this is {_code_point(character)}, which looks like a blank or like nothing; write a blank"
    if character.isalpha():
        return f'a name with other letters than A to Z stands in double quotes: "{_word(sql, offset)}"'
    if character == "!":
        return "the operators are != and NOT"
    if character == "?":
        return "a query has no placeholders; write the value, a text as '…'"
    if character == "#":
        return "a comment is written -- to the end of the line, or /* … */"
    return None


def _ion(sql: str, offset: int) -> str:
    written = re.compile(r"`([^`\n]*)`?").match(sql, offset)
    inside = written[1] if written else ""
    if _DATE.match(inside):
        return "a timestamp with a time has a T and an offset: `2007-04-05T14:30:00Z`"
    return (
        "backquotes are for Ion values such as `2007-04-05T`; a name stands in double quotes, a text in '…'"
    )


def _number(sql: str, offset: int) -> str | None:
    for found in _DATE.finditer(sql):
        if found.start() <= offset < found.end():
            return "a timestamp stands in backquotes: `2007-04-05T14:30:00Z`"
    word = _word(sql, offset)
    if re.fullmatch(r"[0-9][0-9_]*", word):
        return "a number has no separators between its digits"
    return f'a name that begins with a digit stands in double quotes: "{word}"' if "." not in word else None


def _word(sql: str, offset: int) -> str:
    """The word around *offset*, letters of any script."""
    begin = offset
    while begin and (sql[begin - 1].isalnum() or sql[begin - 1] in "_$"):
        begin -= 1
    end = offset
    while end < len(sql) and (sql[end].isalnum() or sql[end] in "_$"):
        end += 1
    return sql[begin:end] or sql[offset]


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"
