"""How large the morsels of a query are that gives but a state."""

from __future__ import annotations

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from s3sql.exec import readers
from s3sql.limits import FOLDED_MORSEL_BYTES, MORSEL_BYTES


def folded_bytes(budget: int, workers: int) -> int:
    with (
        mock.patch.object(readers, "BUDGET_BYTES", budget),
        mock.patch.object(readers, "core_count", return_value=workers),
    ):
        return readers._folded_bytes()


def test_folded_morsels_are_as_large_as_the_budget_allows() -> None:
    assert folded_bytes(128 << 20, 1) == FOLDED_MORSEL_BYTES
    assert folded_bytes(60 << 20, 2) == 10 << 20
    assert folded_bytes(128 << 20, 64) == MORSEL_BYTES


@given(st.integers(0, 1 << 40), st.integers(1, 1024))
def test_every_worker_and_the_reader_have_a_buffer(budget: int, workers: int) -> None:
    length = folded_bytes(budget, workers)
    assert MORSEL_BYTES <= length <= FOLDED_MORSEL_BYTES
    buffers = 2 * length * (workers + 1)
    # Smaller morsels than those of any query would gain nothing.
    assert buffers <= budget or length == MORSEL_BYTES
    # No smaller than need be.
    assert buffers + 2 * (workers + 1) > budget or length == FOLDED_MORSEL_BYTES
