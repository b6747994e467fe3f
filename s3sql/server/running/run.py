"""Running the endpoint: a socket, uvicorn, and an end in good order.

In: a configuration.  Out: an exit status: 0 stopped by SIGTERM or SIGINT, 1 it cannot listen or start.

    listen → application → serve ──signal──▶ no new connections → answers end, or are ended → 0
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from types import FrameType

import uvicorn

from s3sql.server.app import application
from s3sql.server.running.banner import banner
from s3sql.server.running.configuration import Configuration
from s3sql.server.running.http_protocol import protocol_class
from s3sql.server.running.logs import writing
from s3sql.server.settings import Settings

_log = logging.getLogger(__name__)

#: Connections that may wait to be accepted.
_BACKLOG = 1024

#: Open files beside the connections: objects, parts, SQLite, an upstream's connections.
_OTHER_FILES = 2048

#: Seconds for what is left when all answers have ended; then the process ends anyway.
_LAST_SECONDS = 10.0

#: Ports that are tried when one that is free has to be free on several addresses.
_TRIES = 20


class StartError(Exception):
    """The endpoint cannot start; the message says why."""


def run(configuration: Configuration, say: Callable[[str], None]) -> int:
    """Serve until a signal ends it; return the exit status. *say* is called with the banner when it listens.

    Raises:
        StartError: it cannot listen, or its certificate, folder or log cannot be used.
    """
    settings = configuration.settings
    context = tls_context(settings)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(writing(settings.logs))
        except OSError as error:
            raise StartError(
                f"the access log {settings.logs.access} cannot be written: {error.strerror}"
            ) from None
        listening = [stack.enter_context(own) for own in listen(settings.host, settings.port)]
        _allow_files(settings.limits.connections + _OTHER_FILES)
        url = url_of(settings, listening[0].getsockname()[1])

        def announce() -> None:
            try:
                say(banner(settings, url, configuration.generated))
            except OSError as error:
                _log.warning("The banner cannot be printed: %s", error)
            if context is None and not _only_this_machine(listening):
                _log.warning("%s is reachable from other machines, and not encrypted: give --tls-cert", url)

        server = EndpointServer(uvicorn_config(settings, context), announce)
        with _stopped_by_signals(server):
            try:
                server.run(sockets=listening)
            except SystemExit as error:
                # How uvicorn says that the application did not start; the log has its exception.
                raise StartError("the endpoint did not start; the log says why") from error
            finally:
                server.watchdog.cancel()
    return 0


class EndpointServer(uvicorn.Server):
    """uvicorn's server, which says when it is ready, and ends in any case."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce
        patience = (config.timeout_graceful_shutdown or 0) + _LAST_SECONDS
        self.watchdog = threading.Timer(patience, _end_by_force)
        self.watchdog.daemon = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop in good order; what blocks a thread for ever does not keep the process."""
        self.watchdog.start()
        await super().shutdown(sockets)


def uvicorn_config(settings: Settings, context: ssl.SSLContext | None) -> uvicorn.Config:
    """The configuration of uvicorn for an endpoint with *settings*."""
    config = uvicorn.Config(
        application(settings),
        http=protocol_class(settings.limits),
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        backlog=_BACKLOG,
        timeout_keep_alive=math.ceil(settings.limits.keep_alive_time),
        timeout_graceful_shutdown=math.ceil(settings.limits.shutdown_time),
    )
    config.load()
    config.ssl = context
    return config


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS as the settings have it: version 1.2 or newer; None for plain HTTP.

    Raises:
        StartError: the certificate or its key cannot be used.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None or key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for file in (certificate, key):
        try:
            file.read_bytes()
        except OSError as error:
            raise StartError(f"{file} cannot be read: {error.strerror}") from None
    try:
        context.load_cert_chain(certificate, key, password=_refuse_password)
    except ssl.SSLError as error:
        reason = (
            "they do not belong together" if "MISMATCH" in str(error) else "one is no PEM, or is encrypted"
        )
        raise StartError(
            f"the certificate {certificate} and the key {key} cannot be used: {reason}"
        ) from None
    return context


def _refuse_password() -> str:
    """No password: or else OpenSSL would ask the terminal for one, and wait."""
    return ""


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on all addresses of *host*, on the same port; 0 for any that is free.

    Raises:
        StartError: there is no such host, or the port is in use.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise StartError(f"cannot listen on {host}: {getattr(error, 'strerror', None) or error}") from None
    addresses = list(dict.fromkeys((family, address[0]) for family, _, _, _, address in found))
    failure: OSError | None = None
    for _ in range(_TRIES if port == 0 and len(addresses) > 1 else 1):
        try:
            return _listen_on_all(addresses, port)
        except OSError as error:
            failure = error
    assert failure is not None
    reason = os.strerror(failure.errno) if failure.errno else str(failure)
    raise StartError(
        f"cannot listen on {host} port {port}: {reason}; choose another with --port, 0 is any free one"
    )


def _listen_on_all(addresses: Sequence[tuple[int, str | int]], port: int) -> list[socket.socket]:
    listening: list[socket.socket] = []
    try:
        for family, address in addresses:
            own = socket.create_server((str(address), port), family=family, backlog=_BACKLOG)
            listening.append(own)
            port = own.getsockname()[1]
    except OSError:
        for own in listening:
            own.close()
        raise
    return listening


def url_of(settings: Settings, port: int) -> str:
    """The URL that a client on this machine uses."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"{'http' if settings.tls_certificate is None else 'https'}://{host}:{port}"


def _only_this_machine(listening: list[socket.socket]) -> bool:
    return all(ip_address(own.getsockname()[0].partition("%")[0]).is_loopback for own in listening)


@contextlib.contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Let SIGTERM and SIGINT stop *server*, also before and after uvicorn listens to them itself.

    uvicorn raises the signal again when it has stopped, which would end the process by it.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _allow_files(wanted: int) -> None:
    """Allow the process *wanted* open files, as far as the system does."""
    try:
        import resource
    except ImportError:
        # Windows, which has no such limit.
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _end_by_force() -> None:
    """End the process, which was told to stop and has not. What is written is written in any case."""
    sys.stderr.write("s3sql serve: something did not end in time; stopped all the same\n")
    sys.stderr.flush()
    os._exit(0)
