"""The kernel cache, filled before it is needed.

In: a number of processes.  Out: every kernel in the cache, and a :class:`Filled` that says what was done.
``python -m s3sql.kernels.warming`` fills it too, in one process and without the extra ``cli``.

Compiling is numba's work, one kernel at a time in a process, so the kernels are shared out among processes of
their own. They write as every process writes to the cache: several may fill it at once, and queries may run.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from s3sql.kernels.cache import KernelCache
from s3sql.kernels.compile import Kernel

#: Called with how many of the missing kernels have been compiled, and how many there are.
Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Filled:
    """The ``directory`` of the cache, the kernels there ``before`` and those ``compiled`` now, and bytes."""

    directory: Path
    before: int
    compiled: int
    size: int


def all_kernels() -> dict[str, Kernel[..., object]]:
    """Every kernel of the package by its full name, in a fixed order."""
    found: dict[str, Kernel[..., object]] = {}
    for file in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        home = import_module(f"{__package__}.{file.stem}")
        for name, value in sorted(vars(home).items()):
            if isinstance(value, Kernel) and value.function.__module__ == home.__name__:
                found[f"{file.stem}.{name}"] = value
    return found


def _is_kept(kernel: Kernel[..., object]) -> bool:
    return KernelCache(kernel.function).load(repr(kernel.signature)) is not None


def fill(processes: int, watch: Watch | None = None) -> Filled:
    """Compile what the cache lacks, in so many processes at once.

    Raises:
        OSError: the cache lacks kernels and cannot be written, or a process of ours failed.
    """
    known = all_kernels()
    caches = {name: KernelCache(kernel.function) for name, kernel in known.items()}
    root = next(iter(caches.values())).root
    missing = [name for name, kernel in known.items() if not _is_kept(kernel)]
    if missing and not all(caches[name].writable for name in missing):
        raise OSError(f"the kernel cache {root} lacks {len(missing)} kernels and cannot be written")
    if missing:
        share_out(__name__, missing, processes, watch)
    size = sum(cache.file.stat().st_size for cache in caches.values())
    return Filled(root, len(known) - len(missing), len(missing), size)


def share_out(module: str, missing: Sequence[str], processes: int, watch: Watch | None = None) -> None:
    """Run *module* in so many processes, each with a share of the kernels *missing*; it tells each by a line.

    Raises:
        OSError: one of them failed.
    """
    count = min(processes, len(missing))
    command = [sys.executable, "-m", module]
    workers = [
        subprocess.Popen([*command, *missing[share::count]], stdout=subprocess.PIPE, text=True)
        for share in range(count)
    ]
    try:
        done = 0
        for worker in workers:
            assert worker.stdout is not None
            for _ in worker.stdout:
                done += 1
                if watch is not None:
                    watch(done, len(missing))
            if worker.wait():
                raise OSError(f"compiling kernels ended with status {worker.returncode}")
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def _compile(names: Sequence[str]) -> None:
    """Compile the kernels *names* here, and write a line for each."""
    known = all_kernels()
    for name in names:
        known[name].compile()
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _compile(sys.argv[1:] or list(all_kernels()))
