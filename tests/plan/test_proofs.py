from __future__ import annotations

import pytest

from s3sql.plan.expr import CsvField, Expr, Literal, RowPath
from s3sql.plan.operators import Call
from s3sql.plan.proofs import is_sound_pattern, never_fails
from s3sql.types import Kind

ANYTHING = RowPath(())
TEXT = CsvField(0)
NUMBER = Literal(Kind.INT, 1)
TIMESTAMP = Call("TO_TIMESTAMP", (TEXT,))
PART = Literal(Kind.STRING, "YEAR")


def text(value: str) -> Literal:
    return Literal(Kind.STRING, value)


@pytest.mark.parametrize(
    ("pattern", "escape", "sound"),
    [
        (text("a%_"), None, True),
        (text("a\\%"), text("\\"), True),
        (text("a\\"), text("\\"), False),
        (text("a"), text("ab"), False),
        (text("a"), NUMBER, False),
        (NUMBER, None, False),
        (TEXT, None, False),
        (text("a"), TEXT, False),
    ],
)
def test_only_constants_that_like_accepts_are_sound(pattern: Expr, escape: Expr | None, sound: bool) -> None:
    assert is_sound_pattern(pattern, escape) == sound


@pytest.mark.parametrize(
    ("function", "arguments", "proved"),
    [
        ("COALESCE", (ANYTHING, NUMBER), True),
        ("UTCNOW", (), True),
        ("LOWER", (TEXT,), True),
        ("LOWER", (ANYTHING,), False),
        ("LOWER", (NUMBER,), False),
        ("EXTRACT", (PART, TIMESTAMP), True),
        ("EXTRACT", (PART, TEXT), False),
        ("DATE_ADD", (PART, NUMBER, TIMESTAMP), False),
        ("SUBSTRING", (TEXT, NUMBER), False),
    ],
)
def test_a_function_never_fails_if_it_takes_all_that_comes(
    function: str, arguments: tuple[Expr, ...], proved: bool
) -> None:
    assert never_fails(function, arguments) == proved
