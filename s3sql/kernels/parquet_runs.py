"""Parquet's hybrid of runs and packed bits, in which numbers of dictionary entries and levels are stored.

In: a page and where the runs lie in it.  Out: the numbers, of a range of values or of single ones.

A run is a header and either one value and how often it comes, or groups of eight values of *width* bits each.
A value can only be found by going from run to run, so :func:`index_runs` notes the run of every
:data:`SPACING`-th one, and sees that all runs lie in the page. The other kernels go over the same bytes and
rely on it. Loads are of eight bytes: the page is padded.

Source: Apache Parquet, Encodings.md, "Run Length Encoding / Bit-Packing Hybrid".
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    INT32,
    INT32S_OUT,
    INT64,
    INT64S,
    UINT8,
    UINT8S_OUT,
    UINT64,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.packed_bits import MIDDLE_WIDTH, NARROW_WIDTH, unpack_middle, unpack_narrow
from s3sql.kernels.parquet_header import number_between
from s3sql.kernels.simd import at, load64, low_bits, popcount, put

#: Values from one that is noted to the next.
SPACING = 1024


@inlined
def header_end(buffer: Any, position: Any, end: Any) -> Any:
    """Where the header at *position* ends; -1 if it is longer than five bytes or not within *end*."""
    for length in range(1, 6):
        if position + length > end:
            return INT64(-1)
        if at(buffer, position + length - 1) < 128:
            return position + length
    return INT64(-1)


@inlined
def repeated_value(buffer: Any, position: Any, width: Any) -> Any:
    """The value of a run of equal ones, in as many bytes as *width* bits take."""
    return INT64(load64(buffer, position) & low_bits((width + 7) // 8 * 8))


@inlined
def packed_value(buffer: Any, position: Any, width: Any, number: Any) -> Any:
    """Value *number* of the packed ones that begin at *position*."""
    bit = number * width
    return INT64((load64(buffer, position + (bit >> 3)) >> UINT64(bit & 7)) & low_bits(width))


@inlined
def _greatest(numbers: Any, count: Any) -> Any:
    """The greatest of the first numbers; -1 if one is negative, which is one of 32 bits."""
    greatest, least = INT32(0), INT32(0)
    for place in range(count):
        greatest = max(greatest, at(numbers, place))
        least = min(least, at(numbers, place))
    return INT64(-1) if least < 0 else INT64(greatest)


@kernel(INT64(BYTES, INT64, INT64, INT64, INT64, INT32S_OUT, INT32S_OUT))
def index_runs(buffer: Any, start: Any, end: Any, width: Any, count: Any, offsets: Any, firsts: Any) -> Any:
    """Note the run of every :data:`SPACING`-th of *count* values: where it begins, and its first value.

    0 if the bytes between *start* and *end* are not so many values, or not as every reader takes them.
    """
    position, value, noted = INT64(start), INT64(0), INT64(0)
    while value < count:
        begin = position
        position = header_end(buffer, position, end)
        if position < 0:
            return INT64(0)
        header = number_between(buffer, begin, position)
        length = header >> 1
        if length == 0:
            return INT64(0)
        if header & 1 == 0:
            position += (width + 7) // 8
        else:
            position += length * width
            length *= 8
        if position > end:
            return INT64(0)
        value += length
        while noted * SPACING < min(value, count):
            put(offsets, noted, INT32(begin))
            put(firsts, noted, INT32(value - length))
            noted += 1
    return INT64(1)


@called
def unpack_packed(
    buffer: Any, position: Any, width: Any, first: Any, count: Any, out: Any, place: Any
) -> None:
    """The *count* packed values from number *first* on of those that begin at *position*, to *place*."""
    done = INT64(0)
    if width <= MIDDLE_WIDTH:
        while done < count and (first + done) & 7 != 0:
            put(out, place + done, INT32(packed_value(buffer, position, width, first + done)))
            done += 1
        offset = position + (first + done) // 8 * width
        if width <= NARROW_WIDTH:
            while done + 8 <= count:
                unpack_narrow(buffer, offset, width, out, place + done)
                offset += width
                done += 8
        else:
            while done + 8 <= count:
                unpack_middle(buffer, offset, width, out, place + done)
                offset += width
                done += 8
    while done < count:
        put(out, place + done, INT32(packed_value(buffer, position, width, first + done)))
        done += 1


@kernel(INT64(BYTES, INT64, INT64, INT64, INT64, INT64, INT32S_OUT))
def unpack(buffer: Any, offset: Any, value: Any, width: Any, first: Any, count: Any, out: Any) -> Any:
    """The *count* values from number *first* on; the greatest of them, -1 if one has 32 bits.

    *offset* and *value*: where a run begins, and its first value, which is not behind *first*.
    """
    position, done = INT64(offset), INT64(0)
    while done < count:
        begin = position
        position = header_end(buffer, begin, begin + 5)
        header = number_between(buffer, begin, position)
        length = header >> 1
        if header & 1 != 0:
            length *= 8
        skipped = max(INT64(0), first - value)
        taken = max(INT64(0), min(length - skipped, count - done))
        if header & 1 == 0:
            repeated = INT32(repeated_value(buffer, position, width))
            for place in range(done, done + taken):
                put(out, place, repeated)
            position += (width + 7) // 8
        else:
            unpack_packed(buffer, position, width, skipped, taken, out, done)
            position += length // 8 * width
        done += taken
        value += length
    return _greatest(out, count)


@kernel(INT64(BYTES, INT64, INT64, INT64, INT64S, INT32S_OUT))
def unpack_at(buffer: Any, offset: Any, value: Any, width: Any, places: Any, out: Any) -> Any:
    """The values with the numbers *places*, ascending. Otherwise as :func:`unpack`."""
    position, done = INT64(offset), INT64(0)
    while done < places.size:
        begin = position
        position = header_end(buffer, begin, begin + 5)
        header = number_between(buffer, begin, position)
        length = header >> 1
        if header & 1 == 0:
            repeated = INT32(repeated_value(buffer, position, width))
            while done < places.size and at(places, done) < value + length:
                put(out, done, repeated)
                done += 1
            position += (width + 7) // 8
        else:
            length *= 8
            while done < places.size and at(places, done) < value + length:
                put(out, done, INT32(packed_value(buffer, position, width, at(places, done) - value)))
                done += 1
            position += length // 8 * width
        value += length
    return _greatest(out, places.size)


@kernel(INT64(BYTES, INT64, INT64, INT64))
def count_ones(buffer: Any, start: Any, end: Any, count: Any) -> Any:
    """How many of *count* values of one bit are 1.

    -1 if the bytes between *start* and *end* are not so many values, or not as every reader takes them.
    """
    position, value, ones = INT64(start), INT64(0), INT64(0)
    while value < count:
        begin = position
        position = header_end(buffer, begin, end)
        if position < 0:
            return INT64(-1)
        header = number_between(buffer, begin, position)
        length = header >> 1
        if length == 0:
            return INT64(-1)
        if header & 1 == 0:
            length = min(length, count - value)
            if position + 1 > end or at(buffer, position) > 1:
                return INT64(-1)
            ones += length * INT64(at(buffer, position))
            position += 1
        else:
            groups = length
            length = min(length * 8, count - value)
            if position + groups > end:
                return INT64(-1)
            for word in range((length + 63) // 64):
                ones += popcount(load64(buffer, position + 8 * word) & low_bits(length - 64 * word))
            position += groups
        value += length
    return ones


@kernel(INT64(BYTES, INT64, INT64, UINT8S_OUT))
def unpack_ones(buffer: Any, start: Any, count: Any, out: Any) -> Any:
    """The *count* values of one bit, 0 or 1, that :func:`count_ones` has been over; as many as it found."""
    position, value, ones = INT64(start), INT64(0), INT64(0)
    while value < count:
        begin = position
        position = header_end(buffer, begin, begin + 5)
        header = number_between(buffer, begin, position)
        if header & 1 == 0:
            length = min(header >> 1, count - value)
            repeated = at(buffer, position)
            for place in range(value, value + length):
                put(out, place, repeated)
            ones += length * INT64(repeated)
            position += 1
        else:
            length = min((header >> 1) * 8, count - value)
            for place in range(length):
                bit = (at(buffer, position + (place >> 3)) >> UINT8(place & 7)) & UINT8(1)
                put(out, value + place, bit)
                ones += INT64(bit)
            position += header >> 1
        value += length
    return ones
