from __future__ import annotations

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.objects.tags import checked_tags, tags_of_document, tags_of_header


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("b=2&a=1", {"b": "2", "a": "1"}),
        ("a", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("a+b=c%20d", {"a b": "c d"}),
        ("%C3%A9=%D7%90", {"é": "א"}),
        ("x%3Dy=%2B", {"x=y": "+"}),
    ],
)
def test_tags_of_a_header(text: str, tags: dict[str, str]) -> None:
    found = tags_of_header(text)
    assert found == tags
    assert list(found) == list(tags)


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("a=1&a=2", "InvalidArgument", "it has a name twice"),
        ("a=%FF", "InvalidArgument", "it is not UTF-8"),
        ("=1", "InvalidTag", "1 to 128 characters; one has 0"),
        ("a=1&", "InvalidTag", "one has 0"),
        ("&".join(f"t{n}=" for n in range(11)), "InvalidTag", "cannot be greater than 10; there are 11"),
        (f"{'n' * 129}=", "InvalidTag", "one has 129"),
        (f"n={'v' * 257}", "InvalidTag", "that of 'n' has 257"),
        ("AWS:x=1", "InvalidTag", "begins with aws:"),
        ("a=%7B", "InvalidTag", "the character '{'"),
        ("a%00=1", "InvalidTag", r"the character '\x00'"),
    ],
)
def test_a_wrong_header_is_refused(text: str, code: str, part: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        tags_of_header(text)
    assert (caught.value.code, part in caught.value.message) == (code, True), caught.value.message


def test_the_longest_tags() -> None:
    pairs = [(f"{n}" + "é" * 127, "v" * 256) for n in range(10)]
    assert checked_tags(pairs) == dict(pairs)


def xml(*tags: str) -> bytes:
    return f"<Tagging><TagSet>{''.join(f'<Tag>{tag}</Tag>' for tag in tags)}</TagSet></Tagging>".encode()


def test_tags_of_a_document() -> None:
    assert tags_of_document(xml("<Key>a</Key><Value>1</Value>", "<Value/><Key>b c</Key>")) == {
        "a": "1",
        "b c": "",
    }
    assert tags_of_document(xml()) == {}


@pytest.mark.parametrize(
    ("body", "code", "part"),
    [
        (b"<Tagging/>", "MissingRequiredParameter", "TagSet is required"),
        (xml("<Value>1</Value>"), "MissingRequiredParameter", "Key is required"),
        (xml("<Key>a</Key>", "<Key>a</Key>"), "InvalidTag", "multiple Tags with the same key: 'a'"),
        (xml("<Key>a</Key><Key>b</Key>"), "MalformedXML", "Tag holds more than one Key"),
        (b"<TagSet/>", "MalformedXML", "The root element is 'TagSet'"),
        (xml("<Key>a" + " " * 70_000 + "</Key>"), "MaxMessageLengthExceeded", "65,536"),
    ],
)
def test_a_wrong_document_is_refused(body: bytes, code: str, part: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        tags_of_document(body)
    assert (caught.value.code, part in caught.value.message) == (code, True), caught.value.message
