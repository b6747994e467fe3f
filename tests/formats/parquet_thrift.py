"""Footers of Parquet as no writer would write them: Thrift's compact protocol, and what stands around it.

In: values by the numbers of their fields.  Out: bytes.  Source: Apache Thrift, compact protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MAGIC = b"PAR1"

#: The type of a value, and the value.
Member = tuple[int, bytes]


def with_tail(footer: bytes) -> bytes:
    """A file that has nothing but this footer."""
    return MAGIC + footer + len(footer).to_bytes(4, "little") + MAGIC


def varint(number: int) -> bytes:
    """An unsigned number, seven bits in a byte."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def int32(number: int) -> Member:
    return 5, varint(number << 1)


def int64(number: int) -> Member:
    return 6, varint(number << 1)


def binary(text: bytes) -> Member:
    return 8, varint(len(text)) + text


def structs(encoded: Sequence[bytes]) -> Member:
    count = len(encoded)
    head = bytes([count << 4 | 12]) if count < 15 else b"\xfc" + varint(count)
    return 9, head + b"".join(encoded)


def struct(members: Mapping[int, Member]) -> bytes:
    """A struct by the numbers of its fields."""
    out, last = b"", 0
    for number, (kind, encoded) in sorted(members.items()):
        step = number - last
        out += bytes([step << 4 | kind]) if step < 16 else bytes([kind]) + varint(number << 1)
        out += encoded
        last = number
    return out + b"\x00"
