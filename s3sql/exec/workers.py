"""The worker threads of the process, shared by all queries.

In: work on one morsel.  Out: a future. One thread per core: kernels run without the GIL, so that many
morsels are parsed, filtered and written at once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from s3sql.formats.scratch import Scratch

P = ParamSpec("P")
R = TypeVar("R")


def core_count() -> int:
    """The number of cores this process may use; ``S3SQL_WORKERS`` overrides it."""
    chosen = os.environ.get("S3SQL_WORKERS")
    if chosen:
        return max(1, int(chosen))
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Workers:
    """The pool and every thread's scratch memory; made anew in a forked child, where no thread survives."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.executor: ThreadPoolExecutor | None = None
        self.local = threading.local()


_workers = _Workers()


def _forget() -> None:
    global _workers
    _workers = _Workers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def submit(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
    """Have a worker thread do the work."""
    with _workers.lock:
        if _workers.executor is None:
            _workers.executor = ThreadPoolExecutor(core_count(), thread_name_prefix="s3sql")
        return _workers.executor.submit(work, *args, **kwargs)


def scratch() -> Scratch:
    """This thread's working memory."""
    local = _workers.local
    if not hasattr(local, "scratch"):
        local.scratch = Scratch()
    kept: Scratch = local.scratch
    return kept
