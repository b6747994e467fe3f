"""What ``%s3sql --help`` and ``%s3sql --functions`` say.

In: the tables of options and functions.  Out: plain text.
"""

from __future__ import annotations

import textwrap

from s3sql.functions.signatures import ALIASES, SIGNATURES
from s3sql.jupyter.line import known_name
from s3sql.jupyter.options import ACTIONS, OPTIONS
from s3sql.jupyter.words import Word

_USAGE = """\
%%s3sql [NAME <<] SOURCE [options]      the SELECT in the cell; NAME << keeps the result in a variable
%s3sql [NAME <<] SOURCE [options] SELECT …      all in one line
%%s3sql SOURCE --explain | --analyze
%s3sql --schema SOURCE | --functions [NAME] | --set [name=value …] | --unset [name …] | --help

SOURCE is a path, file:// or s3://bucket/key, {variable} or {{expression}}. In the SELECT :name and
{{expression}} are Python values, passed as literals. What no option says of the source is guessed.
"""


def help_text() -> str:
    """The help of the magic."""
    options = [
        (f"{option.flag} {option.metavar}".rstrip(), _described(option.help, option.choices))
        for option in OPTIONS.values()
    ]
    actions = [(f"--{name}", about) for name, about in ACTIONS.items()]
    return f"{_USAGE}\nOptions:\n{_two_columns(options)}\n\nInstead of a query:\n{_two_columns(actions)}"


def functions_text() -> str:
    """Every function in a line: how it is called and what it gives."""
    rows = [(signature.usage, signature.documentation) for signature in SIGNATURES.values()]
    return _two_columns(rows)


def function_text(line: str, word: Word) -> str:
    """One function with its examples.

    Raises:
        UsageError: there is none of this name.
    """
    name = (word.plain or line[word.start : word.end]).upper()
    name = known_name(ALIASES.get(name, name), SIGNATURES, line, word.start, "function")
    signature = SIGNATURES[name]
    lines = [signature.usage, f"  {signature.documentation}", f"  Result: {signature.result}."]
    lines += [f"  {expression}  →  {result}" for expression, result in signature.examples]
    return "\n".join(lines)


def _described(text: str, choices: tuple[str, ...]) -> str:
    return f"{text}: {', '.join(choices)}" if choices else text


def _two_columns(rows: list[tuple[str, str]]) -> str:
    width = min(max(len(left) for left, _ in rows), 34)
    lines: list[str] = []
    for left, right in rows:
        wrapped = textwrap.wrap(right, 100 - width) or [""]
        first = f"  {left:{width}}  "
        if len(left) > width:
            lines.append(f"  {left}")
            first = " " * (width + 4)
        lines += [first + wrapped[0], *(" " * (width + 4) + more for more in wrapped[1:])]
    return "\n".join(lines)
