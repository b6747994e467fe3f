"""Records read by a learnt layout give what the parsed block gives, and are refused where it has a fault."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.formats import json_fitted, json_layout
from s3sql.formats.batch import FirstFailure
from s3sql.formats.json import AnyBlock, FittedRecords, Fitting, JsonBlock, batch_of, index_block, read_block
from s3sql.formats.json_layout import Slots
from s3sql.formats.scratch import Scratch
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.plan.expr import Elements, Index, Members, Name
from s3sql.types import Kind
from tests.formats.json_texts import blanks, paths, scalars, strings, texts

#: Names without escapes.
plain_names = st.sampled_from(["a", "A", "b", "kind", "a long name of a member " * 4, "ä", "", "\u212a"])

NAMED = ((Name("a"),), (Name("b", exact=True), Index(1)), (Name("kind"), Name("a")))


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_fitted, "_LEAST_BYTES", 0)
    monkeypatch.setattr(json_fitted, "_BYTES_PER_RECORD", 1)
    monkeypatch.setattr(json_fitted, "_BYTES_PER_TRY", 0)
    # Most records go on behind a piece.
    monkeypatch.setattr(json_fitted, "_PIECE_BYTES", 64)


def fitted(
    contents: bytes, *named: tuple[object, ...], at_end: bool = True, fitting: Fitting | None = None
) -> FittedRecords | None:
    # What stands behind a block must not matter.
    buffer = PaddedBuffer.copy_of(contents + b'"}]1,"a":1}\n{"a":1}')
    fitting = fitting or Fitting(Slots(named))
    return fitting.read(buffer, len(contents), at_start=True, at_end=at_end, scratch=Scratch())


def parsed(contents: bytes, *, at_end: bool = True) -> JsonBlock:
    buffer = PaddedBuffer.copy_of(contents + b'"[{1')
    return index_block(buffer, len(contents), at_start=True, at_end=at_end, scratch=Scratch())


def outcome(block: AnyBlock, steps: tuple[object, ...]) -> list[object]:
    """Everything a query can see of the values at *steps*."""
    batch = batch_of(block, (), FirstFailure())
    column = batch.path(steps) if steps else batch.row()
    failure = batch.failure
    spelled = column.spelling.to_bytes() if column.spelling is not None else []
    tags = column.tag_array().tolist()
    numbers = [text for text, tag in zip(spelled, tags, strict=False) if tag in (Kind.INT, Kind.DECIMAL)]
    error = failure.error
    return [
        block.consumed,
        block.record_starts().tolist(),
        tags,
        column.to_python(),
        numbers,
        failure.row,
        error and (error.code, error.message),
    ]


#: Pieces of a record: bytes, and in place of its scalars None.
Pieces: TypeAlias = tuple[str | None, ...]


def _joined(opening: str, parts: list[Pieces], closing: str) -> Pieces:
    pieces = [piece for part in parts for piece in (",", *part)]
    return (opening, *pieces[1:], closing)


def _containers(items: st.SearchStrategy[Pieces]) -> st.SearchStrategy[Pieces]:
    members = st.builds(
        lambda name, a, b, item: (f'{a}"{name}"{b}:', *item, a), plain_names, blanks, blanks, items
    )
    elements = st.builds(lambda a, item: (a, *item), blanks, items)
    return st.lists(members, max_size=4).map(lambda parts: _joined("{", parts, "}")) | st.lists(
        elements, max_size=4
    ).map(lambda parts: _joined("[", parts, "]"))


shapes = _containers(st.recursive(st.just((None,)), _containers, max_leaves=8))
filled = st.lists(scalars, min_size=1, max_size=12)


@st.composite
def alike(draw: st.DrawFn) -> bytes:
    """Records of a few layouts."""
    layouts = draw(st.lists(shapes, min_size=1, max_size=3))
    text = draw(blanks)
    values = cycle(draw(filled))
    for number in draw(st.lists(st.integers(0, 2), max_size=8)):
        for piece in layouts[number % len(layouts)]:
            text += next(values) if piece is None else piece
        text += draw(blanks)
    return text.encode()


@given(alike(), paths)
def test_fitted_records_have_the_values_of_parsed_ones(contents, steps):
    block = parsed(contents)
    found = fitted(contents, steps)
    if found is None:
        # A name that comes twice, or one path that means two things.
        assert read_block_outcome(contents, steps) == outcome(block, steps)
    else:
        assert outcome(found, steps) == outcome(block, steps)
        assert outcome(found, ()) == outcome(block, ())
        assert outcome(found, (Members(), Name("a"))) == outcome(block, (Members(), Name("a")))


def read_block_outcome(contents: bytes, steps: tuple[object, ...]) -> list[object]:
    buffer = PaddedBuffer.copy_of(contents)
    block = read_block(
        buffer,
        len(contents),
        (),
        at_start=True,
        at_end=True,
        scratch=Scratch(),
        fitting=Fitting(Slots([steps])),
    )
    return outcome(block, steps)


@given(alike(), st.data())
def test_a_record_that_is_cut_off_is_left_for_the_next_block(contents, data):
    cut = contents[: data.draw(st.integers(0, len(contents)))]
    found = fitted(cut, *NAMED, at_end=False)
    if found is not None:
        block = parsed(cut, at_end=False)
        assert block.failure is None
        for steps in NAMED:
            assert outcome(found, steps) == outcome(block, steps)


@given(alike(), st.data())
def test_damaged_records_are_refused(contents, data):
    """Learnt from sound records, so that nothing but the layout stands between the fault and the answer."""
    damaged = bytearray(contents)
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.integers(0, len(damaged)))
        piece = data.draw(
            st.sampled_from([bytes([byte]) for byte in b'",:{}[]0123-+.eEtfn \n\\u\x00\xff'] + [b""])
        )
        damaged[place : place + data.draw(st.integers(0, 1))] = piece
    fitting = Fitting(Slots(NAMED))
    fitted(contents, fitting=fitting)
    at_end = data.draw(st.booleans())
    found = fitted(bytes(damaged), fitting=fitting, at_end=at_end)
    if found is not None:
        block = parsed(bytes(damaged), at_end=at_end)
        assert block.failure is None
        for steps in ((), *NAMED):
            assert outcome(found, steps) == outcome(block, steps)


#: Records of one layout, with everything that a byte can turn into something else.
SAMPLES = [
    b'{"a":1,"b":[true,-2.5e1],"kind":{"a":"x\\n"}}\n',
    b'{"a": null , "b": [], "kind": "\xc3\xa4"}\r\n',
    b'[{"a":0.5},"",[]]\n',
]


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("tail", [b"", b'{"a":7}\n'])
def test_every_byte_changed_to_every_other_kind(sample, tail):
    fitting = Fitting(Slots(NAMED))
    assert fitted(b"".join(SAMPLES) + b'{"a":7}\n', fitting=fitting) is not None
    judged = 0
    for place in range(len(sample)):
        for byte in b'",:{}[]09-+.eEtfn \n\\u\x00\x1f\x7f\x80\xff':
            contents = sample[:place] + bytes([byte]) + sample[place + 1 :] + tail
            fitting._misses = 0
            fitting._learnt = 0
            found = fitted(contents, fitting=fitting)
            block = parsed(contents)
            if found is not None:
                judged += 1
                assert block.failure is None, contents
                for steps in ((), *NAMED):
                    assert outcome(found, steps) == outcome(block, steps)
                fitting = Fitting(Slots(NAMED))
                fitted(b"".join(SAMPLES) + b'{"a":7}\n', fitting=fitting)
    assert judged > len(sample) // 4


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_end(sample):
    fitting = Fitting(Slots(NAMED))
    assert fitted(sample * 2, fitting=fitting) is not None
    for length in range(len(sample) + 1):
        contents = sample + sample[:length]
        found = fitted(contents, fitting=fitting, at_end=False)
        assert found is not None
        block = parsed(contents, at_end=False)
        assert outcome(found, ()) == outcome(block, ())
        complete = fitted(contents, fitting=fitting)
        assert (complete is None) == (parsed(contents).failure is not None)
        fitting._misses = 0


@given(st.text(st.sampled_from("0123456789-+./eE"), min_size=1, max_size=60), st.integers(0, 70))
def test_numbers_are_those_of_the_standard_library(text, before):
    fitting = Fitting(Slots([(Name("b"),)]))
    assert fitted(b'{"a":"","b":1}', fitting=fitting) is not None
    contents = b'{"a":"%s","b":%s}' % (b"a" * before, text.encode())
    found = fitted(contents, fitting=fitting)
    try:
        json.loads(contents)
    except ValueError:
        assert found is None
        return
    assert found is not None
    assert outcome(found, (Name("b"),)) == outcome(parsed(contents), (Name("b"),))


NUMBERS = [
    "0",
    "-0",
    "7",
    "-12",
    "1.5",
    "-0.25",
    "12345678901234567",
    "1" * 18,
    "1" * 19,
    "9" * 40,
    "0." + "1" * 31,
]
NUMBERS += [
    "0." + "1" * 32,
    "1" * 18 + "." + "2" * 31,
    "1" * 18 + "." + "2" * 40,
    "1e5",
    "1.5E-3",
    "-1e+2",
    "1" * 90,
]
NO_NUMBERS = [
    "-",
    "--1",
    "1-2",
    "1-",
    "1/2",
    "/",
    "1/",
    "1.",
    "1.-2",
    "1..2",
    "1.2.3",
    ".5",
    "-.5",
    "00",
    "01",
    "-01",
]
NO_NUMBERS += ["01.5", "1e", "1e+", "1.5e1.5", "+1", "1" * 30 + "-", "1" * 60 + "/", "1." + "2" * 60 + "."]


@pytest.mark.parametrize("before", range(66))
def test_numbers_at_every_place_of_a_word(before):
    start = b'{"a":"' + b"x" * before + b'","b":'
    for text in NUMBERS:
        contents = b'{"a":"","b":1}' + start + text.encode() + b"}"
        found = fitted(contents, (Name("b"),))
        assert found is not None
        assert outcome(found, (Name("b"),)) == outcome(parsed(contents), (Name("b"),))
    for text in NO_NUMBERS:
        assert fitted(b'{"a":"","b":1}' + start + text.encode() + b"}") is None


@given(strings(texts), st.integers(0, 130))
def test_strings_that_have_escapes_are_checked(string, before):
    contents = ('{"a":1}\n{"a":"' + "x" * before + string[1:] + "}").encode()
    found = fitted(contents, (Name("a"),))
    assert found is not None
    assert batch_of(found, (), FirstFailure()).path((Name("a"),)).to_python() == [
        1,
        "x" * before + json.loads(string),
    ]


@pytest.mark.parametrize(
    "escape", ["\\x", "\\u12g4", "\\ud800", "\\udc00", "\\ud800\\n", "\\ud800\\ud800", "\\u12", "\n", "\t"]
)
@pytest.mark.parametrize("before", [0, 7, 55, 56, 57, 62, 63, 64, 120])
def test_bad_strings(escape, before):
    assert fitted(('{"a":""}\n{"a":"' + "x" * before + escape + '"}').encode()) is None


@pytest.mark.parametrize(
    ("contents", "taken"),
    [
        (b'{"a":1}\n{"a":1]', False),  # the layout up to the last byte
        (b'{"a":1}\n{"a":1}}', False),
        (b'{"a":1}\n{"a":1},', False),
        (b'{"a":1}\n{"a":1', False),
        (b'{"a":1}\n{"a":', False),
        (b'{"a":1}\n{"a":1e}', False),
        (b'{"a":1}\n{"a":1e5}', True),
        (b'{"a":1}\n{"a":01}', False),
        (b'{"a":1}\n{"a":-}', False),
        (b'{"a":1}\n{"a":1.}', False),
        (b'{"a":1}\n{"a":tru}', False),
        (b'{"a":1}\n{"a":truex}', False),
        (b'{"a":1}\n{"\\u0061":1}', False),  # a name with an escape is not learnt
        (b'{"a":1}\n{"a":"x","a":1}', True),  # nobody asks for it
        (b'{"a":"x"}\n{"a":"x\\",\\"b\\":1"}', True),
        (b'{"a":"x"}\n{"a":"x"y"}', False),
        (b'{"a":1}\n1', False),
        (b'1\n{"a":1}', False),
        (b'{"a":1}{"a":1}', True),
        (b'{"a":1}\x0b{"a":1}', False),
        (b'{"a":1}\n{"a":"\xff"}', False),
        (b"{}\n[]\n{}\n[ ]\n", True),
        (b"", True),
        (b" \n", True),
    ],
)
def test_adversaries(contents, taken):
    found = fitted(contents)
    assert (found is not None) == (taken and bool(contents.strip()))
    if found is not None:
        assert outcome(found, ()) == outcome(parsed(contents), ())
    buffer = PaddedBuffer.copy_of(contents)
    common = {"at_start": True, "at_end": True, "scratch": Scratch()}
    block = read_block(buffer, len(contents), (), fitting=Fitting(Slots(())), **common)
    assert outcome(block, ()) == outcome(parsed(contents), ())
    expected = parsed(contents).failure
    assert (block.failure and block.failure.message) == (expected and expected.message)


def test_a_name_that_comes_twice_is_left_to_the_others():
    once = b'{"a":1,"b":{"a":1}}\n'
    path = ((Name("b"), Name("a")),)
    assert fitted(once + b'{"a":1,"a":2}\n', *path) is not None
    assert fitted(once + b'{"b":{"a":1,"A":2}}\n', *path) is None
    assert fitted(once + b'{"b":{"a":1},"B":0}\n', *path) is None
    assert fitted(once + b'{"b":0,"B":{"a":1}}\n', *path) is None
    assert fitted(once + b'{"b":{"a":1},"b":{}}\n', *path) is None
    exact = ((Name("b", exact=True), Name("a", exact=True)),)
    assert fitted(once + b'{"b":{"a":1,"A":2},"B":{"a":1}}\n', *exact) is not None


INNER = (Name("b"), Name("a"))


def test_names_on_the_way_are_watched_only_where_they_may_come_twice():
    """Members in one order cannot, as long as each is left behind; in two orders they can."""
    once = b'{"b":{"a":1},"c":2}\n{"c":3}\n{"b":4}\n'
    found = fitted(once, INNER)
    assert found is not None
    assert found.width == 2
    assert outcome(found, INNER) == outcome(parsed(once), INNER)
    both = once + b'{"c":1,"b":{"a":5}}\n{"b":{},"c":7}\n'
    found = fitted(both, INNER)
    assert found is not None
    assert found.width == 3
    assert outcome(found, INNER) == outcome(parsed(both), INNER)
    for twice in (b'{"b":{"a":1},"c":1,"b":2}', b'{"b":0,"c":1,"b":{"a":1}}', b'{"b":{},"c":1,"b":{}}'):
        assert fitted(both + twice, INNER) is None
        assert read_block_outcome(both + twice, INNER) == outcome(parsed(both + twice), INNER)


members = st.sampled_from(
    ['"b":{"a":%d}', '"b":%d', '"B":[%d]', '"c":"%d"', '"b":{"c":%d}', '"d":{"b":{"a":%d}}']
)


@given(st.lists(st.lists(members, min_size=1, max_size=3), min_size=1, max_size=6), st.data())
def test_members_in_any_order_and_twice(records, data):
    numbers = iter(range(100))
    lines = ["{" + ",".join(member % next(numbers) for member in record) + "}" for record in records]
    order = data.draw(st.lists(st.sampled_from(lines), min_size=1, max_size=12))
    contents = "\n".join(order).encode()
    for steps in (INNER, (Name("b", exact=True), Name("a")), (Name("d"), Name("b"), Name("a")), (Name("b"),)):
        found = fitted(contents, steps)
        if found is not None:
            assert outcome(found, steps) == outcome(parsed(contents), steps)
        assert read_block_outcome(contents, steps) == outcome(parsed(contents), steps)


def test_one_value_of_two_paths_is_left_to_the_others():
    assert fitted(b'{"a":1}', (Name("a"),), (Name("a", exact=True),)) is None
    assert fitted(b'{"b":1}', (Name("a"),), (Name("a", exact=True),)) is not None


def test_list_positions_are_told_apart_as_far_as_named():
    contents = b'{"a":[1,2,3]}\n{"a":[[4],5]}\n{"a":[]}\n{"a":[6,7,8,9,10,11,12]}\n{"a":{"a":3}}\n'
    named = [(Name("a"), Index(number)) for number in range(4)]
    found = fitted(contents, *named)
    assert found is not None
    for steps in [*named, (Name("a"), Index(6)), (Name("a"),), (Name("a"), Elements())]:
        assert outcome(found, steps) == outcome(parsed(contents), steps)
    assert fitted(contents, (Name("a"), Index(1000))) is None


def test_a_named_container_ends_where_it_ends():
    contents = b'{"a":{"b":[1,{}],"c":[[]]},"b":2}\n{"a":[],"b":{}}\n{"a":[[{"x":"}"}]]}\n'
    for steps in [(Name("a"),), (Name("b"),), (Name("a"), Name("b")), (Name("a"), Name("c"), Index(0))]:
        found = fitted(contents, steps)
        assert found is not None
        assert outcome(found, steps) == outcome(parsed(contents), steps)


def test_links_longer_than_a_vector():
    names = [f"{'name' * 40}{number}" for number in range(3)]
    record = json.dumps({name: {name: []} for name in names} | {"a": 1}).encode()
    other = record.replace(b"name1", b"nome1")
    contents = record + b"\n" + record.replace(b"1}", b"2}") + b"\n" + other
    found = fitted(contents, (Name("a"),), (Name(names[1]),))
    assert found is not None
    for steps in [(Name("a"),), (Name(names[1]),), (Name(names[1]), Name(names[1]))]:
        assert outcome(found, steps) == outcome(parsed(contents), steps)


def test_only_what_is_white_space_outside_strings_makes_records_loose():
    assert fitted(b'{"a b":" ", "c":1}') is not None
    for contents, compact in [
        (b' {"a b":" x"}\n\n{"a b":""} ', True),
        (b'{"a":1, "b":2}', False),
        (b'{"a":1}\n{"a":"\\n"}', False),
        (b'{"a": 1}', False),
        (b"[ ]", False),
        (b'{"' + b"a" * 100 + b'" :1}', False),
    ]:
        found = fitted(contents)
        assert found is not None
        assert found.compact == compact


def test_record_limit():
    longest = b'{"a":"' + b"x" * (MAX_RECORD_BYTES - 8) + b'"}'
    assert fitted(b'{"a":""} ' + longest) is not None
    assert fitted(b'{"a":""} ' + longest.replace(b'"}', b'y"}')) is None
    assert fitted(longest) is None  # too long to learn from
    # Nor is it looked for whether one that is cut off has a fault.
    assert fitted(b'{"a":""} ' + longest[:-1], at_end=False) is None


def test_a_block_of_one_record_that_is_cut_off_is_left_to_the_others():
    assert fitted(b'{"a":', at_end=False) is None


def test_too_many_layouts_are_not_learnt():
    fitting = Fitting(Slots(()))
    names = [f'{{"{number}":{number}}}\n'.encode() for number in range(200)]
    assert fitted(b"".join(names), fitting=fitting) is None
    assert fitted(names[0], fitting=fitting) is None  # no more is tried


def test_blocks_that_do_not_fit_end_it():
    fitting = Fitting(Slots(()))
    for _ in range(json_fitted._MOST_MISSES):
        assert fitted(b'{"a":1}', fitting=fitting) is not None
        assert fitted(b'{"a":1}\n1', fitting=fitting) is None
    assert fitted(b'{"a":1}', fitting=fitting) is None


def test_what_needs_too_many_links_is_read_in_the_other_way(monkeypatch):
    monkeypatch.setattr(json_fitted, "_BYTES_PER_TRY", 5.5)
    for contents, goes_on in [
        (b"[1,2,3,4,5,6,7,8]", False),
        (b'{"number":1,"text":"x"}\n' * 2, True),
        (b'{"number":1,"text":"x"}\n{"text":"x","number":1}\n' * 9, False),
        (b'{"number":1,"text":"\\n\\n\\n"}\n' * 9, False),
        (b'{"number":1e5,"text":"x"}\n' * 9, False),
    ]:
        fitting = Fitting(Slots(()))
        assert fitted(contents, fitting=fitting) is not None
        assert (fitted(contents, fitting=fitting) is not None) == goes_on


def test_more_records_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(json_fitted, "_BYTES_PER_RECORD", 16)
    assert fitted(b'{"a":1}\n' * 100) is None
    assert fitted(b'{"a":"12345678"}\n' * 100) is not None


def test_short_blocks_are_read_in_the_other_way(monkeypatch):
    monkeypatch.setattr(json_fitted, "_LEAST_BYTES", 100)
    assert fitted(b'{"a":1}\n' * 12) is None
    assert fitted(b'{"a":1}\n' * 13) is not None


def test_a_layout_of_many_choices_is_given_up(monkeypatch):
    monkeypatch.setattr(json_layout, "_MOST_CHOICES", 2)
    assert fitted(b'{"a":1}{"b":1}') is not None
    assert fitted(b'{"a":1}{"b":1}{"c":1}') is None
    monkeypatch.setattr(json_layout, "_MOST_VALUES", 3)
    assert fitted(b"[1,2]") is not None
    assert fitted(b"[1,2,3]") is None


def test_only_the_rows_asked_for():
    contents = b'{"a":1}\n{"a":[2]}\n{"b":3}\n'
    found = fitted(contents, (Name("a"),))
    assert found is not None
    batch = batch_of(found, (), FirstFailure()).take(np.array([1, 2], np.intp))
    assert batch.path((Name("a"),)).to_python() == ["[2]", ...]
    assert batch.row().to_python() == ['{"a":[2]}', '{"b":3}']
    assert batch.path((Name("a"), Elements())).to_python() == ["[2]", "[]"]
    assert found.first(1).record_starts().tolist() == [0]
    assert found.record_starts().tolist() == [0, 8, 18]


def test_workers_share_what_is_learnt():
    lines = [
        json.dumps({"a": number, **({"b": [number] * (number % 4)} if number % 3 else {})}).encode()
        for number in range(400)
    ]
    contents = b"\n".join(lines)
    for _ in range(10):
        fitting = Fitting(Slots([(Name("a"),)]))
        barrier = threading.Barrier(4)

        def read(fitting: Fitting = fitting, barrier: threading.Barrier = barrier) -> list[object]:
            barrier.wait()
            found = fitted(contents, fitting=fitting)
            assert found is not None
            return outcome(found, (Name("a"),))

        with ThreadPoolExecutor(4) as pool:
            answers = [future.result() for future in [pool.submit(read) for _ in range(4)]]
        assert answers == [outcome(parsed(contents), (Name("a"),))] * 4
