"""Links lead somewhere, on GitHub and on the site; pictures are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import (
    DOCS,
    PAGES,
    ROOT,
    SITE_PAGES,
    github_anchors,
    identify,
    images,
    links,
    read,
    site_anchors,
)

by_page = pytest.mark.parametrize("page", PAGES, ids=identify)

#: A page with pictures should open at once.
MOST_BYTES = 300_000


@by_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        if re.match(r"https?://", target):
            assert target.startswith("https://") or "localhost" in target, f"{page}: {target}"
            continue
        path, _, fragment = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page}: {target} leads nowhere"
        assert linked.is_relative_to(ROOT), f"{page}: {target} leads out of the project"
        if fragment:
            assert github_anchors(linked).count(fragment) == 1, (
                f"{page}: {target} names no heading, or several"
            )
            if linked in SITE_PAGES:
                assert fragment in site_anchors(linked), f"{page}: on the site {target} is called otherwise"


@by_page
def test_pictures_are_there_and_say_what_they_show(page: Path) -> None:
    for words, target in images(page):
        assert words, f"{page}: {target} says nothing to those who do not see it"
        assert (page.parent / target).is_file(), f"{page}: there is no {target}"


def test_pictures_are_shown_and_small() -> None:
    shown = {(page.parent / target).resolve() for page in PAGES for _, target in images(page)}
    for picture in (DOCS / "images").rglob("*.*"):
        assert picture.stat().st_size < MOST_BYTES, picture
        # What is in no page is for the eye of the other theme, beside one that is.
        other = picture.with_name(picture.name.replace("-dark.", "-light."))
        assert picture in shown or other in shown, f"no page shows {picture}"


def test_every_page_begins_with_its_title() -> None:
    for page in PAGES:
        text = re.sub(r"<!--.*?-->\s*", "", read(page), count=1, flags=re.S)
        assert text.startswith("# "), page
        assert len(re.findall(r"^# ", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)) == 1, page
