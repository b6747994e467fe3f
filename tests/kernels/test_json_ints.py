"""The INTs of JSON against int(): every length, sign and neighbour."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.buffers import PADDING
from s3sql.kernels.json_ints import read_ints
from s3sql.types import Kind

#: Numbers of each count of digits alike.
ints = st.integers(1, 63).flatmap(lambda bits: st.integers(-(1 << bits), (1 << bits) - 1))
others = st.sampled_from(
    [(Kind.DECIMAL, "12345678.5"), (Kind.STRING, "17"), (Kind.MISSING, ""), (Kind.LIST, "[1]")]
)


def read(values: list[tuple[Kind, str]], filler: bytes) -> list[int]:
    text, starts, ends = bytearray(), [], []
    for _, spelling in values:
        starts.append(len(text))
        text += spelling.encode()
        ends.append(len(text))
        text += filler
    buffer = np.frombuffer(bytes(text) + filler * PADDING, np.uint8)
    tags = np.array([kind for kind, _ in values], np.uint8)
    out = np.full(len(values), 99, np.int64)
    read_ints(buffer, np.array(starts, np.int32), np.array(ends, np.int32), tags, out)
    return out.tolist()


@given(
    st.lists(ints.map(lambda number: (Kind.INT, str(number))) | others),
    st.sampled_from([b"7", b",", b"\xff"]),
)
@example([(Kind.INT, str(sign * (10**digits - 1))) for digits in range(1, 19) for sign in (1, -1)], b"9")
@example([(Kind.INT, str(number)) for number in (-(1 << 63), (1 << 63) - 1, 0)] + [(Kind.INT, "-0")], b"0")
def test_ints_are_those_of_python(values, filler):
    assert read(values, filler) == [int(text) if kind == Kind.INT else 0 for kind, text in values]
