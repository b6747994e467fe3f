"""What one of many clients does: writes, reads, lists, deletes and queries, and believes nothing.

In: an endpoint and a number.  Out: how often each operation succeeded, and what went wrong.

A client has a part of the bucket to itself and knows what must be there, byte for byte. The answers to its
queries are computed here from the numbers its tables are made of.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import random
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from tests.server.load.endpoint import client_of

BUCKET = "load"
_ROWS = 20_000
_PART_BYTES = 5 << 20
_MOST_BYTES = 400_000

#: What clients do, and how often.
_WEIGHTS = {
    "select": 30,
    "count": 10,
    "get": 25,
    "get_range": 10,
    "put": 20,
    "list": 8,
    "delete": 6,
    "delete_many": 2,
    "copy": 4,
    "multipart": 1,
}


@dataclass
class Outcome:
    """What clients have done: operations that succeeded and those that were told ``SlowDown``; failures."""

    done: Counter[str] = field(default_factory=Counter)
    slowed: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.done += other.done
        self.slowed += other.slowed
        self.failures += other.failures


@dataclass(frozen=True, slots=True)
class _Written:
    """An object as this client has written it."""

    size: int
    md5: str
    rows: tuple[tuple[int, int], ...] | None = None


class Client:
    """One client; *number* tells it from others and makes its choices."""

    def __init__(self, url: str, number: int) -> None:
        self._s3 = client_of(url)
        self._random = random.Random(number)
        self._prefix = f"client-{number:03}/"
        self._objects: dict[str, _Written] = {}
        self.outcome = Outcome()

    def run(self, seconds: float) -> Outcome:
        """Do one thing after the other for so long."""
        deadline = time.monotonic() + seconds
        self._do("table")
        while time.monotonic() < deadline and len(self.outcome.failures) < 3:
            (operation,) = self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            self._do(operation)
        self._do("list")
        self._s3.close()
        return self.outcome

    def _do(self, operation: str) -> None:
        try:
            getattr(self, f"_{operation}")()
            self.outcome.done[operation] += 1
        except ClientError as error:
            if error.response["Error"]["Code"] == "SlowDown":
                self.outcome.slowed += 1
                time.sleep(self._random.random() / 10)
            else:
                self.outcome.failures.append(f"{self._prefix}{operation}: {error}")
        except Exception:
            self.outcome.failures.append(f"{self._prefix}{operation}:\n{traceback.format_exc()}")

    # ---- writing

    def _put(self) -> None:
        self._write(self._key(), self._random.randbytes(self._random.randrange(_MOST_BYTES)))

    def _table(self) -> None:
        """A table of numbers, of which queries know the answers."""
        rows = tuple((self._random.randrange(1000), number) for number in range(_ROWS))
        body = "a,b\n" + "".join(f"{a},{b}\n" for a, b in rows)
        self._write("table.csv", body.encode(), rows)

    def _write(self, name: str, body: bytes, rows: tuple[tuple[int, int], ...] | None = None) -> None:
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        key = self._prefix + name
        answer = self._s3.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata={"md5": md5})
        _same("the ETag", answer["ETag"], f'"{md5}"')
        self._objects[key] = _Written(len(body), md5, rows)

    def _multipart(self) -> None:
        key = self._prefix + "in-parts"
        bodies = [self._random.randbytes(_PART_BYTES), self._random.randbytes(1000)]
        whole = hashlib.md5(b"".join(bodies), usedforsecurity=False).hexdigest()
        upload = self._s3.create_multipart_upload(Bucket=BUCKET, Key=key, Metadata={"md5": whole})
        named = {"Bucket": BUCKET, "Key": key, "UploadId": upload["UploadId"]}
        parts = []
        for number, body in enumerate(bodies, 1):
            part = self._s3.upload_part(**named, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        self._s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
        self._objects[key] = _Written(sum(map(len, bodies)), whole)

    def _copy(self) -> None:
        source = self._any()
        key = self._prefix + self._key()
        if key != source:
            self._s3.copy_object(Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": source})
            self._objects[key] = self._objects[source]

    def _delete(self) -> None:
        key = self._any()
        if not key.endswith("table.csv"):
            self._s3.delete_object(Bucket=BUCKET, Key=key)
            del self._objects[key]

    def _delete_many(self) -> None:
        keys = [key for key in self._objects if not key.endswith("table.csv")][:5]
        if keys:
            named = [{"Key": key} for key in keys]
            answer = self._s3.delete_objects(Bucket=BUCKET, Delete={"Objects": named})
            _same("the deleted keys", sorted(gone["Key"] for gone in answer["Deleted"]), sorted(keys))
            for key in keys:
                del self._objects[key]

    # ---- reading

    def _get(self) -> None:
        key = self._any()
        answer = self._s3.get_object(Bucket=BUCKET, Key=key)
        body = answer["Body"].read()
        written = self._objects[key]
        _same(f"the MD5 of {key}", hashlib.md5(body, usedforsecurity=False).hexdigest(), written.md5)
        _same(f"the metadata of {key}", answer["Metadata"], {"md5": written.md5})

    def _get_range(self) -> None:
        key = self._any()
        size = self._objects[key].size
        if size < 2:
            return
        first = self._random.randrange(size - 1)
        last = self._random.randrange(first, min(size, first + 100_000))
        whole = self._s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        part = self._s3.get_object(Bucket=BUCKET, Key=key, Range=f"bytes={first}-{last}")
        _same(f"a range of {key}", part["Body"].read(), whole[first : last + 1])

    def _list(self) -> None:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=self._prefix, PaginationConfig={"PageSize": self._random.choice((3, 1000))}
        )
        found = {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}
        _same("the list", found, {key: written.size for key, written in self._objects.items()})
        _same("its order", list(found), sorted(found))

    def _select(self) -> None:
        least = self._random.randrange(1000)
        limit = self._random.choice((None, 10, 1000))
        clause = "" if limit is None else f" LIMIT {limit}"
        got = self._answer(f"SELECT s.b, s.a FROM S3Object s WHERE CAST(s.a AS INT) >= {least}{clause}")
        rows = self._rows()
        expected = [f"{b},{a}\n" for a, b in rows if a >= least][:limit]
        _same("the records", got, "".join(expected))

    def _count(self) -> None:
        least = self._random.randrange(1000)
        got = self._answer(
            "SELECT COUNT(*), SUM(CAST(s.b AS INT)), MAX(CAST(s.a AS INT)) FROM S3Object s "
            f"WHERE CAST(s.a AS INT) < {least + 1}"
        )
        chosen = [(a, b) for a, b in self._rows() if a <= least]
        _same("the sums", got, f"{len(chosen)},{sum(b for _, b in chosen)},{max(a for a, _ in chosen)}\n")

    def _answer(self, sql: str) -> str:
        events = self._s3.select_object_content(
            Bucket=BUCKET,
            Key=self._prefix + "table.csv",
            Expression=sql,
            ExpressionType="SQL",
            InputSerialization={"CSV": {"FileHeaderInfo": "USE"}},
            OutputSerialization={"CSV": {}},
        )["Payload"]
        records, ended = [], False
        for event in events:
            records.append(event.get("Records", {}).get("Payload", b""))
            ended = ended or "End" in event
        _same("the end of the stream", ended, True)
        return b"".join(records).decode()

    def _rows(self) -> tuple[tuple[int, int], ...]:
        rows = self._objects[self._prefix + "table.csv"].rows
        assert rows is not None
        return rows

    def _key(self) -> str:
        """A name, of which there are few, so that objects are overwritten."""
        return self._random.choice(("a", "a/b", "b", "folder/", "ü/é", "x y+z")) + str(
            self._random.randrange(4)
        )

    def _any(self) -> str:
        return self._random.choice(list(self._objects))


def _same(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise AssertionError(f"{what}: {str(got)[:300]} instead of {str(expected)[:300]}")


def run_clients(url: str, numbers: Iterable[int], seconds: float) -> Outcome:
    """What so many clients do at the same time, each in a thread of this process."""
    clients = [Client(url, number) for number in numbers]
    with ThreadPoolExecutor(len(clients)) as threads:
        return _sum(threads.map(lambda client: client.run(seconds), clients))


def run_processes(url: str, clients: int, processes: int, seconds: float) -> Outcome:
    """What *clients* do at the same time, shared among *processes*."""
    shares = [range(share, clients, processes) for share in range(processes)]
    # Not forked: this process has threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        running = [pool.submit(run_clients, url, share, seconds) for share in shares]
        return _sum(future.result() for future in running)


def _sum(outcomes: Iterable[Outcome]) -> Outcome:
    total = Outcome()
    for outcome in outcomes:
        total.add(outcome)
    return total
