"""What is said of a path that names no file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from s3sql.errors import S3SelectError
from s3sql.stores.local import LocalStore, open_path
from s3sql.stores.path_hints import path_hint


def hint_of(path: str | Path) -> str | None:
    with pytest.raises(S3SelectError) as raised:
        open_path(path)
    assert raised.value.code == "NoSuchKey"
    return raised.value.hint


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("flights.csv", "README.md", "events.jsonl", "data/a.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("fligths.csv", "did you mean 'flights.csv'?"),
        ("FLIGHTS.CSV", "did you mean 'flights.csv'?"),
        ("flights", "did you mean 'flights.csv'?"),
        ("events.json", "did you mean 'events.jsonl'?"),
        ("data/b.csv", "did you mean 'data/a.csv'?"),
        ("data", "a query reads one file, such as 'data/a.csv'"),
        ("dta/a.csv", "there is no folder 'dta'"),
        ("*.csv", "a query reads one object; patterns of names are not expanded"),
        ("s3:/bucket/key", "an object's URL has two slashes: s3://bucket/key"),
        ("quite.different", None),
    ],
)
def test_hint(folder: Path, path: str, hint: str | None) -> None:
    assert hint_of(path) == hint
    assert hint_of(Path(path)) == hint or path.startswith("s3:")


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes")
def test_what_is_there_is_not_proposed(folder: Path) -> None:
    Path("latest.csv").symlink_to("gone.csv")
    assert hint_of("latest.csv") == "it is a symbolic link to 'gone.csv', where no file is"
    os.mkfifo("pipe")
    assert hint_of("pipe") is None


def test_a_whole_path_is_told(folder: Path) -> None:
    assert hint_of(folder / "flight.csv") == f"did you mean {str(folder / 'flights.csv')!r}?"


def test_a_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert hint_of("~/flights.csv") == "~ is not expanded here; write /somewhere/flights.csv"


def test_an_empty_folder_and_a_name_that_is_no_path(tmp_path: Path) -> None:
    assert hint_of(tmp_path) is None
    assert hint_of("a\0b") is None
    assert path_hint("") is None


def test_the_keys_of_a_store_are_not_looked_around(folder: Path) -> None:
    with pytest.raises(S3SelectError) as raised:
        LocalStore(folder).open("data", "b.csv")
    assert raised.value.code == "NoSuchKey"
    assert raised.value.hint is None
