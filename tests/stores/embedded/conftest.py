from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from s3sql.stores.embedded.store import EmbeddedStore
from tests.stores.embedded.objects import BUCKET


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a store with one bucket."""
    (tmp_path / "root" / BUCKET).mkdir(parents=True)
    return tmp_path / "root"


@pytest.fixture
def store(root: Path) -> Iterator[EmbeddedStore]:
    opened = EmbeddedStore(root)
    yield opened
    opened.close()
