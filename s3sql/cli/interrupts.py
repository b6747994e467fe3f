"""Ctrl-C that comes where Python cannot act on it.

In: exceptions that Python ignores, or makes others of.  Out: Ctrl-C again, a moment later; whether it was.

A signal is told of between two instructions of Python, whichever they are. In a function that the garbage
collector calls, or in ``__del__``, the exception ends nothing: Python writes that it was ignored and goes on.
While a class is made, it may become the cause of another. Where modules are loaded these are no rare cases.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds until the program has left such a place.
_LATER = 0.05


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """Let no Ctrl-C be lost until this is left."""
    before = sys.unraisablehook

    def hook(ignored: sys.UnraisableHookArgs) -> None:
        if not issubclass(ignored.exc_type, KeyboardInterrupt):
            before(ignored)
            return
        again = threading.Timer(_LATER, _interrupt)
        again.daemon = True
        again.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def came_of_interrupt(error: BaseException) -> bool:
    """Whether *error* is Ctrl-C, or there only because of it."""
    if isinstance(error, KeyboardInterrupt):
        return True
    return error.__cause__ is not None and came_of_interrupt(error.__cause__)


def _interrupt() -> None:
    """Ctrl-C for the main thread, which a signal wakes where it waits."""
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()
