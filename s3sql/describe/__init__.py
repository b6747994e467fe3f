"""``s3sql.describe``: what an object holds, before any query is written.

In: a source.  Out: a :class:`Description`: its columns and how a query names them, its first rows, its row
groups.

    source ──sniffer──▶ format ─┬─ csv ─────▶ csv_columns ─────┐
                                ├─ json ────▶ json_columns ────┼─▶ Description
                                └─ parquet ─▶ schema_columns ──┘

The records are read as a query reads them; no more of them than the first thousand, or the first mebibyte.
"""

from __future__ import annotations

from s3sql.describe.describing import describe
from s3sql.describe.description import ColumnDescription, Description, RowGroupDescription

__all__ = ["ColumnDescription", "Description", "RowGroupDescription", "describe"]
