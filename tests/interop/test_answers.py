"""The answers that all clients are held to are those of the engine in process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.answers import ask
from tests.interop.answers import ANY, SELECTS, answers
from tests.interop.clients import CLIENTS
from tests.interop.objects import write_objects


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The objects, as files."""
    folder = tmp_path_factory.mktemp("objects")
    write_objects(folder)
    return folder


@pytest.mark.parametrize("name", SELECTS)
def test_an_answer_is_the_engines(name: str, folder: Path) -> None:
    members, expected = SELECTS[name], answers(folder)[name]
    path = folder / members["Key"]
    answer = ask(
        path.read_bytes() if path.exists() else None,
        members["Expression"],
        members["InputSerialization"],
        members["OutputSerialization"],
        members.get("ScanRange"),
    )
    assert answer.payload.decode() == expected["records"]
    assert answer.code == expected["code"]
    assert answer.in_stream == (name == "select_error_inside")
    counted = [answer.stats.get(name) for name in ("BytesScanned", "BytesProcessed", "BytesReturned")]
    for counter, bytes_expected in zip(counted, expected["stats"] or [None] * 3, strict=True):
        assert bytes_expected in (ANY, counter)


def test_what_a_client_cannot_do_names_steps_that_there_are(folder: Path) -> None:
    steps = answers(folder)
    for client in CLIENTS:
        own = client.answers(steps)
        assert client.without.keys() <= steps.keys()
        assert client.withheld.keys() <= own.keys() | client.without.keys()
        assert not client.own.keys() & steps.keys()
        for step, members in client.withheld.items():
            assert members <= steps[step].keys()
            assert members < steps[step].keys() or step == "put"
