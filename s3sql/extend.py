"""What a program adds to s3sql: functions, input formats, output formats, stores, rules.

In: a name and a definition.  Out: a :class:`Registration`, which takes it back.

Each is one definition, and each is there only because this program has asked for it, in this process: nothing
is looked for on the way, no package adds anything by being installed. ``s3sql serve`` loads none. How each is
written: docs/extending.md.

    with extend.function("FLIP", flip, arguments=1):
        s3sql.query("SELECT FLIP(CAST(_1 AS BOOL)) FROM S3Object", …)
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from importlib import import_module
from types import TracebackType
from typing import Final, Self

from s3sql.formats import registered_formats
from s3sql.formats.tables import InputFormat
from s3sql.functions import registry
from s3sql.functions.signatures import ALIASES, SIGNATURES, Signature
from s3sql.plan import rules
from s3sql.plan.cache import PLANS
from s3sql.serialize.base import Serializer
from s3sql.serialize.registered_output import OUTPUT_FORMATS
from s3sql.sql.keywords import FUNCTION_WORDS, RESERVED
from s3sql.stores.base import ObjectStore
from s3sql.stores.sources import STORES

_FUNCTION_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")

#: One change at a time; queries take no lock.
_LOCK: Final = threading.RLock()
_IN_FORCE: Final[list[Registration]] = []


class Registration:
    """Something that was registered, until :meth:`remove` or the end of a ``with`` block.

    ``kind`` is ``function``, ``input format``, ``output format``, ``store`` or ``rule``; ``name`` its name.
    """

    def __init__(self, kind: str, name: str, take_back: Callable[[], None]) -> None:
        self.kind = kind
        self.name = name
        self._take_back = take_back

    def remove(self) -> None:
        """Take it back; a second call does nothing.  Queries that are under way may fail for want of it."""
        with _LOCK:
            if self in _IN_FORCE:
                self._take_back()
                _IN_FORCE.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def __repr__(self) -> str:
        state = "" if self in _IN_FORCE else ", removed"
        return f"<s3sql.extend.Registration of the {self.kind} {self.name}{state}>"


def registrations() -> tuple[Registration, ...]:
    """Everything that is registered now, in the order in which it was."""
    return tuple(_IN_FORCE)


def function(
    name: str,
    definition: registry.ScalarFunction,
    *,
    arguments: int | tuple[int, int | None],
    documentation: str = "",
    usage: str = "",
    result: str = "",
) -> Registration:
    """Add a scalar function, for every query of this process from now on.

    Args:
        name: in capital letters; a query writes it in any case.
        definition: takes columns, returns a column; see :mod:`s3sql.functions.registry`.
        arguments: how many it takes, or the least and the most (None: any number).
        documentation: one line, for ``s3sql functions`` and completion.
        usage: the call as a reader writes it; made of the name and the number of arguments if not given.
        result: the kind of the result, in words.

    Raises:
        ValueError: the name is taken, or no query could call it; the numbers make no sense.
    """
    minimum, maximum = (arguments, arguments) if isinstance(arguments, int) else arguments
    if minimum < 0 or (maximum is not None and maximum < minimum):
        raise ValueError(
            f"arguments is {arguments!r}; it must be a number from 0 on, or a pair (least, most)"
        )
    if not _FUNCTION_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a function: that is a capital letter, then A-Z, 0-9 and _")
    if name in RESERVED - FUNCTION_WORDS:
        raise ValueError(f"{name} is a reserved word, so no query can call a function of this name")
    signature = Signature(
        name,
        "scalar",
        minimum,
        maximum,
        documentation,
        usage=usage or _usage(name, minimum, maximum),
        result=result,
    )

    def take_back() -> None:
        del SIGNATURES[name]
        registry.remove(name)
        PLANS.clear()

    with _LOCK:
        if name in SIGNATURES or name in ALIASES:
            raise ValueError(f"there is a function {name} already")
        registry.scalar(name)(definition)
        SIGNATURES[name] = signature
        return _registered("function", name, take_back)


def input_format(name: str, form: InputFormat, *, suffixes: Iterable[str] = ()) -> Registration:
    """Add an input format, for :func:`s3sql.query` and what is made of it; no request on the wire has one.

    Args:
        name: of ``input_format="…"``, in small letters.
        form: see :mod:`s3sql.formats.tables`.
        suffixes: of names that mean it, such as ``".log"``; that of a compression may follow.

    Raises:
        ValueError: the name or a suffix is taken, or not spelled like one.
        TypeError: *form* is no input format.
    """
    if not callable(getattr(form, "open", None)) or not isinstance(
        getattr(form, "random_access", None), bool
    ):
        raise TypeError(f"an input format has open() and random_access, which {type(form).__name__} lacks")
    with _LOCK:
        registered_formats.register(name, form, suffixes)
        return _registered("input format", name, lambda: registered_formats.INPUT_FORMATS.remove(name))


def output_format(name: str, serializer: Serializer) -> Registration:
    """Add an output format, for the events of :func:`s3sql.query`; no request on the wire has one.

    Args:
        name: of ``output_format="…"``, in small letters.
        serializer: see :mod:`s3sql.serialize.base`. Several threads call it at once.

    Raises:
        ValueError: the name is taken, or not spelled like one.
        TypeError: *serializer* is none.
    """
    if not callable(getattr(serializer, "serialize", None)):
        raise TypeError(f"an output format has serialize(), which {type(serializer).__name__} lacks")
    with _LOCK:
        OUTPUT_FORMATS.add(name, serializer)
        return _registered("output format", name, lambda: OUTPUT_FORMATS.remove(name))


def store(scheme: str, objects: ObjectStore) -> Registration:
    """Have ``scheme://bucket/key`` name an object of a store, wherever a source is named.

    A store can be used without this: :func:`s3sql.client` takes it as it is.

    Args:
        scheme: of the URL, in small letters.
        objects: see :mod:`s3sql.stores.base`.

    Raises:
        ValueError: the scheme is taken, or not spelled like one.
        TypeError: *objects* is no store.
    """
    if not callable(getattr(objects, "open", None)):
        raise TypeError(f"a store has open(), which {type(objects).__name__} lacks")
    with _LOCK:
        STORES.add(scheme, objects)
        return _registered("store", scheme, lambda: STORES.remove(scheme))


def rule(definition: rules.Rule, *, before: str = "split_conjunctions") -> Registration:
    """Add a rule to the optimizer's list, for every query of this process from now on.

    Args:
        definition: a function from a plan to a plan that means the same; see :mod:`s3sql.plan.rules`.
        before: the name of the rule in front of which it is applied, by default the first one behind the
            folding of constants.

    Raises:
        ValueError: there is no such rule, or one of the same name as *definition*.
    """

    def take_back() -> None:
        rules.withdraw_rule(definition)
        PLANS.clear()

    with _LOCK:
        rules.insert_rule(definition, before)
        PLANS.clear()
        return _registered("rule", definition.__name__, take_back)


def load(modules: str) -> None:
    """Import *modules*, names between commas, each of which registers what it has to add.

    The command line does this with the variable ``S3SQL_EXTENSIONS``, except for ``s3sql serve``.

    Raises:
        ImportError: one cannot be imported.
    """
    for name in filter(None, map(str.strip, modules.split(","))):
        try:
            import_module(name)
        except Exception as error:
            raise ImportError(
                f"the extension {name!r} cannot be loaded: {type(error).__name__}: {error}"
            ) from error


def _registered(kind: str, name: str, take_back: Callable[[], None]) -> Registration:
    """Note a registration; the caller holds the lock."""
    registration = Registration(kind, name, take_back)
    _IN_FORCE.append(registration)
    return registration


def _usage(name: str, minimum: int, maximum: int | None) -> str:
    """``NAME(x1, x2 [, x3])``."""
    required = [f"x{number}" for number in range(1, minimum + 1)]
    if maximum is None:
        return f"{name}({', '.join([*required, 'x...'])})"
    optional = "".join(
        f" [{', ' if number > 1 else ''}x{number}]" for number in range(minimum + 1, maximum + 1)
    )
    return f"{name}({', '.join(required)}{optional if required else optional.strip()})"
