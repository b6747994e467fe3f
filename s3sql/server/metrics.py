"""What an endpoint has done, for Prometheus.

In: the beginnings and ends of requests and queries.  Out: the text of ``/metrics``, in the exposition format
of the Prometheus documentation, "Exposition formats".

Every application counts in a registry of its own. The labels are bounded: operations are those of
:mod:`s3sql.server.operations`, codes those of :mod:`s3sql.errors`, and whatever else an upstream makes up is
counted as ``other``. The names are documented in docs/endpoint.md.
"""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from s3sql import __version__
from s3sql.errors import DEFAULT_MESSAGES

#: The name of what is beyond the bounds.
OTHER = "other"

#: More operations than S3 has; a defect that invents names must not fill the memory of whoever scrapes.
_MOST_OPERATIONS = 200

#: Seconds, from a hit in memory to a query over a large object.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """The counts of one application. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._operations: set[str] = set()
        ProcessCollector(registry=self._registry)
        version = Gauge("s3sql_build_info", "The version, as a label.", ["version"], registry=self._registry)
        version.labels(__version__).set(1)
        self._count_requests()
        self._count_selects()

    def _count_requests(self) -> None:
        registry = self._registry
        self._requests = Counter(
            "s3sql_requests_total",
            "Answered requests by operation and class of status.",
            ["operation", "status"],
            registry=registry,
        )
        self._errors = Counter(
            "s3sql_errors_total",
            "Error answers, and errors in a stream, by code.",
            ["code"],
            registry=registry,
        )
        self._seconds = Histogram(
            "s3sql_request_seconds",
            "From the head of a request to the end of its answer.",
            ["operation"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._in_flight = Gauge("s3sql_requests_in_flight", "Requests under way.", registry=registry)
        self._received = Counter("s3sql_received_bytes_total", "Bytes of request bodies.", registry=registry)
        self._sent = Counter("s3sql_sent_bytes_total", "Bytes of answer bodies.", registry=registry)

    def _count_selects(self) -> None:
        registry = self._registry
        self._waiting = Gauge("s3sql_selects_waiting", "Queries that wait for their turn.", registry=registry)
        self._running = Gauge("s3sql_selects_running", "Queries that run.", registry=registry)
        self._select_seconds = Histogram(
            "s3sql_select_seconds", "What queries took, once begun.", buckets=_BUCKETS, registry=registry
        )
        self._scanned = Counter(
            "s3sql_select_scanned_bytes_total", "Bytes of objects that queries read.", registry=registry
        )
        self._processed = Counter(
            "s3sql_select_processed_bytes_total", "The same after decompression.", registry=registry
        )
        self._returned = Counter(
            "s3sql_select_returned_bytes_total", "Bytes of records that queries returned.", registry=registry
        )
        self._rows = Counter(
            "s3sql_select_returned_rows_total", "Records that queries returned.", registry=registry
        )

    def request_begins(self) -> None:
        """The head of a request has come."""
        self._in_flight.inc()

    def request_ends(
        self, operation: str, status: int, code: str | None, seconds: float, received: int, sent: int
    ) -> None:
        """Its answer has ended, with *code* if it was an error; the bytes are those of the bodies.

        *status* is 0 if the client went away before there was one.
        """
        self._in_flight.dec()
        operation = self._bounded_operation(operation)
        self._requests.labels(operation, f"{status // 100}xx" if status else "none").inc()
        self._seconds.labels(operation).observe(seconds)
        self._received.inc(received)
        self._sent.inc(sent)
        if code is not None:
            self.error(code)

    def error(self, code: str) -> None:
        """An error was told: to a request that never began, or in a stream that had begun."""
        self._errors.labels(code if code in DEFAULT_MESSAGES else OTHER).inc()

    def select_waits(self, change: int) -> None:
        """*change* more queries wait for their turn; fewer, if it is negative."""
        self._waiting.inc(change)

    def select_begins(self) -> None:
        """A query begins to run."""
        self._running.inc()

    def select_ends(self, scanned: int, processed: int, returned: int, rows: int, seconds: float) -> None:
        """A query has ended, complete or not; the first three are the bytes of its Stats."""
        self._running.dec()
        self._select_seconds.observe(seconds)
        self._scanned.inc(scanned)
        self._processed.inc(processed)
        self._returned.inc(returned)
        self._rows.inc(rows)

    def render(self) -> tuple[bytes, str]:
        """The text of all counts, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _bounded_operation(self, operation: str) -> str:
        if operation not in self._operations:
            if len(self._operations) >= _MOST_OPERATIONS:
                return OTHER
            self._operations.add(operation)
        return operation
