"""The queries that are measured, each stated once for S3 Select and once for the peers.

In: nothing.  Out: ``QUERIES``. The peers' SQL has a ``{money}`` type to fill in, because DECIMAL (exact, as
ours is) and DOUBLE (not exact, often faster) are both tried; of Parquet, whose amounts are typed, a
``{product}``. Polars is asked through its expressions, in ``benchmarks/engines/polars.py``; ``shape`` names
them.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.events import KINDS
from benchmarks.inputs import CODECS

#: The table of JSON as the peers' SQL calls it.
EVENTS = "events"

#: The table as the peers' SQL calls it.
TABLE = "lineitem"


#: A product of two amounts of Parquet, as they are stored and as binary floats.
PRODUCTS = {
    "": "l_extendedprice * l_discount",
    "as double": "CAST(l_extendedprice AS DOUBLE) * CAST(l_discount AS DOUBLE)",
}


@dataclass(frozen=True, slots=True)
class Query:
    """One line of the result.

    ``shape`` names the work for the engines that are not asked in SQL. ``single``: the answer is one value,
    compared by value; otherwise it is CSV, compared as a multiset of lines. ``kept``: the answer
    goes to a tmpfs file while the clock runs, instead of being handed over and dropped. ``target``: the ratio
    to the fastest peer that was asked for. ``input``: see benchmarks/inputs.py. ``quick``:
    it is one of those of ``--quick``. ``one_thread``: it is measured with one thread too.
    """

    name: str
    title: str
    shape: str
    sql: str
    peer_sql: str
    target: float
    input: str = "lineitem"
    single: bool = False
    kept: bool = False
    quick: bool = False
    one_thread: bool = False

    @property
    def quoted(self) -> bool:
        """Whether text of the file may be in quotes."""
        return self.input == "lineitem-quoted"

    @property
    def is_json(self) -> bool:
        """Whether the file is JSON."""
        return self.input in KINDS

    @property
    def is_parquet(self) -> bool:
        """Whether the file is Parquet."""
        return self.input in CODECS


_FILTER = (
    "SELECT * FROM S3Object s WHERE s._11 < '1992-02-20'",
    "SELECT * FROM lineitem WHERE l_shipdate < '1992-02-20'",
)
_STAR = ("SELECT * FROM S3Object s", "SELECT * FROM lineitem")
_COUNT = ("SELECT COUNT(*) FROM S3Object s", "SELECT COUNT(*) FROM lineitem")
_TYPED_PROJECT = (
    "SELECT s.l_orderkey, s.l_extendedprice FROM S3Object s "
    "WHERE s.l_shipdate < CAST('1993-01-14' AS TIMESTAMP)",
    "SELECT l_orderkey, l_extendedprice FROM lineitem WHERE l_shipdate < DATE '1993-01-14'",
)
_TYPED_SUM = (
    "SELECT SUM(s.l_extendedprice * s.l_discount) FROM S3Object s "
    "WHERE s.l_shipdate >= CAST('1994-01-01' AS TIMESTAMP) "
    "AND s.l_shipdate < CAST('1995-01-01' AS TIMESTAMP) "
    "AND s.l_discount BETWEEN 0.05 AND 0.07 AND s.l_quantity < 24",
    "SELECT SUM({product}) FROM lineitem "
    "WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01' "
    "AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24",
)

QUERIES = (
    Query("filter", "filter 2 %, `SELECT *`", "filter", *_FILTER, target=4, quick=True, one_thread=True),
    Query(
        "project",
        "filter 15 %, 2 columns",
        "project",
        "SELECT s._1, s._6 FROM S3Object s WHERE s._11 < '1993-01-14'",
        "SELECT l_orderkey, l_extendedprice FROM lineitem WHERE l_shipdate < '1993-01-14'",
        target=4,
    ),
    Query(
        "sum",
        "SUM of a product, 3 predicates",
        "sum",
        "SELECT SUM(CAST(s._6 AS DECIMAL) * CAST(s._7 AS DECIMAL)) FROM S3Object s "
        "WHERE s._11 >= '1994-01-01' AND s._11 < '1995-01-01' "
        "AND CAST(s._7 AS DECIMAL) BETWEEN 0.05 AND 0.07 AND CAST(s._5 AS INT) < 24",
        "SELECT SUM(CAST(l_extendedprice AS {money}) * CAST(l_discount AS {money})) FROM lineitem "
        "WHERE l_shipdate >= '1994-01-01' AND l_shipdate < '1995-01-01' "
        "AND CAST(l_discount AS {money}) BETWEEN 0.05 AND 0.07 AND CAST(l_quantity AS INT) < 24",
        target=4,
        single=True,
        quick=True,
        one_thread=True,
    ),
    Query(
        "like",
        "LIKE '%pinto%' (9 %), 2 columns",
        "like",
        "SELECT s._1, s._16 FROM S3Object s WHERE s._16 LIKE '%pinto%'",
        "SELECT l_orderkey, l_comment FROM lineitem WHERE l_comment LIKE '%pinto%'",
        target=4,
    ),
    Query(
        "like-rare",
        "LIKE, 3 rows in 100,000, `SELECT *`",
        "like-rare",
        "SELECT * FROM S3Object s WHERE s._16 LIKE '%unusual pinto beans%'",
        "SELECT * FROM lineitem WHERE l_comment LIKE '%unusual pinto beans%'",
        target=4,
    ),
    Query("count", "COUNT(*)", "count", *_COUNT, target=0.8, single=True, quick=True),
    Query("star", "`SELECT *`", "star", *_STAR, target=4, quick=True, one_thread=True),
    Query("star-kept", "`SELECT *` into a tmpfs file", "star", *_STAR, target=4, kept=True),
    Query(
        "quoted-filter",
        "quoted CSV: filter 2 %, `SELECT *`",
        "filter",
        *_FILTER,
        target=3,
        input="lineitem-quoted",
        quick=True,
        one_thread=True,
    ),
    Query("quoted-star", "quoted CSV: `SELECT *`", "star", *_STAR, target=3, input="lineitem-quoted"),
    Query(
        "gzip-filter",
        "gzip CSV: filter 2 %, `SELECT *`",
        "filter",
        *_FILTER,
        target=2,
        input="lineitem-gzip",
    ),
    Query(
        "json-flat",
        "JSON: filter 5 %, 3 members",
        "json-flat",
        "SELECT s.id, s.host, s.path FROM S3Object s WHERE s.status = 500 AND s.bytes >= 50000",
        "SELECT id, host, path FROM events WHERE status = 500 AND bytes >= 50000",
        target=1.5,
        input="flat",
        quick=True,
        one_thread=True,
    ),
    Query(
        "json-nested",
        "JSON: nested path or list element (6 %), 2 members",
        "json-nested",
        "SELECT s.id, s.items[0].sku FROM S3Object s "
        """WHERE s."user"."address"."zip" < '05000' OR s.items[0]."count" > 49""",
        "SELECT id, items[1]['sku'] FROM events "
        """WHERE "user"['address']['zip'] < '05000' OR items[1]['count'] > 49""",
        target=2.5,
        input="nested",
        quick=True,
        one_thread=True,
    ),
    Query(
        "json-mixed",
        "JSON: member of several types, 2 members",
        "json-mixed",
        'SELECT s.id, s."user"."address"."city" FROM S3Object s WHERE s."value" = 17',
        """SELECT id, "user"['address']['city'] FROM events WHERE CAST(value AS VARCHAR) = '17'""",
        target=2.5,
        input="mixed",
    ),
    Query(
        "parquet-project",
        "Parquet, Snappy: filter 15 %, 2 columns",
        "project",
        *_TYPED_PROJECT,
        target=1,
        input="lineitem-snappy",
        quick=True,
        one_thread=True,
    ),
    Query(
        "parquet-text",
        "Parquet, Snappy: `=` and LIKE of text (1 %), 2 columns",
        "text",
        "SELECT s.l_orderkey, s.l_comment FROM S3Object s "
        "WHERE s.l_shipmode = 'AIR' AND s.l_comment LIKE '%pinto%'",
        "SELECT l_orderkey, l_comment FROM lineitem WHERE l_shipmode = 'AIR' AND l_comment LIKE '%pinto%'",
        target=1,
        input="lineitem-snappy",
    ),
    Query(
        "parquet-sum",
        "Parquet, Snappy: SUM of a product, 3 predicates",
        "sum",
        *_TYPED_SUM,
        target=1,
        input="lineitem-snappy",
        single=True,
    ),
    Query(
        "parquet-star",
        "Parquet, Snappy: `SELECT *` to CSV",
        "star",
        *_STAR,
        target=1,
        input="lineitem-snappy",
    ),
    Query(
        "parquet-count",
        "Parquet, Snappy: COUNT(*)",
        "count",
        *_COUNT,
        target=1,
        input="lineitem-snappy",
        single=True,
    ),
    Query(
        "zstd-project",
        "Parquet, Zstandard: filter 15 %, 2 columns",
        "project",
        *_TYPED_PROJECT,
        target=1,
        input="lineitem-zstd",
    ),
    Query(
        "zstd-sum",
        "Parquet, Zstandard: SUM of a product, 3 predicates",
        "sum",
        *_TYPED_SUM,
        target=1,
        input="lineitem-zstd",
        single=True,
    ),
    Query(
        "zstd-star",
        "Parquet, Zstandard: `SELECT *` to CSV",
        "star",
        *_STAR,
        target=1,
        input="lineitem-zstd",
    ),
)

BY_NAME = {query.name: query for query in QUERIES}
