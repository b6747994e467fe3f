"""``s3sql functions``: the functions of the dialect.

In: the name of one, or nothing.  Out: how it is called and what it gives, or a list of all.

Source: :data:`s3sql.functions.signatures.SIGNATURES`, which the parser reads as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from s3sql.cli.messages import ANSWERED, FAILED, fail
from s3sql.cli.parameters import ArgumentWord, suggestion
from s3sql.cli.printing import print_text
from s3sql.functions.signatures import ALIASES, SIGNATURES, Signature


def _complete(typed: str) -> Iterator[tuple[str, str]]:
    """The functions whose names begin as what has been typed, in its case."""
    for name in sorted({*SIGNATURES, *ALIASES}):
        if name.startswith(typed.upper()):
            signature = SIGNATURES[ALIASES.get(name, name)]
            yield (name.lower() if typed and typed == typed.lower() else name), signature.documentation


WORDS: Final = (
    ArgumentWord("name", "[NAME]", "the function to explain; without it all are listed", complete=_complete),
)


#: Longer calls have a line of their own in the list.
_USAGE_WIDTH = 30


def run_functions(words: dict[str, Any]) -> int:
    """Print the function, or all; return the exit status."""
    name = words["name"]
    if name is None:
        print_text("\n".join(_list()))
        return ANSWERED
    asked = name.upper().removesuffix("()")
    signature = SIGNATURES.get(ALIASES.get(asked, asked))
    if signature is None:
        near = suggestion(asked, [*SIGNATURES, *ALIASES])
        return fail(f"there is no function {name}{near or '; s3sql functions lists all'}", FAILED)
    print_text("\n".join(_explain(signature)))
    return ANSWERED


def _list() -> Iterator[str]:
    """Every function in a line, the aggregates last."""
    for title, kind in (("functions", "scalar"), ("aggregates", "aggregate")):
        yield f"{title}:"
        for signature in sorted(SIGNATURES.values(), key=lambda one: one.name):
            if signature.kind == kind:
                usage = f"  {signature.usage:{_USAGE_WIDTH}}"
                if len(signature.usage) > _USAGE_WIDTH:
                    yield usage
                    usage = " " * (2 + _USAGE_WIDTH)
                yield f"{usage}  {signature.documentation}"
        yield ""
    aliases = ", ".join(f"{alias} is {name}" for alias, name in sorted(ALIASES.items()))
    yield f"{aliases}. s3sql functions NAME explains one and has examples."


def _explain(signature: Signature) -> Iterator[str]:
    yield signature.usage
    yield f"  {signature.documentation}"
    yield f"  result: {signature.result}"
    aliases = [alias for alias, name in ALIASES.items() if name == signature.name]
    if aliases:
        yield f"  also: {', '.join(sorted(aliases))}"
    if signature.examples:
        yield ""
    width = max((len(expression) for expression, _ in signature.examples), default=0)
    for number, (expression, result) in enumerate(signature.examples):
        line = f"  {expression:{width}}  = {result}"
        if signature.kind == "aggregate":
            rows = signature.example_rows[number]
            over = f"over _1 = {', '.join(rows)}" if rows else "over no rows"
            line = f"{line:{width + 12}}  {over}"
        yield line
