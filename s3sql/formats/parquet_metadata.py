"""What the footer of a Parquet object says, worked out once for all objects with the same footer.

In: an open object.  Out: its :class:`ParquetMetadata`.

A client that reads a large object in scan ranges opens it hundreds of times, and to take a footer apart takes
longer than to query a few rows. The footer is read anew each time and found by its bytes, so another version
of an object is another footer, or has its rows in the same places. What is said is never changed, and
what is found out besides is the same for all, so threads share both. Those used last are kept, as far as they
are small.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_footer import Footer, footer_text, parse_footer
from s3sql.formats.parquet_groups import RowGroup, row_groups
from s3sql.formats.parquet_layouts import ValueLayout
from s3sql.formats.parquet_schema import parquet_schema
from s3sql.plan.cache import RecentlyUsed
from s3sql.plan.schema import ParquetSchema


@dataclass(frozen=True, slots=True)
class ParquetMetadata:
    """A footer, all row groups, the schema for the binder, and what queries have found of the columns.

    ``layouts``: see :class:`~s3sql.formats.parquet_decoding.ParquetContents`.
    """

    footer: Footer
    groups: tuple[RowGroup, ...]
    schema: ParquetSchema
    layouts: dict[int, ValueLayout | None] = field(default_factory=dict)


#: Memory that metadata take, and what each byte of their footer and each leaf column adds: measured
#: on the densest, without statistics, and on those without row groups.
_BYTES, _BYTES_OF_A_BYTE, _BYTES_OF_A_COLUMN = 4000, 24, 2000

#: By the text of the footer and the size of the object, within which the column chunks must lie.
_KNOWN: Final[RecentlyUsed[tuple[bytes, int], ParquetMetadata]] = RecentlyUsed(64, 16 << 20)


def read_metadata(source: ParquetSource) -> ParquetMetadata:
    """Read the footer, and tell what it says.

    Raises:
        S3SelectError: ``ParquetParsingError``; what reading the object raises.
    """
    text = footer_text(source)
    key = (text, source.size)
    found = _KNOWN.held(key)
    if found is None:
        made = _metadata(source, text)
        size = _BYTES + _BYTES_OF_A_BYTE * len(text) + _BYTES_OF_A_COLUMN * len(made.footer.nodes)
        found = _KNOWN.get(key, lambda: made, size)
    return found


def _metadata(source: ParquetSource, text: bytes) -> ParquetMetadata:
    footer = parse_footer(source, text)
    groups = tuple(row_groups(footer, source.size))
    with source.parsing("The schema"):
        arrow = footer.metadata.schema.to_arrow_schema()
        schema = parquet_schema(footer.metadata, arrow, groups)
    return ParquetMetadata(footer, groups, schema)
