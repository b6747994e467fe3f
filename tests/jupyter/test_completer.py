"""Completion in a session: the line, the SELECT, and what is left to Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter

from tests.jupyter.conftest import Session


def completions(session: Session, text: str) -> list[str]:
    """What the cell becomes by each completion at ``|``, as far as ours go."""
    cursor = text.index("|")
    code = text.replace("|", "", 1)
    with provisionalcompleter():
        found = list(session.shell.Completer.completions(code, cursor))
    return [code[: one.start] + one.text for one in found if one._origin == "s3sql"]


def lasts(session: Session, text: str) -> list[str]:
    """The same, without what stands before the last blank of what is typed."""
    kept = text[: text.index("|")].rfind(" ") + 1
    return [found[kept:] for found in completions(session, text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%s3sql fl|", ["flights.csv"]),
        ("%%s3sql r << fl|", ["flights.csv"]),
        ("%%s3sql ./fl|", ["./flights.csv"]),
        ("%%s3sql {car|", ["{carrier}"]),
        ("%%s3sql two|", ['"two words.csv"']),
        ("%%s3sql sub|", ["sub/"]),
        ("%%s3sql sub/|", ["sub/deep.csv"]),
        ("%%s3sql flights.csv --hea|", ["--header"]),
        ("%%s3sql flights.csv --header |", ["none", "use", "ignore"]),
        ("%%s3sql flights.csv --header u|", ["use"]),
        ("%%s3sql flights.csv --header=u|", ["--header=use"]),
        ("%%s3sql flights.csv --as p|", ["pandas", "polars"]),
        ("%%s3sql flights.csv --client carr|", ["carrier"]),
        ("%%s3sql flights.csv --header use --he|", []),
        ("%s3sql --sch|", ["--schema"]),
        ("%s3sql --set hea|", ["header="]),
        ("%s3sql --set header=u|", ["header=use"]),
        ("%s3sql --set source=fl|", ["source=flights.csv"]),
        ("%s3sql --set no-progress=|", ["no-progress=yes", "no-progress=no"]),
        ("%s3sql --functions sub|", ["SUBSTRING"]),
        ("%s3sql flights.csv SEL|", ["SELECT"]),
        ("x = %s3sql flights.csv SEL|", ["SELECT"]),
        ("%%s3sql flights.csv SEL|\n", []),
        ("%%s3sql nothing/|", []),
        ("%%s3sql {{car|", []),
        ("%%s3sqlx fl|", []),
    ],
)
def test_the_line(session: Session, folder: Path, text: str, expected: list[str]) -> None:
    session.value("carrier = 'HA'")
    (folder / "two words.csv").touch()
    (folder / "sub").mkdir()
    (folder / "sub" / "deep.csv").touch()
    assert lasts(session, text) == expected


def test_options_come_after_the_source(session: Session) -> None:
    found = lasts(session, "%%s3sql flights.csv |")
    assert "--header" in found
    assert "--explain" in found
    assert "--set" not in found
    assert "SELECT" not in found
    assert "SELECT" in lasts(session, "%s3sql flights.csv |")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%s3sql flights.csv\nSELECT s.carr| FROM S3Object s", ["s.carrier"]),
        ("%%s3sql flights.csv\nSELECT s.flight,\n  s.d| FROM S3Object s", ["s.dest"]),
        ("\n%%s3sql flights.csv --header use\nSELECT s.d| FROM S3Object s", ["s.dest"]),
        ("%s3sql flights.csv SELECT s.d| FROM S3Object s", ["s.dest"]),
        ("%%s3sql {data}\nSELECT s.d| FROM S3Object s", ["s.dest"]),
        ("%%s3sql flights.csv\nSELECT UPP|", ["UPPER("]),
        ("%%s3sql flights.csv\nSELECT :carrier, {{ '}}' }}, s.d| FROM S3Object s", ["s.dest"]),
        ("%%s3sql flights.csv\nSELECT s.flight FROM S3Object s WHERE s.carrier = :car|", [":carrier"]),
        ("%%s3sql flights.csv\nSELECT s.flight FROM S3Object s WHERE s.carrier IN (:car|", ["(:carrier"]),
        ("%%s3sql flights.csv\nSELECT ':car|' FROM S3Object s", []),
        ("%%s3sql flights.csv\nSELECT s.x::car| FROM S3Object s", []),
        ("%%s3sql flights.csv\nSELECT 's.carr| FROM S3Object s", []),
        ("%%s3sql flights.csv\nSELECT 1 -- s.carr|", []),
        ("%%s3sql flights.csv\nSELECT {{ car|", []),
        ("%%s3sql nothing.csv\nSELECT s.carr| FROM S3Object s", []),
    ],
)
def test_the_select(session: Session, text: str, expected: list[str]) -> None:
    session.value(
        "carrier = 'HA'\ncarry = len\nimport pathlib\ndata = pathlib.Path('flights.csv').read_bytes()"
    )
    assert [found.split(" ")[-1] for found in completions(session, text)] == expected


def test_a_colon_offers_what_sql_has_literals_for(session: Session) -> None:
    session.value("carrier = 'HA'\nmany = [1]\nfunction = len\nimport os")
    found = lasts(session, "%%s3sql flights.csv\nSELECT * FROM S3Object s WHERE s.x = :|")
    assert found == [":carrier", ":many"]


def test_the_default_source_has_columns(session: Session) -> None:
    session.value("%s3sql --set source=flights.csv")
    assert lasts(session, "%%s3sql\nSELECT s.ca| FROM S3Object s") == ["s.carrier"]


def test_a_file_that_changed_is_read_again(session: Session, folder: Path) -> None:
    text = "%%s3sql flights.csv\nSELECT s.| FROM S3Object s"
    assert "s.carrier" in lasts(session, text)
    (folder / "flights.csv").write_text("airline,number\nHA,1\nUA,23\n")
    found = lasts(session, text)
    assert "s.airline" in found
    assert "s.carrier" not in found


def test_bytes_that_changed_are_read_again(session: Session) -> None:
    session.value("data = bytearray(b'old,b\\n1,2\\n')")
    text = "%%s3sql {data}\nSELECT s.| FROM S3Object s"
    assert "s.old" in lasts(session, text)
    session.value("data[:3] = b'new'")
    assert "s.new" in lasts(session, text)


@pytest.mark.parametrize("arrow", ["r << ", "r<< ", "r <<", "r<<"])
def test_the_source_behind_an_arrow(session: Session, arrow: str) -> None:
    assert lasts(session, f"%%s3sql {arrow}fli|") == [f"{arrow}flights.csv".split(" ")[-1]]


def test_a_stream_is_not_read_for_completion(session: Session) -> None:
    session.value("file = open('flights.csv', 'rb')")
    assert lasts(session, "%%s3sql {file}\nSELECT s.carr| FROM S3Object s") == []
    assert session.value("file.tell()") == 0
    session.value("file.close()")


def test_python_is_left_to_python(session: Session) -> None:
    session.value("carrier = 'HA'")
    assert completions(session, "carr|") == []
    with provisionalcompleter():
        code = "%%s3sql flights.csv\nSELECT {{ carr"
        found = [one.text for one in session.shell.Completer.completions(code, len(code))]
    assert "carrier" in found
