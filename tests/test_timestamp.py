"""Single Ion timestamps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.kernels import timestamps as kernels
from s3sql.payloads import Timestamps
from s3sql.timestamp import UNKNOWN_OFFSET, Timestamp, parse

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "0001T", "9999-12T", "2012-02-29", "2012-02-29T", "2000-02-29", "2017-01-02T03:04Z",
        "2017-01-02T03:04+07:08", "2017-01-02T03:04-00:00", "2017-01-02T23:59:59Z",
        "2017-01-02T03:04:05.1-23:59", "2017-01-02T03:04:05.006Z", "2017-01-02T03:04:05.123456789+00:01",
        "0001-01-01T00:00+23:59", "9999-12-31T23:59:59.999999999-23:59",
    ],
)  # fmt: skip
def test_text_is_kept(text: str) -> None:
    found = parse(text)
    assert found is not None
    assert str(found) == (text[:-1] if len(text) == 11 else text)


@pytest.mark.parametrize(
    "text",
    [
        "", "T", "0000T", "10000T", "2010", "2010-1T", "2010-00T", "2010-13T", "2010-01", "2011-02-29",
        "1900-02-29", "2010-04-31T", "2010-01-00", "2010-01-01TZ", "2010Z", "2010-01-01Z",
        "2010-01-01T03:04", "2010-01-01T3:04Z", "2010-01-01T24:00Z", "2010-01-01T03:60Z",
        "2010-01-01T03:04:60Z", "2010-01-01T03:04:05.Z", "2010-01-01T03:04:05,1Z", "2010-01-01T03Z",
        "2010-01-01 03:04Z", "2010-01-01T03:04z", "2010-01-01t03:04Z", "2010-01-01T03:04+24:00",
        "2010-01-01T03:04+01:60", "2010-01-01T03:04+0100", "2010-01-01T03:04+01", "2010T ", " 2010T",
        "２０１０T", "-2010T", "+2010T", "2017-01-02T03:04:05.1234567890Z",
    ],
)  # fmt: skip
def test_no_timestamp(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("1970T", (0, 0, 0, UNKNOWN_OFFSET)),
        ("1970-02T", (31 * 86_400, 0, 1, UNKNOWN_OFFSET)),
        ("1969-12-31", (-86_400, 0, 2, UNKNOWN_OFFSET)),
        ("1970-01-01T00:01Z", (60, 0, 3, 0)),
        ("1970-01-01T00:01-00:00", (60, 0, 3, UNKNOWN_OFFSET)),
        ("1970-01-01T00:00+01:00", (-3600, 0, 3, 60)),
        ("1970-01-01T00:00-01:30", (5400, 0, 3, -90)),
        ("1969-12-31T23:59:59.5Z", (-1, 500_000_000, 5, 0)),
        ("1970-01-01T00:00:01.000000020Z", (1, 20, 13, 0)),
    ],
)
def test_fields(text: str, fields: tuple[int, int, int, int]) -> None:
    assert parse(text) == fields


offsets = st.none() | st.integers(-1439, 1439)


@given(st.datetimes(), st.integers(0, 6), offsets)
def test_agrees_with_datetime(local: datetime, digits: int, offset: int | None) -> None:
    zone = UTC if offset is None else timezone(timedelta(minutes=offset))
    precision = timedelta(microseconds=10 ** (6 - digits))
    local -= (local - datetime.min) % precision
    moment = local.replace(tzinfo=zone)
    elapsed = (local - datetime(1970, 1, 1)) // timedelta(microseconds=1) - (offset or 0) * 60_000_000
    known = UNKNOWN_OFFSET if offset is None else offset
    stamp = Timestamp(elapsed // 1_000_000, elapsed % 1_000_000 * 1000, 4 + digits, known)
    text = str(stamp)
    assert parse(text) == stamp
    assert datetime.fromisoformat(text).utcoffset() == (moment.utcoffset() or timedelta())
    assert datetime.fromisoformat(text).replace(tzinfo=None) == local


def test_one_number_stands_for_an_unknown_offset() -> None:
    assert UNKNOWN_OFFSET == Timestamps.UNKNOWN_OFFSET == kernels.UNKNOWN_OFFSET
