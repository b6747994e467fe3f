"""The values of a parsed line: its source and its options, with the defaults of the session.

In: an :class:`~s3sql.jupyter.line.Invocation`, the defaults, the variables.  Out: a source and option values,
as :func:`s3sql.query` takes them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from s3sql.jupyter.defaults import SOURCE, Defaults, read_value
from s3sql.jupyter.failure import ParameterError, UsageError, undefined
from s3sql.jupyter.line import Invocation
from s3sql.jupyter.namespace import Namespace
from s3sql.jupyter.options import OPTIONS, Option
from s3sql.jupyter.words import Word


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the words of one line stand for."""

    asked: Invocation
    defaults: Defaults
    names: Namespace

    def source_and_options(self) -> tuple[Any, dict[str, object]]:
        """The source, and the values of the options by their names, those of the session included.

        Raises:
            UsageError: there is no source, or an option cannot have its value.
            ParameterError: a Python expression fails.
        """
        line = self.asked.line
        if self.asked.source is not None:
            source = self.value(self.asked.source)
        elif SOURCE in self.defaults.values:
            source = self.defaults.values[SOURCE]
        else:
            raise UsageError(
                "there is no source",
                line,
                len(line.rstrip()),
                hint="a path, s3://bucket/key or {variable}; or a default: %s3sql --set source=…",
            )
        if isinstance(source, str) and source.startswith("~"):
            source = os.path.expanduser(source)
        given = {name: self.option(name) for name in self.asked.options}
        return source, {**self.defaults.for_query(source, given), **given}

    def option(self, name: str) -> object:
        """The value of one option of the line, True for a switch.

        Raises:
            UsageError: it cannot have the value.
            ParameterError: a Python expression fails.
        """
        word = self.asked.options[name]
        return True if word is None else self.read(OPTIONS[name], word)

    def read(self, option: Option, word: Word) -> object:
        """What *word* means for *option*; raises as :meth:`option`."""
        value = self.value(word)
        if option.name == "client" and isinstance(value, str):
            value = self.value(Word.of_expression(value, word))
        try:
            return read_value(option, value)
        except ValueError as error:
            raise UsageError(str(error), self.asked.line, word.start) from None

    def value(self, word: Word) -> object:
        """What *word* stands for.

        Raises:
            ParameterError: a Python expression in it fails.
        """
        try:
            return word.value(self.names.value_of)
        except NameError as error:
            raise undefined(error, self.asked.line, word.start, self.names.names()) from error
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
            raise ParameterError(found, self.asked.line, word.start) from error

    def only(self, *names: str) -> None:
        """Refuse every option of the line but those with *names*.

        Raises:
            UsageError: there is another one.
        """
        for name in self.asked.options:
            if name not in names:
                action = self.asked.action
                raise UsageError(f"--{name} means nothing to --{action}", self.asked.line, 0)
