"""The history's file: what is kept, who can read it, what is wrong with it."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from s3sql.cli.shell import history
from s3sql.cli.shell.history import FileHistory, history_path


def entries(path: Path) -> list[str]:
    return list(FileHistory(path).load_history_strings())


def test_entries_come_back_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "history"
    kept = FileHistory(path)
    for entry in ("SELECT 1;", "SELECT\n  'é'\n;", ".mode csv", "\ud800;"):
        kept.append_string(entry)
    assert kept.trouble == ""
    assert entries(path) == ["\ud800;", ".mode csv", "SELECT\n  'é'\n;", "SELECT 1;"]


def test_blank_and_repeated_entries_are_not_kept(tmp_path: Path) -> None:
    kept = FileHistory(tmp_path / "history")
    for entry in ("a;", "a;", " secret;", "  \n", "b;", "a;"):
        kept.append_string(entry)
    assert entries(tmp_path / "history") == ["a;", "b;", "a;"]
    assert kept.get_strings() == ["a;", "b;", "a;"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    FileHistory(path).append_string("a;")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    FileHistory(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_sessions_at_once(tmp_path: Path) -> None:
    first, second = FileHistory(tmp_path / "history"), FileHistory(tmp_path / "history")
    first.append_string("one;")
    second.append_string("two;")
    first.append_string("three;")
    assert entries(tmp_path / "history") == ["three;", "two;", "one;"]


def test_lines_that_are_no_entries_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b'"a;"\n"half\n\xff\xfe\n{"b":1}\n17\n\n"c;"')
    assert entries(path) == ["c;", "a;"]


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    kept = FileHistory(tmp_path / "history")
    assert str(tmp_path / "history") in kept.trouble
    kept.append_string("a;")
    assert kept.get_strings() == ["a;"]


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")
    kept = FileHistory(tmp_path / "state" / "history")
    assert kept.trouble.startswith("no history is kept: ")


def test_a_file_that_is_no_history_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_BYTES", 20)
    path = tmp_path / "notes.txt"
    path.write_text("not to be lost\n" * 10, encoding="utf-8")
    path.chmod(0o644)
    kept = FileHistory(path)
    kept.append_string("a;")
    assert kept.trouble == f"no history is kept: {path}: it holds something else than a history"
    assert path.read_text(encoding="utf-8") == "not to be lost\n" * 10
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
def test_a_pipe_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "history"
    os.mkfifo(path, 0o640)
    mode = path.stat().st_mode
    kept = FileHistory(path)
    assert kept.trouble.startswith(f"no history is kept: {path}: ")
    # With a reader it could be written to.
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    assert FileHistory(path).trouble == f"no history is kept: {path}: it is no regular file"
    os.close(reader)
    assert path.stat().st_mode == mode


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_a_link_to_a_file_that_has_grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_BYTES", 200)
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "elsewhere" / "history"
    path.write_text("".join(f"{json.dumps(f'SELECT {n};')}\n" for n in range(100)), encoding="utf-8")
    (tmp_path / "history").symlink_to(path)
    assert FileHistory(tmp_path / "history").trouble == ""
    assert (tmp_path / "history").is_symlink()
    assert path.stat().st_size < 200
    assert os.listdir(path.parent) == ["history"]


def test_a_file_that_can_no_longer_be_written(tmp_path: Path) -> None:
    path = tmp_path / "history"
    kept = FileHistory(path)
    path.unlink()
    path.mkdir()
    kept.append_string("a;")
    assert kept.trouble
    assert kept.get_strings() == ["a;"]


def test_a_file_that_has_grown_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_BYTES", 2_000)
    path = tmp_path / "history"
    path.write_text("".join(f"{json.dumps(f'SELECT {n};')}\n" for n in range(1_000)), encoding="utf-8")
    FileHistory(path)
    assert path.stat().st_size < 1_100
    kept = entries(path)
    assert kept[:2] == ["SELECT 999;", "SELECT 998;"]
    assert os.listdir(tmp_path) == ["history"]


def test_a_very_long_entry_is_kept_for_the_session(tmp_path: Path) -> None:
    kept = FileHistory(tmp_path / "history")
    kept.append_string("x" * (history.LONGEST_ENTRY + 1))
    assert len(kept.get_strings()) == 1
    assert entries(tmp_path / "history") == []


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("S3SQL_HISTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history_path() == tmp_path / "s3sql" / "history"
    monkeypatch.setenv("S3SQL_HISTORY", str(tmp_path / "mine"))
    assert history_path() == tmp_path / "mine"
    monkeypatch.setenv("S3SQL_HISTORY", "~nobody-of-this-name/mine")
    assert history_path() == Path("~nobody-of-this-name/mine")
    for nowhere in ("", os.devnull):
        monkeypatch.setenv("S3SQL_HISTORY", nowhere)
        assert history_path() is None


def test_a_user_without_a_home_has_no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("S3SQL_HISTORY", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert history_path() is None


@pytest.mark.skipif(sys.platform != "linux", reason="each system has its own place")
def test_the_usual_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("S3SQL_HISTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/no/place")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert history_path() == tmp_path / ".local" / "state" / "s3sql" / "history"
