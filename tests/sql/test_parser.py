"""Order of the checks, messages, limits; the codes themselves are in grammar/reject."""

from __future__ import annotations

import gc
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from s3sql.errors import DEFAULT_MESSAGES, Position, S3SelectError
from s3sql.limits import MAX_EXPRESSION_BYTES, MAX_EXPRESSION_DEPTH
from s3sql.sql import nodes, parse, print_sql
from s3sql.sql.keywords import EXTRACT_PARTS, RESERVED, TRIM_SIDES


def refused(sql: str) -> S3SelectError:
    with pytest.raises(S3SelectError) as raised:
        parse(sql)
    return raised.value


PATH_MESSAGE = "Invalid Path component, expecting either an IDENTIFIER or STAR, got: "


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        # seen in replies of the service
        (
            "SELECT * FROM S3OBJECT s WHERE s.5 = 1",
            "Unexpected token found LITERAL:5d-1 at line 1, column 33.",
        ),
        (
            "select min(s.year) from s3object s",
            PATH_MESSAGE + "DATE_PART,at line 1, column 14.",
        ),
        (
            "SELECT x, count(*) FROM S3Object GROUP BY x ORDER BY count(*)",
            "Unexpected token found KEYWORD:UNKNOWN at line 1, column 45.",
        ),
        (
            'SELECT * FROM S3OBJECT s WHERE s.odd is "true"',
            "Expected type name, found QUOTED_IDENTIFIER:'true' at line 1, column 41.",
        ),
        (
            "SELECT * FROM S3OBJECT s WHERE s.a = 1 and % 2",
            "Unexpected operator OPERATOR:'%' at line 1, column 44.",
        ),
        (
            "SELECT * FROM S3OBJECT s WHERE s.'x' = 1",
            PATH_MESSAGE + "LITERAL,at line 1, column 34.",
        ),
        (
            "SELECT a FROM table1",
            "Invalid table alias is specified at line 1, column 15. Please check the file and try again.",
        ),
        # of the same form
        ("SELECT a FROM S3Object LIMIT 'x\"'", 'found LITERAL:"x\\"" at line 1, column 30.'),
        ("SELECT a FROM S3Object LIMIT 1.50", "found LITERAL:1.50 at line 1, column 30."),
        ("SELECT a FROM S3Object LIMIT 5.", "found LITERAL:5. at line 1, column 30."),
        ("SELECT a FROM S3Object LIMIT 1e3", "found LITERAL:1d3 at line 1, column 30."),
        ("SELECT a FROM S3Object LIMIT 1.5e-3", "found LITERAL:15d-4 at line 1, column 30."),
        ("SELECT a FROM S3Object LIMIT 15e-1", "found LITERAL:1.5 at line 1, column 30."),
        ("SELECT a FROM S3Object LIMIT TRUE", "found LITERAL:true at line 1, column 30."),
        ("SELECT a FROM S3Object LIMIT NULL", "found NULL:null at line 1, column 30."),
        ("SELECT a FROM S3Object LIMIT `2010T`", "found ION_LITERAL:`2010T` at line 1, column 30."),
        ("SELECT a FROM S3Object LIMIT abc", "found IDENTIFIER:abc at line 1, column 30."),
        ("SELECT a FROM S3Object LIMIT", "found EOF at line 1, column 29."),
        ("SELECT a FROM S3Object LIMIT both", "found TRIM_SPECIFICATION:both at line 1, column 30."),
    ],
)
def test_message(sql: str, message: str) -> None:
    assert refused(sql).message.endswith(message)


def test_a_long_token_is_cut_in_the_message() -> None:
    for sql in (f"SELECT a FROM S3Object LIMIT {'x' * 9999}", f"SELECT `{'x ' * 9999}` FROM S3Object"):
        assert len(refused(sql).message) < 250
    assert len(refused(f"SELECT a FROM S3Object LIMIT 1.{'1' * 9999}e{'1' * 9999}").message) < 250


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT DISTINCT a FROM foo GROUP BY x ORDER BY '", "LexerInvalidLiteral"),
        ("SELECT DISTINCT a FROM foo GROUP BY x ORDER BY y", "ParseUnexpectedToken"),
        ("SELECT DISTINCT a FROM foo", "UnsupportedSqlStructure"),
        ("SELECT *, a FROM foo", "InvalidTableAlias"),
        ("SELECT *, foo(a) FROM S3Object", "ParseAsteriskIsNotAloneInSelectList"),
        ("SELECT SUM(a), b, foo(c) FROM S3Object", "UnsupportedFunction"),
        ("SELECT a FROM S3Object WHERE LOWER() = foo()", "EvaluatorInvalidArguments"),
        ("SELECT a FROM S3Object LIMIT -1; x", "ParseUnexpectedToken"),
        ("SELECT * FROM S3Object, S3Object JOIN x ON a", "MultipleDataSourcesUnsupported"),
    ],
)
def test_the_first_check_that_fails_wins(sql: str, code: str) -> None:
    assert refused(sql).code == code


@pytest.mark.parametrize("sql", ["", " ", "\n\t\v\f\r "])
def test_no_text(sql: str) -> None:
    error = refused(sql)
    assert error.code == "MissingRequiredParameter"
    assert error.message == "Expression is required. Please check the service documentation and try again."


def test_longest_text() -> None:
    start = "SELECT * FROM S3Object WHERE a = '"
    room = MAX_EXPRESSION_BYTES - len(start) - 1
    parse(f"{start}{'x' * room}'")
    assert refused(f"{start}{'x' * (room + 1)}'").code == "ExpressionTooLong"
    assert refused(f"{start}{'é' * (room // 2 + 1)}'").code == "ExpressionTooLong"
    parse(f"{start}{'é' * (room // 2)}'")


WORDS = sorted(RESERVED - {"END-EXEC"})
STARTS_A_TERM = {"CASE", "FALSE", "MISSING", "NOT", "NULL", "SELECT", "TRUE"}
CALLED = {"CAST", "SUBSTRING", "TRIM", "EXTRACT"}


@pytest.mark.parametrize("word", [word for word in WORDS if word not in STARTS_A_TERM | CALLED | {"VALUES"}])
def test_reserved_word_as_an_expression(word: str) -> None:
    error = refused(f"SELECT a FROM S3Object WHERE {word.lower()} = 1")
    assert (error.code, error.position) == ("ParseUnExpectedKeyword", Position(1, 30))


@pytest.mark.parametrize("word", WORDS)
def test_reserved_word_after_a_dot(word: str) -> None:
    error = refused(f"SELECT s.{word} FROM S3Object s")
    assert (error.code, error.position) == ("ParseInvalidPathComponent", Position(1, 10))
    if word in EXTRACT_PARTS:
        assert "got: DATE_PART,at" in error.message
    if word in TRIM_SIDES:
        assert "got: TRIM_SPECIFICATION,at" in error.message
    parse(f'SELECT s."{word}" FROM S3Object s')


@pytest.mark.parametrize("word", WORDS)
def test_reserved_word_after_as(word: str) -> None:
    error = refused(f"SELECT a AS {word} FROM S3Object")
    assert (error.code, error.position) == ("ParseExpectedIdentForAlias", Position(1, 13))


CONTINUES = {"AS", "FROM", "AND", "OR", "IN", "IS", "LIKE", "BETWEEN"}


@pytest.mark.parametrize("word", [word for word in WORDS if word not in CONTINUES])
def test_reserved_word_as_a_bare_alias(word: str) -> None:
    error = refused(f"SELECT a {word} FROM S3Object")
    assert (error.code, error.position) == ("ParseSelectMissingFrom", Position(1, 10))


CLAUSES = {
    *(
        "AS",
        "AT",
        "CROSS",
        "EXCEPT",
        "FULL",
        "GROUP",
        "HAVING",
        "INNER",
        "INTERSECT",
        "JOIN",
        "LEFT",
        "LIMIT",
    ),
    *("RIGHT", "UNION", "WHERE"),
}


@pytest.mark.parametrize("word", [word for word in WORDS if word not in CLAUSES])
def test_reserved_word_as_a_bare_table_alias(word: str) -> None:
    error = refused(f"SELECT a FROM S3Object {word}")
    assert (error.code, error.position) == ("ParseUnexpectedToken", Position(1, 24))


def test_ranks() -> None:
    def shape(text: str) -> str:
        return grouped(parse(f"SELECT * FROM S3Object WHERE {text}").args["where"].this)

    assert shape("a OR b AND NOT c = d < e + f * -g") == "(a OR (b AND (NOT (c = (d < (e + (f * (- g))))))))"
    assert shape("a - b - c || d") == "(((a - b) - c) || d)"
    assert shape("a = b = c <> d") == "(((a = b) = c) <> d)"
    assert shape("NOT a IN (b) = c") == "(NOT ((a IN b) = c))"
    assert shape("a LIKE b = c") == "((a LIKE b) = c)"
    assert shape("a BETWEEN b AND c AND d") == "((a BETWEEN b c) AND d)"
    assert shape("a NOT BETWEEN b AND c + d OR e") == "((NOT (a BETWEEN b (c + d))) OR e)"
    assert shape("a = b IS NULL") == "((a = b) IS NULL)"
    assert shape("a < b LIKE c ESCAPE d || e") == "(((a < b) LIKE c) ESCAPE (d || e))"
    assert shape("a = NOT b = c") == "(a = (NOT (b = c)))"
    assert shape("a IN b || c < d = e") == "((a IN ((b || c) < d)) = e)"


NAMES = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.DPipe: "||",
    exp.And: "AND", exp.Or: "OR", exp.Like: "LIKE", exp.Escape: "ESCAPE", exp.Is: "IS",
}  # fmt: skip


def grouped(node: exp.Expr) -> str:
    """*node* with parentheses around every operator, written without the printer."""
    if isinstance(node, exp.Not):
        return f"(NOT {grouped(node.this)})"
    if isinstance(node, exp.Neg):
        return f"(- {grouped(node.this)})"
    if isinstance(node, exp.Between):
        return f"({grouped(node.this)} BETWEEN {grouped(node.args['low'])} {grouped(node.args['high'])})"
    if isinstance(node, exp.In):
        return f"({grouped(node.this)} IN {grouped(node.args.get('field') or node.expressions[0])})"
    if type(node) in NAMES:
        return f"({grouped(node.this)} {NAMES[type(node)]} {grouped(node.expression)})"
    return node.sql()


LONG = MAX_EXPRESSION_BYTES - 40


def test_longest_chain_parses() -> None:
    count = LONG // len("a=1 OR ")
    sql = "SELECT * FROM S3Object WHERE " + " OR ".join(["a=1"] * count)
    tree = parse(sql)
    assert len(nodes.operands(tree.args["where"].this)) == count
    assert print_sql(tree) == sql.replace("a=1", "a = 1")
    assert gc.isenabled()


def test_long_chain_of_chains_round_trips() -> None:
    sql = "SELECT * FROM S3Object WHERE " + " AND ".join(["(a OR b AND NOT c)"] * 5_000)
    tree = parse(sql)
    assert print_sql(tree) == sql
    assert parse(sql) == tree


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 15_000,
        "a" + "[0]" * 15_000,
        "(" + "1," * 15_000 + "1)",
        "COALESCE(" + "a," * 15_000 + "a)",
        "CASE " + "WHEN a THEN b " * 3_000 + "END",
        "a IN (" + "'x'," * 15_000 + "'x')",
    ],
)
def test_long_flat_expression_parses_and_prints(text: str) -> None:
    tree = parse(f"SELECT {text} FROM S3Object")
    assert parse(print_sql(tree)) == tree


NESTINGS = {
    "parentheses": ("(", "a", ")"),
    "NOT": ("NOT ", "a", ""),
    "minus": ("- ", "a", ""),
    "plus": ("+ ", "a", ""),
    "signs of a number": ("-+", "1", ""),
    "list": ("[", "a", "]"),
    "call": ("LOWER(", "a", ")"),
    "unknown call": ("foo(", "a", ")"),
    "aggregate": ("SUM(", "a", ")"),
    "CASE": ("CASE WHEN a THEN ", "b", " END"),
    "CASE operand": ("CASE ", "b", " WHEN a THEN b END"),
    "CAST": ("CAST(", "a", " AS INT)"),
    "TRIM": ("TRIM(", "a", ")"),
    "TRIM FROM": ("TRIM('x' FROM ", "a", ")"),
    "SUBSTRING": ("SUBSTRING(", "a", ", 1)"),
    "EXTRACT": ("EXTRACT(YEAR FROM ", "a", ")"),
    "DATE_ADD": ("DATE_ADD(day, 1, ", "a", ")"),
    "IN": ("a IN (", "a", ")"),
    "path": ("a[", "0", "]"),
    "subquery": ("(SELECT ", "a", " FROM x)"),
    "bare subquery": ("SELECT ", "a", " FROM x"),
    "struct": ("{'a': ", "1", "}"),
    "bag": ("<<", "1", ">>"),
    "VALUES": ("VALUES (", "1", ")"),
    "BETWEEN": ("(a BETWEEN ", "a", " AND b)"),
    "LIKE": ("(a LIKE ", "a", ")"),
    "source": ("SELECT a FROM (", "S3Object", ")"),
}


@pytest.mark.parametrize("kind", NESTINGS)
@pytest.mark.parametrize("depth", [MAX_EXPRESSION_DEPTH + 1, 2000])
def test_deep_nesting_is_an_error(kind: str, depth: int) -> None:
    opening, middle, closing = NESTINGS[kind]
    error = refused(f"SELECT {opening * depth}{middle}{closing * depth} FROM S3Object")
    assert error.code == "MaxOperatorsExceeded"
    assert error.position is not None


@pytest.mark.parametrize("kind", NESTINGS)
@pytest.mark.parametrize("depth", [20, 49, MAX_EXPRESSION_DEPTH - 2])
def test_nesting_up_to_the_limit_does_not_overflow(kind: str, depth: int) -> None:
    opening, middle, closing = NESTINGS[kind]
    sql = f"SELECT {opening * depth}{middle}{closing * depth} FROM S3Object"
    try:
        tree = parse(sql)
    except S3SelectError as error:
        # aggregates, unknown functions and subqueries are refused
        assert depth > 20 or error.code != "MaxOperatorsExceeded"  # noqa: PT017
        return
    assert parse(print_sql(tree)) == tree


STEPS = [" + a", " - a", " * a", " || a", " = a", " < a", " LIKE a", " IN a", " IN (a)", " NOT IN (a)"]


@pytest.mark.parametrize("step", [*STEPS, " IS NULL", " IS NOT NULL", " BETWEEN a AND a"])
def test_operators_in_a_row(step: str) -> None:
    tree = parse(f"SELECT a{step * 2_000} FROM S3Object")
    assert parse(print_sql(tree)) == tree


#: Operators that lean to the left, by rank.
RANKS = [
    [" = a", " <> 1", " IN a", " IN (a)", " NOT IN (a)", " IS NULL", " IS NOT MISSING"],
    [" < a", " >= 1", " LIKE a", " NOT LIKE a ESCAPE a", " BETWEEN a AND 1", " NOT BETWEEN a AND a"],
    [" + a", " - 1", " || a"],
    [" * a", " / 1", " % a"],
]


@given(st.sampled_from(RANKS).flatmap(lambda rank: st.lists(st.sampled_from(rank), max_size=12)))
def test_a_chain_is_that_of_its_beginning_in_parentheses(steps: list[str]) -> None:
    nested = "a"
    for step in steps:
        nested = f"({nested}){step}"
    tree = parse(f"SELECT a{''.join(steps)} FROM S3Object")
    assert tree == parse(f"SELECT {nested} FROM S3Object")
    assert print_sql(tree) == f"SELECT a{''.join(steps)} FROM S3Object"


def test_nesting_is_limited_behind_a_chain_too() -> None:
    chain = "a + " * 500
    assert parse(f"SELECT {chain}{'(' * 97}{chain}a{')' * 97} FROM S3Object") is not None
    for opening in ("(", "1 + (", "NOT (", "a = (", "LOWER("):
        assert refused(f"SELECT {chain}{opening * 101}a FROM S3Object").code == "MaxOperatorsExceeded"


PIECES = [
    *"SELECT FROM WHERE LIMIT S3Object s a * , . ( ) [ ] 'x' \"y\" 1 1.5 `1` `x AND OR NOT = < +".split(),
    *"- || IN IS NULL LIKE ESCAPE BETWEEN CASE WHEN THEN ELSE END CAST AS INT COUNT SUM LOWER TRIM".split(),
    *"SUBSTRING FOR EXTRACT YEAR DATE_ADD GROUP BY JOIN ON UNION VALUES AT UNPIVOT DISTINCT VALUE".split(),
    *("'", '"', "é", "#", "^", "--", "/*", "*/", "\n", "\v", ";", "@", "{", "}", ":", "<<", ">>"),
]


@settings(max_examples=400, derandomize=True)
@given(
    st.one_of(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join), st.text(max_size=40)),
    st.booleans(),
)
def test_any_text_parses_or_has_a_code_and_a_place(text: str, queried: bool) -> None:
    sql = f"SELECT a FROM S3Object WHERE {text}" if queried else text
    try:
        tree = parse(sql)
    except S3SelectError as error:
        assert error.code in DEFAULT_MESSAGES  # noqa: PT017
        if error.code != "MissingRequiredParameter":
            assert re.search(r"at line \d+, column \d+\.", error.message)  # noqa: PT017
            assert error.position is not None  # noqa: PT017
        return
    assert parse(print_sql(tree)) == tree
