"""Powers of five and ten to 128 bits, for reading and printing floats.

Out: two tables of ``uint64`` pairs (upper half, lower half), made when the module is imported (1 ms), and
the exact powers that fit a machine word.  Every entry is scaled by a power of two so that its highest bit
is set; that power follows from the exponent and need not be stored.
"""

from __future__ import annotations

import numpy as np

#: 5**q for q from here on, as Lemire's "Number Parsing at a Gigabyte per Second" (2021) needs them: rounded
#: down for q >= 0, up for q < 0.
SMALLEST_FIVE = -342
LARGEST_FIVE = 308

#: 10**k for k from here on, rounded up, as Giulietti's "The Schubfach way to render doubles" (2020) needs them.
SMALLEST_TEN = -292
LARGEST_TEN = 324


def _leading_128_bits(numerator: int, denominator: int, *, round_up: bool) -> tuple[int, int]:
    """The quotient times the power of two that brings it into [2**127, 2**128)."""
    shift = 128 - (numerator.bit_length() - denominator.bit_length())
    while True:
        up, down = max(shift, 0), max(-shift, 0)
        quotient, rest = divmod(numerator << up, denominator << down)
        if quotient.bit_length() <= 128:
            break
        shift -= 1
    if round_up and rest:
        quotient += 1
    return quotient >> 64, quotient & 0xFFFF_FFFF_FFFF_FFFF


def _table(base: int, smallest: int, largest: int, *, round_positive_up: bool) -> np.ndarray:
    rows = [
        _leading_128_bits(base**power, 1, round_up=round_positive_up)
        if power >= 0
        else _leading_128_bits(1, base**-power, round_up=True)
        for power in range(smallest, largest + 1)
    ]
    return np.array(rows, dtype=np.uint64)


FIVES = _table(5, SMALLEST_FIVE, LARGEST_FIVE, round_positive_up=False)
TENS = _table(10, SMALLEST_TEN, LARGEST_TEN, round_positive_up=True)

#: 10**0 to 10**22: the powers of ten that a float holds exactly.
EXACT_TENS = np.array([float(10**power) for power in range(23)], dtype=np.float64)
#: 10**0 to 10**19: the powers of ten that fit 64 bits unsigned.
WORD_TENS = np.array([10**power for power in range(20)], dtype=np.uint64)
