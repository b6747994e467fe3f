"""Kernels translated beforehand, kept in the package itself.

In: a kernel's Python function and signature.  Out: its bitcode (:mod:`s3sql.kernels.translation`), if the
package holds it, in

    s3sql/kernels/bitcode/<module>.<kernel>-<line>.bc

Most of the time that a new kernel takes goes into translating Python. The result is the same on every
processor, so it is made once, when the package is (:mod:`s3sql.kernels.prebuilding`), and a machine that is
asked its first query only has LLVM make machine code of it.

A file counts only if it is whole and its key is that of this process: the source of all that the kernel is
made of, the versions of numba and LLVM, the platform, and where Python's objects have their fields.
Otherwise, after an edit of a kernel, say, it is as if it were not there. Files are believed like the modules
beside them.
"""

from __future__ import annotations

import functools
import os
import struct
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s3sql.kernels.cache import digest_of, file_name, seal, unseal, versions
from s3sql.kernels.signature import Signature

_KERNELS = Path(__file__).resolve().parent
DIRECTORY = _KERNELS / "bitcode"


@functools.cache
def _platform() -> tuple[bytes, ...]:
    # Late: whoever only imports kernels needs no LLVM.
    from llvmlite import binding as llvm

    from s3sql.kernels.linking import HEAD

    parts = (llvm.get_process_triple(), sys.byteorder, str(struct.calcsize("P")), str(HEAD))
    return (*versions(), *(part.encode() for part in parts))


def _key(source: Path, signature: Signature) -> str:
    return f"{digest_of(source, _platform())} {signature!r}"


def _source(function: Callable[..., Any]) -> Path | None:
    """The file of a kernel of the package; None of any other."""
    source = Path(function.__code__.co_filename).resolve()
    return source if source.parent == _KERNELS and source.is_file() else None


def file_of(function: Callable[..., Any]) -> Path:
    """Where the kernel *function* is, if it is."""
    return DIRECTORY / file_name(function, "bc")


def prebuilt(function: Callable[..., Any], signature: Signature) -> bytes | None:
    """The bitcode of the kernel *function*, or None if the package has none for this process."""
    source = _source(function)
    if source is None:
        return None
    try:
        stored = file_of(function).read_bytes()
    except OSError:
        return None
    compressed = unseal(stored, _key(source, signature))
    return None if compressed is None else zlib.decompress(compressed)


def keep(function: Callable[..., Any], signature: Signature, bitcode: bytes) -> None:
    """Put the *bitcode* of a kernel of the package into it.

    Raises:
        OSError: it cannot be written.
        ValueError: *function* is no kernel of the package.
    """
    source = _source(function)
    if source is None:
        raise ValueError(f"{function.__qualname__} is no kernel of the package")
    DIRECTORY.mkdir(exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=DIRECTORY, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(seal(_key(source, signature), zlib.compress(bitcode, 9)))
        # As the modules beside it are: for every user of the machine to read.
        os.chmod(temporary, 0o644)
        os.replace(temporary, file_of(function))
    except BaseException:
        os.unlink(temporary)
        raise
