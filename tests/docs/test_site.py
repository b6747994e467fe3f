"""The site is built of the pages without a warning, holds all of them, and needs nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import DOCS, SITE_PAGES

CONFIGURATION = DOCS / "site" / "mkdocs.yml"

#: What a browser fetches of itself.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc="(https?:)?//|<link\b[^>]*\bhref="(https?:)?//"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [Path(sys.executable).parent / "mkdocs", "build", "--strict", "-f", CONFIGURATION, "-d", folder],
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    said = built.stdout + built.stderr
    told = [line for line in said.splitlines() if not line.startswith("INFO    -  ")]
    assert built.returncode == 0, said
    assert not told, said
    # Of anchors that are not there mkdocs may only inform.
    assert "anchor" not in said, said
    return folder


def test_it_is_built_without_a_warning(site: Path) -> None:
    assert {path.stem for path in site.glob("*.html")} == {page.stem for page in SITE_PAGES} | {"404"}


def test_every_page_has_a_place_in_the_navigation() -> None:
    def pages(entries: list[object]) -> list[str]:
        found: list[str] = []
        for entry in entries:
            (value,) = entry.values() if isinstance(entry, dict) else [entry]
            found += pages(value) if isinstance(value, list) else [str(value)]
        return found

    navigation = pages(yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["nav"])
    assert sorted(navigation) == [page.name for page in SITE_PAGES]


def test_it_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in site.glob("*.html"):
        assert not FETCHED.search(page.read_text(encoding="utf-8")), page


def test_links_to_the_source_are_plain_text_on_it(site: Path) -> None:
    for page in site.glob("*.html"):
        assert not re.search(r'href="\.\./', page.read_text(encoding="utf-8")), page
