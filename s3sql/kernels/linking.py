"""From the object code of a kernel to a function that Python can call.

In: an object file of :mod:`s3sql.kernels.machine_code`, from this process or from the cache.  Out: a builtin
function. Only LLVM's linker is needed, not numba: starting it takes a tenth of the time.
"""

from __future__ import annotations

import ctypes
import enum
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding as llvm

#: The only symbol of an object file, a C function of the form ``METH_FASTCALL``.
SYMBOL = "s3sql_kernel"

#: Symbols that stand for objects of the process.
ADDRESSES = {"ndarray": "s3sql_ndarray", "TypeError": "s3sql_TypeError", "None": "s3sql_None"}
_OBJECTS: dict[str, Any] = {"ndarray": np.ndarray, "TypeError": TypeError, "None": None}

_PYTHON_FUNCTIONS = (
    "PyErr_Occurred",
    "PyErr_SetString",
    "PyEval_SaveThread",
    "PyEval_RestoreThread",
    "PyNumber_Index",
    "PyLong_AsLongLong",
    "PyLong_AsUnsignedLongLong",
    "PyFloat_AsDouble",
    "PyObject_IsTrue",
    "PyLong_FromLongLong",
    "PyLong_FromUnsignedLongLong",
    "PyFloat_FromDouble",
    "PyBool_FromLong",
    "Py_IncRef",
    "Py_DecRef",
)

#: What a kernel's code may call: Python, the functions of C that LLVM makes of loops, and reading a file.
ALLOWED = frozenset(
    {*_PYTHON_FUNCTIONS, *ADDRESSES.values(), "memcpy", "memmove", "memset", "bcmp", "memcmp", "pread"}
)

#: Bytes before the fields of an object's own.
HEAD = object.__basicsize__

_METH_FASTCALL = 0x0080


class Field(enum.IntEnum):
    """The offsets of what is read of a numpy array and, from ``BYTE_ORDER`` on, of a dtype.

    Those of numpy's ``PyArrayObject_fields`` and ``PyArray_Descr``, which are part of its binary interface.
    """

    TYPE = HEAD - 8
    DATA = HEAD
    DIMENSIONS = HEAD + 8
    SHAPE = HEAD + 16
    STRIDES = HEAD + 24
    DESCRIPTION = HEAD + 40
    FLAGS = HEAD + 48
    BYTE_ORDER = HEAD + 10
    TYPE_NUMBER = HEAD + 12


class _Method(ctypes.Structure):
    """Python's ``PyMethodDef``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("documentation", ctypes.c_char_p),
    )


#: What functions refer to for as long as they live: their definitions and their code.
_kept: list[Any] = []


@functools.cache
def _machine() -> Any:
    """What the linker needs to know of the machine; made once."""
    check_numpy()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name in _PYTHON_FUNCTIONS:
        llvm.add_symbol(name, ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value)
    for name, symbol in ADDRESSES.items():
        llvm.add_symbol(symbol, id(_OBJECTS[name]))
    return llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)


def check_numpy() -> None:
    """Look whether arrays are laid out as the kernels' code takes them to be.

    Raises:
        ImportError: they are not.
    """
    probe = np.arange(6, dtype=np.int64)[1::2]

    def read(base: int, field: Field, kind: Any) -> Any:
        return kind.from_address(base + field).value

    address, size = id(probe), ctypes.c_ssize_t
    described = read(address, Field.DESCRIPTION, size)
    found = (
        read(address, Field.TYPE, size),
        read(address, Field.DATA, size),
        read(address, Field.DIMENSIONS, ctypes.c_int),
        size.from_address(read(address, Field.SHAPE, size)).value,
        size.from_address(read(address, Field.STRIDES, size)).value,
        described,
        read(address, Field.FLAGS, ctypes.c_int) & 0x501,
        read(described, Field.BYTE_ORDER, ctypes.c_char),
        read(described, Field.TYPE_NUMBER, ctypes.c_int),
    )
    data = probe.__array_interface__["data"][0]
    number = probe.dtype.num
    if found != (id(np.ndarray), data, 1, 3, 16, id(probe.dtype), 0x500, b"=", number):
        raise ImportError(f"numpy {np.__version__} lays out arrays in another way than the kernels expect")


def linked(object_code: bytes, name: str) -> Callable[..., Any]:
    """The kernel in *object_code* as a function called *name*."""
    # An engine for each: every object has the same symbol.
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(object_code))
    engine.finalize_object()
    definition = _Method(name.encode(), engine.get_function_address(SYMBOL), _METH_FASTCALL, None)
    _kept.extend((engine, definition))
    new_function = ctypes.pythonapi.PyCFunction_NewEx
    new_function.restype = ctypes.py_object
    new_function.argtypes = [ctypes.POINTER(_Method), ctypes.c_void_p, ctypes.c_void_p]
    made: Callable[..., Any] = new_function(ctypes.byref(definition), None, None)
    return made
