"""The system's library of Zstandard, for kernels to call.

In: nothing.  Out: where its function is and a context for it, one for each thread; None where there is no
such library: Arrow, which brings its own, decompresses then, and the answers are the same.

The library is looked for when something compressed by it is first met. On Linux nearly every system has it,
since package managers need it.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import threading
from typing import Any

import numpy as np

from s3sql.payloads import Int64s

#: Its names, by platform: those of its binary interface of 2016, which has not changed since.
_NAMES = {
    "linux": ("libzstd.so.1",),
    "darwin": ("libzstd.1.dylib", "/opt/homebrew/lib/libzstd.1.dylib", "/usr/local/lib/libzstd.1.dylib"),
}

#: The oldest version that is trusted, 1.4.0, as it tells its number.
_LEAST_VERSION = 10_400


class _Context:
    """A context for decompression, freed with this object; no two threads may use it at a time."""

    def __init__(self, library: Any) -> None:
        self._free = library.ZSTD_freeDCtx
        self._context = library.ZSTD_createDCtx()
        if not self._context:
            raise MemoryError("no context for Zstandard")
        function = ctypes.cast(library.ZSTD_decompressDCtx, ctypes.c_void_p).value
        self.addresses: Int64s = np.array([function, self._context], np.uint64).view(np.int64)

    def __del__(self) -> None:
        self._free(self._context)


class _OfThread(threading.local):
    context: _Context | None = None


_of_thread = _OfThread()


def zstandard_library() -> Int64s | None:
    """What :mod:`s3sql.kernels.zstandard` wants to know of the library, for this thread only."""
    context = _of_thread.context
    if context is None:
        library = _library()
        if library is None:
            return None
        context = _of_thread.context = _Context(library)
    return context.addresses


@functools.cache
def _library() -> Any:
    """The library; None if there is none, or an old one."""
    for name in _NAMES.get(sys.platform, ()):
        try:
            library = _declared(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
        if library.ZSTD_versionNumber() >= _LEAST_VERSION:
            return library
    return None


def _declared(library: Any) -> Any:
    """The same, with the types of its functions; an ``AttributeError`` if one is missing."""
    for function, result, parameters in (
        (library.ZSTD_versionNumber, ctypes.c_uint, []),
        (library.ZSTD_createDCtx, ctypes.c_void_p, []),
        (library.ZSTD_freeDCtx, ctypes.c_size_t, [ctypes.c_void_p]),
        (
            library.ZSTD_decompressDCtx,
            ctypes.c_size_t,
            [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t],
        ),
    ):
        function.restype, function.argtypes = result, parameters
    return library
