"""The queries that are measured, each stated once for S3 Select and once for the peers.

In: nothing.  Out: ``QUERIES``. The peers' SQL has a ``{money}`` type to fill in, because DECIMAL (exact, as
ours is) and DOUBLE (not exact, often faster) are both tried. Polars is asked through its expressions, in
``benchmarks/engines/polars.py``; ``shape`` names them.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The table as the peers' SQL calls it.
TABLE = "lineitem"


@dataclass(frozen=True, slots=True)
class Query:
    """One line of the result.

    ``shape`` names the work for the engines that are not asked in SQL. ``single``: the answer is one value,
    compared by value; otherwise it is CSV, compared as a multiset of lines. ``kept``: the answer
    goes to a tmpfs file while the clock runs, instead of being handed over and dropped. ``target``: the ratio
    to the fastest peer that was asked for. ``quick``: it is one of those of ``--quick``.
    """

    name: str
    title: str
    shape: str
    sql: str
    peer_sql: str
    target: float
    quoted: bool = False
    single: bool = False
    kept: bool = False
    quick: bool = True


_FILTER = (
    "SELECT * FROM S3Object s WHERE s._11 < '1992-02-20'",
    "SELECT * FROM lineitem WHERE l_shipdate < '1992-02-20'",
)
_STAR = ("SELECT * FROM S3Object s", "SELECT * FROM lineitem")
_COUNT = ("SELECT COUNT(*) FROM S3Object s", "SELECT COUNT(*) FROM lineitem")

QUERIES = (
    Query("filter", "filter 2 %, `SELECT *`", "filter", *_FILTER, target=4),
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
        quick=False,
    ),
    Query("count", "COUNT(*)", "count", *_COUNT, target=0.8, single=True),
    Query("star", "`SELECT *`", "star", *_STAR, target=4),
    Query("star-kept", "`SELECT *` into a tmpfs file", "star", *_STAR, target=4, kept=True, quick=False),
    Query(
        "quoted-filter",
        "quoted CSV: filter 2 %, `SELECT *`",
        "filter",
        *_FILTER,
        target=3,
        quoted=True,
    ),
    Query("quoted-star", "quoted CSV: `SELECT *`", "star", *_STAR, target=3, quoted=True),
)

BY_NAME = {query.name: query for query in QUERIES}
