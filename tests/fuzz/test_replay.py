"""Every input of the corpus, the findings that were fixed among them, is checked by its target."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.fuzz import TARGETS
from tests.fuzz.budget import TooSlowError, within_budget
from tests.fuzz.draws import Draws

CORPUS = Path(__file__).parent / "corpus"
INPUTS = [(name, path) for name in TARGETS for path in sorted((CORPUS / name).glob("*"))]


@pytest.mark.parametrize(("name", "path"), INPUTS, ids=[f"{name}-{path.name}" for name, path in INPUTS])
def test_input_is_no_finding(name: str, path: Path) -> None:
    within_budget(import_module(TARGETS[name]).check, path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_a_short_corpus(name: str) -> None:
    sizes = [path.stat().st_size for target, path in INPUTS if target == name]
    assert sizes
    assert max(sizes) <= 8192
    assert len(INPUTS) <= 150


def test_what_costs_too_much_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.budget.SECONDS_PER_KB", 0.01)

    def slow(data: bytes) -> None:
        sum(range(2_000_000))

    with pytest.raises(TooSlowError):
        within_budget(slow, b"x")


def test_draws_end_in_zeros() -> None:
    draws = Draws(b"\x05\x01abc")
    assert (draws.below(3), draws.flag(), draws.take(2), draws.over) == (2, True, b"ab", False)
    assert (draws.rest(), draws.byte(), draws.pick("xy"), draws.over) == (b"c", 0, "x", True)
