"""The one way a kernel is declared: ``@kernel(signature)`` for entry points, ``@inlined`` for their parts.

In: Python functions over numpy arrays and scalars.  Out: machine code for the CPU at hand.

An entry point has exactly one signature, built from the constants below::

    @kernel(INT64(BYTES, INT64, INT64, UINT8))
    def count_byte(buffer, start, end, byte): ...

* Nothing is compiled or read from the cache before the first call, so importing many kernels is cheap.
  Two threads may make that first call at once.
* An argument must be of the declared element type. A parameter that is read accepts writable and
  read-only arrays; those named ``...S`` (``INT32S``) also strided views and ``numpy.broadcast_to`` of one
  value. A parameter that is written (``..._OUT``) refuses read-only and strided arrays. Anything else is a
  ``TypeError``. Arrays must be aligned to their element size, as those of numpy and Arrow are.
* A call costs 0.4 to 0.6 microseconds; the GIL is released while the kernel runs.
* Kernels allocate nothing (numba's reference counting is off, so arrays passed on to an inlined function
  cost nothing); callers bring every array.
* Indices are not checked, and numba adds ``len`` to a negative signed index. Index with ``uint64`` or with
  :func:`s3sql.kernels.simd.at` where the test for a negative index would cost.
* Integer division by zero and the like do not raise inside kernels.
* A process must not fork while one of its threads is compiling: the child would wait for ever for numba's
  lock. Spawn, or call ``compile()`` on what will be needed first.

Compiled code is kept between processes: :mod:`s3sql.kernels.cache`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from numba import njit, types
from numba.core.compiler_lock import global_compiler_lock

from s3sql.kernels.cache import KernelCache

P = ParamSpec("P")
R = TypeVar("R")


def _read(element: Any, layout: Any = "A") -> Any:
    return types.Array(element, 1, layout, readonly=True)


def _written(element: Any) -> Any:
    return types.Array(element, 1, "C")


#: Scalars. ``UINT64(x)``, ``INT64(x)`` ... also convert inside a kernel.
INT64: Any = types.int64
INT32: Any = types.int32
UINT64: Any = types.uint64
UINT8: Any = types.uint8
FLOAT64: Any = types.float64
BOOL: Any = types.boolean
VOID: Any = types.void

#: Contiguous bytes, read.  A SIMD kernel relies on their padding (:class:`s3sql.buffers.PaddedBuffer`).
BYTES: Any = _read(types.uint8, "C")
#: Contiguous bytes, written.
BYTES_OUT: Any = _written(types.uint8)

#: Columns, read; any stride, zero included.
INT16S: Any = _read(types.int16)
INT32S: Any = _read(types.int32)
INT64S: Any = _read(types.int64)
UINT8S: Any = _read(types.uint8)
UINT64S: Any = _read(types.uint64)
FLOAT64S: Any = _read(types.float64)
BOOLS: Any = _read(types.boolean)

#: Columns, written; contiguous.
INT8S_OUT: Any = _written(types.int8)
INT16S_OUT: Any = _written(types.int16)
INT32S_OUT: Any = _written(types.int32)
INT64S_OUT: Any = _written(types.int64)
UINT8S_OUT: Any = _written(types.uint8)
UINT64S_OUT: Any = _written(types.uint64)
FLOAT64S_OUT: Any = _written(types.float64)
BOOLS_OUT: Any = _written(types.boolean)


_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "boundscheck": False,
    "error_model": "numpy",
    "fastmath": False,
    "_nrt": False,
}


class Kernel(Generic[P, R]):
    """A function that is compiled, or loaded from the cache, by its first call.

    ``function`` is the Python source. A kernel may also be called inside another kernel.
    """

    def __init__(self, function: Callable[P, R], signature: Any) -> None:
        if function.__closure__:
            # The cache tells kernels apart by their source, which does not show what was captured.
            raise TypeError(f"kernel {function.__qualname__} captures variables of the function around it")
        self.function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self._signature = signature
        self._dispatcher: Any = None
        self._entry: Callable[P, R] = self._first_call

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the kernel; the first call compiles it or loads it from the cache."""
        return self._entry(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<kernel {self.function.__module__}.{self.__name__}{self._signature.args}>"

    def compile(self) -> None:
        """Compile now, or load from the cache. Does nothing the second time.

        Under numba's own lock rather than one of ours: a second lock could be taken in the other order
        by a thread that compiles a kernel calling this one.
        """
        with global_compiler_lock:
            if self._dispatcher is not None:
                return
            dispatcher = njit(**_OPTIONS)(self.function)
            dispatcher._cache = KernelCache(self.function)
            dispatcher.compile(self._signature)
            dispatcher.disable_compile()
            self._dispatcher = dispatcher
            self._entry = dispatcher

    @property
    def from_cache(self) -> bool:
        """Whether the machine code was loaded rather than compiled; compiles if nothing has yet."""
        self.compile()
        return bool(self._dispatcher.stats.cache_hits)

    @property
    def _numba_type_(self) -> Any:
        """What numba sees when another kernel names this one."""
        self.compile()
        return self._dispatcher._numba_type_

    def _first_call(self, *args: P.args, **kwargs: P.kwargs) -> R:
        self.compile()
        return self._entry(*args, **kwargs)


def kernel(signature: Any) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Declare an entry point: ``@kernel(INT64(BYTES, INT64))``, result type first."""

    def declare(function: Callable[P, R]) -> Kernel[P, R]:
        return Kernel(function, signature)

    return declare


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Declare a part of kernels. It has no signature and can be called only inside a kernel.

    LLVM inlines it at every call, so use it for small functions or ones called in few places.
    """
    part: Callable[P, R] = njit(**_OPTIONS, forceinline=True)(function)
    return part


def called(function: Callable[P, R]) -> Callable[P, R]:
    """As :func:`inlined`, for large or rarely taken parts: LLVM decides whether to inline."""
    part: Callable[P, R] = njit(**_OPTIONS)(function)
    return part
