"""Compiled kernels, kept between processes.

In: a kernel's Python function.  Out: its object code, if it is kept, of one file per kernel in

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

Cache files are machine code, so a file counts only if it and its directory belong to this user or to root and
nobody else can write them. A damaged file is compiled anew.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from s3sql.kernels.cpu import target

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
        return Path(local) if local else _home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches"
    return _home() / ".cache"


def _home() -> Path:
    home = os.path.expanduser("~")
    # A user without one keeps nothing, rather than in a folder of that name wherever the process was started.
    return Path(os.devnull if home == "~" else home)


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


@functools.cache
def _named_sources() -> tuple[tuple[bytes, Path], ...]:
    """Every file of ours, behind the last part of its module's name."""
    return tuple(
        ((file.parent.name if file.name == "__init__.py" else file.stem).encode(), file)
        for file in _source_files()
    )


def reachable_sources(file: Path) -> list[Path]:
    """*file* and every file of ours it imports, directly or not, in a fixed order.

    A file counts as imported if the last part of its module's name occurs in an import statement: now and
    then one too many, never one too few.
    """
    reached = {file}
    waiting = [file]
    while waiting:
        words = _imported_words(waiting.pop())
        for name, other in _named_sources():
            if name in words and other not in reached:
                reached.add(other)
                waiting.append(other)
    return sorted(reached)


@functools.cache
def _version(package: str) -> bytes:
    """What tells the version of *package*, which need not be imported for it."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ImportError(f"s3sql needs {package}")
    file = Path(found.origin).with_name("_version.py")
    if file.exists():
        return file.read_bytes()
    # Late: it takes longer than loading a kernel.
    from importlib.metadata import version

    return version(package).encode()


def versions() -> tuple[bytes, bytes]:
    """What tells the versions of numba and of llvmlite, and so of LLVM."""
    return _version("numba"), _version("llvmlite")


@functools.cache
def _made_for() -> tuple[bytes, ...]:
    wanted = target()
    python = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"
    parts = (wanted.triple, wanted.cpu, wanted.features, python)
    return (*versions(), *(part.encode() for part in parts))


@functools.cache
def _source_digest(file: Path) -> bytes:
    digest = hashlib.sha256()
    for source in reachable_sources(file):
        name = source.relative_to(_PACKAGE).as_posix() if source.is_relative_to(_PACKAGE) else source.name
        digest.update(name.encode() + b"\0")
        digest.update(hashlib.sha256(_contents(source)).digest())
    return digest.digest()


def digest_of(file: Path, parts: tuple[bytes, ...]) -> str:
    """SHA-256, in hex, of *parts* and of the source of all that the kernels in *file* are made of."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part + b"\0")
    digest.update(_source_digest(file))
    return digest.hexdigest()


@functools.cache
def fingerprint(file: Path) -> str:
    """SHA-256, in hex, of all that the machine code of the kernels in *file* depends on."""
    return digest_of(file, _made_for())


def file_name(function: Callable[..., Any], suffix: str) -> str:
    """The name of the file of the kernel *function*, in a directory of files of one kind."""
    # With its line: two kernels may have one name, inside two functions.
    name = f"{function.__qualname__}-{function.__code__.co_firstlineno}".replace("<locals>", "in")
    return f"{function.__module__}.{name}.{suffix}"


def seal(said: str, code: bytes) -> bytes:
    """What a file holds whose *code* is for whoever says *said*."""
    payload = said.encode() + b"\0" + code
    return hashlib.sha256(payload).digest() + payload


def unseal(stored: bytes, said: str) -> bytes | None:
    """The code in what :func:`seal` made, or None if it is damaged or for another than *said*."""
    digest, payload = stored[:_DIGEST_SIZE], stored[_DIGEST_SIZE:]
    if hashlib.sha256(payload).digest() != digest:
        return None
    found, _, code = payload.partition(b"\0")
    return code if found == said.encode() else None


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


class KernelCache:
    """Where one kernel is kept: one file, one signature."""

    def __init__(self, function: Callable[..., Any]) -> None:
        source = Path(function.__code__.co_filename).resolve()
        self.root = root = cache_directory() / "kernels"
        if not source.is_file():
            # Typed at a prompt: there is nothing to tell when it changes.
            self._directory, self._file = root, root / function.__name__
            self._readable = self._writable = False
            return
        self._directory = root / fingerprint(source)
        self._file = self._directory / file_name(function, "nbk")
        self._readable, self._writable = _prepare(self._directory)
        if not self._readable:
            _warn_once(root, "cannot be used: kernels are compiled anew by every process")
        elif not self._writable:
            _warn_once(root, "is read-only: kernels it lacks are compiled anew by every process")

    @property
    def file(self) -> Path:
        """Where the kernel is kept, if it is."""
        return self._file

    @property
    def writable(self) -> bool:
        """Whether the kernel can be kept."""
        return self._writable

    def load(self, signature: str) -> bytes | None:
        """The kernel's object code, or None if it is not kept or not for *signature*."""
        if not self._readable:
            return None
        try:
            with open(self._file, "rb") as file:
                if not _trusted(os.fstat(file.fileno())):
                    return None
                stored = file.read()
        except OSError:
            return None
        return unseal(stored, signature)

    def save(self, signature: str, code: bytes) -> None:
        """Keep *code* for *signature*; a directory that has become full or gone is no error."""
        if not self._writable:
            return
        try:
            self._replace(seal(signature, code))
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
