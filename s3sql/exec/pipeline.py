"""The morsel pipeline: read, work in parallel, put back in order.

In: a reader of morsels and the work for one of them.  Out: the results, in object order.

    reader ──▶ morsel 5   morsel 4 ┊ morsel 3   morsel 2 ┊ ──▶ result 1, result 0
               (window: being read and worked on)  (waiting for an older one)

The window is bounded, so memory does not grow with the object. The first morsel is worked on by the
caller's own thread: small objects and small limits need no other. Closing the generator is the only way
to stop early; it waits for work that has begun and gives every buffer back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from typing import Generic, Protocol, TypeVar

from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.reader import MorselReader
from s3sql.exec.workers import core_count, scratch, submit
from s3sql.formats.base import Morsel
from s3sql.formats.scratch import Scratch

#: Seconds after which a caller is told that nothing is ready yet.
HEARTBEAT_SECONDS = 0.25


class MorselResult(Protocol):
    """What the work on one morsel gave."""

    @property
    def consumed(self) -> int:
        """Bytes of the morsel up to the end of its last complete record."""
        ...

    @property
    def failed(self) -> bool:
        """Whether a row failed, so that nothing behind it counts."""
        ...


Result = TypeVar("Result", bound=MorselResult)
Work = Callable[[Morsel, Scratch], Result]


class Pipeline(Generic[Result]):
    """One scan. ``work`` is called by several threads at once; what it returns must not refer to scratch
    memory or to the morsel's buffer."""

    def __init__(self, reader: MorselReader, work: Work[Result], pool: BufferPool) -> None:
        self._reader = reader
        self._work = work
        self._pool = pool
        self._window: deque[tuple[Morsel, Future[Result]]] = deque()
        self._width = core_count() + 2

    def results(self) -> Generator[tuple[Morsel, Result] | None, None, None]:
        """Every morsel's result, in order; None when none was ready for a while.

        Ends behind a result that failed. The morsel comes without its bytes: its buffer is in use again.
        """
        try:
            yield from self._first()
            while not self._reader.ended or self._window:
                self._fill()
                if not self._window:
                    return
                morsel, future = self._window[0]
                while not wait([future], HEARTBEAT_SECONDS).done:
                    yield None
                self._window.popleft()
                self._pool.give(morsel.buffer)
                result = future.result()
                if self._settle(morsel, result):
                    self._fill()
                yield morsel, result
                if result.failed:
                    return
        finally:
            self._discard()

    def _first(self) -> Generator[tuple[Morsel, Result], None, None]:
        morsel = self._reader.next(wait=True)
        if morsel is None:
            return
        try:
            result = self._work(morsel, scratch())
        finally:
            self._pool.give(morsel.buffer)
        self._settle(morsel, result)
        yield morsel, result
        if result.failed:
            self._reader.stop()

    def _settle(self, morsel: Morsel, result: Result) -> bool:
        """Whether the morsel was cut rightly; if not, what was read ahead is thrown away."""
        if result.failed or result.consumed == morsel.length:
            return not result.failed
        self._discard()
        self._reader.restart(morsel.start + result.consumed)
        return False

    def _fill(self) -> None:
        """Have the window full of work, as far as buffers are to be had."""
        width = 1 if self._reader.serial else self._width
        while len(self._window) < width:
            morsel = self._reader.next(wait=not self._window)
            if morsel is None:
                return
            self._window.append((morsel, submit(self._run, morsel)))

    def _run(self, morsel: Morsel) -> Result:
        return self._work(morsel, scratch())

    def _discard(self) -> None:
        """Forget the window: cancel what has not begun, wait for what has, give the buffers back."""
        begun = [future for _, future in self._window if not future.cancel()]
        wait(begun)
        for morsel, _ in self._window:
            self._pool.give(morsel.buffer)
        self._window.clear()
