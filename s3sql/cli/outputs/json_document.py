"""One JSON document: a list of all records, one a line.

In: JSON records with a line end behind each.  Out: ``[``, the records with commas between them, ``]``.

A record has no line end inside: JSON writes those of a text as escapes. So a comma belongs before every
line end but the last, and no record is looked into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3sql.cli.outputs.records import payloads
from s3sql.cli.outputs.writer import Sink

if TYPE_CHECKING:
    from s3sql.result import Result


class JsonDocumentWriter:
    """Writes the list; it is closed by :meth:`finish` only."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._begun = False
        #: Whether the last byte written belongs to a record that is not complete.
        self._inside = False

    def write(self, result: Result, title: str = "") -> None:
        """Write the records of *result* into the list."""
        for payload in payloads(result):
            separated = payload.replace(b"\n", b",\n")
            ends = payload.endswith(b"\n")
            if not self._inside:
                self._sink.write(b",\n" if self._begun else b"[\n")
            self._sink.write(separated[:-2] if ends else separated)
            self._begun, self._inside = True, not ends
            self._sink.flush()

    def finish(self) -> None:
        """Close the list."""
        self._sink.write(b"\n]\n" if self._begun else b"[]\n")
        self._sink.flush()
