"""Powers of five and ten to 128 bits, for reading and printing floats.

Out: two tables of ``uint64`` pairs (upper half, lower half), made when the module is imported (3 ms), and
the exact powers that fit a machine word.  Every entry is scaled by a power of two so that its highest bit
is set; that power follows from the exponent and need not be stored.
"""

from __future__ import annotations

import numpy as np

#: 5**q for q from here on, as Lemire's "Number Parsing at a Gigabyte per Second" (2021) needs them: rounded
#: up for -27 <= q < 0, where a product can lie exactly between two floats, and down elsewhere.
SMALLEST_FIVE = -342
LARGEST_FIVE = 308

#: 10**k for k from here on, rounded up, as Giulietti's "The Schubfach way to render doubles" (2020) needs
#: them.
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


def _table(base: int, exponents: range, rounded_up: range) -> np.ndarray:
    rows = [
        _leading_128_bits(base ** max(power, 0), base ** max(-power, 0), round_up=power in rounded_up)
        for power in exponents
    ]
    return np.array(rows, dtype=np.uint64)


FIVES = _table(5, range(SMALLEST_FIVE, LARGEST_FIVE + 1), rounded_up=range(-27, 0))
TENS = _table(10, range(SMALLEST_TEN, LARGEST_TEN + 1), rounded_up=range(SMALLEST_TEN, LARGEST_TEN + 1))

#: 10**0 to 10**22: the powers of ten that a float holds exactly.
EXACT_TENS = np.array([float(10**power) for power in range(23)], dtype=np.float64)
#: 10**0 to 10**19: the powers of ten that fit 64 bits unsigned.
WORD_TENS = np.array([10**power for power in range(20)], dtype=np.uint64)
