"""The pages of the documentation, taken apart.

In: Markdown files.  Out: their fenced blocks, the commands of a console block, links, pictures, headings.

Over a block a page can say how it is to be tried:

    <!-- not run: why -->      it is only read
    <!-- at a terminal -->     its commands see a terminal, as a reader's do: records come as a table
    <!-- fails -->             the cell fails, and shows the block behind it
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

#: What mkdocs makes a site of.
SITE_PAGES = sorted(DOCS.glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "benchmarks" / "README.md", *SITE_PAGES]

_FENCE = re.compile(
    r"^(?:<!-- (?P<mark>not run(?=: .)|at a terminal|fails)[^\n]* -->\n)?"
    r"```(?P<language>\S*)\n(?P<code>.*?)^```$",
    re.M | re.S,
)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
_LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))+\]\(([^)\s]+)\)")
_REFERENCE = re.compile(r"(?<!!)\[[^\[\]]+\]\[([^\[\]]+)\]")
_DEFINITION = re.compile(r"^\[([^\]]+)\]: +(\S+)$", re.M)
_HTML_IMAGE = re.compile(r'<img alt="([^"]*)" src="([^"]+)">')
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block; ``line`` is that of its first line of code, ``mark`` what the page says over it."""

    language: str
    code: str
    line: int
    mark: str | None

    @property
    def runs(self) -> bool:
        """Whether it is tried."""
        return self.mark != "not run"


@dataclass(frozen=True)
class Command:
    """A command behind ``$``, and what a page shows below it."""

    text: str
    shown: str


def identify(page: Path) -> str:
    """How a test is called."""
    return str(page.relative_to(ROOT))


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> list[Block]:
    """The fenced blocks of *page*, in one of *languages* if there are any."""
    text = read(page)
    found = [
        Block(
            match["language"],
            match["code"],
            text.count("\n", 0, match.start("code")) + 1,
            match["mark"],
        )
        for match in _FENCE.finditer(text)
    ]
    return [block for block in found if not languages or block.language in languages]


def prose(page: Path) -> str:
    """The text of *page* without its blocks."""
    return _FENCE.sub("", read(page))


def code_spans(text: str) -> set[str]:
    """What stands between backquotes."""
    return {match[0].strip("`").strip() for match in _CODE.finditer(text)}


def commands(block: Block) -> list[Command]:
    """The commands of a console block; one goes on while a quote is open or a line ends in a backslash."""
    found: list[Command] = []
    lines = block.code.splitlines(keepends=True)
    while lines:
        line = lines.pop(0)
        assert line.startswith("$ "), f"line {block.line}: {line!r} is no command"
        text = line.removeprefix("$ ")
        while _goes_on(text):
            text += lines.pop(0)
        shown = ""
        while lines and not lines[0].startswith("$ "):
            shown += lines.pop(0)
        found.append(Command(text.rstrip("\n"), shown))
    return found


def _goes_on(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return True
    return text.endswith("\\\n")


def links(page: Path) -> list[str]:
    """Where the links of *page* lead."""
    text = _CODE.sub("", prose(page))
    defined = dict(_DEFINITION.findall(text))
    named = set(_REFERENCE.findall(text))
    assert named == set(defined), f"{page}: named and defined references differ"
    return [*_LINK.findall(text), *defined.values()]


def images(page: Path) -> list[tuple[str, str]]:
    """The pictures of *page*, those of the dark theme too: what is said in their place, and their paths."""
    text = prose(page)
    dark = [("dark", target) for target in re.findall(r'srcset="([^"]+)"', text)]
    return _IMAGE.findall(text) + _HTML_IMAGE.findall(text) + dark


def headings(page: Path) -> list[str]:
    return re.findall(r"^#{1,6} (.+)$", prose(page), re.M)


def github_anchors(page: Path) -> list[str]:
    """The anchors that GitHub makes of the headings."""
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(page)]


def site_anchors(page: Path) -> list[str]:
    """Those that Python-Markdown makes of them."""
    plain = [
        unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
        for heading in headings(page)
    ]
    return [re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in plain]
