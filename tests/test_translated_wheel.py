"""What a builder makes of the project: a wheel with translated kernels, and no more than that."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement

from s3sql.kernels import prebuilt, warming
from s3sql.translated_wheel import _FILES, TranslatedWheel
from tests.kernels.test_cache import PACKAGE, copied_package, environment, run
from tests.kernels.test_prebuilt import KEEP, WITH_NUMBA

ROOT = PACKAGE.parent
FILE = f"{_FILES}/s3sql.kernels.total.total-5.bc"
BUILD = "from hatchling import build; print(build.build_wheel({!r}))"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the build of ours, and a package of one kernel that nobody translated."""
    folder = copied_package(tmp_path / "project")
    for name in ("pyproject.toml", "README.md", "LICENSE", "s3sql/translated_wheel.py"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("prebuilding.py", "warming.py"):
        shutil.copy(PACKAGE / "kernels" / name, folder / "s3sql" / "kernels")
    return folder


def build(project: Path, folder: Path) -> tuple[zipfile.ZipFile, str]:
    """The wheel that hatchling makes, and what it says on standard error."""
    folder.mkdir(exist_ok=True)
    name, said = run(project, BUILD.format(str(folder)))
    return zipfile.ZipFile(folder / name), said


def hook_of(project: Path) -> BuildHookInterface[Any]:
    """The hook that pyproject.toml names, as hatchling makes it."""
    (hook,) = WheelBuilder(str(project)).get_build_hooks("").values()
    assert type(hook).__name__ == TranslatedWheel.__name__
    return hook


def test_a_wheel_has_the_kernels_translated_and_not_what_made_it(project, tmp_path):
    before = sorted(project.rglob("*"))
    wheel, said = build(project, tmp_path / "dist")
    assert said.endswith("1 kernels translated")
    names = set(wheel.namelist())
    assert [name for name in names if name.startswith(_FILES)] == [FILE]
    assert "s3sql/kernels/total.py" in names
    assert "s3sql/translated_wheel.py" not in names
    assert sorted(project.rglob("*")) == before
    wheel.extractall(tmp_path / "installed")
    answer = run(tmp_path / "installed", WITH_NUMBA, S3SQL_CACHE_DIR=str(tmp_path / "kept"))
    assert answer == ("55 False\nFalse", "")


def test_what_is_translated_in_the_checkout_is_taken_over(project, tmp_path):
    run(project, KEEP, S3SQL_CACHE_DIR=str(tmp_path / "other"))
    wheel, said = build(project, tmp_path / "dist")
    assert said.endswith("0 kernels translated")
    assert wheel.read(FILE) == (project / FILE).read_bytes()
    assert wheel.namelist().count(FILE) == 1


def test_a_folder_that_is_read_only_is_built(project, tmp_path):
    for folder in (project / "s3sql" / "kernels", project / "s3sql", project):
        folder.chmod(0o555)
    hook = hook_of(project)
    build_data: dict[str, dict[str, str]] = {"force_include": {}}
    hook.initialize("standard", build_data)
    (made,) = build_data["force_include"]
    assert [file.name for file in Path(made).iterdir()] == [Path(FILE).name]
    # Whoever may write everywhere learns it from the mode.
    assert Path(made).parent.stat().st_mode & 0o700 == 0o700
    hook.finalize("standard", build_data, "")
    assert not Path(made).exists()


def test_an_editable_installation_is_not_waited_for(project):
    hook = hook_of(project)
    build_data: dict[str, object] = {}
    hook.initialize("editable", build_data)
    hook.finalize("editable", build_data, "")
    assert not build_data


def test_no_wheel_is_made_where_a_kernel_cannot_be_translated(project, tmp_path):
    (project / "s3sql" / "kernels" / "total.py").write_text("import nothing_of_this_name\n")
    (tmp_path / "dist").mkdir()
    command = [sys.executable, "-c", BUILD.format(str(tmp_path / "dist"))]
    done = subprocess.run(
        command, cwd=project, env=environment(project), capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert "No module named 'nothing_of_this_name'" in done.stderr
    assert not list((tmp_path / "dist").glob("*.whl"))


def test_whoever_builds_has_what_kernels_are_made_with():
    needed = [Requirement(one) for one in WheelBuilder(str(ROOT)).config.dependencies]
    assert [one.name for one in needed] == ["numba", "numpy"]
    assert all(one.specifier for one in needed)


def test_the_files_are_where_they_are_looked_for():
    pattern = f"/{_FILES}/*.bc"
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    assert targets["sdist"]["artifacts"] == [pattern]
    assert prebuilt.DIRECTORY == ROOT / _FILES
    assert prebuilt.file_of(warming.all_kernels()["gather._gather"].function).suffix == ".bc"
