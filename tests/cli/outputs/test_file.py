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


@pytest.mark.parametrize("path", ["absent/x.csv", "."])
def test_places_that_take_no_file(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError), OutputFile(path):
        pass
    assert listed(tmp_path) == []
