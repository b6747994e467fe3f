from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.kernels import json_index, json_tape
from s3sql.kernels.json_tape import WIDTH
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.types import Kind


def parse(text: bytes, *, at_end: bool = True) -> tuple[list[list[int]], list[int], list[int]]:
    """The tape's rows, the roots, and the outcome."""
    array = PaddedBuffer.copy_of(text + b"1e9").array
    index = np.empty(len(text) + json_index.INDEX_SLACK, np.int32)
    totals = np.empty(json_index.TOTALS, np.int64)
    json_index.index_structure(array, 0, len(text), index, totals)
    room = int(totals[json_index.VALUES])
    tape = np.full(room * WIDTH, -99, np.int32)
    roots = np.empty(room, np.int32)
    outcome = np.empty(json_tape.OUTCOME, np.int64)
    json_tape.build_tape(
        array,
        0,
        len(text),
        at_end,
        MAX_RECORD_BYTES,
        index,
        totals,
        tape,
        roots,
        np.empty(512, np.int32),
        outcome,
    )
    count = int(outcome[json_tape.ROOTS])
    used = int(tape[roots[count - 1] * WIDTH + json_tape.NEXT]) if count else 0
    return tape.reshape(-1, WIDTH)[:used].tolist(), roots[:count].tolist(), outcome.tolist()


def test_the_tape_of_a_small_value():
    text = b'{"a": [1, true], "\\u0062": "x"} 2.5'
    tape, roots, outcome = parse(text)
    assert roots == [0, 5]
    assert outcome[json_tape.STATUS] == json_tape.COMPLETE
    assert tape == [
        [Kind.STRUCT, 0, 31, 5, -1, -1],
        [Kind.LIST, 6, 15, 4, 2, 3],
        [Kind.INT, 7, 8, 3, -1, -1],
        [Kind.BOOL, 10, 14, 4, -1, -1],
        [Kind.STRING | json_tape.ESCAPED_NAME, 28, 29, 5, 18, 24],
        [Kind.DECIMAL, 32, 35, 6, -1, -1],
    ]


@pytest.mark.parametrize(
    ("text", "status", "offset"),
    [
        (b"[1,]", json_tape.EXPECTED_VALUE, 3),
        (b"{1}", json_tape.EXPECTED_NAME, 1),
        (b'{"a",', json_tape.EXPECTED_COLON, 4),
        (b"[1 2]", json_tape.EXPECTED_COMMA, 3),
        (b"[1}", json_tape.EXPECTED_COMMA, 2),
        (b"nul]", json_tape.WRONG_LITERAL, 3),
        (b"nulls", json_tape.WRONG_LITERAL, 4),
        (b"-x", json_tape.WRONG_NUMBER, 1),
        (b"12345678x", json_tape.WRONG_NUMBER, 8),
        (b"1.e5", json_tape.WRONG_NUMBER, 2),
        (b'["\\q"]', json_tape.WRONG_ESCAPE, 2),
        (b'{"ab\\ud800":1}', json_tape.LONELY_SURROGATE, 4),
        (b'"a\tb"', json_tape.RAW_CONTROL, 2),
        (b'"a\tb', json_tape.RAW_CONTROL, 2),
        (b"[" * 513, json_tape.TOO_DEEP, 512),
        (b"[1", json_tape.INCOMPLETE, 2),
    ],
)
def test_what_is_wrong_and_where(text, status, offset):
    _, roots, outcome = parse(text)
    assert roots == []
    assert outcome[json_tape.STATUS] == status
    assert outcome[json_tape.OFFSET] == offset


@given(st.text(st.sampled_from("0123456789-+.eE"), min_size=1, max_size=24))
def test_numbers_are_those_of_the_standard_library(text):
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    tape, roots, _ = parse(text.encode())
    if value is None:
        assert roots == []
        return
    fits = isinstance(value, int) and -(2**63) <= value < 2**63
    assert tape == [[Kind.INT if fits else Kind.DECIMAL, 0, len(text), 1, -1, -1]]


@given(st.text(st.sampled_from("truefalsn ]"), max_size=12))
def test_literals_are_those_of_the_standard_library(text):
    try:
        values = json.loads(f"[{text}]")
    except ValueError:
        values = None
    _, _, outcome = parse(f"[{text}]".encode())
    assert (outcome[json_tape.STATUS] == json_tape.COMPLETE) == (values is not None)


@given(st.sampled_from([b"true", b"false", b"null", b"-12.5e+10", b'"a\\u00e9"', b'{"a":[1,{}]}']), st.data())
def test_a_value_that_is_cut_off_is_incomplete_and_never_wrong(value, data):
    cut = data.draw(st.integers(1, len(value) - 1))
    _, roots, outcome = parse(value[:cut], at_end=False)
    assert roots == []
    assert outcome[json_tape.STATUS] == json_tape.INCOMPLETE
    assert outcome[json_tape.CONSUMED] == 0
