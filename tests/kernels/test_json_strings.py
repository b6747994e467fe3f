from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PADDING
from s3sql.formats.json_block import block_of
from s3sql.kernels import json_paths, json_text, write_json
from s3sql.payloads import Text
from s3sql.types import Kind

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=70) | st.text(
    st.sampled_from('ab"\\/\x00\n\x1f\x7fé😀'), max_size=150
)


@given(st.lists(texts, max_size=4), st.booleans())
def test_decoding_what_the_standard_library_encodes(strings, ascii_only):
    source = Text.of([json.dumps(string, ensure_ascii=ascii_only)[1:-1] for string in strings])
    out = np.empty(int((source.ends - source.starts).sum()) + PADDING, np.uint8)
    starts = np.empty(len(strings), np.int32)
    ends = np.empty(len(strings), np.int32)
    tags = np.full(len(strings), Kind.STRING, np.uint8)
    json_text.decode_strings(source.buffer, source.starts, source.ends, tags, out, starts, ends)
    assert Text(out, starts, ends).to_bytes() == [string.encode() for string in strings]


@given(st.lists(texts, min_size=1, max_size=4))
def test_the_measure_is_the_length_of_the_escaped_string(strings):
    text = Text.of(strings)
    lengths = np.zeros(len(strings), np.int64)
    escaped = np.empty(len(strings), np.int32)
    rows = np.arange(len(strings), dtype=np.int64)
    write_json.measure_strings(rows, text.buffer, text.starts, text.ends, 0, lengths, escaped)
    expected = [len(json.dumps(string, ensure_ascii=False).encode()) for string in strings]
    assert escaped.tolist() == [length - 2 for length in expected]
    assert lengths.tolist() == expected


def member_of(names: list[bytes], wanted: str, exact: bool) -> int:
    """The position of the only member of that name; ABSENT or AMBIGUOUS."""
    block = block_of(Text.of([b"{" + b",".join(b'"' + name + b'":0' for name in names) + b"}"]))
    encoded = wanted.encode()
    name = np.frombuffer((encoded if exact else encoded.lower()) + bytes(PADDING), np.uint8)
    scratch = np.empty(json_paths.LONGEST_ESCAPE * len(encoded) + PADDING, np.uint8)
    found = np.empty(1, np.int32)
    json_paths.step_into_member(
        block.buffer, block.tape, block.roots, name, len(encoded), exact, scratch, found
    )
    return int(found[0]) - 1 if found[0] > 0 else int(found[0])


@given(
    st.text(st.sampled_from("aAzZ@[`{é_$0"), max_size=20),
    st.text(st.sampled_from("aAzZ@[`{é_$0"), max_size=20),
)
def test_names_are_folded_in_ascii_only(stored, wanted):
    def fold(name: str) -> bytes:
        return name.encode().lower()

    for name in (stored, wanted, wanted.swapcase()):
        same = fold(name) == fold(wanted)
        assert member_of([b"-", name.encode()], wanted, exact=False) == (1 if same else json_paths.ABSENT)
        expected = 1 if name == wanted else json_paths.ABSENT
        assert member_of([b"-", name.encode()], wanted, exact=True) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12))
def test_escaped_names_are_decoded(wanted):
    spelled = json.dumps(wanted)[1:-1].encode()
    everywhere = "".join(
        f"\\u{unit:04x}" for unit in np.frombuffer(wanted.encode("utf-16-le"), "<u2")
    ).encode()
    assert member_of([b"-", spelled], wanted, exact=True) == (1 if wanted != "-" else json_paths.AMBIGUOUS)
    assert member_of([everywhere, spelled], wanted, exact=True) == json_paths.AMBIGUOUS
