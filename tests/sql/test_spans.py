"""Spans of unfinished text: they cover it, never fail, and agree with the lexer where that is content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.sql.lexer import tokenize
from s3sql.sql.spans import spans

PIECES = st.sampled_from(
    [
        "SELECT",
        "s",
        ".",
        "a1",
        "'",
        '"',
        "`",
        "--",
        "/*",
        "*/",
        "\n",
        " ",
        "1.5",
        "1e",
        "é",
        "^",
        ";",
        "(",
        "2010T",
        "\0",
    ]
)
TEXTS = st.lists(PIECES, max_size=20).map("".join) | st.text(max_size=30)


def kinds(text: str) -> list[tuple[str, str]]:
    return [(span.kind, span.text) for span in spans(text)]


def test_each_kind() -> None:
    assert kinds("""sel 1.5 'a''b' "c" `1` <= -- x""") == [
        ("word", "sel"),
        ("blank", " "),
        ("number", "1.5"),
        ("blank", " "),
        ("text", "'a''b'"),
        ("blank", " "),
        ("quoted", '"c"'),
        ("blank", " "),
        ("ion", "`1`"),
        ("blank", " "),
        ("symbol", "<="),
        ("blank", " "),
        ("comment", "-- x"),
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("'a b\nc", "open_text"),
        ('"a', "open_quoted"),
        ("`2010", "open_ion"),
        ("/* a */ * /*", "open_comment"),
        ("/* a", "open_comment"),
        ("`no such`", "wrong"),
        ("1abc.d", "wrong"),
        ("é1", "wrong"),
        ("^", "wrong"),
        ("\ud800", "wrong"),
    ],
)
def test_what_is_open_or_wrong(text: str, kind: str) -> None:
    found = spans(text)
    assert (found[-1].kind, found[-1].end) == (kind, len(text))


@given(TEXTS)
def test_spans_cover_the_text(text: str) -> None:
    found = spans(text)
    assert "".join(span.text for span in found) == text
    assert all(text[span.start : span.end] == span.text for span in found)


@given(TEXTS)
def test_spans_are_the_tokens_where_the_lexer_is_content(text: str) -> None:
    found = [span for span in spans(text) if span.kind not in ("blank", "comment")]
    try:
        tokens = tokenize(text)[:-1]
    except S3SelectError:
        assert any(span.kind == "wrong" or span.kind.startswith("open_") for span in found)
    else:
        assert [(span.start, span.end) for span in found] == [(token.start, token.end) for token in tokens]
