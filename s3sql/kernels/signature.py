"""What a kernel takes and gives, said without numba: the names that signatures are built from.

In: the declarations of the kernels.  Out: a :class:`Signature`, from which the compiler makes numba's types
and the checks of every call (:mod:`s3sql.kernels.machine_code`). numba is not imported before it has to
compile: a process that finds its kernels kept never needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number type; ``name`` is numpy's.

    Called with types it makes the signature whose result it is, called with a number it converts it, inside
    kernels too.
    """

    name: str

    def __call__(self, *given: Any) -> Any:
        """Make the signature with this result and the parameters *given*, or convert the number given."""
        if all(isinstance(part, Scalar | Array) for part in given):
            return Signature(self, given)
        (number,) = given
        import numpy as np

        return getattr(np, self.name)(number)

    def __repr__(self) -> str:
        return self.name

    @property
    def _numba_type_(self) -> Any:
        """What numba sees where a kernel converts a number."""
        from numba import types

        return types.NumberClass(numba_type(self))


@dataclass(frozen=True, slots=True)
class Array:
    """A one-dimensional numpy array of ``element``; ``contiguous`` or of any stride, read or ``written``."""

    element: Scalar
    contiguous: bool
    written: bool

    def __repr__(self) -> str:
        layout = "contiguous" if self.contiguous else "strided"
        return f"{layout} {'writable ' if self.written else ''}{self.element!r} array"


@dataclass(frozen=True, slots=True)
class Signature:
    """The result and the parameters of a kernel."""

    result: Scalar
    args: tuple[Scalar | Array, ...]

    def __repr__(self) -> str:
        return f"{self.result!r}({', '.join(map(repr, self.args))})"


@cache
def numba_type(declared: Scalar | Array) -> Any:
    """The type that numba knows *declared* as; imports numba."""
    from numba import types

    if isinstance(declared, Array):
        layout = "C" if declared.contiguous else "A"
        return types.Array(numba_type(declared.element), 1, layout, readonly=not declared.written)
    return types.boolean if declared.name == "bool_" else getattr(types, declared.name)


class _NumbaTypes:
    """``numba.types``, imported when it is first looked at."""

    def __getattr__(self, name: str) -> Any:
        from numba import types

        return getattr(types, name)


#: For the definitions of intrinsics, which run when numba compiles.
numba_types: Any = _NumbaTypes()


def _read(element: Scalar) -> Any:
    return Array(element, contiguous=False, written=False)


def _written(element: Scalar) -> Any:
    return Array(element, contiguous=True, written=True)


#: Scalars. ``UINT64(x)``, ``INT64(x)`` ... also convert inside a kernel.
INT64: Any = Scalar("int64")
INT32: Any = Scalar("int32")
INT16: Any = Scalar("int16")
INT8: Any = Scalar("int8")
UINT64: Any = Scalar("uint64")
UINT8: Any = Scalar("uint8")
FLOAT64: Any = Scalar("float64")
BOOL: Any = Scalar("bool_")
VOID: Any = Scalar("void")

#: Contiguous bytes, read.  A SIMD kernel relies on their padding (:class:`s3sql.buffers.PaddedBuffer`).
BYTES: Any = Array(UINT8, contiguous=True, written=False)
#: Contiguous bytes, written.
BYTES_OUT: Any = _written(UINT8)

#: Columns, read; any stride, zero included.
INT16S: Any = _read(INT16)
INT32S: Any = _read(INT32)
INT64S: Any = _read(INT64)
UINT8S: Any = _read(UINT8)
UINT64S: Any = _read(UINT64)
FLOAT64S: Any = _read(FLOAT64)
BOOLS: Any = _read(BOOL)

#: Columns, read; contiguous, so that a loop over them becomes one over vectors.
DENSE_INT32S: Any = Array(INT32, contiguous=True, written=False)
DENSE_INT64S: Any = Array(INT64, contiguous=True, written=False)
DENSE_UINT8S: Any = Array(UINT8, contiguous=True, written=False)

#: A small table that is looked at for every value, read; contiguous.
INT32_TABLE: Any = Array(INT32, contiguous=True, written=False)

#: Columns, written; contiguous.
INT8S_OUT: Any = _written(INT8)
INT16S_OUT: Any = _written(INT16)
INT32S_OUT: Any = _written(INT32)
INT64S_OUT: Any = _written(INT64)
UINT8S_OUT: Any = _written(UINT8)
UINT64S_OUT: Any = _written(UINT64)
FLOAT64S_OUT: Any = _written(FLOAT64)
BOOLS_OUT: Any = _written(BOOL)
