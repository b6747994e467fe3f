"""Load an endpoint for a while: ``python -m tests.server.load``, or ``make soak``.

In: options.  Out: what was done, on standard output; the exit status is 1 if anything was wrong.

    mixed   64 clients that write, read, list, delete and query; every answer is verified
    kills   writers whose endpoint is killed again and again; no acknowledged write may be lost
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.server.load import kills, mixed
from tests.server.load.endpoint import running

MIB = 1 << 20
#: What 64 clients may make the endpoint take beyond what it takes when idle.
MOST_MEMORY = 300 * MIB


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.server.load", description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", choices=["mixed", "kills", []], help="default: both")
    parser.add_argument("--clients", type=int, default=64, help="at a time (default: 64)")
    parser.add_argument("--processes", type=int, default=4, help="that they are in (default: 4)")
    parser.add_argument("--seconds", type=float, default=60, help="of mixed load (default: 60)")
    parser.add_argument("--writes", type=int, default=400, help="that are acknowledged (default: 400)")
    parser.add_argument("--kills", type=int, default=20, help="while they go on (default: 20)")
    parser.add_argument(
        "--seed", type=int, default=None, help="of what is random (default: another each time)"
    )
    options = parser.parse_args()
    what = options.what or ["mixed", "kills"]
    with tempfile.TemporaryDirectory(prefix="s3sql-load-") as directory:
        wrong = 0
        if "mixed" in what:
            wrong += _mixed(Path(directory), options.clients, options.processes, options.seconds)
        if "kills" in what:
            seed = random.randrange(1 << 32) if options.seed is None else options.seed
            wrong += _kills(Path(directory), options.writes, options.kills, seed)
    return 1 if wrong else 0


def _mixed(directory: Path, clients: int, processes: int, seconds: float) -> int:
    folder = directory / "mixed"
    (folder / mixed.BUCKET).mkdir(parents=True)
    with running(folder, directory / "mixed.log") as endpoint:
        idle = endpoint.memory()
        with endpoint.watched() as most_memory:
            outcome = mixed.run_processes(endpoint.url, clients, processes, seconds)
        more = most_memory() - idle
    total = sum(outcome.done.values())
    done = ", ".join(f"{name} {count:,}" for name, count in outcome.done.most_common())
    print(f"mixed: {clients} clients, {seconds:g} s: {total:,} operations verified ({done})")
    print(f"       {outcome.slowed:,} told SlowDown; {len(outcome.failures)} failed")
    print(f"       memory {idle // MIB} MiB when idle, at most {more // MIB} MiB more")
    for failure in outcome.failures:
        print(failure, file=sys.stderr)
    if more > MOST_MEMORY:
        print(f"the endpoint took more than {MOST_MEMORY // MIB} MiB beyond idle", file=sys.stderr)
    return len(outcome.failures) + (more > MOST_MEMORY)


def _kills(directory: Path, writes: int, count: int, seed: int) -> int:
    try:
        kept = kills.run(directory / "kills", directory / "kills.log", writes=writes, kills=count, seed=seed)
    except AssertionError as error:
        print(f"kills: with --seed {seed}: {error}", file=sys.stderr)
        return 1
    print(f"kills: {kept.acknowledged:,} writes acknowledged, the endpoint killed {kept.kills} times")
    print(f"       {kept.cut_off} writes cut off, of which {kept.cut_off_and_done} were done")
    print(f"       {kept.verified:,} objects verified: none torn, none lost")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
