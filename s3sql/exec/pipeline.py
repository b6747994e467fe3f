"""The morsel pipeline: read, work in parallel, put back in order.

In: a reader of morsels and the work for one of them.  Out: the results, in object order.

    worker A   read 1 │ work 1 ········· │ read 3 │ work 3 ········
    worker B          │ read 2 │ work 2 ········· │ read 4 │ work 4
    caller                               result 1    result 2

A worker reads a morsel, passes the right to read on, and works on what it has read: the bytes are still in
its core's cache, and its buffer is free again when the work is done. The window bounds how many results
may wait for an older one, so memory does not grow with the object. The first morsel is worked on by the
caller's own thread: small objects and small limits need no other. Where all morsels are wanted anyway and
there are more of them, workers begin with these meanwhile.

Closing the generator is the only way to stop early; it waits for the work that has begun. A generator that
was forgotten and is found by the garbage collector cannot wait: the collector runs in whatever thread
allocates next, a worker or one that holds a lock which the workers need.
"""

from __future__ import annotations

import gc
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from s3sql.exec.workers import core_count, scratch, submit
from s3sql.formats.base import AMorsel
from s3sql.formats.scratch import Scratch

#: Seconds after which a caller is told that nothing is ready yet.
HEARTBEAT_SECONDS = 0.25


_collector = threading.local()


def _note_collection(phase: str, _: object) -> None:
    """Remember whether this thread is collecting garbage; called by the collector."""
    _collector.busy = phase == "start"


gc.callbacks.append(_note_collection)


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
Work = Callable[[AMorsel, Scratch], Result]


class Reader(Protocol[AMorsel]):
    """The serial end of a pipeline. One thread at a time reads; any may give back."""

    @property
    def serial(self) -> bool:
        """Whether reading ahead is of no use."""
        ...

    @property
    def uncut(self) -> bool:
        """Whether the last morsel ends anywhere: what follows is known once it has been worked on."""
        ...

    @property
    def ended(self) -> bool:
        """Whether there are no more morsels."""
        ...

    def next(self, *, wait: bool) -> AMorsel | None:
        """The next morsel; None behind the last one, or without *wait* while there is no memory for it."""
        ...

    def give_back(self, morsel: AMorsel) -> None:
        """Nobody works on *morsel* any more."""
        ...

    def restart(self, offset: int) -> None:
        """Go on at *offset*: not all of the last morsel was consumed."""
        ...

    def stop(self) -> None:
        """Read no more."""
        ...


class _Slot(Generic[AMorsel, Result]):
    """A place in the window: a morsel, and what became of it once ``done``."""

    __slots__ = ("done", "error", "morsel", "result")

    def __init__(self, morsel: AMorsel | None) -> None:
        self.morsel = morsel
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.done = False


class Pipeline(Generic[AMorsel, Result]):
    """One scan.

    ``work`` is called by several threads at once; what it returns must not refer to scratch memory or to the
    morsel's buffer.
    """

    def __init__(self, reader: Reader[AMorsel], work: Work[AMorsel, Result], *, whole: bool = False) -> None:
        """``whole``: all morsels are wanted, as far as no row fails. Else the first one may be enough."""
        self._reader = reader
        self._whole = whole
        self._work = work
        self._changed = threading.Condition()
        self._window: deque[_Slot[AMorsel, Result]] = deque()
        self._reading = False
        # Reading failed for want of a buffer; to be tried again when one has been given back.
        self._starved = False
        self._working = 0
        self._closed = False
        #: Nanoseconds spent in reading so far; only the thread that reads adds to it.
        self.reading_time = 0

    def results(self) -> Generator[tuple[AMorsel, Result] | None, None, None]:
        """Every morsel's result, in order; None when none was ready for a while.

        Ends behind a result that failed. The morsel comes without its bytes: its buffer is in use again.
        """
        try:
            morsel = self._read(wait=True)
            while morsel is not None:
                # In this thread: the first morsel, and every one when all buffers are out.
                if self._whole:
                    with self._changed:
                        self._read_on()
                result = self._here(morsel)
                yield morsel, result
                if result.failed:
                    return
                yield from self._ahead()
                if self._reader.ended:
                    return
                morsel = self._read(wait=True)
        finally:
            self._stop()

    @cached_property
    def _width(self) -> int:
        """Results that may wait; asked for where there is more than one morsel."""
        # Reading ahead of a cut that is right only by luck would be thrown away.
        return 1 if self._reader.serial else 2 * core_count() + 1

    def _read(self, *, wait: bool) -> AMorsel | None:
        """What the reader gives; its time is counted."""
        begun = time.perf_counter_ns()
        try:
            return self._reader.next(wait=wait)
        finally:
            self.reading_time += time.perf_counter_ns() - begun

    def _here(self, morsel: AMorsel) -> Result:
        """Work on a morsel while nothing else is under way."""
        try:
            result = self._work(morsel, scratch())
        finally:
            self._reader.give_back(morsel)
        if result.failed:
            self._reader.stop()
        elif result.consumed != morsel.length:
            self._drop()
            self._reader.restart(morsel.start + result.consumed)
        return result

    def _ahead(self) -> Generator[tuple[AMorsel, Result] | None, None, None]:
        """Results by worker threads, until the reader ends, a row fails, or no buffer is to be had."""
        while True:
            with self._changed:
                self._read_on()
                if not self._window and not self._reading:
                    self._starved = False
                    return
                ready = self._changed.wait_for(
                    lambda: self._head_is_done() or self._is_empty(), HEARTBEAT_SECONDS
                )
                slot = self._window.popleft() if ready and self._window else None
            if slot is None:
                if not ready:
                    yield None
                continue
            if slot.error is not None:
                raise slot.error
            morsel, result = slot.morsel, slot.result
            assert morsel is not None
            assert result is not None
            if result.failed:
                self._reader.stop()
            elif result.consumed != morsel.length:
                self._drop()
                self._reader.restart(morsel.start + result.consumed)
            yield morsel, result
            if result.failed:
                return

    def _head_is_done(self) -> bool:
        return bool(self._window) and self._window[0].done

    def _is_empty(self) -> bool:
        return not self._window and not self._reading

    def _read_on(self) -> None:
        """Let a worker read, unless one does or there is no room. Called under the lock."""
        if self._reading or self._starved or self._closed or self._reader.ended:
            return
        if len(self._window) >= self._width:
            return
        # Behind a morsel that ends within a record, all that is read is thrown away.
        if self._window and self._reader.uncut:
            return
        self._reading = True
        try:
            submit(self._step)
        except RuntimeError:
            # The interpreter is ending, and no thread takes work any more.
            self._reading = False
            self._closed = True

    def _step(self) -> None:
        """In a worker: read one morsel, let another worker read on, work on it."""
        slot = None if self._closed else self._next_slot()
        with self._changed:
            self._reading = False
            self._starved = slot is None and not self._closed
            if slot is None or self._closed:
                self._changed.notify()
                if slot is not None and slot.morsel is not None:
                    self._reader.give_back(slot.morsel)
                return
            self._window.append(slot)
            if slot.morsel is None:
                self._changed.notify()
                return
            self._working += 1
            self._read_on()
        try:
            slot.result = self._work(slot.morsel, scratch())
        except BaseException as error:
            slot.error = error
        finally:
            self._reader.give_back(slot.morsel)
            with self._changed:
                slot.done = True
                self._working -= 1
                if self._starved:
                    # The buffer that was just given back may be enough.
                    self._starved = False
                    self._read_on()
                if self._head_is_done() or not self._working:
                    self._changed.notify()

    def _next_slot(self) -> _Slot[AMorsel, Result] | None:
        """The next morsel's slot; one with an error when reading failed; None when there is no morsel."""
        try:
            morsel = self._read(wait=False)
        except BaseException as error:
            self._reader.stop()
            slot: _Slot[AMorsel, Result] = _Slot(None)
            slot.error = error
            slot.done = True
            return slot
        return None if morsel is None else _Slot(morsel)

    def _drop(self) -> None:
        """Throw away what was read ahead, once no worker is at it."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._reading and not self._working)
            self._window.clear()
            self._closed = False

    def _stop(self) -> None:
        if getattr(_collector, "busy", False):
            # No lock either: the thread that holds it may wait for one that this thread holds.
            self._closed = True
        else:
            self._drop()
        self._reader.stop()
