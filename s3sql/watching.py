"""Reading that can be watched and stopped, whatever it waits for.

In: a function that reads.  Out: what it gives, while another one is called again and again.

The reading has a thread of its own. The thread that asked for it only waits, so that it is free to show how
far things are, and to hear Ctrl-C, also while a store or a stream does not answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Outcome = TypeVar("Outcome")

#: Seconds between two looks.
WATCH_SECONDS = 0.2

#: Seconds for which a reading that was told to stop is waited for: it may hang in a read that nothing ends.
STOP_SECONDS = 1.0


def watched(read: Callable[[], Outcome], watch: Callable[[], None], stop: Callable[[], None]) -> Outcome:
    """What *read* gives, read in another thread; *watch* is called here meanwhile, and once at the end.

    An exception out of *watch*, or Ctrl-C, calls *stop*, which lets *read* end soon, and is raised when it
    has ended or :data:`STOP_SECONDS` have passed.

    Raises:
        BaseException: what *read* or *watch* raises; ``KeyboardInterrupt``.
    """
    reading = _Reading(read)
    # A daemon: a read that hangs must not keep the process from ending.
    thread = threading.Thread(target=reading.run, name="s3sql-load", daemon=True)
    try:
        thread.start()
        while not reading.done.wait(WATCH_SECONDS):
            watch()
        watch()
    except BaseException:
        stop()
        if thread.ident is not None:
            thread.join(STOP_SECONDS)
        raise
    return reading.outcome()


class _Reading(Generic[Outcome]):
    """One call of *read* in another thread, and what came of it once ``done`` is set."""

    def __init__(self, read: Callable[[], Outcome]) -> None:
        self._read = read
        self._given: list[Outcome] = []
        self._error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        """Read, and keep the outcome."""
        try:
            self._given.append(self._read())
        except BaseException as error:
            self._error = error
        finally:
            self.done.set()

    def outcome(self) -> Outcome:
        """What was given; raises what was raised."""
        if self._error is not None:
            raise self._error
        return self._given[0]
