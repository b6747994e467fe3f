"""What was decided about an object, and why.

In: one decided value after the other.  Out: the keywords of :func:`s3sql.query` that say the same, and a line
for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

#: Where a value is known from.
Origin: TypeAlias = Literal["given", "name", "content", "default"]

#: Keywords that only CSV has; all but the last are texts.
CSV_TEXT_KEYWORDS = (
    "file_header_info",
    "comments",
    "quote_character",
    "quote_escape_character",
    "record_delimiter",
    "field_delimiter",
)
CSV_KEYWORDS = (*CSV_TEXT_KEYWORDS, "allow_quoted_record_delimiter")

_HEADERS = {"USE": "header line", "NONE": "no header line", "IGNORE": "header line ignored"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One decided member: ``value`` as a keyword of :func:`s3sql.query` takes it.

    ``evidence``: in words, what speaks for it or against it; empty where there is nothing to say.
    """

    value: str
    source: Origin
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What an object was taken for; the last three are None unless it is CSV.

    ``allow_quoted_record_delimiter`` is ``"TRUE"`` or ``"FALSE"``.
    """

    input_format: Choice
    compression_type: Choice
    file_header_info: Choice | None = None
    field_delimiter: Choice | None = None
    allow_quoted_record_delimiter: Choice | None = None

    def keywords(self) -> dict[str, Any]:
        """The keywords of :func:`s3sql.query` that say the same without guessing."""
        said: dict[str, Any] = {
            "input_format": self.input_format.value,
            "compression_type": self.compression_type.value,
        }
        if self.file_header_info is not None:
            said["file_header_info"] = self.file_header_info.value
        if self.field_delimiter is not None:
            said["field_delimiter"] = self.field_delimiter.value
        if self.allow_quoted_record_delimiter is not None:
            allowed = self.allow_quoted_record_delimiter.value == "TRUE"
            if allowed or self.allow_quoted_record_delimiter.source == "given":
                said["allow_quoted_record_delimiter"] = allowed
        return said

    def __str__(self) -> str:
        compression = self.compression_type
        if compression.value == "NONE" and compression.source == "default":
            compressed = "no compression"
        else:
            name = "no compression" if compression.value == "NONE" else compression.value
            compressed = f"{name} ({_by(compression)})"
        parts = [f"{self.input_format.value} ({_by(self.input_format)})", compressed]
        header, delimiter = self.file_header_info, self.field_delimiter
        if header is not None:
            parts.append(f"{_HEADERS.get(header.value, header.value)} ({_by(header)})")
        if delimiter is not None:
            parts.append(f"delimiter {delimiter.value!r} ({_by(delimiter)})")
        quoted = self.allow_quoted_record_delimiter
        if quoted is not None and quoted.value == "TRUE":
            parts.append(f"line breaks within quotes ({_by(quoted)})")
        return ", ".join(parts)


def _by(choice: Choice) -> str:
    return f"by {choice.source}" if choice.source in ("name", "content") else choice.source
