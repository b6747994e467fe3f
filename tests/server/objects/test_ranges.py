from __future__ import annotations

from datetime import UTC, datetime

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.objects.ranges import Section, copied_section, part_number_of, section_of
from s3sql.stores.embedded.model import ObjectInfo, StoredPart

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def info(size: int, *parts: int) -> ObjectInfo:
    stored = tuple(StoredPart(number, length, "e", NOW) for number, length in enumerate(parts, 1))
    return ObjectInfo("b", "k", size, "e", NOW, parts=stored)


@pytest.mark.parametrize(
    ("asked", "first", "length"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=2-4", 2, 3),
        ("bytes=7-", 7, 3),
        ("bytes=9-100", 9, 1),
        ("bytes=-3", 7, 3),
        ("bytes=-30", 0, 10),
        ("BYTES=0-1 ", 0, 2),
        ("bytes=0-" + "9" * 6000, 0, 10),
        ("bytes=-" + "9" * 6000, 0, 10),
        ("bytes=" + "0" * 6000 + "1-2", 1, 2),
    ],
)
def test_a_range_is_part_of_the_object(asked: str, first: int, length: int) -> None:
    section = section_of(info(10), asked, None)
    assert section == Section(first, length, partial=True)
    assert section.content_range(10) == f"bytes {first}-{first + length - 1}/10"


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-2",
        "items=0-1",
        "bytes=0-1,3-4",
        "bytes=1",
        "٣",
    ],
)
def test_what_is_no_range_does_not_count(asked: str | None) -> None:
    assert section_of(info(10), asked, None) == Section(0, 10)


@pytest.mark.parametrize(
    ("size", "asked"),
    [
        (10, "bytes=10-"),
        (10, "bytes=10-20"),
        (10, "bytes=-0"),
        (0, "bytes=0-"),
        (0, "bytes=-1"),
        (10, "bytes=" + "9" * 6000 + "-"),
    ],
)
def test_a_range_outside_the_object_is_refused(size: int, asked: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        section_of(info(size), asked, None)
    assert (caught.value.code, caught.value.status) == ("InvalidRange", 416)
    assert len(caught.value.message) < 200


def test_parts() -> None:
    whole = info(9, 5, 4)
    assert section_of(whole, None, "1") == Section(0, 5, partial=True, part=whole.parts[0])
    assert section_of(whole, None, "2") == Section(5, 4, partial=True, part=whole.parts[1])
    assert section_of(info(9), None, "1") == Section(0, 9, partial=True)
    assert section_of(info(0), None, "1") == Section(0, 0)


@pytest.mark.parametrize(("found", "number"), [(info(9, 5, 4), "3"), (info(9), "2")])
def test_a_part_that_is_not_there(found: ObjectInfo, number: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        section_of(found, None, number)
    assert (caught.value.code, caught.value.status) == ("InvalidPartNumber", 416)


def test_a_part_and_a_range_exclude_each_other() -> None:
    with pytest.raises(S3SelectError, match="Cannot specify both Range header and partNumber"):
        section_of(info(9, 5, 4), "bytes=0-1", "1")


@pytest.mark.parametrize("text", ["", "0", "-1", "10001", "1.0", "x", "٣", "9" * 6000])
def test_what_is_no_part_number(text: str) -> None:
    with pytest.raises(S3SelectError, match="integer between 1 and 10000") as caught:
        part_number_of(text)
    assert caught.value.code == "InvalidArgument"


def test_the_source_of_a_copy() -> None:
    assert copied_section(info(10), None) == Section(0, 10)
    assert copied_section(info(10), "bytes=2-9") == Section(2, 8, partial=True)


@pytest.mark.parametrize(
    "text", ["bytes=0-10", "bytes=5-4", "bytes=5-", "bytes=-5", "0-4", "", "bytes=0-1,3-4"]
)
def test_a_wrong_range_of_a_source(text: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        copied_section(info(10), text)
    assert caught.value.code == "InvalidArgument"
