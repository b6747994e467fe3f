from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from s3sql.exec.delimiter_run import counted_from
from tests.exec.lines import Source


def ends_of(text: bytes, delimiter: bytes, start: int) -> list[int]:
    """Where the delimiters end, counted from *start*."""
    ends = []
    while (start := text.find(delimiter, start)) >= 0:
        start += len(delimiter)
        ends.append(start)
    return ends


@given(st.sampled_from([";", "é", "€", "😀"]), st.data())
def test_delimiters_are_those_counted_from_the_beginning(character: str, data: st.DataObject) -> None:
    pieces = st.sampled_from(["a", character, character * 2, character * 61, "ä", "b"])
    text = "".join(data.draw(st.lists(pieces, max_size=12))).encode()
    begin = data.draw(st.integers(1, max(len(text), 1)))
    unit = character.encode()
    start = counted_from(Source(text), begin, unit)
    assert max(begin - 4 * len(unit), 0) <= start <= begin
    counted = [end for end in ends_of(text, 2 * unit, start) if end >= begin]
    assert counted == [end for end in ends_of(text, 2 * unit, 0) if end >= begin]


def test_a_long_run_is_read_in_pieces() -> None:
    source = Source(b"a" + b";" * 5_000_000)
    assert counted_from(source, 4_000_000, b";") == 3_999_997
    assert counted_from(source, 4_000_001, b";") == 3_999_999
    assert max(length for _, length in source.reads) <= 1 << 20
    # A store that gives less at a time than was asked for.
    ragged = Source(b"a" + b";" * 1000)
    whole = ragged.read_into
    ragged.read_into = lambda buffer, offset: whole(buffer[:7], offset)  # type: ignore[method-assign]
    assert counted_from(ragged, 900, b";") == 897
