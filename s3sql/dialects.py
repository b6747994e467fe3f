"""The two dialects of SQL that Amazon had: that of S3 Select, and that of queries on archived objects.

In: nothing.  Out: what sets the one apart from the other, as data; the parser, the structure check and the
binder are given a :class:`Dialect` and are the same for both.

Sources: AWS S3 User Guide, "SQL reference for Amazon S3 Select" and, in its earlier editions, "Querying
archived objects"; AWS documents no codes for what the second one lacks (Choice).
"""

from __future__ import annotations

from dataclasses import dataclass

from s3sql.limits import MAX_ARCHIVE_EXPRESSION_BYTES, MAX_EXPRESSION_BYTES


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a query may say.

    ``tables``: the names that FROM takes, in any letter case; messages show them as they are spelled here.
    ``limit``, ``aggregates``: whether there are any. ``paths``: whether a name may have more behind it
    than a column. ``mixed_names``: whether one query may name columns by number and by header.
    """

    tables: tuple[str, ...]
    expression_bytes: int
    limit: bool
    aggregates: bool
    paths: bool
    mixed_names: bool

    def table(self, name: str) -> str | None:
        """The table that *name* means, as this dialect spells it; None if it means none."""
        return next((table for table in self.tables if table.upper() == name.upper()), None)

    @property
    def from_takes(self) -> str:
        """The tables, for a message."""
        return " or ".join(self.tables)


S3_SELECT = Dialect(
    tables=("S3Object",),
    expression_bytes=MAX_EXPRESSION_BYTES,
    limit=True,
    aggregates=True,
    paths=True,
    mixed_names=True,
)
ARCHIVE_SELECT = Dialect(
    tables=("Object", "Archive"),
    expression_bytes=MAX_ARCHIVE_EXPRESSION_BYTES,
    limit=False,
    aggregates=False,
    paths=False,
    mixed_names=False,
)
