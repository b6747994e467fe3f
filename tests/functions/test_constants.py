from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from s3sql.functions.constants import constant
from s3sql.types import Kind
from tests.twins import strategies as some
from tests.twins.values import Value, values_of


@given(some.scalars, st.integers(0, 3))
def test_constants(value: Value, length: int) -> None:
    assert all(v.same(value) for v in values_of(constant(value.kind, value.value, length)))


def test_timestamp_constants() -> None:
    column = constant(Kind.TIMESTAMP, (1, 2, 3, 4), 2)
    assert column.to_python() == [(1, 2, 3, 4)] * 2


def test_a_constant_takes_no_more_memory_for_more_rows() -> None:
    text = constant(Kind.STRING, "abc", 1 << 40).text()
    assert text.buffer.nbytes < 1 << 10
    assert text.starts.strides == (0,)
