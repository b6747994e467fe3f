from __future__ import annotations

import pytest

from s3sql.stores.base import RangedObject
from s3sql.stores.memory import BytesObject
from s3sql.stores.timed import Deadline, TimedObject
from s3sql.stores.wrapped import WrappedObject


class Remote(BytesObject):
    """An object with everything that one may have."""

    request_bytes = 4096

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.calls: list[str] = []

    def read_range_into(self, buffer: memoryview, offset: int) -> int:
        self.calls.append("range")
        return self.read_into(buffer, offset)

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def close(self) -> None:
        self.calls.append("close")


def test_everything_is_the_object_s_own() -> None:
    source = Remote(b"abcdef")
    with WrappedObject(source) as wrapped:
        assert isinstance(wrapped, RangedObject)
        assert (wrapped.size, wrapped.etag, wrapped.request_bytes) == (6, source.etag, 4096)
        assert wrapped.read(2, 100) == b"cdef"
        assert wrapped.read(7, 1) == b""
        buffer = bytearray(3)
        assert wrapped.read_range_into(memoryview(buffer), 1) == 3
        assert buffer == b"bcd"
        wrapped.interrupt()
    assert source.calls == ["range", "interrupt", "close"]


def test_an_object_that_has_less() -> None:
    wrapped = WrappedObject(BytesObject(b"abc"))
    assert wrapped.request_bytes == 0
    buffer = bytearray(3)
    assert wrapped.read_range_into(memoryview(buffer), 1) == 2
    wrapped.interrupt()


def test_a_timed_object_can_be_interrupted() -> None:
    source = Remote(b"abc")
    TimedObject(source, Deadline(60)).interrupt()
    assert source.calls == ["interrupt"]


def test_the_time_that_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    deadline = Deadline(60)
    timed = TimedObject(Remote(b"abc"), deadline)
    assert timed.read(0, 1) == b"a"
    monkeypatch.setattr(deadline, "_at", 0.0)
    for read in (timed.read_into, timed.read_range_into):
        with pytest.raises(TimeoutError):
            read(memoryview(bytearray(1)), 0)
    with pytest.raises(TimeoutError):
        timed.read(0, 1)
