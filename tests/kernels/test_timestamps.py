"""The timestamp kernels against single timestamps, datetime and arithmetic on dates by hand."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3sql.buffers import PADDING, PaddedBuffer
from s3sql.kernels import date_parts as parts
from s3sql.kernels import timestamps as kernels
from s3sql.payloads import Text
from s3sql.timestamp import UNKNOWN_OFFSET, Timestamp, parse

MANY = settings(max_examples=300, deadline=None)

Fields = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
DTYPES = (np.int64, np.int32, np.uint8, np.int16)
EPOCH = date(1970, 1, 1)

#: Local time, digits that are shown and offset of any timestamp.
stamps = st.builds(
    lambda local, nanoseconds, precision, offset: stamp(local, nanoseconds, precision, offset),
    st.datetimes() | st.datetimes(datetime(1960, 1, 1), datetime(1980, 1, 1)),
    st.integers(0, 999_999_999),
    st.integers(0, 13),
    st.none() | st.integers(-1439, 1439),
)


def stamp(local: datetime, nanoseconds: int, precision: int, offset: int | None) -> Timestamp:
    """The timestamp that shows *local* and *nanoseconds* as far as *precision* goes."""
    shown = [local.year, local.month, local.day, local.hour, local.minute, local.second]
    shown[precision + 1 + (precision >= 3) :] = [1, 1, 1, 0, 0, 0][precision + 1 + (precision >= 3) :]
    unit = 10 ** (13 - max(precision, 4))
    known = offset or 0 if precision >= 3 else 0
    seconds = (datetime(*shown) - datetime(1970, 1, 1)) // timedelta(seconds=1) - known * 60
    fraction = nanoseconds // unit * unit if precision > 4 else 0
    return Timestamp(
        seconds, fraction, precision, UNKNOWN_OFFSET if precision < 3 or offset is None else offset
    )


def fields_of(values: list[Timestamp]) -> Fields:
    return tuple(np.array([value[n] for value in values], DTYPES[n]) for n in range(4))


def parsed(texts: list[str | bytes]) -> tuple[list[Timestamp], list[int]]:
    text = Text.of(texts)
    found = [np.full(len(texts), 77, dtype) for dtype in (*DTYPES, np.uint8)]
    failed = kernels.parse_timestamps(text.buffer, text.starts, text.ends, *found)
    assert failed == int((found[4] != kernels.OK).sum())
    return [Timestamp(*fields) for fields in zip(*(f.tolist() for f in found[:4]), strict=True)], found[
        4
    ].tolist()


def written(fields: Fields) -> list[str]:
    length = len(fields[0])
    buffer = PaddedBuffer.empty(length * kernels.TIMESTAMP_TEXT).array
    starts, ends = np.empty(length, np.int32), np.empty(length, np.int32)
    size = kernels.format_timestamps(*fields, buffer, starts, ends)
    assert size == (ends[-1] if length else 0)
    return [text.decode() for text in Text(buffer, starts, ends).to_bytes()]


class TestText:
    @MANY
    @given(st.lists(stamps, max_size=20))
    def test_there_and_back(self, values: list[Timestamp]) -> None:
        texts = written(fields_of(values))
        assert texts == [str(value) for value in values]
        found, status = parsed(texts)
        assert status == [kernels.OK] * len(values)
        assert found == values == [parse(text) for text in texts]

    @MANY
    @given(stamps, st.data())
    def test_a_character_changed(self, value: Timestamp, data: st.DataObject) -> None:
        text = str(value) + ("T" if value.precision == 2 and data.draw(st.booleans()) else "")
        place = data.draw(st.integers(0, len(text)))
        other = data.draw(st.sampled_from("0123456789T:-+.Z zé/\0") | st.just(""))
        kept = data.draw(st.sampled_from([0, 1, 2]))
        self.check(text[:place] + other + text[place + kept :])

    @MANY
    @given(st.text(alphabet="0129T:-+.Z ", max_size=40))
    def test_any_characters(self, text: str) -> None:
        self.check(text)

    def check(self, text: str) -> None:
        (found,), (status,) = parsed([text])
        wanted = parse(text)
        if wanted is not None:
            assert (status, found) == (kernels.OK, wanted)
            return
        assert found == (0, 0, 0, 0)
        shorter = re.sub(r"(\.[0-9]{9})[0-9]+(?=Z|[+-]..:..$)", r"\1", text)
        finer = shorter != text and parse(shorter) is not None
        assert status == (kernels.TOO_FINE if finer else kernels.MALFORMED)

    def test_texts_that_touch(self) -> None:
        found, status = parsed(
            ["2010T", "2010-02T", "", "2010-02-03", "2010-02-03T", "4", "2010-02-03T04:05Z", "9"]
        )
        assert status == [0, 0, 1, 0, 0, 1, 0, 1]
        assert [found[row].precision for row in (0, 1, 3, 4, 6)] == [0, 1, 2, 2, 3]

    def test_ten_digits_of_fraction_are_told_apart(self) -> None:
        texts = ["2010-02-03T04:05:06.1234567890Z", "2010-02-03T04:05:06.0000000000000+01:00"]
        assert parsed(texts)[1] == [kernels.TOO_FINE] * 2
        assert parsed(["2010-02-03T04:05:06.123456789xZ"])[1] == [kernels.MALFORMED]

    @pytest.mark.parametrize("first", [date(1, 1, 1), date(1599, 12, 31), date(9700, 1, 1)])
    def test_days_one_after_the_other(self, first: date) -> None:
        count = min(146_100, date.max.toordinal() - first.toordinal() + 1)
        days = np.arange(count) + (first - EPOCH).days
        texts = written(
            (days * 86_400, np.zeros(count, np.int32), np.full(count, 2, np.uint8), np.zeros(count, np.int16))
        )
        assert texts == np.datetime_as_string(days.astype("datetime64[D]")).tolist()
        found, status = parsed(texts)
        assert not any(status)
        assert [value.seconds for value in found] == (days * 86_400).tolist()

    def test_no_rows(self) -> None:
        assert parsed([]) == ([], [])
        assert written(fields_of([])) == []

    def test_rows_without_a_timestamp_do_no_harm(self) -> None:
        rubbish = (
            np.array([2**63 - 1, -(2**63), 0], np.int64),
            np.array([2**31 - 1, -(2**31), 0], np.int32),
            np.array([255, 255, 0], np.uint8),
            np.array([32767, -32768, 0], np.int16),
        )
        buffer = np.full(3 * kernels.TIMESTAMP_TEXT + PADDING, ord("#"), np.uint8)
        starts, ends = np.empty(3, np.int32), np.empty(3, np.int32)
        kernels.format_timestamps(*rubbish, buffer, starts, ends)
        assert (ends - starts <= kernels.TIMESTAMP_TEXT).all()
        assert buffer[starts[2] : ends[2]].tobytes() == b"1970T"


# --- arithmetic, by hand ----------------------------------------------------------------------------------


def local_of(value: Timestamp) -> datetime:
    known = 0 if value.offset == UNKNOWN_OFFSET else value.offset
    return datetime(1970, 1, 1) + timedelta(seconds=value.seconds + known * 60)


def moved(part: int, amount: int, value: Timestamp) -> Timestamp | None:
    local = local_of(value)
    if part <= parts.MONTHS:
        year, month = divmod(
            local.year * 12 + local.month - 1 + amount * (12 if part == parts.YEARS else 1), 12
        )
        if not 1 <= year <= 9999:
            return None
        after = local.replace(year=year, month=month + 1, day=min(local.day, last_day(year, month + 1)))
    else:
        unit = {parts.DAYS: 86_400, parts.HOURS: 3600, parts.MINUTES: 60, parts.SECONDS: 1}[part]
        try:
            after = local + timedelta(seconds=amount * unit)
        except OverflowError:
            return None
    least = {
        parts.YEARS: 0,
        parts.MONTHS: 1,
        parts.DAYS: 2,
        parts.HOURS: 3,
        parts.MINUTES: 3,
        parts.SECONDS: 4,
    }
    seconds = value.seconds + (after - local) // timedelta(seconds=1)
    return Timestamp(seconds, value.nanoseconds, max(value.precision, least[part]), value.offset)


def last_day(year: int, month: int) -> int:
    return next(day for day in (31, 30, 29, 28) if is_date(year, month, day))


def is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


amounts = (
    st.integers(-40, 40)
    | st.integers(-200_000, 200_000)
    | st.integers(-(2**63), 2**63 - 1)
    | st.sampled_from([3600 * 24 * 365 * 9998, -3600 * 24 * 365 * 9998, 9998, -9998, 119_987, -119_987])
)


class TestParts:
    @MANY
    @given(st.integers(0, 5), st.lists(st.tuples(amounts, stamps), min_size=1, max_size=10))
    @example(parts.SECONDS, [(1, Timestamp(253_402_300_799, 0, 4, 0))])
    @example(parts.DAYS, [(-1, Timestamp(-62_135_596_800, 0, 4, 0))])
    @example(parts.MONTHS, [(-(2**63), Timestamp(0, 0, 4, 0)), (2**63 - 1, Timestamp(0, 0, 4, 0))])
    def test_add(self, part: int, rows: list[tuple[int, Timestamp]]) -> None:
        values = [value for _, value in rows]
        seconds, _, precision, offset = fields_of(values)
        found = [np.full(len(rows), 77, dtype) for dtype in (np.int64, np.uint8, np.uint8)]
        amount = np.array([amount for amount, _ in rows], np.int64)
        failed = kernels.add_parts(part, amount, seconds, precision, offset, *found)
        wanted = [moved(part, amount, value) for amount, value in rows]
        assert found[2].tolist() == [
            kernels.OUT_OF_RANGE if value is None else kernels.OK for value in wanted
        ]
        assert failed == wanted.count(None)
        for row, value in enumerate(wanted):
            assert found[0][row] == (0 if value is None else value.seconds)
            assert value is None or found[1][row] == value.precision

    @MANY
    @given(st.integers(0, 5), st.lists(st.tuples(stamps, stamps), min_size=1, max_size=10))
    def test_difference(self, part: int, rows: list[tuple[Timestamp, Timestamp]]) -> None:
        first, second = fields_of([a for a, _ in rows]), fields_of([b for _, b in rows])
        found = np.full(len(rows), 77, np.int64)
        kernels.count_parts(part, first[0], first[3], second[0], second[3], found)
        assert found.tolist() == [difference(part, a, b) for a, b in rows]
        backwards = np.empty(len(rows), np.int64)
        kernels.count_parts(part, second[0], second[3], first[0], first[3], backwards)
        assert backwards.tolist() == (-found).tolist()

    @MANY
    @given(st.lists(stamps, min_size=1, max_size=10))
    def test_extract(self, values: list[Timestamp]) -> None:
        seconds, _, _, offset = fields_of(values)
        for part in range(8):
            found = np.full(len(values), 77, np.int64)
            kernels.extract_part(part, seconds, offset, found)
            assert found.tolist() == [extracted(part, value) for value in values]


def difference(part: int, first: Timestamp, second: Timestamp) -> int:
    if part > parts.MONTHS:
        unit = {parts.DAYS: 86_400, parts.HOURS: 3600, parts.MINUTES: 60, parts.SECONDS: 1}[part]
        return int((second.seconds - first.seconds) / unit) if unit > 1 else second.seconds - first.seconds
    one, other = local_of(first), local_of(second)
    if other < one:
        return -difference(part, second, first)
    # The most months that lead from the one date to a day not behind the other, the 31st of April included.
    months = 0
    while True:
        year, month = divmod(one.year * 12 + one.month + months, 12)
        if (year, month + 1, one.day) > (other.year, other.month, other.day):
            break
        months += 1
        months += 12 * max(0, other.year - year - 2)
    return months // 12 if part == parts.YEARS else months


def extracted(part: int, value: Timestamp) -> int:
    local = local_of(value)
    minutes = 0 if value.offset == UNKNOWN_OFFSET else value.offset
    hours = int(minutes / 60)
    fields = (local.year, local.month, local.day, local.hour, local.minute, local.second)
    return (*fields, hours, minutes - hours * 60)[part]
