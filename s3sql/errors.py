"""Every failure s3sql reports: one exception, one table of AWS codes.

In: a code, what was found and where.  Out: an :class:`S3SelectError` that each way in renders in its
own form: an S3 XML document before the stream, an event-stream error message in it, a botocore
``ClientError`` or ``EventStreamError`` in process, a caret under the SQL on the command line.

    Exception
    └── S3SelectError      code, message, status, position

Source of the codes: AWS S3 API Reference, "List of SELECT Object Content Error Codes".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the text of a query: line and column, both from 1."""

    line: int
    column: int

    @classmethod
    def at(cls, text: str, offset: int) -> Position:
        """The position of the character at *offset* (from 0) of *text*."""
        line_start = text.rfind("\n", 0, offset) + 1
        return cls(text.count("\n", 0, offset) + 1, offset - line_start + 1)

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class S3SelectError(Exception):
    """A request, query or object that S3 Select refuses, with AWS's code for it.

    ``code`` is AWS's spelling, quirks included; ``message`` says what was found, where, and what
    would work; ``status`` is the HTTP status when the error comes before the response stream;
    ``position`` is the place in the query when there is one.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        status: int | None = None,
        position: Position | None = None,
    ) -> None:
        self.code = code
        self.message = message or DEFAULT_MESSAGES.get(code, code)
        self.status = status or STATUSES.get(code, 400)
        self.position = position
        super().__init__(f"{code}: {self.message}")

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.code, self.message, self.status, self.position))


def _rebuild(code: str, message: str, status: int, position: Position | None) -> S3SelectError:
    """Rebuild an unpickled error; exceptions with keyword arguments need the help."""
    return S3SelectError(code, message, status=status, position=position)


#: HTTP statuses other than 400.
STATUSES: dict[str, int] = {}

#: Text used when the place of failure has nothing more exact to say.
DEFAULT_MESSAGES: dict[str, str] = {}
