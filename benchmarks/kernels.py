"""``python -m benchmarks.kernels``: how fast the compiled kernels are, on one core.

In: options.  Out: Markdown on standard output, and a JSON file in the cache directory.

* What the machine and the libraries do over a block of 4 MiB that lies in the caches: copying, looking for a
byte,
  checksums, decompression; and kernels that go over a block once, beside them.
* What each kernel takes of a query: every call is timed, with one worker, whatever kernels there are. *GB/s*
is the
  input of the query by the time in the kernel, so that the figures of one query can be compared and their
  reciprocals add up; the rest is Python, numpy, Arrow, reading and writing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks import documents, machine
from benchmarks.events import KINDS
from benchmarks.inputs import input_path
from benchmarks.queries import BY_NAME, QUERIES
from benchmarks.worker import limit_threads

#: Bytes of a morsel of text at its largest.
BLOCK = 4 << 20

_ROWS = 1_000_000
_EVENTS = 400_000

#: For how long one sample goes over the block again and again.
_SECONDS = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report."""
    options = _parser().parse_args(arguments)
    limit_threads(1)
    run = documents.begin("kernels", samples=options.samples, rows=options.rows)
    text = input_path("lineitem", options.rows or _ROWS)
    run["block"] = blocks(text, options.samples)
    run["queries"] = []
    for name in options.query or [query.name for query in QUERIES if not query.kept]:
        kind = BY_NAME[name].input
        path = input_path(kind, options.rows or (_EVENTS if kind in KINDS else _ROWS))
        machine.warm_page_cache(path)
        run["queries"].append(in_query(name, path, options.samples))
        print(name, file=sys.stderr, flush=True)
    print(markdown(run))
    print(f"\nEvery sample: {documents.finish(run)}")
    return 0


def blocks(path: Path, samples: int) -> list[dict[str, Any]]:
    """GB/s over one block of the file *path*: of what goes in; of decompression, of what comes out."""
    with path.open("rb") as file:
        block = file.read(BLOCK)
    found = []
    for name, once in _over_a_block(block).items():
        once()
        speeds = [_speed(once, len(block)) for _ in range(samples)]
        found.append({"name": name, "bytes": len(block), "gigabytes_per_second": speeds})
    return found


def in_query(name: str, path: Path, samples: int) -> dict[str, Any]:
    """Seconds of the query *name* and of every kernel that it calls, and how often it calls it."""
    from benchmarks.engines import load

    run = load("s3sql", 1).variants(BY_NAME[name], path)["events"]
    run(None)
    whole: list[float] = []
    kernels: dict[str, dict[str, Any]] = {}
    for _ in range(samples):
        with timed_kernels() as times:
            start = time.perf_counter()
            run(None)
            whole.append(time.perf_counter() - start)
        for kernel, calls in times.items():
            entry = kernels.setdefault(kernel, {"calls": len(calls), "seconds": []})
            entry["seconds"].append(sum(calls) / 1e9)
    return {"name": name, "bytes": path.stat().st_size, "seconds": whole, "kernels": kernels}


@contextmanager
def timed_kernels() -> Iterator[dict[str, list[int]]]:
    """Nanoseconds of each call of each kernel, by the kernel's name, for as long as the ``with`` lasts."""
    from s3sql.kernels.compile import Kernel

    times: dict[str, list[int]] = defaultdict(list)
    original = Kernel.__call__

    def timed(self: Any, *args: Any, **keywords: Any) -> Any:
        start = time.perf_counter_ns()
        try:
            return original(self, *args, **keywords)
        finally:
            module = self.function.__module__.rpartition(".")[2]
            times[f"{module}.{self.__name__}"].append(time.perf_counter_ns() - start)

    Kernel.__call__ = timed  # type: ignore[method-assign]
    try:
        yield times
    finally:
        Kernel.__call__ = original  # type: ignore[method-assign]


def markdown(run: dict[str, Any]) -> str:
    """One table of blocks, and one of each query's kernels, the longest first."""
    lines = ["| over 4 MiB | GB/s (min – max) |", "|---|---|"]
    for entry in run["block"]:
        speeds = entry["gigabytes_per_second"]
        low, middle, high = (pick(speeds) for pick in (min, statistics.median, max))
        lines.append(f"| {entry['name']} | {middle:,.1f} ({low:,.1f} – {high:,.1f}) |")
    for query in run["queries"]:
        whole = statistics.median(query["seconds"])
        lines += ["", f"{query['name']}: {query['bytes'] / whole / 1e6:,.0f} MB/s, one worker", ""]
        lines += ["| kernel | calls | ms | GB/s of input | share of the query |", "|---|---|---|---|---|"]
        medians = {name: statistics.median(entry["seconds"]) for name, entry in query["kernels"].items()}
        for name in sorted(medians, key=lambda name: -medians[name]):
            seconds = medians[name]
            lines.append(
                f"| {name} | {query['kernels'][name]['calls']:,} | {seconds * 1e3:,.2f} "
                f"| {query['bytes'] / seconds / 1e9:,.1f} | {seconds / whole:.0%} |"
            )
        rest = whole - sum(medians.values())
        lines.append(f"| *the rest* | – | {rest * 1e3:,.2f} | – | {rest / whole:.0%} |")
    return "\n".join(lines)


def _over_a_block(block: bytes) -> dict[str, Callable[[], object]]:
    """What goes over *block* once; a further kernel needs one entry more."""
    from s3sql.buffers import PaddedBuffer
    from s3sql.checksums import checksum_of
    from s3sql.eventstream.frame import crc32
    from s3sql.kernels.csv_cut import last_end
    from s3sql.kernels.utf8 import first_invalid_utf8

    buffer = PaddedBuffer.copy_of(block)
    accented = PaddedBuffer.copy_of(block.replace(b"e", "é".encode())[: len(block) - 1])
    size, copy = len(block), np.empty_like(buffer.array)
    absent = np.frombuffer(b"\x02", np.uint8)
    codecs = {name: pa.Codec(name) for name in ("snappy", "zstd", "gzip")}
    packed = {name: codec.compress(block) for name, codec in codecs.items()}
    found: dict[str, Callable[[], object]] = {
        "copy (memcpy)": lambda: np.copyto(copy, buffer.array),
        "look for a byte (memchr)": lambda: block.find(b"\x02"),
        "CRC-32, zlib": lambda: zlib.crc32(block),
        "CRC-32, as the event stream has it": lambda: crc32(block),
        "CRC-64/NVME": lambda: checksum_of("CRC64NVME").update(block),
        "CRC-32C": lambda: checksum_of("CRC32C").update(block),
        "UTF-8, nothing but ASCII": lambda: first_invalid_utf8(buffer.array, 0, size),
        "UTF-8, an accent in each word": lambda: first_invalid_utf8(accented.array, 0, accented.length),
        "last record delimiter, where there is none": lambda: last_end(buffer.array, size, absent),
    }
    for name, codec in codecs.items():
        found[f"decompress {name}, Arrow"] = _decompression(codec, packed[name], size)
    try:
        from isal import igzip
    except ImportError:  # it has no wheel for every platform
        return found
    zipped = igzip.compress(block)
    return found | {"decompress gzip, isal": lambda: igzip.decompress(zipped)}


def _decompression(codec: Any, packed: Any, size: int) -> Callable[[], object]:
    return lambda: codec.decompress(packed, size)


def _speed(once: Callable[[], object], size: int) -> float:
    passes = 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < _SECONDS:
        once()
        passes += 1
    return size * passes / elapsed / 1e9


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kernels", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--query", action="append", choices=BY_NAME, metavar="NAME", help="; ".join(BY_NAME))
    parser.add_argument("--samples", type=int, default=5, help="of each (5)")
    parser.add_argument("--rows", type=int, help=f"of the files, instead of {_ROWS:,} and {_EVENTS:,}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
