"""Ctrl-C that comes where Python cannot act on it.

In: exceptions that Python ignores.  Out: Ctrl-C again, a moment later.

A signal is told of between two instructions of Python, whichever they are. In a function that the garbage
collector calls, or in ``__del__``, the exception ends nothing: Python writes that it was ignored and goes on.
While modules are loaded this is no rare case.
"""

from __future__ import annotations

import _thread
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
        again = threading.Timer(_LATER, _thread.interrupt_main)
        again.daemon = True
        again.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
