"""Strategies for JSON texts as other people write them, and for damaged ones."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from s3sql.plan.expr import Elements, Index, Members, Name

blanks = st.sampled_from(["", "", "", " ", "\n", "\r\n", "\t ", " " * 61])
names = st.sampled_from(["a", "A", "b", "kind", "a long name of a member", "ä", "", 'q"', "\u212a"])


@st.composite
def strings(draw: st.DrawFn, contents: st.SearchStrategy[str]) -> str:
    """A JSON string, each character spelled in one of the ways JSON has."""
    spelled = []
    for character in draw(contents):
        way = draw(st.integers(0, 5))
        if way == 0:
            spelled.append(json.dumps(character)[1:-1])
        elif way == 1 and ord(character) < 0x10000:
            spelled.append(f"\\u{ord(character):04X}")
        elif way == 2 and character == "/":
            spelled.append("\\/")
        else:
            spelled.append(json.dumps(character, ensure_ascii=False)[1:-1])
    return '"' + "".join(spelled) + '"'


texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text(st.sampled_from('ab"\\/\n\x01\x7fé€😀'), max_size=80),
)
numbers = st.sampled_from(
    "0 -0 7 -12 1.50 -0.0 1e3 2E-7 9223372036854775807 9223372036854775808 -9223372036854775808 "
    "-9223372036854775809 12345678901234567890123456789012345678901 0.1e+2 1E400".split()
)
scalars = st.one_of(numbers, st.sampled_from(["true", "false", "null"]), strings(texts))


@st.composite
def _list(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    around = [draw(blanks) + item + draw(blanks) for item in draw(st.lists(items, max_size=4))]
    return "[" + (",".join(around) or draw(blanks)) + "]"


@st.composite
def _struct(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    members = [
        f"{draw(blanks)}{draw(strings(names))}{draw(blanks)}:{draw(blanks)}{item}{draw(blanks)}"
        for item in draw(st.lists(items, max_size=4))
    ]
    return "{" + (",".join(members) or draw(blanks)) + "}"


values = st.recursive(scalars, lambda items: _list(items) | _struct(items), max_leaves=12)


@st.composite
def objects(draw: st.DrawFn) -> bytes:
    """The contents of an object: root values with white space between them, or none where that is clear."""
    text = draw(blanks)
    for value in draw(st.lists(values, max_size=5)):
        text += value + (draw(blanks) if value[0] in '"[{' else draw(blanks) + " ")
    return text.encode()


@st.composite
def damaged_objects(draw: st.DrawFn) -> bytes:
    """Contents with a few bytes changed, inserted or removed."""
    contents = bytearray(draw(objects()))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(contents)))
        piece = draw(
            st.sampled_from(
                [b"", b'"', b"\\", b",", b":", b"{", b"}", b"[", b"]", b"1", b"-", b".", b"e", b"\n"]
            )
            | st.sampled_from(
                [b"\x00", b"\x1f", b"\xff", b"\xc3", b"t", b"\\u12", b"\\ud800", b"//", b"'", b"\x0b"]
            )
        )
        contents[place : place + draw(st.integers(0, 1))] = piece
    return bytes(contents)


paths = st.lists(
    st.one_of(
        st.builds(Name, names, st.just(True)),
        st.builds(Name, st.sampled_from(["a", "A", "B", "KIND", "k"])),
        st.builds(Index, st.integers(0, 3)),
        st.just(Elements()),
        st.just(Members()),
    ),
    max_size=4,
).map(tuple)
