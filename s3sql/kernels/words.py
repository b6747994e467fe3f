"""Words of 64 bits as something else: the upper half of a product, bytes in reverse order, a float.

In: ``uint64`` words of a kernel.  Out: others. Every function here is called inside kernels only.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from s3sql.kernels.compile import intrinsic
from s3sql.kernels.signature import numba_types as types

_I64 = ir.IntType(64)
_I128 = ir.IntType(128)


@intrinsic
def byte_swap(typing: Any, word: Any) -> Any:
    """The eight bytes in reverse order: makes :func:`s3sql.kernels.simd.load64` compare as text does."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.call(builder.module.declare_intrinsic("llvm.bswap", [_I64]), [args[0]])

    return types.uint64(types.uint64), generate


@intrinsic
def multiply_high(typing: Any, left: Any, right: Any) -> Any:
    """The upper 64 bits of the 128-bit product of two unsigned numbers."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        product = builder.mul(builder.zext(args[0], _I128), builder.zext(args[1], _I128))
        return builder.trunc(builder.lshr(product, ir.Constant(_I128, 64)), _I64)

    return types.uint64(types.uint64, types.uint64), generate


@intrinsic
def float_bits(typing: Any, number: Any) -> Any:
    """The IEEE 754 representation of a float."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _I64)

    return types.uint64(types.float64), generate


@intrinsic
def float_from_bits(typing: Any, bits: Any) -> Any:
    """The float of an IEEE 754 representation."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.uint64), generate
