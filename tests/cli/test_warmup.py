"""``s3sql warmup``: what it keeps, says and refuses. Two kernels stand for all, which would take a minute."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from s3sql.cli import main
from s3sql.kernels import warming
from s3sql.kernels.compile import Kernel
from s3sql.kernels.prebuilt import prebuilt

FEW = ("gather._gather", "utf8.first_invalid_utf8")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The command knows two kernels, and an empty cache."""
    known = warming.all_kernels()
    monkeypatch.setattr(warming, "all_kernels", lambda: {name: known[name] for name in FEW})
    monkeypatch.setenv("S3SQL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_every_kernel_of_the_package_is_known() -> None:
    known = warming.all_kernels()
    assert {*FEW, "csv_general.parse_records", "json_records.index_records"} <= set(known)
    assert all(isinstance(kernel, Kernel) for kernel in known.values())
    declared = sum(
        source.read_text().count("\n@kernel(") for source in Path(warming.__file__).parent.glob("*.py")
    )
    assert len(known) == declared


def test_the_cache_is_filled_and_the_second_time_left_alone(
    few: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["warmup", "--processes", "2"]) == 0
    said = capfd.readouterr()
    assert said.out.startswith(f"{few / 'kernels'}: 2 kernels compiled, 0 there before; ")
    # What is written over at a terminal is not written to a pipe.
    assert said.err == ""
    kept = {file: file.stat().st_mtime_ns for file in few.rglob("*.nbk")}
    assert len(kept) == 2
    assert main(["warmup"]) == 0
    assert capfd.readouterr().out.startswith(f"{few / 'kernels'}: 0 kernels compiled, 2 there before; ")
    assert {file: file.stat().st_mtime_ns for file in few.rglob("*.nbk")} == kept


def test_several_may_fill_one_cache_at_once(few: Path) -> None:
    filled: list[warming.Filled] = []
    threads = [threading.Thread(target=lambda: filled.append(warming.fill(2))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.compiled for one in filled] == [2, 2]
    assert warming.fill(1).before == 2
    assert not list(few.rglob("*.tmp"))


def test_a_cache_that_cannot_be_written_is_told(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # Below a regular file nothing can be made, not even by root.
    (tmp_path / "file").touch()
    monkeypatch.setenv("S3SQL_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert main(["warmup"]) == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert "lacks 2 kernels and cannot be written" in said.err


QUERY = """
import sys, s3sql
sql = "SELECT s.a FROM S3Object s WHERE CAST(s.b AS FLOAT) > 1"
print(s3sql.query(sql, b"a,b\\nx,1.5\\n", input_format="csv", file_header_info="USE").to_arrow().num_rows)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"numba", "boto3", "starlette"}))
"""


def test_with_its_kernels_kept_a_query_needs_no_numba(tmp_path: Path) -> None:
    environment = {**os.environ, "S3SQL_CACHE_DIR": str(tmp_path)}
    answers = [
        subprocess.run(
            [sys.executable, "-c", QUERY], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    needed = [
        kernel
        for name, kernel in warming.all_kernels().items()
        if list(tmp_path.rglob(f"s3sql.kernels.{name}-*.nbk"))
    ]
    translated = any(prebuilt(kernel.function, kernel.signature) is None for kernel in needed)
    assert answers == ["1\n['numba']\n" if translated else "1\n[]\n", "1\n[]\n"]
    # A header without quotes and a table without any take none of the general pass, which is dear to compile.
    assert not list(tmp_path.rglob("*parse_records*"))
