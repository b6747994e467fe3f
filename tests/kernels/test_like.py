"""The search kernels of LIKE against ``bytes``, at every place and alignment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PADDING
from s3sql.kernels import like as kernels
from s3sql.kernels import like_rows
from s3sql.kernels.compare import equals_literal
from s3sql.payloads import Text


def padded(needle: bytes) -> np.ndarray:
    return np.frombuffer(needle + b"a" * PADDING, np.uint8)


def run(kernel, strings: list[bytes], needle: bytes) -> list[bool]:
    text = Text.of(strings)
    out = np.empty(len(strings), np.uint8 if kernel is kernels.containing else np.bool_)
    kernel(text.buffer, text.starts, text.ends, padded(needle), len(needle), out)
    return out.tolist()


def equal_to(buffer, starts, ends, needle, length, out) -> None:
    equals_literal(buffer, starts, ends, needle, 0, length, out)


@pytest.mark.parametrize("length", [1, 2, 7, 8, 9, 15, 16, 17, 40])
def test_containing_finds_a_needle_at_every_place(length: int) -> None:
    needle = (b"xy" * 40)[:length]
    strings = [b"-" * place + needle + b"-" * behind for place in range(140) for behind in (0, 1, 63)]
    assert all(run(kernels.containing, strings, needle))
    damaged = needle[:-1] + b"?"
    assert not any(run(kernels.containing, [s.replace(needle, damaged) for s in strings], needle))
    assert not any(run(kernels.containing, [s[: s.find(needle) + length - 1] for s in strings], needle))


@given(st.lists(st.text(alphabet="ab", max_size=80)), st.text(alphabet="ab", min_size=1, max_size=12))
def test_the_simple_shapes(texts: list[str], word: str) -> None:
    strings, needle = [text.encode() for text in texts], word.encode()
    strings += [needle, needle * 2]
    assert run(kernels.containing, strings, needle) == [needle in s for s in strings]
    assert run(equal_to, strings, needle) == [needle == s for s in strings]
    assert run(kernels.starting_with, strings, needle) == [s.startswith(needle) for s in strings]
    assert run(kernels.ending_with, strings, needle) == [s.endswith(needle) for s in strings]


def test_an_empty_needle() -> None:
    strings = [b"", b"a"]
    assert run(equal_to, strings, b"") == [True, False]
    assert run(kernels.starting_with, strings, b"") == [True, True]
    assert run(kernels.ending_with, strings, b"") == [True, True]


@pytest.mark.parametrize(
    ("pattern", "escape", "valid"),
    [
        ("a\\%", "\\", True),
        ("\\\\", "\\", True),
        ("\\_a", "\\", True),
        ("a\\", "\\", False),
        ("\\a", "\\", False),
        ("€%€_€€", "€", True),
        ("€é", "€", False),
        ("%%", "%", True),
        ("%", "%", False),
        ("anything%", "", True),
    ],
)
def test_escapes_valid(pattern: str, escape: str, valid: bool) -> None:
    patterns, escapes = Text.of([pattern]), Text.of([escape])
    out = np.empty(1, np.bool_)
    like_rows.escapes_valid(
        patterns.buffer, patterns.starts, patterns.ends, escapes.buffer, escapes.starts, escapes.ends, out
    )
    assert out[0] == valid
