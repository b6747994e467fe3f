"""JSON whose root lists are ranged over (``FROM S3Object[*][*]``): every element is a record of its own.

In: the type of JSON and the FROM path, whose first step is ``[*]``.  Out: morsels that may end between two
elements of a root list, so that a list of any length is read in constant memory, and batches of their rows.

What is cut off a list stays a list for the parser: a morsel that goes on in one has :data:`_LEAD` before its
text, and the comma at which it is cut is read as the closing bracket.

    object          [{"a":1}, {"a":2}, {"a":3}]
    morsels         [{"a":1}, {"a":2}]              and        [0, {"a":3}]
                                     ^ a comma                 ^^^ not of the object

A list may thus be longer than the longest record (extension; its elements may not), and where one of its
elements cannot be read those before it are rows. Any other root value is one record.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from s3sql.buffers import Bytes, PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats.base import Morsel, MorselRows
from s3sql.formats.batch import FirstFailure
from s3sql.formats.json import JsonBatch, JsonBlock, index_block
from s3sql.formats.json_block import too_long
from s3sql.formats.json_columns import json_slices
from s3sql.formats.json_format import JsonFormat, origins_of, starts_of_rows
from s3sql.formats.json_paths import range_over
from s3sql.formats.scratch import Scratch
from s3sql.kernels.json_array import element_cut, root_line_end
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.payloads import Int32s
from s3sql.plan.expr import Elements

#: The beginning of a list, to which a comma and further elements are added: so ``,]`` stays an error.
_LEAD = b"[0,"

_COMMA = ord(",")
_OPENING = ord("[")
_CLOSING = ord("]")
_BLANKS = b" \t\r\n"

#: The last line end is a place between two root values in most objects of one value per line.
_LINE_ENDS_TRIED = 2
#: How far before the end of what has been read one is looked for.
_LINE_END_NEAR = 64 << 10


class JsonArrayFormat(JsonFormat):
    """The JSON of one request whose FROM path begins with ``[*]`` behind ``S3Object[*]``."""

    @property
    def serial(self) -> bool:
        """Cuts are wrong only behind an error of the text."""
        return False

    @property
    def cut_by_end(self) -> bool:
        """The depth is counted from the beginning."""
        return False

    def cut(self, buffer: PaddedBuffer, length: int) -> int:
        """Behind the last comma of a root list, or between two root values."""
        array = buffer.array
        in_list = array[: len(_LEAD)].tobytes() == _LEAD
        if self.lines and not in_list:
            line_end = int(root_line_end(array, max(length - _LINE_END_NEAR, 0), length, _LINE_ENDS_TRIED))
            if line_end:
                return line_end
        end = int(element_cut(array, length, length + 1))
        return 0 if in_list and end <= len(_LEAD) else end

    def lead(self, buffer: PaddedBuffer, end: int) -> bytes:
        """The beginning of the list that goes on behind *end*; empty between two root values."""
        return _LEAD if buffer.array[end - 1] == _COMMA else b""

    def span_end(self, buffer: PaddedBuffer, stop: int, length: int) -> int:
        """The end of the line on which a root value starts before *stop*, or of the value if it is longer."""
        line_end = self.boundary(buffer, stop, length)
        if line_end < 0:
            return -1
        end = int(element_cut(buffer.array, length, line_end))
        return end if end >= line_end and buffer.array[end - 1] != _COMMA else -1

    def rows(self, morsel: Morsel, scratch: Scratch) -> MorselRows:
        """Parse the morsel and range over the elements of its root lists, then over the rest of the path."""
        if morsel.stop is not None:
            end = self.span_end(morsel.buffer, morsel.stop, morsel.length)
            if end >= 0:
                morsel = replace(morsel, length=end, at_end=False, uncut=False)
        if morsel.uncut or morsel.at_end:
            block = _parse(morsel, morsel.length, morsel.at_end, scratch)
        else:
            block = _parse_cut(morsel, morsel.length, scratch)
        if block.failure is not None:
            block = _up_to_failure(morsel, scratch)
        elif morsel.uncut and block.consumed < morsel.length:
            block = _up_to_end(morsel, block, scratch)
        return self._ranged(block, morsel)

    def _ranged(self, block: JsonBlock, morsel: Morsel) -> MorselRows:
        """The rows of a block, the elements of its root lists being the records."""
        elements = range_over(block, (Elements(),))
        # The first one is that of the lead.
        first = 1 if morsel.lead and len(elements) else 0
        records = replace(block, roots=elements[first:])
        if morsel.length > MAX_RECORD_BYTES and _longest(block) > MAX_RECORD_BYTES:
            records = _before_too_long(records, morsel)
        path = self.path[1:]
        batch = JsonBatch.of(records, path, FirstFailure())

        def starts() -> Int32s:
            own = _starts_of(block, elements)[first : first + len(records.roots)]
            return starts_of_rows(records, own, path)

        return MorselRows(batch, records.consumed, starts)


def _parse(morsel: Morsel, length: int, at_end: bool, scratch: Scratch) -> JsonBlock:
    """The first *length* bytes of the morsel; a root value may be as long as they are."""
    return index_block(
        morsel.buffer,
        length,
        at_start=morsel.start == 0,
        at_end=at_end,
        scratch=scratch,
        base=morsel.start,
        longest=length,
    )


def _parse_cut(morsel: Morsel, end: int, scratch: Scratch) -> JsonBlock:
    """The morsel up to a cut at *end*; a list that goes on there is closed."""
    array = morsel.buffer.array
    if not end or array[end - 1] != _COMMA:
        return _parse(morsel, end, False, scratch)
    array[end - 1] = _CLOSING
    block = _parse(morsel, end, False, scratch)
    array[end - 1] = _COMMA
    return block


def _up_to_failure(morsel: Morsel, scratch: Scratch) -> JsonBlock:
    """The records before the first one that cannot be read, and what is wrong with that one."""
    array = morsel.buffer.array
    # As the text was before a list in it was closed.
    whole = _parse(morsel, morsel.length, morsel.at_end, scratch)
    good, low, high = 0, max(morsel.lead, whole.consumed), morsel.length
    # Of a list that goes on it is not known whether it is text.
    failure = whole.failure
    while low < high:
        middle = (low + high + 1) // 2
        cut = int(element_cut(array, middle, middle + 1))
        if cut <= max(good, low):
            low = middle
            continue
        block = _parse_cut(morsel, cut, scratch)
        if block.complete:
            good, low = cut, middle
        else:
            high = cut - 1
            failure = whole.failure or (block.failure if morsel.uncut else None)
    start = _first_byte(array, max(good, whole.consumed, morsel.lead), morsel.length)
    if _is_too_long(morsel, start, scratch):
        failure = too_long(morsel.start + start)
    if good:
        block = _parse_cut(morsel, good, scratch)
    else:
        block = _parse(morsel, morsel.length, morsel.at_end, scratch)
    return replace(block, consumed=start, failure=failure)


def _up_to_end(morsel: Morsel, block: JsonBlock, scratch: Scratch) -> JsonBlock:
    """The complete records of a morsel that ends inside one, *block* being its complete root values."""
    array = morsel.buffer.array
    good = int(element_cut(array, morsel.length, morsel.length + 1))
    in_list = good > 0 and array[good - 1] == _COMMA
    if not in_list:
        good = block.consumed
    elif good > morsel.lead:
        block = _parse_cut(morsel, good, scratch)
        if block.failure is not None:
            return _up_to_failure(morsel, scratch)
    start = _first_byte(array, good, morsel.length)
    if start < morsel.length and array[start] == _OPENING and not in_list:
        start = _first_byte(array, start + 1, morsel.length)
    # The reader found no other place to cut at, so with its white space the element fills a morsel.
    endless = in_list and morsel.fault is None
    if not endless and morsel.length - start <= MAX_RECORD_BYTES:
        return block
    failure = _no_text(morsel, start, scratch) or too_long(morsel.start + start)
    return replace(block, consumed=start, failure=failure)


def _first_byte(array: Bytes, start: int, end: int) -> int:
    """Where white space that begins at *start* ends."""
    while start < end and array[start] in _BLANKS:
        start += 1
    return start


def _no_text(morsel: Morsel, start: int, scratch: Scratch) -> S3SelectError | None:
    """The error of a byte that is no text, before the record that begins at *start* is too long."""
    alone = PaddedBuffer.copy_of(morsel.buffer.array[start : morsel.length].data)
    place, length = morsel.start + start, morsel.length - start
    block = index_block(alone, length, at_start=False, at_end=False, scratch=scratch, base=place)
    failure = block.failure
    return failure if failure is not None and failure.code == "InvalidTextEncoding" else None


def _is_too_long(morsel: Morsel, start: int, scratch: Scratch) -> bool:
    """Whether the record that begins at *start* goes on for longer than a record may, right or wrong."""
    if morsel.length - start <= MAX_RECORD_BYTES:
        return False
    alone = PaddedBuffer.copy_of(morsel.buffer.array[start : morsel.length].data)
    block = index_block(alone, morsel.length - start, at_start=False, at_end=morsel.at_end, scratch=scratch)
    failure = block.failure
    return failure is not None and failure.code == "OverMaxRecordSize" and not len(block.roots)


def _starts_of(block: JsonBlock, elements: Int32s) -> Int32s:
    """Where every record starts: an element, or a root that is no list or an empty one."""
    present = elements >= 0
    if present.all():
        return json_slices(block, elements).starts
    starts = block.record_starts()[origins_of(block.roots, elements)]
    starts[present] = json_slices(block, elements[present]).starts
    return starts


def _longest(block: JsonBlock) -> int:
    """Bytes of the longest root value."""
    slices = json_slices(block, block.roots)
    return int((slices.ends - slices.starts).max(initial=0))


def _before_too_long(records: JsonBlock, morsel: Morsel) -> JsonBlock:
    """The records before the first one that is longer than a record may be."""
    absent = records.roots < 0
    present = np.flatnonzero(~absent) if absent.any() else None
    slices = json_slices(records, records.roots if present is None else records.roots[present])
    over = slices.ends - slices.starts > MAX_RECORD_BYTES
    if not over.any():
        return records
    found = int(np.argmax(over))
    place = int(slices.starts[found])
    first = found if present is None else int(present[found])
    failure = too_long(morsel.start + place)
    return replace(records, roots=records.roots[:first], consumed=place, failure=failure)
