from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.kernels.json_array import element_cut, root_line_end
from tests.formats.json_texts import damaged_objects, objects


def cuts_of(text: bytes) -> tuple[list[int], list[int]]:
    """All places to cut at in lists, and all between root values."""
    in_lists, at_root = [], []
    inside = escaped = in_list = False
    depth, before = 0, 0
    for place, byte in enumerate(text):
        character = chr(byte)
        if escaped:
            escaped = False
            # An escaped quote opens and closes nothing.
            if character == '"':
                continue
        elif character == "\\":
            escaped = True
        if character == '"':
            inside = not inside
        if not inside:
            if character in "{[":
                in_list = character == "[" if depth == 0 else in_list
                depth += 1
            elif character in "}]":
                depth = max(depth - 1, 0)
                if depth == 0:
                    at_root.append(place + 1)
            elif character == "," and depth == 1 and in_list and before != ord("["):
                in_lists.append(place + 1)
            elif byte < 33 and depth == 0:
                at_root.append(place + 1)
        if byte > 32:
            before = byte
    return in_lists, at_root


texts = st.one_of(
    objects(),
    damaged_objects(),
    st.text(st.sampled_from('[]{},:"\\ \na1'), max_size=200).map(str.encode),
    st.lists(st.sampled_from(['"x,]"', "[1,2]", '{"a":[1,{}],"b":2}', "12", "[]"]), max_size=60).map(
        lambda found: ("[" + ", ".join(found) + "]").encode()
    ),
)


@given(texts, st.integers(0, 300))
def test_cuts_are_those_of_the_twin(text: bytes, earliest: int) -> None:
    array = PaddedBuffer.copy_of(text).array
    in_lists, at_root = cuts_of(text)
    last = max([0, *in_lists, *at_root])
    assert element_cut(array, len(text), len(text) + 1) == last
    assert element_cut(array, len(text), earliest) == next((cut for cut in at_root if cut >= earliest), last)


@given(
    st.lists(st.sampled_from(["[1,2]", '[\n1,\n {"a":\n2}\n]', "{}", "[\n]", "7"]), max_size=30), st.data()
)
def test_a_line_end_between_two_values_is_at_the_root(values: list[str], data: st.DataObject) -> None:
    text = "\n".join(values).encode()
    end = data.draw(st.integers(0, len(text)))
    begin = data.draw(st.integers(0, end))
    found = root_line_end(PaddedBuffer.copy_of(text).array, begin, end, len(text))
    ends = [len("\n".join(values[:count])) + 1 for count in range(1, len(values))]
    assert found == max([place for place in ends if begin < place < end], default=0)


def test_only_so_many_line_ends_are_looked_at() -> None:
    text = b"[1]\n[2,\n3,\n4"
    array = PaddedBuffer.copy_of(text).array
    assert [root_line_end(array, 0, len(text), tries) for tries in (1, 2, 3)] == [0, 0, 4]


def test_cuts_of_a_large_list() -> None:
    contents = json.dumps([{"id": number, "t": ["a", 'b,"c']} for number in range(5000)]).encode()
    array = PaddedBuffer.copy_of(contents).array
    in_lists, at_root = cuts_of(contents)
    assert len(in_lists) == 4999
    assert at_root == [len(contents)]
    for end in (100, 5000, len(contents) - 1):
        assert element_cut(array, end, end + 1) == max(place for place in in_lists if place <= end)
