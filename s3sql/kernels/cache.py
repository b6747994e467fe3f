"""Compiled kernels, kept between processes.

In: a kernel's Python function.  Out: a numba cache that stores one file per kernel in

    <cache directory>/kernels/<fingerprint>/<module>.<kernel>-<line>.nbk

The cache directory is ``S3SQL_CACHE_DIR`` or the user's cache directory. The fingerprint is a SHA-256 of
everything the machine code depends on: the source of the kernel's module and of all modules of ours it can
reach, the versions of numba, llvmlite and Python, and the name and features of the CPU compiled for (so
``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` count). numba's own cache is not used because

* its stamp is the kernel's own file, so an edit in an imported file leaves a stale result;
* processes that save different signatures of one function at once overwrite each other's code: here every
  file holds one signature, is complete in itself and appears by an atomic rename;
* without a writable directory it fails when the module is imported: here a directory that can only be read
  (a pre-filled one in an image) is read, and without any the kernels are compiled in memory.

Cache files are pickles, so a file counts only if it and its directory belong to this user or to root and
nobody else can write them. A damaged file is compiled anew.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import pickle
import re
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.registry import cpu_target
from numba.core.serialize import dumps

LOG = logging.getLogger(__name__)

_PACKAGE = Path(__file__).resolve().parent.parent
#: The modules a kernel may take constants from, besides ``kernels/`` itself.
_IMPORTABLE = (
    "buffers.py",
    "errors.py",
    "late_payloads.py",
    "limits.py",
    "payloads.py",
    "request.py",
    "timestamp.py",
    "types.py",
    "functions/signatures.py",
)
#: An import of ours, with the names in its parentheses. A test holds that every import has this form.
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+s3sql\b(?:[^\n(]*\([^)]*\)|[^\n]*)", re.MULTILINE)
_DIGEST_SIZE = hashlib.sha256().digest_size


def cache_directory() -> Path:
    """Where compiled kernels are kept; it need not exist.

    ``S3SQL_CACHE_DIR`` if set, else ``s3sql`` below ``XDG_CACHE_HOME`` or the platform's place for caches.
    """
    chosen = os.environ.get("S3SQL_CACHE_DIR")
    if chosen:
        return Path(chosen)
    return _user_cache_directory() / "s3sql"


def _user_cache_directory() -> Path:
    xdg = os.environ.get("XDG_CACHE_HOME")
    if xdg and os.path.isabs(xdg):
        return Path(xdg)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path(os.path.expanduser("~")) / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~")) / "Library" / "Caches"
    return Path(os.path.expanduser("~")) / ".cache"


@functools.cache
def _source_files() -> tuple[Path, ...]:
    """Every file of ours that a kernel's code can come from."""
    kernels = (_PACKAGE / "kernels").rglob("*.py")
    others = (_PACKAGE / name for name in _IMPORTABLE)
    return (*sorted(kernels), *(file for file in others if file.exists()))


@functools.cache
def _contents(file: Path) -> bytes:
    return file.read_bytes()


@functools.cache
def _imported_words(file: Path) -> frozenset[bytes]:
    statements = _IMPORT.findall(_contents(file))
    return frozenset(word for statement in statements for word in re.findall(rb"\w+", statement))


def _last_name(file: Path) -> bytes:
    return (file.parent.name if file.name == "__init__.py" else file.stem).encode()


def reachable_sources(file: Path) -> list[Path]:
    """*file* and every file of ours it imports, directly or not, in a fixed order.

    A file counts as imported if the last part of its module's name occurs in an import statement: now and
    then one too many, never one too few.
    """
    reached = {file}
    waiting = [file]
    while waiting:
        words = _imported_words(waiting.pop())
        for other in _source_files():
            if other not in reached and _last_name(other) in words:
                reached.add(other)
                waiting.append(other)
    return sorted(reached)


@functools.cache
def _target() -> tuple[str, ...]:
    # magic_tuple: target triple, CPU name, CPU features; the two environment variables are in it.
    machine = cpu_target.target_context.codegen().magic_tuple()
    python = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"
    return (numba.__version__, llvmlite.__version__, python, *map(str, machine))


@functools.cache
def fingerprint(file: Path) -> str:
    """SHA-256, in hex, of all that the machine code of the kernels in *file* depends on."""
    digest = hashlib.sha256()
    for part in _target():
        digest.update(part.encode() + b"\0")
    for source in reachable_sources(file):
        name = source.relative_to(_PACKAGE).as_posix() if source.is_relative_to(_PACKAGE) else source.name
        digest.update(name.encode() + b"\0")
        digest.update(hashlib.sha256(_contents(source)).digest())
    return digest.hexdigest()


def _trusted(status: os.stat_result) -> bool:
    """Whether nobody but this user and root can have written what *status* describes."""
    if sys.platform == "win32":
        # The user's own cache directory is private there; mode bits and owners say nothing.
        return True
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _prepare(directory: Path) -> tuple[bool, bool]:
    """Make *directory*, private to the user: (can be read, can be written)."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False, False
    try:
        if not _trusted(directory.stat()):
            return False, False
    except OSError:
        return False, False
    try:
        # os.access() ignores read-only mounts on some systems; only a file tells.
        tempfile.TemporaryFile(dir=directory).close()
    except OSError:
        return os.access(directory, os.R_OK | os.X_OK), False
    return True, True


@functools.cache
def _warn_once(directory: Path, consequence: str) -> None:
    LOG.warning("kernel cache %s %s; set S3SQL_CACHE_DIR to a directory of yours", directory, consequence)


class KernelCache(_Cache):
    """The numba cache of one kernel: one file, one signature."""

    def __init__(self, function: Callable[..., Any]) -> None:
        source = Path(function.__code__.co_filename).resolve()
        root = cache_directory() / "kernels"
        if not source.is_file():
            # Typed at a prompt: there is nothing to tell when it changes.
            self._directory, self._file = root, root / function.__name__
            self._readable = self._writable = False
            return
        self._directory = root / fingerprint(source)
        # With its line: two kernels may have one name, inside two functions.
        name = f"{function.__qualname__}-{function.__code__.co_firstlineno}".replace("<locals>", "in")
        self._file = self._directory / f"{function.__module__}.{name}.nbk"
        self._readable, self._writable = _prepare(self._directory)
        if not self._readable:
            _warn_once(root, "cannot be used: kernels are compiled anew by every process")
        elif not self._writable:
            _warn_once(root, "is read-only: kernels it lacks are compiled anew by every process")

    @property
    def cache_path(self) -> str:
        """The directory the kernel is kept in."""
        return str(self._directory)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled kernel, or None if it is not kept or not for *sig*."""
        target_context.refresh()
        if not self._readable:
            return None
        try:
            with open(self._file, "rb") as file:
                if not _trusted(os.fstat(file.fileno())):
                    return None
                stored = file.read()
        except OSError:
            return None
        digest, payload = stored[:_DIGEST_SIZE], stored[_DIGEST_SIZE:]
        if hashlib.sha256(payload).digest() != digest:
            return None
        signature, reduced = pickle.loads(payload)
        if signature != str(sig):
            return None
        return CompileResult._rebuild(target_context, *reduced)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compile result *data* for *sig*; a directory that has become full or gone is no error."""
        if not self._writable:
            return
        if data.library.has_dynamic_globals:
            raise TypeError(f"kernel {self._file.stem} holds an address or a large array and cannot be kept")
        payload = dumps((str(sig), data._reduce()))
        try:
            self._replace(hashlib.sha256(payload).digest() + payload)
        except OSError as error:
            _warn_once(self._directory, f"cannot be written ({error.strerror})")

    def _replace(self, contents: bytes) -> None:
        # mkstemp makes a 0600 file of a name nobody else has, so two processes never write one file.
        handle, temporary = tempfile.mkstemp(dir=self._directory, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(contents)
            os.replace(temporary, self._file)
        except BaseException:
            os.unlink(temporary)
            raise

    def enable(self) -> None:
        """Required by numba; a kernel's cache is always in use."""

    def disable(self) -> None:
        """Required by numba; a kernel's cache is always in use."""

    def flush(self) -> None:
        """Forget the kept kernel."""
        if self._writable:
            self._file.unlink(missing_ok=True)
