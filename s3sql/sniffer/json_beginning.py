"""Whether a text begins as JSON does.

In: the beginning of a text, which may end anywhere.  Out: yes or no.

No value is made and nothing recurses: a stack of brackets, and what may come next. Source: RFC 8259.
"""

from __future__ import annotations

import re

#: So much of a text is looked at: what is no JSON shows it early.
_LOOK_BYTES = 64 << 10

_TOKEN = re.compile(
    rb'[ \t\r\n]*(?:(?P<mark>[\[\]{}:,])|(?P<text>"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+")'
    rb"|(?P<value>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?|true|false|null)(?![-+.\w]))"
)

#: What a text that was cut within a token ends with.
_CUT = re.compile(
    rb'[ \t\r\n]*(?:"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+(?:\\(?:u[0-9a-fA-F]{0,3})?)?'
    rb"|-?[0-9.eE+-]*|t(?:ru?)?e?|f(?:al?)?(?:se?)?|n(?:ul?)?l?)"
)

# What may come next: a value, a value or the end of a list, a name or the end of an object, a name, a colon,
# a comma or the end of what is open, or the next root value.
_VALUE, _ELEMENT, _MEMBER, _NAME, _COLON, _BEHIND, _ROOT = range(7)


def begins_as_json(text: bytes, *, whole: bool) -> bool:
    """Whether *text* begins with an object or a list of JSON; ``whole``: nothing follows it.

    An object is believed when all of it, or all of it that is there, is JSON: what stands behind it may be
    the mistake that a query will tell. A list needs more: ``[2024] started`` is a line of a log, so all that
    is looked at must be JSON.
    """
    blanks = len(text) - len(text.lstrip(b" \t\r\n"))
    first = text[blanks : blanks + 1]
    if first not in (b"{", b"["):
        return False
    looked = text[blanks : blanks + _LOOK_BYTES]
    cut = not whole or len(looked) < len(text) - blanks
    return _is_json(looked, first_alone=first == b"{", cut=cut)


def _is_json(text: bytes, *, first_alone: bool, cut: bool) -> bool:
    """Whether *text* is a sequence of values, or begins with one (``first_alone``).

    A last value may be open: it is the query that tells of an object that was cut short.
    """
    position = 0
    stack: list[int] = []
    expected = _ROOT
    while True:
        token = _TOKEN.match(text, position)
        if token is None:
            rest = text[position:]
            if not rest.strip(b" \t\r\n"):
                return True
            return (cut or first_alone) and _CUT.fullmatch(rest) is not None
        if cut and token.end() == len(text) and token["value"] is not None:
            return expected in (_VALUE, _ELEMENT, _ROOT)
        following = _after(token, stack, expected)
        if following is None:
            return False
        if following == _ROOT and first_alone:
            return True
        expected = following
        position = token.end()


def _after(token: re.Match[bytes], stack: list[int], expected: int) -> int | None:
    """What may come behind *token*, None if it may not stand where it does; *stack*: the open brackets."""
    mark = token["mark"]
    if mark is None:
        if token["text"] is not None and expected in (_MEMBER, _NAME):
            return _COLON
        return _closed(stack) if expected in (_VALUE, _ELEMENT, _ROOT) else None
    if mark in b"{[":
        if expected not in (_VALUE, _ELEMENT, _ROOT):
            return None
        stack.append(mark[0])
        return _MEMBER if mark == b"{" else _ELEMENT
    if mark == b":":
        return _VALUE if expected == _COLON else None
    if mark == b",":
        if expected != _BEHIND:
            return None
        return _NAME if stack[-1] == ord("{") else _VALUE
    opening, empty = (ord("{"), _MEMBER) if mark == b"}" else (ord("["), _ELEMENT)
    if not stack or stack[-1] != opening or expected not in (_BEHIND, empty):
        return None
    stack.pop()
    return _closed(stack)


def _closed(stack: list[int]) -> int:
    """What may come behind a whole value."""
    return _BEHIND if stack else _ROOT
