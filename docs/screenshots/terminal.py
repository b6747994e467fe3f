"""A terminal with a real shell in it, and pictures of its screen.

In: lines to type and keys to press.  Out: what the screen shows then, as text and as an SVG.

The shell is bash on a pseudo-terminal; pyte reads what it writes as xterm would; rich draws the SVG.
"""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

#: bash says by it that it waits for a command; terminals do not show it.
PROMPT_MARK = "\x1b]133;A\x07"

#: The letters are larger than the 20 pixels that rich reckons with, so that the lines of boxes meet.
SVG = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-size: 21px; line-height: {line_height}px; white-space: pre;
  font-family: "Cascadia Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
.{unique_id}-title {{ font: 600 15px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""

#: Black, red, green, yellow, blue, magenta, cyan, white.
NORMAL = ("484f58", "ff7b72", "56d364", "e3b341", "79c0ff", "d2a8ff", "76e3ea", "c8d0d8")
BRIGHT = ("8b949e", "ffa198", "7ee787", "f2cc60", "a5d6ff", "e2c5ff", "b3f0ff", "ffffff")


def _triplets(colours: tuple[str, ...]) -> list[tuple[int, int, int]]:
    return [(int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)) for text in colours]


DARK = TerminalTheme((22, 27, 34), (220, 225, 232), _triplets(NORMAL), _triplets(BRIGHT))


class Screen(pyte.Screen):
    """pyte's screen, faint text and the mark of the prompt included.

    pyte knows no faint text; what it calls blinking, which nothing here does, stands for it.
    """

    def select_graphic_rendition(self, *attributes: int, **more: Any) -> None:
        """Take over *attributes*, faint as blinking."""
        translated: list[int] = []
        rest = list(attributes)
        while rest:
            code = rest.pop(0)
            if code in (38, 48) and rest:
                # The numbers of a colour are no attributes.
                count = 2 if rest[0] == 5 else 4
                translated += [code, *rest[:count]]
                del rest[:count]
            elif code == 2:
                translated.append(5)
            elif code == 22:
                translated += [22, 25]
            else:
                translated.append(code)
        super().select_graphic_rendition(*translated, **more)


class Terminal:
    """bash in *folder*, in a window of *columns* by *rows*; leave it as a context manager."""

    def __init__(self, folder: Path, program: Path, *, columns: int = 100, rows: int = 30) -> None:
        environment = {
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "PS2": "> ",
            "PS1": r"\[\e[1;32m\]$\[\e[0m\] ",
            "PROMPT_COMMAND": r"printf '\e]133;A\a'",
            "XDG_STATE_HOME": str(folder / ".state"),
            # The kernels were compiled for the user who starts this, who has waited for them once.
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
        }
        self._screen = Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._prompts = 0
        self._shell = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile", "+o", "history"],
            cwd=str(folder),
            env=environment,
            dimensions=(rows, columns),
            encoding="utf-8",
            codec_errors="replace",
        )
        self.wait_for(lambda: self._prompts == 1)

    def run(self, command: str) -> None:
        """Type *command* and wait until it has ended."""
        prompts = self._prompts
        self.type(command.replace("\n", "\r") + "\r")
        self.wait_for(lambda: self._prompts > prompts)

    def interrupt(self) -> None:
        """Press Ctrl-C and wait until the command has ended."""
        prompts = self._prompts
        self.type("\x03")
        self.wait_for(lambda: self._prompts > prompts)

    def type(self, text: str) -> None:
        """Press the keys of *text*."""
        self._shell.send(text)

    def wait_for(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Read until *condition* holds.

        Raises:
            TimeoutError: it does not within *seconds*; with the screen.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("the terminal does not show what was waited for:\n" + self.text())
            self.read(0.05)

    def wait_for_text(self, pattern: str, seconds: float = 60) -> None:
        """Read until the screen shows *pattern*."""
        self.wait_for(lambda: re.search(pattern, self.text()), seconds)

    def settle(self) -> None:
        """Read until nothing more is written for a moment."""
        while self.read(0.4):
            pass

    def read(self, seconds: float) -> bool:
        """Show what is written within *seconds*; whether it was anything."""
        try:
            written = self._shell.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return False
        self._prompts += written.count(PROMPT_MARK)
        self._stream.feed(written)
        return bool(written)

    def clear(self) -> None:
        """Empty the screen, the prompt excepted."""
        self.run("clear")

    def text(self) -> str:
        """The screen as text."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def draw(self, path: Path, title: str) -> None:
        """Write the screen to *path* as an SVG, up to the prompt that waits at its end."""
        shown = re.sub(r"\n\$$", "", self.text()).splitlines()
        # The letters of the last line reach below it.
        lines = [*(self._line(row) for row in range(len(shown))), Text()]
        path.write_text(svg(lines, self._screen.columns, title, path.stem), encoding="utf-8")

    def _line(self, row: int) -> Text:
        text = Text(no_wrap=True, end="")
        for column in range(self._screen.columns):
            character = self._screen.buffer[row][column]
            # The second half of a wide character is empty.
            if character.data:
                text.append(character.data, _style(character))
        text.rstrip()
        return text

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shell.close(force=True)


def svg(lines: Iterable[Text], columns: int, title: str, name: str) -> str:
    """A picture of a window with *lines*; the same for the same lines."""
    console = Console(
        width=columns, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False, highlight=False)
    drawn = console.export_svg(title=title, theme=DARK, code_format=SVG, unique_id=name)
    # rich cuts each line where the next begins, which cuts the lines of boxes, too.
    return re.sub(r' clip-path="url\(#[^"]*-line-\d+\)"', "", drawn)


def _style(character: pyte.screens.Char) -> Style:
    return Style(
        color=_colour(character.fg),
        bgcolor=_colour(character.bg),
        bold=character.bold,
        dim=character.blink,
        italic=character.italics,
        underline=character.underscore,
        reverse=character.reverse,
        strike=character.strikethrough,
    )


def _colour(name: str) -> str | None:
    """A colour of pyte as rich names it."""
    if name == "default":
        return None
    if re.fullmatch("[0-9a-f]{6}", name):
        return f"#{name}"
    name = name.replace("brown", "yellow")
    return f"bright_{name.removeprefix('bright')}" if name.startswith("bright") else name
