from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from s3sql.errors import Position, S3SelectError
from s3sql.server.archive.journal import Entry, Failed, Journal, Succeeded
from s3sql.server.archive.output import Encryption, Folder, Grant, OutputLocation

LOCATION = OutputLocation(
    bucket="out",
    prefix="ü/p",
    encryption=Encryption("aws:kms", "k", "e30="),
    canned_acl="private",
    grants=(Grant("Group", "http://g", "READ"), Grant("CanonicalUser", "x", "READ_ACP")),
    tags={"k": "v"},
    metadata={"color": "blue"},
    storage_class="STANDARD_IA",
)


def entry(job_id: str, location: OutputLocation = LOCATION) -> Entry:
    return Entry(Folder(location, job_id), "AKIDEXAMPLE", "in", "a\nb.csv")


@pytest.mark.parametrize(
    "found",
    [
        entry("j1"),
        entry("j1", OutputLocation("out", "p")),
        replace(entry("j1"), ending=Succeeded(0)),
        replace(entry("j1"), ending=Succeeded(3)),
        replace(entry("j1"), ending=Failed("CastFailed", "no", 1, 8)),
        replace(entry("j1"), ending=Failed("SlowDown", "no")),
    ],
)
def test_a_journal_gives_what_it_was_given(tmp_path: Path, found: Entry) -> None:
    with closing(Journal(tmp_path)) as journal:
        journal.write(entry("j1"))
        journal.write(found)
        assert journal.entries() == [found]
        journal.forget(found)
        assert journal.entries() == []
        journal.forget(found)


def test_an_error_becomes_an_ending() -> None:
    assert Failed.by(S3SelectError("CastFailed", "no", position=Position(2, 3))) == Failed(
        "CastFailed", "no", 2, 3
    )
    assert Failed.by(S3SelectError("SlowDown", "no")) == Failed("SlowDown", "no")


def test_what_a_closed_journal_holds_goes_to_the_next_one(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    first.write(entry("j1"))
    first.write(entry("j2"))
    first.forget(entry("j2"))
    first.close()
    with closing(Journal(tmp_path)) as second:
        assert second.entries() == [entry("j1")]
        second.write(replace(entry("j1"), ending=Succeeded(1)))
    with closing(Journal(tmp_path)) as third:
        assert third.entries() == [replace(entry("j1"), ending=Succeeded(1))]
        third.forget(entry("j1"))
    with closing(Journal(tmp_path)):
        # Of the folders of endpoints that are gone nothing is left.
        assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


def test_the_jobs_of_one_that_lives_stay_its_own(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as living:
        living.write(entry("j1"))
        with closing(Journal(tmp_path)) as other:
            assert other.entries() == []
            other.write(entry("j2"))
        assert living.entries() == [entry("j1")]
        living.write(replace(entry("j1"), ending=Succeeded(1)))


def test_a_file_that_cannot_be_read_is_told_and_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = Journal(tmp_path)
    first.write(entry("j1"))
    (own,) = (path for path in tmp_path.iterdir() if path.is_dir())
    whole = json.loads((own / "j1.json").read_text())
    damaged = {
        "a": "{",
        "b": "[]",
        "c": json.dumps(whole | {"version": 2}),
        "d": "{}",
        "e": json.dumps(whole | {"location": {"bucket": "b", "prefix": "x" * 600, "grants": []}}),
        "f": json.dumps(whole | {"location": whole["location"] | {"more": 1}}),
    }
    for name, text in damaged.items():
        (own / f"{name}.json").write_text(text)
    first.close()
    with closing(Journal(tmp_path)) as second:
        assert second.entries() == [entry("j1")]
    assert len([record for record in caplog.records if "cannot be read" in record.message]) == len(damaged)
    with closing(Journal(tmp_path)):
        assert len(list(tmp_path.glob("*/*.json"))) == len(damaged) + 1


def test_a_file_half_written_is_none(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    first.write(entry("j1"))
    (own,) = (path for path in tmp_path.iterdir() if path.is_dir())
    (own / "j2.new").write_text("{")
    first.close()
    with closing(Journal(tmp_path)) as second:
        assert second.entries() == [entry("j1")]
        assert not list(tmp_path.glob("*/*.new"))


def test_nobody_else_reads_the_journal(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "jobs")):
        for path in [tmp_path / "jobs", *(tmp_path / "jobs").iterdir()]:
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Journal(tmp_path / "file" / "jobs")


WRITER = """
import sys
from pathlib import Path
from s3sql.server.archive.journal import Entry, Journal
from s3sql.server.archive.output import Folder, OutputLocation
journal = Journal(Path(sys.argv[1]))
number = 0
while True:
    entry = Entry(Folder(OutputLocation("out", "p"), f"j{number:06}"), "a", "in", "key")
    journal.write(entry)
    print(number, flush=True)
    if number % 2:
        journal.forget(entry)
    number += 1
"""


@pytest.mark.parametrize("written", [1, 7, 20])
def test_a_process_that_is_killed_loses_nothing(tmp_path: Path, written: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        last = -1
        while last < written:
            last = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        last = max([last, *map(int, writer.stdout.read().split())])
    with closing(Journal(tmp_path)) as journal:
        kept = {int(found.job_id[1:]) for found in journal.entries()}
    # The one behind the last may have been written and not told.
    kept.discard(last + 1)
    acknowledged = {number for number in range(last) if number % 2 == 0}
    assert acknowledged <= kept
    assert kept - acknowledged <= {last}
