"""Expressions, by precedence climbing.

In: tokens.  Out: one expression node.  Operators and ranks as PartiQL v0.1 has them, all binary operators
leaning to the left::

    1 OR    2 AND    3 NOT    4 = <> != IS [NOT] IN    5 < <= > >= [NOT] BETWEEN [NOT] LIKE
    6 + - ||    7 * / %    8 unary - +

Chains of operators are read in a loop, so that their length costs no depth.

Source: AWS S3 User Guide, "Operators"; PartiQL v0.1 for the ranks, the places of NOT and the codes.
"""

from __future__ import annotations

from sqlglot import exp

from s3sql.sql import nodes
from s3sql.sql.calls import CallParser
from s3sql.sql.cursor import described
from s3sql.sql.keywords import FUNCTION_WORDS, RESERVED
from s3sql.sql.lexer import Token

_AND, _EQUALITY, _ORDER, _SUM = 2, 4, 5, 6

_RANKS: dict[str, int] = {
    "OR": 1,
    "AND": _AND,
    **dict.fromkeys(("=", "<>", "!=", "IS", "IN"), _EQUALITY),
    **dict.fromkeys(("<", "<=", ">", ">=", "BETWEEN", "LIKE"), _ORDER),
    **dict.fromkeys(("+", "-", "||"), _SUM),
    **dict.fromkeys(("*", "/", "%"), 7),
}

_BINARY: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
    "+": exp.Add,
    "-": exp.Sub,
    "||": exp.DPipe,
    "*": exp.Mul,
    "/": exp.Div,
    "%": exp.Mod,
}

_NEGATED = ("IN", "BETWEEN", "LIKE")


class ExpressionParser(CallParser):
    """The part of the parser that reads expressions."""

    def expression(self, floor: int = 1) -> exp.Expr:
        """One expression whose operators all have a rank of at least *floor*."""
        self.enter()
        whole = self._continued(self._prefixed(), floor)
        self.leave()
        return whole

    def _continued(self, left: exp.Expr, floor: int) -> exp.Expr:
        """*left* with all operators behind it that have a rank of at least *floor*."""
        while True:
            token = self.token
            key = token.key
            rank = _RANKS.get(key if key != "NOT" else self._negated_key(), 0)
            if rank < floor or not rank:
                return left
            if rank <= _AND:
                left = self._connected(left, key, rank)
            elif key in _BINARY:
                self.advance()
                right = self.expression(rank + 1)
                node = _BINARY[key](this=left, expression=right)
                if key == "/":
                    node.set("typed", True)
                left = self.placed(node, token)
            else:
                left = self._predicate(left, token)

    def _negated_key(self) -> str:
        """IN, BETWEEN or LIKE if that follows the current NOT."""
        key = self.peek().key
        return key if key in _NEGATED else ""

    def _connected(self, first: exp.Expr, key: str, rank: int) -> exp.Expr:
        terms = [first]
        while self.take(key):
            terms.append(self.expression(rank + 1))
        return nodes.chain(exp.And if key == "AND" else exp.Or, terms)

    def _predicate(self, left: exp.Expr, token: Token) -> exp.Expr:
        """IS, or [NOT] IN, BETWEEN, LIKE behind *left*."""
        negated = self.take("NOT")
        word = self.advance().key
        if word == "IS":
            negated = self.take("NOT")
            node: exp.Expr = exp.Is(this=left, expression=self._type_test())
        elif word == "IN":
            node = self._in(left)
        elif word == "BETWEEN":
            low = self.expression(_SUM)
            self.expect_word("AND")
            node = exp.Between(this=left, low=low, high=self.expression(_SUM))
        else:
            node = self.placed(exp.Like(this=left, expression=self.expression(_SUM)), token)
            if self.take("ESCAPE"):
                node = exp.Escape(this=node, expression=self.expression(_SUM))
        self.placed(node, token)
        return self.placed(exp.Not(this=node), token) if negated else node

    def _type_test(self) -> exp.Expr:
        if self.take("NULL"):
            return exp.Null()
        if self.take("MISSING"):
            return nodes.missing()
        return self.data_type()

    def _in(self, left: exp.Expr) -> exp.Expr:
        if not self.take("("):
            field = self.expression(_ORDER)
            if isinstance(field, exp.Not):
                # Only parentheses could keep the operators behind it apart, and those make a list.
                field = nodes.bracket_step(exp.Array(expressions=[field]), nodes.number("0"))
            return exp.In(this=left, field=field)
        if self.token.key == ")":
            self.fail("ParseExpectedExpression", "Expected an expression, found")
        items = self.listed(")")
        if self.token.key not in (".", "["):
            return exp.In(this=left, expressions=items)
        term = items[0] if len(items) == 1 else exp.Array(expressions=items)
        return exp.In(this=left, field=self._continued(self.steps(term), _ORDER))

    def _prefixed(self) -> exp.Expr:
        """A term with the NOT or the signs before it."""
        token = self.token
        if token.key == "NOT":
            self.advance()
            return self.placed(exp.Not(this=self.expression(_EQUALITY)), token)
        if token.key not in ("-", "+"):
            return self.term()
        self.advance()
        self.enter()
        operand = self._prefixed()
        self.leave()
        if nodes.is_number(operand):
            return self.placed(_signed(operand.this, token.key), token)
        if token.key == "-":
            return self.placed(exp.Neg(this=operand), token)
        return self.placed(nodes.unary_plus(operand), token)

    def term(self) -> exp.Expr:
        """One term with the path steps after it.

        Raises:
            S3SelectError: ParseUnExpectedKeyword, ParseUnexpectedOperator, ParseUnexpectedTerm or
                ParseExpectedExpression when the current token starts no term.
        """
        term = self._term()
        return self.steps(term) if self.token.key in (".", "[") else term

    def _term(self) -> exp.Expr:
        token = self.token
        kind = token.type
        if kind == "IDENTIFIER" or kind == "QUOTED_IDENTIFIER":
            if self.peek().key == "(":
                return self.call()
            return self._column()
        if kind == "LITERAL":
            self.advance()
            return self.placed(_literal(token), token)
        if kind == "ION_LITERAL":
            self.advance()
            return self.placed(_ion(token), token)
        if kind == "NULL":
            self.advance()
            return self.placed(exp.Null(), token)
        if kind == "MISSING":
            self.advance()
            return self.placed(nodes.missing(), token)
        if token.key in RESERVED:
            return self._word_term(token)
        return self._symbol_term(token)

    def _column(self) -> exp.Expr:
        token = self.token
        name = exp.Identifier(this=token.text, quoted=token.type == "QUOTED_IDENTIFIER")
        self.advance()
        return self.placed(exp.Column(this=name), token)

    def _word_term(self, token: Token) -> exp.Expr:
        word = token.key
        if word == "CASE":
            return self._case()
        if word in ("CAST", "SUBSTRING", "TRIM", "EXTRACT"):
            return self.special_call()
        if word in FUNCTION_WORDS and self.peek().key == "(":
            return self.call()
        if word in ("SELECT", "VALUES"):
            return self._subquery(token)
        self.fail("ParseUnExpectedKeyword", "Unexpected keyword found")

    def _symbol_term(self, token: Token) -> exp.Expr:
        symbol = token.key
        if symbol == "(":
            return self._group()
        if symbol == "[":
            self.advance()
            return self.placed(exp.Array(expressions=self.listed("]")), token)
        if symbol == "@":
            self.advance()
            if not self.at_name():
                self.fail("ParseMissingIdentAfterAt", "Expected an identifier after @, found")
            return self._column()
        if symbol in ("{", "<<"):
            return self._struct_or_bag(token)
        if token.type == "EOF":
            self.fail("ParseExpectedExpression", "Expected an expression, found")
        if token.type == "OPERATOR":
            self.fail("ParseUnexpectedOperator", "Unexpected operator")
        self.fail("ParseUnexpectedTerm", "Unexpected term found")

    def _group(self) -> exp.Expr:
        """``(e)`` is e; ``(a, b)`` is a list."""
        token = self.advance()
        if self.token.key == ")":
            self.fail("ParseExpectedExpression", "Expected an expression between parentheses, found")
        first = self.expression()
        if self.token.key == ",":
            return self.placed(exp.Array(expressions=self.listed_after([first], ")")), token)
        self.expect(")")
        return first

    def _struct_or_bag(self, token: Token) -> exp.Expr:
        """``{'a': 1}`` or ``<<1, 2>>``: read and refused."""
        what = "A struct" if token.key == "{" else "A bag"
        self.refuse("UnsupportedSyntax", f"{what} literal is not supported; found {described(token)}", token)
        self.advance()
        if token.key == "<<":
            self.listed(">>")
            return exp.Null()
        if self.take("}"):
            return exp.Null()
        while True:
            self.expression()
            self.expect(":")
            self.expression()
            if self.take("}"):
                return exp.Null()
            if not self.take(","):
                self.fail("ParseExpected2TokenTypes", "Expected ',' or '}', found")

    def _subquery(self, token: Token) -> exp.Expr:
        """A SELECT or VALUES inside an expression: read and refused."""
        self.refuse("UnsupportedSqlStructure", f"A subquery ({token.key}) is not supported", token)
        self.enter()
        if token.key == "SELECT":
            self.query()
        else:
            self._value_rows()
        self.leave()
        return exp.Null()

    def _value_rows(self) -> None:
        self.advance()
        while True:
            if not self.take("("):
                self.fail(
                    "ParseExpectedLeftParenValueConstructor", "Expected '(' to open a row of VALUES, found"
                )
            self.listed(")")
            if not (self.token.key == "," and self.peek().key == "("):
                return
            self.advance()

    def _case(self) -> exp.Expr:
        token = self.advance()
        operand = None
        if self.token.key not in ("WHEN", "THEN", "ELSE", "END", "EOF"):
            operand = self.expression()
        if self.token.key != "WHEN":
            self.fail("ParseExpectedWhenClause", "Expected a WHEN clause in CASE, found")
        branches: list[exp.Expr] = []
        while self.take("WHEN"):
            condition = self.expression()
            self.expect_word("THEN")
            branches.append(exp.If(this=condition, true=self.expression()))
        default = self.expression() if self.take("ELSE") else None
        self.expect_word("END")
        return self.placed(exp.Case(this=operand, ifs=branches, default=default), token)


def _signed(digits: str, sign: str) -> exp.Literal:
    """The number literal *digits* with one more sign before it."""
    if sign == "+":
        return nodes.number(digits)
    return nodes.number(digits[1:] if digits.startswith("-") else f"-{digits}")


def _spelled(digits: str) -> str:
    """*digits* as written; without leading zeros where Python would refuse to read so many digits."""
    return digits if len(digits) < 1000 or not digits.isdigit() else digits.lstrip("0") or "0"


def _literal(token: Token) -> exp.Expr:
    if token.key == "number":
        return nodes.number(_spelled(token.text))
    if token.key == "text":
        return exp.Literal(this=token.text, is_string=True)
    return exp.Boolean(this=token.key == "TRUE")


def _ion(token: Token) -> exp.Expr:
    value = token.value
    assert value is not None, "the lexer gives every Ion literal its value"
    if value.kind == "TIMESTAMP" or value.kind == "FLOAT":
        return nodes.ion(value.kind, value.text)
    if value.kind == "INT" or value.kind == "DECIMAL":
        return nodes.number(value.text)
    if value.kind == "STRING":
        return exp.Literal(this=value.text, is_string=True)
    if value.kind == "BOOL":
        return exp.Boolean(this=value.text == "true")
    return exp.Null()
