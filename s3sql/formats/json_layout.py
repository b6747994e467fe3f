"""The layout of JSON records, learnt from some of them: what stands between their scalars.

In: parsed records, one at a time.  Out: a :class:`Layout` that fits all of them and every record made like
them, for :mod:`s3sql.kernels.json_layout`, which says what a link is.

A link is known by where the scalar before it stands: the names and the list positions from the root to it.
These say which containers are open there, so what may follow does not depend on anything else, and a link of
one record may follow any link of another. Positions count up to the last one that the query names; further
elements of a list are alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from s3sql.buffers import PADDING, Bytes
from s3sql.formats.json_block import JsonBlock
from s3sql.kernels import json_layout as kernels
from s3sql.kernels import json_tape
from s3sql.payloads import Int32s, Int64s
from s3sql.plan.expr import Index, Name, Step
from s3sql.types import Kind

#: Where a value stands: names and positions from the root to it. Empty: before the record.
Place: TypeAlias = tuple[bytes | int, ...]

#: Where a link begins: behind the scalar at a place, which is a string or not, and so much of a longer link.
_Origin: TypeAlias = tuple[Place, bool, bytes]

#: Links that may follow one scalar, and links in all: more are not made out quickly.
_MOST_CHOICES = 12
_MOST_LINKS = 2000

#: Values of a record that is learnt from.
_MOST_VALUES = 1000

#: List positions that are told apart, and paths.
_MOST_POSITIONS = 16
_MOST_SLOTS = 24

_BLANKS = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Layout:
    """The arrays that :func:`s3sql.kernels.json_layout.follow_layout` wants.

    ``slots``: how many slots it fills, all of them or those of the paths alone.
    """

    slots: int
    links: Int64s
    notes: Int32s
    texts: Bytes
    first_link: int


@dataclass(frozen=True, slots=True)
class _Link:
    text: bytes
    target: int
    in_quotes: bool
    following: _Origin | None
    notes: tuple[tuple[int, int, int], ...]
    loose: bool


@dataclass(slots=True)
class _Container:
    """A list or struct on the way to a value; ``behind``: the number of the value behind it on the tape."""

    place: Place
    is_list: bool
    behind: int
    end: int
    slot: int
    count: int = 0


class Slots:
    """Which values a query asks for, by number.

    Those at its paths, and at each beginning of one that ends with a name, since a record that has that name
    twice has to be known. The record's own slot comes first, then those of the paths: ``numbers``. ``asked``:
    how many these are, ``count``: all of them. ``positions``: how many list positions are told apart. Not
    ``possible`` if there are too many.
    """

    def __init__(self, paths: Iterable[tuple[Step, ...]]) -> None:
        asked = [steps for steps in paths if steps and all(isinstance(step, Name | Index) for step in steps)]
        beginnings = [
            steps[:length]
            for steps in asked
            for length in range(1, len(steps))
            if isinstance(steps[length - 1], Name)
        ]
        self.numbers = {steps: number for number, steps in enumerate(dict.fromkeys(asked), 1)}
        self.asked = len(self.numbers) + 1
        self._all = {steps: number for number, steps in enumerate(dict.fromkeys([*asked, *beginnings]), 1)}
        self.count = len(self._all) + 1
        self.positions = max(
            (step.number + 1 for steps in asked for step in steps if isinstance(step, Index)), default=0
        )
        self.possible = self.positions <= _MOST_POSITIONS and self.count <= _MOST_SLOTS + 1

    def of(self, place: Place) -> int | None:
        """The slot of the values at *place*, UNNAMED without one; None if there are several."""
        found = [number for steps, number in self._all.items() if _matches(steps, place)]
        if len(found) > 1:
            return None
        return found[0] if found else kernels.UNNAMED


def _matches(steps: tuple[Step, ...], place: Place) -> bool:
    return len(steps) == len(place) and all(map(_is_step, steps, place))


def _is_step(step: Step, at: bytes | int) -> bool:
    if isinstance(step, Index):
        return step.number == at
    if not isinstance(step, Name) or not isinstance(at, bytes):
        return False
    name = step.name.encode("utf-8", "surrogatepass")
    return name == at if step.exact else name.lower() == at.lower()


class LayoutLearner:
    """What has been learnt so far."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._links: dict[_Origin, dict[bytes, _Link]] = {}
        self._known: dict[Place, int | None] = {}

    def learn(self, block: JsonBlock) -> bool:
        """Add the links of the first root value of *block*; False if it is not to be learnt from."""
        first = int(block.roots[0])
        count = int(block.tape[first * json_tape.WIDTH + json_tape.NEXT]) - first
        rows = block.tape[first * json_tape.WIDTH :][: count * json_tape.WIDTH]
        if count > _MOST_VALUES or int(block.tape[first * json_tape.WIDTH]) & 255 < Kind.LIST:
            return False
        values = rows.reshape(-1, json_tape.WIDTH).tolist()
        base = values[0][json_tape.START]
        text = block.buffer[base : values[0][json_tape.END]].tobytes()
        origin: _Origin = ((), False, b"")
        begin = 0
        notes: list[tuple[int, int, int]] = []
        open_ones: list[_Container] = []
        for number, (head, start, end, behind, name_start, name_end) in enumerate(values):
            _close(open_ones, first + number, notes)
            if head & json_tape.ESCAPED_NAME:
                return False
            place: Place = ()
            if open_ones:
                parent = open_ones[-1]
                if parent.is_list:
                    place = (*parent.place, min(parent.count, self._slots.positions))
                    parent.count += 1
                else:
                    place = (*parent.place, text[name_start - base : name_end - base])
            slot = self._slot(place)
            if slot is None:
                return False
            kind = head & 255
            if kind >= Kind.LIST:
                if slot >= 0:
                    notes.append((start - base, slot, kind))
                open_ones.append(_Container(place, kind == Kind.LIST, behind, end - base, slot))
                continue
            # Both quotes of a string belong to the links.
            following = (place, kind == Kind.STRING, b"")
            if not self._add(origin, text[begin : start - base], begin, notes, slot, following):
                return False
            origin = following
            begin = end - base
            notes = []
        _close(open_ones, first + count, notes)
        return self._add(origin, text[begin:], begin, notes, kernels.RECORD_END, None)

    def _slot(self, place: Place) -> int | None:
        if place not in self._known:
            self._known[place] = self._slots.of(place)
        return self._known[place]

    def _add(
        self,
        origin: _Origin,
        text: bytes,
        begin: int,
        notes: list[tuple[int, int, int]],
        target: int,
        following: _Origin | None,
    ) -> bool:
        """Add a link, in pieces if it is long; *notes* count from where *begin* does."""
        place, behind_string, _ = origin
        outside = text.split(b'"')[int(behind_string) :: 2]
        loose = any(byte in _BLANKS for part in outside for byte in part)
        in_quotes = following is not None and following[1]
        done = 0
        while True:
            piece = text[done : done + kernels.TEXT_WIDTH]
            last = done + len(piece) == len(text)
            own = tuple(
                (at - begin - done, slot, kind)
                for at, slot, kind in notes
                if 0 <= at - begin - done < len(piece) or (last and at - begin - done == len(piece))
            )
            choices = self._links.setdefault((place, behind_string, text[:done]), {})
            if piece not in choices:
                if last:
                    choices[piece] = _Link(piece, target, in_quotes, following, own, loose)
                else:
                    onward = (place, behind_string, text[: done + len(piece)])
                    choices[piece] = _Link(piece, kernels.ANOTHER_LINK, False, onward, own, loose)
                if len(choices) > _MOST_CHOICES:
                    return False
            if last:
                return sum(map(len, self._links.values())) <= _MOST_LINKS
            done += len(piece)

    def _repeated(self) -> set[int]:
        """The slots of which one record may have several values, whatever follows what."""
        repeated: set[int] = set()
        # Behind which links of a record each place may come: the slots of their values.
        before: dict[_Origin, set[int]] = {((), False, b""): set()}
        pending = list(before)
        while pending:
            origin = pending.pop()
            for link in self._links[origin].values():
                had = set(before[origin])
                for slot in _slots_of(link):
                    if slot in had:
                        repeated.add(slot)
                    had.add(slot)
                following = link.following
                if following is None or (following in before and had <= before[following]):
                    continue
                before[following] = before.get(following, set()) | had
                pending.append(following)
        return repeated

    def layout(self) -> Layout:
        """All links as arrays."""
        numbers: dict[_Origin, int] = {}
        ordered: list[tuple[_Link, bool]] = []
        for origin, choices in self._links.items():
            numbers[origin] = len(ordered)
            # One that begins with another comes before it.
            links = sorted(choices.values(), key=lambda link: len(link.text), reverse=True)
            ordered += [(link, link is not links[-1]) for link in links]
        # That of a beginning is needed only where that may come twice.
        slots = self._slots.asked
        if any(slot >= slots for slot in self._repeated()):
            slots = self._slots.count
        words: list[int] = []
        notes: list[tuple[int, int, int]] = []
        for link, has_other in ordered:
            target = link.target if link.target < slots else kernels.UNNAMED
            own = [note for note in link.notes if note[1] < slots]
            following = 0 if link.following is None else numbers[link.following]
            words.append(
                len(link.text) << kernels.LENGTH
                | (target - kernels.RECORD_END) << kernels.TARGET
                | following << kernels.NEXT
                | link.in_quotes << kernels.IN_QUOTES
                | has_other << kernels.OTHER
                | link.loose << kernels.LOOSE
                | len(own) << kernels.NOTES
                | len(notes) << kernels.FIRST_NOTE
            )
            notes += own
        texts = b"".join(link.text.ljust(kernels.TEXT_WIDTH, b"\0") for link, _ in ordered) + bytes(PADDING)
        return Layout(
            slots,
            np.array(words, np.int64),
            np.array(notes, np.int32).reshape(-1),
            np.frombuffer(texts, np.uint8),
            numbers[(), False, b""],
        )


def _slots_of(link: _Link) -> list[int]:
    """The slots of the values that begin in a link or behind it."""
    begun = [slot for _, slot, kind in link.notes if kind]
    return [*begun, link.target] if link.target >= 0 else begun


def _close(open_ones: list[_Container], number: int, notes: list[tuple[int, int, int]]) -> None:
    """Take from *open_ones* the containers that end before value *number*."""
    while open_ones and open_ones[-1].behind == number:
        closed = open_ones.pop()
        if closed.slot >= 0:
            notes.append((closed.end, closed.slot, 0))
