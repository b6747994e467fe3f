from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from s3sql.cli.outputs.file import OutputFile


def listed(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_the_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with OutputFile(str(path)) as file:
        file.sink.write(b"new")
        file.sink.flush()
        assert not path.exists()
        file.keep()
    assert path.read_bytes() == b"new"
    assert listed(tmp_path) == ["x.csv"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def write_and_stop(path: Path) -> None:
    with OutputFile(str(path)) as file:
        file.sink.write(b"new")
        raise KeyboardInterrupt


def test_what_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_and_stop(path)
    assert path.read_bytes() == b"old"
    assert listed(tmp_path) == ["x.csv"]


def test_the_mode_stays_and_links_are_followed(tmp_path: Path) -> None:
    path, link = tmp_path / "x.csv", tmp_path / "link.csv"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    with OutputFile(str(link)) as file:
        file.sink.write(b"new")
        file.keep()
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_is_no_file_is_written_as_it_is() -> None:
    with OutputFile(os.devnull) as file:
        file.sink.write(b"new")
        file.keep()
    assert not stat.S_ISREG(os.stat(os.devnull).st_mode)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd")
def test_what_is_open_already_is_written_as_it_is(tmp_path: Path) -> None:
    """A pipe, as the shell's ``>(…)`` is, and a file that the shell has opened with ``>>``."""
    read, write = os.pipe()
    log = tmp_path / "log"
    log.write_bytes(b"old")
    with open(read, "rb") as pipe, open(write, "wb"), log.open("ab") as appended:
        for number in (write, appended.fileno()):
            with OutputFile(f"/dev/fd/{number}") as file:
                file.sink.write(b"new")
                file.keep()
        assert pipe.read(3) == b"new"
    assert log.read_bytes() == b"oldnew"
    assert listed(tmp_path) == ["log"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"old")
    for name in ("x.csv/", "y.csv/"):
        with pytest.raises(OSError), OutputFile(f"{tmp_path}/{name}"):
            pass
    assert (tmp_path / "x.csv").read_bytes() == b"old"
    assert listed(tmp_path) == ["x.csv"]


@pytest.mark.parametrize("path", ["absent/x.csv", "."])
def test_places_that_take_no_file(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError), OutputFile(path):
        pass
    assert listed(tmp_path) == []
