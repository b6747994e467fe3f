"""Bytes of a remote object asked for before they are read, in several requests at a time.

In: a way to open the bytes of an object between two offsets.  Out: the same bytes, as soon as they are there.

    plan       │ piece, read │ piece, here │ piece, coming │ piece, coming │ piece, not yet asked for
    connections                              thread A        thread B
    reader                      ▲

Each piece is one request and has a buffer of its own, so that however slowly the reader reads, no more is
held than was granted by the process's byte budget (:class:`s3sql.buffers.ByteBudget`); without a grant a
piece is not asked for. Nothing here is ever an error: a piece that cannot be had is left to the reader, who
asks for its bytes as if there were no reading ahead, and is told what is wrong then.
"""

from __future__ import annotations

import mmap
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from s3sql.buffers import MEMORY, ByteBudget

#: Bytes taken of a connection at a time.
_STEP_BYTES: Final = 1 << 20

#: Seconds that closing waits for threads whose requests have not been answered; they end by themselves then.
_PATIENCE_SECONDS: Final = 1.0


class Body(Protocol):
    """Some bytes of an object, in order."""

    def open(self) -> None:
        """Have the head of the answer. Blocks."""

    def read_into(self, buffer: memoryview) -> int:
        """Write one or more of the next bytes into *buffer*. Blocks."""

    def interrupt(self) -> None:
        """Let what blocks fail soon. Any thread may call it."""

    def close(self) -> None:
        """Close the connection, or give it back."""


#: Opens the bytes from one offset up to another, without asking for them yet.
OpenBody = Callable[[int, int], Body]


class _Piece:
    """The bytes from ``start`` up to ``end``; ``filled`` of them are in ``memory`` once it has some."""

    __slots__ = ("answered", "body", "busy", "end", "failed", "filled", "memory", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.memory: mmap.mmap | None = None
        self.filled = 0
        self.body: Body | None = None
        self.answered = False
        self.busy = False
        self.failed = False


class ReadAhead:
    """Pieces of one object that are asked for in their order. One thread reads; any may interrupt.

    ``failed``: whether a piece could not be had, after which no other is asked for.
    """

    def __init__(self, open_body: OpenBody, connections: int, budget: ByteBudget = MEMORY) -> None:
        """``connections``: most requests at a time."""
        self._open_body = open_body
        self._connections = connections
        self._budget = budget
        self._changed = threading.Condition()
        self._pieces: deque[_Piece] = deque()
        # Of the last piece that was dropped, so that the system need not clear memory again.
        self._idle: mmap.mmap | None = None
        self._held = 0
        self._threads: set[threading.Thread] = set()
        self._closed = False
        # The piece that the reader waits for: others coming on are no news to it.
        self._awaited: _Piece | None = None
        self.failed = False
        budget.share()

    def __del__(self) -> None:
        """Give the memory back of an object that was forgotten rather than closed."""
        if self._connections:
            self._connections = 0
            self._budget.leave()
            self._budget.give_spare(self._held)

    @property
    def end(self) -> int:
        """Where the last piece of the plan ends; 0 without any."""
        return self._pieces[-1].end if self._pieces else 0

    def plan(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Add pieces behind those of the plan, and ask for as many as may be."""
        with self._changed:
            self._pieces.extend(_Piece(start, end) for start, end in ranges)
        self._ask()

    def keep(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Make *ranges* the plan; pieces that are in it already stay."""
        with self._changed:
            known = {(piece.start, piece.end): piece for piece in self._pieces}
            wanted = [known.pop(bounds) if bounds in known else _Piece(*bounds) for bounds in ranges]
            for piece in known.values():
                self._drop(piece)
            self._pieces = deque(wanted)
        self._ask()

    def answered(self, offset: int) -> bool:
        """Whether the piece with the byte at *offset* is coming; waits until that is known."""
        with self._changed:
            piece = self._piece_with(offset)
            if piece is None:
                return False
            self._begin(piece)
            self._awaited = piece
            self._changed.wait_for(lambda: piece.answered or not self._is_coming(piece))
            self._awaited = None
            return piece.answered and not self._closed

    def has(self, offset: int) -> bool:
        """Whether the byte at *offset* is here already, so that reading does not wait for it."""
        with self._changed:
            piece = self._piece_with(offset)
            return piece is not None and piece.start + piece.filled > offset

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Copy into *buffer* what is here from *offset* on, and wait for at least one byte.

        0 if the byte at *offset* is in no piece, or not coming.
        """
        with self._changed:
            piece = self._piece_with(offset)
            if piece is None or not len(buffer):
                return 0
            self._begin(piece)
            at = offset - piece.start
            if piece.filled <= at:
                self._awaited = piece
                self._changed.wait_for(lambda: piece.filled > at or not self._is_coming(piece))
                self._awaited = None
            count = min(piece.filled - at, len(buffer))
            if self._closed or count <= 0:
                return 0
            memory = piece.memory
        assert memory is not None
        # Not under the lock: what has been filled stays as it is while the piece is in the plan.
        buffer[:count] = memoryview(memory)[at : at + count]
        return count

    def drop_before(self, offset: int) -> None:
        """Forget the pieces that end at or before *offset*, and ask for others."""
        with self._changed:
            dropped = False
            while self._pieces and self._pieces[0].end <= offset:
                self._drop(self._pieces.popleft())
                dropped = True
        if dropped:
            self._ask()

    def interrupt(self) -> None:
        """End all requests, and let who waits for bytes go. Any thread may call it."""
        with self._changed:
            self._closed = True
            for piece in self._pieces:
                if piece.body is not None:
                    piece.body.interrupt()
            self._changed.notify_all()

    def close(self) -> None:
        """End all requests and their threads, and give the memory back; a second call does nothing."""
        self.interrupt()
        with self._changed:
            threads = list(self._threads)
            while self._pieces:
                self._drop(self._pieces.pop())
            if self._connections:
                self._connections = 0
                self._budget.leave()
            self._idle = None
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _piece_with(self, offset: int) -> _Piece | None:
        return next((piece for piece in self._pieces if piece.start <= offset < piece.end), None)

    def _is_coming(self, piece: _Piece) -> bool:
        """Whether more of *piece* will come without anything being done. Called under the lock."""
        if piece.failed or self._closed:
            return False
        # A thread that has come to its end takes the next piece.
        return piece.busy or (piece.memory is None and bool(self._threads))

    def _begin(self, piece: _Piece) -> None:
        """Have *piece* asked for, if it may be."""
        if piece.memory is None:
            self._ask()

    def _ask(self) -> None:
        """Start threads for pieces that nobody has asked for, as far as memory and connections go."""
        with self._changed:
            while len(self._threads) < self._connections and (piece := self._take_next()) is not None:
                thread = threading.Thread(
                    target=self._fetch_pieces, args=(piece,), name="s3sql-read-ahead", daemon=True
                )
                self._threads.add(thread)
                try:
                    thread.start()
                except RuntimeError:
                    # The interpreter is ending, or the system has no threads left.
                    self._threads.discard(thread)
                    piece.busy = False
                    self._fail(piece)

    def _take_next(self) -> _Piece | None:
        """The first piece that nobody has asked for, with memory; None if there is none. Under the lock."""
        if self._closed or self.failed:
            return None
        piece = next((piece for piece in self._pieces if piece.memory is None), None)
        if piece is None:
            return None
        size = piece.end - piece.start
        if not self._budget.take_spare(size, self._held):
            return None
        idle, self._idle = self._idle, None
        try:
            # Not from the heap, in whose gaps memory of growing sizes would stay.
            piece.memory = mmap.mmap(-1, size) if idle is None or len(idle) < size else idle
        except (OSError, MemoryError):
            # The system has none left.
            self._budget.give_spare(size)
            self._fail(piece)
            return None
        self._held += size
        piece.busy = True
        return piece

    def _fetch_pieces(self, first: _Piece) -> None:
        """In a thread of its own: one piece after the other."""
        piece: _Piece | None = first
        while piece is not None:
            self._fetch(piece)
            with self._changed:
                piece = self._take_next()
                if piece is None:
                    self._threads.discard(threading.current_thread())
                    self._changed.notify_all()

    def _fetch(self, piece: _Piece) -> None:
        """Ask for *piece* and fill its memory."""
        assert piece.memory is not None
        memory = memoryview(piece.memory)[: piece.end - piece.start]
        body = self._open_body(piece.start, piece.end)
        with self._changed:
            piece.body = body
            wanted = not self._closed and not piece.failed
        try:
            if wanted:
                body.open()
                self._note(piece, 0)
            while wanted and piece.filled < len(memory):
                count = body.read_into(memory[piece.filled : piece.filled + _STEP_BYTES])
                wanted = self._note(piece, count)
        except Exception:
            # The reader comes upon it when it asks for these bytes itself.
            with self._changed:
                if not piece.failed:
                    self._fail(piece)
        finally:
            body.close()
            memory.release()
            with self._changed:
                piece.body = None
                piece.busy = False
                if piece.failed and piece not in self._pieces:
                    self._release(piece)
                self._changed.notify_all()

    def _note(self, piece: _Piece, count: int) -> bool:
        """Take note of *count* bytes that have come; return whether more are wanted."""
        with self._changed:
            piece.answered = True
            piece.filled += count
            if piece is self._awaited:
                self._changed.notify_all()
            return not self._closed and not piece.failed

    def _fail(self, piece: _Piece) -> None:
        """*piece* cannot be had. Called under the lock."""
        self.failed = True
        piece.failed = True
        self._changed.notify_all()

    def _drop(self, piece: _Piece) -> None:
        """Nobody reads *piece*, which has left the plan. Called under the lock."""
        piece.failed = True
        if piece.busy:
            # Its thread gives the memory back.
            if piece.body is not None and piece.filled < piece.end - piece.start:
                piece.body.interrupt()
            return
        self._release(piece)

    def _release(self, piece: _Piece) -> None:
        """Give the memory of *piece* back. Called under the lock."""
        if piece.memory is None:
            return
        size = piece.end - piece.start
        self._budget.give_spare(size)
        self._held -= size
        self._idle = None if self._closed else piece.memory
        piece.memory = None
