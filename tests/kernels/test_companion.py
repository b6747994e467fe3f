"""A second process compiles what is called next; whatever becomes of it, kernels are what they were."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from s3sql.kernels import companion, warming
from s3sql.kernels.cache import KernelCache
from tests.kernels.test_cache import PACKAGE, SUM, copied_package, kept_files, run

BEGIN = """
import logging, sys, numpy
logging.basicConfig(format="%(message)s")
from s3sql.kernels import companion
from s3sql.kernels.cache import KernelCache
from s3sql.kernels.total import total
from s3sql.kernels.other import total as other
companion._LATER = {"total.total": ("other.total",)}
"""
CALL = "print(total(numpy.arange(10)), total.from_cache, len(companion._companions))\n"
CALL_OTHER = "print(other(numpy.arange(10)), other.from_cache)\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with two kernels, neither of which is translated."""
    folder = copied_package(tmp_path / "p")
    shutil.copy(PACKAGE / "kernels" / "warming.py", folder / "s3sql" / "kernels")
    (folder / "s3sql" / "kernels" / "other.py").write_text(SUM.format(imported="step"))
    return folder


def test_every_kernel_that_is_named_is_one() -> None:
    known = warming.all_kernels()
    for first, later in companion._LATER.items():
        assert first in known
        assert set(later) <= set(known)
        assert len(set(later)) == len(later)
        assert first not in later
        for name in later:
            assert companion._function(name) is known[name].function


needs_two_cores = pytest.mark.skipif(
    not companion._can_start(), reason="nothing is compiled at once on a single core"
)


@needs_two_cores
def test_what_is_called_next_is_waited_for_and_loaded(package: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    said, logged = run(package, BEGIN + CALL + CALL_OTHER, S3SQL_CACHE_DIR=str(kept))
    assert (said, logged) == ("55 False 1\n55 True", "")
    assert len(kept_files(kept)) == 2
    # Nothing is left to be compiled, so nobody is asked to.
    for file in kept_files(kept):
        if "total.total" in file.name:
            file.unlink()
    said, _ = run(package, BEGIN + CALL + CALL_OTHER, S3SQL_CACHE_DIR=str(kept))
    assert said == "55 False 0\n55 True"


@needs_two_cores
def test_process_that_cannot_compile_changes_nothing(package: Path, tmp_path: Path) -> None:
    (package / "python-false").symlink_to("/bin/false")
    code = f"{BEGIN}sys.executable = {str(package / 'python-false')!r}\n{CALL}{CALL_OTHER}"
    assert run(package, code, S3SQL_CACHE_DIR=str(tmp_path / "kept")) == ("55 False 1\n55 False", "")


@needs_two_cores
def test_what_it_made_is_looked_at_as_any_file(package: Path, tmp_path: Path) -> None:
    damage = "KernelCache(other.function).file.write_bytes(b'x' * 1000)\n"
    (package / "python-false").symlink_to("/bin/false")
    code = f"{BEGIN}sys.executable = {str(package / 'python-false')!r}\n{CALL}{damage}{CALL_OTHER}"
    assert run(package, code, S3SQL_CACHE_DIR=str(tmp_path / "kept")) == ("55 False 1\n55 False", "")


@needs_two_cores
@pytest.mark.parametrize("does", ["exec sleep 600", "kill -STOP $$"])
def test_it_ends_with_the_process_that_started_it(package: Path, tmp_path: Path, does: str) -> None:
    script = package / "python-that-waits"
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o700)
    tell = "print(companion._companions[0]._process.pid)\n"
    code = f"{BEGIN}sys.executable = {str(script)!r}\n{CALL}{tell}"
    said, _ = run(package, code, S3SQL_CACHE_DIR=str(tmp_path / "kept"))
    first, number = said.splitlines()
    assert first == "55 False 1"
    with pytest.raises(ProcessLookupError):
        os.kill(int(number), 0)


@needs_two_cores
def test_one_that_has_ended_is_no_zombie(package: Path, tmp_path: Path) -> None:
    (package / "python-false").symlink_to("/bin/false")
    look = """
import os, time
try:
    while True:
        os.kill(companion._companions[0]._process.pid, 0)
        time.sleep(0.01)
except ProcessLookupError:
    print("gone")
"""
    code = f"{BEGIN}sys.executable = {str(package / 'python-false')!r}\n{CALL}{look}"
    assert run(package, code, S3SQL_CACHE_DIR=str(tmp_path / "kept")) == ("55 False 1\ngone", "")


@pytest.mark.parametrize("options", [[], ["-I"], ["-E"], ["-s"]])
def test_it_imports_from_nowhere_else(options: list[str]) -> None:
    code = "from s3sql.kernels import companion; print(*companion._options())"
    said = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split()[0] == "-P"
    assert set(said.stdout.split()[1:]) == ({"-I", "-E", "-s"} if options == ["-I"] else set(options))


def test_kernels_that_are_compiled_beforehand_have_no_companion(package: Path, tmp_path: Path) -> None:
    code = BEGIN + "total.compile()\n" + CALL
    assert run(package, code, S3SQL_CACHE_DIR=str(tmp_path / "kept")) == ("55 False 0", "")


class Processes:
    """Stands for ``subprocess.Popen``; never ends by itself."""

    def __init__(self, error: OSError | None = None) -> None:
        self.error = error
        self.commands: list[list[str]] = []

    def __call__(self, command: list[str], **options: object) -> SimpleNamespace:
        if self.error is not None:
            raise self.error
        self.commands.append(command)
        return SimpleNamespace(poll=lambda: None, terminate=lambda: None, wait=lambda *_: None)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Processes:
    """Processes that are not really started, for the kernels after ``first``."""
    processes = Processes()
    monkeypatch.setenv("S3SQL_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(companion, "_LATER", {"first": ("gather._gather", "crc.update_crc")})
    monkeypatch.setattr(companion, "_companions", [])
    monkeypatch.setattr(companion.os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(companion, "subprocess", SimpleNamespace(Popen=processes, DEVNULL=subprocess.DEVNULL))
    return processes


def test_what_the_cache_lacks_is_asked_for(begun: Processes) -> None:
    kept = KernelCache(companion._function("gather._gather"))
    kept.save("a signature", b"code")
    companion.begin("another")
    assert begun.commands == []
    companion.begin("first")
    assert begun.commands == [[sys.executable, "-P", "-m", "s3sql.kernels.warming", "crc.update_crc"]]
    KernelCache(companion._function("crc.update_crc")).save("a signature", b"code")
    companion.begin("first")
    assert len(begun.commands) == 1


def test_nothing_is_started_on_one_core(begun: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companion.os, "sched_getaffinity", lambda _: {1})
    companion.begin("first")
    assert begun.commands == []


@pytest.mark.parametrize("executable", ["", None, "/usr/bin/uwsgi", "/opt/program"])
def test_another_program_than_python_is_not_started(
    begun: Processes, monkeypatch: pytest.MonkeyPatch, executable: str | None
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    companion.begin("first")
    assert begun.commands == []


def test_a_program_with_python_in_it_is_not_started(
    begun: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    companion.begin("first")
    assert begun.commands == []


def test_without_a_place_to_leave_code_nothing_is_started(
    begun: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3SQL_CACHE_DIR", os.devnull)
    companion.begin("first")
    assert begun.commands == []


def test_a_system_without_room_for_a_process_is_no_error(begun: Processes) -> None:
    begun.error = BlockingIOError("no more processes")
    companion.begin("first")
    assert not companion.wait_for("gather._gather")


def test_one_that_hangs_is_waited_for_no_longer(begun: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(companion, "time", SimpleNamespace(monotonic=lambda: now, sleep=sleep))
    companion.begin("first")
    # It has not come to the second one, which is compiled here.
    assert companion.wait_for("crc.update_crc")
    assert now == 0
    assert companion.wait_for("gather._gather")
    assert now == pytest.approx(companion._PATIENCE, abs=2 * companion._LOOK)
    # In all, not once more for each.
    assert companion.wait_for("gather._gather")
    assert now == pytest.approx(companion._PATIENCE, abs=2 * companion._LOOK)
