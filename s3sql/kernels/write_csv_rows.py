"""Writing records: slices of one buffer in, CSV or JSON records out, a record at a time.

In: fields as slices of a padded buffer, those of record i being numbers ``first[i]`` to ``first[i + 1]``
(exclusive).  Out: the bytes of the records and where each ends, its delimiter included.

Rules: AWS S3 API Reference, CSVOutput and JSONOutput; which characters cause quotes and which escapes JSON
text uses are our choices where AWS is silent.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from s3sql.buffers import PADDING, Bytes
from s3sql.kernels.bytes import append, append_token, matches
from s3sql.kernels.compile import (
    BOOL,
    BYTES,
    BYTES_OUT,
    INT32S,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8,
    UINT64,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, byte_mask, less_than_mask, low_bits, put
from s3sql.payloads import Int32s, Int64s


@kernel(INT64(BYTES, INT32S, INT32S, BYTES, BOOL, BYTES_OUT, INT64S_OUT))
def copy_records(
    buffer: Any, starts: Any, ends: Any, delimiter: Any, in_place: Any, out: Any, record_ends: Any
) -> Any:
    """Copy records as they are, each followed by *delimiter*; returns the number of bytes written.

    ``in_place``: the one-byte delimiter stands behind every record in *buffer* too, so that neighbours
    are copied in one go.
    """
    rows = len(starts)
    target = 0
    row = 0
    size = len(delimiter)
    while row < rows:
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        put(record_ends, row, target + end - start + size)
        row += 1
        if in_place:
            while row < rows and INT64(at(starts, row)) == end + 1:
                end = INT64(at(ends, row))
                put(record_ends, row, target + end - start + 1)
                row += 1
        target = append(out, target, buffer, start, end)
        target = append_token(out, target, delimiter)
    return target


@inlined
def _special(buffer: Any, position: Any, end: Any, field: Any, quote: Any, specials: Any, sizes: Any) -> Any:
    """Whether a character that causes quotes stands at *position*."""
    if matches(buffer, position, end, field) or matches(buffer, position, end, quote):
        return True
    first = 0
    for number in range(len(sizes)):
        size = INT64(at(sizes, number))
        if position + size <= end:
            same = True
            for index in range(size):
                same = same and at(buffer, position + index) == at(specials, first + index)
            if same:
                return True
        first += size
    return False


@inlined
def _needs_quotes(
    buffer: Any, start: Any, end: Any, field: Any, quote: Any, specials: Any, sizes: Any, candidates: Any
) -> Any:
    """Whether a field holds the delimiter, the quote, or one of the other special characters."""
    offset = start
    while offset < end:
        found = UINT64(0)
        for number in range(len(candidates)):
            found |= byte_mask(buffer, offset, at(candidates, number))
        found &= low_bits(end - offset)
        if found != UINT64(0):
            for position in range(offset, min(offset + 64, end)):
                if _special(buffer, position, end, field, quote, specials, sizes):
                    return True
        offset += 64
    return False


@inlined
def _append_quoted(out: Any, target: Any, buffer: Any, start: Any, end: Any, quote: Any, escape: Any) -> Any:
    """Append a field in quotes; the quote and the escape character are escaped."""
    target = append_token(out, target, quote)
    position = start
    while position < end:
        if matches(buffer, position, end, quote):
            target = append_token(out, target, escape)
            target = append_token(out, target, quote)
            position += len(quote)
        elif matches(buffer, position, end, escape):
            target = append_token(out, target, escape)
            target = append_token(out, target, escape)
            position += len(escape)
        else:
            put(out, target, at(buffer, position))
            target += 1
            position += 1
    return append_token(out, target, quote)


@kernel(BOOL(BYTES, INT64, INT64, BYTES))
def holds_any(buffer: Any, start: Any, end: Any, candidates: Any) -> Any:
    """Whether one of the *candidates* is among the bytes between *start* and *end*."""
    for offset in range(start, end, 64):
        found = UINT64(0)
        for number in range(len(candidates)):
            found |= byte_mask(buffer, offset, at(candidates, number))
        if (found & low_bits(end - offset)) != UINT64(0):
            return True
    return False


#: Values of *quoting* in :func:`write_csv_records`.
NEVER = 0
AS_NEEDED = 1
ALWAYS = 2


@kernel(
    INT64(
        BYTES, INT32S, INT32S, INT32S, INT64, BYTES, BYTES, BYTES, BYTES, BYTES, INT64S, BYTES,
        BYTES_OUT, INT64S_OUT,
    )
)  # fmt: skip
def write_csv_records(
    buffer: Any,
    first: Any,
    starts: Any,
    ends: Any,
    quoting: Any,
    field: Any,
    record: Any,
    quote: Any,
    escape: Any,
    specials: Any,
    sizes: Any,
    candidates: Any,
    out: Any,
    record_ends: Any,
) -> Any:
    """Write CSV records; returns the number of bytes written.

    ``specials``: characters of ``sizes`` bytes each that cause quotes beside the delimiter and the quote;
    ``candidates``: every byte with which something that causes quotes can begin.
    """
    target = 0
    for row in range(len(record_ends)):
        begin = INT64(at(first, row))
        behind = INT64(at(first, row + 1))
        for number in range(begin, behind):
            if number > begin:
                target = append_token(out, target, field)
            start = INT64(at(starts, number))
            end = INT64(at(ends, number))
            if quoting == NEVER:
                target = append(out, target, buffer, start, end)
            elif quoting == ALWAYS or _needs_quotes(
                buffer, start, end, field, quote, specials, sizes, candidates
            ):
                target = _append_quoted(out, target, buffer, start, end, quote, escape)
            else:
                target = append(out, target, buffer, start, end)
        target = append_token(out, target, record)
        put(record_ends, row, target)
    return target


@inlined
def _hex_digit(value: Any) -> Any:
    """A lower-case hexadecimal digit."""
    if value < 10:
        return UINT8(48 + value)
    return UINT8(87 + value)


@inlined
def _append_escape(out: Any, target: Any, byte: Any) -> Any:
    """Append the JSON escape of a quote, a backslash or a control character."""
    put(out, target, UINT8(92))
    letter = UINT8(0)
    if byte == UINT8(34) or byte == UINT8(92):
        letter = byte
    elif byte == UINT8(8):
        letter = UINT8(98)
    elif byte == UINT8(9):
        letter = UINT8(116)
    elif byte == UINT8(10):
        letter = UINT8(110)
    elif byte == UINT8(12):
        letter = UINT8(102)
    elif byte == UINT8(13):
        letter = UINT8(114)
    if letter != UINT8(0):
        put(out, target + 1, letter)
        return target + 2
    put(out, target + 1, UINT8(117))
    put(out, target + 2, UINT8(48))
    put(out, target + 3, UINT8(48))
    put(out, target + 4, _hex_digit(INT64(byte) >> 4))
    put(out, target + 5, _hex_digit(INT64(byte) & 15))
    return target + 6


@inlined
def append_json_text(out: Any, target: Any, buffer: Any, start: Any, end: Any) -> Any:
    """Append the contents of a JSON string, escaped, without its quotes."""
    offset = start
    special = UINT64(0)
    while offset < end:
        found = byte_mask(buffer, offset, UINT8(34)) | byte_mask(buffer, offset, UINT8(92))
        found |= less_than_mask(buffer, offset, UINT8(32))
        special |= found & low_bits(end - offset)
        offset += 64
    if special == UINT64(0):
        return append(out, target, buffer, start, end)
    for position in range(start, end):
        byte = at(buffer, position)
        if byte == UINT8(34) or byte == UINT8(92) or byte < UINT8(32):
            target = _append_escape(out, target, byte)
        else:
            put(out, target, byte)
            target += 1
    return target


@kernel(INT64(BYTES, INT32S, INT32S, INT32S, BYTES, INT64S, BYTES, BYTES_OUT, INT64S_OUT))
def _write_json_records(
    buffer: Any,
    first: Any,
    starts: Any,
    ends: Any,
    prefixes: Any,
    prefix_ends: Any,
    delimiter: Any,
    out: Any,
    record_ends: Any,
) -> Any:
    """Write records as JSON objects of strings; returns the number of bytes written.

    ``prefixes``: for member n of a record, what stands before its text: ``{"name":"`` or ``","name":"``.
    """
    target = 0
    for row in range(len(record_ends)):
        begin = INT64(at(first, row))
        count = INT64(at(first, row + 1)) - begin
        prefix = 0
        for number in range(count):
            stop = INT64(at(prefix_ends, number))
            target = append(out, target, prefixes, prefix, stop)
            prefix = stop
            start = INT64(at(starts, begin + number))
            target = append_json_text(out, target, buffer, start, INT64(at(ends, begin + number)))
        if count == 0:
            put(out, target, UINT8(123))
            target += 1
        else:
            put(out, target, UINT8(34))
            target += 1
        put(out, target, UINT8(125))
        target = append_token(out, target + 1, delimiter)
        put(record_ends, row, target)
    return target


def write_json_rows(
    buffer: Bytes,
    first: Int32s,
    starts: Int32s,
    ends: Int32s,
    prefixes: tuple[Bytes, Int64s],
    delimiter: Bytes,
    record_ends: Int64s,
) -> Bytes:
    """Records as JSON objects of strings; *record_ends* is filled. The result is padded.

    ``prefixes``: from :func:`member_prefixes`, for at least as many members as the longest record has.
    """
    counts = np.bincount(np.diff(first), minlength=1)
    # Records of n members need the first n prefixes; every byte of text may become six.
    members = int((counts * np.concatenate([[0], prefixes[1]])[: len(counts)]).sum())
    text = int((ends - starts).sum(dtype=np.int64))
    out = np.empty(members + 6 * text + len(record_ends) * (3 + len(delimiter)) + PADDING, np.uint8)
    written = _write_json_records(buffer, first, starts, ends, *prefixes, delimiter, out, record_ends)
    return out[: written + PADDING]


def member_prefixes(names: list[str]) -> tuple[Bytes, Int64s]:
    """What :func:`write_json_rows` puts before each member, and where each prefix ends."""
    encoded = []
    for number, name in enumerate(names):
        encoded.append((b'","' if number else b'{"') + _escaped(name) + b'":"')
    contents = b"".join(encoded) + bytes(PADDING)
    return np.frombuffer(contents, np.uint8), np.cumsum([len(prefix) for prefix in encoded], dtype=np.int64)


def _escaped(name: str) -> bytes:
    """A member name escaped as JSON text; names are few, so Python does it."""
    out = bytearray()
    for byte in name.encode():
        letter = _LETTERS.get(byte)
        if letter is not None:
            out += b"\\" + letter
        elif byte < 0x20:
            out += b"\\u%04x" % byte
        else:
            out.append(byte)
    return bytes(out)


_LETTERS = {34: b'"', 92: b"\\", 8: b"b", 9: b"t", 10: b"n", 12: b"f", 13: b"r"}
