"""Column operators against row-wise twins: same values, and every failing row with its code."""

from __future__ import annotations

from collections.abc import Callable

from s3sql.errors import S3SelectError
from s3sql.payloads import Mask
from s3sql.types import Column
from tests.twins.values import NULL, FailedError, Value, column_of, values_of


class Reported:
    """A ``fail`` that keeps the first code reported for each row."""

    def __init__(self) -> None:
        self.codes: dict[int, str] = {}
        self.messages: list[str] = []

    def __call__(self, where: Mask, error: S3SelectError) -> None:
        assert where.any(), "a report without rows"
        self.messages.append(error.message)
        for row in where.nonzero()[0].tolist():
            self.codes.setdefault(row, error.code)


def agree(
    run: Callable[[list[Column], Reported], Column], twin: Callable[..., Value], columns: list[list[Value]]
) -> None:
    """*run* over the columns gives what *twin* gives row by row."""
    reported = Reported()
    result = run([column_of(values) for values in columns], reported)
    expected_codes: dict[int, str] = {}
    expected: list[Value] = []
    for row, operands in enumerate(zip(*columns, strict=True)):
        try:
            expected.append(twin(*operands))
        except FailedError as failed:
            expected_codes[row] = failed.code
            expected.append(NULL)
    got = values_of(result)
    rows = zip(zip(*columns, strict=True), expected, got, strict=True)
    wrong = [(operands, e, g) for operands, e, g in rows if not e.same(g)]
    assert not wrong, f"(operands, expected, got): {wrong}"
    assert reported.codes == expected_codes
