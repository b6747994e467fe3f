from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.archive.job import INTERRUPTED
from s3sql.server.archive.jobs import ArchiveJobs, Pace, journal_directory
from s3sql.server.archive.journal import Entry, Failed, Journal, Succeeded
from s3sql.server.archive.output import Folder, OutputLocation
from s3sql.server.archive.restore_xml import parse_restore
from s3sql.server.archive.results import Source
from s3sql.server.settings import Limits, Settings, Upstream

from .requests import select_request
from .stores import CALLER, MemoryResults

PACE = Pace(retry=0.001, longest_retry=0.01)
SOURCE = Source("in", "rows.csv")
ROWS = b"".join(b"%d,row %d\n" % (number, number) for number in range(1000))


def settings(tmp_path: Path, **changes: object) -> Settings:
    base = Settings(keys=(CALLER,), upstream=Upstream("http://upstream"), state_directory=tmp_path)
    return replace(base, **changes)  # type: ignore[arg-type]


def results(contents: bytes = ROWS) -> MemoryResults:
    return MemoryResults(objects={SOURCE.key: contents})


@contextmanager
def running(tmp_path: Path, store: MemoryResults, pace: Pace = PACE) -> Iterator[ArchiveJobs]:
    jobs = ArchiveJobs(settings(tmp_path), store, pace)
    jobs.start()
    try:
        yield jobs
    finally:
        asyncio.run(jobs.close())


def submit(jobs: ArchiveJobs, store: MemoryResults, body: bytes | None = None) -> Folder:
    body = select_request() if body is None else body
    request = parse_restore(body)
    assert request is not None
    return jobs.submit(CALLER, SOURCE, store.open_source(CALLER, SOURCE).etag, request, body)


def journal_files(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.rglob("*.json"))


def listed(store: MemoryResults, key: str) -> list[str]:
    return store.objects[key].decode().splitlines()


def error_of(store: MemoryResults, folder: Folder) -> dict[str, object]:
    assert listed(store, folder.error_manifest) == [folder.error]
    found: dict[str, object] = json.loads(store.objects[folder.error])
    return found


def left_behind(tmp_path: Path, store: MemoryResults, *entries: Entry) -> None:
    """Leave *entries* in the journal as an endpoint that was killed does."""
    directory = journal_directory(settings(tmp_path), store)
    assert directory is not None
    journal = Journal(directory)
    for entry in entries:
        journal.write(entry)
    journal.close()


def entry(job_id: str) -> Entry:
    return Entry(Folder(OutputLocation("out", "p"), job_id), CALLER.access_key, "in", "rows.csv")


class TestSuccess:
    def test_a_job_writes_parts_and_then_the_manifest(self, tmp_path: Path) -> None:
        store = results()
        order: list[str] = []
        store.writing = order.append
        with running(tmp_path, store, replace(PACE, part_bytes=4096)) as jobs:
            folder = submit(jobs, store)
            store.wait_for("result_manifest.txt")
        parts = listed(store, folder.result_manifest)
        assert parts == [folder.part(number + 1) for number in range(len(parts))]
        assert len(parts) == -(-len(ROWS) // 4096)
        assert b"".join(store.objects[key] for key in parts) == ROWS
        assert all(store.objects[key].endswith(b"\n") for key in parts)
        assert order == [folder.job, *parts, folder.result_manifest]
        assert journal_files(tmp_path) == []

    def test_every_object_has_the_type_of_its_contents(self, tmp_path: Path) -> None:
        store = results()
        with running(tmp_path, store) as jobs:
            csv = submit(jobs, store)
            store.wait_for(csv.result_manifest)
            json_lines = submit(jobs, store, select_request("SELECT _1 FROM Archive", output="<JSON/>"))
            store.wait_for(json_lines.result_manifest)
        assert store.content_types[csv.part(1)] == "text/csv"
        assert store.content_types[json_lines.part(1)] == "application/json"
        assert store.objects[json_lines.part(1)].startswith(b'{"_1":"0"}\n{"_1":"1"}\n')
        assert store.content_types[csv.job] == "text/plain; charset=utf-8"
        assert store.content_types[csv.result_manifest] == "text/plain; charset=utf-8"

    def test_every_object_goes_where_the_request_says(self, tmp_path: Path) -> None:
        store = results()
        with running(tmp_path, store) as jobs:
            location = "<StorageClass>GLACIER</StorageClass>"
            folder = submit(jobs, store, select_request(location=location, prefix="a/b"))
            store.wait_for(folder.result_manifest)
        assert folder.root.startswith("a/b/")
        for key in (folder.job, folder.part(1), folder.result_manifest):
            assert store.locations[key] == OutputLocation("out", "a/b", storage_class="GLACIER")

    def test_no_record_is_an_empty_manifest(self, tmp_path: Path) -> None:
        store = results()
        with running(tmp_path, store) as jobs:
            folder = submit(jobs, store, select_request("SELECT * FROM Object WHERE _1 = 'x'"))
            store.wait_for(folder.result_manifest)
        assert store.objects[folder.result_manifest] == b""
        assert sorted(store.objects) == sorted([SOURCE.key, folder.job, folder.result_manifest])

    def test_the_job_file_describes_the_request(self, tmp_path: Path) -> None:
        store = results()
        body = select_request("SELECT _1 FROM Object")
        with running(tmp_path, store) as jobs:
            folder = submit(jobs, store, body)
            store.wait_for(folder.result_manifest)
        described = json.loads(store.objects[folder.job])
        assert described.pop("CreationDate").endswith("+00:00")
        assert described == {
            "JobId": folder.job_id,
            "Bucket": "in",
            "Key": "rows.csv",
            "ETag": store.open_source(CALLER, SOURCE).etag,
            "RestoreRequest": body.decode(),
        }

    def test_job_ids_are_38_small_letters_and_digits(self, tmp_path: Path) -> None:
        store = results()
        with running(tmp_path, store) as jobs:
            ids = {submit(jobs, store).job_id for _ in range(10)}
        assert len(ids) == 10
        assert all(
            len(name) == 38 and name.isascii() and name.isalnum() and name.lower() == name for name in ids
        )


class TestFailure:
    def test_a_row_that_fails_ends_in_an_error_manifest(self, tmp_path: Path) -> None:
        store = results(b"1\n2\nx\n")
        order: list[str] = []
        store.writing = order.append
        with running(tmp_path, store) as jobs:
            folder = submit(jobs, store, select_request("SELECT CAST(_1 AS INT) FROM Object"))
            store.wait_for("error_manifest.txt")
        error = error_of(store, folder)
        assert error["JobId"] == folder.job_id
        assert (error["Bucket"], error["Key"]) == ("in", "rows.csv")
        assert (error["Code"], error["Line"], error["Column"]) == ("CastFailed", 1, 8)
        assert order[-2:] == [folder.error, folder.error_manifest]
        assert folder.result_manifest not in store.objects
        assert journal_files(tmp_path) == []

    def test_parts_before_the_failure_stay(self, tmp_path: Path) -> None:
        rows = b"1\n" * (2 << 20) + b"x\n"
        store = results(rows)
        with running(tmp_path, store, replace(PACE, part_bytes=1 << 20)) as jobs:
            folder = submit(jobs, store, select_request("SELECT CAST(_1 AS INT) FROM Object"))
            store.wait_for("error_manifest.txt")
        assert store.objects[folder.part(1)] == b"1\n" * (1 << 19)
        assert folder.result_manifest not in store.objects

    def test_an_object_that_changed_is_not_queried(self, tmp_path: Path) -> None:
        store = results()
        with running(tmp_path, store) as jobs:
            body = select_request()
            request = parse_restore(body)
            assert request is not None
            folder = jobs.submit(CALLER, SOURCE, "another", request, body)
            store.wait_for("error_manifest.txt")
        assert error_of(store, folder)["Code"] == "PreconditionFailed"

    def test_an_object_that_went_is_told(self, tmp_path: Path) -> None:
        store = results()

        def gone(source: Source) -> None:
            raise S3SelectError("NoSuchKey", "It went.")

        with running(tmp_path, store) as jobs:
            etag = store.open_source(CALLER, SOURCE).etag
            store.opening = gone
            body = select_request()
            request = parse_restore(body)
            assert request is not None
            folder = jobs.submit(CALLER, SOURCE, etag, request, body)
            store.wait_for("error_manifest.txt")
        assert (error_of(store, folder)["Code"], error_of(store, folder)["Message"]) == (
            "NoSuchKey",
            "It went.",
        )

    def test_a_part_that_cannot_be_written_is_the_jobs_failure(self, tmp_path: Path) -> None:
        store = results()

        def full(key: str) -> None:
            if "/results/" in key:
                raise S3SelectError("AccessDenied", "No more.")

        store.writing = full
        with running(tmp_path, store) as jobs:
            folder = submit(jobs, store)
            store.wait_for("error_manifest.txt")
        assert error_of(store, folder)["Code"] == "AccessDenied"

    def test_a_fault_of_ours_is_an_internal_error_and_logged(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = results()

        def broken(key: str) -> None:
            if "/results/" in key:
                raise ZeroDivisionError("secret")

        store.writing = broken
        with running(tmp_path, store) as jobs:
            folder = submit(jobs, store)
            store.wait_for("error_manifest.txt")
        error = error_of(store, folder)
        assert (error["Code"], "secret" in str(error)) == ("InternalError", False)
        assert any(record.exc_info for record in caplog.records)


class TestEndsThatCannotBeWritten:
    @pytest.mark.parametrize("failing", ["result_manifest.txt", "error_manifest.txt", "errors/error.json"])
    def test_they_are_written_when_they_can_be(self, tmp_path: Path, failing: str) -> None:
        store = results(b"x\n")
        failures = iter(range(4))

        def away(key: str) -> None:
            if key.endswith(failing) and next(failures, None) is not None:
                raise S3SelectError("ServiceUnavailable", "Away.")

        store.writing = away
        sql = "SELECT * FROM Object" if "result" in failing else "SELECT CAST(_1 AS INT) FROM Object"
        with running(tmp_path, store) as jobs:
            submit(jobs, store, select_request(sql))
            store.wait_for(failing)
            store.wait_for("manifest.txt")
        assert next(failures, None) is None
        assert journal_files(tmp_path) == []

    def test_the_next_endpoint_writes_them(self, tmp_path: Path) -> None:
        store = results()
        tried = threading.Event()

        def away(key: str) -> None:
            if key.endswith("result_manifest.txt"):
                tried.set()
                raise S3SelectError("ServiceUnavailable", "Away.")

        store.writing = away
        with running(tmp_path, store, replace(PACE, retry=60.0)) as jobs:
            folder = submit(jobs, store)
            assert tried.wait(30)
        assert len(journal_files(tmp_path)) == 1
        store.writing = lambda key: None
        with running(tmp_path, store):
            store.wait_for("manifest.txt")
        assert listed(store, folder.result_manifest) == [folder.part(1)]
        assert folder.error_manifest not in store.objects
        assert journal_files(tmp_path) == []

    def test_a_job_whose_bucket_is_gone_is_given_up(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = results()
        tried = threading.Event()

        def gone(key: str) -> None:
            tried.set()
            raise S3SelectError("NoSuchBucket")

        left_behind(tmp_path, store, entry("j1"))
        store.writing = gone
        with running(tmp_path, store):
            assert tried.wait(30)
        assert journal_files(tmp_path) == []
        assert any("is given up" in record.message for record in caplog.records)

    def test_a_fault_of_ours_is_logged_and_tried_again(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = results()
        failures = iter(range(2))

        def broken(key: str) -> None:
            if next(failures, None) is not None:
                raise ZeroDivisionError

        left_behind(tmp_path, store, entry("j1"))
        store.writing = broken
        with running(tmp_path, store):
            store.wait_for("error_manifest.txt")
        assert sum(record.exc_info is not None for record in caplog.records) == 2


class TestRestart:
    def test_a_job_that_was_interrupted_ends_in_an_error_manifest(self, tmp_path: Path) -> None:
        store = results()
        left_behind(tmp_path, store, entry("j1"), entry("j2"))
        with running(tmp_path, store):
            store.wait_for("j1/error_manifest.txt")
            store.wait_for("j2/error_manifest.txt")
        error = error_of(store, entry("j1").folder)
        assert (error["Code"], error["Message"]) == (INTERRUPTED.code, INTERRUPTED.message)
        assert journal_files(tmp_path) == []

    def test_a_job_that_had_succeeded_gets_its_manifest(self, tmp_path: Path) -> None:
        store = results()
        left_behind(tmp_path, store, replace(entry("j1"), ending=Succeeded(2)))
        with running(tmp_path, store):
            store.wait_for("manifest.txt")
        folder = entry("j1").folder
        assert listed(store, folder.result_manifest) == [folder.part(1), folder.part(2)]
        assert folder.error_manifest not in store.objects

    def test_a_job_that_had_failed_gets_its_own_error(self, tmp_path: Path) -> None:
        store = results()
        left_behind(tmp_path, store, replace(entry("j1"), ending=Failed("CastFailed", "no", 1, 8)))
        with running(tmp_path, store):
            store.wait_for("error_manifest.txt")
        error = error_of(store, entry("j1").folder)
        assert (error["Code"], error["Line"], error["Column"]) == ("CastFailed", 1, 8)

    def test_the_jobs_of_another_store_are_not_touched(self, tmp_path: Path) -> None:
        left_behind(tmp_path, MemoryResults(name="another"), entry("j1"))
        store = results()
        with running(tmp_path, store) as jobs:
            folder = submit(jobs, store)
            store.wait_for(folder.result_manifest)
        assert not any("j1" in key for key in store.objects)
        assert len(journal_files(tmp_path)) == 1

    def test_an_unreachable_store_does_not_keep_the_endpoint_from_starting(self, tmp_path: Path) -> None:
        store = results()
        failures = iter(range(3))

        def away(key: str) -> None:
            if next(failures, None) is not None:
                raise S3SelectError("ServiceUnavailable", "Away.")

        left_behind(tmp_path, store, entry("j1"))
        store.writing = away
        with running(tmp_path, store):
            store.wait_for("error_manifest.txt")


class TestStopping:
    def test_jobs_that_run_and_wait_are_ended_as_interrupted(self, tmp_path: Path) -> None:
        store = results()
        running_jobs, go_on = threading.Semaphore(0), threading.Event()

        def slow(key: str) -> None:
            if "/results/" in key:
                running_jobs.release()
                assert go_on.wait(30)

        store.writing = slow
        jobs = ArchiveJobs(settings(tmp_path), store, PACE)
        jobs.start()
        folders = [submit(jobs, store) for _ in range(4)]
        for _ in range(2):
            assert running_jobs.acquire(timeout=30)

        async def close() -> None:
            closing = asyncio.create_task(jobs.close())
            while not jobs._stop.is_set():
                await asyncio.sleep(0)
            go_on.set()
            await closing

        asyncio.run(close())
        assert journal_files(tmp_path) == []
        interrupted = [folder for folder in folders if folder.error_manifest in store.objects]
        assert interrupted[-2:] == folders[-2:]
        for folder in interrupted:
            assert error_of(store, folder)["Code"] == INTERRUPTED.code
            assert folder.result_manifest not in store.objects
        with pytest.raises(S3SelectError, match="is stopping") as caught:
            submit(jobs, store)
        assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)

    def test_a_scan_that_is_under_way_is_stopped(self, tmp_path: Path) -> None:
        store = results(b"1\n" * (8 << 20))
        jobs = ArchiveJobs(settings(tmp_path), store, replace(PACE, part_bytes=1024))
        begun = threading.Event()
        store.writing = lambda key: begun.set() if "/results/" in key else None
        jobs.start()
        folder = submit(jobs, store)
        assert begun.wait(30)
        asyncio.run(jobs.close())
        assert error_of(store, folder)["Code"] == INTERRUPTED.code
        assert folder.result_manifest not in store.objects

    def test_a_store_that_gives_no_answer_is_not_waited_for(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = results()
        hanging, go_on = threading.Event(), threading.Event()

        def hang(key: str) -> None:
            if "/results/" in key:
                hanging.set()
                assert go_on.wait(60)

        store.writing = hang
        limits = Limits(shutdown_time=0.01)
        jobs = ArchiveJobs(settings(tmp_path, limits=limits), store, PACE)
        jobs.start()
        submit(jobs, store)
        assert hanging.wait(30)
        asyncio.run(jobs.close())
        assert any("did not end in time" in record.message for record in caplog.records)
        assert len(journal_files(tmp_path)) == 1
        go_on.set()
        # What the thread was about may still be done, since the process lives on.
        store.wait_for("_manifest.txt")


class TestAccepting:
    @pytest.mark.parametrize(
        ("tier", "code"),
        [
            ("Standard", "SlowDown"),
            ("Bulk", "SlowDown"),
            ("Expedited", "GlacierExpeditedRetrievalNotAvailable"),
        ],
    )
    def test_one_job_too_many_is_refused(self, tmp_path: Path, tier: str, code: str) -> None:
        store = results()
        go_on = threading.Event()

        def slow(key: str) -> None:
            if "/results/" in key:
                assert go_on.wait(30)

        store.writing = slow
        with running(tmp_path, store, replace(PACE, running=1, waiting=2)) as jobs:
            accepted = [submit(jobs, store) for _ in range(3)]
            with pytest.raises(S3SelectError, match="are running and 2 are waiting") as caught:
                submit(jobs, store, select_request("SELECT * FROM Object", f"<Tier>{tier}</Tier>"))
            assert (caught.value.code, caught.value.status) == (code, 503)
            assert len(journal_files(tmp_path)) == 3
            go_on.set()
            for folder in accepted:
                store.wait_for(folder.result_manifest)

    @pytest.mark.parametrize("tier", ["Standard", "Bulk", "Expedited"])
    def test_every_tier_is_served_alike(self, tmp_path: Path, tier: str) -> None:
        store = results()
        with running(tmp_path, store) as jobs:
            folder = submit(jobs, store, select_request("SELECT * FROM Object", f"<Tier>{tier}</Tier>"))
            store.wait_for(folder.result_manifest)

    def test_a_location_that_cannot_be_written_is_told_at_once(self, tmp_path: Path) -> None:
        store = results()

        def refused(key: str) -> None:
            assert journal_files(tmp_path), "the journal knows of the job first"
            raise S3SelectError("AccessDenied", "Not there.")

        with running(tmp_path, store, replace(PACE, running=1, waiting=0)) as jobs:
            store.writing = refused
            for _ in range(3):
                with pytest.raises(S3SelectError, match="Not there"):
                    submit(jobs, store)
            assert journal_files(tmp_path) == []
            store.writing = lambda key: None
            store.wait_for(submit(jobs, store).result_manifest)

    def test_a_path_that_is_too_long_is_told_at_once(self, tmp_path: Path) -> None:
        store = results()
        with running(tmp_path, store) as jobs:
            with pytest.raises(S3SelectError) as caught:
                submit(jobs, store, select_request(prefix="x" * 500))
            assert caught.value.code == "InvalidArgument"
        assert list(store.objects) == [SOURCE.key]

    def test_a_journal_that_cannot_be_written_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = results()

        def full(journal: Journal, entry: Entry) -> None:
            raise OSError(28, "No space left on device")

        with running(tmp_path, store) as jobs:
            with monkeypatch.context() as patched:
                patched.setattr(Journal, "write", full)
                with pytest.raises(S3SelectError, match="cannot remember") as caught:
                    submit(jobs, store)
            assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)
            store.wait_for(submit(jobs, store).result_manifest)

    def test_without_a_place_for_a_journal_there_are_no_jobs(self, tmp_path: Path) -> None:
        store = results()
        without = settings(tmp_path, state_directory=None, upstream=None, directory=tmp_path)
        (tmp_path / "file").write_text("")
        for given in (without, settings(tmp_path, state_directory=tmp_path / "file")):
            jobs = ArchiveJobs(given, store, PACE)
            jobs.start()
            with pytest.raises(S3SelectError, match="state directory") as caught:
                submit(jobs, store)
            assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)
            asyncio.run(jobs.close())


class TestJournalDirectory:
    def test_that_of_the_settings_comes_first(self, tmp_path: Path) -> None:
        own = MemoryResults(state_directory=tmp_path / "own")
        found = journal_directory(settings(tmp_path), own)
        assert found is not None
        assert found.parent == tmp_path / "jobs"
        assert found != journal_directory(settings(tmp_path), MemoryResults(name="another"))

    def test_then_that_of_the_store(self, tmp_path: Path) -> None:
        own = MemoryResults(state_directory=tmp_path / "own")
        assert journal_directory(settings(tmp_path, state_directory=None), own) == tmp_path / "own" / "jobs"

    @pytest.mark.parametrize(
        ("variable", "base"), [("/state", Path("/state")), ("relative", None), ("", None), (None, None)]
    )
    def test_then_that_of_the_user(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None, base: Path | None
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        if variable is None:
            monkeypatch.delenv("XDG_STATE_HOME", raising=False)
        else:
            monkeypatch.setenv("XDG_STATE_HOME", variable)
        found = journal_directory(settings(tmp_path, state_directory=None), MemoryResults())
        assert found is not None
        assert found.parent == (base or tmp_path / ".local" / "state") / "s3sql" / "jobs"
