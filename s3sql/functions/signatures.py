"""Every function of the dialect by name: how it is called, not how it is computed.

In: nothing.  Out: :data:`SIGNATURES`, which the parser, the planner and the evaluator's registry read, and
the command line and completion for their help. ``grammar/functions.toml`` says the same; a test holds the two
together.

Source: AWS S3 User Guide, "SQL functions"; PartiQL v0.1, "Builtin functions" for the second argument of
TO_TIMESTAMP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: The form of a call: arguments between commas, or the words that SQL puts between them.
Syntax = Literal["plain", "substring", "trim", "extract", "date"]


@dataclass(frozen=True, slots=True)
class Signature:
    """How one function is called.

    ``minimum`` and ``maximum`` count the arguments, a date part included; ``maximum`` None: any number.
    ``documentation`` is one line. ``usage`` is the call as a reader writes it: ``[x]`` is optional, ``x...``
    may be repeated. ``result`` is the kind of the result. ``examples`` are expressions and what SELECT
    writes for them in CSV, ``null`` for NULL; those of an aggregate are over the values of ``_1`` that
    ``example_rows`` has at the same place.
    """

    name: str
    kind: Literal["scalar", "aggregate"]
    minimum: int
    maximum: int | None
    documentation: str
    syntax: Syntax = "plain"
    usage: str = ""
    result: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    example_rows: tuple[tuple[str, ...], ...] = ()

    def takes(self, count: int) -> bool:
        """Whether a call with *count* arguments is right."""
        return count >= self.minimum and (self.maximum is None or count <= self.maximum)


_ALL = (
    Signature(
        "AVG",
        "aggregate",
        1,
        1,
        "The mean of the numbers; decimal for integers and decimals.",
        usage="AVG(number)",
        result="decimal for int and decimal, float for float",
        examples=(
            ("AVG(CAST(_1 AS INT))", "1.5"),
            ("AVG(CAST(_1 AS INT))", "null"),
        ),
        example_rows=(("1", "2"), ()),
    ),
    Signature(
        "COUNT",
        "aggregate",
        1,
        1,
        "The number of rows, or of values that are not NULL or MISSING.",
        usage="COUNT(*) or COUNT(value)",
        result="int",
        examples=(
            ("COUNT(*)", "3"),
            ("COUNT(NULLIF(_1, '2'))", "2"),
            ("COUNT(*)", "0"),
        ),
        example_rows=(("1", "2", "3"), ("1", "2", "3"), ()),
    ),
    Signature(
        "MAX",
        "aggregate",
        1,
        1,
        "The largest number or the latest timestamp.",
        usage="MAX(number or timestamp)",
        result="as the argument",
        examples=(("MAX(CAST(_1 AS INT))", "10"),),
        example_rows=(("9", "10"),),
    ),
    Signature(
        "MIN",
        "aggregate",
        1,
        1,
        "The smallest number or the earliest timestamp.",
        usage="MIN(number or timestamp)",
        result="as the argument",
        examples=(
            ("MIN(CAST(_1 AS INT))", "9"),
            ("MIN(CAST(_1 AS INT))", "null"),
        ),
        example_rows=(("9", "10"), ()),
    ),
    Signature(
        "SUM",
        "aggregate",
        1,
        1,
        "The sum of the numbers.",
        usage="SUM(number)",
        result="as the argument",
        examples=(
            ("SUM(CAST(_1 AS INT))", "6"),
            ("SUM(CAST(_1 AS DECIMAL))", "3.00"),
        ),
        example_rows=(("1", "2", "3"), ("1.50", "1.5")),
    ),
    Signature(
        "CHAR_LENGTH",
        "scalar",
        1,
        1,
        "The number of characters of a text.",
        usage="CHAR_LENGTH(text)",
        result="int",
        examples=(
            ("CHAR_LENGTH('')", "0"),
            ("CHAR_LENGTH('abcdefg')", "7"),
            ("CHARACTER_LENGTH('日本')", "2"),
        ),
    ),
    Signature(
        "COALESCE",
        "scalar",
        1,
        None,
        "The first argument that is not NULL or MISSING, else NULL.",
        usage="COALESCE(value, value...)",
        result="as the argument taken",
        examples=(
            ("COALESCE(1)", "1"),
            ("COALESCE(NULL, NULL, 1)", "1"),
            ("COALESCE(NULL, 'string')", "string"),
            ("COALESCE(MISSING, MISSING)", "null"),
        ),
    ),
    Signature(
        "DATE_ADD",
        "scalar",
        3,
        3,
        "A timestamp moved by a number of parts.",
        "date",
        usage="DATE_ADD(part, int, timestamp)",
        result="timestamp",
        examples=(
            ("DATE_ADD(year, 5, `2010-01-01T`)", "2015-01-01"),
            ("DATE_ADD(month, 1, `2010T`)", "2010-02T"),
            ("DATE_ADD(month, 13, `2010T`)", "2011-02T"),
            ("DATE_ADD(day, -1, `2017-01-10T`)", "2017-01-09"),
            ("DATE_ADD(hour, 1, `2017T`)", "2017-01-01T01:00-00:00"),
            ("DATE_ADD(hour, 1, `2017-01-02T03:04Z`)", "2017-01-02T04:04Z"),
            ("DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:05:05.006Z"),
            ("DATE_ADD(second, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:04:06.006Z"),
        ),
    ),
    Signature(
        "DATE_DIFF",
        "scalar",
        3,
        3,
        "The number of whole parts between two timestamps.",
        "date",
        usage="DATE_DIFF(part, timestamp, timestamp)",
        result="int",
        examples=(
            ("DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)", "1"),
            ("DATE_DIFF(month, `2010T`, `2010-05T`)", "4"),
            ("DATE_DIFF(month, `2010T`, `2011T`)", "12"),
            ("DATE_DIFF(month, `2011T`, `2010T`)", "-12"),
            ("DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", "0"),
        ),
    ),
    Signature(
        "EXTRACT",
        "scalar",
        2,
        2,
        "One part of a timestamp as an integer.",
        "extract",
        usage="EXTRACT(part FROM timestamp)",
        result="int",
        examples=(
            ("EXTRACT(YEAR FROM `2010-01-01T`)", "2010"),
            ("EXTRACT(MONTH FROM `2010T`)", "1"),
            ("EXTRACT(MONTH FROM `2010-10T`)", "10"),
            ("EXTRACT(HOUR FROM `2017-01-02T03:04:05+07:08`)", "3"),
            ("EXTRACT(MINUTE FROM `2017-01-02T03:04:05+07:08`)", "4"),
            ("EXTRACT(TIMEZONE_HOUR FROM `2017-01-02T03:04:05+07:08`)", "7"),
            ("EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05+07:08`)", "8"),
        ),
    ),
    Signature(
        "LOWER",
        "scalar",
        1,
        1,
        "A text in lower case.",
        usage="LOWER(text)",
        result="string",
        examples=(("LOWER('AbCdEfG!@#$')", "abcdefg!@#$"),),
    ),
    Signature(
        "NULLIF",
        "scalar",
        2,
        2,
        "NULL if both arguments are equal, else the first.",
        usage="NULLIF(value, value)",
        result="as the first argument",
        examples=(
            ("NULLIF(1, 1)", "null"),
            ("NULLIF(1, 2)", "1"),
            ("NULLIF(1.0, 1)", "null"),
            ("NULLIF(1, '1')", "1"),
        ),
    ),
    Signature(
        "SUBSTRING",
        "scalar",
        2,
        3,
        "A part of a text, from a position that counts from 1.",
        "substring",
        usage="SUBSTRING(text FROM start [FOR length]) or SUBSTRING(text, start [, length])",
        result="string",
        examples=(
            ("SUBSTRING('123456789', 2)", "23456789"),
            ("SUBSTRING('123456789', -4)", "123456789"),
            ("SUBSTRING('123456789' FROM 1 FOR 5)", "12345"),
            ("SUBSTRING('123456789', 0, 2)", "1"),
            ("SUBSTRING('123456789', -4, 3)", ""),
        ),
    ),
    Signature(
        "TO_STRING",
        "scalar",
        2,
        2,
        "A timestamp written by a format pattern.",
        usage="TO_STRING(timestamp, pattern)",
        result="string",
        examples=(
            ("TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')", "July 20, 1969"),
            ("TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')", "1969-07-20T20:18:00Z"),
            ("TO_STRING(`1969-07-20T20:18+08:00`, 'M/d/yy h:mm a xxx')", "7/20/69 8:18 PM +08:00"),
            ("TO_STRING(`2017-01-02T03:04:05.006Z`, 'HH:mm:ss.SSS')", "03:04:05.006"),
        ),
    ),
    Signature(
        "TO_TIMESTAMP",
        "scalar",
        1,
        2,
        "The timestamp that a text spells, by a pattern if one is given.",
        usage="TO_TIMESTAMP(text [, pattern])",
        result="timestamp",
        examples=(
            ("TO_TIMESTAMP('2007T')", "2007T"),
            ("TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", "2007-02-23T12:14:33.079-08:00"),
            ("TO_TIMESTAMP('July 20, 1969', 'MMMM d, y')", "1969-07-20"),
            ("TO_TIMESTAMP('2020-01-01 10:00:00', 'yyyy-MM-dd HH:mm:ss')", "2020-01-01T10:00:00-00:00"),
            ("TO_TIMESTAMP('1/2/07 3:04 pm +0730', 'M/d/yy h:mm a xx')", "2007-01-02T15:04+07:30"),
        ),
    ),
    Signature(
        "TRIM",
        "scalar",
        1,
        3,
        "A text without the given characters at its ends.",
        "trim",
        usage="TRIM([[LEADING or TRAILING or BOTH] [characters] FROM] text)",
        result="string",
        examples=(
            ("TRIM('   foobar   ')", "foobar"),
            ("TRIM(LEADING FROM '   foobar')", "foobar"),
            ("TRIM(BOTH '12' FROM '1112211foobar22211122')", "foobar"),
            ("TRIM('x' FROM 'xxfoobarx')", "foobar"),
        ),
    ),
    Signature(
        "UPPER",
        "scalar",
        1,
        1,
        "A text in upper case.",
        usage="UPPER(text)",
        result="string",
        examples=(
            ("UPPER('AbCdEfG!@#$')", "ABCDEFG!@#$"),
            ("UPPER('ß')", "SS"),
        ),
    ),
    Signature(
        "UTCNOW",
        "scalar",
        0,
        0,
        "The time of the query in UTC, in milliseconds.",
        usage="UTCNOW()",
        result="timestamp",
        examples=(("UTCNOW()", "2017-10-13T16:02:11.123Z"),),
    ),
)

#: Every function by its name in upper case.
SIGNATURES: dict[str, Signature] = {signature.name: signature for signature in _ALL}

#: Second names.
ALIASES: dict[str, str] = {"CHARACTER_LENGTH": "CHAR_LENGTH"}

#: The functions that make one row of all.
AGGREGATES: frozenset[str] = frozenset(s.name for s in _ALL if s.kind == "aggregate")
