"""The aggregate functions COUNT, SUM, AVG, MIN and MAX as accumulators.

In: columns, or the states of other accumulators.  Out: a column of one row.

    morsel 1 ──update──▶ accumulator ──state──┐
    morsel 2 ──update──▶ accumulator ──state──┼─merge─▶ accumulator ──evaluate──▶ one row
    morsel 3 ──update──▶ accumulator ──state──┘

Rows may be split into morsels, threads and processes in any way; merged in the order of the object, the
result is that of one accumulator fed with all rows, to the last digit. (The shape is that of DataFusion's
``Accumulator``.)

Rules (AWS S3 User Guide, Aggregate functions; PartiQL v0.1):

* NULL and MISSING are skipped; without any value COUNT is 0 and the others are NULL;
* a known value that is no number fails its row with ExternalEvalException, in COUNT nothing does; MIN and
  MAX also take timestamps (an extension), but not beside numbers;
* totals are exact and rounded once. Ints alone give an int, which must fit 64 bits in the end, but not on
  the way; with a decimal among them a decimal; with a float among them a float.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from s3sql.errors import S3SelectError
from s3sql.functions.arithmetic import arithmetic
from s3sql.functions.exact_sum import DecimalTotal, FloatTotal, sum_of_integers
from s3sql.functions.extremes import Extremes
from s3sql.functions.numbers import CONTEXT
from s3sql.functions.registry import Fail
from s3sql.types import NUMBERS, Column, Decimals, Kind, Mask

_ADVICE = "The query cannot be evaluated. Please check the query and file and try again."
