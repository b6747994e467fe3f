from __future__ import annotations

import pytest

from s3sql.display.amounts import bytes_text, count_text, rate_text, seconds_text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (99_949, "99.9 kB"),
        (99_951, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (611_859_990, "612 MB"),
        (5 * 10**12, "5.0 TB"),
        (7 * 10**21, "7000 EB"),
    ],
)
def test_bytes(count: int, text: str) -> None:
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-1.0, "0 s"),
        (4e-7, "0 s"),
        (0.0000123, "12.3 µs"),
        (0.00123, "1.2 ms"),
        (0.9996, "1.0 s"),
        (12.34, "12.3 s"),
        (59.96, "1 min 0 s"),
        (75.2, "1 min 15 s"),
        (3599.7, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_seconds(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def test_counts_and_rates() -> None:
    assert [count_text(n) for n in (0, 1234)] == ["0", "1,234"]
    assert [count_text(n, "row") for n in (0, 1, 1_234_567)] == ["0 rows", "1 row", "1,234,567 rows"]
    assert rate_text(2_400_000_000, 2) == "1.2 GB/s"
    assert rate_text(5, 0) == ""
