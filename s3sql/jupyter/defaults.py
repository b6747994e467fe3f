"""The defaults of a session: what ``%s3sql --set`` said, for every query that says nothing else.

In: names and values.  Out: the values that a query does not give itself, of those that its source can have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral

from s3sql.jupyter.options import OPTIONS, About, Option
from s3sql.sniffer.names import name_of, named

#: The name of the default source beside the options.
SOURCE = "source"

_OF_FORMATS: tuple[About, ...] = ("csv", "json")

_YES, _NO = frozenset({"yes", "true", "on", "1"}), frozenset({"no", "false", "off", "0"})


@dataclass(slots=True)
class Defaults:
    """Values by the option's name, in the order in which they were set."""

    values: dict[str, object] = field(default_factory=dict)

    def set(self, name: str, value: object) -> None:
        """Set one; a switch that is turned off is none.

        Raises:
            ValueError: the option cannot have the value.
        """
        if name == SOURCE or OPTIONS[name].metavar:
            self.values[name] = value if name == SOURCE else read_value(OPTIONS[name], value)
        elif str(value).lower() in _NO:
            self.values.pop(name, None)
        elif str(value).lower() in _YES:
            self.values[name] = True
        else:
            raise ValueError(f"{name} is yes or no, not {value!r}")

    def unset(self, name: str) -> None:
        """Forget one, whether it is there or not."""
        self.values.pop(name, None)

    def for_query(self, source: object, given: Mapping[str, object]) -> dict[str, object]:
        """What is added to a query over *source* that has the options *given*.

        A format is left out where the name of the source tells one; what belongs to CSV, for JSON and
        Parquet; what belongs to JSON, for the others; what belongs to S3, for a source elsewhere.
        """
        known = named(name_of(source)).input_format
        is_s3 = isinstance(source, str) and source.lower().startswith(("s3://", "s3a://"))
        format_ = _format(given) or known or self.values.get("format")
        excluded: set[About] = set() if is_s3 else {"s3"}
        if format_ is not None:
            excluded |= {about for about in _OF_FORMATS if about != format_}
        return {
            name: value
            for name, value in self.values.items()
            if name != SOURCE
            and name not in given
            and OPTIONS[name].about not in excluded
            and not (name == "format" and known is not None)
        }

    def __str__(self) -> str:
        """As ``--set`` takes them, one in a line."""
        return "\n".join(f"{name}={_shown(value)}" for name, value in self.values.items())


def read_value(option: Option, value: object) -> object:
    """What *value* means for *option*: text is read, another object is taken as it is, None is no value.

    Raises:
        ValueError: it is none that the option may have.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        return _checked(option, value)
    written = value.lower() if option.choices else value
    if option.choices and written not in option.choices:
        raise ValueError(f"{option.flag} is one of {', '.join(option.choices)}, not {value!r}")
    try:
        return option.read(written)
    except ValueError as error:
        raise ValueError(f"{option.flag}: {error}") from None


def _checked(option: Option, value: object) -> object:
    """*value*, which is no text, as the number, tuple or object that *option* takes."""
    if option.kind is None or not isinstance(value, option.kind) or isinstance(value, bool):
        takes = f"is one of {', '.join(option.choices)}" if option.choices else f"takes {option.metavar}"
        raise ValueError(f"{option.flag} {takes}, not {value!r}")
    if not isinstance(value, Integral):
        return value
    if option.kind is Integral and value < 0:
        raise ValueError(f"{option.flag}: {value} is no number of rows")
    return int(value)


def _format(given: Mapping[str, object]) -> object:
    """The format that a query says itself, by an option of it too."""
    about = {OPTIONS[name].about for name in given}
    return given.get("format") or next((format_ for format_ in _OF_FORMATS if format_ in about), None)


def _shown(value: object) -> str:
    if not isinstance(value, str):
        return str(value) if isinstance(value, bool | int | float | tuple) else f"<{type(value).__name__}>"
    return value if value and value.isprintable() and " " not in value else repr(value)
