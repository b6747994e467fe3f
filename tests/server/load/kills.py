"""Writers on an endpoint that is killed again and again: what was acknowledged must be there, and whole.

In: a folder, and how many writes and kills.  Out: how many writes were acknowledged and verified; a failure
names the key and what was found instead.

A key belongs to one writer, whose writes follow one another. So only the last acknowledged version may be
there, or the one behind it, whose acknowledgement the kill has cut off. A version's bytes, metadata, tags and
ETag follow from the key and its number, so that a mixture of two versions shows.
"""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError

from tests.server.load.endpoint import Endpoint, client_of

BUCKET = "kills"
_PART_BYTES = 5 << 20
_DELETED = 0

#: Plain keys, keys that are in each other's way, and keys that no file can have as its name.
KEYS = (
    *("plain", "data/2024/table.csv", "ü/é ü.txt", "a+b c&d=e?f#g%20"),
    *("way", "way/below", "way/below/it", "folder/", "folder/file"),
    *(
        "double//slash",
        "/leading",
        "../../outside",
        "a/./b",
        ".s3sql",
        "tab\tand\nline",
        "x" * 300,
        "y/" * 200,
    ),
)


@dataclass
class _Key:
    """What is known of one key: the version that is there, and a later one that a kill has cut off."""

    name: str
    acknowledged: int = _DELETED
    open: int | None = None
    versions: int = 0


@dataclass
class Kept:
    """What a run has shown: writes that were acknowledged and cut off, and objects that were verified."""

    acknowledged: int = 0
    cut_off: int = 0
    cut_off_and_done: int = 0
    kills: int = 0
    verified: int = 0


class _Writer:
    """Writes to its own keys, one write after the other, until one of them is cut off."""

    def __init__(self, seed: int, keys: Iterable[str], url: str) -> None:
        self.keys = [_Key(name) for name in keys]
        self.acknowledged = 0
        self._random = random.Random(seed)
        self._s3 = client_of(url)

    def run(self) -> None:
        """Write until the endpoint is gone.

        Raises:
            ClientError: the endpoint has refused a write, which nothing excuses.
        """
        while True:
            key = self._random.choice(self.keys)
            key.versions += 1
            deletes = self._random.random() < 0.1
            key.open = _DELETED if deletes else key.versions
            try:
                if deletes:
                    self._s3.delete_object(Bucket=BUCKET, Key=key.name)
                elif self._random.random() < 0.15:
                    _upload(self._s3, key.name, key.open)
                else:
                    _put(self._s3, key.name, key.open)
            except BotoCoreError:
                return
            key.acknowledged, key.open = key.open, None
            self.acknowledged += 1

    def close(self) -> None:
        self._s3.close()


def contents_of(key: str, version: int) -> bytes:
    """The bytes of a version: of any size from none to about a megabyte."""
    chosen = random.Random(f"{key}\0{version}")
    return chosen.randbytes(int(2 ** (chosen.random() * 20)) - 1)


def _parts_of(key: str, version: int) -> list[bytes]:
    return [
        random.Random(f"{key}\0{version}\0part").randbytes(_PART_BYTES),
        contents_of(key, version) or b"last",
    ]


def _put(s3: Any, key: str, version: int) -> None:
    body = contents_of(key, version)
    tagging = f"version={version}"
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata={"version": str(version)}, Tagging=tagging)


def _upload(s3: Any, key: str, version: int) -> None:
    made = s3.create_multipart_upload(
        Bucket=BUCKET, Key=key, Metadata={"version": str(version)}, Tagging=f"version={version}"
    )
    named = {"Bucket": BUCKET, "Key": key, "UploadId": _whole(made, "UploadId")}
    parts = []
    for number, body in enumerate(_parts_of(key, version), 1):
        part = s3.upload_part(**named, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    _whole(s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts}), "ETag")


def _whole(answer: dict[str, Any], member: str) -> Any:
    """A member that every whole answer has.

    Raises:
        BotoCoreError: the kill has cut the answer off behind its head, which botocore takes for an empty one.
    """
    if member not in answer:
        length = answer["ResponseMetadata"]["HTTPHeaders"].get("content-length")
        raise IncompleteReadError(actual_bytes=0, expected_bytes=length)
    return answer[member]


def run(directory: Path, log: Path, *, writes: int, kills: int, seed: int, writers: int = 4) -> Kept:
    """Write, kill and verify *kills* times, until *writes* were acknowledged altogether."""
    (directory / BUCKET).mkdir(parents=True)
    endpoint = Endpoint(directory, log)
    endpoint.start()
    delays = random.Random(seed)
    own = [_Writer(seed + number, KEYS[number::writers], endpoint.url) for number in range(writers)]
    kept = Kept()
    try:
        while kept.kills < kills:
            wanted = writes * (kept.kills + 1) // kills
            _write_and_kill(own, endpoint, wanted, delays.random() / 10)
            kept.kills += 1
            endpoint.start()
            _verify(endpoint.url, own, kept)
    finally:
        endpoint.stop()
        for writer in own:
            writer.close()
    kept.acknowledged = sum(writer.acknowledged for writer in own)
    left = sorted(path for path in (directory / ".s3sql" / "tmp").glob("*/*"))
    assert not left, f"what was begun before a kill is still there: {left}"
    return kept


def _write_and_kill(own: list[_Writer], endpoint: Endpoint, wanted: int, delay: float) -> None:
    """Kill the endpoint *delay* seconds after so many writes, in the middle of others."""
    failed = threading.Event()

    def write(writer: _Writer) -> None:
        try:
            writer.run()
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(len(own)) as threads:
        writing = [threads.submit(write, writer) for writer in own]
        try:
            while sum(writer.acknowledged for writer in own) < wanted and not failed.wait(0.002):
                pass
            failed.wait(delay)
        finally:
            endpoint.kill()
    for future in writing:
        future.result()


def _verify(url: str, own: list[_Writer], kept: Kept) -> None:
    """Check every key against what is known of it, which is certain again then.

    Raises:
        AssertionError: an acknowledged write was lost, or an object is a mixture.
    """
    s3 = client_of(url)
    keys = [key for writer in own for key in writer.keys]
    listed: list[str] = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        listed += [entry["Key"] for entry in page.get("Contents", [])]
    assert len(listed) == len(set(listed)), f"a key is listed twice: {sorted(listed)}"
    for key in keys:
        found = _version_there(s3, key.name)
        allowed = {key.acknowledged} if key.open is None else {key.acknowledged, key.open}
        assert found in allowed, f"{key.name[:40]!r} has version {found}; it was acknowledged as {allowed}"
        assert (found != _DELETED) == (key.name in listed), f"{key.name[:40]!r} and the list: {found}"
        if key.open is not None:
            kept.cut_off += 1
            kept.cut_off_and_done += found == key.open
        key.acknowledged, key.open = found, None
        kept.verified += 1
    extra = set(listed) - {key.name for key in keys}
    assert not extra, f"these were never written: {sorted(extra)}"
    s3.close()


def _version_there(s3: Any, key: str) -> int:
    """The version that an object is, whole and with its own metadata and tags."""
    try:
        answer = s3.get_object(Bucket=BUCKET, Key=key)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchKey", error
        return _DELETED
    body = answer["Body"].read()
    version = int(answer["Metadata"]["version"])
    parts = _parts_of(key, version)
    by_parts = answer["ETag"].endswith('-2"')
    expected = b"".join(parts) if by_parts else contents_of(key, version)
    assert body == expected, f"{key[:40]!r}: {len(body):,} bytes are not those of version {version}"
    assert answer["ETag"] == (_etag_of_parts(parts) if by_parts else f'"{_md5(body).hex()}"')
    tags = s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
    assert tags == [{"Key": "version", "Value": str(version)}], (
        f"{key[:40]!r}: tags {tags} of version {version}"
    )
    return version


def _etag_of_parts(parts: list[bytes]) -> str:
    return f'"{_md5(b"".join(map(_md5, parts))).hex()}-{len(parts)}"'


def _md5(contents: bytes) -> bytes:
    return hashlib.md5(contents, usedforsecurity=False).digest()
