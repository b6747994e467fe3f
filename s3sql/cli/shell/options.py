"""The options of ``.source``: those of the command line that are about the input and the endpoint.

In: words.  Out: what is no option, and keywords of :func:`s3sql.query`. A value follows its option as the
next word or behind ``=``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from s3sql.cli.options import ENDPOINT, INPUT, SCAN_RANGE, TIMEOUT
from s3sql.cli.parameters import OptionWord, suggestion

#: By the name that is typed.
OPTIONS: Mapping[str, OptionWord] = {
    word.flags[0]: word for word in (*INPUT, *SCAN_RANGE, *TIMEOUT, *ENDPOINT)
}


def read_options(words: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """The words that are no option, and the keywords that the options mean.

    Raises:
        ValueError: there is no such option, or it has no such value; says what there is.
    """
    others: list[str] = []
    keywords: dict[str, Any] = {}
    waiting = list(reversed(words))
    while waiting:
        word = waiting.pop()
        if not word.startswith("--"):
            others.append(word)
            continue
        name, equals, value = word.partition("=")
        option = OPTIONS.get(name)
        if option is None:
            near = suggestion(name, OPTIONS) or f"; there are {', '.join(OPTIONS)}"
            raise ValueError(f"there is no option {name}{near}")
        if option.read is bool:
            if equals:
                raise ValueError(f"{name} takes no value, and {value!r} is one")
            keywords[option.keyword] = True
            continue
        if not equals and not waiting:
            raise ValueError(f"{name} needs a value: {option.metavar}")
        keywords[option.keyword] = _read(name, option, value if equals else waiting.pop())
    return others, keywords


def values_of(option: OptionWord, typed: str) -> Iterable[str]:
    """The values of *option* that begin with *typed*; none where they cannot be counted."""
    found = () if option.complete is None else option.complete(typed)
    return [value if isinstance(value, str) else value[0] for value in found]


def _read(name: str, option: OptionWord, value: str) -> Any:
    try:
        return option.read(value)
    except typer.BadParameter as error:
        raise ValueError(f"{name}: {error.message}") from error
