"""CSV and JSON lines: the records as S3 Select serialises them.

In: the events of results.  Out: their payload, byte for byte, as it comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from s3sql.cli.outputs.writer import Sink

if TYPE_CHECKING:
    from s3sql.result import Result


def payloads(result: Result) -> Iterator[bytes]:
    """The payload of the ``Records`` events of *result*, at most a mebibyte each."""
    for event in result.events():
        if "Records" in event:
            yield event["Records"]["Payload"]


class RecordsWriter:
    """Writes records; there is nothing before, between or behind them."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, result: Result, title: str = "") -> None:
        """Write every event at once: a reader of a pipe sees records as soon as there are any."""
        for payload in payloads(result):
            self._sink.write(payload)
            self._sink.flush()

    def finish(self) -> None:
        """Flush."""
        self._sink.flush()
