"""A second process that compiles what a query will call next, while this one compiles what it has called.

In: a kernel that a query has called, and that has to be translated.  Out: the kernels that such a query calls
later on, in the cache by the time they are called, or soon after.

Translating is Python's work, of which a process does one piece at a time, and a first query waits for four to
ten kernels. Which ones those mostly are is known from the first: see :data:`_LATER`. Both processes write to
the cache as all do, and what both make is the same, so nothing depends on what the second one does, or
whether there is one: a kernel that it has not begun when it is called is compiled here.

There is none where the package has its kernels translated (:mod:`s3sql.kernels.prebuilt`), where the cache
cannot be written, on a single core, and where no Python is known that could be started.
"""

from __future__ import annotations

import atexit
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from s3sql.kernels.cache import KernelCache

LOG = logging.getLogger(__name__)

#: By the kernel that a query of one format calls first: what it calls later, the last first, so that the two
#: processes meet; but first what every such query calls, and the largest one of Parquet.
_LATER: Final[dict[str, tuple[str, ...]]] = {
    "csv_plain.index_plain": ("write_csv_rows.write_csv_records", "csv_split.find_plain_columns"),
    "csv_count.count_records": ("write_csv_rows.write_csv_records", "format_numbers.format_ints"),
    "json_records.index_records": (
        "json_ints.read_ints",
        "json_lookup.describe_places",
        "json_lookup.find_member",
        "utf8.first_invalid_utf8",
        "write_json.write_raw",
        "write_json.measure_raw",
        "write_json.close_records",
        "write_json.open_records",
    ),
    "thrift_structs.read_structs": (
        "parquet_chunk.decode_pages",
        "write_csv_rows.write_csv_records",
        "parquet_numbers.take_numbers",
        "format_numbers.format_ints",
        "coded.select_rows",
        "parquet_numbers.entries_between",
        "snappy.decompress_snappy",
    ),
}

#: Seconds for which one process is waited for in all, those between two looks, and those that it has to end.
_PATIENCE = 60.0
_LOOK = 0.005
_FAREWELL = 1.0


class Companion:
    """The process that compiles the kernels *names*, in this order."""

    def __init__(self, names: tuple[str, ...], caches: dict[str, KernelCache]) -> None:
        self._names = names
        self._caches = caches
        self._patient_until = time.monotonic() + _PATIENCE
        command = [sys.executable, *_options(), "-m", "s3sql.kernels.warming", *names]
        nothing = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
        # Whoever is not waited for stays in the system's table of processes.
        threading.Thread(target=self._process.wait, name="s3sql-companion", daemon=True).start()

    def wait_for(self, name: str) -> None:
        """Wait while the kernel *name* is the one that is being compiled there."""
        while name == self._current() and self._process.poll() is None:
            if time.monotonic() > self._patient_until:
                return
            time.sleep(_LOOK)

    def _current(self) -> str | None:
        return next((name for name in self._names if not self._caches[name].file.exists()), None)

    def end(self) -> None:
        """End the process, unless it has ended."""
        self._process.terminate()
        try:
            self._process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            # It was stopped, say.
            self._process.kill()


#: Those of this process; looked at and added to by the one thread that compiles.
_companions: list[Companion] = []


def begin(name: str) -> None:
    """Have compiled elsewhere what is called after the kernel *name*, as far as the cache lacks it."""
    later = _LATER.get(name, ())
    if not later or not _can_start():
        return
    caches = {one: KernelCache(_function(one)) for one in later}
    missing = tuple(one for one in later if not caches[one].file.exists())
    if not missing or not all(cache.writable for cache in caches.values()):
        return
    try:
        _companions.append(Companion(missing, caches))
    except OSError:
        LOG.debug("no second process compiles kernels", exc_info=True)
        return
    if len(_companions) == 1:
        atexit.register(end)


def wait_for(name: str) -> bool:
    """Wait while another process compiles the kernel *name*; whether the cache may have it now."""
    for companion in _companions:
        companion.wait_for(name)
    return bool(_companions)


def end() -> None:
    """End what still compiles."""
    while _companions:
        _companions.pop().end()


def _function(name: str) -> Callable[..., Any]:
    module, kernel = name.split(".")
    found: Callable[..., Any] = getattr(import_module(f"{__package__}.{module}"), kernel).function
    return found


def _options() -> list[str]:
    """Of the interpreter: nothing is imported from where this process does not, nor of the current folder."""
    flags = {"-I": sys.flags.isolated, "-E": sys.flags.ignore_environment, "-s": sys.flags.no_user_site}
    return ["-P", *(option for option, is_set in flags.items() if is_set)]


def _can_start() -> bool:
    """Whether there is a core for another process, and a Python to start it with."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # A program that Python is built into would be started itself.
    is_python = os.path.basename(sys.executable or "").lower().startswith("python")
    return cores > 1 and is_python and not getattr(sys, "frozen", False)
