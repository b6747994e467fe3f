"""What the line magic does apart from queries: defaults of the session, a source's schema, help.

In: a parsed line.  Out: text for the cell's output, or a description.
"""

from __future__ import annotations

from typing import Any

from s3sql.jupyter.arguments import Arguments
from s3sql.jupyter.defaults import SOURCE, Defaults
from s3sql.jupyter.failure import UsageError
from s3sql.jupyter.help_text import function_text, functions_text
from s3sql.jupyter.line import known_name
from s3sql.jupyter.options import OPTIONS
from s3sql.jupyter.words import Word

_NO_DEFAULTS = "no defaults; %s3sql --set header=use source=flights.csv sets some"


def set_defaults(arguments: Arguments) -> str:
    """Set what the line says, all of it or nothing; the defaults that are set now.

    Raises:
        UsageError: a name or a value is none.
        ParameterError: a Python expression fails.
    """
    line, defaults = arguments.asked.line, arguments.defaults
    checked = Defaults(dict(defaults.values))
    for name in arguments.asked.options:
        checked.set(name, arguments.option(name))
    for word in arguments.asked.words:
        name, value = _assignment(arguments, word)
        try:
            checked.set(name, value)
        except ValueError as error:
            raise UsageError(str(error), line, word.start) from None
    defaults.values.clear()
    defaults.values.update(checked.values)
    return str(defaults) or _NO_DEFAULTS


def unset_defaults(arguments: Arguments) -> str:
    """Forget the defaults that the line names, or all; those that are still set.

    Raises:
        UsageError: there is no such default.
    """
    arguments.only()
    line, defaults = arguments.asked.line, arguments.defaults
    words = arguments.asked.words
    names = [known_name(_name(word), (*OPTIONS, SOURCE), line, word.start, "option") for word in words]
    for name in names or list(defaults.values):
        defaults.unset(name)
    return str(defaults) or _NO_DEFAULTS


def described(arguments: Arguments) -> object:
    """The description of the source.

    Raises:
        UsageError: there is no source, or an option that means nothing here.
        ParameterError: a Python expression fails.
        S3SelectError: the source cannot be read.
    """
    from s3sql.describe import describe

    source_options = [name for name, option in OPTIONS.items() if option.describes]
    arguments.only(*source_options, "show")
    source, options = arguments.source_and_options()
    keywords: dict[str, Any] = {
        str(OPTIONS[name].keyword): value for name, value in options.items() if OPTIONS[name].describes
    }
    if "show" in options:
        keywords["rows"] = options["show"]
    return describe(source, **keywords)


def functions(arguments: Arguments) -> str:
    """The functions of the dialect, or those that the line names.

    Raises:
        UsageError: there is no such function.
    """
    arguments.only()
    words = arguments.asked.words
    if not words:
        return functions_text()
    return "\n\n".join(function_text(arguments.asked.line, word) for word in words)


def _assignment(arguments: Arguments, word: Word) -> tuple[str, object]:
    """Name and value of ``name=value``."""
    line = arguments.asked.line
    first = word.parts[0]
    written, equals, _ = first.partition("=") if isinstance(first, str) else ("", "", "")
    if not equals:
        hint = "--set takes name=value, such as header=use"
        raise UsageError(f"{line[word.start : word.end]} sets nothing", line, word.start, hint=hint)
    name = known_name(_spelled(written), (*OPTIONS, SOURCE), line, word.start, "option")
    value = word.behind(f"{written}=")
    if name == SOURCE or not OPTIONS[name].metavar:
        return name, arguments.value(value)
    return name, arguments.read(OPTIONS[name], value)


def _name(word: Word) -> str:
    return _spelled("".join(map(str, word.parts)).removeprefix("--"))


def _spelled(name: str) -> str:
    """A name as options are spelled: keywords of Python have underscores."""
    return name.lower().replace("_", "-")
