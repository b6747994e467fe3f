"""What people know from other dialects of SQL, and what to write here instead.

In: nothing.  Out: tables of words, each with a hint.  They are read when a query has failed; nothing here
changes what the parser takes.

Source: AWS S3 User Guide, "SQL reference for Amazon S3 Select", for what there is and what there is not.
"""

from __future__ import annotations

_SORT = "S3 Select has no ORDER BY: rows come in the order of the object; sort them where the result is read"
_GROUP = (
    "S3 Select has no GROUP BY and no HAVING: an aggregate is over all rows. SUM(CASE WHEN s.x = 'a' THEN 1 "
    "ELSE 0 END) counts one group; or group the rows where the result is read"
)
_JOIN = "S3 Select has no joins: a query reads one object; join the results of two where they are read"
_SETS = (
    "S3 Select has no set operators: run one query for each SELECT and put the results together where they "
    "are read"
)
_SKIP = "S3 Select has no OFFSET; raise LIMIT by as many rows, and drop the first ones where they are read"
_LIMIT = "the number of rows is limited at the end of the query: LIMIT 10"
_LIKE = "patterns are for LIKE, with % and _; LOWER(s.x) LIKE 'a%' takes any letter case"

#: Words that open a clause or an operator S3 Select does not have.
CLAUSES: dict[str, str] = {
    "ORDER": _SORT,
    "SORT": _SORT,
    "GROUP": _GROUP,
    "HAVING": _GROUP,
    "DISTINCT": "S3 Select has no DISTINCT; drop repeated rows where the result is read",
    **dict.fromkeys(("INNER", "LEFT", "RIGHT", "FULL", "CROSS", "JOIN", "NATURAL"), _JOIN),
    **dict.fromkeys(("UNION", "EXCEPT", "INTERSECT", "MINUS"), _SETS),
    "OFFSET": _SKIP,
    "SKIP": _SKIP,
    "TOP": _LIMIT,
    "FETCH": _LIMIT,
    **dict.fromkeys(("ILIKE", "RLIKE", "REGEXP", "SIMILAR", "GLOB", "MATCH"), _LIKE),
    "WITH": "S3 Select has no common table expressions; a query begins with SELECT",
    "OVER": "S3 Select has no window functions; number or rank the rows where the result is read",
    "DIV": "the operator is /; between two ints it drops the fraction",
    "MOD": "the operator is %",
}

#: Functions that are called otherwise here, or are an operator.
FUNCTIONS: dict[str, str] = {
    **dict.fromkeys(("LENGTH", "LEN", "STRLEN"), "the function is CHAR_LENGTH(s.x)"),
    **dict.fromkeys(("SUBSTR", "MID"), "the function is SUBSTRING(s.x, 1, 3)"),
    "LEFT": "SUBSTRING(s.x, 1, 3) takes the first characters",
    "RIGHT": "SUBSTRING(s.x FROM CHAR_LENGTH(s.x) - 2) takes the last characters",
    **dict.fromkeys(("IFNULL", "NVL", "ISNULL"), "the function is COALESCE(s.x, 0)"),
    **dict.fromkeys(("IF", "IIF", "DECODE"), "write CASE WHEN s.x = 1 THEN 'a' ELSE 'b' END"),
    "CONCAT": "the operator is ||: s.x || s.y",
    "LTRIM": "write TRIM(LEADING FROM s.x)",
    "RTRIM": "write TRIM(TRAILING FROM s.x)",
    **dict.fromkeys(("UCASE", "TOUPPER"), "the function is UPPER(s.x)"),
    **dict.fromkeys(("LCASE", "TOLOWER"), "the function is LOWER(s.x)"),
    **dict.fromkeys(("MEAN", "AVERAGE"), "the function is AVG(s.x)"),
    **dict.fromkeys(
        ("NOW", "GETDATE", "SYSDATE", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"),
        "the function is UTCNOW()",
    ),
    **dict.fromkeys(("DATEADD", "DATE_SUB"), "the function is DATE_ADD(day, 1, s.t)"),
    "DATEDIFF": "the function is DATE_DIFF(day, s.t, s.u)",
    **dict.fromkeys(("DATE_PART", "DATEPART"), "the function is EXTRACT(YEAR FROM s.t)"),
    **{
        part: f"write EXTRACT({part} FROM s.t)"
        for part in ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
    },
    **dict.fromkeys(("DATE_FORMAT", "STRFTIME", "TO_CHAR"), "the function is TO_STRING(s.t, 'y-MM-dd')"),
    **dict.fromkeys(
        ("TO_DATE", "STRPTIME", "PARSE_DATETIME"), "the function is TO_TIMESTAMP(s.x, 'yyyy-MM-dd')"
    ),
    **dict.fromkeys(
        ("DATE", "TIMESTAMP", "DATETIME"),
        "CAST(s.x AS TIMESTAMP) reads 2007-04-05, TO_TIMESTAMP(s.x, 'dd/MM/yyyy') other texts",
    ),
    **dict.fromkeys(("INT", "INTEGER", "TO_NUMBER"), "write CAST(s.x AS INT)"),
    **dict.fromkeys(("FLOAT", "DOUBLE", "REAL"), "write CAST(s.x AS FLOAT)"),
    **dict.fromkeys(("DECIMAL", "NUMERIC"), "write CAST(s.x AS DECIMAL)"),
    **dict.fromkeys(("STRING", "VARCHAR", "CHAR", "STR"), "write CAST(s.x AS STRING)"),
    **dict.fromkeys(("BOOL", "BOOLEAN"), "write CAST(s.x AS BOOL)"),
    **dict.fromkeys(("CONVERT", "TRY_CAST", "SAFE_CAST"), "write CAST(s.x AS INT)"),
    **dict.fromkeys(("REGEXP_LIKE", "CONTAINS", "STARTSWITH", "STARTS_WITH"), _LIKE),
    **dict.fromkeys(("ROW_NUMBER", "RANK", "LAG", "LEAD"), CLAUSES["OVER"]),
}

#: Names of types elsewhere, and the type here.
TYPES: dict[str, str] = {
    **dict.fromkeys(
        ("BIGINT", "LONG", "TINYINT", "INT2", "INT4", "INT8", "INT32", "INT64", "UBIGINT"), "INT"
    ),
    **dict.fromkeys(("DOUBLE", "FLOAT4", "FLOAT8", "FLOAT64"), "FLOAT"),
    **dict.fromkeys(("TEXT", "STR", "NVARCHAR", "VARCHAR2", "NCHAR"), "STRING"),
    **dict.fromkeys(("DATE", "DATETIME", "TIME", "TIMESTAMPTZ"), "TIMESTAMP"),
    **dict.fromkeys(("NUMBER", "BIGNUMERIC", "MONEY"), "DECIMAL"),
    "LOGICAL": "BOOL",
}

#: The types there are, for a message.
TYPE_NAMES = "BOOL, INT, FLOAT, DECIMAL, STRING and TIMESTAMP"

#: Operators that are written otherwise here.
OPERATORS: dict[str, str] = {
    "==": "=",
    "!==": "!=",
    "<=>": "=",
    "=>": ">=",
    "=<": "<=",
    "&&": "AND",
}
