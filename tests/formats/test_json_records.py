"""Marked records give what the parsed block gives, and refuse what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.formats.batch import FirstFailure
from s3sql.formats.json import JsonBlock, JsonRecords, batch_of, index_block, read_block
from s3sql.formats.json_records import index_records
from s3sql.formats.scratch import Scratch
from s3sql.kernels.json_records import MAX_DEPTH
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.plan.expr import Elements, Index, Members, Name
from s3sql.types import Kind
from tests.formats.json_texts import blanks, damaged_objects, objects, paths, scalars, strings, texts

#: Names without escapes.
plain_names = st.sampled_from(["a", "A", "b", "kind", "a long name of a member", "ä", "", "\u212a"])


def marked(contents: bytes, *, at_end: bool = True, at_start: bool = True) -> JsonRecords | None:
    buffer = PaddedBuffer.copy_of(contents + b'"[{1')  # what stands behind a block must not matter
    return index_records(buffer, len(contents), at_start=at_start, at_end=at_end, scratch=Scratch())


def parsed(contents: bytes, *, at_end: bool = True) -> JsonBlock:
    buffer = PaddedBuffer.copy_of(contents + b'"[{1')
    return index_block(buffer, len(contents), at_start=True, at_end=at_end, scratch=Scratch())


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Structs and lists that can be marked: no name has an escape."""

    def containers(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        member = st.builds(
            lambda name, a, b, c, item: f'{a}"{name}"{b}:{c}{item}{a}',
            plain_names,
            blanks,
            blanks,
            blanks,
            items,
        )
        struct = st.lists(member, max_size=5).map(lambda members: "{" + ",".join(members) + "}")
        element = st.builds(lambda a, item, b: a + item + b, blanks, items, blanks)
        return struct | st.lists(element, max_size=5).map(lambda elements: "[" + ",".join(elements) + "]")

    value = st.recursive(scalars, containers, max_leaves=12)
    rows = draw(st.lists(containers(value), max_size=6))
    return "".join(draw(blanks) + row for row in rows).encode() + draw(blanks).encode()


def outcome(block: JsonBlock | JsonRecords, steps: tuple[object, ...]) -> list[object]:
    """Everything a query can see of the values at *steps*."""
    batch = batch_of(block, (), FirstFailure())
    column = batch.path(steps) if steps else batch.row()
    failure = batch.failure
    spelled = column.spelling.to_bytes() if column.spelling is not None else []
    tags = column.tag_array().tolist()
    numbers = [text for text, tag in zip(spelled, tags, strict=False) if tag in (Kind.INT, Kind.DECIMAL)]
    code = failure.error.code if failure.error else None
    return [
        block.consumed,
        block.record_starts().tolist(),
        tags,
        column.to_python(),
        numbers,
        failure.row,
        code,
    ]


@given(records(), paths)
def test_marked_records_have_the_values_of_parsed_ones(contents, steps):
    found = marked(contents)
    assert found is not None
    assert outcome(found, steps) == outcome(parsed(contents), steps)


@given(records(), st.data())
def test_a_record_that_is_cut_off_is_left_for_the_next_block(contents, data):
    cut = contents[: data.draw(st.integers(0, len(contents)))]
    found = marked(cut, at_end=False)
    if found is not None:
        assert outcome(found, ()) == outcome(parsed(cut, at_end=False), ())


@given(st.one_of(damaged_objects(), objects()), st.booleans(), paths)
def test_what_is_marked_has_no_fault(contents, at_end, steps):
    found = marked(contents, at_end=at_end)
    if found is not None:
        block = parsed(contents, at_end=at_end)
        assert block.failure is None
        assert outcome(found, steps) == outcome(block, steps)


@st.composite
def damaged_records(draw: st.DrawFn) -> bytes:
    contents = bytearray(draw(records()))
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, len(contents)))
        piece = draw(
            st.sampled_from([bytes([byte]) for byte in b'",:{}[]0123-+.eEtfn \n\\u\x00\xff'] + [b""])
        )
        contents[place : place + draw(st.integers(0, 1))] = piece
    return bytes(contents)


@given(damaged_records(), paths)
def test_damaged_records_are_refused(contents, steps):
    found = marked(contents)
    block = parsed(contents)
    if found is not None:
        assert block.failure is None
        assert outcome(found, steps) == outcome(block, steps)


@given(st.text(st.sampled_from("0123456789-+.eE"), min_size=1, max_size=12), st.integers(0, 70))
def test_numbers_are_those_of_the_standard_library(text, before):
    contents = b'{"%s":%s,"b":[0]}' % (b"a" * before, text.encode())
    try:
        json.loads(contents)
    except ValueError:
        assert marked(contents) is None
        return
    assert marked(contents) is not None


@given(strings(texts), st.integers(0, 70))
def test_strings_that_have_escapes_are_checked(string, before):
    contents = " " * before + '{"a":' + string + "}"
    found = marked(contents.encode())
    assert found is not None
    assert batch_of(found, (), FirstFailure()).path((Name("a"),)).to_python() == [json.loads(string)]


@pytest.mark.parametrize(
    "escape", ["\\x", "\\u12g4", "\\ud800", "\\udc00", "\\ud800\\n", "\\ud800\\ud800", "\\u12"]
)
@pytest.mark.parametrize("before", [0, 55, 58, 60, 63])
def test_bad_escapes(escape, before):
    assert marked(('{"a":"' + "x" * before + escape + '"}').encode()) is None


@pytest.mark.parametrize(
    "contents",
    [
        b"1",
        b'"a"',
        b"[1] true",
        b'{"a\\u0041":1}',
        b'{"a":1}\n{"b":tru}',
        b'{"a":1},{}',
        b"[1]]",
        b"[1",
        b'{"a":"\xff"}',
    ],
)
def test_what_is_rare_or_wrong_is_not_marked(contents):
    assert marked(contents) is None


def test_depth():
    assert marked(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    assert marked(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)) is None
    assert marked(b"[" * 500 + b"]" * 500) is None
    assert marked(b"]" * 100) is None


def test_record_limit():
    longest = b'["' + b"a" * (MAX_RECORD_BYTES - 4) + b'"]'
    assert marked(b" " + longest) is not None
    assert marked(b'["a' + longest[2:]) is None
    assert marked(b"[1] " + longest[:-1], at_end=False) is not None
    assert marked(b"[1] " + longest[:-1] + b"aa", at_end=False) is None


def test_a_byte_order_mark_is_dropped_only_at_the_start():
    assert marked(b"\xef\xbb\xbf[1]") is not None
    assert marked(b"\xef\xbb\xbf[1]", at_start=False) is None


def test_a_name_cannot_reach_into_the_value():
    found = marked(b'{"a":"b","c":1}')
    assert found is not None
    batch = batch_of(found, (), FirstFailure())
    assert batch.path((Name('a":"b', exact=True),)).to_python() == [...]


def test_a_path_in_from_needs_the_parsed_block():
    buffer = PaddedBuffer.copy_of(b'{"a":[1]}')
    common = {"at_start": True, "at_end": True, "scratch": Scratch()}
    assert isinstance(read_block(buffer, 9, (), **common), JsonRecords)
    assert isinstance(read_block(buffer, 9, (Name("a"), Elements()), **common), JsonBlock)


def test_only_the_rows_asked_for_can_fail():
    found = marked(b'{"a":1,"A":1}{"a":2}{"a":3,"A":3}')
    assert found is not None
    batch = batch_of(found, (), FirstFailure())
    assert batch.take(np.array([1], np.intp)).path((Name("a"), Index(0))).to_python() == [...]
    assert batch.failure.row is None
    batch.take(np.array([1, 2], np.intp)).path((Name("a"), Members()))
    assert batch.failure.row == 2
    assert found.first(1).record_starts().tolist() == [0]
