from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import threading
from pathlib import Path

import pytest

from s3sql.server.access_log import LOGGER, AccessRecord, log_request
from s3sql.server.running.logs import WriterThread, writing
from s3sql.server.settings import Logs

RECORD = AccessRecord("ID", "GetObject", 200, 0.1)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> object:
    root, own = logging.getLogger(), logging.getLogger("s3sql")
    before = (
        list(root.handlers),
        root.level,
        own.level,
        list(LOGGER.handlers),
        LOGGER.level,
        LOGGER.propagate,
    )
    yield
    after = (
        list(root.handlers),
        root.level,
        own.level,
        list(LOGGER.handlers),
        LOGGER.level,
        LOGGER.propagate,
    )
    assert after == before
    assert not LOGGER.disabled


def test_messages_and_access_go_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    with writing(Logs()):
        logging.getLogger("s3sql.server").info("x %s", "ü\x1b[0m\ny")
        logging.getLogger("s3sql.server").debug("hidden")
        logging.getLogger("botocore").info("hidden")
        logging.getLogger("botocore").warning("z")
        log_request(RECORD)
    out, err = capfd.readouterr()
    assert out == ""
    lines = sorted(err.splitlines())
    assert len(lines) == 3
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO x ü\\x1b\[0m\\ny", lines[0])
    assert lines[1].endswith("Z WARNING z")
    assert json.loads(lines[2])["request_id"] == "ID"


def test_messages_in_json(capfd: pytest.CaptureFixture[str]) -> None:
    with writing(Logs(access="off", format="json", level="debug")):
        log_request(RECORD)
        try:
            raise ValueError("why")
        except ValueError:
            logging.getLogger("s3sql.server").exception("x\ny")
        logging.getLogger("s3sql.server").debug("shown")
    first, second = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert (first["level"], first["logger"], first["message"]) == ("error", "s3sql.server", "x\ny")
    assert "ValueError: why" in first["exception"]
    assert second["message"] == "shown"
    assert "exception" not in second


def test_the_access_log_in_a_file_that_is_rotated(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "access.log"
    with writing(Logs(access=str(log))):
        log_request(RECORD)
    with writing(Logs(access=str(log))):
        log_request(RECORD)
    assert len(log.read_text().splitlines()) == 2
    log.rename(tmp_path / "access.log.1")
    with writing(Logs(access=str(log))):
        log_request(RECORD)
    assert len(log.read_text().splitlines()) == 1
    assert capfd.readouterr().err == ""


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), writing(Logs(access=str(tmp_path))):
        pass


def test_the_note_of_a_broken_off_answer_is_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    with writing(Logs()):
        for error in (asyncio.CancelledError(), ValueError("shown")):
            logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
        logging.getLogger("uvicorn.error").error("ASGI callable returned without completing response.")
    err = capfd.readouterr().err
    assert err.count("Exception in ASGI application") == 1
    assert "ValueError: shown" in err
    assert "without completing" not in err


class Stuck(logging.Handler):
    """A terminal that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = threading.Event()
        self.go_on = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.taken.set()
        self.go_on.wait()
        self.lines.append(record.getMessage())


@contextlib.contextmanager
def logger_of(handler: logging.Handler) -> object:
    logger = logging.getLogger("s3sql.server.running.logs")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield logger
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def test_nothing_waits_for_a_line_to_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3sql.server.running.logs._MOST_WAITING", 10)
    stuck = Stuck()
    handler = WriterThread(stuck)
    with logger_of(handler) as logger:
        assert isinstance(logger, logging.Logger)
        logger.error("first")
        assert stuck.taken.wait(20)
        for number in range(100):
            logger.error("%s", number)
        stuck.go_on.set()
        handler.close()
    left_out = "Log lines were left out, since they came faster than they could be written: 90"
    assert stuck.lines == ["first", left_out, *map(str, range(10))]


def test_in_the_access_log_too_what_is_left_out_is_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("s3sql.server.running.logs._MOST_WAITING", 1)
    log = tmp_path / "access.log"
    with writing(Logs(access=str(log))):
        for _ in range(2000):
            log_request(RECORD)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    told = [line for line in lines if "message" in line]
    assert told
    assert sum(int(line["message"].rpartition(": ")[2].replace(",", "")) for line in told) == 2000 - (
        len(lines) - len(told)
    )


def test_the_end_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3sql.server.running.logs._PATIENCE", 0.05)
    stuck = Stuck()
    handler = WriterThread(stuck)
    with logger_of(handler) as logger:
        assert isinstance(logger, logging.Logger)
        logger.error("first")
        handler.close()
    assert stuck.lines == []
    stuck.go_on.set()
