"""The steps of a scan: what each gives, and where the answer stops within one.

In: results of morsels, in the order of the object, and records.  Out: :class:`Step`, one after another.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from s3sql.errors import S3SelectError
from s3sql.exec.task import TaskResult
from s3sql.formats.base import AnyMorsel
from s3sql.request import OutputFormat
from s3sql.serialize.base import Records
from s3sql.serialize.record_limits import first_fault

Output = TypeVar("Output")


@dataclass(frozen=True, slots=True)
class Step(Generic[Output]):
    """One step of a scan: ``output`` with its ``rows`` records, and the bytes read so far.

    ``error`` ends the scan; it belongs to the record that starts at ``error_at`` in the text.
    """

    output: Output | None
    rows: int
    scanned: int
    processed: int
    error: S3SelectError | None = None
    error_at: int = 0


def within_limits(
    steps: Generator[Step[Records] | None, None, None], output: OutputFormat
) -> Generator[Step[Records] | None, None, None]:
    """The same steps up to the first record that a limit of *output* forbids."""
    read = 0
    try:
        for step in steps:
            if step is not None and step.output is not None:
                fault = first_fault(step.output, output)
                if fault is not None:
                    row, error = fault
                    yield Step(step.output.first(row), row, step.scanned, step.processed, error, read)
                    return
                read = step.processed
            yield step
    finally:
        steps.close()


def parts_of(result: TaskResult[Output]) -> Iterator[TaskResult[Output]]:
    """What one morsel gave, and what its rest gives, evaluated when it is asked for."""
    yield result
    while result.rest is not None:
        result = result.rest()
        yield result


def end_of(morsel: AnyMorsel, result: TaskResult[Output]) -> int:
    """How far the text has been read behind *morsel*, to its end if no record follows in the object."""
    return morsel.start + (morsel.length if morsel.at_end else result.consumed)
