"""What a program told, compared with what it must tell.

In: the lines that it printed, the answers, and what its client's interface cannot do.  Out: an
:class:`Outcome`, with one text for each difference.

The comparison is strict both ways: a step that is missing, comes twice or is not known is a difference, and
so is a member that a client tells although it is said that it cannot.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.interop.answers import ANY

_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one client did; ``skipped``: why it was not run at all."""

    client: str
    version: str = "-"
    passed: int = 0
    expected: int = 0
    differences: list[str] = field(default_factory=list)
    skipped: str | None = None


def compare(
    client: str,
    lines: Iterable[str],
    answers: Mapping[str, Mapping[str, Any]],
    withheld: Mapping[str, frozenset[str]],
) -> Outcome:
    """The outcome of a program that printed *lines*.

    *withheld*: for each step the members of its answer that the client's interface does not give.
    """
    version, told, differences = "-", dict[str, dict[str, Any]](), list[str]()
    for line in filter(str.strip, lines):
        try:
            entry = json.loads(line)
        except ValueError:
            differences.append(f"printed something else than JSON: {_short(line)}")
            continue
        if "client" in entry:
            version = entry["version"]
        elif entry["step"] in told:
            differences.append(f"{entry['step']}: told twice")
        else:
            told[entry["step"]] = entry
    differences.extend(
        f"{step}: told, but no such step was asked for" for step in told if step not in answers
    )
    if version == "-":
        differences.append("did not tell its version")
    passed = 0
    for step, answer in answers.items():
        found = _differences(told.get(step), answer, withheld.get(step, frozenset()))
        differences.extend(f"{step}: {difference}" for difference in found)
        passed += not found
    return Outcome(client, version, passed, len(answers), differences)


def _differences(
    entry: Mapping[str, Any] | None, answer: Mapping[str, Any], withheld: frozenset[str]
) -> list[str]:
    if entry is None:
        return ["not taken"]
    if "failed" in entry:
        return [f"failed: {_short(entry['failed'])}"]
    told = entry["answer"]
    unknown = sorted(told.keys() - answer.keys() | told.keys() & withheld)
    wanted = {name: value for name, value in answer.items() if name not in withheld}
    return [f"tells {name}, which it should not" for name in unknown] + [
        f"{name} is {_short(told.get(name))}, must be {_short(value)}"
        for name, value in wanted.items()
        if name not in told or not _same(told[name], value)
    ]


def _same(told: object, wanted: object) -> bool:
    if isinstance(wanted, list) and isinstance(told, list):
        return len(told) == len(wanted) and all(map(_same, told, wanted))
    return wanted is ANY or (told == wanted and type(told) is type(wanted))


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= _SHOWN:
        return text
    half = _SHOWN // 2
    return f"{text[:half]} … {text[-half:]} ({len(text):,} characters)"
