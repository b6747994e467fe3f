from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.formats.batch import FirstFailure
from s3sql.formats.json import JsonBatch, JsonBlock, index_block
from s3sql.formats.scratch import Scratch
from s3sql.functions.comparison import compare, trues
from s3sql.limits import MAX_JSON_DEPTH, MAX_RECORD_BYTES
from s3sql.payloads import Text
from s3sql.plan.expr import Elements, Index, Members, Name, Step
from s3sql.types import Column, Kind
from tests.formats.json_texts import damaged_objects, objects, paths
from tests.twins import json_rows as twin


def parse(contents: bytes, *, at_end: bool = True, at_start: bool = True, base: int = 0) -> JsonBlock:
    buffer = PaddedBuffer.copy_of(contents + b'"[{1')  # what stands behind a block must not matter
    return index_block(buffer, len(contents), at_start=at_start, at_end=at_end, scratch=Scratch(), base=base)


def batch_of(contents: bytes, path: tuple[Step, ...] = (), *, at_end: bool = True) -> JsonBatch:
    return JsonBatch.of(parse(contents, at_end=at_end), path, FirstFailure())


def code_of(contents: bytes) -> str | None:
    failure = parse(contents).failure
    return None if failure is None else failure.code


def json_of(batch: JsonBatch) -> list[str]:
    """Every row as compact JSON, MISSING as the empty text."""
    return json_of_column(batch.row())


def json_of_column(column) -> list[str]:
    texts = []
    for row, tag in enumerate(column.tag_array().tolist()):
        value = column.value(row)
        if tag == Kind.MISSING:
            texts.append("")
        elif tag in (Kind.INT, Kind.DECIMAL):
            spelling = column.spelling
            texts.append(spelling.to_bytes()[row].decode())
        elif tag in (Kind.LIST, Kind.STRUCT):
            texts.append(value)
        else:
            texts.append(json.dumps(value, ensure_ascii=False))
    return texts


def twin_json(value: object) -> str:
    return "" if value is twin.MISSING else twin.compact(value)


# --- rows -------------------------------------------------------------------------------------------------


@given(objects())
def test_rows_of_well_formed_objects(contents):
    rows, valid = twin.rows_of(contents)
    block = parse(contents)
    assert valid
    assert block.failure is None
    assert block.complete
    assert json_of(JsonBatch.of(block, (), FirstFailure())) == [twin.compact(row) for row in rows]


@given(damaged_objects())
@example(b"9e223372036854775807 ")
def test_damaged_objects_give_the_rows_before_the_damage(contents):
    rows, valid = twin.rows_of(contents)
    batch = batch_of(contents)
    # Before a number is read: damage can make one that cannot be computed with.
    assert (batch.failure.error is None) == valid
    assert valid or batch.failure.row == len(rows)
    assert json_of(batch) == [twin.compact(row) for row in rows]


@given(damaged_objects(), st.data())
def test_a_cut_anywhere_changes_nothing(contents, data):
    """Blocks of any size, each continued with what the one before left, give the rows of the whole."""
    whole = batch_of(contents)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(contents)), max_size=4)))
    rows: list[str] = []
    failed = False
    tail = b""
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(contents)], strict=True)):
        last = number == len(cuts)
        piece = tail + contents[start:end]
        block = parse(piece, at_end=last, at_start=number == 0 and len(piece) >= 3)
        batch = JsonBatch.of(block, (), FirstFailure())
        rows += json_of(batch)
        failed = block.failure is not None
        if failed:
            break
        tail = piece[block.consumed :]
    assert rows == json_of(whole)
    assert failed == (whole.failure.error is not None)


def test_two_roots_on_a_line_and_one_over_several_lines():
    assert json_of(batch_of(b'{"a":1}{"a":2} [3]\n\n{\n"a"\n:\n4\n}"x"true 7')) == [
        '{"a":1}',
        '{"a":2}',
        "[3]",
        '{"a":4}',
        '"x"',
        "true",
        "7",
    ]


def test_no_rows():
    assert len(batch_of(b"").row()) == 0
    assert len(batch_of(b" \r\n\t").path((Name("a"), Elements()))) == 0
    assert len(batch_of(b"\xef\xbb\xbf", (Elements(),)).row()) == 0


def test_a_byte_order_mark_is_dropped_only_at_the_start():
    assert json_of(batch_of(b"\xef\xbb\xbf[1]")) == ["[1]"]
    failure = parse(b"\xef\xbb\xbf[1]", at_start=False).failure
    assert failure is not None
    assert failure.code == "JSONParsingError"


def test_record_starts_are_the_first_bytes():
    assert parse(b' {"a":1} "x"\n12 ').record_starts().tolist() == [1, 9, 13]


@pytest.mark.parametrize(
    ("contents", "consumed", "rows"),
    [
        (b'{"a":1}\n', 8, 1),
        (b'{"a":1}\n{"a"', 8, 1),
        (b"12", 0, 0),
        (b"12 ", 3, 1),
        (b"1 tr", 2, 1),
        (b'"a', 0, 0),
        (b'["a\\', 0, 0),
        (b"-", 0, 0),
        (b"  [[]", 2, 0),
        (b"[1e", 0, 0),
        (b'{"a" ', 0, 0),
        ('"é'.encode()[:-1], 0, 0),
    ],
)
def test_an_incomplete_value_is_left_for_the_next_block(contents, consumed, rows):
    block = parse(contents, at_end=False)
    assert block.failure is None
    assert block.consumed == consumed
    assert len(block.roots) == rows
    assert block.complete == (consumed == len(contents))


# --- errors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "contents",
    [
        b"tru",
        b"truex",
        b"nulll",
        b"01",
        b"-01",
        b"1.",
        b".5",
        b"1e",
        b"+1",
        b"-",
        b"0x10",
        b"NaN",
        b"Infinity",
        b"1-2",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b"[1}",
        b'{"a":1,}',
        b'{"a":1 "b":2}',
        b'{"a",1}',
        b'{"a"}',
        b'{"a":}',
        b"{a:1}",
        b"{1:2}",
        b"{,}",
        b"[",
        b"{",
        b'{"a":1}]',
        b"1,2",
        b'{"a":1},{"a":2}',
        b"'a'",
        b'"a',
        b'"\\x"',
        b'"\\u12g4"',
        b'"\\u12"',
        b'"\\"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\\ud800\\n"',
        b'"a\nb"',
        b'"\x00"',
        b"\x00",
        b"// 1",
        b"[1] \\",
        b'\\"a"',
    ],
)
def test_what_is_not_json(contents):
    assert code_of(contents) == "JSONParsingError"
    assert not twin.rows_of(contents)[1]


def test_the_message_says_what_and_where():
    failure = parse(b'{"a":1}\n{"a" 2}', base=1000).failure
    assert failure is not None
    assert "'2' stands where a colon is expected" in failure.message
    assert "at byte 1,013" in failure.message


def test_an_object_in_utf_16():
    for encoding in ("utf-16-le", "utf-16-be"):
        assert code_of('\ufeff{"a":1}'.encode(encoding)) == "InvalidTextEncoding"


def test_text_that_is_not_utf8():
    assert code_of(b'"\xff"') == "InvalidTextEncoding"
    assert code_of(b'{"a":"x"}{"a":"\xc3"}') == "InvalidTextEncoding"
    assert len(parse(b'{"a":"x"}{"a":"\xc3"}').roots) == 1
    assert parse(b'{"a":"x"}{"a":"\xc3"}').consumed == 9


def code_after(before: bytes, rest: bytes) -> str | None:
    """What the first block that fails reports, the contents being cut between the two."""
    block = parse(before, at_end=False)
    if block.failure is None:
        block = parse(before[block.consumed :] + rest, at_start=block.consumed == 0)
    return None if block.failure is None else block.failure.code


@pytest.mark.parametrize(
    ("contents", "code"),
    [
        (b'{"a":"\xff"}\n{"a" 1}\n', "InvalidTextEncoding"),
        (b'{"a":"\xff" 1}\n', "InvalidTextEncoding"),
        (b'{"a" 1,"b":"\xff"}\n', "JSONParsingError"),
        (b'{"a" 1}\n{"a":"\xff"}\n', "JSONParsingError"),
        (b'{"a":\xff}', "JSONParsingError"),
        (b'{"a":"x\xc3', "InvalidTextEncoding"),
    ],
)
def test_the_earlier_of_two_faults_counts_wherever_a_block_ends(contents, code):
    assert {code_after(contents[:cut], contents[cut:]) for cut in range(len(contents) + 1)} == {code}


def test_text_that_is_not_utf8_in_a_value_that_is_too_long():
    long = bytearray(b'"' + b"a" * (MAX_RECORD_BYTES + 10) + b'"')
    assert code_of(bytes(long[:5]) + b"\xff" + bytes(long[6:])) == "InvalidTextEncoding"
    assert code_of(bytes(long[:-3]) + b"\xff" + bytes(long[-2:])) == "OverMaxRecordSize"
    across = bytes(long[: MAX_RECORD_BYTES - 1]) + "é€".encode() + b'aaaa"'
    assert code_of(across) == "OverMaxRecordSize"


def test_a_wrong_escape_in_a_value_that_is_too_long():
    long = b'{"a":"\\u00' + b" " * (MAX_RECORD_BYTES + 50) + b'"}'
    cuts = (MAX_RECORD_BYTES + 1, MAX_RECORD_BYTES + 30, len(long) - 2, len(long))
    assert {code_after(long[:cut], long[cut:]) for cut in cuts} == {"JSONParsingError"}
    behind = b'"' + b"a" * MAX_RECORD_BYTES + b'\\u00"'
    assert {code_after(behind[:cut], behind[cut:]) for cut in (len(behind) - 1, len(behind))} == {
        "OverMaxRecordSize"
    }


def test_a_compressed_object_is_an_encoding_error():
    """Its first bytes are no JSON either, but the encoding is what is wrong."""
    assert code_of(b"\x1f\x8b\x08\x00\x00\x00\x00\x00") == "InvalidTextEncoding"
    assert code_of(b"BZh91AY&SY") == "InvalidTextEncoding"


def test_nesting_limit():
    assert code_of(b"[" * MAX_JSON_DEPTH + b"]" * MAX_JSON_DEPTH) is None
    assert code_of(b"[" * (MAX_JSON_DEPTH + 1) + b"]" * (MAX_JSON_DEPTH + 1)) == "JSONParsingError"
    deep = b'{"a":' * MAX_JSON_DEPTH + b"1" + b"}" * MAX_JSON_DEPTH
    assert json_of(batch_of(deep + b" " + deep)) == [deep.decode()] * 2


def test_record_limit():
    longest = b'"' + b"a" * (MAX_RECORD_BYTES - 2) + b'"'
    assert code_of(longest) is None
    assert code_of(b'"a' + longest[1:]) == "OverMaxRecordSize"
    block = parse(b"1 [" + b"1," * (MAX_RECORD_BYTES // 2 + 1), at_end=False)
    assert block.failure is not None
    assert block.failure.code == "OverMaxRecordSize"
    assert len(block.roots) == 1


def test_the_failure_is_reported_behind_the_last_row():
    batch = batch_of(b'{"a":[1,2]}\n{"a":[3]}\n{', (Name("a"), Elements()))
    assert batch.failure.row == 3
    assert batch.failure.error is not None
    assert batch.failure.error.code == "JSONParsingError"


# --- values -----------------------------------------------------------------------------------------------


def test_kinds_of_numbers():
    column = batch_of(
        b"7 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 1.0 1e2 -0"
    ).row()
    assert [Kind(tag).name for tag in column.tag_array()] == [
        "INT",
        "INT",
        "DECIMAL",
        "INT",
        "DECIMAL",
        "DECIMAL",
        "DECIMAL",
        "INT",
    ]
    assert [str(value) for value in column.to_python()] == [
        "7",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "1.0",
        "1E+2",
        "0",
    ]
    assert column.spelling is not None
    assert column.spelling.to_bytes()[6:] == [b"1e2", b"-0"]


def test_strings_are_decoded():
    column = batch_of(b'"plain" "a\\u00e9\\n\\/" "\\ud83d\\ude00" "" 5').row()
    assert column.to_python() == ["plain", "aé\n/", "😀", "", 5]


def test_a_number_without_a_possible_scale_fails_its_row_when_it_is_read():
    batch = batch_of(b"1 1e99999999999 2.5")
    column = batch.row()
    assert column.spelling is not None
    assert column.spelling.to_bytes() == [b"1", b"1e99999999999", b"2.5"]
    assert column.take(np.array([0, 2])).to_python() == [1, Decimal("2.5")]
    assert batch.failure.row is None
    assert column.take(np.array([1])).to_python() == [0]
    assert batch.failure.row == 1
    assert batch.failure.error is not None
    assert batch.failure.error.code == "ExternalEvalException"


def test_a_comparison_reads_only_numbers_that_it_compares():
    """Beside values of other kinds as alone: how a scan is cut must not matter."""
    for others in (b"", b' "x" 1 null'):
        batch = batch_of(b"1e99999999999" + others)
        column = batch.row()
        text = Column.of(Kind.STRING, Text.constant("x", column.length))
        assert trues(compare("=", column, text, batch.fail)).tolist() == [
            False,
            *[True, False, False][: column.length - 1],
        ]
        assert batch.failure.row is None
        number = Column.of(Kind.INT, np.ones(column.length, np.int64))
        compare("=", column, number, batch.fail)
        assert batch.failure.row == 0


@given(objects(), st.data())
def test_lists_and_structs_are_compact_in_whichever_rows_they_are_asked_for(contents, data):
    loose = b"\n" + json.dumps([1, {"a": [2]}], indent=1).encode() + b"\n" + contents
    roots, _ = twin.rows_of(loose)
    column = batch_of(loose).row()
    rows = data.draw(st.lists(st.integers(0, len(roots) - 1)))
    taken = column.take(np.array(rows, np.intp))
    assert json_of_column(taken) == [twin_json(roots[row]) for row in rows]
    assert json_of_column(taken.take(np.arange(len(rows))[::-1])) == [
        twin_json(roots[row]) for row in rows[::-1]
    ]


def test_containers_are_compact_and_canonical():
    text = b'{ "b" : [ 1.50 , "\\u0041\\/\\u001F" ] , "b" : { } }'
    assert batch_of(text).row().to_python() == ['{"b":[1.50,"A/\\u001f"],"b":{}}']


# --- paths ------------------------------------------------------------------------------------------------


@given(objects(), paths)
def test_paths_from_rows(contents, steps):
    roots, _ = twin.rows_of(contents)
    batch = batch_of(contents)
    column = batch.path(steps)
    found = json_of_column(column)
    first = None
    for row, root in enumerate(roots):
        try:
            expected = twin.value_at(root, steps)
        except twin.AmbiguousError:
            first = row if first is None else first
            continue
        assert found[row] == twin_json(expected)
    assert batch.failure.row == first
    assert first is None or batch.failure.error.code == "AmbiguousFieldName"


@given(objects(), paths)
def test_from_paths(contents, steps):
    roots, _ = twin.rows_of(contents)
    batch = batch_of(contents, steps)
    try:
        expected = twin.range_over(roots, steps)
    except twin.AmbiguousError:
        assert batch.failure.error is not None
        assert batch.failure.error.code == "AmbiguousFieldName"
        return
    assert batch.failure.row is None
    assert json_of(batch) == [twin_json(value) for value in expected]
    assert batch.missing().tolist() == [value is twin.MISSING for value in expected]


def test_a_wildcard_in_from_gives_every_value_a_row():
    contents = b'{"a":[]}{"a":[1,{"z":2}]}{"b":1}{"a":5}{"a":null}'
    assert json_of(batch_of(contents, (Name("a"), Elements()))) == ["", "1", '{"z":2}', "", "5", "null"]
    assert json_of(batch_of(b'{"a":1,"b":[2]}{}', (Members(),))) == ["1", "[2]", ""]


def test_names():
    batch = batch_of('{"Ab":1,"ab":2,"c\\u0044":3,"\u212a":4}'.encode())
    assert batch.path((Name("Ab", exact=True),)).to_python() == [1]
    assert batch.path((Name("CD"),)).to_python() == [3]
    assert batch.path((Name("cd", exact=True),)).to_python() == [...]
    assert batch.path((Name("k"),)).to_python() == [...]
    assert batch.failure.row is None
    batch.path((Name("AB"),))
    assert batch.failure.row == 0


def test_identical_names_are_ambiguous_even_in_quotes():
    batch = batch_of(b'{"a":1}{"a":1,"a":1}{"a":1,"a":1}')
    assert batch.path((Name("a", exact=True),)).to_python() == [1, None, None]
    assert batch.failure.row == 1


def test_only_the_rows_asked_for_can_fail():
    batch = batch_of(b'{"a":1,"A":1}{"a":2}{"a":3,"A":3}')
    narrow = batch.take(np.array([1], np.intp))
    assert narrow.path((Name("a"),)).to_python() == [2]
    assert narrow.rows.tolist() == [1]
    assert batch.failure.row is None


def test_a_wildcard_in_an_expression_gives_a_list():
    batch = batch_of(b'{"p":[{"n":1},{"m":2},{"n":[3]}]}{"p":{"n":"x"}}{}{"p":null}')
    assert batch.path((Name("p"), Elements(), Name("n"))).to_python() == ["[1,[3]]", '["x"]', "[]", "[]"]
    assert batch.path((Name("p"), Elements())).to_python()[3] == "[null]"
    assert batch.path((Name("p"), Index(0), Members())).to_python() == ["[1]", "[]", "[]", "[]"]


@pytest.mark.parametrize(
    ("contents", "compact"),
    [
        (b'{"a":[1,"x y"]}\n[]\r\n', True),
        (b' {"a":1}{"b":2} {"c": ', True),
        (b'{"a": 1}\n', False),
        (b'{"a":1} {"b":[1, 2]} {"c', False),
        (b'{"a":"\\n"}', False),
        (b'{"a":1}{"b":"\\', True),
    ],
)
def test_compact_blocks_are_recognised(contents, compact):
    assert parse(contents, at_end=False).compact == compact
