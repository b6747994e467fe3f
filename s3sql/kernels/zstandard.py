"""Zstandard, as pages of Parquet are compressed, by the library of it that the system has.

In: compressed bytes, and where the library's function is.  Out: exactly as many bytes as were asked for, or
nothing that counts.

Kernels call the library themselves, page by page: a call from Python for each page takes as long again as
the work, and two threads wait for each other.

Source: Zstandard's zstd.h (``ZSTD_decompressDCtx``) and RFC 8878.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BYTES, BYTES_OUT, DENSE_INT64S, INT64, kernel
from s3sql.kernels.simd import at, load64, low_bits
from s3sql.kernels.system import call_decompressor

#: Places in what is told of the library: the address of its function, and that of a context for it.
FUNCTION, CONTEXT = range(2)

_MAGIC = 0xFD2FB528


@kernel(INT64(BYTES, INT64, INT64, BYTES_OUT, INT64, DENSE_INT64S))
def decompress_zstandard(source: Any, start: Any, end: Any, out: Any, size: Any, library: Any) -> Any:
    """Decompress ``source[start:end]`` to the first *size* bytes of *out*.

    0 if it is no Zstandard, or of another size. *library*: see :data:`FUNCTION`; no two threads may give the
    same context at a time.
    """
    # The library may know older formats too, which nobody has put into Parquet.
    if end - start < 4 or INT64(load64(source, start) & low_bits(32)) != _MAGIC:
        return INT64(0)
    function, context = at(library, FUNCTION), at(library, CONTEXT)
    made = call_decompressor(function, context, out, INT64(0), size, source, start, end - start)
    return INT64(made == size)
