from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from s3sql.display.error_html import error_html, plain_error_html
from s3sql.display.html_style import NO_MATHEMATICS
from s3sql.errors import Position, S3SelectError

HOSTILE = "</pre></div><script>alert(1)</script>&amp;\"'<img src=x onerror=alert(1)>"

#: What the boxes are made of.
ELEMENTS = {"div", "style", "p", "b", "pre", "u", "span", "i"}


class Page(HTMLParser):
    """The elements of a piece of HTML, its texts but for the styles, and whether all elements are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def test_the_box_has_code_message_line_caret_and_hint() -> None:
    error = S3SelectError("Code", "Text.", position=Position(2, 3), hint="do so")
    page = Page(error_html("SELECT\na bcd", error))
    # The caret's line begins with a hidden copy of what is before the place.
    assert page.text == "Code: Text." + "a bcd\na ^" + "hint: do so"
    assert page.elements[0] == ("div", {"class": f"s3sql-error {NO_MATHEMATICS}", "role": "alert"})
    assert ("span", {"aria-hidden": "true", "style": "visibility: hidden"}) in page.elements


def test_without_a_place_there_is_no_line_and_without_a_hint_none_is_shown() -> None:
    page = Page(error_html("SELECT", S3SelectError("Code", "Text.")))
    assert page.text == "Code: Text."
    assert "pre" not in {name for name, _ in page.elements}


def test_the_box_of_another_error() -> None:
    page = Page(plain_error_html("ValueError", "no such choice"))
    assert page.text == "ValueError: no such choice"
    assert page.elements[0][1]["role"] == "alert"


@pytest.mark.parametrize("column", [1, 20, 70, 500])
def test_nothing_of_a_query_or_of_data_is_markup(column: int) -> None:
    error = S3SelectError(HOSTILE, HOSTILE, position=Position(1, column), hint=HOSTILE)
    page = Page(error_html(HOSTILE, error))
    assert {name for name, _ in page.elements} <= ELEMENTS
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert page.text.count(HOSTILE) >= 3
    assert Page(plain_error_html(HOSTILE, HOSTILE)).text == f"{HOSTILE}: {HOSTILE}"


def test_characters_that_html_cannot_carry_are_escapes() -> None:
    html = plain_error_html("Code", "a\x00b\ud800\x1b")
    assert r"a\x00b\ud800\x1b" in html
    html.encode()


def test_colours_are_those_of_the_page_with_others_to_fall_back_on() -> None:
    html = plain_error_html("a", "b")
    assert "--jp-error-color1, #" in html
    assert "--jp-content-font-color1, inherit" in html
    assert not re.search(r"(?<!-)color: #", html), "a colour of text that no theme can change"
    assert "url(" not in html
    assert "http" not in html
