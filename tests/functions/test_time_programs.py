"""Reading and writing timestamps by patterns, against the plain-Python twin."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from s3sql.functions.time_programs import reader, writer
from s3sql.kernels.digits import MALFORMED, OK
from s3sql.kernels.time_parse import NO_SUCH_TIME
from s3sql.payloads import Text, Timestamps
from s3sql.timestamp import UNKNOWN_OFFSET, Timestamp
from s3sql.types import Column, Kind
from tests.functions.failures import column
from tests.twins import time_patterns as twin
from tests.twins.values import FailedError

MANY = settings(max_examples=300, deadline=None)
FIRST, LAST = -62_135_596_800, 253_402_300_799

offsets = st.integers(-1439, 1439) | st.sampled_from([0, 60, -60, 1, -30, UNKNOWN_OFFSET])


@st.composite
def stamps(draw: st.DrawFn) -> Timestamp:
    """A timestamp of any precision whose local time is within the years."""
    offset = draw(offsets)
    shift = 0 if offset == UNKNOWN_OFFSET else offset * 60
    local = draw(st.integers(FIRST, LAST) | st.sampled_from([FIRST, LAST, 0, -1, 43_200, 951_782_400]))
    nanoseconds = draw(st.integers(0, 999_999_999) | st.sampled_from([0, 1, 999_999_999, 60_000_000, 10]))
    return Timestamp(local - shift, nanoseconds, draw(st.integers(0, 13)), offset)


runs = st.sampled_from([(letter, n) for letter, most in twin.LONGEST.items() for n in range(1, most + 1)])
separators = st.sampled_from(["", "", "-", "/", ", ", ":", ".", " ", "'T'", "''", "'o''clock'", "'5'", "'é'"])
writing_patterns = st.lists(
    st.tuples(runs.map(lambda run: run[0] * run[1]), separators | st.sampled_from(["€", "_", "0"])),
    max_size=9,
).map(lambda pairs: "".join(run + separator for run, separator in pairs))


@st.composite
def parsing_patterns(draw: st.DrawFn) -> str:
    """A pattern that TO_TIMESTAMP takes."""
    count = draw(st.integers(1, 7))
    clock = draw(st.sampled_from(["H", "HH", "h", "hh"]))
    choices = [
        ["y", "yy", "yyy", "yyyy"],
        ["M", "MM", "MMM", "MMMM"],
        ["d", "dd"],
        [clock],
        ["m", "mm"],
        ["s", "ss"],
        ["n", *("S" * digits for digits in range(1, 10))],
    ]
    fields = [draw(st.sampled_from(choice)) for choice in choices[:count]]
    if count > 3 and clock[0] == "h":
        fields.append("a")
    if count > 3 and draw(st.booleans()):
        fields.append(draw(st.sampled_from("Xx")) * draw(st.integers(1, 5)))
    if draw(st.booleans()):
        fields = draw(st.permutations(fields))
    pattern = "".join(field + draw(separators) for field in fields)
    try:
        twin.checked(pattern)
    except FailedError:  # quotes that met
        assume(False)
    return pattern


def payload(values: list[Timestamp]) -> Timestamps:
    part = Column.of(Kind.TIMESTAMP, column(values).parts[Kind.TIMESTAMP]).parts[Kind.TIMESTAMP]
    assert isinstance(part, Timestamps)
    return part


def texts_by(pattern: str, values: list[Timestamp]) -> list[str]:
    return [text.decode() for text in writer(pattern).write(payload(values)).to_bytes()]


def stamps_by(pattern: str, texts: list[str]) -> list[Timestamp | None]:
    found, status = reader(pattern).read(Text.of(texts))
    values = Column.of(Kind.TIMESTAMP, found).to_python()
    return [value if code == OK else None for value, code in zip(values, status.tolist(), strict=True)]


def expected(text: str, pattern: str) -> Timestamp | None:
    try:
        return twin.read(text, pattern)
    except FailedError:
        return None


@MANY
@given(writing_patterns, st.lists(stamps(), min_size=1, max_size=5))
@example("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSXXXXX n", [Timestamp(LAST, 999_999_999, 13, 0)])
@example("'" + "long text " * 20 + "'y", [Timestamp(FIRST, 0, 0, UNKNOWN_OFFSET)] * 3)
def test_writing_is_the_twins(pattern: str, values: list[Timestamp]) -> None:
    try:
        answers = [twin.written(value, pattern) for value in values]
    except FailedError:
        assume(False)
    assert texts_by(pattern, values) == answers


@MANY
@given(parsing_patterns(), st.lists(stamps(), min_size=1, max_size=5), st.randoms(use_true_random=False))
@example("yMMdd", [Timestamp(LAST, 0, 2, UNKNOWN_OFFSET)], random.Random(1))
def test_reading_is_the_twins(pattern: str, values: list[Timestamp], chance: random.Random) -> None:
    texts = [twin.written(value, pattern) for value in values]
    texts += [spoilt(text, chance) for text in texts for _ in range(4)]
    assert stamps_by(pattern, texts) == [expected(text, pattern) for text in texts]


def spoilt(text: str, chance: random.Random) -> str:
    """*text* with one thing changed."""
    place = chance.randrange(len(text) + 1)
    head, tail = text[:place], text[place:]
    return chance.choice(
        [
            head + tail[1:],
            head,
            head + chance.choice("0123456789aZz+-: é") + tail,
            head + chance.choice("0123456789aZz+-: é") + tail[1:],
            text.swapcase(),
            head + "0" + tail,
            text + chance.choice("0 Z"),
        ]
    )


@MANY
@given(st.lists(stamps(), min_size=1, max_size=5), st.integers(1, 9))
@example([Timestamp(LAST - 1439 * 60, 999_999_999, 13, 1439)], 9)
@example([Timestamp(FIRST + 1439 * 60, 0, 13, -1439)], 9)
def test_what_is_written_in_full_reads_the_same(values: list[Timestamp], digits: int) -> None:
    fraction = "S" * digits
    cut = 10 ** (9 - digits)
    offset_of = [0 if value.offset == UNKNOWN_OFFSET else value.offset for value in values]
    values = [
        Timestamp(value.seconds, value.nanoseconds // cut * cut, 4 + digits, offset)
        for value, offset in zip(values, offset_of, strict=True)
    ]
    for pattern in (
        f"yyyy-MM-dd'T'HH:mm:ss.{fraction}XXX",
        f"yyyyMMddHHmmss{fraction}xx",
        f"h:m:s.{fraction} a, MMMM d, yyyy X",
        f"xxxxx{fraction}ss mm hhaMMM/dd/yyyy",
        f"y/M/d H:m:s.{fraction}x",
    ):
        assert stamps_by(pattern, texts_by(pattern, values)) == values


def test_precision_is_that_of_the_finest_field() -> None:
    patterns = ["y", "y M", "y M d", "y M d H", "y M d H:m", "y M d H:m:s", "y M d H:m:s.n"]
    assert [reader(pattern).precision for pattern in patterns] == [0, 1, 2, 3, 3, 4, 13]
    assert [reader("y M d H:m:s." + "S" * n).precision for n in range(1, 10)] == list(range(5, 14))


@pytest.mark.parametrize("pattern", ["y", "yyyy-MM-dd HH:mm:ss.SSSXXX", "MMM d y h a"])
def test_every_beginning_of_a_text_is_refused_without_reading_on(pattern: str) -> None:
    # What stands behind the end would complete it.
    whole = twin.written(Timestamp(1_700_000_000, 123_000_000, 13, 90), pattern).encode()
    text = Text.of([whole])
    for end in range(len(whole)):
        text.ends[0] = end
        _, status = reader(pattern).read(text)
        assert (status[0] == OK) == (pattern == "y" and end > 0)


def test_status_tells_a_form_from_a_time() -> None:
    _, status = reader("yyyy-MM-dd").read(Text.of(["2007-02-28", "2007-02-29", "2007-2-29", "0000-01-01"]))
    assert status.tolist() == [OK, NO_SUCH_TIME, MALFORMED, NO_SUCH_TIME]


def test_fields_of_failed_rows_are_zero() -> None:
    found, _ = reader("yyyy-MM-dd").read(Text.of(["2007-02-29", "x"]))
    assert not found.seconds.any()
    assert not found.nanoseconds.any()
    assert not found.offset.any()


def test_no_rows() -> None:
    none = Timestamps(*(np.empty(0, t) for t in (np.int64, np.int32, np.uint8, np.int16)))
    assert len(writer("yyyy").write(none)) == 0
    found, status = reader("yyyy").read(Text.of([]))
    assert len(found) == len(status) == 0


def test_a_long_number_does_not_wrap_round() -> None:
    # 2 ** 64 + 2007 and a number of 20 digits
    assert stamps_by("y", [str(2**64 + 2007), "0" * 15 + "2007", "0" * 16 + "2007", "9" * 19]) == [
        None,
        Timestamp(1_167_609_600, 0, 0, UNKNOWN_OFFSET),
        None,
        None,
    ]
