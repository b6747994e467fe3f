from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.objects.conditions import (
    check_copy_source,
    is_unchanged_for_reader,
    range_still_counts,
    write_conditions,
)
from s3sql.stores.embedded.model import Conditions, ObjectInfo

#: Written a part of a second after the moment that headers tell.
MODIFIED = datetime(2026, 5, 6, 7, 8, 9, 500_000, UTC)
INFO = ObjectInfo("b", "k", 1, "abc-2", MODIFIED)

SAME = format_datetime(MODIFIED, usegmt=True)
EARLIER = format_datetime(MODIFIED - timedelta(seconds=2), usegmt=True)
LATER = format_datetime(MODIFIED + timedelta(days=2), usegmt=True)

#: Headers, and what a reader is answered.
READS = [
    ({}, 200),
    ({"if-match": '"abc-2"'}, 200),
    ({"if-match": "abc-2"}, 200),
    ({"if-match": '"x", "abc-2"'}, 200),
    ({"if-match": "*"}, 200),
    ({"if-match": '"x"'}, 412),
    ({"if-match": '"abc-2"', "if-unmodified-since": EARLIER}, 200),
    ({"if-match": '"x"', "if-unmodified-since": LATER}, 412),
    ({"if-unmodified-since": SAME}, 200),
    ({"if-unmodified-since": LATER}, 200),
    ({"if-unmodified-since": EARLIER}, 412),
    ({"if-unmodified-since": "yesterday"}, 200),
    ({"if-unmodified-since": "Wed, 99 Foo 2026 07:08:09 GMT"}, 200),
    ({"if-none-match": '"abc-2"'}, 304),
    ({"if-none-match": 'W/"abc-2"'}, 304),
    ({"if-none-match": "*"}, 304),
    ({"if-none-match": '"x"'}, 200),
    ({"if-none-match": '"abc-2"', "if-modified-since": EARLIER}, 304),
    ({"if-none-match": '"x"', "if-modified-since": LATER}, 200),
    ({"if-modified-since": SAME}, 304),
    ({"if-modified-since": LATER}, 304),
    ({"if-modified-since": EARLIER}, 200),
    ({"if-modified-since": "Wed, 06 May 2026 07:08:09"}, 304),
    ({"if-match": '"x"', "if-none-match": '"abc-2"'}, 412),
    ({"if-match": '"abc-2"', "if-none-match": '"abc-2"'}, 304),
]


@pytest.mark.parametrize(("headers", "status"), READS)
def test_readers(headers: dict[str, str], status: int) -> None:
    if status == 412:
        with pytest.raises(S3SelectError) as caught:
            is_unchanged_for_reader(Headers(headers), INFO)
        assert (caught.value.code, caught.value.status) == ("PreconditionFailed", 412)
        assert any(name in caught.value.message for name in headers)
    else:
        assert is_unchanged_for_reader(Headers(headers), INFO) is (status == 304)


@pytest.mark.parametrize(("headers", "status"), READS)
def test_a_copy_is_made_where_a_reader_would_be_sent_the_object(headers: dict[str, str], status: int) -> None:
    of_source = Headers({f"x-amz-copy-source-{name}": value for name, value in headers.items()})
    if status == 200:
        check_copy_source(of_source, INFO)
        return
    with pytest.raises(S3SelectError) as caught:
        check_copy_source(of_source, INFO)
    assert (caught.value.code, caught.value.status) == ("PreconditionFailed", 412)
    assert "x-amz-copy-source-if-" in caught.value.message


@pytest.mark.parametrize(
    ("value", "counts"),
    [(None, True), ('"abc-2"', True), ('"x"', False), ('W/"abc-2"', False), (SAME, True), (LATER, False)],
)
def test_if_range(value: str | None, counts: bool) -> None:
    assert range_still_counts(Headers({} if value is None else {"if-range": value}), INFO) is counts


def test_conditions_of_writes() -> None:
    assert write_conditions(Headers({})) == Conditions()
    assert write_conditions(Headers({"if-match": ' "abc" '})) == Conditions(if_match="abc")
    assert write_conditions(Headers({"if-match": "*"})) == Conditions(if_match="*")
    assert write_conditions(Headers({"if-none-match": "*"})) == Conditions(if_none_match="*")


@pytest.mark.parametrize(
    ("headers", "code", "part"),
    [
        ({"if-none-match": '"abc"'}, "NotImplemented", "it can only be *"),
        ({"if-modified-since": SAME}, "NotImplemented", "if-modified-since"),
        ({"if-unmodified-since": SAME}, "NotImplemented", "if-unmodified-since"),
        ({"if-match": '"a"', "if-none-match": "*"}, "InvalidRequest", "exclude each other"),
    ],
)
def test_conditions_that_are_not_for_writes(headers: dict[str, str], code: str, part: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        write_conditions(Headers(headers))
    assert (caught.value.code, part in caught.value.message) == (code, True), caught.value.message
