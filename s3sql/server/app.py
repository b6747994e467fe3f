"""The endpoint as an ASGI application.

In: settings.  Out: a Starlette application for any ASGI server; ``s3sql serve`` runs it under uvicorn.

    /healthz, /metrics    GET without a signature, in path style
    everything else       S3 (:mod:`s3sql.server.endpoint`)

What lives as long as the application (stores, threads, jobs, connections) is made and ended in its lifespan.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from hmac import compare_digest

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from s3sql.errors import S3SelectError
from s3sql.server.address import parse_address
from s3sql.server.archive.embedded_results import EmbeddedResults
from s3sql.server.archive.jobs import ArchiveJobs
from s3sql.server.archive.results import ResultStore
from s3sql.server.archive.upstream_results import UpstreamResults
from s3sql.server.endpoint import S3Endpoint
from s3sql.server.exchange import Handler
from s3sql.server.metrics import Metrics
from s3sql.server.objects import object_handlers
from s3sql.server.opening import EmbeddedOpening, UpstreamOpening
from s3sql.server.restore import Restores
from s3sql.server.running.configuration import from_environment
from s3sql.server.select import Open, Selects, Told
from s3sql.server.settings import Settings
from s3sql.server.streaming import Message, Receive, Send
from s3sql.server.upstream.forward import Forwarder
from s3sql.server.upstream.stores import UpstreamStores, discreet
from s3sql.stores.embedded.store import EmbeddedStore

#: Threads for what blocks in handlers: files, SQLite, opening objects.
_THREADS = 32


def create_app() -> Starlette:
    """The application as the environment has it: ``uvicorn --factory s3sql.server.app:create_app``.

    Raises:
        ConfigurationError: they do not make an endpoint.
    """
    return application(from_environment())


def application(settings: Settings) -> Starlette:
    """The application with *settings*; it needs an ASGI server that has lifespans."""
    metrics = Metrics()
    front = _Front(settings, metrics)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3sql-endpoint")
        asyncio.get_running_loop().set_default_executor(threads)
        async with AsyncExitStack() as stack:
            front.endpoint = await _endpoint(settings, metrics, stack, threads)
            yield

    # As what answers without a route: the pattern of a route matches no path with a line end in it.
    starlette = Starlette(lifespan=lifespan)
    starlette.router.default = front
    return starlette


async def _endpoint(
    settings: Settings, metrics: Metrics, stack: AsyncExitStack, threads: ThreadPoolExecutor
) -> S3Endpoint:
    """The endpoint over its store, which *threads* work on; what it holds is released by *stack*."""
    handlers: dict[str, Handler] = {}
    others: Handler | None = None
    forwarder: Forwarder | None = None
    open_object: Open
    results: ResultStore
    told: Told = _unchanged
    if settings.directory is not None:
        store = EmbeddedStore(settings.directory)
        stack.callback(store.close)
        # A long copy may go on for a client that has gone.
        stack.push_async_callback(_finished, threads)
        handlers.update(object_handlers(store, settings))
        open_object, results = EmbeddedOpening(store), EmbeddedResults(store)
    else:
        stores = UpstreamStores(settings)
        stack.callback(stores.close)
        others = forwarder = Forwarder(settings, stores)
        stack.push_async_callback(forwarder.close)
        open_object, results = UpstreamOpening(stores), UpstreamResults(stores)
        told = discreet
    selects = Selects(open_object, told, settings.limits, metrics)
    stack.push_async_callback(selects.close)
    jobs = ArchiveJobs(settings, results)
    jobs.start()
    stack.push_async_callback(jobs.close)
    handlers["SelectObjectContent"] = selects.select
    forward = None if forwarder is None else forwarder.forward
    handlers["RestoreObject"] = Restores(jobs, results, forward).restore
    return S3Endpoint(settings, handlers, metrics, others, told)


async def _finished(threads: ThreadPoolExecutor) -> None:
    """Wait for what the threads are at."""
    with ThreadPoolExecutor(1) as waiting:
        await asyncio.get_running_loop().run_in_executor(waiting, threads.shutdown)


def _unchanged(error: S3SelectError) -> S3SelectError:
    return error


class _Front:
    """Tells the monitoring pages from S3. ``endpoint`` is there while the application's lifespan lasts."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.endpoint: S3Endpoint | None = None
        self._settings = settings
        self._metrics = metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if _is_monitoring(scope, self._settings):
            await self._monitoring(Request(scope))(scope, receive, send)
            return
        assert self.endpoint is not None, "the ASGI server has to run the application's lifespan"
        await self.endpoint(scope, receive, send)

    def _monitoring(self, request: Request) -> Response:
        if request.scope["raw_path"] == b"/healthz":
            return PlainTextResponse("ok\n")
        token = self._settings.metrics_token
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token is not None and not compare_digest(token.encode(), sent.encode()):
            return PlainTextResponse("a bearer token is needed\n", 401, {"WWW-Authenticate": "Bearer"})
        body, content_type = self._metrics.render()
        return Response(body, headers={"Content-Type": content_type})


def _is_monitoring(scope: Message, settings: Settings) -> bool:
    """Whether the request is for a page of ours, rather than an S3 request for a bucket of that name."""
    if scope["raw_path"] not in (b"/healthz", b"/metrics") or scope["method"] not in ("GET", "HEAD"):
        return False
    headers = Headers(scope=scope)
    if scope["query_string"] or headers.get("authorization", "").startswith("AWS"):
        return False
    return not parse_address(headers.get("host", ""), b"/", b"", settings.domains).virtual_host
