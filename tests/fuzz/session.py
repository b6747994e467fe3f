"""One atheris session: ``python -m tests.fuzz.session NAME FOLDER ARGUMENT...``, started by ``tests.fuzz``.

In: a target, the folder for findings and libFuzzer's arguments.  Out: in the folder, for each place in the
code at which something was raised, the first input that got there and the traceback.  The session goes on
behind such a finding; a crash, a time-out or too much memory ends it, and libFuzzer keeps the input.

All of s3sql is instrumented but the kernels, which numba has to compile as they are written.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import atheris

from tests.fuzz import TARGETS


def main() -> None:
    """Runs until libFuzzer ends the process."""
    name, folder, *arguments = sys.argv[1:]
    check = _instrumented(TARGETS[name])
    for path in sorted(Path(folder, "../seeds").glob("*")):
        # Kernels are compiled before the clock is watched.
        try:
            check(path.read_bytes())
        except Exception as error:
            _keep(Path(folder), path.read_bytes(), error)
    from tests.fuzz.budget import within_budget

    def one(data: bytes) -> None:
        try:
            within_budget(check, data)
        except Exception as error:
            _keep(Path(folder), data, error)

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()


def _instrumented(target: str) -> Callable[[bytes], None]:
    """The target's check over instrumented code."""
    modules = _modules()
    kernels = {module for module in modules if module.startswith("s3sql.kernels")}
    with atheris.instrument_imports(include=["s3sql"], exclude=kernels):
        for module in modules:
            importlib.import_module(module)
        check: Callable[[bytes], None] = importlib.import_module(target).check
    return check


def _modules() -> list[str]:
    """Every module of s3sql, found without importing one."""
    spec = importlib.util.find_spec("s3sql")
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(spec.submodule_search_locations[0])
    names = (path.relative_to(root.parent).with_suffix("").parts for path in sorted(root.rglob("*.py")))
    return [".".join(part for part in name if part != "__init__") for name in names if "__main__" not in name]


def _keep(folder: Path, data: bytes, error: Exception) -> None:
    """Write a finding, unless there is one from the same place."""
    frames = traceback.extract_tb(error.__traceback__)
    place = "\n".join(f"{frame.filename}:{frame.name}:{frame.lineno}" for frame in frames[-2:])
    mark = hashlib.sha256(f"{type(error).__name__}\n{place}".encode()).hexdigest()[:12]
    if (folder / mark).exists():
        return
    (folder / mark).write_bytes(data)
    text = "".join(traceback.format_exception(error))
    (folder / f"{mark}.txt").write_text(text, encoding="utf-8", errors="backslashreplace")
    print(f"FINDING {mark} {type(error).__name__}: {str(error)[:200]}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
