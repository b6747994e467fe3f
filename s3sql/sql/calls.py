"""Function calls, CAST and type names.

In: the tokens from a function's name on.  Out: the call's node.  Whether the function exists and takes that
many arguments is judged in ``structure.py``; what the form of a call demands is judged here.

Source: AWS S3 User Guide, "SQL functions"; PartiQL v0.1 for the codes.
"""

from __future__ import annotations

from sqlglot import exp

from s3sql.functions.signatures import AGGREGATES, ALIASES
from s3sql.sql import nodes
from s3sql.sql.keywords import DATE_PARTS, EXTRACT_PARTS, TRIM_SIDES
from s3sql.sql.paths import PathParser

#: Type names and the most parameters each takes. AWS S3 User Guide, "Data types"; the second names and the
#: numbers of parameters are PartiQL's. Parameters have no effect.
TYPES: dict[str, tuple[nodes.TypeName, int]] = {
    "BOOL": ("BOOL", 0),
    "BOOLEAN": ("BOOL", 0),
    "INT": ("INT", 0),
    "INTEGER": ("INT", 0),
    "SMALLINT": ("INT", 0),
    "FLOAT": ("FLOAT", 1),
    "REAL": ("FLOAT", 1),
    "DOUBLE PRECISION": ("FLOAT", 0),
    "DECIMAL": ("DECIMAL", 2),
    "DEC": ("DECIMAL", 2),
    "NUMERIC": ("DECIMAL", 2),
    "STRING": ("STRING", 0),
    "SYMBOL": ("STRING", 0),
    "CHAR": ("STRING", 1),
    "CHARACTER": ("STRING", 1),
    "CHARACTER VARYING": ("STRING", 1),
    "VARCHAR": ("STRING", 1),
    "TIMESTAMP": ("TIMESTAMP", 0),
}

#: Types that PartiQL knows and S3 Select does not: they parse, and are refused as InvalidDataType.
_FOREIGN_TYPES = frozenset("BAG BLOB CLOB LIST MISSING NULL SEXP STRUCT TUPLE".split())

_SECOND_WORDS = {"DOUBLE": "PRECISION", "CHARACTER": "VARYING"}


class CallParser(PathParser):
    """The part of the parser that reads calls."""

    def call(self) -> exp.Expr:
        """A call; the current token is the function's name.

        Raises:
            S3SelectError: ParseUnsupportedCallWithStar, ParseNonUnaryAgregateFunctionCall,
                ParseExpected2TokenTypes and the codes of the arguments.
        """
        token = self.advance()
        name = token.text.upper()
        name = ALIASES.get(name, name)
        if name in ("DATE_ADD", "DATE_DIFF"):
            return self.placed(exp.Anonymous(this=name, expressions=self._dated_arguments()), token)
        self.expect("(")
        if self.token.key == "*" and self.peek().key == ")":
            if name != "COUNT":
                self.fail("ParseUnsupportedCallWithStar", f"Only COUNT takes *, not {name}, found")
            self.advance()
            self.advance()
            return self.placed(nodes.function(name, [exp.Star()]), token)
        if name in AGGREGATES and self.token.key in ("DISTINCT", "ALL"):
            if self.token.key == "DISTINCT":
                self.refuse("UnsupportedSqlStructure", f"DISTINCT in {name} is not supported", self.token)
            self.advance()
        arguments = self.listed(")")
        if name in AGGREGATES and len(arguments) != 1:
            self.fail(
                "ParseNonUnaryAgregateFunctionCall",
                f"{name} takes one argument, not {len(arguments)}, found",
                token,
            )
        return self.placed(nodes.function(name, arguments), token)

    def listed(self, closer: str) -> list[exp.Expr]:
        """Expressions between commas up to *closer*, whose opening has been read; there may be none."""
        return [] if self.take(closer) else self.listed_after([self.expression()], closer)

    def listed_after(self, items: list[exp.Expr], closer: str) -> list[exp.Expr]:
        """*items* and the expressions that follow them, each behind a comma, up to *closer*."""
        while not self.take(closer):
            if not self.take(","):
                self.fail("ParseExpected2TokenTypes", f"Expected ',' or '{closer}', found")
            items.append(self.expression())
        return items

    def special_call(self) -> exp.Expr:
        """CAST, SUBSTRING, TRIM or EXTRACT, which are reserved and take words between their arguments."""
        token = self.advance()
        if token.key == "CAST":
            return self.placed(self._cast(), token)
        if not self.take("("):
            self.fail("ParseExpectedLeftParenBuiltinFunctionCall", f"Expected '(' after {token.key}, found")
        if token.key == "SUBSTRING":
            node = self._substring()
        elif token.key == "TRIM":
            node = self._trim()
        else:
            node = self._extract()
        if not self.take(")"):
            self.fail(
                "ParseExpectedRightParenBuiltinFunctionCall", f"Expected ')' to close {token.key}, found"
            )
        return self.placed(node, token)

    def data_type(self) -> exp.DataType:
        """The name of a type with its parameters.

        Raises:
            S3SelectError: ParseExpectedTypeName, ParseInvalidTypeParam, ParseCastArity.
        """
        token = self.token
        name = token.key
        second = _SECOND_WORDS.get(name)
        if second and self.peek().key == second:
            self.advance()
            name = f"{name} {second}"
        kind, most = TYPES.get(name, (name, 0))
        if name not in TYPES and name not in _FOREIGN_TYPES:
            self.fail("ParseExpectedTypeName", "Expected type name, found", token)
        self.advance()
        parameters = self._type_parameters() if self.take("(") else []
        if len(parameters) > most:
            self.fail(
                "ParseCastArity",
                f"{name} takes at most {most} type parameters, not {len(parameters)}, found",
                token,
            )
        return self.placed(nodes.data_type(kind, parameters), token)

    def _type_parameters(self) -> list[str]:
        parameters: list[str] = []
        while True:
            if self.token.key != "number" or not self.token.text.isdigit():
                self.fail("ParseInvalidTypeParam", "A type parameter is an unsigned integer, found")
            parameters.append(self.advance().text)
            if self.take(")"):
                return parameters
            if not self.take(","):
                self.fail("ParseExpected2TokenTypes", "Expected ',' or ')', found")

    def _cast(self) -> exp.Cast:
        if not self.take("("):
            self.fail("ParseExpectedLeftParenAfterCast", "Expected '(' after CAST, found")
        operand = self.expression()
        self.expect("AS")
        target = self.data_type()
        self.expect(")")
        return exp.Cast(this=operand, to=target)

    def _substring(self) -> exp.Expr:
        text = self.expression()
        between = "FOR" if self.token.key == "FROM" else ","
        if self.token.key not in ("FROM", ","):
            self.fail(
                "ParseExpectedArgumentDelimiter",
                "Expected FROM or ',' after SUBSTRING's first argument, found",
            )
        self.advance()
        arguments = [text, self.expression()]
        if self.take(between):
            arguments.append(self.expression())
        return nodes.function("SUBSTRING", arguments)

    def _trim(self) -> exp.Expr:
        side = exp.Var(this=self.advance().key) if self.token.key in TRIM_SIDES else None
        if side is not None and self.take("FROM"):
            return nodes.trim(side, None, self.expression())
        first = self.expression()
        if self.take("FROM"):
            return nodes.trim(side, first, self.expression())
        if side is not None:
            self.fail("ParseExpectedKeyword", f"Expected keyword FROM after {side.this}, found")
        return nodes.trim(None, None, first)

    def _extract(self) -> exp.Expr:
        part = self._date_part(EXTRACT_PARTS)
        self.expect_word("FROM")
        return exp.Extract(this=part, expression=self.expression())

    def _dated_arguments(self) -> list[exp.Expr]:
        self.expect("(", "ParseExpectedLeftParenBuiltinFunctionCall")
        return self.listed_after([self._date_part(DATE_PARTS)], ")")

    def _date_part(self, parts: frozenset[str]) -> exp.Var:
        if self.token.key not in parts:
            self.fail("ParseExpectedDatePart", f"Expected a date part ({', '.join(sorted(parts))}), found")
        return exp.Var(this=self.advance().key)
