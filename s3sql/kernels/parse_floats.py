"""CAST(text AS FLOAT), correctly rounded.

In: a padded byte buffer and, for each row, where its text starts and ends (exclusive). Rows without text
(NULL) are the caller's: no start is negative here.  Out: a float and a status for each row, in arrays the
caller brought.

The grammar is that of :mod:`s3sql.kernels.parse_decimals`, or ``[+-]? (NaN | Infinity)`` in this spelling
(PartiQL v0.1; AWS documents none).
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BYTES, FLOAT64S_OUT, INT32S, INT64, UINT8S_OUT, UINT64, called, kernel
from s3sql.kernels.digits import MALFORMED, ODD, OK, OVERFLOW, without_blanks
from s3sql.kernels.nearest_float import nearest_float
from s3sql.kernels.parse_decimals import scan
from s3sql.kernels.simd import at, load64, put
from s3sql.kernels.words import float_from_bits

_QUIET_NAN = 0x7FF8000000000000
_INFINITY = 0x7FF0000000000000
#: "NaN" and "Infinity" as load64 reads them.
_NAN_TEXT = int.from_bytes(b"NaN", "little")
_INFINITY_TEXT = int.from_bytes(b"Infinity", "little")


@kernel(INT64(BYTES, INT32S, INT32S, FLOAT64S_OUT, UINT8S_OUT))
def parse_floats(buffer: Any, starts: Any, ends: Any, out: Any, status: Any) -> Any:
    """CAST(text AS FLOAT) of each row, correctly rounded.

    *status* is OK, MALFORMED, OVERFLOW (no finite float is so large) or ODD: with more than 19 digits the
    first 19 do not always settle the last bit. *out* is 0 unless OK. Returns how many rows are
    not OK.
    """
    failed = 0
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        code, negative, magnitude, exponent, _ = scan(buffer, start, end)
        number = 0.0
        if code != MALFORMED:
            number = nearest_float(magnitude, exponent)
            if code == ODD and (
                magnitude == UINT64(0) or nearest_float(magnitude + UINT64(1), exponent) == number
            ):
                # Whatever the dropped digits are, the number lies between the two; zero stays zero.
                code = OK
            if code == OK and number == float_from_bits(UINT64(_INFINITY)):
                code = OVERFLOW
            number = number if code == OK else 0.0
            number = -number if negative else number
        else:
            number, code = _named_float(buffer, start, end)
        put(out, row, number)
        put(status, row, code)
        failed += INT64(code != OK)
    return failed


@called
def _named_float(buffer: Any, start: Any, end: Any) -> Any:
    """NaN and Infinity: (value, status)."""
    start, end = without_blanks(buffer, start, end)
    negative = False
    if start < end and (at(buffer, start) == 45 or at(buffer, start) == 43):
        negative = at(buffer, start) == 45
        start += 1
    word = load64(buffer, start)
    if end - start == 3 and word & UINT64(0xFFFFFF) == UINT64(_NAN_TEXT):
        return float_from_bits(UINT64(_QUIET_NAN)), OK
    if end - start == 8 and word == UINT64(_INFINITY_TEXT):
        infinity = float_from_bits(UINT64(_INFINITY))
        return -infinity if negative else infinity, OK
    return 0.0, MALFORMED
