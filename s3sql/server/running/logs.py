"""Where an endpoint's log lines go, and how they get there without holding up an answer.

In: records of :mod:`logging`.  Out: lines on standard error or in a file, written by a thread of their own.
The event loop never waits for a terminal, a pipe or a disk: lines that come faster than they can be written
are left out, and the next line says how many.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import queue
import sys
import threading
import time
from collections.abc import Iterator
from logging.handlers import WatchedFileHandler

from s3sql.server import access_log
from s3sql.server.settings import Logs

#: Records that may wait to be written, and seconds that the last ones get when the endpoint stops.
_MOST_WAITING = 10_000
_PATIENCE = 2.0

#: What uvicorn says of an application that ends an answer before its end, which closes the connection.
_BROKEN_OFF = "ASGI callable returned without completing response."


class WriterThread(logging.Handler):
    """Hands records to *handler* in a thread."""

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler = handler
        self._waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(_MOST_WAITING)
        self._lost = 0
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._write, name="s3sql-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Let *record* wait for its turn, or leave it out."""
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            with self._counting:
                self._lost += 1

    def close(self) -> None:
        """Write what waits, unless that takes long."""
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=_PATIENCE)
            self._thread.join(_PATIENCE)
        if not self._thread.is_alive():
            self._handler.close()
        super().close()

    def _write(self) -> None:
        while (record := self._waiting.get()) is not None:
            self._handler.handle(record)
            self._tell_lost()
        self._tell_lost()

    def _tell_lost(self) -> None:
        with self._counting:
            lost, self._lost = self._lost, 0
        if lost:
            told = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING"}
            told["msg"] = (
                f"Log lines were left out, since they came faster than they could be written: {lost:,}"
            )
            self._handler.handle(logging.makeLogRecord(told))


class JsonFormatter(logging.Formatter):
    """A record as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        members = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        return json.dumps(members, separators=(",", ":"))


class AccessFormatter(JsonFormatter):
    """Access records, which are JSON already, and whatever else has to be said between them."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return record.getMessage() if record.name == access_log.LOGGER.name else super().format(record)


class TextFormatter(logging.Formatter):
    """A record as a line for people, with the lines of its exception behind it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = f"{_time(record)} {record.levelname} {record.getMessage()}"
        visible = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in line)
        return f"{visible}\n{self.formatException(record.exc_info)}" if record.exc_info else visible


@contextlib.contextmanager
def writing(logs: Logs) -> Iterator[None]:
    """Write what is logged while the block lasts, as *logs* says.

    Raises:
        OSError: the access log's file cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setFormatter(JsonFormatter() if logs.format == "json" else TextFormatter())
        messages = WriterThread(terminal)
        messages.addFilter(says_something)
        stack.callback(messages.close)
        level = getattr(logging, logs.level.upper())
        _attach(stack, logging.getLogger(), messages, logging.WARNING)
        logging.getLogger("s3sql").setLevel(level)
        stack.callback(logging.getLogger("s3sql").setLevel, logging.NOTSET)
        _write_access(stack, logs)
        yield


def _write_access(stack: contextlib.ExitStack, logs: Logs) -> None:
    logger = access_log.LOGGER
    logger.propagate = False
    stack.callback(setattr, logger, "propagate", True)
    if logs.access == "off":
        logger.disabled = True
        stack.callback(setattr, logger, "disabled", False)
        return
    place: logging.Handler = (
        logging.StreamHandler(sys.stderr)
        if logs.access == "-"
        else WatchedFileHandler(logs.access, encoding="ascii")
    )
    place.setFormatter(AccessFormatter())
    records = WriterThread(place)
    stack.callback(records.close)
    _attach(stack, logger, records, logging.INFO)


def _attach(
    stack: contextlib.ExitStack, logger: logging.Logger, handler: logging.Handler, level: int
) -> None:
    """Give *logger* the handler and the level, until *stack* is unwound."""
    stack.callback(logger.setLevel, logger.level)
    logger.setLevel(level)
    logger.addHandler(handler)
    stack.callback(logger.removeHandler, handler)


def says_something(record: logging.LogRecord) -> bool:
    """Whether *record* is more than uvicorn's note that an answer was broken off.

    That happens on purpose: the endpoint stops, a client takes nothing any more, or a body that was begun
    cannot be completed. The access log says which.
    """
    cancelled = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cancelled and record.msg != _BROKEN_OFF


def _time(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03}Z"
