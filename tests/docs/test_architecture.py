"""docs/architecture.md has every room of the package, and the order of imports that is kept."""

from __future__ import annotations

import re
from pathlib import Path

import s3sql
from tests.docs.pages import DOCS, prose, read
from tests.test_imports import LAYERS

PACKAGE = Path(s3sql.__file__).parent
ARCHITECTURE = DOCS / "architecture.md"


def test_every_stage_is_described() -> None:
    text = read(ARCHITECTURE)
    for folder in sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")):
        assert f"`s3sql/{folder}/" in text, f"docs/architecture.md says nothing of s3sql/{folder}/"


def test_every_module_of_the_first_floor_is_named() -> None:
    text = read(ARCHITECTURE)
    names = [path.name for path in PACKAGE.glob("*.py") if path.name != "__init__.py"]
    assert not [name for name in sorted(names) if not re.search(rf"`(s3sql/)?{name}`", text)]


def test_the_order_of_imports_is_the_one_that_is_held() -> None:
    told = re.search(r"^Imports run one way, .*?: (.*?)\. Only", prose(ARCHITECTURE), re.M | re.S)
    assert told is not None
    assert [set(re.findall(r"`([a-z_.]+)`", step)) for step in told[1].split("←")] == LAYERS


def test_modules_that_are_named_are_there() -> None:
    for name in re.findall(r"`s3sql/([\w/]+\.py)`", read(ARCHITECTURE)):
        assert (PACKAGE / name).is_file(), name
