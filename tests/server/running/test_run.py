from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from s3sql.server.running import run as running
from s3sql.server.running.configuration import Configuration
from s3sql.server.running.run import StartError, listen, run, tls_context, url_of, uvicorn_config
from s3sql.server.settings import Credentials, Key, Limits, Logs, Settings
from tests.server.running.certificates import certificate_in

Message = MutableMapping[str, Any]


async def hello(scope: Message, receive: Any, send: Any) -> None:
    """An application that says who the client is, and never ends on /stuck."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/stuck":
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await asyncio.Event().wait()
    if scope["path"] == "/slow":
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await asyncio.sleep(0.5)
    body = f"{scope['client'][0]} {scope['scheme']}".encode()
    await send({"type": "http.response.body", "body": body})


async def failing(scope: Message, receive: Any, send: Any) -> None:
    """An application that does not start."""
    await receive()
    raise RuntimeError("no store")


@pytest.fixture
def _hello(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "application", lambda settings: hello)


def settings(tmp_path: Path, **changes: Any) -> Settings:
    given: dict[str, Any] = {
        "keys": (Key(Credentials("KEY", "hush-hush")),),
        "directory": tmp_path,
        "port": 0,
        "logs": Logs(access="off"),
    }
    return Settings(**given | changes)


def run_until(
    configured: Settings, when_ready: Callable[[str], None], number: int = signal.SIGTERM
) -> tuple[int, str]:
    """Run an endpoint; stop it when *when_ready*, which a thread calls with its URL, has returned.

    One signal, no more: the next one could find the endpoint gone, and end the tests.
    """
    said: list[str] = []
    failures: list[BaseException] = []

    def visit() -> None:
        try:
            when_ready(said[0].splitlines()[0].rpartition(" ")[2])
        except BaseException as error:
            failures.append(error)
        finally:
            os.kill(os.getpid(), number)

    def say(lines: str) -> None:
        said.append(lines)
        threading.Thread(target=visit).start()

    status = run(Configuration(configured), say)
    if failures:
        raise failures[0]
    return status, said[0]


def read(url: str, context: ssl.SSLContext | None = None, **headers: str) -> str:
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, context=context, timeout=30) as answer:
        text: str = answer.read().decode()
    return text


# From the start to the end


@pytest.mark.usefixtures("_hello")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(number: int, tmp_path: Path) -> None:
    before = signal.getsignal(number)

    def visit(url: str) -> None:
        assert read(url) == "127.0.0.1 http"

    status, said = run_until(settings(tmp_path), visit, number)
    assert status == 0
    assert said.startswith(f"s3sql serves {tmp_path} at http://127.0.0.1:")
    assert signal.getsignal(number) is before


@pytest.mark.usefixtures("_hello")
def test_answers_under_way_end_before_it_does(tmp_path: Path) -> None:
    answers: list[bytes] = []
    readers: list[threading.Thread] = []

    def visit(url: str) -> None:
        answer = urllib.request.urlopen(f"{url}/slow", timeout=30)
        assert answer.read(5) == b"begun"

        def read_on() -> None:
            with answer:
                answers.append(answer.read())

        readers.append(threading.Thread(target=read_on))
        readers[0].start()

    assert run_until(settings(tmp_path), visit)[0] == 0
    readers[0].join(30)
    assert answers == [b"127.0.0.1 http"]


@pytest.mark.usefixtures("_hello")
def test_answers_that_do_not_end_are_ended(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    kept: list[Any] = []

    def visit(url: str) -> None:
        answer = urllib.request.urlopen(f"{url}/stuck", timeout=30)
        assert answer.read(5) == b"begun"
        kept.append(answer)

    assert run_until(settings(tmp_path, limits=Limits(shutdown_time=1)), visit)[0] == 0
    kept[0].close()
    assert "Traceback" not in capfd.readouterr().err


def test_an_application_that_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "application", lambda settings: failing)
    with pytest.raises(StartError, match="did not start; the log says why"):
        run(Configuration(settings(tmp_path)), lambda lines: pytest.fail("it is not ready"))
    assert "RuntimeError: no store" in capfd.readouterr().err


@pytest.mark.usefixtures("_hello")
def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"the access log .* cannot be written: Is a directory"):
        run(Configuration(settings(tmp_path, logs=Logs(access=str(tmp_path)))), print)


@pytest.mark.usefixtures("_hello")
def test_a_banner_that_nobody_reads(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def say(lines: str) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        raise BrokenPipeError(32, "Broken pipe")

    assert run(Configuration(settings(tmp_path)), say) == 0
    assert "The banner cannot be printed" in capfd.readouterr().err


@pytest.mark.usefixtures("_hello")
def test_what_ends_too_slowly_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(running, "_LAST_SECONDS", 0.0)
    monkeypatch.setattr(running, "_end_by_force", ended.set)

    def visit(url: str) -> None:
        answer = urllib.request.urlopen(f"{url}/stuck", timeout=30)
        assert answer.read(5) == b"begun"
        threading.Thread(target=lambda: (ended.wait(30), answer.close())).start()

    assert run_until(settings(tmp_path, limits=Limits(shutdown_time=1)), visit)[0] == 0
    assert ended.is_set()


# Who is believed


@pytest.mark.usefixtures("_hello")
@pytest.mark.parametrize(
    ("trusted", "client"),
    [
        (("127.0.0.1",), "10.9.8.7 https"),
        (("127.0.0.0/8",), "10.9.8.7 https"),
        (("10.0.0.1",), "127.0.0.1 http"),
        ((), "127.0.0.1 http"),
    ],
)
def test_proxies(trusted: tuple[str, ...], client: str, tmp_path: Path) -> None:
    headers = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https"}

    def visit(url: str) -> None:
        assert read(url, **headers) == client

    run_until(settings(tmp_path, trusted_proxies=trusted), visit)


@pytest.mark.usefixtures("_hello")
def test_the_limits_reach_the_connections(tmp_path: Path) -> None:
    def visit(url: str) -> None:
        with pytest.raises(urllib.error.HTTPError) as caught:
            read(url, X="y" * 5000)
        assert b"RequestHeaderSectionTooLarge" in caught.value.read()
        caught.value.close()

    run_until(settings(tmp_path, limits=Limits(header_bytes=4096)), visit)


def test_every_time_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "application", lambda settings: hello)
    limits = Limits(keep_alive_time=1.5, shutdown_time=2.5)
    config = uvicorn_config(settings(tmp_path, limits=limits), None)
    assert (config.timeout_keep_alive, config.timeout_graceful_shutdown) == (2, 3)


# TLS


@pytest.mark.usefixtures("_hello")
def test_https(tmp_path: Path) -> None:
    certificate, key = certificate_in(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))

    def visit(url: str) -> None:
        assert url.startswith("https://127.0.0.1:")
        assert read(url, trusting) == "127.0.0.1 https"
        old = ssl.create_default_context(cafile=str(certificate))
        with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(OSError):
            read(url, old)

    run_until(settings(tmp_path, tls_certificate=certificate, tls_key=key), visit)


def test_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    certificate, key = certificate_in(tmp_path)
    _, other = certificate_in(tmp_path, "other")
    _, locked = certificate_in(tmp_path, "locked", b"password")
    text = tmp_path / "text"
    text.write_text("no PEM")
    for files, message in {
        (certificate, other): "cannot be used: they do not belong together",
        (certificate, locked): "cannot be used: one is no PEM, or is encrypted",
        (text, key): "cannot be used: one is no PEM, or is encrypted",
        (certificate, tmp_path / "absent"): "absent cannot be read: No such file or directory",
        (tmp_path, key): "cannot be read: Is a directory",
    }.items():
        with pytest.raises(StartError, match=message):
            tls_context(settings(tmp_path, tls_certificate=files[0], tls_key=files[1]))
    assert tls_context(settings(tmp_path)) is None


# Sockets


@contextlib.contextmanager
def closing(sockets: list[socket.socket]) -> Iterator[list[socket.socket]]:
    try:
        yield sockets
    finally:
        for own in sockets:
            own.close()


def test_a_port_that_is_in_use() -> None:
    with closing(listen("127.0.0.1", 0)) as first:
        port = first[0].getsockname()[1]
        with pytest.raises(
            StartError, match=f"cannot listen on 127.0.0.1 port {port}: Address already in use"
        ):
            listen("127.0.0.1", port)


def test_a_host_that_is_none() -> None:
    with pytest.raises(StartError, match=r"cannot listen on no\.such\.host\.invalid: "):
        listen("no.such.host.invalid", 0)


def test_a_name_with_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("127.0.0.1", "127.0.0.2")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [*addresses, addresses[0]])
    with closing(listen("both", 0)) as sockets:
        first, second = [own.getsockname() for own in sockets]
        assert (first[0], second[0]) == ("127.0.0.1", "127.0.0.2")
        assert first[1] == second[1]


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:7"),
        ("0.0.0.0", "http://127.0.0.1:7"),
        ("::", "http://[::1]:7"),
        ("fe80::1", "http://[fe80::1]:7"),
        ("localhost", "http://localhost:7"),
    ],
)
def test_urls(host: str, url: str, tmp_path: Path) -> None:
    assert url_of(settings(tmp_path, host=host), 7) == url


@pytest.mark.usefixtures("_hello")
def test_other_machines_and_no_tls_are_warned_of(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run_until(settings(tmp_path, host="0.0.0.0"), lambda url: None)
    assert "is reachable from other machines, and not encrypted: give --tls-cert" in capfd.readouterr().err
    certificate, key = certificate_in(tmp_path)
    run_until(settings(tmp_path, host="0.0.0.0", tls_certificate=certificate, tls_key=key), lambda url: None)
    run_until(settings(tmp_path), lambda url: None)
    assert "not encrypted" not in capfd.readouterr().err


def test_more_open_files_are_allowed_than_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: told.append(limits))
    running._allow_files(3000)
    running._allow_files(9000)
    running._allow_files(1000)
    assert told == [(3000, 4096), (4096, 4096)]
