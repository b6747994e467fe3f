"""The reader's place in the tokens, and the errors that name a token.

In: the tokens of a query.  Out: :class:`Cursor`, the base of the parser's parts: the current token, errors in
AWS's message form, the depth limit and the list of constructs that parse but are refused.

Message form [observed]: a text, the token as ``TYPE:value``, ``at line L, column C.``
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NoReturn, TypeVar

from sqlglot import exp

from s3sql.dialects import Dialect
from s3sql.errors import Position, S3SelectError
from s3sql.limits import MAX_EXPRESSION_DEPTH
from s3sql.sql import nodes
from s3sql.sql.lexer import Text, Token, tokenize

_Node = TypeVar("_Node", bound=exp.Expr)


class Cursor(ABC):
    """A place in the tokens of one query.

    ``token`` is the current token; ``refusals`` are errors of constructs that the grammar knows and the
    ``dialect`` does not have: they count only when the whole text has parsed.
    """

    def __init__(self, sql: str, dialect: Dialect) -> None:
        self.dialect = dialect
        self.text = Text(sql)
        self.tokens = tokenize(sql)
        self.token = self.tokens[0]
        self.refusals: list[S3SelectError] = []
        self._index = 0
        self._depth = 0

    @abstractmethod
    def expression(self, floor: int = 0) -> exp.Expr:
        """One expression whose operators all have a rank of at least *floor*."""

    @abstractmethod
    def query(self) -> exp.Expr:
        """A SELECT with everything that may follow it."""

    # ---- movement

    def advance(self) -> Token:
        """Step over the current token and return it."""
        passed = self.token
        if passed.type != "EOF":
            self._index += 1
            self.token = self.tokens[self._index]
        return passed

    def peek(self) -> Token:
        """The token behind the current one."""
        return self.tokens[min(self._index + 1, len(self.tokens) - 1)]

    def take(self, key: str) -> bool:
        """Step over the current token if it is the reserved word or symbol *key*."""
        if self.token.key != key:
            return False
        self.advance()
        return True

    def at_name(self) -> bool:
        """Whether the current token is an identifier, plain or quoted."""
        return self.token.type in ("IDENTIFIER", "QUOTED_IDENTIFIER")

    def at_symbol(self, symbol: str) -> bool:
        """Whether the current token is *symbol*."""
        return self.token.key == symbol

    def name(self) -> exp.Identifier:
        """The identifier at the current token, which must be one."""
        token = self.advance()
        node = exp.Identifier(this=token.text, quoted=token.type == "QUOTED_IDENTIFIER")
        return self.placed(node, token)

    # ---- nesting

    def enter(self) -> None:
        """Go one level deeper; leave() comes back.

        Raises:
            S3SelectError: MaxOperatorsExceeded below the depth limit.
        """
        self._depth += 1
        if self._depth > MAX_EXPRESSION_DEPTH:
            self.fail(
                "MaxOperatorsExceeded",
                f"The expression is nested more than {MAX_EXPRESSION_DEPTH} levels deep, found",
            )

    def leave(self) -> None:
        """Come back from the last enter()."""
        self._depth -= 1

    # ---- places and errors

    def placed(self, node: _Node, token: Token) -> _Node:
        """*node*, marked with the place of *token*."""
        line, column = self.text.line_and_column(token.start)
        return nodes.at(node, line, column)

    def position(self, token: Token) -> Position:
        """The line and column of *token*."""
        return self.text.position(token.start)

    def fail(self, code: str, found: str, token: Token | None = None) -> NoReturn:
        """Raise *code*: *found* (which ends in "found"), then the token and its place."""
        token = token or self.token
        raise self.error(code, f"{found} {described(token)} at {self.position(token)}.", token)

    def error(self, code: str, message: str, token: Token) -> S3SelectError:
        """The error *code* with the place of *token*."""
        return S3SelectError(code, message, position=self.position(token))

    def expect(self, symbol: str, code: str = "ParseExpectedTokenType") -> None:
        """Step over *symbol* or raise *code*."""
        if not self.take(symbol):
            self.fail(code, f"Expected {_symbol_name(symbol)}, found")

    def expect_word(self, word: str) -> None:
        """Step over the reserved word *word* or raise ParseExpectedKeyword."""
        if not self.take(word):
            self.fail("ParseExpectedKeyword", f"Expected keyword {word}, found")

    def refuse(self, code: str, what: str, token: Token) -> None:
        """Note that *what* parses and is not supported: *code*, raised once the whole text has parsed."""
        self.refusals.append(self.error(code, f"{what} at {self.position(token)}.", token))


def described(token: Token) -> str:
    """*token* as AWS writes it: ``LITERAL:5d-1``, ``QUOTED_IDENTIFIER:'true'``, ``KEYWORD:UNKNOWN``."""
    kind = token.type
    if kind == "EOF":
        return "EOF"
    if kind == "LITERAL":
        return f"LITERAL:{_literal(token)}"
    if kind == "QUOTED_IDENTIFIER":
        return f"QUOTED_IDENTIFIER:'{_cut(token.text)}'"
    if kind in ("IDENTIFIER", "ION_LITERAL"):
        return f"{kind}:{_cut(token.text)}"
    if token.key.isalpha() or "_" in token.key:
        # Words carry no value in AWS's messages, but for those that are values themselves.
        shown = kind in ("DATE_PART", "TRIM_SPECIFICATION", "NULL", "MISSING", "AS", "AT")
        return f"{kind}:{token.key.lower() if shown else 'UNKNOWN'}"
    return f"{kind}:'{token.key}'"


def _literal(token: Token) -> str:
    """A literal as Ion text: ``.5`` is ``5d-1``, text stands in double quotes."""
    if token.key == "text":
        escaped = (
            token.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
        )
        return f'"{_cut(escaped)}"'
    if token.key != "number":
        return token.key.lower()
    mantissa, _, exponent = token.text.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0") or "0"
    if "." not in mantissa and not exponent:
        return _cut(digits)
    sign = "-" if exponent.startswith("-") else ""
    scale = int(sign + exponent.lstrip("+-")[:12]) - len(fraction) if exponent else -len(fraction)
    if scale == 0:
        return f"{_cut(digits)}."
    if scale < 0 and len(digits) + scale > 0:
        return _cut(f"{digits[:scale]}.{digits[scale:]}")
    return f"{_cut(digits)}d{scale}"


def _symbol_name(symbol: str) -> str:
    return symbol if symbol.isalpha() else f"'{symbol}'"


def _cut(text: str) -> str:
    """*text*, shortened so that a message never carries a whole query."""
    return text if len(text) <= 60 else f"{text[:57]}..."
