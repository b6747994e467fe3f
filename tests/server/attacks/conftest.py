"""The endpoints that are attacked, and what has to hold after every attack."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from s3sql.server.access_log import LOGGER
from s3sql.server.settings import Limits
from tests.server.attacks.arena import Arena, DefectHandler, arena_in


@pytest.fixture(scope="package")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """An endpoint with the usual limits."""
    with arena_in(tmp_path_factory.mktemp("attacked")) as running:
        yield running


@pytest.fixture(scope="package")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """An endpoint that waits for nobody."""
    limits = Limits(header_time=1.0, body_time=1.0, header_bytes=8 << 10, headers=50, connections=40)
    with arena_in(tmp_path_factory.mktemp("impatient"), limits) as running:
        yield running


@pytest.fixture(autouse=True)
def _unharmed(request: pytest.FixtureRequest) -> Iterator[None]:
    """After an attack nothing has been touched, logged as a defect or left hanging, and all goes on."""
    arenas = [
        request.getfixturevalue(name) for name in ("arena", "impatient") if name in request.fixturenames
    ]
    for attacked in arenas:
        attacked.remember()
    handler = DefectHandler(arenas)
    level = LOGGER.level
    logging.getLogger().addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    try:
        yield
        for attacked in arenas:
            attacked.check()
    finally:
        LOGGER.setLevel(level)
        logging.getLogger().removeHandler(handler)
