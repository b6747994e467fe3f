"""Where a statement ends, in a text that comes line by line.

In: lines.  Out: :class:`Unit` objects: queries, each up to its ``;``, and commands, each a line that begins
with a dot where no query has begun. A ``;`` in a literal, a quoted name or a comment ends nothing.

The cut knows quotes and comments and nothing else, and keeps its state between lines, so that a long text
costs no more than its length; a test holds it to the tokens of the lexer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from s3sql.limits import MAX_EXPRESSION_BYTES

_MARK = re.compile(r"""[;'"`]|--|/\*""")
_LINE_END = re.compile(r"[\r\n]")

#: Words that people type to get out or to get help, and that begin no query.
_WORDS = {"exit": ".quit", "quit": ".quit", "help": ".help"}


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing to run; ``line`` is where it begins, from 1."""

    kind: Literal["query", "command"]
    text: str
    line: int


class Splitter:
    """Cuts lines into units."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._line = 0
        self._first = 0
        self._open = ""
        self._significant = False

    @property
    def begun(self) -> bool:
        """Whether something has begun that has not ended."""
        return self._significant or self._open in ("'", '"', "`", "/*")

    def feed(self, line: str) -> list[Unit]:
        """The units that end in *line*, which ends in a line feed unless it is the last one.

        Raises:
            ValueError: a query goes on and on.
        """
        self._line += 1
        if not self.begun:
            command = _command(line)
            if command is not None:
                self._start_anew()
                return [Unit("command", command, self._line)]
        units: list[Unit] = []
        at = begin = 0
        while at < len(line):
            at, ends = self._step(line, at)
            if ends:
                units += self._ended(line[begin : at - 1])
                begin = at
        self._keep(line[begin:])
        return units

    def finish(self) -> list[Unit]:
        """What has begun and not ended, as a unit; its error says what is missing."""
        self._significant = self.begun
        return self._ended("")

    def _step(self, line: str, at: int) -> tuple[int, bool]:
        """Go on from *at*: to where, and whether that is behind a ``;``."""
        if self._open:
            return self._in_open(line, at), False
        mark = _MARK.search(line, at)
        end = len(line) if mark is None else mark.start()
        self._significant = self._significant or bool(line[at:end].strip())
        if mark is None:
            return end, False
        if mark.group() == ";":
            return mark.end(), True
        self._open = mark.group()
        # What begins with a quote is there even if nothing else is.
        self._significant = self._significant or self._open in ("'", '"', "`")
        return mark.end(), False

    def _in_open(self, line: str, at: int) -> int:
        """Behind the end of what is open, if it ends in *line*. A doubled quote ends and opens again."""
        if self._open == "--":
            found = _LINE_END.search(line, at)
            end = -1 if found is None else found.end()
        else:
            closing = "*/" if self._open == "/*" else self._open
            end = line.find(closing, at)
            end = end if end < 0 else end + len(closing)
        if end < 0:
            return len(line)
        self._open = ""
        return end

    def _keep(self, text: str) -> None:
        if not self.begun:
            self._start_anew()
            return
        self._first = self._first if self._pieces else self._line
        self._pieces.append(text)
        self._length += len(text)
        if self._length > MAX_EXPRESSION_BYTES:
            self._start_anew()
            raise ValueError(
                f"a query may have {MAX_EXPRESSION_BYTES:,} characters, and this text goes on; does it lack "
                "a ';' or a closing quote?"
            )

    def _ended(self, last: str) -> list[Unit]:
        text = "".join([*self._pieces, last])
        first = self._first if self._pieces else self._line
        significant = self._significant
        self._start_anew()
        if not significant:
            return []
        shown = text.lstrip()
        return [Unit("query", shown.rstrip(), first + text.count("\n", 0, len(text) - len(shown)))]

    def _start_anew(self) -> None:
        self._pieces, self._length, self._open, self._significant = [], 0, "", False


def units_of(text: str) -> list[Unit]:
    """All units of *text*; what its end leaves open is the last one."""
    splitter = Splitter()
    units: list[Unit] = []
    for line in lines_of(text):
        units += splitter.feed(line)
    return units + splitter.finish()


def is_finished(text: str) -> bool:
    """Whether *text* holds something to run and nothing that has only begun."""
    splitter = Splitter()
    try:
        found = [unit for line in lines_of(text) for unit in splitter.feed(line)]
    except ValueError:
        return True
    return bool(found) and not splitter.begun


def lines_of(text: str) -> list[str]:
    """The lines of *text* with their ends; only a line feed ends a line."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _command(line: str) -> str | None:
    """The command that *line* is; None if it is none."""
    stripped = line.strip()
    if stripped.startswith("."):
        return stripped
    return _WORDS.get(stripped.rstrip("; \t").lower())
