"""Tokens: kinds, texts, places."""

from __future__ import annotations

import pytest

from s3sql.errors import Position, S3SelectError
from s3sql.sql.keywords import RESERVED
from s3sql.sql.lexer import Text, tokenize


def kinds(sql: str) -> list[tuple[str, str]]:
    return [(token.type, token.text) for token in tokenize(sql)]


def test_each_kind_of_token() -> None:
    assert kinds("select a_$1, \"B \"\"c\", 'it''s', 1.5, `2010T`, TRUE year LEADING * (") == [
        ("KEYWORD", "select"),
        ("IDENTIFIER", "a_$1"),
        ("COMMA", ","),
        ("QUOTED_IDENTIFIER", 'B "c'),
        ("COMMA", ","),
        ("LITERAL", "it's"),
        ("COMMA", ","),
        ("LITERAL", "1.5"),
        ("COMMA", ","),
        ("ION_LITERAL", "`2010T`"),
        ("COMMA", ","),
        ("LITERAL", "TRUE"),
        ("DATE_PART", "year"),
        ("TRIM_SPECIFICATION", "LEADING"),
        ("STAR", "*"),
        ("LEFT_PAREN", "("),
        ("EOF", "EOF"),
    ]


@pytest.mark.parametrize("number", ["0", "007", "1.5", ".5", "5.", "1e3", "1E+3", "1.5e-10", "9" * 30])
def test_number_keeps_its_spelling(number: str) -> None:
    assert kinds(number)[0] == ("LITERAL", number)


@pytest.mark.parametrize(
    ("sql", "texts"),
    [
        ("a<=b<>c!=d||e", ["a", "<=", "b", "<>", "c", "!=", "d", "||", "e"]),
        ("s.5", ["s", ".5"]),
        ("1.2.3", ["1.2", ".3"]),
        ("a.b[1].c", ["a", ".", "b", "[", "1", "]", ".", "c"]),
        ("a--b\nc", ["a", "c"]),
        ("a/* b\n * */c/**/d", ["a", "c", "d"]),
        ("a\t\v\f\r\nb", ["a", "b"]),
        ("a-- b", ["a"]),
        ("-- b", []),
    ],
)
def test_splits(sql: str, texts: list[str]) -> None:
    assert [token.text for token in tokenize(sql)[:-1]] == texts


@pytest.mark.parametrize("word", sorted(RESERVED - {"END-EXEC"}))
def test_reserved_word_in_any_case(word: str) -> None:
    for text in (word, word.lower(), word.capitalize()):
        token = tokenize(text)[0]
        assert token.key == word
        assert token.type not in ("IDENTIFIER", "QUOTED_IDENTIFIER")
    assert tokenize(word + "_")[0].type == "IDENTIFIER"


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\u3000", "\ufeff", "\x1c", "\x85", "\u200b"])
def test_other_blanks_are_no_blanks(blank: str) -> None:
    with pytest.raises(S3SelectError) as raised:
        tokenize(f"SELECT{blank}a")
    assert raised.value.code == "LexerInvalidChar"
    assert raised.value.position == Position(1, 7)


@pytest.mark.parametrize("digit", ["٣", "²", "1٣"])
def test_only_ascii_digits_make_a_number(digit: str) -> None:
    with pytest.raises(S3SelectError) as raised:
        tokenize(digit)
    assert raised.value.code == "LexerInvalidChar"


def test_non_ascii_between_quotes() -> None:
    assert kinds("'é' \"日本\"")[:2] == [("LITERAL", "é"), ("QUOTED_IDENTIFIER", "日本")]


def test_end_stands_behind_the_last_token() -> None:
    assert tokenize("SELECT a  \n -- c\n")[-1].start == len("SELECT a")


def test_places_of_many_lines() -> None:
    text = Text("ab\ncd\n\ne")
    assert [text.line_and_column(offset) for offset in range(8)] == [
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 1),
        (2, 2),
        (2, 3),
        (3, 1),
        (4, 1),
    ]
