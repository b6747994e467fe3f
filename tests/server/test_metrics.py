from __future__ import annotations

import threading

from prometheus_client.parser import text_string_to_metric_families

from s3sql import __version__
from s3sql.server.metrics import OTHER, Metrics


def counts(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample by its name and the values of its labels, which are sorted by their names."""
    text, content_type = metrics.render()
    assert content_type.startswith("text/plain")
    return {
        (sample.name, tuple(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_requests() -> None:
    metrics = Metrics()
    metrics.request_begins()
    metrics.request_begins()
    assert counts(metrics)["s3sql_requests_in_flight", ()] == 2
    metrics.request_ends("GetObject", 206, None, 0.2, 10, 20)
    metrics.request_ends("GetObject", 404, "NoSuchKey", 0.002, 1, 2)
    found = counts(metrics)
    assert found["s3sql_requests_in_flight", ()] == 0
    assert found["s3sql_requests_total", ("GetObject", "2xx")] == 1
    assert found["s3sql_requests_total", ("GetObject", "4xx")] == 1
    assert found["s3sql_errors_total", ("NoSuchKey",)] == 1
    assert found["s3sql_request_seconds_count", ("GetObject",)] == 2
    assert found["s3sql_request_seconds_bucket", ("0.0025", "GetObject")] == 1
    assert found["s3sql_request_seconds_sum", ("GetObject",)] == 0.202
    assert (found["s3sql_received_bytes_total", ()], found["s3sql_sent_bytes_total", ()]) == (11, 22)


def test_a_request_without_an_answer_has_no_class_of_status() -> None:
    metrics = Metrics()
    metrics.request_begins()
    metrics.request_ends("GetObject", 0, "ClientGone", 0.1, 0, 0)
    assert counts(metrics)["s3sql_requests_total", ("GetObject", "none")] == 1


def test_selects() -> None:
    metrics = Metrics()
    metrics.select_waits(+1)
    metrics.select_waits(+1)
    metrics.select_waits(-1)
    metrics.select_begins()
    metrics.select_begins()
    metrics.select_ends(scanned=100, processed=300, returned=30, rows=3, seconds=0.7)
    found = counts(metrics)
    assert (found["s3sql_selects_waiting", ()], found["s3sql_selects_running", ()]) == (1, 1)
    assert found["s3sql_select_scanned_bytes_total", ()] == 100
    assert found["s3sql_select_processed_bytes_total", ()] == 300
    assert found["s3sql_select_returned_bytes_total", ()] == 30
    assert found["s3sql_select_returned_rows_total", ()] == 3
    assert found["s3sql_select_seconds_count", ()] == 1


def test_labels_are_bounded() -> None:
    metrics = Metrics()
    for number in range(300):
        metrics.request_ends(f"Made{number}Up", 200, f"Made{number}Up", 0.1, 0, 0)
    metrics.error("SlowDown")
    found = counts(metrics)
    assert found["s3sql_errors_total", (OTHER,)] == 300
    assert found["s3sql_errors_total", ("SlowDown",)] == 1
    assert found["s3sql_requests_total", (OTHER, "2xx")] == 100
    assert len([name for name, _ in found if name == "s3sql_requests_total"]) == 201


def test_applications_count_for_themselves() -> None:
    first, second = Metrics(), Metrics()
    first.error("SlowDown")
    assert ("s3sql_errors_total", ("SlowDown",)) not in counts(second)
    assert counts(second)["s3sql_build_info", (__version__,)] == 1


def test_threads_count_together() -> None:
    metrics = Metrics()

    def work() -> None:
        for _ in range(500):
            metrics.select_begins()
            metrics.select_ends(1, 1, 1, 1, 0.1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = counts(metrics)
    assert found["s3sql_selects_running", ()] == 0
    assert found["s3sql_select_returned_rows_total", ()] == 2000
