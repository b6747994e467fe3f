"""LIKE: patterns compiled once, matched by the kernel of their shape.

In: text, a pattern and perhaps an escape character.  Out: BOOL, NULL where an operand is unknown.

    'abc'      Exact      the bytes themselves
    'abc%'     Prefix
    '%abc'     Suffix
    '%abc%'    Contains   search for the first and the last byte, 64 places at a time
    the rest   Segments   what stands between the percent signs, first and last anchored

A pattern that differs from row to row is matched without compiling it. Rows for which that would take too
long are decided by :mod:`s3sql.functions.like_places`. The match is of the whole string,
case-sensitive; ``_`` is one code point; there is no escape character unless ESCAPE names one.

Rules: AWS S3 User Guide, Operators; PartiQL v0.1 for the escapes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PADDING, Bytes
from s3sql.errors import S3SelectError
from s3sql.functions import like_places
from s3sql.functions.like_places import PlacePattern, Segment
from s3sql.functions.registry import Fail
from s3sql.kernels import like as kernels
from s3sql.kernels import like_rows
from s3sql.kernels.compare import equals_literal
from s3sql.kernels.text import character_counts
from s3sql.payloads import Mask, Rows, Text
from s3sql.types import Column, Kind


class Pattern(ABC):
    """A compiled pattern."""

    __slots__ = ()

    @abstractmethod
    def matches(self, text: Text) -> Mask:
        """Which of the strings match as a whole."""


@dataclass(frozen=True, slots=True)
class Exact(Pattern):
    """A pattern without wildcards."""

    literal: bytes

    def matches(self, text: Text) -> Mask:
        """Which of the strings are the literal."""
        out = np.empty(len(text), np.bool_)
        literal = _padded(self.literal)
        equals_literal(text.buffer, text.starts, text.ends, literal, 0, len(self.literal), out)
        return out


@dataclass(frozen=True, slots=True)
class _Anchored(Pattern):
    """A literal and where in a string it is to stand, which the subclass's kernel knows."""

    literal: bytes

    kernel: ClassVar[Callable[..., None]]

    def matches(self, text: Text) -> Mask:
        """In which of the strings the literal stands at its place."""
        out = np.empty(len(text), np.bool_)
        literal = _padded(self.literal)
        type(self).kernel(text.buffer, text.starts, text.ends, literal, len(self.literal), out)
        return out


class Prefix(_Anchored):
    """``abc%``; the literal may be empty."""

    __slots__ = ()
    kernel = kernels.starting_with


class Suffix(_Anchored):
    """``%abc``."""

    __slots__ = ()
    kernel = kernels.ending_with


@dataclass(frozen=True, slots=True)
class Contains(Pattern):
    """``%abc%``; the literal is not empty."""

    literal: bytes

    def matches(self, text: Text) -> Mask:
        """In which of the strings the literal stands."""
        out = np.empty(len(text), np.uint8)
        literal, length = _padded(self.literal), len(self.literal)
        if kernels.containing(text.buffer, text.starts, text.ends, literal, length, out):
            middle = [character.encode() for character in self.literal.decode()]
            like_places.decide(text, [[], middle, []], out)
        return out.view(np.bool_)


@dataclass(frozen=True, slots=True)
class Segments(Pattern):
    """Any pattern: segments with a ``%`` between each two; None in a segment is ``_``.

    Only the first and the last segment may be empty.
    """

    segments: tuple[tuple[bytes | None, ...], ...]

    def matches(self, text: Text) -> Mask:
        """Which of the strings match."""
        literal, wild, bounds = bytearray(), list[bool](), [0]
        for segment in self.segments:
            for token in segment:
                literal += b"\0" if token is None else token
                wild += [True] if token is None else [False] * len(token)
            bounds.append(len(literal))
        out = np.empty(len(text), np.uint8)
        undecided = kernels.matching_segments(
            text.buffer,
            text.starts,
            text.ends,
            _padded(literal),
            np.array(wild, np.bool_),
            np.array(bounds, np.int32),
            np.array([None not in segment for segment in self.segments], np.bool_),
            out,
        )
        if undecided:
            like_places.decide(text, self.segments, out)
        return out.view(np.bool_)


@lru_cache(maxsize=256)
def compile_pattern(pattern: str, escape: str | None = None) -> Pattern:
    """The pattern in its fastest form.

    Raises:
        S3SelectError: EvaluatorLikePatternInvalidEscapeSequence, *escape* is not one character or stands in
            the pattern before anything but ``%``, ``_`` and itself.
    """
    return _simplest(_segments(pattern, escape))


def _segments(pattern: str, escape: str | None) -> list[list[bytes | None]]:
    """What stands between the percent signs; only the first and the last may be empty."""
    if escape is not None and len(escape) != 1:
        raise _wrong_escape(escape)
    segments: list[list[bytes | None]] = [[]]
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            escaped = next(characters, None)
            if escaped is None or escaped not in ("%", "_", escape):
                raise _wrong_sequence(pattern, escape)
            segments[-1].append(escaped.encode())
        elif character == "%":
            segments.append([])
        else:
            segments[-1].append(None if character == "_" else character.encode())
    middle = [segment for segment in segments[1:-1] if segment]
    return [segments[0], *middle, *segments[1:][-1:]]


def _simplest(segments: Sequence[Segment]) -> Pattern:
    literals = [b"".join(token for token in segment if token is not None) for segment in segments]
    if any(None in segment for segment in segments):
        return Segments(tuple(map(tuple, segments)))
    match literals:
        case [literal]:
            return Exact(literal)
        case [literal, b""]:
            return Prefix(literal)
        case [b"", literal]:
            return Suffix(literal)
        case [b"", literal, b""]:
            return Contains(literal)
    return Segments(tuple(map(tuple, segments)))


def like(values: Column, pattern: Column, escape: Column | None, fail: Fail) -> Column:
    """``values LIKE pattern [ESCAPE escape]``, all three of one length.

    Fails with LikeInvalidInputs where a known operand is not text, unless another one is unknown, and with
    EvaluatorLikePatternInvalidEscapeSequence as :func:`compile_pattern` does.
    """
    operands = [values, pattern] if escape is None else [values, pattern, escape]
    rows = np.flatnonzero(_eligible(operands, fail))
    matched = np.empty(0, np.bool_)
    if len(rows):
        texts = [
            operand.text() if len(rows) == len(values) else operand.text().take(rows) for operand in operands
        ]
        if all(_is_constant(text) for text in texts[1:]):
            constants = [_string(text, 0) for text in texts[1:]]
            try:
                matched = compile_pattern(*constants).matches(texts[0])
            except S3SelectError as error:
                fail(_at(rows, len(values)), error)
                rows = rows[:0]
        else:
            rows, matched = _match_each(texts, rows, len(values), fail)
    out = np.zeros(len(values), np.bool_)
    out[rows] = matched
    if len(rows) == len(values):
        return Column.of(Kind.BOOL, out)
    tags = np.full(len(values), Kind.NULL, np.uint8)
    tags[rows] = Kind.BOOL
    return Column.tagged(tags, {Kind.BOOL: out})


def _eligible(operands: Sequence[Column], fail: Fail) -> Mask:
    """The rows in which every operand is text."""
    if all(operand.kind == Kind.STRING for operand in operands):
        return np.ones(len(operands[0]), np.bool_)
    known: Mask = np.logical_and.reduce([operand.known() for operand in operands])
    texts: Mask = np.logical_and.reduce([operand.mask(Kind.STRING) for operand in operands])
    wrong = known & ~texts
    if wrong.any():
        row = int(wrong.argmax())
        found = [Kind(int(operand.tag_array()[row])).name for operand in operands]
        message = f"LIKE compares text only, found {', '.join(found)}."
        fail(wrong, S3SelectError("LikeInvalidInputs", message, hint="write CAST(s.x AS STRING) LIKE …"))
    return texts


def _is_constant(text: Text) -> bool:
    """Whether all strings, at least one, are the same slice."""
    return bool((text.starts == text.starts[0]).all() and (text.ends == text.ends[0]).all())


def _match_each(texts: Sequence[Text], rows: Rows, length: int, fail: Fail) -> tuple[Rows, NDArray[np.bool_]]:
    """Match every row with its own pattern: the rows that did not fail, and whether they matched."""
    values, patterns = texts[0], texts[1]
    escapes = texts[2] if len(texts) == 3 else Text.constant("", len(rows))
    valid = np.ones(len(rows), np.bool_)
    if len(texts) == 3:
        counts = np.empty(len(rows), np.int64)
        character_counts(escapes.buffer, escapes.starts, escapes.ends, counts)
        if (counts != 1).any():
            row = int((counts != 1).argmax())
            fail(_at(rows[counts != 1], length), _wrong_escape(_string(escapes, row)))
            valid &= counts == 1
        sound = np.empty(len(rows), np.bool_)
        like_rows.escapes_valid(
            patterns.buffer,
            patterns.starts,
            patterns.ends,
            escapes.buffer,
            escapes.starts,
            escapes.ends,
            sound,
        )
        wrong = valid & ~sound
        if wrong.any():
            row = int(wrong.argmax())
            fail(_at(rows[wrong], length), _wrong_sequence(_string(patterns, row), _string(escapes, row)))
            valid &= sound
    kept = np.flatnonzero(valid)
    values, patterns, escapes = values.take(kept), patterns.take(kept), escapes.take(kept)
    out = np.empty(len(kept), np.uint8)
    undecided = like_rows.matching_rows(
        values.buffer,
        values.starts,
        values.ends,
        patterns.buffer,
        patterns.starts,
        patterns.ends,
        escapes.buffer,
        escapes.starts,
        escapes.ends,
        out,
    )
    for row in np.flatnonzero(out == kernels.UNDECIDED).tolist() if undecided else ():
        segments = _segments(_string(patterns, row), _string(escapes, row) or None)
        out[row] = PlacePattern.of(segments).matches(
            values.buffer, int(values.starts[row]), int(values.ends[row])
        )
    return rows[kept], out.view(np.bool_)


def _string(text: Text, row: int) -> str:
    return bytes(text.buffer[text.starts[row] : text.ends[row]]).decode()


def _at(rows: Rows, length: int) -> Mask:
    mask = np.zeros(length, np.bool_)
    mask[rows] = True
    return mask


def _padded(literal: bytes | bytearray) -> Bytes:
    return np.frombuffer(bytes(literal) + bytes(PADDING), np.uint8)


def _wrong_escape(escape: str) -> S3SelectError:
    return S3SelectError(
        "EvaluatorLikePatternInvalidEscapeSequence",
        f"ESCAPE must be exactly one character, found '{escape}'.",
    )


def _wrong_sequence(pattern: str, escape: str) -> S3SelectError:
    return S3SelectError(
        "EvaluatorLikePatternInvalidEscapeSequence",
        f"In the pattern '{pattern}' the escape character '{escape}' must stand before %, _ or itself.",
    )
