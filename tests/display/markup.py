"""HTML as a list of elements, for tests that ask what a browser would find in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"br", "img", "input", "hr", "meta", "link"})


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    parents: tuple[str, ...] = field(default=())


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), parents=tuple(parent.tag for parent in self.open))
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> ends nothing"
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1].text += data


def elements(html: str) -> list[Element]:
    """The elements of *html* in order; every one that begins must end."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert not parser.open
    return parser.elements


def texts(html: str, tag: str) -> list[str]:
    """What the elements of this name hold, without what is in elements below them."""
    return [element.text for element in elements(html) if element.tag == tag]


def harmless(html: str) -> bool:
    """Whether there is nothing in it that runs, loads or leaves the page."""
    allowed = {"b", "i", "u", "pre", "span"}
    allowed |= {"div", "style", "table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
    known = {"class", "style", "title", "scope", "role", "aria-label", "aria-hidden", "tabindex"}
    return all(
        element.tag in allowed and set(element.attributes) <= known and "url(" not in str(element.attributes)
        for element in elements(html)
    )
