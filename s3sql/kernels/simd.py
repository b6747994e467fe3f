"""Sixty-four bytes at a time: masks of bytes, and the bit operations that walk such masks.

In: the byte arrays and offsets of a kernel.  Out: ``uint64`` masks, whose lowest bit is the first byte.
Every function here is called inside kernels only.

* Masks are ``uint64``; offsets and counts are ``int64``.  numba makes a float of ``int64`` + ``uint64``, so
  mixing them is always a mistake.
* Loads and stores are unaligned, and nothing checks an offset. The masks read 64 bytes from their offset on,
  :func:`load64` 8; ``copy32`` and ``copy64`` read and write their full width. The padding of
  :class:`s3sql.buffers.PaddedBuffer` is there for that.
* The code is generic LLVM vectors, which LLVM splits to what the target has (AVX-512, AVX2, SSE2, NEON).
  What only some x86 processors have an instruction for (pdep, pclmulqdq) is a call, which
  :mod:`s3sql.kernels.cpu` defines for the processor at hand.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from s3sql.kernels.compile import intrinsic
from s3sql.kernels.cpu import PREFIX_XOR, SELECT_BIT
from s3sql.kernels.signature import numba_types as types

_I1 = ir.IntType(1)
_I8 = ir.IntType(8)
_I32 = ir.IntType(32)
_I64 = ir.IntType(64)


def _is_bytes(array: Any) -> bool:
    return (
        isinstance(array, types.Array)
        and array.ndim == 1
        and array.dtype == types.uint8
        and array.layout == "C"
    )


def _address(context: Any, builder: Any, array_type: Any, array: Any, offset: Any, pointee: Any) -> Any:
    """The address of byte *offset* of *array*, as a pointer to *pointee*."""
    first = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(first, [offset]), pointee.as_pointer())


def _load(builder: Any, address: Any) -> Any:
    value = builder.load(address)
    value.align = 1
    return value


def _store(builder: Any, value: Any, address: Any) -> None:
    builder.store(value, address).align = 1


def _splat(builder: Any, byte: Any, width: int) -> Any:
    vector = ir.VectorType(_I8, width)
    undefined = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(undefined, byte, ir.Constant(_I32, 0))
    return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(_I32, width), [0] * width))


def _external(builder: Any, name: str, function_type: Any) -> Any:
    known = builder.module.globals.get(name)
    return known or ir.Function(builder.module, function_type, name)


# --- masks of 64 bytes ------------------------------------------------------------------------------------


@intrinsic
def byte_mask(typing: Any, array: Any, offset: Any, byte: Any) -> Any:
    """Which of the 64 bytes from *offset* on equal *byte*."""
    return _comparison(array, "==")


@intrinsic
def less_than_mask(typing: Any, array: Any, offset: Any, byte: Any) -> Any:
    """Which of the 64 bytes from *offset* on are less than *byte*, unsigned."""
    return _comparison(array, "<")


def _comparison(array: Any, operator: str) -> Any:
    if not _is_bytes(array):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], args[0], args[1], ir.VectorType(_I8, 64))
        bytes_64 = _load(builder, address)
        found = builder.icmp_unsigned(operator, bytes_64, _splat(builder, args[2], 64))
        return builder.bitcast(found, _I64)

    return types.uint64(array, types.int64, types.uint8), generate


@intrinsic
def first_difference(typing: Any, array: Any, offset: Any, other: Any, other_offset: Any) -> Any:
    """The first of 32 bytes from *offset* on that differs from *other* from *other_offset* on; 32 without."""
    if not _is_bytes(array) or not _is_bytes(other):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(_I8, 32)
        left = _load(builder, _address(context, builder, signature.args[0], args[0], args[1], vector))
        right = _load(builder, _address(context, builder, signature.args[2], args[2], args[3], vector))
        differences = builder.bitcast(builder.icmp_unsigned("!=", left, right), _I32)
        function = builder.module.declare_intrinsic("llvm.cttz", [_I32], ir.FunctionType(_I32, [_I32, _I1]))
        return builder.zext(builder.call(function, [differences, ir.Constant(_I1, 0)]), _I64)

    return types.int64(array, types.int64, other, types.int64), generate


@intrinsic
def high_bit_mask(typing: Any, array: Any, offset: Any) -> Any:
    """Which of the 64 bytes from *offset* on are 128 or more, that is, not ASCII."""
    if not _is_bytes(array):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(_I8, 64)
        bytes_64 = _load(builder, _address(context, builder, signature.args[0], args[0], args[1], vector))
        negative = builder.icmp_signed("<", bytes_64, ir.Constant(vector, [0] * 64))
        return builder.bitcast(negative, _I64)

    return types.uint64(array, types.int64), generate


@intrinsic
def count_ordinary(typing: Any, array: Any, offset: Any, byte: Any, apart: Any, least: Any) -> Any:
    """How many of the 256 bytes from *offset* on equal *byte*; -1 if there is more to see in them.

    That is a byte that is not ASCII or equals *apart*, or one below *least* behind one that equals *byte*.
    The byte behind the 256 is looked at too.
    """
    if not _is_bytes(array):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(_I8, 64)
        first = _address(context, builder, signature.args[0], args[0], args[1], _I8)
        wanted, apart, least = (_splat(builder, byte, 64) for byte in args[2:])
        population = builder.module.declare_intrinsic("llvm.ctpop", [_I64])
        zeros = ir.Constant(vector, [0] * 64)
        # Bytes that are not ASCII stay negative, *apart* becomes 0: one minimum tells of both.
        lowest = ir.Constant(vector, [0x7F] * 64)
        early = ir.Constant(ir.VectorType(_I1, 64), [0] * 64)
        count = ir.Constant(_I64, 0)
        for place in range(0, 256, 64):
            addresses = [builder.gep(first, [ir.Constant(_I64, place + behind)]) for behind in (0, 1)]
            here, behind = (
                _load(builder, builder.bitcast(address, vector.as_pointer())) for address in addresses
            )
            difference = builder.xor(here, apart)
            lowest = builder.select(builder.icmp_signed("<", difference, lowest), difference, lowest)
            found = builder.icmp_unsigned("==", here, wanted)
            early = builder.or_(early, builder.and_(found, builder.icmp_unsigned("<", behind, least)))
            count = builder.add(count, builder.call(population, [builder.bitcast(found, _I64)]))
        more = builder.or_(early, builder.icmp_signed("<=", lowest, zeros))
        ordinary = builder.icmp_unsigned("==", builder.bitcast(more, _I64), ir.Constant(_I64, 0))
        return builder.select(ordinary, count, ir.Constant(_I64, -1))

    return types.int64(array, types.int64, types.uint8, types.uint8, types.uint8), generate


# --- bits of a mask ---------------------------------------------------------------------------------------


@intrinsic
def trailing_zeros(typing: Any, mask: Any) -> Any:
    """The number of the lowest set bit; 64 if there is none."""
    return types.int64(types.uint64), _zero_count("llvm.cttz")


@intrinsic
def leading_zeros(typing: Any, mask: Any) -> Any:
    """The number of zeros above the highest set bit; 64 if there is none."""
    return types.int64(types.uint64), _zero_count("llvm.ctlz")


def _zero_count(name: str) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = builder.module.declare_intrinsic(name, [_I64], ir.FunctionType(_I64, [_I64, _I1]))
        return builder.call(function, [args[0], ir.Constant(_I1, 0)])

    return generate


@intrinsic
def popcount(typing: Any, mask: Any) -> Any:
    """The number of set bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.call(builder.module.declare_intrinsic("llvm.ctpop", [_I64]), [args[0]])

    return types.int64(types.uint64), generate


@intrinsic
def low_bits(typing: Any, count: Any) -> Any:
    """A mask of the *count* lowest bits; all of them from 64 on, none for 0 and less."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        count = args[0]
        some = builder.sub(builder.shl(ir.Constant(_I64, 1), count), ir.Constant(_I64, 1))
        # Shifting by 64 or more is undefined, hence the two selects.
        some = builder.select(builder.icmp_signed("<", count, ir.Constant(_I64, 64)), some, _all_ones())
        return builder.select(
            builder.icmp_signed(">", count, ir.Constant(_I64, 0)), some, ir.Constant(_I64, 0)
        )

    return types.uint64(types.int64), generate


def _all_ones() -> Any:
    return ir.Constant(_I64, (1 << 64) - 1)


@intrinsic
def prefix_xor(typing: Any, mask: Any) -> Any:
    """Bit n of the result is the parity of bits 0 to n: set from each opening quote to before its closing."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.call(_external(builder, PREFIX_XOR, ir.FunctionType(_I64, [_I64])), args)

    return types.uint64(types.uint64), generate


@intrinsic
def select_bit(typing: Any, mask: Any, number: Any) -> Any:
    """The set bit of *mask* that has *number* set bits below it, alone; 0 if there are not so many.

    *number* is 0 to 63; ``trailing_zeros`` of the result is the bit's position.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.call(_external(builder, SELECT_BIT, ir.FunctionType(_I64, [_I64, _I64])), args)

    return types.uint64(types.uint64, types.int64), generate


# --- single loads and stores ------------------------------------------------------------------------------


@intrinsic
def at(typing: Any, array: Any, index: Any) -> Any:
    """``array[index]`` of a one-dimensional array of numbers, without numba's test for a negative index."""
    if not isinstance(array, types.Array) or array.ndim != 1:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        struct = context.make_array(signature.args[0])(context, builder, args[0])
        if array.layout == "C":
            address = builder.gep(struct.data, [args[1]])
        else:
            stride = builder.extract_value(struct.strides, 0)
            first = builder.bitcast(struct.data, _I8.as_pointer())
            address = builder.bitcast(builder.gep(first, [builder.mul(args[1], stride)]), struct.data.type)
        return context.unpack_value(builder, array.dtype, address)

    return array.dtype(array, types.int64), generate


@intrinsic
def put(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """``array[index] = value`` of a contiguous array, without numba's test for a negative index."""
    if not isinstance(array, types.Array) or array.ndim != 1 or array.layout != "C" or not array.mutable:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        struct = context.make_array(signature.args[0])(context, builder, args[0])
        context.pack_value(builder, array.dtype, args[2], builder.gep(struct.data, [args[1]]))
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), generate


@intrinsic
def load64(typing: Any, array: Any, offset: Any) -> Any:
    """The eight bytes from *offset* on; the first is the lowest (every target of numba is little-endian)."""
    if not _is_bytes(array):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _load(builder, _address(context, builder, signature.args[0], args[0], args[1], _I64))

    return types.uint64(array, types.int64), generate


@intrinsic
def store64(typing: Any, array: Any, offset: Any, word: Any) -> Any:
    """Store eight bytes from *offset* on, the lowest first."""
    if not _is_bytes(array) or not array.mutable:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], args[0], args[1], _I64)
        _store(builder, args[2], address)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.uint64), generate


@intrinsic
def copy32(typing: Any, target: Any, target_offset: Any, source: Any, source_offset: Any) -> Any:
    """Copy 32 bytes; the two ranges may overlap."""
    return _copy(target, source, 32)


@intrinsic
def copy64(typing: Any, target: Any, target_offset: Any, source: Any, source_offset: Any) -> Any:
    """Copy 64 bytes; the two ranges may overlap."""
    return _copy(target, source, 64)


def _copy(target: Any, source: Any, width: int) -> Any:
    if not _is_bytes(target) or not target.mutable or not _is_bytes(source):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(_I8, width)
        target_type, _, source_type, _ = signature.args
        copied = _load(builder, _address(context, builder, source_type, args[2], args[3], vector))
        _store(builder, copied, _address(context, builder, target_type, args[0], args[1], vector))
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64), generate
