from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.server.xml import document, document_reply, url_encoded

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
SPACE = b' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def test_members_of_every_kind_in_their_order() -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6, 789_000, UTC)
    members = [
        ("Text", "a"),
        ("Number", 0),
        ("Truth", True),
        ("Moment", moment),
        ("Absent", None),
        ("Empty", ""),
        ("Part", [("Number", 1), ("Absent", None)]),
        ("Part", []),
    ]
    assert document("Root", members) == (
        HEAD + b"<Root" + SPACE + b"><Text>a</Text><Number>0</Number><Truth>true</Truth>"
        b"<Moment>2026-02-03T04:05:06.000Z</Moment><Empty></Empty><Part><Number>1</Number></Part><Part></Part></Root>"
    )


def test_a_moment_is_written_in_utc() -> None:
    moment = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert b">2025-12-31T23:30:00.000Z<" in document("Root", [("Moment", moment)])


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a<b>&\"'", b"a&lt;b&gt;&amp;&quot;'"),
        ("\r\n\t", b"&#13;\n\t"),
        ("\x01\x0b", b"&#x1;&#xb;"),
        ("￾", b"&#xfffe;"),
        ("é€😀", "é€😀".encode()),
    ],
)
def test_text_is_escaped(text: str, written: bytes) -> None:
    assert document("Root", text) == HEAD + b"<Root" + SPACE + b">" + written + b"</Root>"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="￾￿")))
def test_what_is_written_is_read(text: str) -> None:
    root = ElementTree.fromstring(document("Root", [("Key", text + "\r")]))
    assert root[0].text == text + "\r"


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("a/b c+d", "a/b%20c%2Bd"),
        ("test_file(3).png", "test_file%283%29.png"),
        ("é\x01\n", "%C3%A9%01%0A"),
        ("a-b_c.d~", "a-b_c.d~"),
    ],
)
def test_url_encoding(name: str, encoded: str) -> None:
    assert url_encoded(name) == encoded


def test_a_reply_says_that_it_is_xml() -> None:
    reply = document_reply("Root", [], [("x-a", "b")])
    assert reply.headers == [("Content-Type", "application/xml"), ("x-a", "b")]
    assert reply.body == HEAD + b"<Root" + SPACE + b"></Root>"
