"""Reads the XML of a request's body into elements, keeping only what is known at its place.

In: the XML as it came over the wire, and a :class:`Document` that says what it may hold.  Out: the root
:class:`Element`; its members are text, elements, or lists of elements.

Rules, from the AWS S3 API Reference and from what clients were seen to send:

* any or no namespace; children in any order; those unknown at their place are skipped with all they hold;
* known ones come once (Choice), but for those the document names as repeated;
* text is taken as sent: never trimmed, and a raw CR or CR LF stays one, although XML's rules for line ends
  would make it LF;
* UTF-8 only, no document type declaration, bounded in size and depth;
* XML 1.0 has no way to write control characters other than tab, LF and CR: they are ``MalformedXML``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from xml.parsers import expat

from s3sql.errors import S3SelectError
from s3sql.request import missing_parameter

#: Names of members at their places: None is text, a mapping an element with children.
Schema: TypeAlias = Mapping[str, "Schema | None"]

#: What XML 1.0 cannot carry, not even as a character reference.
NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """What a body may hold.

    ``roots``: the names of the root, the usual one first. ``repeated``: names of elements with children that
    may come many times at their places. ``max_bytes`` bounds the body, ``max_depth`` the nesting of elements,
    unknown ones included, and ``max_elements`` their number: one of four bytes takes a hundred times that in
    memory. ``advice`` follows the refusal of a character that XML cannot carry.
    """

    roots: tuple[str, ...]
    members: Schema
    repeated: frozenset[str] = frozenset()
    max_bytes: int = 2 << 20
    max_depth: int = 32
    max_elements: int = 10_000
    advice: str = ""


@dataclass(slots=True)
class Element:
    """The known children of one element: those that are text, those with children, those that repeat.

    ``attributes`` are those of the element itself, by their names without a namespace.
    """

    texts: dict[str, str] = field(default_factory=dict)
    elements: dict[str, Element] = field(default_factory=dict)
    lists: dict[str, list[Element]] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, default: str) -> str:
        """The text of a child; *default* if it is absent."""
        return self.texts.get(name, default)

    def required_text(self, name: str) -> str:
        """The text of a child that must be there and not blank.

        Raises:
            S3SelectError: ``MissingRequiredParameter``.
        """
        text = self.texts.get(name, "")
        if not text.strip():
            raise missing_parameter(name)
        return text

    def element(self, name: str) -> Element:
        """A child with children; one without any if it is absent."""
        return self.elements.get(name) or Element()

    def required_element(self, name: str) -> Element:
        """A child with children that must be there.

        Raises:
            S3SelectError: ``MissingRequiredParameter``.
        """
        if name not in self.elements:
            raise missing_parameter(name)
        return self.elements[name]

    def repeated(self, name: str) -> list[Element]:
        """The children of that name in their order."""
        return self.lists.get(name, [])

    def enumeration(self, name: str, default: str) -> str:
        """The text of a child in capitals without blanks around it; *default* if it is absent."""
        return self.texts.get(name, default).strip().upper()

    def boolean(self, name: str) -> bool:
        """The truth that a child says; False if it is absent.

        Raises:
            S3SelectError: ``MalformedXML``.
        """
        text = self.texts.get(name, "false").strip()
        if text.lower() not in ("true", "false", "1", "0"):
            raise malformed(f"{name} is {text[:40]!r}; it must be true or false.")
        return text.lower() in ("true", "1")

    def long(self, name: str) -> int | None:
        """The 64-bit integer that a child holds; None if it is absent.

        Raises:
            S3SelectError: ``MalformedXML``.
        """
        if name not in self.texts:
            return None
        text = self.texts[name].strip()
        if not re.fullmatch(r"[+-]?0*[0-9]{1,19}", text) or not -(2**63) <= int(text) < 2**63:
            raise malformed(f"{name} is {text[:40]!r}; it must be a 64-bit integer.")
        return int(text)


def read_document(body: bytes, document: Document) -> Element:
    """The root of *body*, which must be a *document*.

    Raises:
        S3SelectError: ``MaxMessageLengthExceeded``, ``MalformedXML``.
    """
    if len(body) > document.max_bytes:
        raise S3SelectError(
            "MaxMessageLengthExceeded",
            f"The request body is {len(body):,} bytes long; the most is {document.max_bytes:,} bytes.",
        )
    return _Reader(body.lstrip(b" \t\r\n"), document).read()


def malformed(what: str) -> S3SelectError:
    """The error for XML that is not well formed or does not match the schema, with AWS's advice."""
    return S3SelectError("MalformedXML", f"{what} Please check the service documentation and try again.")


def not_xml(where: str, character: str, advice: str) -> S3SelectError:
    """The error for a *character* of :data:`NOT_XML` in *where*."""
    return malformed(
        f"{where} holds the character U+{ord(character):04X}, which XML 1.0 cannot carry.{advice}"
    )


class _Reader:
    """Builds the root :class:`Element` from expat's events."""

    def __init__(self, body: bytes, document: Document) -> None:
        self._body = body
        self._document = document
        self._root = Element()
        # One entry per open element that is known: its name, its schema, its element and its text. What is
        # text has no element of its own: there stands the one it belongs to.
        self._open: list[tuple[str, Schema | None, Element, list[str]]] = []
        self._unknown_depth = 0
        self._elements = 0
        self._parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        # Only a CR needs each line end by itself; a body of nothing but line ends would take seconds.
        self._parser.buffer_text = b"\r" not in body

    def read(self) -> Element:
        # Expat would follow the byte order mark of UTF-16 in spite of the encoding given.
        try:
            self._body.decode()
        except UnicodeDecodeError as error:
            raise malformed(f"The XML is not in UTF-8, at byte {error.start:,}.") from error
        if b"\0" in self._body:
            raise not_xml("The request body", "\0", self._document.advice)
        try:
            self._parser.Parse(self._body, True)
        except expat.ExpatError as error:
            raise self._not_well_formed(error) from error
        finally:
            # It refers to this object: a ring that only the collector would free, one for each request.
            del self._parser
        return self._root

    def _not_well_formed(self, error: expat.ExpatError) -> S3SelectError:
        at = self._parser.ErrorByteIndex
        found = self._body[at : at + 1]
        if found < b" " and found not in (b"", b"\t", b"\n", b"\r"):
            return not_xml("The request body", found.decode(), self._document.advice)
        reason = expat.errors.messages[error.code]
        return malformed(
            f"The XML is not well formed: {reason} at line {error.lineno}, column {error.offset + 1}."
        )

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise malformed(f"The XML is declared to be in {encoding[:40]!r}; it must be in UTF-8.")

    def _doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        raise malformed("The XML has a document type declaration, which is not allowed.")

    def _start(self, qualified_name: str, attributes: dict[str, str]) -> None:
        name = _local(qualified_name)
        if self._unknown_depth + len(self._open) >= self._document.max_depth:
            raise malformed(f"The XML is nested more than {self._document.max_depth} elements deep.")
        self._elements += 1
        if self._elements > self._document.max_elements:
            raise malformed(f"The XML has more than {self._document.max_elements:,} elements.")
        if not self._open:
            self._start_root(name)
            return
        parent_name, schema, parent, _ = self._open[-1]
        if schema is None:
            raise malformed(f"{parent_name} holds the element {name[:40]!r}; it must be text.")
        if self._unknown_depth or name not in schema:
            self._unknown_depth += 1
            return
        repeated = name in self._document.repeated
        if not repeated and (name in parent.texts or name in parent.elements):
            raise malformed(f"{parent_name} holds more than one {name}.")
        children = schema[name]
        if children is None:
            parent.texts[name] = ""
            self._open.append((name, None, parent, []))
            return
        element = Element(attributes={_local(key): value for key, value in attributes.items()})
        if repeated:
            parent.lists.setdefault(name, []).append(element)
        else:
            parent.elements[name] = element
        self._open.append((name, children, element, []))

    def _start_root(self, name: str) -> None:
        roots = self._document.roots
        if name not in roots:
            raise malformed(f"The root element is {name[:40]!r}; it must be {roots[0]}.")
        self._open.append((name, self._document.members, self._root, []))

    def _end(self, qualified_name: str) -> None:
        if self._unknown_depth:
            self._unknown_depth -= 1
            return
        name, schema, element, text = self._open.pop()
        if schema is None:
            element.texts[name] = "".join(text)

    def _characters(self, text: str) -> None:
        if self._unknown_depth:
            return
        _, schema, _, parts = self._open[-1]
        if schema is not None:
            return
        # Expat reports each line end by itself, as LF; a character reference begins with "&" in the body.
        if text == "\n":
            at = self._parser.CurrentByteIndex
            if self._body[at : at + 1] == b"\r":
                text = "\r\n" if self._body[at + 1 : at + 2] == b"\n" else "\r"
        parts.append(text)


def _local(qualified_name: str) -> str:
    return qualified_name.rpartition(" ")[2]
