"""What a step of a scan tells, and where the answer stops within one."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from s3sql.exec.profile import MorselWork
from s3sql.exec.steps import Step, end_of, parts_of, within_limits
from s3sql.exec.task import TaskResult
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.request import CsvOutput
from s3sql.serialize.base import Records


def _records(*lengths: int) -> Records:
    ends = np.cumsum(np.array(lengths, np.int64))
    return Records(np.full(int(ends[-1]), ord("x"), np.uint8), ends)


def _result(rows: int, consumed: int) -> TaskResult[Any]:
    return TaskResult(None, (), rows, rows, consumed, None, 0, MorselWork())


def test_records_up_to_one_that_is_too_long() -> None:
    ended: list[bool] = []

    def steps() -> Generator[Step[Records] | None, None, None]:
        try:
            yield Step(_records(3, 4), 2, 100, 100)
            yield None
            yield Step(_records(5, MAX_RECORD_BYTES + 2, 6), 3, 200, 200)
            pytest.fail("the answer has ended")
        finally:
            ended.append(True)

    first, waiting, last = within_limits(steps(), CsvOutput())
    assert first is not None
    assert (first.rows, first.error) == (2, None)
    assert waiting is None
    assert last is not None
    assert last.output is not None
    assert (last.rows, len(last.output.payload), last.scanned, last.error_at) == (1, 5, 200, 100)
    assert last.error is not None
    assert last.error.code == "OverMaxRecordSize"
    assert ended == [True]


def test_rest_of_a_morsel_is_evaluated_when_it_is_asked_for() -> None:
    asked: list[int] = []

    def rest() -> TaskResult[Any]:
        asked.append(1)
        return _result(2, 20)

    parts = parts_of(replace(_result(1, 10), rest=rest))
    assert next(parts).rows == 1
    assert asked == []
    assert [part.rows for part in parts] == [2]
    assert asked == [1]


@pytest.mark.parametrize(("at_end", "end"), [(False, 107), (True, 110)])
def test_how_far_the_text_has_been_read(at_end: bool, end: int) -> None:
    morsel: Any = SimpleNamespace(start=100, length=10, at_end=at_end)
    assert end_of(morsel, _result(1, 7)) == end
