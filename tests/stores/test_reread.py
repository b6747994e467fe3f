from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from s3sql.stores.memory import BytesObject
from s3sql.stores.reread import KEPT_BYTES, RereadObject, rereadable


class Costly(BytesObject):
    """An object that notes where it is read."""

    request_bytes = 8 << 20

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.asked: list[tuple[int, int]] = []
        self.interrupted = False

    def read_into(self, buffer: memoryview, offset: int) -> int:
        self.asked.append((offset, len(buffer)))
        return super().read_into(buffer, offset)

    def read_range_into(self, buffer: memoryview, offset: int) -> int:
        return self.read_into(buffer, offset)

    def interrupt(self) -> None:
        self.interrupted = True


CONTENT = bytes(range(256)) * 8192


def test_only_what_costs_is_kept() -> None:
    plain = BytesObject(b"abc")
    assert rereadable(plain) is plain
    assert isinstance(rereadable(Costly(b"abc")), RereadObject)


def test_the_beginning_is_asked_for_once() -> None:
    source = Costly(CONTENT)
    opened = rereadable(source)
    assert opened.read(0, 64) == CONTENT[:64]
    assert opened.read(0, 1000) == CONTENT[:1000]
    assert opened.read(0, 1000) == CONTENT[:1000]
    assert opened.read(500, 1000) == CONTENT[500:1500]
    assert source.asked == [(0, 64), (64, 936), (1000, 500)]


def test_no_more_than_the_beginning_is_kept() -> None:
    source = Costly(CONTENT)
    opened = RereadObject(source)
    assert opened.read(0, len(CONTENT)) == CONTENT
    assert opened.read(0, KEPT_BYTES) == CONTENT[:KEPT_BYTES]
    assert len(source.asked) == 1
    assert opened.read(KEPT_BYTES - 1, 2) == CONTENT[KEPT_BYTES - 1 : KEPT_BYTES + 1]
    assert source.asked[1] == (KEPT_BYTES, 1)


def test_everything_else_is_the_object_s_own() -> None:
    source = Costly(CONTENT)
    with RereadObject(source) as opened:
        assert (opened.size, opened.etag, opened.request_bytes) == (
            len(CONTENT),
            source.etag,
            source.request_bytes,
        )
        opened.interrupt()
        assert source.interrupted
        buffer = bytearray(10)
        assert opened.read_range_into(memoryview(buffer), 5000) == 10
        assert buffer == CONTENT[5000:5010]
        assert opened.read(len(CONTENT), 5) == b""


@given(
    st.binary(max_size=60),
    st.lists(st.tuples(st.integers(0, 70), st.integers(0, 30), st.booleans()), max_size=8),
)
def test_any_reads(content: bytes, reads: list[tuple[int, int, bool]]) -> None:
    opened = RereadObject(Costly(content))
    for offset, length, ranged in reads:
        buffer = bytearray(length)
        read = opened.read_range_into if ranged else opened.read_into
        count = read(memoryview(buffer), offset)
        assert buffer[:count] == content[offset : offset + length]
