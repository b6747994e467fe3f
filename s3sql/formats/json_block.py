"""A block of JSON text, parsed: the tape of its values and where its rows are.

In: a padded buffer of JSON values one behind the other.  Out: :class:`JsonBlock`; rows before the first
error are good, and an incomplete value at the end is left for the next block.

Source of the rules: RFC 8259; AWS S3 User Guide, "Filtering and retrieving data" (a record is at most 1 MB).
"""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass, replace

import numpy as np

from s3sql.buffers import PADDING, Bytes, PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats.scratch import Scratch
from s3sql.kernels import json_index, json_paths, json_tape
from s3sql.kernels.text import join
from s3sql.kernels.utf8 import first_invalid_utf8
from s3sql.limits import MAX_JSON_DEPTH, MAX_RECORD_BYTES
from s3sql.payloads import Int32s, Text

#: AWS names multiples of this in InvalidTextEncoding.
_DECODED_AT_ONCE = 8192

#: How objects begin that are no text in UTF-8: compressed by gzip or bzip2, or in UTF-16.
_NO_UTF_8 = (b"\x1f\x8b", b"BZh", b"\xff\xfe", b"\xfe\xff")
_LONGEST_MAGIC = max(map(len, _NO_UTF_8))

#: Bytes of the longest escape, a pair of surrogates.
_ESCAPE_BYTES = 12

#: An incomplete value up to this long is looked at again, to know whether the values before it are compact.
_SHORT_TAIL = 1 << 16

_BLANKS = b" \t\r\n"
_OPENING = ord("[")

_FAULTS = {
    json_tape.EXPECTED_VALUE: "{found} stands where a JSON value is expected",
    json_tape.EXPECTED_NAME: "{found} stands where the quoted name of a member is expected",
    json_tape.EXPECTED_COLON: "{found} stands where a colon is expected behind the name of a member",
    json_tape.EXPECTED_COMMA: "{found} stands where a comma or the end of the list or object is expected",
    json_tape.WRONG_LITERAL: "{found} stands in a word that is none of true, false and null",
    json_tape.WRONG_NUMBER: "{found} stands in a number where JSON does not allow it",
    json_tape.WRONG_ESCAPE: "a backslash in a string does not begin an escape that JSON has",
    json_tape.LONELY_SURROGATE: "an escape is one half of a surrogate pair, which is not a character",
    json_tape.RAW_CONTROL: "{found} stands in a string without being escaped",
    json_tape.TOO_DEEP: f"lists and objects are nested deeper than {MAX_JSON_DEPTH} levels",
}


@dataclass(frozen=True, slots=True)
class JsonBlock:
    """Root values on a tape (:mod:`s3sql.kernels.json_tape`).

    ``length``: the bytes of the buffer that were parsed.
    ``roots``: the tape numbers of the complete root values before the first error, in order.
    ``consumed``: where the complete values end; the whole length if nothing but white space is behind them.
    ``failure``: what is wrong in the record behind the last of ``roots``.
    ``compact``: every list and struct is known to be written without white space and escapes.
    """

    buffer: Bytes
    length: int
    tape: Int32s
    roots: Int32s
    consumed: int
    failure: S3SelectError | None
    compact: bool

    @property
    def complete(self) -> bool:
        """Whether the block is free of errors and ends between two values."""
        return self.failure is None and self.consumed == self.length

    def first(self, count: int) -> JsonBlock:
        """The first *count* root values alone, without a failure behind them."""
        return replace(self, roots=self.roots[:count], failure=None)

    def record_starts(self) -> Int32s:
        """The offset of the first byte of every root value."""
        return _root_slices(self.tape, self.roots)[0]


def index_block(
    buffer: PaddedBuffer,
    length: int,
    *,
    at_start: bool,
    at_end: bool,
    scratch: Scratch,
    base: int = 0,
    longest: int = MAX_RECORD_BYTES,
) -> JsonBlock:
    """Parse the first *length* bytes of *buffer*.

    ``at_start``: the block begins the object, so a byte order mark is dropped. ``at_end``: nothing follows,
    so an incomplete value is an error. ``base``: where in the object the block begins, for messages.
    ``longest``: bytes that a root value may have.
    The tape lies in *scratch* and is valid until the next block is indexed with it.

    ``failure`` is ``JSONParsingError``, ``InvalidTextEncoding`` or ``OverMaxRecordSize``.
    """
    array = buffer.array
    start = text_start(array, length) if at_start else 0
    block, status, where = _parse(array, start, length, at_end, longest, scratch)
    failure = _failure(status, where, block.consumed, array, length, at_end, base, longest)
    if failure is not None and failure.code == "OverMaxRecordSize":
        begin = where if status == json_tape.TOO_LONG else block.consumed
        status, where = _first_fault(array[begin:length], longest)
        where += begin
        failure = _failure(status, where, block.consumed, array, length, at_end, base, longest)
    if (
        at_start
        and failure is not None
        and array[: min(length, _LONGEST_MAGIC)].tobytes().startswith(_NO_UTF_8)
    ):
        invalid = 0  # its first bytes are no JSON either, but that it is no text is what is wrong
    else:
        invalid = _first_invalid(array, start, block, status, where, at_end, longest)
    if invalid < 0 and failure is None:
        return block
    roots, consumed = block.roots, block.consumed
    if invalid >= 0:
        ends = _root_slices(block.tape, roots)[1]
        roots = roots[: int(np.searchsorted(ends, invalid, side="right"))]
        consumed = int(ends[len(roots) - 1]) if len(roots) else start
        failure = S3SelectError(
            "InvalidTextEncoding",
            "UTF-8 encoding is required. The text encoding error was found near byte "
            f"{((base + invalid) // _DECODED_AT_ONCE + 1) * _DECODED_AT_ONCE:,}.",
        )
    return replace(block, roots=roots, consumed=consumed, failure=failure)


def text_start(array: Bytes, length: int) -> int:
    """Where the text of an object begins that begins with these bytes: behind a byte order mark."""
    return len(BOM_UTF8) if array[: min(length, len(BOM_UTF8))].tobytes() == BOM_UTF8 else 0


def block_of(text: Text) -> JsonBlock:
    """The compact JSON values of *text* as a block; root i is value i.

    Raises :class:`S3SelectError` ``JSONParsingError`` if a literal nests them too deep.
    """
    room = int((text.ends - text.starts).sum(dtype=np.int64)) + len(text)
    joined = np.empty(room + PADDING, np.uint8)
    length = join(text.buffer, text.starts, text.ends, ord("\n"), joined)
    block, status, where = _parse(joined, 0, length, True, length, Scratch())
    if status != json_tape.COMPLETE:
        failure = _failure(status, where, block.consumed, joined, length, True, 0, length)
        assert failure is not None
        raise failure
    return replace(block, compact=True)


def _parse(
    array: Bytes, start: int, end: int, at_end: bool, longest: int, scratch: Scratch
) -> tuple[JsonBlock, int, int]:
    """Run both passes over ``array[start:end]``: the block without its failure, the status and its offset."""
    index = scratch.int32s("json index", end - start + json_index.INDEX_SLACK)
    totals = np.empty(json_index.TOTALS, np.int64)
    json_index.index_structure(array, start, end, index, totals)
    values = int(totals[json_index.VALUES])
    tape = scratch.int32s("json tape", values * json_tape.WIDTH)
    roots = scratch.int32s("json roots", values)
    outcome = np.empty(json_tape.OUTCOME, np.int64)
    containers = np.empty(MAX_JSON_DEPTH, np.int32)
    json_tape.build_tape(array, start, end, at_end, longest, index, totals, tape, roots, containers, outcome)
    status, where, consumed, count, backslash = outcome.tolist()
    roots = roots[:count]
    compact = False
    if status <= json_tape.INCOMPLETE and consumed <= backslash and end - consumed <= _SHORT_TAIL:
        starts, ends = _root_slices(tape, roots)
        between = (consumed - start) - int((ends - starts).sum(dtype=np.int64))
        blanks = int(totals[json_index.BLANKS])
        json_index.index_structure(array, consumed, end, index, totals)
        compact = between == blanks - int(totals[json_index.BLANKS])
    return JsonBlock(array, end, tape, roots, consumed, None, compact), status, where


def _first_fault(value: Bytes, longest: int) -> tuple[int, int]:
    """Status and place of what is wrong first in a value of more than *longest* bytes, without its end.

    That is its length, unless something else is wrong before: what an unfinished string holds is judged only
    once it ends, so it is given an end here, behind the bytes that count.
    """
    held = min(len(value), longest + _ESCAPE_BYTES)
    beginning = PaddedBuffer.copy_of(value[:held].tobytes() + b'"')
    _, status, where = _parse(beginning.array, 0, held + 1, False, held + 1, Scratch())
    if status in (json_tape.COMPLETE, json_tape.INCOMPLETE, json_tape.TOO_LONG) or where >= longest:
        return json_tape.TOO_LONG, 0
    return status, where


def _root_slices(tape: Int32s, roots: Int32s) -> tuple[Int32s, Int32s]:
    """Where the root values start and end, quotes included."""
    starts = np.empty(len(roots), np.int32)
    ends = np.empty(len(roots), np.int32)
    json_paths.source_slices(tape, roots, starts, ends)
    return starts, ends


def _failure(
    status: int, where: int, consumed: int, array: Bytes, length: int, at_end: bool, base: int, longest: int
) -> S3SelectError | None:
    """The error that a status of the parser means, if any."""
    if status == json_tape.COMPLETE:
        return None
    if status == json_tape.TOO_LONG or (status == json_tape.INCOMPLETE and length - consumed > longest):
        start = where if status == json_tape.TOO_LONG else consumed
        error = too_long(base + start)
        while start < length and array[start] in _BLANKS:
            start += 1
        if start < length and array[start] == _OPENING:
            error.hint = (
                "it is a list; FROM S3Object[*][*] reads its elements as rows, in a list of any length"
            )
        return error
    if status == json_tape.INCOMPLETE:
        if not at_end:
            return None
        reason = "the object ends inside a value"
        where = length
    else:
        reason = _FAULTS[status].format(found=_shown(array, where, length))
    return S3SelectError(
        "JSONParsingError",
        f"The object is not valid JSON: {reason}, at byte {base + where:,}.",
    )


def too_long(place: int) -> S3SelectError:
    """The error for the value at *place*, an offset in the object's text, which is too long for a record."""
    return S3SelectError(
        "OverMaxRecordSize",
        f"The JSON value that begins at byte {place:,} is longer than {MAX_RECORD_BYTES:,} bytes, "
        "the most a record may have.",
        hint="one JSON value is one record; written as JSON lines, one value a line, an object has any size",
    )


def _shown(array: Bytes, where: int, length: int) -> str:
    """The character at *where* for a message."""
    if where >= length:
        return "the end of the object"
    byte = int(array[where])
    if 32 < byte < 127:
        return f"'{chr(byte)}'"
    if byte < 128:
        return f"the character U+{byte:04X}"
    return f"the byte 0x{byte:02x}"


def _first_invalid(
    array: Bytes, start: int, block: JsonBlock, status: int, where: int, at_end: bool, longest: int
) -> int:
    """The first byte that is not UTF-8 before what else is wrong; -1 if there is none.

    The earlier of two faults counts, wherever blocks end (Choice).
    """
    if status == json_tape.COMPLETE or (status == json_tape.INCOMPLETE and not at_end):
        end = block.consumed
    elif status == json_tape.TOO_LONG:
        # A value is too long from the byte behind the longest one on, which may be within a character.
        end = where + longest
        while end > where and array[end] & 0xC0 == 0x80:
            end -= 1
    else:
        end = where
    return int(first_invalid_utf8(array, start, end))
