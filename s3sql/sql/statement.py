"""The statement: SELECT, FROM, WHERE, LIMIT, and the clauses that PartiQL knows and S3 Select refuses.

In: tokens.  Out: the Select node.  GROUP BY, HAVING, DISTINCT, joins and set operators are read as PartiQL
v0.1 reads them and noted as refusals, so that a parse error behind them wins over them. ORDER BY, OFFSET and
``LIMIT a, b`` are not in the grammar.

Source: AWS S3 User Guide, "SELECT command"; PartiQL v0.1 for the order of clauses and the codes.
"""

from __future__ import annotations

from sqlglot import exp

from s3sql.sql import nodes
from s3sql.sql.expression import ExpressionParser
from s3sql.sql.keywords import OTHER_STATEMENTS

_SET_OPERATORS = ("UNION", "EXCEPT", "INTERSECT")
_JOIN_WORDS = ("INNER", "LEFT", "RIGHT", "FULL", "CROSS", "JOIN")


class StatementParser(ExpressionParser):
    """The whole parser."""

    def statement(self) -> exp.Select:
        """The one statement of the text.

        Raises:
            S3SelectError: UnsupportedSqlOperation or ParseExpectedKeyword when it is no SELECT,
                ParseUnexpectedToken for what stands behind it, and every other code of the grammar.
        """
        token = self.token
        if token.text.upper() in OTHER_STATEMENTS and token.type != "QUOTED_IDENTIFIER":
            raise self.error(
                "UnsupportedSqlOperation",
                f"{token.text.upper()} is not supported, only SELECT is; found at {self.position(token)}.",
                token,
            )
        if token.key != "SELECT":
            self.fail("ParseExpectedKeyword", "Expected keyword SELECT, found")
        select = self.query()
        self.take(";")
        if self.token.type != "EOF":
            self.fail("ParseUnexpectedToken", "Unexpected token found")
        return select

    def query(self) -> exp.Select:
        """A SELECT with all its clauses, and the set operators behind it."""
        select = self._select()
        while self.token.key in _SET_OPERATORS:
            self.refuse("UnsupportedSqlStructure", f"{self.token.key} is not supported", self.token)
            self.advance()
            if self.token.key in ("ALL", "DISTINCT"):
                self.advance()
            if self.token.key == "SELECT":
                self._select()
            else:
                self.expression()
        return select

    def _select(self) -> exp.Select:
        self.advance()
        if self.token.key == "DISTINCT":
            self.refuse("UnsupportedSqlStructure", "DISTINCT is not supported", self.token)
            self.advance()
        elif self.token.key == "ALL":
            self.advance()
        items = self._items()
        if self.token.key != "FROM":
            # A number or text behind an item is no clause out of place but a token out of place: `s.5` is
            # `s` followed by `.5` [observed].
            if self.token.key in ("number", "text"):
                self.fail("ParseUnexpectedToken", "Unexpected token found")
            self.fail("ParseSelectMissingFrom", "Expected keyword FROM, found")
        self.advance()
        source = self._source()
        self._joins()
        where = exp.Where(this=self.expression()) if self.take("WHERE") else None
        self._grouping()
        limit = self._limit() if self.token.key == "LIMIT" else None
        return exp.Select(expressions=items, from_=exp.From(this=source), where=where, limit=limit)

    # ---- select list

    def _items(self) -> list[exp.Expr]:
        token = self.token
        if token.key in ("FROM", ";", "EOF"):
            self.fail("ParseEmptySelect", "Expected an item to select, found")
        if token.key == "VALUE":
            self.refuse("ParseUnsupportedSelect", "SELECT VALUE is not supported", token)
            self.advance()
        items = [self._item()]
        while self.take(","):
            items.append(self._item())
        return items

    def _item(self) -> exp.Expr:
        token = self.token
        if token.key == "*":
            self.advance()
            item: exp.Expr = self.placed(exp.Star(), token)
        else:
            item = self.expression()
        spreads = isinstance(item, exp.Star) or nodes.is_spread(item)
        if spreads and (self.token.key == "AS" or self.at_name()):
            self.fail("ParseUnsupportedAlias", "What * selects takes no alias, found")
        alias = self._alias()
        return item if alias is None else self.placed(exp.Alias(this=item, alias=alias), token)

    def _alias(self) -> exp.Identifier | None:
        """``AS name``, ``name`` or nothing; OFFSET with a number behind it is a clause out of place."""
        if not self.take("AS"):
            named = self.at_name() and not (
                self.token.text.upper() == "OFFSET" and self.peek().key == "number"
            )
            return self.name() if named else None
        if not self.at_name():
            self.fail("ParseExpectedIdentForAlias", "Expected an identifier for the alias, found")
        return self.name()

    # ---- FROM

    def _source(self) -> exp.Table:
        if self.token.key == "UNPIVOT":
            self.refuse("UnsupportedSqlStructure", "UNPIVOT is not supported", self.token)
            self.advance()
        token = self.token
        if self.at_name() and self.peek().key != "(":
            node = self.steps(self.name())
        else:
            node = self.term()
            self.refuse(
                "InvalidTableAlias",
                f"FROM takes {self.dialect.from_takes} and nothing else; found another source",
                token,
            )
        alias = self._alias()
        if self.token.key == "AT":
            self.refuse("UnsupportedSyntax", "AT is not supported", self.token)
            self.advance()
            if not self.at_name():
                self.fail("ParseExpectedIdentForAt", "Expected an identifier after AT, found")
            self.advance()
        return self.placed(nodes.table(node, alias), token)

    def _joins(self) -> None:
        """Further sources: read and refused."""
        while True:
            token = self.token
            if token.key == ",":
                self.refuse("MultipleDataSourcesUnsupported", "A query has one data source; found ','", token)
                self.advance()
                self._source()
            elif token.key in _JOIN_WORDS:
                self.refuse("ParseMalformedJoin", "A join is not supported", token)
                self._join()
            else:
                return

    def _join(self) -> None:
        kind = self.token.key
        if kind != "JOIN":
            self.advance()
        if kind in ("LEFT", "RIGHT", "FULL"):
            self.take("OUTER")
        if not self.take("JOIN"):
            self.fail("ParseMalformedJoin", "Expected keyword JOIN, found")
        self._source()
        if kind == "CROSS":
            return
        if not self.take("ON"):
            self.fail("ParseMalformedJoin", "Expected keyword ON after the joined source, found")
        self.expression()

    # ---- behind WHERE

    def _grouping(self) -> None:
        """GROUP BY and HAVING: read and refused."""
        token = self.token
        if self.take("GROUP"):
            self.refuse("UnsupportedSqlStructure", "GROUP BY is not supported", token)
            self.take("PARTIAL")
            self.expect_word("BY")
            self._group_key()
            while self.take(","):
                self._group_key()
            if self.take("GROUP"):
                if not self.take("AS"):
                    self.fail("ParseExpectedTokenType", "Expected AS, found")
                if not self.at_name():
                    self.fail("ParseExpectedIdentForGroupName", "Expected an identifier for the group, found")
                self.advance()
        token = self.token
        if self.take("HAVING"):
            self.refuse("UnsupportedSqlStructure", "HAVING is not supported", token)
            self.expression()

    def _group_key(self) -> None:
        token = self.token
        if isinstance(self.expression(), exp.Literal):
            self.fail("ParseUnsupportedLiteralsGroupBy", "GROUP BY takes no literal, found", token)
        self._alias()

    def _limit(self) -> exp.Limit:
        """LIMIT and an unsigned integer; a minus before it is refused as a negative limit."""
        if not self.dialect.limit:
            self.refuse(
                "UnsupportedSqlStructure", "A query on an archived object has no LIMIT; found it", self.token
            )
        self.advance()
        token = self.token
        negative = self.take("-")
        number = self.token
        if number.key != "number" or not number.text.isdigit():
            self.fail("ParseExpectedNumber", "Expected an unsigned integer after LIMIT, found")
        self.advance()
        if self.token.type in ("OPERATOR", "STAR"):
            self.fail("ParseExpectedNumber", "LIMIT takes a number and no expression, found")
        if negative:
            self.refuse("EvaluatorNegativeLimit", f"LIMIT must not be negative, found -{number.text}", token)
        return exp.Limit(expression=self.placed(nodes.number(number.text), number))
