"""s3select.lark and the parser describe one language.

Generated sentences are accepted and round-trip; about mutated statements both give the same answer.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark
from lark.exceptions import UnexpectedInput
from lark.lexer import PatternStr

from s3sql.errors import S3SelectError
from s3sql.sql import parse, print_sql
from s3sql.sql.lexer import tokenize

from .statements import GRAMMAR, accepted

TEXT = (GRAMMAR / "s3select.lark").read_text(encoding="utf-8")
STARTS = ["start", "plain_query", "aggregated_query"]
LALR = Lark(TEXT, parser="lalr", start=STARTS)

#: What the grammar leaves to the parser's second pass.
STRUCTURE_CODES = {
    "InvalidKeyPath",
    "MaxOperatorsExceeded",
    "ParseAsteriskIsNotAloneInSelectList",
    "ParseCannotMixSqbAndWildcardInSelectList",
    "ParseInvalidContextForWildcardInSelectList",
    "ParseUnsupportedAlias",
    "UnsupportedSqlStructure",
}

SAMPLES = {
    "IDENTIFIER": ["a", "B", "_1", "_2", "price", "x$y", "Name", "selected", "utcnow", "date_add"],
    "QUOTED": ['"a"', '"date"', '"two words"', '"q""q"', '"é"'],
    "STRING": ["''", "'x'", "'it''s'", "'%_'", "'日本'", "'--'"],
    "INTEGER": ["0", "1", "42", "007", "9223372036854775808"],
    "NUMBER": ["1.50", ".5", "5.", "1e3", "2.5E-3"],
    "ION": ["`2010T`", "`1e0`", "`1d2`", "`foo`", '`"x"`', "`null`", "`2017-01-02T03:04:05.006-08:00`"],
    "BLANK": [" ", "\n", "\t", "\f", "\v", "\r\n"],
    "COMMENT": ["/* c */", "-- c\n"],
    "DATE_PART": ["YEAR", "month", "Second"],
    "ZONE_PART": ["TIMEZONE_HOUR", "timezone_minute"],
    "QUOTED_S3OBJECT": ['"S3Object"'],
    "INTEGER_TYPE": ["INTEGER"],
    "STRING_TYPE": ["STRING", "string"],
    "IS_NOT": ["IS NOT", "is\nnot"],
    "NOT_IN": ["NOT IN", "not  in"],
    "NOT_BETWEEN": ["NOT BETWEEN"],
    "NOT_LIKE": ["NOT LIKE"],
}


def samples() -> dict[str, st.SearchStrategy[str]]:
    """A strategy for each terminal; a blank behind it keeps words apart."""
    strategies = {}
    for terminal in LALR.terminals:
        if terminal.name in SAMPLES:
            texts = SAMPLES[terminal.name]
        elif isinstance(terminal.pattern, PatternStr):
            texts = [terminal.pattern.value]
        else:
            texts = [terminal.name, terminal.name.lower(), terminal.name.capitalize()]
        strategies[terminal.name] = st.sampled_from([f"{text} " for text in texts])
    return strategies


TERMINALS = samples()


Symbols = list[tuple[str, bool]]


def expansions() -> dict[str, tuple[list[Symbols], list[Symbols]]]:
    """The alternatives of each rule, and those that end soonest; a symbol is (name, is it a terminal)."""
    rules: dict[str, list[Symbols]] = {}
    for rule in LALR.rules:
        symbols = [(str(symbol.name), symbol.is_term) for symbol in rule.expansion]
        rules.setdefault(str(rule.origin.name), []).append(symbols)
    depths = dict.fromkeys(rules, 1000)

    def depth(symbols: Symbols) -> int:
        return 1 + max((0 if is_term else depths[name] for name, is_term in symbols), default=0)

    for _ in range(60):
        depths = {name: min(map(depth, alternatives)) for name, alternatives in rules.items()}
    return {
        name: (alternatives, [symbols for symbols in alternatives if depth(symbols) == depths[name]])
        for name, alternatives in rules.items()
    }


EXPANSIONS = expansions()


@st.composite
def grown(draw: st.DrawFn, start: str) -> str:
    """A sentence of some 60 tokens at most: beyond that every rule takes the alternative that ends soonest.

    from_lark() chooses evenly among the alternatives, so that sentences of a grammar with this many ranks
    either end at once or outgrow hypothesis's buffer.
    """
    texts: list[str] = []
    pending: Symbols = [(start, False)]
    while pending:
        name, is_term = pending.pop()
        if is_term:
            texts.append(draw(TERMINALS[name]))
            continue
        alternatives, soonest = EXPANSIONS[name]
        free = len(alternatives) > 1 and len(texts) + len(pending) < 60 and draw(st.booleans())
        chosen = alternatives if free else soonest
        pending.extend(reversed(draw(st.sampled_from(chosen)) if len(chosen) > 1 else chosen[0]))
    return "".join(texts)


def lark_accepts(sql: str, start: str = "start") -> bool:
    try:
        LALR.parse(sql, start=start)
    except UnexpectedInput:
        return False
    return True


def test_grammar_loads_in_earley_mode() -> None:
    earley = Lark(TEXT, parser="earley", start=STARTS)
    earley.parse("SELECT a FROM S3Object WHERE NOT b = 1", start="plain_query")


def test_grammar_excludes_every_reserved_word() -> None:
    excluded = re.search(r"^IDENTIFIER: /\(\?!\(([A-Z_|]+)\)", TEXT, re.MULTILINE)
    assert excluded is not None
    words = (GRAMMAR / "keywords.txt").read_text(encoding="ascii").split()
    assert excluded[1].split("|") == [word for word in words if word != "END-EXEC"]


@pytest.mark.parametrize(("file", "sql"), [case for case in accepted() if case[0] != "beyond_lark.sql"])
def test_grammar_accepts_statement(file: str, sql: str) -> None:
    LALR.parse(sql, start="start")


def check_sentence(sql: str) -> None:
    tree = parse(sql)
    printed = print_sql(tree)
    assert parse(printed) == tree, printed
    assert lark_accepts(printed), printed


@pytest.mark.parametrize("start", ["plain_query", "aggregated_query"])
def test_generated_sentences_are_accepted_and_round_trip(start: str) -> None:
    seen: set[str] = set()

    @settings(max_examples=250, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(grown(start))
    def check(sql: str) -> None:
        seen.add(sql)
        check_sentence(sql)

    check()
    assert len(seen) >= 160


@settings(max_examples=20, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(from_lark(LALR, start="plain_query", explicit=TERMINALS))
def test_sentences_of_hypothesis_are_accepted_and_round_trip(sql: str) -> None:
    check_sentence(sql)


TOKENS = [
    [sql[token.start : token.end] for token in tokenize(sql)[:-1]] for _, sql in accepted() if len(sql) < 160
]
WORDS = sorted({text for tokens in TOKENS for text in tokens})


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A statement of grammar/accept with up to three tokens dropped, doubled, swapped or replaced."""
    tokens = list(draw(st.sampled_from(TOKENS)))
    for _ in range(draw(st.integers(1, 3))):
        i = draw(st.integers(0, len(tokens) - 1))
        kind = draw(st.sampled_from(["drop", "double", "swap", "replace", "insert"]))
        if kind == "drop" and len(tokens) > 1:
            del tokens[i]
        elif kind == "double":
            tokens.insert(i, tokens[i])
        elif kind == "swap":
            j = draw(st.integers(0, len(tokens) - 1))
            tokens[i], tokens[j] = tokens[j], tokens[i]
        elif kind == "insert":
            tokens.insert(i, draw(st.sampled_from(WORDS)))
        else:
            tokens[i] = draw(st.sampled_from(WORDS))
    return " ".join(tokens)


@settings(max_examples=400, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(mutated())
def test_both_agree_about_mutated_statements(sql: str) -> None:
    code, printed = outcome(sql)
    if code:
        assert not lark_accepts(sql) or code in STRUCTURE_CODES, code
    else:
        # The canonical text has the parentheses that the grammar needs where the parser reads on without.
        assert lark_accepts(sql) or lark_accepts(printed), printed


def outcome(sql: str) -> tuple[str, str]:
    """The parser's code, or the canonical text."""
    try:
        return "", print_sql(parse(sql))
    except S3SelectError as error:
        return error.code, ""
