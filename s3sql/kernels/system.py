"""What kernels ask the operating system and its libraries for.

In: descriptors, addresses and buffers of a kernel.  Out: bytes. Every function here is called inside kernels
only, where the GIL is released.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from s3sql.kernels.compile import intrinsic
from s3sql.kernels.signature import numba_types as types

#: In the place of a descriptor: there is no file.
NO_FILE = -1

_I8 = ir.IntType(8)
_I32 = ir.IntType(32)
_I64 = ir.IntType(64)


@intrinsic
def read_file(typing: Any, file: Any, buffer: Any, offset: Any, size: Any, place: Any) -> Any:
    """Read *size* bytes of the open *file* from *place* on into the buffer from *offset* on.

    Gives the number of bytes read, fewer than *size* at the end of the file or where the system reads in
    parts, and -1 if reading fails. The buffer has *size* bytes there: nothing checks it.
    """
    if not isinstance(buffer, types.Array) or buffer.dtype != types.uint8 or not buffer.mutable:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        file, buffer, offset, size, place = args
        first = context.make_array(signature.args[1])(context, builder, buffer).data
        # ssize_t pread(int, void *, size_t, off_t)
        form = ir.FunctionType(_I64, [_I32, _I8.as_pointer(), _I64, _I64])
        function = builder.module.globals.get("pread") or ir.Function(builder.module, form, "pread")
        address = builder.gep(first, [offset])
        return builder.call(function, [builder.trunc(file, _I32), address, size, place])

    return types.int64(types.int64, buffer, types.int64, types.int64, types.int64), generate


@intrinsic
def call_decompressor(
    typing: Any,
    function: Any,
    context: Any,
    out: Any,
    target: Any,
    size: Any,
    source: Any,
    start: Any,
    stored: Any,
) -> Any:
    """Call a function in C that fills *size* bytes of *out* from *target* on from *stored* bytes of *source*.

    At the address *function*: ``size_t (void *context, void *out, size_t size, const void *source, size_t
    stored)``. What it gives. *source* is taken from *start* on. Nothing is checked.
    """
    if not all(isinstance(array, types.Array) and array.dtype == types.uint8 for array in (out, source)):
        return None
    if not out.mutable:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function, first, out, target, size, source, start, stored = args
        pointer = _I8.as_pointer()
        form = ir.FunctionType(_I64, [pointer, pointer, _I64, pointer, _I64])
        arrays = [(signature.args[2], out, target), (signature.args[5], source, start)]
        written, read = (
            builder.gep(context.make_array(type_)(context, builder, array).data, [offset])
            for type_, array, offset in arrays
        )
        called = builder.inttoptr(function, form.as_pointer())
        return builder.call(called, [builder.inttoptr(first, pointer), written, size, read, stored])

    whole = types.int64
    return whole(whole, whole, out, whole, whole, source, whole, whole), generate
