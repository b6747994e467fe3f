"""An object whose beginning is looked at before it is read, without asking the store for it twice.

In: a stored object of which every read elsewhere costs a request.  Out: the same object, which keeps what has
been read of its first :data:`KEPT_BYTES` as long as reads go forward from there.
"""

from __future__ import annotations

from s3sql.stores.base import RangedObject, StoredObject
from s3sql.stores.wrapped import WrappedObject

#: So much of the beginning is kept, as of a stream.
KEPT_BYTES = 1 << 20


def rereadable(source: StoredObject) -> StoredObject:
    """*source* if it can read its beginning again at no cost, else an object that can."""
    costly = isinstance(source, RangedObject) and source.request_bytes > 0
    return RereadObject(source) if costly else source


class RereadObject(WrappedObject):
    """*source*, and its beginning once it has been read."""

    def __init__(self, source: StoredObject) -> None:
        super().__init__(source)
        self._beginning = bytearray()

    @property
    def concurrent(self) -> bool:
        """The beginning is kept by whoever reads, so one thread at a time does."""
        return False

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """As the object's own; the beginning is kept."""
        kept = self._beginning[offset : offset + len(buffer)]
        buffer[: len(kept)] = kept
        filled = len(kept)
        place = offset + filled
        if filled < len(buffer) and not self._ends_at(place):
            count = super().read_into(buffer[filled:], place)
            if place == len(self._beginning):
                self._beginning += buffer[filled : filled + min(count, KEPT_BYTES - place)]
            filled += count
        return filled

    def _ends_at(self, place: int) -> bool:
        return self.size is not None and place >= self.size

    def read_range_into(self, buffer: memoryview, offset: int) -> int:
        """As the object's own; what is kept is not asked for."""
        if offset + len(buffer) <= len(self._beginning):
            return self.read_into(buffer, offset)
        return super().read_range_into(buffer, offset)
