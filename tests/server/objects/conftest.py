"""One running endpoint over an empty folder for all tests of operations; each has a bucket of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.server.objects.raw import Caller
from tests.server.serving import client_of, serving, settings_for

_numbers = count()


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(settings_for(tmp_path_factory.mktemp("buckets"))) as address:
        yield address


@pytest.fixture(scope="session")
def s3(url: str) -> Any:
    return client_of(url)


@pytest.fixture(scope="session")
def caller(url: str) -> Caller:
    return Caller(url)


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{next(_numbers)}"
    s3.create_bucket(Bucket=name)
    return name
