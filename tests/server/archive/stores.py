"""A store for jobs that is as fast, as slow and as broken as a test wants it, and requests to fill it by."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from s3sql.errors import S3SelectError
from s3sql.server.archive.output import OutputLocation
from s3sql.server.archive.results import Buffer, Source
from s3sql.server.settings import Credentials, Key
from s3sql.stores.base import StoredObject
from s3sql.stores.memory import BytesObject

CALLER = Key(Credentials("AKIDEXAMPLE", "secret"))


@dataclass
class MemoryResults:
    """Objects by their keys. ``writing`` is told of every key before it is written, and may raise."""

    objects: dict[str, bytes] = field(default_factory=dict)
    locations: dict[str, OutputLocation] = field(default_factory=dict)
    content_types: dict[str, str] = field(default_factory=dict)
    writing: Callable[[str], None] = lambda key: None
    opening: Callable[[Source], None] = lambda source: None
    name: str = "memory"
    state_directory: Path | None = None
    written: threading.Condition = field(default_factory=threading.Condition)

    def check(self, location: OutputLocation) -> None:
        """Everything can be done."""

    def open_source(self, caller: Key | None, source: Source) -> StoredObject:
        """The object, whose class is not looked at."""
        self.opening(source)
        if source.key not in self.objects:
            raise S3SelectError("NoSuchKey")
        contents = self.objects[source.key]
        return BytesObject(contents, hashlib.md5(contents).hexdigest())

    def put(
        self,
        caller: Key | None,
        location: OutputLocation,
        key: str,
        content_type: str,
        pieces: Iterator[Buffer],
    ) -> None:
        """Keep the object."""
        self.writing(key)
        content = b"".join(bytes(piece) for piece in pieces)
        with self.written:
            self.objects[key] = content
            self.locations[key] = location
            self.content_types[key] = content_type
            self.written.notify_all()

    def wait_for(self, ending: str) -> str:
        """The first key that ends in *ending*, once there is one."""

        def found() -> str | None:
            return next((key for key in self.objects if key.endswith(ending)), None)

        with self.written:
            assert self.written.wait_for(found, 30), f"no {ending} among {sorted(self.objects)}"
            key = found()
        assert key is not None
        return key
