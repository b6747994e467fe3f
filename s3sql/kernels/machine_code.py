"""From LLVM code that is the same for every processor to an object file for one.

In: the bitcode of a kernel (:mod:`s3sql.kernels.translation`), made just now or shipped with the package.
Out: an object file with one symbol, :data:`s3sql.kernels.linking.SYMBOL`.

Only LLVM is needed, not numba, whose settings and order of optimisation these are.
"""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import binding as llvm

from s3sql.kernels.cpu import CHOSEN, definitions, target
from s3sql.kernels.linking import ALLOWED, SYMBOL

_OPTIMISATION = 3


@functools.cache
def _machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    wanted = target()
    # Code that is linked where it stays needs no indirection on x86.
    relocation = "static" if llvm.Target.from_default_triple().name.startswith("x86") else "default"
    return llvm.Target.from_triple(wanted.triple).create_target_machine(
        cpu=wanted.cpu,
        features=wanted.features,
        opt=_OPTIMISATION,
        reloc=relocation,
        codemodel="jitdefault",
        jit=True,
    )


def _passes(level: int, *, vectorize: bool) -> Any:
    tuning = llvm.create_pipeline_tuning_options()
    tuning.speed_level = level
    tuning.loop_vectorization = vectorize
    tuning.slp_vectorization = False
    return llvm.create_pass_builder(_machine(), tuning)


def _optimise(module: Any) -> None:
    # Inlining and rotating loops come first, which lets more loops become vectors.
    first = _passes(0, vectorize=False)
    manager = first.getModulePassManager()
    manager.add_loop_rotate_pass()
    manager.add_instruction_combine_pass()
    manager.add_jump_threading_pass()
    manager.run(module, first)
    full = _passes(_OPTIMISATION, vectorize=True)
    full.getModulePassManager().run(module, full)


def object_code(bitcode: bytes, name: str) -> bytes:
    """The object file of the kernel *name* for the processor at hand.

    Raises:
        TypeError: the code refers to something that a process without numba has not.
    """
    module = llvm.parse_bitcode(bitcode)
    module.triple = target().triple
    module.data_layout = str(_machine().target_data)
    chosen = llvm.parse_assembly(definitions(target()))
    chosen.triple, chosen.data_layout = module.triple, module.data_layout
    module.link_in(chosen)
    for function in CHOSEN:
        module.get_function(function).linkage = llvm.Linkage.internal
    module.verify()
    _optimise(module)
    named = [*module.functions, *module.global_variables]
    needed = {symbol.name for symbol in named if symbol.is_declaration} - ALLOWED
    needed = {name for name in needed if not name.startswith("llvm.")}
    if needed:
        raise TypeError(f"kernel {name} needs {', '.join(sorted(needed))}, which only numba has")
    for symbol in named:
        # Two objects may hold one part.
        if not symbol.is_declaration and symbol.name != SYMBOL:
            symbol.linkage = llvm.Linkage.internal
    code: bytes = _machine().emit_object(module)
    return code
