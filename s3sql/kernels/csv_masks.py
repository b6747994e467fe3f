"""CSV, first pass: where the delimiters of a block are, 64 bytes at a time.

In: a padded buffer and the single-byte delimiters of the dialect.  Out: two masks per 64-byte word, the
separators (fields and records) and the record ends, both without what stands in quotes, and flags that
say what else the block holds. :mod:`s3sql.kernels.csv_index` walks the masks.

Quotes are told from parity, which is only right in a *regular* block: every opening quote stands at the
start of a field, every closing quote before a delimiter. The quoted pass proves that as it goes; a block
that is not regular is left to :mod:`s3sql.kernels.csv_general`.

A record delimiter is one byte, or two different bytes: those cannot overlap with themselves, so looking
one byte back is exact.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BOOL, BYTES, INT64, UINT8, UINT64, UINT64S_OUT, kernel
from s3sql.kernels.simd import byte_mask, high_bit_mask, low_bits, popcount, prefix_xor, put

#: What a pass found in a block: flags, and above them the number of record ends.
FLAG_BITS = 8
HAS_QUOTE = 1
HAS_NON_ASCII = 2
HAS_CARRIAGE_RETURN = 4
IS_IRREGULAR = 8
HAS_DOUBLED_QUOTE = 16


@kernel(INT64(BYTES, INT64, UINT8, UINT8, UINT8, BOOL, UINT8, BOOL, UINT64S_OUT))
def mask_plain(
    buffer: Any,
    end: Any,
    field: Any,
    record_first: Any,
    record_last: Any,
    pair: Any,
    quote: Any,
    quoting: Any,
    masks: Any,
) -> Any:
    """Mask the delimiters of ``buffer[:end]`` as if nothing were quoted.

    ``pair``: the record delimiter is ``record_first record_last``, else ``record_last`` alone.
    ``masks[2 * w]`` and ``masks[2 * w + 1]`` are the separators and record ends of word w, which starts
    at ``64 * w``. Returns flags; with ``HAS_QUOTE`` among them the masks may mean nothing.
    """
    quotes = UINT64(0)
    high = UINT64(0)
    returns = UINT64(0)
    carry = UINT64(0)
    count = 0
    word = 0
    offset = INT64(0)
    while offset < end:
        valid = low_bits(end - offset)
        records = byte_mask(buffer, offset, record_last) & valid
        if pair:
            firsts = byte_mask(buffer, offset, record_first)
            records &= (firsts << UINT64(1)) | carry
            carry = firsts >> UINT64(63)
        if quoting:
            quotes |= byte_mask(buffer, offset, quote) & valid
        high |= high_bit_mask(buffer, offset) & valid
        returns |= byte_mask(buffer, offset, UINT8(13)) & valid
        put(masks, word, (byte_mask(buffer, offset, field) & valid) | records)
        put(masks, word + 1, records)
        count += popcount(records)
        word += 2
        offset += 64
    flags = 0
    if quotes != UINT64(0):
        flags |= HAS_QUOTE
    if high != UINT64(0):
        flags |= HAS_NON_ASCII
    if returns != UINT64(0):
        flags |= HAS_CARRIAGE_RETURN
    return flags | (count << FLAG_BITS)


@kernel(INT64(BYTES, INT64, UINT8, UINT8, UINT8, BOOL, BOOL, UINT8, BOOL, UINT64S_OUT))
def mask_quoted(
    buffer: Any,
    end: Any,
    field: Any,
    record_first: Any,
    record_last: Any,
    pair: Any,
    bare_return: Any,
    quote: Any,
    allow_records: Any,
    masks: Any,
) -> Any:
    r"""Mask the delimiters outside quotes and prove the block regular, else flag ``IS_IRREGULAR``.

    The block must start at a record start. ``bare_return``: a closing quote may also stand before
    ``\r\n``. ``allow_records``: record delimiters inside quotes are contents; otherwise they make the
    block irregular, so that the general pass reports them. An open quote at the end does so too.

        bytes     a , " x , y " \n        opening quotes follow a separator, the start, or a closing one
        inside    0 0 1 1 1 1 0 0         (then they are a doubled quote); behind a closing quote comes
        outside , 0 1 0 0 0 0 0 0         a separator, an opening one, or the end
    """
    one = UINT64(1)
    last = UINT64(63)
    none = UINT64(0)
    inside_before = none
    carry_first = none
    carry_start = one
    carry_closing = none
    carry_return = none
    irregular = none
    doubled = none
    high = none
    returns = none
    quotes_seen = none
    count = 0
    word = 0
    offset = INT64(0)
    while offset < end:
        valid = low_bits(end - offset)
        quotes = byte_mask(buffer, offset, quote) & valid
        inside = prefix_xor(quotes) ^ inside_before
        inside_before = none - (inside >> last)
        quotes_seen |= quotes
        records = byte_mask(buffer, offset, record_last) & valid
        cr = byte_mask(buffer, offset, UINT8(13)) & valid
        lead = none
        if pair:
            firsts = byte_mask(buffer, offset, record_first) & valid
            records &= (firsts << one) | carry_first
            carry_first = firsts >> last
            lead = firsts
        elif bare_return:
            lead = cr
        if not allow_records:
            irregular |= records & inside
        outside = ~inside
        records &= outside
        separators = (byte_mask(buffer, offset, field) & valid & outside) | records
        opening = quotes & inside
        closing = quotes & outside
        after_closing = (closing << one) | carry_closing
        doubled |= opening & after_closing
        irregular |= opening & ~((separators << one) | carry_start | after_closing)
        # A two-byte record delimiter behind a closing quote is judged at its second byte; the byte
        # behind the block is none.
        leading = after_closing & lead
        irregular |= after_closing & valid & ~(separators | opening | leading)
        irregular |= ((leading << one) | carry_return) & ~records
        carry_start = separators >> last
        carry_closing = closing >> last
        carry_return = leading >> last
        high |= high_bit_mask(buffer, offset) & valid
        returns |= cr
        put(masks, word, separators)
        put(masks, word + 1, records)
        count += popcount(records)
        word += 2
        offset += 64
    flags = 0
    # A first byte of a pair as the very last byte of the block, or an open quote: not proven.
    if irregular != none or inside_before != none or carry_return != none:
        flags |= IS_IRREGULAR
    if doubled != none:
        flags |= HAS_DOUBLED_QUOTE
    if quotes_seen != none:
        flags |= HAS_QUOTE
    if high != none:
        flags |= HAS_NON_ASCII
    if returns != none:
        flags |= HAS_CARRIAGE_RETURN
    return flags | (count << FLAG_BITS)
