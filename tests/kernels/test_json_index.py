from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.kernels import json_index

#: Characters that matter, with runs so that they fall on both sides of a 64-byte boundary.
singles = [character.encode() for character in '"\\{}[],: \n\t\x01aé']
runs = [b"x" * 61, b" " * 63, b"\\" * 63, b"\\" * 64, b'"' + b"y" * 62, b"\\\\", b'\\"', b"12"]
pieces = st.sampled_from(singles + runs)
texts = st.lists(pieces, max_size=30).map(b"".join)


def tokens_of(text: bytes, start: int) -> tuple[list[int], int, int]:
    """Token offsets, the first control character in a string, and the white space outside strings."""
    tokens: list[int] = []
    control = len(text)
    blanks = 0
    in_string = escaped = in_scalar = False
    for offset in range(start, len(text)):
        byte = text[offset : offset + 1]
        quote = byte == b'"' and not escaped
        escaped = byte == b"\\" and not escaped
        if in_string:
            if byte < b" " and control == len(text):
                control = offset
            if quote:
                tokens.append(offset)
                in_string = False
            continue
        blank = byte in b" \t\r\n"
        structural = byte in b"{}[],:"
        scalar = not (quote or blank or structural)
        blanks += blank
        if quote or structural or (scalar and not in_scalar):
            tokens.append(offset)
        in_string = quote
        in_scalar = scalar
    return tokens, control, blanks


@given(texts, st.integers(0, 3))
def test_the_index_agrees_with_a_state_machine(text, start):
    start = min(start, len(text))
    array = PaddedBuffer.copy_of(text + b'"{' * 40).array  # what stands behind the end must not matter
    index = np.empty(len(text) + json_index.INDEX_SLACK, np.int32)
    totals = np.empty(json_index.TOTALS, np.int64)
    json_index.index_structure(array, start, len(text), index, totals)
    tokens, control, blanks = tokens_of(text, start)
    assert index[: totals[json_index.TOKENS]].tolist() == tokens
    assert totals[json_index.FIRST_CONTROL] == control
    assert totals[json_index.BLANKS] == blanks


@given(st.lists(st.sampled_from([b"[]", b"{}", b"1 ", b'""', b'"\\""', b"[[1,2],3]", b'{"a":{"b":""}}'])))
def test_the_bound_holds_for_the_values(values):
    text = b"".join(values)
    array = PaddedBuffer.copy_of(text).array
    index = np.empty(len(text) + json_index.INDEX_SLACK, np.int32)
    totals = np.empty(json_index.TOTALS, np.int64)
    json_index.index_structure(array, 0, len(text), index, totals)
    sizes = {b"[[1,2],3]": 5, b'{"a":{"b":""}}': 3}
    assert totals[json_index.VALUES] >= sum(sizes.get(value, 1) for value in values)
