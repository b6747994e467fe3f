"""The one way a kernel is declared: ``@kernel(signature)`` for entry points, ``@inlined`` for their parts.

In: Python functions over numpy arrays and scalars.  Out: machine code for the CPU at hand.

An entry point has exactly one signature, built from the constants below::

    @kernel(INT64(BYTES, INT64, INT64, UINT8))
    def count_byte(buffer, start, end, byte): ...

* Nothing is compiled or read from the cache before the first call, so importing many kernels is cheap.
  Two threads may make that first call at once.
* An argument must be of the declared element type. A parameter that is read accepts writable and
  read-only arrays; those named ``...S`` (``INT32S``) also strided views and ``numpy.broadcast_to`` of one
  value, unless they are ``DENSE_...``. A parameter that is written (``..._OUT``) refuses read-only and
  strided arrays. Anything else is a ``TypeError``. Arrays must be aligned to their element size, as those
  of numpy and Arrow are.
* Arguments are passed by position. A call costs 0.1 to 0.3 microseconds; the GIL is released while the
  kernel runs.
* Kernels allocate nothing (numba's reference counting is off, so arrays passed on to an inlined function
  cost nothing); callers bring every array.
* Indices are not checked, and numba adds ``len`` to a negative signed index. Index with ``uint64`` or with
  :func:`s3sql.kernels.simd.at` where the test for a negative index would cost.
* Integer division by zero and the like do not raise inside kernels.
* A process must not fork while one of its threads is compiling: the child would wait for ever for numba's
  lock. Spawn, or call ``compile()`` on what will be needed first.

Compiled code is kept between processes: :mod:`s3sql.kernels.cache`. Numba's part of compiling, which is most
of it, may have been done when the package was built: :mod:`s3sql.kernels.prebuilt`.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from s3sql.kernels.cache import KernelCache
from s3sql.kernels.signature import (
    BOOL,
    BOOLS,
    BOOLS_OUT,
    BYTES,
    BYTES_OUT,
    DENSE_INT32S,
    DENSE_INT64S,
    DENSE_UINT8S,
    FLOAT64,
    FLOAT64S,
    FLOAT64S_OUT,
    INT8S_OUT,
    INT16S,
    INT16S_OUT,
    INT32,
    INT32_TABLE,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8,
    UINT8S,
    UINT8S_OUT,
    UINT64,
    UINT64S,
    UINT64S_OUT,
    VOID,
    Signature,
)

__all__ = [
    "BOOL",
    "BOOLS",
    "BOOLS_OUT",
    "BYTES",
    "BYTES_OUT",
    "DENSE_INT32S",
    "DENSE_INT64S",
    "DENSE_UINT8S",
    "FLOAT64",
    "FLOAT64S",
    "FLOAT64S_OUT",
    "INT8S_OUT",
    "INT16S",
    "INT16S_OUT",
    "INT32",
    "INT32S",
    "INT32S_OUT",
    "INT32_TABLE",
    "INT64",
    "INT64S",
    "INT64S_OUT",
    "UINT8",
    "UINT8S",
    "UINT8S_OUT",
    "UINT64",
    "UINT64S",
    "UINT64S_OUT",
    "VOID",
    "Kernel",
    "Part",
    "called",
    "compiling",
    "inlined",
    "intrinsic",
    "kernel",
]

LOG = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

#: Held while a kernel is loaded or compiled; always taken before numba's own.
_lock = threading.RLock()


#: Set by the thread that compiles; for those who show what is going on.
_compiling = False


def compiling() -> bool:
    """Whether a kernel is being compiled right now, in any thread."""
    return _compiling


@functools.cache
def _tell_once(directory: str) -> None:
    LOG.info("compiling kernels, once per machine; they are kept in %s", directory)


class Kernel(Generic[P, R]):
    """A function that is compiled, or loaded from the cache, by its first call.

    ``function`` is the Python source. A kernel may also be called inside another kernel.
    """

    def __init__(self, function: Callable[P, R], signature: Signature) -> None:
        if function.__closure__:
            # The cache tells kernels apart by their source, which does not show what was captured.
            raise TypeError(f"kernel {function.__qualname__} captures variables of the function around it")
        self.function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.signature = signature
        self._loaded: bool | None = None
        self._dispatcher: Any = None
        self._entry: Callable[P, R] = self._first_call

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the kernel; the first call compiles it or loads it from the cache."""
        return self._entry(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<kernel {self.function.__module__}.{self.__name__}{self.signature.args}>"

    @property
    def ready(self) -> bool:
        """Whether the kernel has been compiled or loaded."""
        return self._loaded is not None

    def compile(self, *, called: bool = False) -> None:
        """Compile now, or load from the cache. Does nothing the second time.

        ``called``: a query waits for it, which will call others: see :mod:`s3sql.kernels.companion`.
        """
        if self.ready:
            return
        # Late: whoever only imports kernels needs no LLVM.
        from s3sql.kernels.linking import linked

        with _lock:
            if self.ready:
                return
            cache = KernelCache(self.function)
            code, was_kept = cache.load(repr(self.signature)), True
            if code is None:
                code, was_kept = self._made(cache, called=called)
            self._entry = linked(code, self.__name__)
            self._loaded = was_kept

    def _made(self, cache: KernelCache, *, called: bool) -> tuple[bytes, bool]:
        """The machine code, and whether another process had put it into the cache by now."""
        global _compiling
        _tell_once(str(cache.root))
        _compiling = True
        try:
            # Late: a process that finds its kernels kept makes no code.
            from s3sql.kernels.machine_code import object_code
            from s3sql.kernels.prebuilt import prebuilt

            bitcode = prebuilt(self.function, self.signature)
            kept = self._made_elsewhere(cache) if bitcode is None and called else None
            if kept is not None:
                return kept, True
            code = object_code(bitcode or self.translate(), self.__name__)
        finally:
            _compiling = False
        cache.save(repr(self.signature), code)
        return code, False

    def _made_elsewhere(self, cache: KernelCache) -> bytes | None:
        """What another process has just compiled for this one, if it has; see that one compiles the next."""
        from s3sql.kernels import companion

        name = ".".join(f"{self.function.__module__}.{self.__name__}".split(".")[-2:])
        made = cache.load(repr(self.signature)) if companion.wait_for(name) else None
        if made is None:
            companion.begin(name)
        return made

    def translate(self) -> bytes:
        """The LLVM code of the kernel, the same for every processor; the slow part of compiling."""
        # Late: numba takes half a second to import.
        from s3sql.kernels.translation import translated

        return translated(self.function, self.signature)

    @property
    def from_cache(self) -> bool:
        """Whether the machine code was loaded rather than compiled; compiles if nothing has yet."""
        self.compile()
        return bool(self._loaded)

    @property
    def _numba_type_(self) -> Any:
        """What numba sees when another kernel names this one."""
        if self._dispatcher is None:
            from s3sql.kernels.translation import dispatcher

            self._dispatcher = dispatcher(self.function, signature=self.signature)
        return self._dispatcher._numba_type_

    def _first_call(self, *args: P.args, **kwargs: P.kwargs) -> R:
        self.compile(called=True)
        return self._entry(*args, **kwargs)


class Part(Generic[P, R]):
    """A function that only kernels call; ``function`` is the Python source."""

    def __init__(self, function: Callable[P, R], *, force_inline: bool) -> None:
        self.function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self._force_inline = force_inline
        self._dispatcher: Any = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Refuse: outside a kernel there is no compiled code."""
        raise TypeError(f"{self.__name__} is a part of kernels and can be called only inside one")

    @property
    def _numba_type_(self) -> Any:
        """What numba sees when a kernel names this part."""
        if self._dispatcher is None:
            from s3sql.kernels.translation import dispatcher

            self._dispatcher = dispatcher(self.function, force_inline=self._force_inline)
        return self._dispatcher._numba_type_


class _Intrinsic:
    """LLVM code that a kernel may call as a function."""

    def __init__(self, definition: Callable[..., Any]) -> None:
        self._definition = definition
        self.__name__ = definition.__name__
        self.__doc__ = definition.__doc__
        self._numba: Any = None

    @property
    def _numba_type_(self) -> Any:
        """What numba sees when a kernel names the intrinsic."""
        if self._numba is None:
            from s3sql.kernels.translation import intrinsic_type

            self._numba = intrinsic_type(self._definition)
        return self._numba


def kernel(signature: Signature) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Declare an entry point: ``@kernel(INT64(BYTES, INT64))``, result type first."""

    def declare(function: Callable[P, R]) -> Kernel[P, R]:
        return Kernel(function, signature)

    return declare


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Declare a part of kernels. It has no signature and can be called only inside a kernel.

    LLVM inlines it at every call, so use it for small functions or ones called in few places.
    """
    return Part(function, force_inline=True)


def called(function: Callable[P, R]) -> Callable[P, R]:
    """As :func:`inlined`, for large or rarely taken parts: LLVM decides whether to inline."""
    return Part(function, force_inline=False)


def intrinsic(definition: Callable[..., Any]) -> Any:
    """Declare LLVM code that kernels call, as ``numba.extending.intrinsic`` does, without importing numba."""
    return _Intrinsic(definition)
