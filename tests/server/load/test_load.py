"""A short run of what ``make soak`` does for minutes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.server.load import kills, mixed
from tests.server.load.__main__ import MOST_MEMORY
from tests.server.load.endpoint import running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def test_sixteen_clients_get_what_they_asked_for(tmp_path: Path) -> None:
    (tmp_path / "root" / mixed.BUCKET).mkdir(parents=True)
    with running(tmp_path / "root", tmp_path / "log") as endpoint:
        idle = endpoint.memory()
        with endpoint.watched() as most_memory:
            outcome = mixed.run_processes(endpoint.url, clients=16, processes=2, seconds=5)
    assert not outcome.failures, "\n".join(outcome.failures)
    assert outcome.done.keys() >= {"put", "get", "select", "list", "table"}
    assert most_memory() - idle < MOST_MEMORY
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_no_acknowledged_write_is_lost_when_the_endpoint_is_killed(tmp_path: Path) -> None:
    kept = kills.run(tmp_path / "root", tmp_path / "log", writes=60, kills=3, seed=20)
    assert kept.acknowledged >= 60
    assert kept.kills == 3
    assert kept.verified == 3 * len(kills.KEYS)
