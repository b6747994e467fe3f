"""From a kernel's Python function to LLVM code that is the same for every processor.

In: a function and its signature.  Out: LLVM bitcode with the entry point
:data:`s3sql.kernels.linking.SYMBOL`, from which :mod:`s3sql.kernels.machine_code` makes an object file.

numba translates and types the functions; how they become code is decided here:

* The parts of a kernel are linked as they are, to be optimised together, once. numba by itself optimises
  every part, and the parts within it again, and makes machine code and two entry points for each.
* numba's passes for what kernels do not have (closures, generators, array expressions, parallel loops) are
  left out, a tenth of the time.
* The entry point is :mod:`s3sql.kernels.entry_point`'s.

Only this module and ``entry_point`` import numba's insides; they are loaded when a kernel must be translated,
which takes far longer than the rest of its way to machine code.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import typed_passes, untyped_passes
from numba.core.codegen import CPUCodeLibrary, JITCPUCodegen
from numba.core.compiler import CompilerBase
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import PassManager
from numba.core.cpu import CPUContext
from numba.core.dispatcher import Dispatcher
from numba.core.registry import CPUTarget
from numba.core.target_extension import CPU, dispatcher_registry, jit_registry, target_registry
from numba.core.utils import threadsafe_cached_property
from numba.extending import intrinsic

from s3sql.kernels.entry_point import define_entry_point
from s3sql.kernels.linking import SYMBOL
from s3sql.kernels.signature import Signature, numba_type, numba_types

_TARGET_NAME = "s3sql"

#: Stands for any object of this process.
_OBJECT = "s3sql_object_of_numba"

_OPTIONS: dict[str, Any] = {
    "nopython": True,
    "nogil": True,
    "boundscheck": False,
    "error_model": "numpy",
    "fastmath": False,
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


class _Library(CPUCodeLibrary):
    """The code of one function and of all it calls, not yet optimised."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_specific(self) -> None:
        pass

    def bitcode(self) -> bytes:
        """All of it."""
        self._ensure_finalized()
        code: bytes = self._final_module.as_bitcode()
        return code


class _Codegen(JITCPUCodegen):
    """Makes no code that can be run: that is what linking the object is for."""

    _library_class = _Library

    def _add_module(self, module: Any) -> None:
        pass


class _Context(CPUContext):
    def init(self) -> None:
        super().init()
        self._internal_codegen = _Codegen("s3sql.kernels")

    def add_dynamic_addr(self, builder: Any, intaddr: int, info: str) -> Any:
        # numba loads the address of a function's object wherever it is called, and nobody looks at it. What
        # is declared only goes away with that, and is refused where it stays (machine_code.object_code).
        pointer = self.get_value_type(numba_types.voidptr)
        known = builder.module.globals.get(_OBJECT)
        return builder.load(known or ir.GlobalVariable(builder.module, pointer, _OBJECT))

    def get_executable(self, library: Any, fndesc: Any, env: Any) -> Any:
        # A part is called by kernels only, but numba wants a builtin for each, which tells them apart.
        return [].append


class _Machine(CPU):
    """The CPU, as a target of numba's own: its functions are known here, and ours stay here."""


class _Target(CPUTarget):
    @threadsafe_cached_property
    def _toplevel_target_context(self) -> Any:
        return _Context(self.typing_context, _TARGET_NAME)


class _Dispatcher(Dispatcher):
    targetdescr = _Target(_TARGET_NAME)


def _jit(**options: Any) -> Callable[[Callable[..., Any]], _Dispatcher]:
    """As ``numba.jit``: what numba's own functions are compiled by."""
    return lambda function: _Dispatcher(function, targetoptions={**options, "nopython": True})


target_registry[_TARGET_NAME] = _Machine
dispatcher_registry[_Machine] = _Dispatcher
jit_registry[_Machine] = _jit


class _Compiler(CompilerBase):
    """numba's way from bytecode to LLVM code, for functions of numbers and arrays' elements."""

    def define_pipelines(self) -> list[PassManager]:
        manager = PassManager(_TARGET_NAME)
        for step in _PASSES:
            manager.add_pass(step, step.__name__)
        manager.finalize()
        return [manager]


#: numba's order.
_PASSES = (
    untyped_passes.TranslateByteCode,
    untyped_passes.FixupArgs,
    untyped_passes.IRProcessing,
    untyped_passes.RewriteSemanticConstants,
    untyped_passes.DeadBranchPrune,
    untyped_passes.GenericRewrites,
    untyped_passes.ReconstructSSA,
    untyped_passes.DeadBranchPrune,
    typed_passes.NopythonTypeInference,
    typed_passes.PreLowerStripPhis,
    typed_passes.NoPythonSupportedFeatureValidation,
    typed_passes.IRLegalization,
    typed_passes.AnnotateTypes,
    typed_passes.NativeLowering,
    typed_passes.NoPythonBackend,
)


def dispatcher(function: Callable[..., Any], *, force_inline: bool = False, signature: Any = None) -> Any:
    """What numba sees where a kernel calls *function*; with a *signature* it has that one only."""
    options = {**_OPTIONS, "forceinline": force_inline}
    found = _Dispatcher(function, targetoptions=options, pipeline_class=_Compiler)
    if signature is not None:
        found.compile(_numba_signature(signature))
        found.disable_compile()
    return found


def _numba_signature(signature: Signature) -> Any:
    return numba_type(signature.result)(*map(numba_type, signature.args))


@contextmanager
def _collector_resting() -> Iterator[None]:
    """No cyclic garbage collection: it would walk what numba makes again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def translated(function: Callable[..., Any], signature: Signature) -> bytes:
    """The bitcode of the kernel *function*."""
    with global_compiler_lock, _collector_resting():
        declared = _numba_signature(signature)
        (found,) = dispatcher(function, signature=signature).overloads.values()
        context = _Dispatcher.targetdescr.target_context
        library = context.codegen().create_library(function.__qualname__)
        library.add_linking_library(found.library)
        module = library.create_ir_module(SYMBOL)
        define_entry_point(context, module, found.fndesc, declared, signature, function.__name__)
        library.add_ir_module(module)
        return library.bitcode()


def intrinsic_type(definition: Callable[..., Any]) -> Any:
    """What numba sees where a kernel calls the intrinsic that *definition* defines."""
    found = intrinsic(definition)
    typing = _Dispatcher.targetdescr.typing_context
    # It is made while numba is typing already.
    typing.refresh()
    return typing.resolve_value_type(found)
