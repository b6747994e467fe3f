"""An object's tags: at most ten names with values.

In: the header ``x-amz-tagging`` or the XML of ``PutObjectTagging``.  Out: a dictionary in the order given.

Source: AWS S3 User Guide, "Categorizing your storage using tags"; AWS S3 API Reference, "PutObjectTagging".
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from s3sql.errors import S3SelectError
from s3sql.xml_elements import Document, read_document

MAX_TAGS = 10
MAX_NAME_CHARACTERS = 128
MAX_VALUE_CHARACTERS = 256

#: Largest body of PutObjectTagging: ten tags, each character escaped.
MAX_BODY_BYTES = 64 << 10

_TAGGING = Document(
    ("Tagging",),
    {"TagSet": {"Tag": {"Key": None, "Value": None}}},
    repeated=frozenset({"Tag"}),
    max_bytes=MAX_BODY_BYTES,
)

#: Characters of names and values besides letters, digits and blanks of any language.
_ALLOWED = frozenset("+-=._:/@")


def tags_of_header(text: str) -> dict[str, str]:
    """The tags of ``a=1&b=2``, percent-encoded.

    Raises:
        S3SelectError: ``InvalidArgument`` for text that is no such list or has a name twice, ``InvalidTag``.
    """
    pairs = []
    for pair in text.split("&") if text else []:
        name, _, value = pair.partition("=")
        pairs.append((_decoded(name), _decoded(value)))
    if len({name for name, _ in pairs}) < len(pairs):
        raise _wrong_header("it has a name twice")
    return checked_tags(pairs)


def tags_of_document(body: bytes) -> dict[str, str]:
    """The tags of a ``Tagging`` document.

    Raises:
        S3SelectError: ``MalformedXML``, ``MissingRequiredParameter``, ``InvalidTag``.
    """
    tag_set = read_document(body, _TAGGING).required_element("TagSet")
    return checked_tags(
        [(tag.required_text("Key"), tag.text("Value", "")) for tag in tag_set.repeated("Tag")]
    )


def checked_tags(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """*pairs* as tags, if they may be such.

    Raises:
        S3SelectError: ``InvalidTag``.
    """
    if len(pairs) > MAX_TAGS:
        raise _invalid(f"Object tags cannot be greater than {MAX_TAGS}; there are {len(pairs)}.")
    tags: dict[str, str] = {}
    for name, value in pairs:
        if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
            raise _invalid(f"A tag's key has 1 to {MAX_NAME_CHARACTERS} characters; one has {len(name)}.")
        if len(value) > MAX_VALUE_CHARACTERS:
            raise _invalid(
                f"A tag's value has at most {MAX_VALUE_CHARACTERS} characters; that of {name!r} has "
                f"{len(value)}."
            )
        if name.lower().startswith("aws:"):
            raise _invalid(f"The tag key {name!r} begins with aws:, which is the system's alone.")
        if name in tags:
            raise _invalid(f"Cannot provide multiple Tags with the same key: {name!r}.")
        for text in (name, value):
            wrong = next((c for c in text if not (c.isalnum() or c.isspace() or c in _ALLOWED)), None)
            if wrong is not None:
                raise _invalid(
                    f"A tag holds the character {wrong!r}; letters, digits, blanks and + - = . _ : / @ may "
                    "stand there."
                )
        tags[name] = value
    return tags


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError as error:
        raise _wrong_header("it is not UTF-8") from error


def _wrong_header(reason: str) -> S3SelectError:
    return S3SelectError(
        "InvalidArgument",
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without "
        f"tag name duplicates; {reason}.",
    )


def _invalid(message: str) -> S3SelectError:
    return S3SelectError("InvalidTag", message)
