"""Documents that are no honest XML, at every operation that reads one."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.server.attacks.arena import Arena
from tests.server.attacks.wire import Request, exchanged, signed

#: Operations by their names: method, target, root of the document, an element in it, one within that.
OPERATIONS = {
    "select": ("POST", "/alpha/good.csv?select&select-type=2", "SelectObjectContentRequest", "Expression"),
    "delete": ("POST", "/alpha?delete", "Delete", "Quiet"),
    "complete": ("POST", "/alpha/x?uploadId=none", "CompleteMultipartUpload", "Part"),
    "tagging": ("PUT", "/alpha/good.csv?tagging", "Tagging", "TagSet"),
    "create": ("PUT", "/gamma", "CreateBucketConfiguration", "LocationConstraint"),
    "restore": ("POST", "/alpha/good.csv?restore", "RestoreRequest", "Type"),
}
MIB = 1 << 20
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))

ATTRIBUTES = " ".join(f"a{n}=''" for n in range(6000))

#: Documents in which ROOT is the operation's root and CHILD an element in it; their encodings.
DOCUMENTS: dict[str, str | tuple[str, str]] = {
    "a billion entities": f'<!DOCTYPE x [<!ENTITY e0 "ha">{ENTITIES}]><ROOT><CHILD>&e11;</CHILD></ROOT>',
    "one long entity": (
        f'<!DOCTYPE x [<!ENTITY e "{"a" * 50_000}">]><ROOT><CHILD>{"&e;" * 9000}</CHILD></ROOT>'
    ),
    "a file": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><ROOT><CHILD>&e;</CHILD></ROOT>',
    "a URL": '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x"><ROOT><CHILD/></ROOT>',
    "a parameter entity": '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><ROOT/>',
    "an unknown entity": "<ROOT><CHILD>&what;</CHILD></ROOT>",
    "an attribute's default": '<!DOCTYPE x [<!ATTLIST ROOT a CDATA "b">]><ROOT/>',
    "depth": f"<ROOT>{'<a>' * 15_000}",
    "depth that ends": f"<ROOT>{'<a>' * 7000}{'</a>' * 7000}</ROOT>",
    "depth of what is known": f"<ROOT>{'<CHILD>' * 2000}",
    "10 MB of text": f"<ROOT><CHILD>{'a' * (10 * MIB)}</CHILD></ROOT>",
    "10 MB of blanks": " " * (10 * MIB),
    "10 MB without end": f"<ROOT><CHILD a='{'a' * (10 * MIB)}",
    "60 kB of attributes": f"<ROOT {ATTRIBUTES}></",
    "an attribute twice": '<ROOT a="1" a="2"/>',
    "a long name": f"<ROOT><{'n' * 60_000}",
    "UTF-16": ("<ROOT><CHILD/></ROOT>", "utf-16"),
    "UTF-16 without a mark": ("<ROOT><CHILD/></ROOT>", "utf-16-le"),
    "UTF-32": ("<ROOT/>", "utf-32"),
    "UTF-7": '<?xml version="1.0" encoding="UTF-7"?><ROOT/>',
    "EBCDIC": ('<?xml version="1.0" encoding="cp037"?><ROOT/>', "cp037"),
    "said to be Latin-1": (
        '<?xml version="1.0" encoding="ISO-8859-1"?><ROOT><CHILD>\xe9</CHILD></ROOT>',
        "latin-1",
    ),
    "no UTF-8": ("<ROOT><CHILD>\xff\xfe</CHILD></ROOT>", "latin-1"),
    "a surrogate": "<ROOT><CHILD>&#xD800;</CHILD></ROOT>",
    "a NUL": "<ROOT><CHILD>\0</CHILD></ROOT>",
    "a reference to NUL": "<ROOT><CHILD>&#0;</CHILD></ROOT>",
    "XML 1.1": '<?xml version="1.1"?><ROOT><CHILD>&#1;</CHILD></ROOT>',
    "another root": "<html><body/></html>",
    "two roots": "<ROOT/><ROOT/>",
    "an unknown prefix": "<a:ROOT/>",
    "text": "SELECT * FROM S3Object",
    "JSON": '{"Expression": "SELECT * FROM S3Object"}',
    "nothing but a mark": "\ufeff",
    "a cut document": "<ROOT><CHILD>",
    "an instruction": '<?xml-stylesheet href="file:///etc/passwd"?><ROOT><',
    "CDATA without end": f"<ROOT><CHILD><![CDATA[{'x' * 60_000}",
    "gzip": ("\x1f\x8b\x08\0\0", "latin-1"),
}


def document_of(name: str, operation: str) -> bytes:
    _, _, root, child = OPERATIONS[operation]
    written = DOCUMENTS[name]
    text, encoding = (written, "utf-8") if isinstance(written, str) else written
    return text.replace("ROOT", root).replace("CHILD", child).encode(encoding)


def request(arena: Arena, operation: str, body: bytes) -> Request:
    method, target, _, _ = OPERATIONS[operation]
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    return signed(arena.url, method, target, {"Content-MD5": digest}, body)


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_dishonest_document_is_refused(operation: str, document: str, arena: Arena) -> None:
    answer = exchanged(arena.url, request(arena, operation, document_of(document, operation)))
    allowed = {"MalformedXML", "MaxMessageLengthExceeded", "EmptyRequestBody", "MissingRequestBodyError"}
    assert answer.code in allowed, answer
    assert answer.status == 400
    assert len(answer.body) < 2000
    assert b"root:" not in answer.body


TOO_MUCH = {
    "1001 objects": ("delete", f"<Delete>{'<Object><Key>x</Key></Object>' * 1001}</Delete>"),
    "100,000 objects": ("delete", f"<Delete>{'<Object/>' * 100_000}</Delete>"),
    "an empty key": ("delete", "<Delete><Object><Key></Key></Object></Delete>"),
    "a key of 2 MB": ("delete", f"<Delete><Object><Key>{'k' * (2 * MIB)}</Key></Object></Delete>"),
    "100,000 parts": (
        "complete",
        f"<CompleteMultipartUpload>{'<Part/>' * 100_000}</CompleteMultipartUpload>",
    ),
    "a number of 5000 digits": (
        "complete",
        f"<CompleteMultipartUpload><Part><PartNumber>{'9' * 5000}</PartNumber><ETag>x</ETag></Part>"
        "</CompleteMultipartUpload>",
    ),
    "2000 tags": ("tagging", f"<Tagging><TagSet>{'<Tag><Key>k</Key></Tag>' * 2000}</TagSet></Tagging>"),
    "a tag of 60 kB": (
        "tagging",
        f"<Tagging><TagSet><Tag><Key>{'k' * 60_000}</Key></Tag></TagSet></Tagging>",
    ),
    "a region of 60 kB": (
        "create",
        f"<CreateBucketConfiguration><LocationConstraint>{'r' * 60_000}</LocationConstraint>"
        "</CreateBucketConfiguration>",
    ),
    "a query of 1 MB": (
        "select",
        f"<SelectObjectContentRequest><Expression>{'(' * MIB}</Expression></SelectObjectContentRequest>",
    ),
    "a query of 200,000 brackets": (
        "select",
        f"<SelectObjectContentRequest><Expression>SELECT {'(' * 200_000}</Expression><ExpressionType>SQL"
        "</ExpressionType><InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/>"
        "</OutputSerialization></SelectObjectContentRequest>",
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_of_what_is_allowed_is_refused(name: str, arena: Arena) -> None:
    operation, body = TOO_MUCH[name]
    answer = exchanged(arena.url, request(arena, operation, body.encode()))
    if name == "a key of 2 MB":
        assert answer.status == 200
        assert b"<Code>KeyTooLongError</Code>" in answer.body
        return
    assert answer.status in (400, 404), answer
    assert answer.code
    assert len(answer.body) < 4000
    assert not (arena.root / "gamma").exists()
