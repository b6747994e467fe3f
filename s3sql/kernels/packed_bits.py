"""Eight packed numbers at a time, as one vector.

In: a padded buffer of numbers of one width in bits, one behind the other, the lowest bit first.  Out: numbers
of 32 bits. Called inside kernels only; offsets are not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from s3sql.kernels.compile import intrinsic
from s3sql.kernels.signature import numba_types as types

_I32 = ir.IntType(32)
_I64 = ir.IntType(64)

#: The widest numbers of which four, and of which two, lie in eight bytes from the first one's byte on.
NARROW_WIDTH, MIDDLE_WIDTH = 16, 28


@intrinsic
def unpack_narrow(typing: Any, buffer: Any, offset: Any, width: Any, out: Any, place: Any) -> Any:
    """Eight numbers of at most :data:`NARROW_WIDTH` bits, the first at byte *offset*, to *place* in *out*."""
    return types.void(buffer, types.int64, types.int64, out, types.int64), _unpack_eight(loads=2)


@intrinsic
def unpack_middle(typing: Any, buffer: Any, offset: Any, width: Any, out: Any, place: Any) -> Any:
    """As :func:`unpack_narrow`, of at most :data:`MIDDLE_WIDTH` bits."""
    return types.void(buffer, types.int64, types.int64, out, types.int64), _unpack_eight(loads=4)


def _unpack_eight(loads: int) -> Callable[..., Any]:
    """Code that loads eight bytes *loads* times, and takes as many numbers of each."""
    each = 8 // loads
    lanes = [lane // each for lane in range(8)]

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        buffer, offset, width, out, place = args
        first = context.make_array(signature.args[0])(context, builder, buffer).data
        words, shifts = (ir.Constant(ir.VectorType(_I64, loads), ir.Undefined) for _ in range(2))
        for number in range(loads):
            bit = builder.mul(width, ir.Constant(_I64, each * number))
            byte = builder.add(offset, builder.lshr(bit, ir.Constant(_I64, 3)))
            word = builder.load(builder.bitcast(builder.gep(first, [byte]), _I64.as_pointer()))
            word.align = 1
            lane = ir.Constant(_I32, number)
            words = builder.insert_element(words, word, lane)
            shifts = builder.insert_element(shifts, builder.and_(bit, ir.Constant(_I64, 7)), lane)
        vector = ir.VectorType(_I64, 8)
        spread = ir.Constant(ir.VectorType(_I32, 8), lanes)
        undefined = ir.Constant(words.type, ir.Undefined)
        words = builder.shuffle_vector(words, undefined, spread)
        shifts = builder.shuffle_vector(shifts, undefined, spread)
        steps = ir.Constant(vector, [lane % each for lane in range(8)])
        shifts = builder.add(shifts, builder.mul(_splat(builder, width), steps))
        one = ir.Constant(_I64, 1)
        mask = builder.sub(builder.shl(one, width), one)
        found = builder.and_(builder.lshr(words, shifts), _splat(builder, mask))
        numbers = builder.trunc(found, ir.VectorType(_I32, 8))
        target = context.make_array(signature.args[3])(context, builder, out).data
        address = builder.bitcast(builder.gep(target, [place]), numbers.type.as_pointer())
        builder.store(numbers, address).align = 4
        return context.get_dummy_value()

    return generate


def _splat(builder: Any, number: Any) -> Any:
    vector = ir.VectorType(_I64, 8)
    undefined = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(undefined, number, ir.Constant(_I32, 0))
    return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(_I32, 8), [0] * 8))
