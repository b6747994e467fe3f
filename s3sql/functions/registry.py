"""The scalar functions by name: what ``Call`` nodes run, and how a new function is added.

In: an upper-case function name.  Out: the :data:`ScalarFunction` behind it.

A definition is one decorated function in a module named in :data:`DEFINITIONS`, or one that a program has
registered (:func:`s3sql.extend.function`); its arity is a line in :mod:`s3sql.functions.signatures`, which
the parser checks, so a definition may count on the right number of arguments::

    @scalar("LOWER")
    def lower(arguments: Sequence[Column], fail: Fail) -> Column:
        ...

The rules every function keeps (AWS S3 User Guide, SQL functions; PartiQL v0.1):

* all arguments are evaluated before the call, for the same rows;
* an argument that is NULL or MISSING makes the result NULL, whatever the others are (not in COALESCE);
* a known argument of the wrong kind fails its row: ``fail(rows, error)`` with one flag per row, the row's
  result is then NULL and the others are computed as ever;
* nothing is converted.

:func:`eligible` implements the middle two. The evaluator calls ``registry.function(name)`` once for a
``Call`` node, then ``definition(arguments, batch.fail)`` for each batch. Special syntax arrives as plain
arguments: TRIM as (side, characters, text) with the side a string literal BOTH, LEADING or TRAILING,
SUBSTRING as (text, start[, length]), CHARACTER_LENGTH as CHAR_LENGTH.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TypeAlias

from s3sql.errors import S3SelectError
from s3sql.payloads import Mask
from s3sql.types import Column, Kind

#: Reports that the marked rows fail with the error; evaluation goes on.
Fail: TypeAlias = Callable[[Mask, S3SelectError], None]

#: Takes the evaluated arguments, one or more columns of one length; returns a column of that length.
ScalarFunction: TypeAlias = Callable[[Sequence[Column], Fail], Column]

#: The modules that define functions; loaded by the first look-up, because their kernels need numba.
DEFINITIONS = (
    "s3sql.functions.conditional",
    "s3sql.functions.strings",
    "s3sql.functions.temporal",
    "s3sql.functions.time_text",
)

_FUNCTIONS: dict[str, ScalarFunction] = {}


def scalar(name: str) -> Callable[[ScalarFunction], ScalarFunction]:
    """Register the decorated function under *name* (upper case).

    Raises:
        ValueError: the name is not upper case, or another definition has it.
    """

    def register(definition: ScalarFunction) -> ScalarFunction:
        if name != name.upper():
            raise ValueError(f"the name of a SQL function is upper case, not {name!r}")
        if name in _FUNCTIONS:
            raise ValueError(f"the function {name} is defined twice: {definition!r}, {_FUNCTIONS[name]!r}")
        _FUNCTIONS[name] = definition
        return definition

    return register


def remove(name: str) -> None:
    """Forget the function of that name, whether it is there or not."""
    _FUNCTIONS.pop(name, None)


def function(name: str) -> ScalarFunction:
    """The function of that upper-case name.

    Raises:
        S3SelectError: UnsupportedFunction, there is none.
    """
    if name not in _FUNCTIONS:
        _load()
    if name not in _FUNCTIONS:
        raise S3SelectError(
            "UnsupportedFunction", f"There is no function {name}. The functions are: {', '.join(names())}."
        )
    return _FUNCTIONS[name]


def names() -> tuple[str, ...]:
    """The names of all functions, sorted."""
    _load()
    return tuple(sorted(_FUNCTIONS))


def _load() -> None:
    for module in DEFINITIONS:
        import_module(module)


def eligible(name: str, arguments: Sequence[Column], kinds: Sequence[Kind], fail: Fail) -> Mask:
    """The rows in which function *name* has a result: every argument known and of its kind.

    ``kinds[i]`` is the only kind argument i may have. Rows with all arguments known but one of another
    kind are reported as IncorrectSqlFunctionArgumentType.
    """
    if all(argument.kind == kind for argument, kind in zip(arguments, kinds, strict=True)):
        return arguments[0].mask(kinds[0])
    known = arguments[0].known()
    for argument in arguments[1:]:
        known &= argument.known()
    fitting = known.copy()
    for number, (argument, kind) in enumerate(zip(arguments, kinds, strict=True), 1):
        wrong = fitting & ~argument.mask(kind)
        if wrong.any():
            fail(wrong, _wrong_kind(name, number, kind, argument, int(wrong.argmax())))
            fitting &= ~wrong
    return fitting


def _wrong_kind(name: str, number: int, kind: Kind, argument: Column, row: int) -> S3SelectError:
    found = Kind(int(argument.tag_array()[row]))
    return S3SelectError(
        "IncorrectSqlFunctionArgumentType",
        f"Argument {number} of the function {name} must be a value of type {kind.name}, found {found.name}.",
        hint=_argument_hint(kind, found),
    )


def _argument_hint(kind: Kind, found: Kind) -> str | None:
    """How a value of kind *found* becomes one of *kind*; None where nothing sure is known."""
    if kind == Kind.TIMESTAMP and found == Kind.STRING:
        return "CAST(s.x AS TIMESTAMP) reads 2007-04-05T14:30Z, TO_TIMESTAMP(s.x, pattern) other texts"
    if kind == Kind.STRING and found not in (Kind.LIST, Kind.STRUCT):
        return "CAST(s.x AS STRING) makes a text of it"
    if kind == Kind.INT and found in (Kind.FLOAT, Kind.DECIMAL, Kind.STRING):
        return "CAST(s.x AS INT) makes an int of it"
    return None
