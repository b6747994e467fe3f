"""Target ``expressions``: queries grown from choices, so that most of them are evaluated.

The first byte chooses the object; every function and operator meets values of every kind.
"""

from __future__ import annotations

from s3sql.request import CsvOutput, JsonInput, JsonOutput
from tests.fuzz.draws import Draws
from tests.fuzz.objects import NAMES, OBJECTS
from tests.fuzz.sql_text import check_query

WORDS: tuple[str, ...] = ()

_DEPTH = 4

_LITERALS = (
    *("1", "0", "NULL", "''", "'x'", "TRUE", "FALSE", "MISSING", "-7", "12", "1.50", "0.0", "1e3", "'7'"),
    *("9223372036854775807", "99999999999999999999999999999999999999", "1e-30", "'é'", "'y, z'", "' a '"),
    *("`2010T`", "`2010-01-02T03:04:05.006+07:00`", "`9999-12-31T23:59:59.999Z`", "`0001T`", "`1e300`"),
    *("'2010-01-02T03:04:05Z'", "'%'", "'_a%'", "'\\'", "'1e400'", "'nan'", "2147483648"),
)
_BINARY = ("=", "+", "-", "*", "/", "%", "||", "<>", "<", "<=", ">", ">=", "AND", "OR")
_TYPES = ("INT", "STRING", "FLOAT", "DECIMAL", "BOOL", "TIMESTAMP", "DECIMAL(10, 3)", "DECIMAL(38)", "CHAR")
_PARTS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
_PATTERNS = ("'%'", "'x%'", "'%a\\%'", "'_'", "''", "'%_%x'", "'é'", "'!%'")
_TIME_PATTERNS = (
    *("'y'", "'yyyy-MM-dd''T''HH:mm:ss.SSSXXXXX'", "'MMMM d, y h:mm a'", "'n'", "'yy X'", "'q'"),
    *("'y M d H m s S'", "'yMMdd'", "''"),
)
_AGGREGATES = ("COUNT(*)", "COUNT({})", "SUM({})", "AVG({})", "MIN({})", "MAX({})")
_STEPS = (".a", "[0]", "['a']", ".b", "[1]", ".c", '."A"', "[*]", ".*")


def check(data: bytes) -> None:
    """The query is answered in one way, however it is run."""
    draws = Draws(data)
    contents, inputs = draws.pick(OBJECTS)
    outputs = draws.pick((JsonOutput(), CsvOutput()))
    grown = _Query(draws, paths=isinstance(inputs, JsonInput))
    check_query(grown.text(), contents, inputs, outputs)


class _Query:
    """One query. ``paths``: whether columns have members."""

    def __init__(self, draws: Draws, *, paths: bool) -> None:
        self._draws = draws
        self._paths = paths

    def text(self) -> str:
        draws = self._draws
        aggregated = draws.below(4) == 3
        count = 1 + draws.below(3)
        items = ", ".join(self._aggregate() if aggregated else self._value(_DEPTH) for _ in range(count))
        rows = "S3Object"
        if self._paths:
            rows += draws.pick(("", "", "[*].c[*]", "[*][*]", "[*].d", "[*].*", "[*].c[0]"))
        where = f" WHERE {self._condition(_DEPTH)}" if draws.flag() else ""
        limit = draws.pick(("", "", "", " LIMIT 3", " LIMIT 0"))
        return f"SELECT {items} FROM {rows} s{where}{limit}"

    def _aggregate(self) -> str:
        call = self._draws.pick(_AGGREGATES).format(self._value(_DEPTH - 1))
        return call if self._draws.below(3) else f"({call} {self._draws.pick(_BINARY)} {self._literal()})"

    def _literal(self) -> str:
        return self._draws.pick(_LITERALS)

    def _column(self) -> str:
        column = f"s.{self._draws.pick(NAMES)}"
        if self._paths:
            for _ in range(self._draws.below(3)):
                column += self._draws.pick(_STEPS)
        return column

    def _condition(self, depth: int) -> str:
        draws = self._draws
        if depth == 0 or draws.over:
            return f"{self._column()} IS NOT NULL"
        left = self._value(depth - 1)
        no = draws.pick(("", "NOT "))
        match draws.below(8):
            case 0:
                return f"{left} {draws.pick(('=', '<', '>=', '<>'))} {self._value(depth - 1)}"
            case 1:
                return f"{left} {no}BETWEEN {self._value(depth - 1)} AND {self._value(depth - 1)}"
            case 2:
                return (
                    f"{left} {no}IN ({', '.join(self._value(depth - 2) for _ in range(1 + draws.below(3)))})"
                )
            case 3:
                pattern = draws.pick((*_PATTERNS, self._column()))
                return f"{left} {no}LIKE {pattern}{draws.pick(('', chr(32) + 'ESCAPE ' + repr('!')))}"
            case 4:
                return f"{left} IS {no}{draws.pick(('NULL', 'MISSING'))}"
            case 5:
                joined = draws.pick(("AND", "OR"))
                return f"({self._condition(depth - 1)} {joined} {self._condition(depth - 1)})"
            case 6:
                return f"(NOT {self._condition(depth - 1)})"
            case _:
                return f"{left} {no}IN {self._column()}"

    def _value(self, depth: int) -> str:
        draws = self._draws
        if depth <= 0 or draws.over:
            return self._column() if draws.flag() else self._literal()
        match draws.below(18):
            case 0 | 1:
                return self._column()
            case 2:
                return self._literal()
            case 3 | 4 | 5:
                return f"({self._value(depth - 1)} {draws.pick(_BINARY)} {self._value(depth - 1)})"
            case 6:
                return f"CAST({self._value(depth - 1)} AS {draws.pick(_TYPES)})"
            case 7:
                return f"({self._condition(depth - 1)})"
            case 8:
                tested = draws.pick(("", self._value(depth - 2)))
                when = self._value(depth - 2) if tested else self._condition(depth - 2)
                default = draws.pick(("", f" ELSE {self._value(depth - 1)}"))
                return f"CASE {tested} WHEN {when} THEN {self._value(depth - 1)}{default} END"
            case 9:
                name = draws.pick(("COALESCE", "NULLIF"))
                return f"{name}({self._value(depth - 1)}, {self._value(depth - 1)})"
            case 10:
                return f"{draws.pick(('LOWER', 'UPPER', 'CHAR_LENGTH', 'TRIM'))}({self._value(depth - 1)})"
            case 11:
                length = draws.pick(("", f" FOR {self._value(depth - 2)}"))
                return f"SUBSTRING({self._value(depth - 1)} FROM {self._value(depth - 2)}{length})"
            case 12:
                side = draws.pick(("LEADING", "TRAILING", "BOTH"))
                return f"TRIM({side} {self._value(depth - 2)} FROM {self._value(depth - 1)})"
            case 13:
                part = draws.pick((*_PARTS, "TIMEZONE_HOUR", "TIMEZONE_MINUTE"))
                return f"EXTRACT({part} FROM {self._moment(depth - 1)})"
            case 14:
                part = draws.pick(_PARTS)
                return f"DATE_DIFF({part}, {self._moment(depth - 1)}, {self._moment(depth - 1)})"
            case 15:
                return (
                    f"TO_STRING({self._moment(depth - 1)}, {draws.pick((*_TIME_PATTERNS, self._column()))})"
                )
            case 16:
                return draws.pick(("-", "+")) + f"({self._value(depth - 1)})"
            case _:
                return draws.pick(("[{}, {}]", "{{'a': {}, 'b': {}}}")).format(
                    self._value(depth - 1), self._value(depth - 2)
                )

    def _moment(self, depth: int) -> str:
        """A timestamp, as a rule."""
        draws = self._draws
        match draws.below(5) if depth > 0 else 1:
            case 0:
                return f"DATE_ADD({draws.pick(_PARTS)}, {self._value(depth - 1)}, {self._moment(depth - 1)})"
            case 1:
                return f"CAST({self._column()} AS TIMESTAMP)"
            case 2:
                return f"TO_TIMESTAMP({self._value(depth - 1)}, {draws.pick(_TIME_PATTERNS)})"
            case 3:
                return "UTCNOW()"
            case _:
                return self._value(depth - 1)
