"""The function of a kernel that Python calls: it checks the arguments and lets go of the GIL.

In: a compiled kernel.  Out: LLVM code of a C function of Python's ``METH_FASTCALL`` form.

An array is looked at where it is: the fields read here are those that numpy's C macros (``PyArray_DATA``,
``PyArray_DESCR`` ...) compile into every extension module, so that they cannot move without a new binary
interface of numpy. :func:`s3sql.kernels.linking.check_numpy` looks at them once in every process.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.np.arrayobj import populate_array

from s3sql.kernels.linking import ADDRESSES, SYMBOL, Field
from s3sql.kernels.signature import Array, Scalar, Signature

_I1 = ir.IntType(1)
_I8 = ir.IntType(8)
_I32 = ir.IntType(32)
_I64 = ir.IntType(64)
_POINTER = _I8.as_pointer()

_C_CONTIGUOUS, _ALIGNED, _WRITEABLE = 0x1, 0x100, 0x400

#: What the Python functions called here give and take.
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "PyErr_Occurred": (_POINTER, []),
    "PyErr_SetString": (ir.VoidType(), [_POINTER, _POINTER]),
    "PyEval_SaveThread": (_POINTER, []),
    "PyEval_RestoreThread": (ir.VoidType(), [_POINTER]),
    "PyNumber_Index": (_POINTER, [_POINTER]),
    "PyLong_AsLongLong": (_I64, [_POINTER]),
    "PyLong_AsUnsignedLongLong": (_I64, [_POINTER]),
    "PyFloat_AsDouble": (ir.DoubleType(), [_POINTER]),
    "PyObject_IsTrue": (_I32, [_POINTER]),
    "PyLong_FromLongLong": (_POINTER, [_I64]),
    "PyLong_FromUnsignedLongLong": (_POINTER, [_I64]),
    "PyFloat_FromDouble": (_POINTER, [ir.DoubleType()]),
    "PyBool_FromLong": (_POINTER, [_I64]),
    "Py_IncRef": (ir.VoidType(), [_POINTER]),
    "Py_DecRef": (ir.VoidType(), [_POINTER]),
}


def define_entry_point(
    context: Any, module: Any, kernel: Any, declared: Any, signature: Signature, name: str
) -> None:
    """Add to *module* the entry point of the compiled *kernel*."""
    form = ir.FunctionType(_POINTER, [_POINTER, _POINTER.as_pointer(), _I64])
    _EntryPoint(context, ir.Function(module, form, SYMBOL), name).define(kernel, declared, signature)


class _EntryPoint:
    def __init__(self, context: Any, function: Any, name: str) -> None:
        self._context = context
        self._function = function
        self._module = function.module
        self._name = name
        self._build = ir.IRBuilder(function.append_basic_block())

    def define(self, kernel: Any, declared: Any, signature: Signature) -> None:
        build = self._build
        _, given, count = self._function.args
        wanted = len(signature.args)
        self._require(build.icmp_signed("==", count, _I64(wanted)), f"it takes {wanted} arguments")
        values = []
        for number, (parameter, numba) in enumerate(zip(signature.args, declared.args, strict=True)):
            found = build.load(build.gep(given, [_I64(number)]))
            said = f"argument {number + 1} must be a {parameter!r}"
            if isinstance(parameter, Array):
                values.append(self._array(found, parameter, numba, said))
            else:
                values.append(self._scalar(found, parameter, said))
        thread = self._call("PyEval_SaveThread")
        callee = self._context.declare_function(self._module, kernel)
        status, result = self._context.call_conv.call_function(
            build, callee, declared.return_type, declared.args, values
        )
        self._call("PyEval_RestoreThread", thread)
        self._require(status.is_ok, "it raised an exception, which no kernel may")
        build.ret(self._python(result, signature.result))

    # --- arrays -------------------------------------------------------------------------------------------

    def _array(self, found: Any, parameter: Array, numba: Any, wanted: str) -> Any:
        build = self._build
        exact = build.icmp_unsigned("==", self._field(found, Field.TYPE, _POINTER), self._object("ndarray"))
        self._require(exact, wanted)
        needed = _ALIGNED | (parameter.contiguous and _C_CONTIGUOUS) | (parameter.written and _WRITEABLE)
        flags = build.and_(self._field(found, Field.FLAGS, _I32), _I32(needed))
        fits = build.icmp_signed("==", flags, _I32(needed))
        one = build.icmp_signed("==", self._field(found, Field.DIMENSIONS, _I32), _I32(1))
        described = self._field(found, Field.DESCRIPTION, _POINTER)
        order = self._field(described, Field.BYTE_ORDER, _I8)
        native = build.icmp_unsigned("!=", order, _I8(ord(">")))
        self._require(build.and_(build.and_(fits, one), native), wanted)
        number = self._field(described, Field.TYPE_NUMBER, _I32)
        known = _I1(0)
        for possible in _type_numbers(parameter.element):
            known = build.or_(known, build.icmp_signed("==", number, _I32(possible)))
        self._require(known, wanted)
        array = self._context.make_array(numba)(self._context, build)
        populate_array(
            array,
            data=build.bitcast(self._field(found, Field.DATA, _POINTER), array.data.type),
            shape=[build.load(self._field(found, Field.SHAPE, _I64.as_pointer()))],
            strides=[build.load(self._field(found, Field.STRIDES, _I64.as_pointer()))],
            itemsize=_I64(np.dtype(parameter.element.name).itemsize),
            meminfo=None,
        )
        return array._getvalue()

    def _field(self, base: Any, field: Field, kind: Any) -> Any:
        address = self._build.gep(base, [_I64(int(field))])
        return self._build.load(self._build.bitcast(address, kind.as_pointer()))

    # --- scalars ------------------------------------------------------------------------------------------

    def _scalar(self, found: Any, parameter: Scalar, wanted: str) -> Any:
        build = self._build
        if parameter.name == "bool_":
            truth = self._call("PyObject_IsTrue", found)
            self._pass_on(build.icmp_signed("<", truth, _I32(0)))
            # As numba holds one.
            return build.icmp_signed("!=", truth, _I32(0))
        if parameter.name == "float64":
            number = self._call("PyFloat_AsDouble", found)
            self._pass_on(self._failed(build.fcmp_ordered("==", number, ir.DoubleType()(-1.0))))
            return number
        index = self._call("PyNumber_Index", found)
        self._pass_on(build.icmp_unsigned("==", index, _POINTER(None)))
        signed = parameter.name.startswith("int")
        whole = self._call("PyLong_AsLongLong" if signed else "PyLong_AsUnsignedLongLong", index)
        self._call("Py_DecRef", index)
        self._pass_on(self._failed(build.icmp_signed("==", whole, _I64(-1))))
        kind = ir.IntType(8 * np.dtype(parameter.name).itemsize)
        if kind.width == 64:
            return whole
        narrow = build.trunc(whole, kind)
        again = build.sext(narrow, _I64) if signed else build.zext(narrow, _I64)
        self._require(build.icmp_signed("==", again, whole), wanted)
        return narrow

    def _failed(self, suspicious: Any) -> Any:
        """Whether a conversion failed; Python is asked only if its result is *suspicious*."""
        build = self._build
        before = build.block
        with build.if_then(suspicious, likely=False):
            raised = build.icmp_unsigned("!=", self._call("PyErr_Occurred"), _POINTER(None))
            inside = build.block
        result = build.phi(_I1)
        result.add_incoming(_I1(0), before)
        result.add_incoming(raised, inside)
        return result

    def _python(self, result: Any, declared: Scalar) -> Any:
        build = self._build
        if declared.name == "void":
            none = self._object("None")
            self._call("Py_IncRef", none)
            return none
        if declared.name == "float64":
            return self._call("PyFloat_FromDouble", result)
        if declared.name == "bool_":
            return self._call("PyBool_FromLong", build.zext(build.trunc(result, _I1), _I64))
        if declared.name.startswith("int"):
            wide = result if result.type.width == 64 else build.sext(result, _I64)
            return self._call("PyLong_FromLongLong", wide)
        wide = result if result.type.width == 64 else build.zext(result, _I64)
        return self._call("PyLong_FromUnsignedLongLong", wide)

    # --- Python -------------------------------------------------------------------------------------------

    def _call(self, name: str, *args: Any) -> Any:
        result, parameters = _FUNCTIONS[name]
        function = self._module.globals.get(name)
        if function is None:
            function = ir.Function(self._module, ir.FunctionType(result, parameters), name)
        return self._build.call(function, args)

    def _object(self, name: str) -> Any:
        """The address of an object of this process, put in when the code is linked."""
        symbol = ADDRESSES[name]
        return self._module.globals.get(symbol) or ir.GlobalVariable(self._module, _I8, symbol)

    def _pass_on(self, failed: Any) -> None:
        """Go back to Python, which has its exception already, if *failed*."""
        with self._build.if_then(failed, likely=False):
            self._build.ret(_POINTER(None))

    def _require(self, holds: Any, wanted: str) -> None:
        build = self._build
        with build.if_then(build.not_(holds), likely=False):
            text = f"No matching definition of kernel {self._name}: {wanted}".encode() + b"\0"
            constant = ir.Constant(ir.ArrayType(_I8, len(text)), bytearray(text))
            message = ir.GlobalVariable(self._module, constant.type, f"{SYMBOL}.{len(self._module.globals)}")
            message.global_constant = True
            message.linkage = "internal"
            message.initializer = constant
            self._call("PyErr_SetString", self._object("TypeError"), build.bitcast(message, _POINTER))
            build.ret(_POINTER(None))


def _type_numbers(element: Scalar) -> list[int]:
    """The numbers by which numpy knows *element*: two C types may be one."""
    wanted = np.dtype(element.name)
    return [np.dtype(code).num for code in "?bBhHiIlLqQd" if np.dtype(code) == wanted]
