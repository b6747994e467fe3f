"""The one exception, its table of codes and positions."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterator

import pytest

from s3sql.errors import DEFAULT_MESSAGES, STATUSES, Position, S3SelectError
from s3sql.eventstream.writer import Chunk, events, frames
from s3sql.server.error_document import error_reply
from tests.answers import ask


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


def test_a_hint_is_no_part_of_the_message() -> None:
    error = S3SelectError("InvalidColumnIndex", "found", hint="write s._1")
    assert (error.message, str(error), error.hint) == ("found", "InvalidColumnIndex: found", "write s._1")
    assert S3SelectError("InvalidColumnIndex").hint is None


def test_python_shows_a_hint_below_the_traceback() -> None:
    error = S3SelectError("InvalidColumnIndex", "found", hint="write s._1")
    assert traceback.format_exception_only(error)[-1] == "hint: write s._1\n"


def test_a_hint_can_be_replaced() -> None:
    error = S3SelectError("InvalidColumnIndex", hint="first")
    error.hint = "second"
    assert error.hint == "second"
    assert error.__notes__ == ["hint: second"]


def test_a_suggestion_does_not_replace_a_hint() -> None:
    error = S3SelectError("InvalidColumnIndex").suggest(None).suggest("first").suggest("second")
    assert error.hint == "first"
    assert error.__notes__ == ["hint: first"]


def test_a_hint_survives_pickling() -> None:
    again = pickle.loads(pickle.dumps(S3SelectError("InvalidColumnIndex", "found", hint="write s._1")))
    assert (again.hint, again.__notes__) == ("write s._1", ["hint: write s._1"])


def test_no_client_is_sent_a_hint() -> None:
    error = S3SelectError("InvalidColumnIndex", "found", hint="write s._1")
    (frame,) = frames(failing(error))
    assert b"found" in frame
    assert b"write" not in frame
    document = error_reply(error, None, "id", "host").body
    assert isinstance(document, bytes)
    assert b"found" in document
    assert b"write" not in document


def test_boto3_has_no_hint() -> None:
    answer = ask(b"name\nAda\n", "SELECT s.name FROM S3Object s", {"CSV": {}}, {"CSV": {}})
    assert answer.message == (
        "The column index at line 1, column 10 is invalid. "
        "Please check the service documentation and try again."
    )


def test_events_raise_the_error_that_failed_with_its_place_and_hint() -> None:
    error = S3SelectError("CastFailed", "found", position=Position(1, 8), hint="write s._1")
    with pytest.raises(S3SelectError) as raised:
        list(events(failing(error)))
    assert raised.value is error


def failing(error: S3SelectError) -> Iterator[Chunk | None]:
    """The output of a query that fails behind a heartbeat."""
    yield None
    raise error


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
    assert position.offset(text) == offset
