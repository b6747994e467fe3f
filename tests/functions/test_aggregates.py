"""The aggregate functions against plain Python, in every split into morsels."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.functions.aggregates import RowCount, ValueAccumulator, accumulator
from s3sql.timestamp import Timestamp
from s3sql.types import Column, Kind
from tests.functions.failures import Failures, column, never

FAILURE = "ExternalEvalException"

INTS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-5, 5))
DECIMALS = st.one_of(
    st.decimals("-1e38", "1e38", places=3).filter(lambda d: len(d.as_tuple().digits) <= 38),
    st.sampled_from(
        [Decimal(text) for text in ("0.1", "0.10", "3.0", "-2", "1E+30", "-1E+30", "7E-70", "0.00")]
    ),
)
FLOATS = st.one_of(st.floats(), st.sampled_from([0.1, 0.5, -0.0, 1e16, -1e16, 1.7e308, 5e-324]))
UNKNOWN = st.sampled_from([None, ...])
ROWS = st.one_of(
    st.lists(st.one_of(INTS, UNKNOWN), max_size=12),
    st.lists(st.one_of(DECIMALS, UNKNOWN), max_size=12),
    st.lists(FLOATS, max_size=12),
    st.lists(st.one_of(INTS, DECIMALS), max_size=12),
    st.lists(st.one_of(INTS, DECIMALS, FLOATS, UNKNOWN), max_size=12),
)


def fold(name: str, morsels: Sequence[Sequence[object]]) -> ValueAccumulator:
    """One accumulator for each morsel, merged in order, by way of pickled states."""
    whole = accumulator(name)
    for morsel in morsels:
        part = accumulator(name)
        part.update(column(morsel), never)
        whole.merge(pickle.loads(pickle.dumps(part.state())))
    return whole


def result(accumulated: ValueAccumulator) -> tuple[Kind | str, str]:
    """Kind and spelling, which tells 1.50 from 1.5 and -0.0 from 0.0; or the code of the failure."""
    try:
        row = accumulated.evaluate()
    except S3SelectError as error:
        return error.code, ""
    assert row.length == 1
    assert row.kind is not None
    return row.kind, str(row.value(0))


def whole(name: str, values: Sequence[object]) -> tuple[Kind | str, str]:
    one = accumulator(name)
    one.update(column(values), never)
    return result(one)


# --- the twin ---------------------------------------------------------------------------------------------


def nearest_float(value: Fraction) -> float:
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def twin_total(values: Sequence[object], divisor: int) -> float:
    """The exact total divided by *divisor*, as a float."""
    floats = [value for value in values if isinstance(value, float)]
    special = [value for value in floats if not math.isfinite(value)]
    if special:
        return math.fsum(special) if len(set(map(str, special))) == 1 else math.nan
    if all(isinstance(value, float) and str(value) == "-0.0" for value in values):
        return -0.0
    return nearest_float(sum(map(Fraction, values)) / divisor)


def twin(name: str, rows: Sequence[object]) -> tuple[Kind | str, str]:
    values = [value for value in rows if value is not None and value is not ...]
    if name == "COUNT":
        return Kind.INT, str(len(values))
    if not values:
        return Kind.NULL, "None"
    if any(isinstance(value, float) for value in values):
        return Kind.FLOAT, str(twin_total(values, len(values) if name == "AVG" else 1))
    context = Context(prec=38, rounding=ROUND_HALF_EVEN)
    exact = Context(prec=400)
    total = Decimal(0)
    for value in values:
        total = exact.add(total, Decimal(value))
    if name == "SUM":
        if all(isinstance(value, int) for value in values):
            fits = -(2**63) <= total < 2**63
            return (Kind.INT, str(int(total))) if fits else ("IntegerOverflow", "")
        return Kind.DECIMAL, str(context.plus(exact_scale(total, values, exact)))
    total = exact_scale(total, values, exact)
    mean = context.divide(total, Decimal(len(values)))
    scale = -mean.as_tuple().exponent
    if scale < 0:  # ints keep a scale of 0 where 38 digits allow it
        mean = mean.quantize(
            Decimal(1).scaleb(max(0, len(mean.as_tuple().digits) - scale - 38)), context=context
        )
    return Kind.DECIMAL, str(mean)


def exact_scale(total: Decimal, values: Sequence[object], exact: Context) -> Decimal:
    """The total with the largest scale of all values."""
    exponent = min(Decimal(value).as_tuple().exponent for value in values)
    return total.quantize(Decimal((0, (1,), exponent)), context=exact)


def order(name: str, values: Sequence[object]) -> object:
    """The first of the best: among ints and decimals exactly, against a float as floats."""
    sign = -1 if name == "MIN" else 1
    known = [value for value in values if value is not None and value is not ...]
    sound = [value for value in known if value == value]  # NaN alone is unequal to itself
    if not sound:
        return known[0] if known else None
    exact = [value for value in sound if not isinstance(value, float)]
    floats = [value for value in sound if isinstance(value, float)]
    bests = [max(share, key=lambda value: sign * value) for share in (exact, floats) if share]
    bests.sort(key=lambda best: next(row for row, value in enumerate(values) if value is best))
    return max(bests, key=lambda value: sign * (float(value) if floats else value))


# --- properties -------------------------------------------------------------------------------------------


@given(st.sampled_from(["COUNT", "SUM", "AVG"]), ROWS)
@example("SUM", [2**63 - 1, 1, -1])
@example("SUM", [2**63 - 1, 1])
@example("AVG", [2**63 - 1] * 3)
@example("SUM", [-0.0, -0.0])
@example("SUM", [-0.0, 0])
@example("SUM", [math.inf, -math.inf])
@example("AVG", [1.7e308, 1.7e308])
@example("SUM", [1.7e308, 1.7e308])
@example("SUM", [5e-324, 1e308, -1e308])
@example("SUM", [0.1, Decimal("1E+30"), Decimal("-1E+30")])
@example("SUM", [Decimal("-2"), Decimal("0.00")])
@example("SUM", [Decimal("5E-300"), Decimal("1.5"), Decimal("-5E-300")])
def test_totals_are_pythons(name: str, rows: list[object]) -> None:
    assert whole(name, rows) == twin(name, rows)


@given(st.sampled_from(["MIN", "MAX"]), ROWS)
@example("MIN", [3, Decimal("3.0"), Decimal("3.00")])
@example("MAX", [Decimal("3.00"), 3])
@example("MIN", [Decimal("3.0"), Decimal("3.00"), Decimal("3.000")])
@example("MAX", [2**53 + 1, 2.0**53])
@example("MAX", [2.0**53, 2**53, 2**53 + 1])
@example("MIN", [math.nan, 1])
@example("MIN", [-0.0, 0.0])
@example("MIN", [0.0, -0.0])
@example("MAX", [math.nan, math.nan])
def test_extremes_are_pythons(name: str, rows: list[object]) -> None:
    values = [Decimal(str(value)) if isinstance(value, Decimal) else value for value in rows]
    kind, spelled = whole(name, values)
    best = order(name, values)
    assert (kind, spelled) == (column([best]).kind, str(best))


@given(st.sampled_from(["COUNT", "SUM", "AVG", "MIN", "MAX"]), st.lists(ROWS, max_size=5))
def test_a_split_into_morsels_changes_nothing(name: str, morsels: list[list[object]]) -> None:
    assert result(fold(name, morsels)) == whole(name, [value for morsel in morsels for value in morsel])


@given(st.lists(st.lists(FLOATS, max_size=4), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_totals_do_not_depend_on_the_order_either(morsels: list[list[object]], random) -> None:
    expected = {name: result(fold(name, morsels)) for name in ("SUM", "AVG")}
    random.shuffle(morsels)
    assert {name: result(fold(name, morsels)) for name in ("SUM", "AVG")} == expected


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300), min_size=1)
)
def test_a_sum_of_floats_is_fsum(values: list[float]) -> None:
    # fsum starts with 0.0, so it makes 0.0 of -0.0
    assert float(whole("SUM", values)[1]) == math.fsum(values)


# --- rules ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("AVG", [1, 2], "1.5"),
        ("AVG", [1, 3], "2"),
        ("AVG", [3, 4, 5, 0], "3"),
        ("AVG", [Decimal("1.50"), Decimal("1.50")], "1.50"),
        ("AVG", [1, 0, 0], "0.33333333333333333333333333333333333333"),
        ("SUM", [Decimal("1.50"), Decimal("1.5")], "3.00"),
        ("SUM", [Decimal("9" * 38), Decimal("0.5")], "1.0000000000000000000000000000000000000E+38"),
        ("SUM", [Decimal("0.30"), Decimal("-0.3")], "0.00"),
        ("SUM", [Decimal("1e1000000000"), 1, Decimal("-1e1000000000")], "1"),
        ("SUM", [Decimal("1e1000000000"), Decimal("1e-1000000000")], f"1.{'0' * 37}E+1000000000"),
        ("SUM", [1, Decimal("5e-38")], f"1.{'0' * 37}"),
        ("SUM", [1, Decimal("5e-38"), Decimal("1e-2000")], f"1.{'0' * 36}1"),
        ("SUM", [1, Decimal("1e-2000"), Decimal("-1e-2000")], f"1.{'0' * 37}"),
        ("SUM", [Decimal("1e1000000000"), 1.0], "inf"),
        ("SUM", [Decimal("-1e-1000000000"), 1.0], "1.0"),
        ("SUM", [Decimal("1e-30"), 1.0 + 2**-52, 2**-53], str(1.0 + 2 * 2**-52)),
        ("SUM", [Decimal("-1e-30"), 1.0 + 2**-52, 2**-53], str(1.0 + 2**-52)),
        ("SUM", [0.1] * 10, "1.0"),
    ],
)
def test_examples(name: str, values: list[object], expected: str) -> None:
    assert whole(name, values)[1] == expected


@pytest.mark.parametrize("name", ["SUM", "AVG", "MIN", "MAX"])
def test_values_other_than_numbers_fail_their_rows(name: str) -> None:
    failures = Failures()
    accumulator(name).update(column([1, None, "5", True, ..., Decimal(1), 1.0]), failures)
    assert failures.codes == {2: FAILURE, 3: FAILURE}
    failures = Failures()
    accumulator(name).update(column(["5", "6"]), failures)
    assert failures.codes == {0: FAILURE, 1: FAILURE}


def test_timestamps_have_no_sum() -> None:
    failures = Failures()
    accumulator("SUM").update(column([1, (0, 0, 2, 0)]), failures)
    assert failures.codes == {1: FAILURE}


def test_count_takes_anything() -> None:
    assert whole("COUNT", [1, None, "x", True, ..., (0, 0, 2, 0)]) == (Kind.INT, "4")


def test_timestamps_compare_by_instant_and_the_first_wins() -> None:
    stamps = [(50, 5, 6, 0), None, (50, 4, 13, 60), (50, 4, 6, 0), (51, 0, 4, -60), (51, 0, 4, 0)]
    assert whole("MIN", stamps) == (Kind.TIMESTAMP, str(Timestamp(50, 4, 13, 60)))
    assert whole("MAX", stamps) == (Kind.TIMESTAMP, str(Timestamp(51, 0, 4, -60)))
    assert result(fold("MAX", [stamps[:2], stamps[2:5], stamps[5:]])) == whole("MAX", stamps)


def test_numbers_beside_timestamps_fail() -> None:
    stamp = (0, 0, 2, 0)
    for values, failing in (([None, 1, stamp, 2], {2}), ([stamp, 1, 2.0], {1, 2})):
        failures = Failures()
        accumulator("MIN").update(column(values), failures)
        assert failures.codes == dict.fromkeys(failing, FAILURE)
    for first, second in (([stamp], [None, 1]), ([math.nan], [None, stamp])):
        failures = Failures()
        minimum = accumulator("MIN")
        minimum.update(column(first), never)
        minimum.update(column(second), failures)
        assert failures.codes == {1: FAILURE}
        with pytest.raises(S3SelectError, match=FAILURE):
            fold("MIN", [first, second])


def test_count_of_rows() -> None:
    rows = RowCount()
    rows.add(3)
    rows.merge(4)
    assert rows.evaluate().to_python() == [7]
    assert rows.state() == 7


def test_constants_and_strided_columns() -> None:
    for values in (
        np.broadcast_to(np.int64(3), 5),
        np.arange(10, dtype=np.int64)[::2],
        np.arange(5.0).repeat(2)[::2],
    ):
        kind = Kind.INT if values.dtype == np.int64 else Kind.FLOAT
        total = accumulator("SUM")
        total.update(Column.of(kind, values), never)
        assert total.evaluate().value(0) == values.sum()


def test_overflow_says_what_would_work() -> None:
    with pytest.raises(S3SelectError) as caught:
        fold("SUM", [[2**63 - 1], [1]]).evaluate()
    assert caught.value.message == (
        "SUM of ints is 9223372036854775808, which does not fit a 64-bit integer; "
        "SUM(CAST(… AS DECIMAL)) has up to 38 digits."
    )
