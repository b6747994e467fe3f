"""Cyclic redundancy checks that neither Python nor isal computes: CRC-32C and CRC-64/NVME.

In: bytes, and the register from which to go on.  Out: the register behind them.

Sixteen bytes at a time ("slicing by 16"): sixteen tables say what each byte adds to the register when as many
bytes follow it as its place has behind it, so that the sixteen look-ups do not wait for each other. Both
checks are of the reflected kind, with the lowest bit first, and one kernel serves every width up to 64 bits.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.kernels.compile import BYTES, INT64, UINT64, UINT64S, inlined, kernel
from s3sql.kernels.simd import at, load64

Array: TypeAlias = NDArray[Any]

#: Bytes per step, and so the number of tables.
SLICES = 16


def crc_tables(polynomial: int) -> Array:
    """The tables of the reflected *polynomial*, one behind the other: ``SLICES * 256`` numbers."""
    tables = np.empty((SLICES, 256), np.uint64)
    register = np.arange(256, dtype=np.uint64)
    one = np.uint64(1)
    for _ in range(8):
        register = (register >> one) ^ np.where(register & one, np.uint64(polynomial), np.uint64(0))
    tables[0] = register
    for place in range(1, SLICES):
        before = tables[place - 1]
        tables[place] = (before >> np.uint64(8)) ^ tables[0][(before & np.uint64(0xFF)).astype(np.intp)]
    return tables.reshape(-1)


@inlined
def _eight(tables: Any, first: Any, word: Any) -> Any:
    """What the eight bytes of *word* add, the lowest of them by way of table *first* + 7."""
    added = UINT64(0)
    place = UINT64(first + 7)
    for shift in range(0, 64, 8):
        byte = (word >> UINT64(shift)) & UINT64(0xFF)
        added ^= at(tables, (place << UINT64(8)) | byte)
        place -= UINT64(1)
    return added


@kernel(UINT64(BYTES, UINT64S, UINT64))
def update_crc(data: Array, tables: Array, register: int) -> int:
    """The register behind *data*; nothing is read past its end."""
    state = UINT64(register)
    size = INT64(data.size)
    whole = size - size % SLICES
    offset = INT64(0)
    while offset < whole:
        state = _eight(tables, 8, load64(data, offset) ^ state) ^ _eight(tables, 0, load64(data, offset + 8))
        offset += SLICES
    while offset < size:
        byte = (state ^ UINT64(at(data, offset))) & UINT64(0xFF)
        state = (state >> UINT64(8)) ^ at(tables, byte)
        offset += 1
    return state
