"""Random queries of the sub-dialect in which S3 Select and DuckDB mean the same.

What is left out, and why (each would be a difference by design, not an error of either):

* kinds are never mixed in a comparison, IN, CASE or COALESCE, but for the numbers: DuckDB converts one
  operand to the other's type, S3 Select finds them unequal or fails;
* MISSING is never asked for: DuckDB has only NULL;
* SUBSTRING starts at 1 or later: DuckDB counts a negative start from the end and gives 0 a character;
* no CAST of decimals or floats to INT: S3 Select truncates, DuckDB rounds;
* no CAST of text to BOOL, nor of text that is no number: S3 Select has `false` and its own errors for them;
* decimals are multiplied once at most, wide ones by a short one, and not divided: DuckDB's decimals have a
  fixed scale and 38 digits in all, S3 Select's a scale for each value;
* no CAST of a computed decimal or a float to text: DuckDB prints another number of zeros, and 1e10;
* no column has the name of the table's alias: there the alias is the row, in DuckDB the column;
* no MIN and MAX of text and no bare numbers of CSV: errors or extensions of S3 Select;
* EXTRACT, TO_STRING, and years and months of a DATE_ADD or DATE_DIFF, of timestamps in UTC only: S3 Select
  takes the local fields, DuckDB those of the session's time zone;
* no text of a timestamp with only a year or a month: DuckDB cannot cast it;
* no DATE_ADD of a number that leaves the years 0001 to 9999: an error of S3 Select;
* LIKE has no ESCAPE where the pattern is computed: a pattern may end with the escape character, which is an
  error of S3 Select;
* no comparison of lists or structs, and no wildcard in a path: DuckDB has neither member order nor MISSING;
* LIMIT has no OFFSET, and there is nothing but one SELECT: that is the dialect.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .rewrites import PATTERNS
from .tables import Kind, Table

_TEXTS = ["''", "'a'", "'b'", "'ab'", "'A'", "'é'", "'x'", "'1'", "'a%b'"]
_PATTERNS = [
    "'%'",
    "'a%'",
    "'%b'",
    "'%a%'",
    "'_'",
    "'a_b'",
    "'__%'",
    "''",
    "'é'",
    "'a!%b' ESCAPE '!'",
    "'%!_%' ESCAPE '!'",
]
_COMPARISONS = ["=", "<>", "!=", "<", "<=", ">", ">="]
_PARTS = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"]
_WIDE = ["0", "1.5", "12345678901234567890.1234", "-99999999999999.9999", "9223372036854775808.0"]
_MOMENTS = ["`1999-12-31T23:30:00-01:00`", "`2000-01-31`", "`1970T`", "`2024-02-29T12:00:00.5Z`"]


class Queries:
    """Queries over one table."""

    def __init__(self, random: Random, table: Table) -> None:
        self._random = random
        self._table = table

    def query(self) -> str:
        """One SELECT."""
        aggregated = self._random.random() < 0.3
        make = self._aggregate if aggregated else self._item
        items = ", ".join(f"{make()} AS c{n}" for n in range(self._random.randrange(1, 5)))
        where = f" WHERE {self.condition(3)}" if self._random.random() < 0.8 else ""
        limit = (
            f" LIMIT {self._random.randrange(12)}" if not aggregated and self._random.random() < 0.3 else ""
        )
        return f"SELECT {items} FROM S3Object s{where}{limit}"

    def _item(self) -> str:
        choice = self._random.randrange(9)
        if choice == 0:
            return self.condition(2)
        if choice == 1:
            return self.decimal(1)
        if choice == 2 and self._columns("float"):
            return self.float_(2)
        if choice == 3:
            return self.moment(1)
        if choice == 4:
            return self.wide_decimal(1)
        if choice == 5 and self._columns("struct"):
            return self._column(self._random.choice(["texts", "ints", "struct", "structs"]))
        return self.text(3) if self._random.random() < 0.5 else self.integer(3)

    def _aggregate(self) -> str:
        choice = self._random.randrange(9)
        if choice == 0:
            return "COUNT(*)"
        if choice == 1:
            counted = [self.text(1), self.integer(1), self.condition(1), self.moment(0), self.wide_decimal(0)]
            return f"COUNT({self._random.choice(counted)})"
        if choice == 2:
            return f"SUM({self.integer(1)}) + COUNT(*)"
        if choice == 3:
            return f"{self._random.choice(['MIN', 'MAX'])}({self.moment(1)})"
        function = self._random.choice(["SUM", "MIN", "MAX", "AVG"])
        if choice in (4, 5):
            return f"{function}({self.wide_decimal(1)})"
        return f"{function}({self.decimal(0) if self._random.random() < 0.4 else self.integer(1)})"

    # ---- values

    def _columns(self, *kinds: Kind) -> list[str]:
        return [name for name, kind in self._table.columns.items() if kind in kinds]

    def _column(self, *kinds: Kind) -> str:
        name = self._random.choice(self._columns(*kinds))
        return self._random.choice([name, f"s.{name}", f's."{name}"'])

    def integer(self, depth: int) -> str:
        """An INT, at most some 10 ** 14."""
        choice = self._random.randrange(12) if depth > 0 else self._random.randrange(2)
        if choice == 0:
            return str(self._random.randrange(-9, 100))
        if choice == 10:
            return self._moment_part()
        if choice == 11 and self._columns("struct"):
            return self._path("x", "z.n", "k[0]", "k[2]", "p[0].x", "p[1].x")
        if choice in (1, 2):
            columns = self._columns("int")
            return self._column("int") if columns else f"CAST({self._column('int text')} AS INT)"
        if choice == 3:
            return f"({self.integer(depth - 1)} {self._random.choice('+-')} {self.integer(depth - 1)})"
        if choice == 4:
            return f"{self.integer(0)} * {self.integer(0)}"
        if choice == 5:
            divisor = self._random.choice([2, 3, -7, 10])
            return f"({self.integer(depth - 1)}) {self._random.choice('/%')} {divisor}"
        if choice == 6:
            return f"CHAR_LENGTH({self.text(depth - 1)})"
        if choice == 7:
            return self._conditional(self.integer, depth)
        if choice == 8:
            return (
                f"-({self.integer(0)})"
                if self._random.random() < 0.5
                else f"CAST({self.condition(0)} AS INT)"
            )
        return f"NULLIF({self.integer(depth - 1)}, {self.integer(0)})"

    def decimal(self, depth: int) -> str:
        """A DECIMAL."""
        columns = self._columns("decimal")
        bare = (
            self._column("decimal") if columns else f"CAST({self._column('decimal text')} AS DECIMAL(9, 2))"
        )
        choice = self._random.randrange(7) if depth > 0 else 0
        if choice == 1:
            return f"{bare} {self._random.choice('+-')} {self.integer(0)}"
        if choice == 2:
            return f"{bare} * {self._random.choice(['2', '0.5', '-1.25', bare])}"
        if choice == 3:
            return f"COALESCE({bare}, {self._random.choice(['0.00', '1.25'])})"
        if choice == 4:
            return f"-({bare})"
        if choice == 5:
            return f"{bare} % {self._random.choice(['2', '0.7', '-1.25'])}"
        return bare

    def wide_decimal(self, depth: int) -> str:
        """A DECIMAL of up to 38 digits."""
        columns = self._columns("wide decimal")
        bare = (
            self._column("wide decimal")
            if columns
            else f"CAST({self._column('wide decimal text')} AS DECIMAL(30, 4))"
        )
        choice = self._random.randrange(7) if depth > 0 else 0
        if choice == 1:
            return f"{bare} {self._random.choice('+-')} {self._random.choice([bare, self.decimal(0)])}"
        if choice == 2:
            return f"{bare} * {self._random.choice(['3', '0.25', '-1.001'])}"
        if choice == 3:
            return f"{bare} * {self.decimal(0)}"
        if choice == 4:
            return f"-({bare})"
        if choice == 5:
            return f"COALESCE({bare}, 12345678901234567890.1234)"
        if choice == 6:
            return f"CASE WHEN {self.condition(0)} THEN {bare} ELSE {self.decimal(0)} END"
        return bare

    def _path(self, *paths: str) -> str:
        """One of these paths, members of the struct or elements of a list."""
        path = self._random.choice(paths)
        return self._random.choice(["", "s."]) + (path if path[0] in "kpl" else f"o.{path}")

    def float_(self, depth: int) -> str:
        """A FLOAT."""
        bare = self._column("float")
        choice = self._random.randrange(4) if depth > 0 else 0
        if choice == 1:
            return f"{bare} {self._random.choice('+-*')} CAST({self.integer(0)} AS FLOAT)"
        if choice == 2:
            return f"CAST({self.integer(1)} AS FLOAT) / CAST(8 AS FLOAT)"
        if choice == 3:
            return f"COALESCE({bare}, CAST('1.5' AS FLOAT))"
        return bare

    def text(self, depth: int) -> str:
        """A STRING."""
        choice = self._random.randrange(12) if depth > 0 else self._random.randrange(2)
        if choice == 10:
            pattern = self._random.choice(list(PATTERNS))
            return f"TO_STRING({self._moment_in_utc(depth - 1)}, '{pattern}')"
        if choice == 11 and self._columns("struct"):
            return self._path("y", "z.w", "l[0]", "l[1]", "p[0].y")
        if choice == 0:
            return self._random.choice(_TEXTS)
        if choice in (1, 2):
            return self._column("text")
        if choice == 3:
            return f"({self.text(depth - 1)} || {self.text(depth - 1)})"
        if choice == 4:
            return f"{self._random.choice(['LOWER', 'UPPER'])}({self.text(depth - 1)})"
        if choice == 5:
            start, length = self._random.randrange(1, 4), self._random.randrange(4)
            forms = [f", {start}, {length}", f", {start}", f" FROM {start} FOR {length}", f" FROM {start}"]
            return f"SUBSTRING({self.text(depth - 1)}{self._random.choice(forms)})"
        if choice == 6:
            side = self._random.choice(
                ["", "LEADING 'a' FROM ", "TRAILING 'ab' FROM ", "BOTH 'b' FROM ", "BOTH FROM "]
            )
            return f"TRIM({side}{self.text(depth - 1)})"
        if choice == 7:
            return self._conditional(self.text, depth)
        if choice == 8:
            return f"CAST({self._random.choice([self.integer(1), self.condition(0)])} AS STRING)"
        return f"COALESCE({self.text(depth - 1)}, {self.text(0)})"

    def _conditional(self, make: Callable[[int], str], depth: int) -> str:
        otherwise = f" ELSE {make(depth - 1)}" if self._random.random() < 0.7 else ""
        if self._random.random() < 0.4:
            subject, choice = self._random.choice([(self.text, self.text), (self.integer, self.integer)])
            first = f"WHEN {choice(0)} THEN {make(depth - 1)}"
            return f"CASE {subject(0)} {first} WHEN {choice(0)} THEN {make(0)}{otherwise} END"
        return f"CASE WHEN {self.condition(depth - 1)} THEN {make(depth - 1)}{otherwise} END"

    # ---- timestamps

    def moment(self, depth: int) -> str:
        """A TIMESTAMP."""
        if not self._columns("offset time text") or self._random.random() < 0.5:
            return self._moment_in_utc(depth)
        text = self._column("offset time text")
        bare = self._random.choice([f"CAST({text} AS TIMESTAMP)", f"TO_TIMESTAMP({text})"])
        if depth == 0 or self._random.random() < 0.6:
            return bare
        return self._moved(bare, ["day", "hour", "minute", "second"])

    def _moment_in_utc(self, depth: int) -> str:
        columns = self._columns("timestamp")
        bare = self._column("timestamp") if columns else f"CAST({self._column('time text')} AS TIMESTAMP)"
        if depth <= 0 or self._random.random() < 0.6:
            return bare
        return self._moved(bare, ["year", "month", "day", "hour", "minute", "second"])

    def _moved(self, moment: str, parts: list[str]) -> str:
        amount = self._random.choice(
            [str(self._random.randrange(-1000, 1000)), f"({self.integer(0)}) % 400", "1", "-1"]
        )
        return f"DATE_ADD({self._random.choice(parts)}, {amount}, {moment})"

    def _moment_part(self) -> str:
        """An INT from timestamps."""
        if self._random.random() < 0.5:
            return f"EXTRACT({self._random.choice(_PARTS)} FROM {self._moment_in_utc(1)})"
        if self._random.random() < 0.5:
            literal = self._random.choice(["`1970T`", "`2000-01-31`", "`2024-02-29T12:00:00.5Z`"])
            ends = [self._moment_in_utc(1), self._random.choice([self._moment_in_utc(1), literal])]
            parts = _PARTS
        else:
            ends = [self.moment(0), self._random.choice([self.moment(0), self._random.choice(_MOMENTS)])]
            parts = _PARTS[2:]
        self._random.shuffle(ends)
        return f"DATE_DIFF({self._random.choice(parts)}, {ends[0]}, {ends[1]})"

    # ---- conditions

    def condition(self, depth: int) -> str:
        """A BOOL."""
        choice = self._random.randrange(15) if depth > 0 else self._random.randrange(6)
        if choice == 0:
            return self._compared(self.integer(depth), self.integer(0))
        if choice == 1:
            return self._compared(self.text(depth), self.text(0))
        if choice == 2:
            return f"{self.text(depth)}{self._not()} LIKE {self._random.choice([*_PATTERNS, self.text(0)])}"
        if choice == 3:
            operands = [self.text(depth), self.integer(depth), self.moment(0), self.wide_decimal(0)]
            return f"{self._random.choice(operands)} IS{self._not()} NULL"
        if choice == 4:
            return self._compared(
                self.moment(min(depth, 1)), self._random.choice([*_MOMENTS, self.moment(0)])
            )
        if choice == 5 and self._columns("bool"):
            return self._column("bool")
        if choice in (6, 7):
            return self._between()
        if choice in (8, 9):
            return self._in()
        if choice == 10:
            return f"NOT ({self.condition(depth - 1)})"
        if choice == 11:
            return self._compared(
                self.decimal(1), self._random.choice(["0", "1.50", "-2.5", self.integer(0)])
            )
        if choice == 12:
            other = self._random.choice([*_WIDE, self.wide_decimal(0), self.decimal(0)])
            return self._compared(self.wide_decimal(1), other)
        joined = f" {self._random.choice(['AND', 'OR'])} "
        return "(" + joined.join(self.condition(depth - 1) for _ in range(2)) + ")" if depth > 0 else "1 = 1"

    def _compared(self, one: str, other: str) -> str:
        operands = [one, other]
        if self._random.random() < 0.3:
            operands.reverse()
        return f"{operands[0]} {self._random.choice(_COMPARISONS)} {operands[1]}"

    def _between(self) -> str:
        operand, low, high = self._random.choice(
            [
                lambda: (self.integer(1), self.integer(0), self.integer(0)),
                lambda: (self.text(1), self.text(0), self.text(0)),
                lambda: (self.decimal(1), self._random.choice(["-1.5", "0"]), self.decimal(0)),
                lambda: (self.wide_decimal(1), *sorted(self._random.sample(_WIDE, 2), key=float)),
                lambda: (self.moment(1), *self._random.sample(_MOMENTS, 2)),
                lambda: (self.moment(0), self.moment(0), self.moment(0)),
            ]
        )()
        return f"{operand}{self._not()} BETWEEN {low} AND {high}"

    def _in(self) -> str:
        if self._columns("texts") and self._random.random() < 0.4:
            operand, name = self._random.choice([(self.integer, "ints"), (self.text, "texts")])
            return f"{operand(1)}{self._not()} IN {self._column(name)}"
        make = self._random.choice([self.integer, self.text, self.moment, self.decimal, self.wide_decimal])
        members = [make(0) for _ in range(self._random.randrange(1, 5))]
        members += ["NULL"] if self._random.random() < 0.2 else []
        return f"{make(1)}{self._not()} IN ({', '.join(members)})"

    def _not(self) -> str:
        return " NOT" if self._random.random() < 0.3 else ""
