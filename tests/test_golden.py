r"""Golden files: queries by feature with the bytes they answer, in ``tests/golden/*.slt``.

A file is a list of blocks with blank lines between them; lines that begin with ``# `` in front of a block
are comments.

    input csv header=USE record_delimiter="\r\n"     an object; the lines below are its text
    a,b\r
    1,2\r

    output json                                      how the answers below are written

    scan 0-99                                        their ScanRange; also "5-", "-5" (the last 5), "all"

    query SELECT a FROM S3Object                     a query, over several lines if need be
    ----
    {"a":"1"}                                        its answer

    query SELECT c FROM S3Object
    ----
    error MissingHeaders 1:8                         or its error, behind the records that come before it;
                                                     without line:column the place is not compared

What ``input``, ``output`` and ``scan`` set holds until the next one; ``input`` ends a ``scan``. In texts and
settings (not in queries) ``\n \r \t \0 \\`` and ``\xNN``, one byte, have their usual meaning. A line stands
for its text and a line feed; one that ends in ``\c`` for its text alone, so ``\n\c`` is an empty line.

Expected answers are written by hand from the reference. ``pytest --update-golden`` writes what is answered
now instead; a person reads the difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import dropwhile
from pathlib import Path
from typing import Any

import pytest

from tests.answers import Answer, ask

FILES = sorted((Path(__file__).parent / "golden").glob("*.slt"))

_SETTING = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)|(\S+)')
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)")
_NO_LINE_END = re.compile(r"(?<!\\)(?:\\\\)*\\c$")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\", b'"': b'"'}

_MEMBERS = {
    "header": "FileHeaderInfo",
    "comments": "Comments",
    "quote": "QuoteCharacter",
    "escape": "QuoteEscapeCharacter",
    "record_delimiter": "RecordDelimiter",
    "field_delimiter": "FieldDelimiter",
    "allow_quoted_record_delimiter": "AllowQuotedRecordDelimiter",
    "quote_fields": "QuoteFields",
}


@dataclass
class Setting:
    """What a query is asked under; made anew by every ``input`` and ``output``."""

    contents: bytes = b""
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=lambda: {"JSON": {}})
    part: dict[str, int] | None = None
    shown: str = ""


@dataclass(frozen=True)
class Query:
    """A query of a file, the line its block begins with, and its answer as the file has it."""

    line: int
    sql: str
    expected: list[str]
    setting: Setting

    def got(self) -> list[str]:
        """The answer as lines of a golden file."""
        setting = self.setting
        answer = ask(setting.contents, self.sql, setting.inputs, setting.outputs, setting.part)
        assert answer.code != "InternalError", answer.message
        return rendered(answer)


def blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines without a blank one, each with the number of its first line (from 1)."""
    block: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def queries(path: Path) -> list[Query]:
    """All queries of a file."""
    found: list[Query] = []
    setting = Setting()
    for line, block in blocks(path.read_text(encoding="utf-8")):
        commands = list(dropwhile(lambda text: text.startswith("# "), block))
        if not commands:
            continue
        kind, _, rest = commands[0].partition(" ")
        if kind == "query":
            end = commands.index("----")
            sql = "\n".join([rest, *commands[1:end]])
            found.append(Query(line, sql, commands[end + 1 :], setting))
        elif kind == "input":
            body = commands[1:]
            shown = "\n".join(commands)
            setting = Setting(b"".join(map(unescaped, body)), _inputs(rest), setting.outputs, None, shown)
        elif kind == "output":
            setting = Setting(setting.contents, setting.inputs, _outputs(rest), setting.part, setting.shown)
        elif kind == "scan":
            setting = Setting(setting.contents, setting.inputs, setting.outputs, _part(rest), setting.shown)
        else:
            raise ValueError(f"{path.name}:{line}: a block begins with {commands[0]!r}")
    return found


def _settings(text: str) -> tuple[str, dict[str, Any]]:
    """The word in front and the settings behind it."""
    words: list[str] = []
    settings: dict[str, Any] = {}
    for match in _SETTING.finditer(text):
        if match[3] is not None:
            words.append(match[3])
            continue
        value = match[2][1:-1] if match[2].startswith('"') else match[2]
        settings[match[1]] = _bytes(value).decode()
    return " ".join(words), settings


def _inputs(text: str) -> dict[str, Any]:
    form, settings = _settings(text)
    common = {"CompressionType": settings.pop("compression")} if "compression" in settings else {}
    if form.startswith("json "):
        assert not settings, settings
        return {"JSON": {"Type": form.removeprefix("json ").upper()}, **common}
    assert form == "csv", form
    members = {_MEMBERS[name]: value for name, value in settings.items()}
    if "AllowQuotedRecordDelimiter" in members:
        members["AllowQuotedRecordDelimiter"] = members["AllowQuotedRecordDelimiter"] == "true"
    return {"CSV": members, **common}


def _outputs(text: str) -> dict[str, Any]:
    form, settings = _settings(text)
    return {form.upper(): {_MEMBERS[name]: value for name, value in settings.items()}}


def _part(text: str) -> dict[str, int] | None:
    if text == "all":
        return None
    start, _, end = text.partition("-")
    return {name: int(value) for name, value in (("Start", start), ("End", end)) if value}


def unescaped(line: str) -> bytes:
    """The bytes a line stands for."""
    if _NO_LINE_END.search(line):
        return _bytes(line[:-2])
    return _bytes(line) + b"\n"


def _bytes(text: str) -> bytes:
    def meant(match: re.Match[bytes]) -> bytes:
        escape = match[1]
        return bytes([int(escape[1:], 16)]) if len(escape) == 3 else _ESCAPES[escape]

    return _ESCAPE.sub(meant, text.encode())


def rendered(answer: Answer) -> list[str]:
    """An answer as lines of a golden file."""
    text = answer.payload.decode("utf-8", "backslashreplace" if b"\\" not in answer.payload else "strict")
    lines = text.split("\n")
    last = lines.pop()
    shown = [_shown(line) or "\\n\\c" for line in lines]
    if last:
        shown.append(_shown(last) + "\\c")
    if answer.code is not None:
        shown.append(" ".join(filter(None, ("error", answer.code, answer.place))))
    return shown


def _shown(line: str) -> str:
    line = line.replace("\\", "\\\\").replace("\r", "\\r").replace("\t", "\\t")
    line = re.sub(r"[\0-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", line)
    return "\\x65rror " + line.removeprefix("error ") if line.startswith("error ") else line


CASES = [(path, query) for path in FILES for query in queries(path)]


@pytest.mark.parametrize(("path", "query"), CASES, ids=[f"{path.stem}-{query.line}" for path, query in CASES])
def test_query(path: Path, query: Query, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        update(path)
        return
    got = query.got()
    expected = query.expected
    if expected and got and expected[-1].startswith("error ") and expected[-1].count(" ") == 1:
        got[-1] = " ".join(got[-1].split(" ")[:2])
    if got == expected:
        return
    pytest.fail(
        "\n".join(
            [
                f"{path.name}:{query.line}",
                f"{query.setting.shown}",
                f"output {query.setting.outputs} scan {query.setting.part}",
                "",
                f"query {query.sql}",
                "---- expected",
                *expected,
                "---- got",
                *got,
            ]
        ),
        pytrace=False,
    )


@cache
def update(path: Path) -> None:
    """Write what a file's queries answer now."""
    answers = {query.line: query.got() for query in queries(path)}
    text = path.read_text(encoding="utf-8")
    for line, block in reversed(list(blocks(text))):
        if line in answers:
            lines = text.split("\n")
            end = block.index("----") + 1
            lines[line - 1 : line - 1 + len(block)] = [*block[:end], *answers[line]]
            text = "\n".join(lines)
    path.write_text(text, encoding="utf-8")


def test_lines_stand_for_bytes() -> None:
    assert unescaped("a\\r") == b"a\r\n"
    assert unescaped("a\\c") == b"a"
    assert unescaped("\\n\\c") == b"\n"
    assert unescaped("\\\\c") == b"\\c\n"
    assert unescaped("\\xff\\\\n\\0\\c") == b"\xff\\n\0"


def test_answers_are_written_as_they_are_read() -> None:
    payload = b"a\n\n\\\t\x01\xc3\xa9\r\nerror x\nb"
    lines = rendered(Answer(payload, "CastFailed", "at line 1, column 2"))
    assert lines == ["a", "\\n\\c", "\\\\\\t\\x01é\\r", "\\x65rror x", "b\\c", "error CastFailed 1:2"]
    assert b"".join(map(unescaped, lines[:-1])) == payload


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 250
