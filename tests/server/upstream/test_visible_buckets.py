"""The list of buckets without those that a caller may not see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from s3sql.errors import S3SelectError
from s3sql.server.upstream.visible_buckets import without_hidden

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'


def listing(buckets: str, before: str = "", after: str = "") -> bytes:
    return f"{HEAD}{before}<Buckets>{buckets}</Buckets>{after}</ListAllMyBucketsResult>".encode()


def entry(name: str) -> str:
    return f"<Bucket><CreationDate>2024-01-01T00:00:00.000Z</CreationDate><Name>{name}</Name></Bucket>"


NAMES: SearchStrategy[list[str]] = st.lists(st.from_regex("[a-z0-9.-]{3,10}", fullmatch=True), max_size=8)


@given(NAMES, st.sets(st.integers(0, 7)), st.sampled_from(["", "\n  ", "<!-- > -->"]))
def test_hidden_buckets_are_cut_out_and_nothing_else_changes(
    names: list[str], hidden: set[int], space: str
) -> None:
    unseen = {name for number, name in enumerate(names) if number in hidden}
    entries = [space + entry(name) for name in names]
    kept = [space + ("" if name in unseen else entry(name)) for name in names]
    owner, token = "<Owner><ID>x</ID></Owner>", "<ContinuationToken>t</ContinuationToken>"
    cut = without_hidden(listing("".join(entries), owner, token), lambda name: name not in unseen)
    assert cut == listing("".join(kept), owner, token)


@pytest.mark.parametrize(
    "bucket",
    [
        "<Bucket/>",
        "<Bucket></Bucket>",
        "<Bucket><Name>se&#99;ret</Name></Bucket>",
        "<Bucket><Name><![CDATA[secret]]></Name></Bucket>",
        "<Bucket ><Name\n>secret</Name></Bucket\n>",
        "<Bucket><Name>se</Name><Name>cret</Name></Bucket>",
    ],
)
def test_a_name_is_what_it_reads_as(bucket: str) -> None:
    cut = without_hidden(listing(bucket + entry("mine")), lambda name: name == "mine")
    assert cut == listing(entry("mine"))


def test_prefixes_of_namespaces_do_not_matter() -> None:
    document = (
        b'<s:ListAllMyBucketsResult xmlns:s="urn:x"><s:Buckets><s:Bucket><s:Name>secret</s:Name></s:Bucket>'
        b"</s:Buckets></s:ListAllMyBucketsResult>"
    )
    assert b"secret" not in without_hidden(document, lambda _: False)
    assert without_hidden(document, lambda _: True) == document


def test_an_empty_list() -> None:
    document = f"{HEAD}<Buckets/></ListAllMyBucketsResult>".encode()
    assert without_hidden(document, lambda _: False) == document


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<Error><Code>AccessDenied</Code></Error>",
        b"<ListAllMyBucketsResult><Buckets>",
        b'<!DOCTYPE x [<!ENTITY a "secret">]><ListAllMyBucketsResult/>',
        "<ListAllMyBucketsResult/>".encode("utf-16"),
        b"\x1f\x8b\x08\x00",
    ],
)
def test_what_is_no_list_of_buckets_is_refused(document: bytes) -> None:
    with pytest.raises(S3SelectError) as caught:
        without_hidden(document, lambda _: True)
    assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)
