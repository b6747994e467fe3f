"""The compiled-kernel cache: what numba's own gets wrong, each in processes of its own."""

from __future__ import annotations

import ast
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import s3sql
from s3sql.kernels import cache
from s3sql.kernels.compile import INT64, UINT8, Kernel, kernel

PACKAGE = Path(s3sql.__file__).parent

#: What declares, compiles and keeps kernels.
MACHINERY = (
    "__init__.py",
    "cache.py",
    "companion.py",
    "compile.py",
    "cpu.py",
    "entry_point.py",
    "linking.py",
    "machine_code.py",
    "prebuilt.py",
    "signature.py",
    "translation.py",
)

#: A package that looks like ours to the cache: its own copy of those, one part, one kernel.
STEP = "from s3sql.kernels.compile import inlined\n\n@inlined\ndef step(value):\n    return value + {added}\n"
SUM = """
from s3sql.kernels.compile import INT64, INT64S, kernel
from s3sql.kernels.{imported} import step

@kernel(INT64(INT64S))
def total(values):
    result = 0
    for row in range(len(values)):
        result += step(values[row])
    return result
"""
RUN = """
import logging, numpy
logging.basicConfig(format="%(message)s")
from s3sql.kernels.total import total
print(total(numpy.arange(10)), total.from_cache)
"""


def copied_package(folder: Path, added: int = 1) -> Path:
    kernels = folder / "s3sql" / "kernels"
    kernels.mkdir(parents=True)
    for name in MACHINERY:
        shutil.copy(PACKAGE / "kernels" / name, kernels)
    (folder / "s3sql" / "__init__.py").touch()
    (kernels / "step.py").write_text(STEP.format(added=added))
    (kernels / "total.py").write_text(SUM.format(imported="step"))
    return folder


def environment(folder: Path, **changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "S3SQL_"))}
    return kept | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"} | changes


def run(folder: Path, code: str = RUN, **changes: str) -> tuple[str, str]:
    """What *code* prints, and what it logs."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=folder, env=environment(folder, **changes), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr.strip()


def kept_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.nbk"))


def test_the_second_process_loads_what_the_first_compiled(tmp_path):
    folder, kept = copied_package(tmp_path / "p"), tmp_path / "kept"
    assert run(folder, S3SQL_CACHE_DIR=str(kept)) == ("55 False", "")
    assert run(folder, S3SQL_CACHE_DIR=str(kept)) == ("55 True", "")
    (file,) = kept_files(kept)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_an_edited_import_leaves_no_stale_result(tmp_path):
    folder, kept = copied_package(tmp_path / "p"), str(tmp_path / "kept")
    assert run(folder, S3SQL_CACHE_DIR=kept) == ("55 False", "")
    imported = folder / "s3sql" / "kernels" / "step.py"
    times = imported.stat()
    imported.write_text(STEP.format(added=2))
    os.utime(imported, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert run(folder, S3SQL_CACHE_DIR=kept) == ("65 False", "")
    imported.write_text(STEP.format(added=1))
    assert run(folder, S3SQL_CACHE_DIR=kept) == ("55 True", "")


def test_processes_that_compile_at_once_do_not_disturb_each_other(tmp_path):
    folder, kept = copied_package(tmp_path / "p"), tmp_path / "kept"
    code = "import time; time.sleep(max(0, {start} - time.time()))\n" + RUN
    start = time.time() + 0.3
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code.format(start=start)],
            cwd=folder,
            env=environment(folder, S3SQL_CACHE_DIR=str(kept)),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    answers = [process.communicate()[0].split()[0] for process in processes]
    assert answers == ["55", "55", "55"]
    assert len(kept_files(kept)) == 1
    assert not list(kept.rglob("*.tmp"))
    assert run(folder, S3SQL_CACHE_DIR=str(kept)) == ("55 True", "")


def test_without_a_usable_directory_kernels_still_run_and_one_line_says_so(tmp_path):
    folder = copied_package(tmp_path / "p")
    # Below a regular file nothing can be made, not even by root.
    blocked = tmp_path / "file"
    blocked.touch()
    answer, logged = run(folder, S3SQL_CACHE_DIR=str(blocked / "kept"))
    assert answer == "55 False"
    assert logged.count("\n") == 0
    assert "S3SQL_CACHE_DIR" in logged
    assert str(blocked) in logged


#: Root can write everywhere, so another user does the reading; what only root can read is loaded before.
AS_NOBODY = """
import os
import logging, numpy
from s3sql.kernels.compile import INT64, INT64S, kernel
def warm(values):
    return values[0]
os.environ["S3SQL_CACHE_DIR"], kept = {other!r}, os.environ["S3SQL_CACHE_DIR"]
kernel(INT64(INT64S))(warm)(numpy.arange(1))
os.environ["S3SQL_CACHE_DIR"] = kept
os.setgid(65534)
os.setuid(65534)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="changes to another user")
def test_a_filled_directory_that_cannot_be_written_is_read(tmp_path, request):
    # pytest's own folders are closed to other users.
    shared = Path(tempfile.mkdtemp(prefix="s3sql-"))
    request.addfinalizer(lambda: shutil.rmtree(shared))
    folder, kept = copied_package(shared / "p"), shared / "kept"
    assert run(folder, S3SQL_CACHE_DIR=str(kept)) == ("55 False", "")
    for path in [shared, *shared.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    as_nobody = AS_NOBODY.format(other=str(tmp_path)) + RUN
    answer, logged = run(folder, as_nobody, S3SQL_CACHE_DIR=str(kept))
    assert answer == "55 True"
    assert "read-only" in logged
    # A kernel it lacks is compiled all the same.
    (folder / "s3sql" / "kernels" / "step.py").write_text(STEP.format(added=3))
    answer, logged = run(folder, as_nobody, S3SQL_CACHE_DIR=str(kept))
    assert answer == "75 False"
    assert logged.count("\n") == 0


def test_another_cpu_gets_its_own_code_and_the_same_results(tmp_path):
    folder, kept = copied_package(tmp_path / "p"), tmp_path / "kept"
    assert run(folder, S3SQL_CACHE_DIR=str(kept)) == ("55 False", "")
    oldest = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert run(folder, S3SQL_CACHE_DIR=str(kept), **oldest) == ("55 False", "")
    assert run(folder, S3SQL_CACHE_DIR=str(kept), **oldest) == ("55 True", "")
    assert len({file.parent.name for file in kept_files(kept)}) == 2


def successor(value):
    return value + 1


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A kernel as a new process would see it, kept below *tmp_path*."""
    monkeypatch.setenv("S3SQL_CACHE_DIR", str(tmp_path))
    return lambda: Kernel(successor, INT64(INT64))


def test_a_damaged_file_is_compiled_anew(tmp_path, fresh):
    assert not fresh().from_cache
    (file,) = kept_files(tmp_path)
    sound = file.read_bytes()
    for damaged in (b"", sound[:50], sound[:-1], sound[:40] + bytes([sound[40] ^ 1]) + sound[41:]):
        file.write_bytes(damaged)
        again = fresh()
        assert not again.from_cache
        assert again(1) == 2
    assert fresh().from_cache


def test_a_file_of_another_signature_is_compiled_anew(tmp_path, fresh):
    assert not fresh().from_cache
    other = Kernel(successor, UINT8(UINT8))
    assert not other.from_cache
    assert other(255) == 0
    assert fresh()(255) == 256


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no mode bits")
def test_what_others_can_write_is_not_trusted(tmp_path, fresh, caplog):
    assert not fresh().from_cache
    (file,) = kept_files(tmp_path)
    file.chmod(0o666)
    assert not fresh().from_cache
    # The compiled one has taken its place.
    assert fresh().from_cache
    assert not caplog.records
    file.parent.chmod(0o777)
    assert not fresh().from_cache
    assert "cannot be used" in caplog.text


def test_a_user_without_a_home_keeps_nothing(tmp_path, monkeypatch, fresh, caplog):
    for name in ("S3SQL_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    # What it gives where HOME is not set and the system does not know the user.
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.chdir(tmp_path)
    assert not fresh().from_cache
    assert "cannot be used" in caplog.text
    assert not list(tmp_path.iterdir())


def test_a_function_without_a_file_is_not_kept(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("S3SQL_CACHE_DIR", str(tmp_path))
    namespace: dict[str, object] = {}
    exec("def typed(value): return value + 1", namespace)
    assert Kernel(namespace["typed"], INT64(INT64))(1) == 2
    assert not kept_files(tmp_path)
    assert not caplog.records


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"S3SQL_CACHE_DIR": "/chosen", "XDG_CACHE_HOME": "/xdg"}, "/chosen"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/s3sql"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/s3sql"),
        ({"HOME": "/h"}, "/h/.cache/s3sql"),
    ],
)
def test_where_the_cache_is(monkeypatch, variables, expected):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("S3SQL_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache.cache_directory() == Path(expected)


def test_where_the_cache_is_on_other_systems(monkeypatch):
    monkeypatch.delenv("S3SQL_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/h")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache.cache_directory() == Path("/h/Library/Caches/s3sql")
    monkeypatch.setattr(sys, "platform", "win32")
    assert cache.cache_directory() == Path("/local/s3sql")


def test_every_import_of_a_kernel_module_counts_in_its_fingerprint():
    for file in sorted((PACKAGE / "kernels").glob("*.py")):
        reached = {path.resolve() for path in cache.reachable_sources(file)}
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith(("s3sql", "importlib")) for alias in node.names), file
            if not isinstance(node, ast.ImportFrom):
                continue
            assert node.level == 0, f"{file.name} has a relative import, which the cache does not see"
            parts = (node.module or "").split(".")
            if parts[0] != "s3sql":
                continue
            modules = [parts[1:], *([*parts[1:], alias.name] for alias in node.names)]
            sources = [PACKAGE.joinpath(*module).with_suffix(".py") for module in modules if module]
            existing = [source for source in sources if source.exists()]
            assert existing, f"{file.name} imports from {node.module}, which the cache does not see"
            assert reached.issuperset(existing), f"{file.name}: {existing}"


def test_two_kernels_of_one_name_are_kept_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("S3SQL_CACHE_DIR", str(tmp_path))

    @kernel(INT64(INT64))
    def same(value):
        return value + 1

    first = same

    @kernel(INT64(INT64))
    def same(value):
        return value + 2

    assert (first(1), same(1)) == (2, 3)
    assert len(kept_files(tmp_path)) == 2


def test_importing_the_package_loads_no_numba(tmp_path):
    code = "import sys, s3sql, s3sql.kernels; print('numba' in sys.modules)"
    assert run(PACKAGE.parent, code, S3SQL_CACHE_DIR=str(tmp_path))[0] == "False"


def test_the_cache_is_quiet_when_all_is_well(tmp_path, caplog, monkeypatch):
    monkeypatch.setenv("S3SQL_CACHE_DIR", str(tmp_path))
    with caplog.at_level(logging.INFO):

        @kernel(INT64(INT64))
        def same(value):
            return value

        assert same(1) == 1
        assert Kernel(same.function, same.signature).from_cache
    # That there is something to wait for is told once in a process, wherever a kernel was compiled first.
    assert [record.levelno for record in caplog.records if record.levelno > logging.INFO] == []
    assert len(caplog.records) <= 1
    (file,) = kept_files(tmp_path)
    assert file.read_bytes()[32:].startswith(repr(same.signature).encode() + b"\0")
