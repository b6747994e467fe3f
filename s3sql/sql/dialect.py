"""The dialect as sqlglot sees it: ``sqlglot.transpile(q, read="s3select", write="duckdb")``.

In: importing this module registers ``s3select``.  Out: sqlglot's tokens, trees that other dialects can write
(``portable.py``) and, with ``write="s3select"``, our canonical SQL.

Only Dialect and Tokenizer are subclassed: with sqlglot's compiled build present a subclass of its Parser,
Generator or nodes fails with a TypeError. sqlglot reaches those two through methods of Dialect only.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp, tokens
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.tokenizer_core import Token, TokenType

from s3sql.sql import lexer
from s3sql.sql.parser import parse
from s3sql.sql.portable import portable
from s3sql.sql.printer import print_sql

#: sqlglot's types for tokens that have one of their own; others are VAR (words) or UNKNOWN (symbols).
_WORDS = {
    word: TokenType[name]
    for word, name in {
        "AND": "AND", "AS": "ALIAS", "BETWEEN": "BETWEEN", "CASE": "CASE", "ELSE": "ELSE", "END": "END",
        "ESCAPE": "ESCAPE", "FALSE": "FALSE", "FROM": "FROM", "IN": "IN", "IS": "IS", "LIKE": "LIKE",
        "LIMIT": "LIMIT", "NOT": "NOT", "NULL": "NULL", "OR": "OR", "SELECT": "SELECT", "THEN": "THEN",
        "TRUE": "TRUE", "WHEN": "WHEN", "WHERE": "WHERE",
    }.items()
}  # fmt: skip
_SYMBOLS = {
    symbol: TokenType[name]
    for symbol, name in {
        "(": "L_PAREN", ")": "R_PAREN", "[": "L_BRACKET", "]": "R_BRACKET", "{": "L_BRACE", "}": "R_BRACE",
        ",": "COMMA", ".": "DOT", ":": "COLON", ";": "SEMICOLON", "*": "STAR", "+": "PLUS", "-": "DASH",
        "/": "SLASH", "%": "MOD", "=": "EQ", "<>": "NEQ", "!=": "NEQ", "<": "LT", "<=": "LTE", ">": "GT",
        ">=": "GTE", "||": "DPIPE", "@": "PARAMETER",
    }.items()
}  # fmt: skip


class S3Select(Dialect):
    """Amazon S3 Select's SQL."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.CASE_INSENSITIVE
    INDEX_OFFSET = 0
    TYPED_DIVISION = True

    class Tokenizer(tokens.Tokenizer):
        """Our tokens as sqlglot's; line and column are those of a token's first character."""

        def tokenize(self, sql: str) -> list[Token]:
            """The tokens of *sql* without the one for its end."""
            text = lexer.Text(sql)
            return [_token(token, text) for token in lexer.tokenize(sql)[:-1]]

    def parse(self, sql: str, **options: Any) -> list[exp.Expr | None]:
        """The one statement of *sql*, in nodes that other dialects write correctly."""
        return [portable(parse(sql))]

    def parse_into(self, expression_type: exp.IntoType, sql: str, **options: Any) -> list[exp.Expr | None]:
        """As parse(): the dialect has one kind of statement."""
        return self.parse(sql, **options)

    def generate(self, expression: exp.Expr, copy: bool = True, **options: Any) -> str:
        """*expression* as canonical SQL; sqlglot's options have no meaning here."""
        return print_sql(expression)


def _token(token: lexer.Token, text: lexer.Text) -> Token:
    kind = token.type
    line, column = text.line_and_column(token.start)
    if kind == "QUOTED_IDENTIFIER":
        type_ = TokenType.IDENTIFIER
    elif kind == "ION_LITERAL":
        type_ = TokenType.RAW_STRING
    elif kind == "LITERAL" and token.key in ("number", "text"):
        type_ = TokenType.NUMBER if token.key == "number" else TokenType.STRING
    elif token.key in _SYMBOLS:
        type_ = _SYMBOLS[token.key]
    else:
        type_ = _WORDS.get(token.key, TokenType.VAR if token.text[:1].isidentifier() else TokenType.UNKNOWN)
    return Token(type_, token.text, line, column, token.start, token.end - 1)
