"""Bringing slices of several buffers together in one.

In: texts over any buffers.  Out: the same texts over one new buffer that holds their slices only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from s3sql.buffers import PADDING
from s3sql.kernels.bytes import append
from s3sql.kernels.compile import BYTES, BYTES_OUT, INT32, INT32S, INT32S_OUT, INT64, kernel
from s3sql.kernels.simd import at, put
from s3sql.payloads import Text


@kernel(INT64(BYTES, INT32S, INT32S, INT64, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def _gather(
    buffer: Any, starts: Any, ends: Any, target: Any, out: Any, new_starts: Any, new_ends: Any
) -> Any:
    """Append every slice to *out* from *target* on; returns the position behind the last."""
    for row in range(len(starts)):
        put(new_starts, row, INT32(target))
        target = append(out, target, buffer, INT64(at(starts, row)), INT64(at(ends, row)))
        put(new_ends, row, INT32(target))
    return target


def gather_text(texts: Sequence[Text]) -> list[Text]:
    """The given texts, copied one behind the other into one padded buffer."""
    sizes = [int((text.ends - text.starts).sum(dtype=np.int64)) for text in texts]
    out = np.empty(sum(sizes) + PADDING, np.uint8)
    gathered = []
    target = 0
    for text in texts:
        starts, ends = np.empty(len(text), np.int32), np.empty(len(text), np.int32)
        target = _gather(text.buffer, text.starts, text.ends, target, out, starts, ends)
        gathered.append(Text(out, starts, ends, text.excludes))
    return gathered
