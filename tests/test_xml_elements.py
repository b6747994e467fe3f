from __future__ import annotations

import pytest

from s3sql.errors import S3SelectError
from s3sql.xml_elements import Document, Element, read_document

ORDER = Document(
    ("Order", "Purchase"),
    {
        "Note": None,
        "Line": {"Number": None, "Tag": {"Key": None}},
        "Buyer": {"Name": None, "Line": {"Number": None}},
    },
    repeated=frozenset({"Line", "Tag"}),
    max_bytes=2000,
    max_depth=4,
    max_elements=30,
    advice=" (Write it in words.)",
)


def order(inner: str) -> Element:
    return read_document(f"<Order>{inner}</Order>".encode(), ORDER)


def test_members_that_repeat_are_lists_in_their_order() -> None:
    root = order(
        "<Line><Number>1</Number></Line><Note>n</Note><Line><Number>2</Number><Tag><Key>a</Key></Tag><Tag/></Line>"
        "<Buyer><Line><Number>3</Number></Line></Buyer><Line/>"
    )
    assert [line.long("Number") for line in root.repeated("Line")] == [1, 2, None]
    assert [tag.text("Key", "-") for tag in root.repeated("Line")[1].repeated("Tag")] == ["a", "-"]
    assert [line.long("Number") for line in root.element("Buyer").repeated("Line")] == [3]
    assert root.repeated("Order") == []


@pytest.mark.parametrize("root", ["Order", "Purchase", 'x:Order xmlns:x="any"'])
def test_every_root_name_will_do(root: str) -> None:
    name = root.partition(" ")[0]
    element = read_document(f"<{root}><Note> a\r\nb </Note></{name}>".encode(), ORDER)
    assert element.texts == {"Note": " a\r\nb "}


def test_attributes_are_known_by_their_local_names() -> None:
    root = order('<Buyer xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Person" a="1"/>')
    assert root.element("Buyer").attributes == {"type": "Person", "a": "1"}


@pytest.mark.parametrize(
    ("inner", "code", "part"),
    [
        ("<Note/><Note/>", "MalformedXML", "Order holds more than one Note"),
        ("<Buyer/><Buyer/>", "MalformedXML", "Order holds more than one Buyer"),
        ("<Note><Line/></Note>", "MalformedXML", "Note holds the element 'Line'"),
        ("<a><a><a><a/></a></a></a>", "MalformedXML", "nested more than 4 elements deep"),
        ("<Line/>" * 30, "MalformedXML", "more than 30 elements"),
        ("<a/>" * 30, "MalformedXML", "more than 30 elements"),
        ("<Line><Number>\x02</Number></Line>", "MalformedXML", "U+0002, which XML 1.0 cannot carry. (Write"),
        ("x" * 2000, "MaxMessageLengthExceeded", "2,015 bytes long; the most is 2,000 bytes"),
        ("</Order><!DOCTYPE a>", "MalformedXML", "not well formed"),
    ],
)  # fmt: skip
def test_what_is_no_order_is_refused(inner: str, code: str, part: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        order(inner)
    assert (caught.value.code, part in caught.value.message) == (code, True), caught.value.message


@pytest.mark.parametrize(
    "text", ["\n" * 900, "\r\n" * 400, "a\nb\r\rc\n", "a\n" * 400, "<![CDATA[a\n\n]]>\nb"]
)
def test_line_ends_are_kept_with_and_without_cr(text: str) -> None:
    expected = text.replace("<![CDATA[", "").replace("]]>", "")
    assert order(f"<Note>{text}</Note>").texts == {"Note": expected}


def test_another_root_is_refused_with_the_usual_one() -> None:
    with pytest.raises(S3SelectError, match="The root element is 'Delete'; it must be Order"):
        read_document(b"<Delete/>", ORDER)


def test_children_that_must_be_there() -> None:
    root = order("<Note> </Note>")
    for missing in (lambda: root.required_text("Note"), lambda: root.required_element("Buyer")):
        with pytest.raises(S3SelectError) as caught:
            missing()
        assert caught.value.code == "MissingRequiredParameter"


@pytest.mark.parametrize(
    ("text", "truth"), [("true", True), (" 1 ", True), ("FALSE", False), ("0", False), ("yes", None)]
)
def test_booleans(text: str, truth: bool | None) -> None:
    root = order(f"<Note>{text}</Note>")
    if truth is None:
        with pytest.raises(S3SelectError, match="Note is 'yes'; it must be true or false"):
            root.boolean("Note")
    else:
        assert root.boolean("Note") is truth
    assert root.boolean("Absent") is False
