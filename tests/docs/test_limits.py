"""The bounds that docs/security.md and docs/performance.md tell are those of the code."""

from __future__ import annotations

import re

import pytest

from s3sql import limits
from s3sql.exec import buffer_pool
from s3sql.formats import compression, decompressed_text
from s3sql.sql.keywords import RESERVED
from s3sql.stores.s3 import MAX_CONNECTIONS
from tests.docs.pages import DOCS, read

BOUNDS = {
    "the text": f"{limits.MAX_EXPRESSION_BYTES >> 10} KiB",
    "nesting of expressions": f"{limits.MAX_EXPRESSION_DEPTH} levels",
    "a record, read or written": f"{limits.MAX_RECORD_BYTES >> 20} MiB",
    "a value of the result": f"{limits.MAX_COLUMN_BYTES >> 20} MiB",
    "columns of a record": f"{limits.MAX_COLUMNS:,}",
    "a text that operators make on the way": f"{limits.MAX_MADE_BYTES >> 20} MiB",
    "nesting of JSON": f"{limits.MAX_JSON_DEPTH} levels",
    "a row group of Parquet": f"{limits.MAX_ROW_GROUP_BYTES >> 20} MiB",
    "what decompression makes": f"pieces of {compression.PIECE_BYTES >> 10} KiB, "
    f"{decompressed_text.AHEAD_BYTES >> 20} MiB ahead",
    "text in memory, of all queries together": f"{buffer_pool.BUDGET_BYTES >> 20} MiB",
    "of that, bytes of remote objects fetched ahead": f"{buffer_pool.BUDGET_BYTES * 3 // 8 >> 20} MiB",
    "requests to a store for one object at a time": f"{MAX_CONNECTIONS}, or as many",
}


@pytest.mark.parametrize("what", BOUNDS)
def test_a_bound(what: str) -> None:
    row = re.search(rf"^\| {re.escape(what)} \| (.*)$", read(DOCS / "security.md"), re.M)
    assert row is not None
    assert BOUNDS[what] in row[1]


def test_every_bound_of_a_query_is_told() -> None:
    rows = re.search(r"^## What bounds a query\n(.*?)^Patterns", read(DOCS / "security.md"), re.M | re.S)
    assert rows is not None
    told = re.findall(r"^\| ([a-z][^|]*?) \| [^|]*\b\d", rows[1], re.M)
    assert told == list(BOUNDS)


def test_numbers_elsewhere() -> None:
    assert f"{len(RESERVED)} reserved words" in read(DOCS / "faq.md")
    assert f"a piece of {limits.MORSEL_BYTES >> 20} MiB" in read(DOCS / "performance.md")
