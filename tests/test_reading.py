"""One result in several threads: one takes the rows, all of them; what the others do harms nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import s3sql

ROWS = 400_000

Use = Callable[[s3sql.Result], int]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_bytes(b"a,b\n" * ROWS)
    return path


def load(result: s3sql.Result) -> int:
    return sum(batch.num_rows for batch in result.load())


def load_watched(result: s3sql.Result) -> int:
    return sum(batch.num_rows for batch in result.load(lambda stats: None))


def iterate(result: s3sql.Result) -> int:
    return sum(batch.num_rows for batch in result)


def head(result: s3sql.Result) -> int:
    return result.head(3).num_rows


def show(result: s3sql.Result) -> int:
    return len(result._repr_html_()) and 0


def schema(result: s3sql.Result) -> int:
    return 0 * len(result.schema)


def at_once(result: s3sql.Result, uses: list[Use]) -> list[int | str]:
    """What each of *uses* gave, or was refused with, in a thread of its own."""
    together = threading.Barrier(len(uses))
    came: list[int | str] = []

    def run(use: Use) -> None:
        together.wait()
        try:
            came.append(use(result))
        except ValueError as error:
            came.append(str(error))

    threads = [threading.Thread(target=run, args=(use,)) for use in uses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return came


@pytest.mark.parametrize(
    "uses",
    [
        [load, load, load],
        [load_watched, load],
        [load_watched, load_watched, iterate],
        [iterate, head, show],
        [schema, load, head, show],
    ],
)
def test_one_thread_gets_all_rows(path: Path, uses: list[Use]) -> None:
    for _ in range(5):
        result = s3sql.query("SELECT * FROM S3Object s", path)
        came = at_once(result, uses)
        refusals = {given for given in came if isinstance(given, str)}
        assert refusals <= {"this result has been read or closed; run the query again"}
        takes = {load, load_watched, iterate}
        # A second load that comes when the first is done gives its rows again.
        assert ROWS in came
        assert set(came) - refusals <= {ROWS, 3, 0}
        assert came.count(ROWS) <= sum(use in takes for use in uses)
