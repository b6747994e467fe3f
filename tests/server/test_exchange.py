"""Calls in threads of a task that is cancelled: their ends are waited for, and their results are not lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from s3sql.server.exchange import in_thread, to_the_end


def test_a_call_that_was_begun_is_waited_for_and_its_result_is_there() -> None:
    begun, may_end, seen = threading.Event(), threading.Event(), []

    def open_file() -> str:
        begun.set()
        assert may_end.wait(30)
        return "file"

    async def task() -> None:
        file = await in_thread(open_file)
        try:
            await asyncio.sleep(30)
        finally:
            seen.append(file)

    async def main() -> None:
        running = asyncio.ensure_future(task())
        await in_thread(begun.wait)
        running.cancel()
        running.cancel()
        await asyncio.sleep(0)
        assert not running.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())
    assert seen == ["file"]


def test_a_call_that_waits_for_a_thread_is_not_forgotten() -> None:
    """Closing a file, say, of a task that is cancelled before any thread is free."""
    busy, may_end, closed = threading.Event(), threading.Event(), threading.Event()

    def block() -> None:
        busy.set()
        assert may_end.wait(30)

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        blocking = asyncio.ensure_future(in_thread(block))
        while not busy.is_set():
            await asyncio.sleep(0.001)
        closing = asyncio.ensure_future(in_thread(closed.set))
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.sleep(0)
        may_end.set()
        await asyncio.wait({blocking, closing})
        assert closing.cancelled()

    asyncio.run(main())
    assert closed.is_set()


@pytest.mark.parametrize("cancelled", [False, True])
def test_an_exception_comes_out(cancelled: bool) -> None:
    async def work() -> None:
        await asyncio.sleep(0.01)
        raise ValueError("wrong")

    async def main() -> None:
        running = asyncio.ensure_future(to_the_end(work()))
        await asyncio.sleep(0)
        if cancelled:
            running.cancel()
        with pytest.raises(ValueError, match="wrong"):
            await running

    asyncio.run(main())


def test_a_time_limit_around_it_still_ends_what_comes_after() -> None:
    async def task(call: Callable[[], Any]) -> str:
        try:
            async with asyncio.timeout(0.01):
                await in_thread(call)
                await asyncio.sleep(30)
        except TimeoutError:
            return "timed out"
        return "went on"

    slow = threading.Event()
    assert asyncio.run(task(lambda: slow.wait(0.05))) == "timed out"
