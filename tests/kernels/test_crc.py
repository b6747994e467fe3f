"""The CRC kernel against its definition, one bit at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.kernels.crc import crc_tables, update_crc


def bit_by_bit(data: bytes, polynomial: int, register: int) -> int:
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (polynomial if register & 1 else 0)
    return register


@pytest.mark.parametrize("polynomial", [0x82F63B78, 0x9A6C9329AC4BC9B5])
@given(data=st.binary(max_size=100), start=st.integers(0, 2**32 - 1), skipped=st.integers(0, 17))
def test_the_register_is_that_of_single_bits(polynomial: int, data: bytes, start: int, skipped: int) -> None:
    contents = np.frombuffer(data, np.uint8)[skipped:]
    got = update_crc(contents, crc_tables(polynomial), start)
    assert got == bit_by_bit(data[skipped:], polynomial, start)


def test_all_bits_of_a_wide_register_count() -> None:
    polynomial = 0x9A6C9329AC4BC9B5
    data = bytes(range(40))
    got = update_crc(np.frombuffer(data, np.uint8), crc_tables(polynomial), 2**64 - 1)
    assert got == bit_by_bit(data, polynomial, 2**64 - 1)
