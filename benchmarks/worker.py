"""One engine in a process of its own: ``python -m benchmarks.worker ENGINE THREADS``.

In: one JSON request a line on standard input, ``{"query", "path", "variant", "target"}`` to run a query
once, ``{"query", "path"}`` to learn its variants, ``{}`` to learn the process's memory.  Out: one JSON
answer a line on what was standard output; whatever an engine prints goes to standard error.

Nothing but the query itself is between the two looks at the clock: garbage is collected before, the answer
is sent after. Processor time is that of all threads of the process, in user and in system mode.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

#: What limits the threads of the libraries that look at the environment when they are imported.
THREAD_VARIABLES = (
    "S3SQL_WORKERS",
    "POLARS_MAX_THREADS",
    "TOKIO_WORKER_THREADS",
    "RAYON_NUM_THREADS",
    "OMP_NUM_THREADS",
)


def serve(name: str, threads: int) -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    limit_threads(threads)
    from benchmarks.engines import CannotAnswerError, load
    from benchmarks.queries import BY_NAME

    engine = load(name, threads)
    made: dict[tuple[str, str], dict[str, Any]] = {}
    print(json.dumps({"version": engine.version}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = memory()
            if request:
                key = request["query"], request["path"]
                if key not in made:
                    made[key] = engine.variants(BY_NAME[key[0]], Path(key[1]))
                answer = {"variants": list(made[key])}
                if "variant" in request:
                    answer = timed(made[key][request["variant"]], request["target"])
        except CannotAnswerError as reason:
            answer = {"skipped": str(reason)}
        except Exception as error:  # an engine that cannot do it is reported, and the others go on
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(answer), file=answers, flush=True)


def limit_threads(threads: int) -> None:
    """Fewer threads than cores: the process gets that many cores, whatever its libraries think."""
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[-threads:])


def timed(run: Any, target: str | None) -> dict[str, Any]:
    """Run a variant once; seconds of wall clock and of processor, and the value if it has one."""
    gc.collect()
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    value = run(Path(target) if target else None)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {"seconds": seconds, "cpu": cpu, "value": None if value is None else str(value)}


def memory() -> dict[str, float]:
    """Resident memory of this process, now and at its peak, in MB.

    ``ru_maxrss`` survives exec, so a child of a large process would begin with its parent's peak; Linux has
    the process's own peak in VmHWM. Where there is no /proc, both figures are ``ru_maxrss``.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
        return {"resident": peak, "peak": peak}
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return {
        "resident": int(lines["VmRSS"].split()[0]) * 1024 / 1e6,
        "peak": int(lines["VmHWM"].split()[0]) * 1024 / 1e6,
    }


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
