"""The help of every command.

In: a command's parameters, grouped by their panels.  Out: text of at most the terminal's width: the usage,
what the command does, its arguments and options, examples.

typer's own layout cuts long option names at 80 columns, so this one gives an option and its value one
column that is never cut, and all the rest to the explanation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer.core

if TYPE_CHECKING:
    from rich.console import Console

#: Fewest and most columns of the help: shorter and longer lines read badly.
_NARROW, _WIDTH = 60, 100

_OPTIONS, _ARGUMENTS = "Options", "Arguments"


@dataclass(frozen=True, slots=True)
class Example:
    """A command line and what it is for."""

    purpose: str
    line: str


class HelpCommand(typer.core.TyperCommand):
    """A command whose help is drawn here; ``examples`` and ``ending`` stand below the options."""

    examples: Sequence[Example] = ()
    ending: str = ""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help."""
        console = _console()
        _print_head(console, ctx, self.help or "")
        for title, rows in _panels(self.get_params(ctx)):
            _print_panel(console, title, rows)
        _print_examples(console, self.examples)
        _print_text(console, self.ending)


class HelpGroup(typer.core.TyperGroup):
    """The command that has the others; its help lists them."""

    examples: Sequence[Example] = ()
    ending: str = ""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help."""
        console = _console()
        _print_head(console, ctx, self.help or "")
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        commands = [
            (name, (one.help or "").partition("\n")[0]) for name, one in found if one and not one.hidden
        ]
        _print_panel(console, "Commands", commands)
        for title, rows in _panels(self.get_params(ctx)):
            _print_panel(console, title, rows)
        _print_examples(console, self.examples)
        _print_text(console, self.ending)


def with_examples(*examples: Example, ending: str = "") -> type[HelpCommand]:
    """The class of a command with these examples."""
    return type("ExampleCommand", (HelpCommand,), {"examples": examples, "ending": ending})


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    console.width = min(max(console.width, _NARROW), _WIDTH)
    return console


def usage(ctx: Any) -> str:
    """``s3sql query [OPTIONS] SQL SOURCE...``."""
    if isinstance(ctx.command, HelpGroup):
        return f"{ctx.command_path} [OPTIONS] COMMAND [WORDS]..."
    arguments = [one.metavar for one in ctx.command.params if one.param_type_name == "argument"]
    return " ".join([ctx.command_path, "[OPTIONS]", *arguments])


def _print_head(console: Console, ctx: Any, text: str) -> None:
    from rich.text import Text

    console.print(Text.assemble(("Usage: ", "bold"), usage(ctx)), soft_wrap=False)
    console.print()
    _print_text(console, text)
    console.print()


def _print_text(console: Console, text: str) -> None:
    """Paragraphs, each wrapped anew; lines that begin with a blank stay as they are."""
    from rich.padding import Padding
    from rich.text import Text

    for number, paragraph in enumerate(filter(None, text.strip("\n").split("\n\n"))):
        if number:
            console.print()
        lines = paragraph.split("\n")
        whole = "\n".join(lines) if any(line.startswith(" ") for line in lines) else " ".join(lines)
        console.print(Padding(Text(whole), (0, 0, 0, 1), expand=False))


def _panels(parameters: Iterable[Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The rows of every panel, in the order in which they are first named; the general options last."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for parameter in parameters:
        if getattr(parameter, "hidden", False):
            continue
        argument = parameter.param_type_name == "argument"
        title = _ARGUMENTS if argument else getattr(parameter, "rich_help_panel", None) or _OPTIONS
        row = (
            parameter.metavar if argument else _flags(parameter),
            " ".join((getattr(parameter, "help", None) or "").split()),
        )
        panels.setdefault(title, []).append(row)
    general = panels.pop(_OPTIONS, None)
    return [*panels.items(), *([(_OPTIONS, general)] if general else [])]


def _flags(parameter: Any) -> str:
    """``-o, --output FORMAT``, ``--progress/--no-progress``."""
    names = sorted(parameter.opts, key=len)
    flags = ", ".join(names) + "".join(f"/{name}" for name in parameter.secondary_opts)
    return f"{flags} {parameter.metavar}" if parameter.metavar else flags


def _print_panel(console: Console, title: str, rows: Sequence[tuple[str, str]]) -> None:
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, overflow="fold", min_width=min(max(len(row[0]) for row in rows), 44))
    grid.add_column(ratio=1)
    for name, text in rows:
        flags, _, value = name.partition(" ") if name.startswith("--") else (name, "", "")
        grid.add_row(Text.assemble((flags, "bold cyan"), (f" {value}" if value else "", "yellow")), text)
    console.print(Panel(grid, title=title, title_align="left", border_style="dim"))


def _print_examples(console: Console, examples: Sequence[Example]) -> None:
    if not examples:
        return
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    lines: list[Text] = []
    for number, example in enumerate(examples):
        lines += [Text()] if number else []
        lines += [Text(f"# {example.purpose}", "dim"), Text(example.line)]
    console.print(Panel(Group(*lines), title="Examples", title_align="left", border_style="dim"))
