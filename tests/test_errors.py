"""The one exception, its table of codes and positions."""

from __future__ import annotations

import pickle

import pytest

from s3sql.errors import DEFAULT_MESSAGES, STATUSES, Position, S3SelectError


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("NoSuchKey", 404),
        ("AccessDenied", 403),
        ("PreconditionFailed", 412),
        ("Busy", 503),
        ("UnauthorizedAccess", 401),
        ("InternalError", 500),
        ("ParseUnexpectedToken", 400),
    ],
)
def test_status_comes_from_the_code(code: str, status: int) -> None:
    assert S3SelectError(code).status == status


def test_message_defaults_to_the_table() -> None:
    message = S3SelectError("ExternalEvalException").message
    assert message == "The query cannot be evaluated. Please check the query and file and try again."


def test_message_and_status_can_be_given() -> None:
    error = S3SelectError("InternalError", "a disk failed", status=503)
    assert (error.message, error.status, str(error)) == ("a disk failed", 503, "InternalError: a disk failed")


def test_every_status_belongs_to_a_code_with_a_message() -> None:
    assert set(STATUSES) <= set(DEFAULT_MESSAGES)
    assert 400 not in STATUSES.values()


def test_every_message_is_a_sentence_of_its_own() -> None:
    for code, message in DEFAULT_MESSAGES.items():
        assert message, code
        assert message == message.strip(), code
        assert "  " not in message, code


def test_error_survives_pickling() -> None:
    error = S3SelectError("LexerInvalidChar", "found", position=Position(2, 3))
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.message, again.status, again.position) == (
        "LexerInvalidChar",
        "found",
        400,
        Position(2, 3),
    )


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("abc", 0, (1, 1)),
        ("abc", 2, (1, 3)),
        ("a\nbc", 2, (2, 1)),
        ("a\nbc", 1, (1, 2)),
        ("a\n\nb", 3, (3, 1)),
    ],
)
def test_position_of_an_offset(text: str, offset: int, place: tuple[int, int]) -> None:
    position = Position.at(text, offset)
    assert (position.line, position.column) == place
    assert str(position) == f"line {place[0]}, column {place[1]}"
