from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.server.objects.tokens import read_token, token_of, whole_number


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_token_tells_the_name_it_was_made_of(name: str) -> None:
    token = token_of(name)
    assert read_token(token) == name
    assert token.isascii()
    assert not set(token) & set("+/= ")


@given(st.text(max_size=30))
def test_other_text_is_no_token(text: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        read_token(text)
    assert caught.value.code == "InvalidArgument"


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "A", lambda t: t + "=", lambda t: "A" + t]
)
def test_a_changed_token_is_refused(change: object) -> None:
    assert callable(change)
    with pytest.raises(S3SelectError, match="continuation token provided is incorrect"):
        read_token(change(token_of("some/key")))


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("7", 7), ("0012", 12), ("1000", 1000), ("2147483647", 1000), (None, None)]
)
def test_whole_numbers(text: str | None, number: int | None) -> None:
    parameters = {} if text is None else {"max-keys": text}
    assert whole_number(parameters, "max-keys", 0, 1000) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "x", "٣", "2147483648", "9" * 5000, " 1"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        whole_number({"max-keys": text}, "max-keys", 0, 1000)
    assert caught.value.code == "InvalidArgument"
    assert "max-keys must be an integer between 0 and 2147483647" in caught.value.message
    assert len(caught.value.message) < 150


def test_the_least_counts() -> None:
    with pytest.raises(S3SelectError, match="between 1 and"):
        whole_number({"max-uploads": "0"}, "max-uploads", 1, 1000)
