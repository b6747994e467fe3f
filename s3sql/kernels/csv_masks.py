"""CSV, first pass: where the delimiters of a block are, 64 bytes at a time.

In: a padded buffer and the single-byte delimiters of the dialect.  Out: for each word of 64 bytes a mask of
its separators (of fields and of records) and how many stand before it, for each record where it ends and
which separator that is, all without what stands in quotes; and flags that say what else the block holds.
:mod:`s3sql.kernels.csv_index` finds columns with them.

Quotes are told from parity, which is only right in a *regular* block: every opening quote stands at the
start of a field, every closing quote before a delimiter. The quoted pass proves that as it goes; a block
that is not regular is left to :mod:`s3sql.kernels.csv_general`.

A record delimiter is one byte, or two different bytes: those cannot overlap with themselves, so looking
one byte back is exact.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BOOL,
    BYTES,
    INT32,
    INT32S_OUT,
    INT64,
    UINT8,
    UINT64,
    UINT64S_OUT,
    inlined,
    kernel,
)
from s3sql.kernels.simd import byte_mask, high_bit_mask, low_bits, popcount, prefix_xor, put, trailing_zeros

#: What a pass found in a block: flags, and above them the number of records.
FLAG_BITS = 8
HAS_QUOTE = 1
HAS_NON_ASCII = 2
HAS_CARRIAGE_RETURN = 4
IS_IRREGULAR = 8
HAS_DOUBLED_QUOTE = 16
#: Some record starts with the byte of comments; the quoted pass does not look for that and always says so.
MAY_HAVE_COMMENT = 32

#: Words behind those of a block that a pass fills as well, so that looking ahead needs no check.
AHEAD = 4


@inlined
def _put_ends(
    separators: Any, records: Any, offset: Any, before: Any, ends: Any, ranks: Any, count: Any
) -> Any:
    """Note the record ends of the word at *offset*, *before* separators being before it; the new count.

    The first one is noted without asking whether there is one, which nobody could predict.
    """
    one = UINT64(1)
    first = records & (~records + one)
    put(ends, count, INT32(offset + trailing_zeros(records)))
    put(ranks, count, INT32(before + popcount(separators & (first - one))))
    count += INT64(records != UINT64(0))
    records &= records - one
    while records != UINT64(0):
        first = records & (~records + one)
        put(ends, count, INT32(offset + trailing_zeros(records)))
        put(ranks, count, INT32(before + popcount(separators & (first - one))))
        count += 1
        records &= records - one
    return count


@inlined
def _put_last(
    end: Any, open_end: Any, word: Any, total: Any, befores: Any, ends: Any, ranks: Any, count: Any
) -> Any:
    """Note the *total* of separators, and the record that ends with the block without a delimiter."""
    for ahead in range(AHEAD):
        put(befores, word + ahead, INT32(total))
    if open_end:
        put(ends, count, INT32(end))
        put(ranks, count, INT32(total))
        count += 1
    return count


@kernel(
    INT64(
        BYTES, INT64, INT64, UINT8, UINT8, UINT8, BOOL, UINT8, BOOL, UINT8,
        UINT64S_OUT, INT32S_OUT, INT32S_OUT, INT32S_OUT,
    )
)  # fmt: skip
def mask_plain(
    buffer: Any,
    begin: Any,
    end: Any,
    field: Any,
    record_first: Any,
    record_last: Any,
    pair: Any,
    quote: Any,
    quoting: Any,
    comment: Any,
    masks: Any,
    befores: Any,
    ends: Any,
    ranks: Any,
) -> Any:
    """Mask the delimiters of ``buffer[begin:end]``, which starts at a record start, up to a quote.

    ``pair``: the record delimiter is ``record_first record_last``, else ``record_last`` alone.
    ``masks[w]`` are the separators of word w, which starts at ``begin + 64 * w``, ``befores[w]`` how many
    stand before it (:data:`AHEAD` more words are filled). ``ends[r]`` is the last byte of the delimiter of
    record r, or *end*, ``ranks[r]`` how many separators stand before that. Returns flags; with ``HAS_QUOTE``
    among them nothing else means anything.
    """
    none = UINT64(0)
    one = UINT64(1)
    high = none
    returns = none
    comments = none
    carry = none
    # As if a record had ended right before the block.
    records = one << UINT64(63)
    ones_if_quoting = none - UINT64(quoting)
    total = INT64(0)
    count = INT64(0)
    word = 0
    offset = INT64(begin)
    while offset < end:
        starts = records >> UINT64(63)
        records = byte_mask(buffer, offset, record_last)
        separators = byte_mask(buffer, offset, field)
        found = high_bit_mask(buffer, offset)
        returned = byte_mask(buffer, offset, UINT8(13))
        quotes = byte_mask(buffer, offset, quote) & ones_if_quoting
        commented = byte_mask(buffer, offset, comment)
        odd = found | returned | quotes | commented
        if end - offset < 64:
            valid = low_bits(end - offset)
            records &= valid
            separators &= valid
            odd &= valid
        if pair:
            firsts = byte_mask(buffer, offset, record_first)
            records &= (firsts << one) | carry
            carry = firsts >> UINT64(63)
        separators |= records
        # Most words have none of these, and need not be told which.
        if odd != none:
            if quotes & odd != none:
                return HAS_QUOTE
            high |= found & odd
            returns |= returned & odd
            comments |= commented & odd & ((records << one) | starts)
        put(masks, word, separators)
        put(befores, word, INT32(total))
        count = _put_ends(separators, records, offset, total, ends, ranks, count)
        total += popcount(separators)
        word += 1
        offset += 64
    # The last word with a bit in it ends at *end* if a record does.
    open_end = end > begin and records >> UINT64((end - begin - 1) & 63) == none
    count = _put_last(end, open_end, word, total, befores, ends, ranks, count)
    flags = 0
    if high != none:
        flags |= HAS_NON_ASCII
    if returns != none:
        flags |= HAS_CARRIAGE_RETURN
    if comments != none:
        flags |= MAY_HAVE_COMMENT
    return flags | (count << FLAG_BITS)


@kernel(
    INT64(
        BYTES, INT64, INT64, UINT8, UINT8, UINT8, BOOL, BOOL, UINT8, BOOL,
        UINT64S_OUT, INT32S_OUT, INT32S_OUT, INT32S_OUT,
    )
)  # fmt: skip
def mask_quoted(
    buffer: Any,
    begin: Any,
    end: Any,
    field: Any,
    record_first: Any,
    record_last: Any,
    pair: Any,
    bare_return: Any,
    quote: Any,
    allow_records: Any,
    masks: Any,
    befores: Any,
    ends: Any,
    ranks: Any,
) -> Any:
    r"""Mask the delimiters of a block outside quotes and prove the block regular, else flag ``IS_IRREGULAR``.

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
    total = INT64(0)
    count = INT64(0)
    word = 0
    records = none
    offset = INT64(begin)
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
        put(befores, word, INT32(total))
        count = _put_ends(separators, records, offset, total, ends, ranks, count)
        total += popcount(separators)
        word += 1
        offset += 64
    open_end = end > begin and records >> UINT64((end - begin - 1) & 63) == none
    count = _put_last(end, open_end, word, total, befores, ends, ranks, count)
    flags = MAY_HAVE_COMMENT
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
