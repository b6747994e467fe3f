"""``python -m tests.fuzz NAME --seconds N``: fuzz a target; ``all`` for one after the other.

What was found, and what libFuzzer learned, stays in ``.cache/fuzz/NAME``: ``findings`` and ``corpus``. The
exit status is 1 if there is a finding. A session that an input ends (a crash, 60 seconds, 4 GiB) is followed
by another one until the time is over.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

from tests.fuzz import TARGETS

_ROOT = Path(__file__).parents[2]
_SEEDS = Path(__file__).parent / "corpus"

#: An input libFuzzer gives up on, and keeps: seconds and MiB.
_HANG_SECONDS = 60
_MOST_MEMORY = 4096


def main() -> int:
    """Fuzz; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz a target with atheris.")
    parser.add_argument("name", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=int, default=600, help="for each target (default: 600)")
    parser.add_argument("--longest", type=int, default=4096, help="bytes of an input (default: 4096)")
    arguments = parser.parse_args()
    names = list(TARGETS) if arguments.name == "all" else [arguments.name]
    found = sum(_fuzz(name, arguments.seconds, arguments.longest) for name in names)
    return int(found > 0)


def _fuzz(name: str, seconds: int, longest: int) -> int:
    """Run sessions of a target for so long; return the number of findings."""
    folder = _ROOT / ".cache" / "fuzz" / name
    findings, corpus, seeds = folder / "findings", folder / "corpus", folder / "seeds"
    for made in (findings, corpus):
        made.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(seeds, ignore_errors=True)
    if (_SEEDS / name).is_dir():
        shutil.copytree(_SEEDS / name, seeds)
    else:
        seeds.mkdir()
    words = folder / "words"
    words.write_text("".join(map(_entry, import_module(TARGETS[name]).WORDS)), encoding="ascii")
    deadline = time.monotonic() + seconds
    runs, covered, sessions = 0, "?", 0
    while (left := int(deadline - time.monotonic())) > 0:
        sessions += 1
        log = folder / f"session-{sessions}.log"
        with log.open("wb") as output:
            command = [
                *(sys.executable, "-m", "tests.fuzz.session", name, str(findings)),
                *(f"-max_total_time={left}", f"-max_len={longest}", f"-timeout={_HANG_SECONDS}"),
                # What is slow for its length, within_budget finds.
                f"-report_slow_units={_HANG_SECONDS}",
                *(f"-rss_limit_mb={_MOST_MEMORY}", f"-artifact_prefix={findings}/ended-"),
                *([f"-dict={words}"] if words.stat().st_size else []),
                *("-print_final_stats=1", str(corpus), str(seeds)),
            ]
            subprocess.run(command, cwd=_ROOT, stdout=output, stderr=subprocess.STDOUT, check=False)
        counted, covered = _told(log.read_text(encoding="utf-8", errors="replace"))
        runs += counted
        if not counted:
            print(f"{name}: the session ended before its first input; see {log}", file=sys.stderr)
            return 1
    inputs = sorted(path.name for path in findings.iterdir() if path.suffix != ".txt")
    print(f"{name}: {runs:,} inputs in {seconds} s, {covered} edges, {sessions} sessions, findings: {inputs}")
    sys.stdout.flush()
    return len(inputs)


def _told(log: str) -> tuple[int, str]:
    """How many inputs libFuzzer ran and the edges it covered."""
    runs = [int(number) for number in re.findall(r"^#(\d+)\s", log, re.MULTILINE)]
    edges = re.findall(r"\bcov: (\d+)", log)
    return max(runs, default=0), edges[-1] if edges else "?"


def _entry(word: str) -> str:
    """A line of libFuzzer's dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"\n'


if __name__ == "__main__":
    sys.exit(main())
