from __future__ import annotations

from decimal import Decimal

import pytest

from s3sql.functions.totals import Totals, quotient
from s3sql.types import Kind
from tests.functions.failures import column


def totals(values: list[object]) -> Totals:
    found = Totals()
    found.add(column(values))
    return found


def test_numbers_are_counted_by_kind_and_the_rest_is_left_out() -> None:
    found = totals([1, None, Decimal("2.5"), ..., 3, 0.5, "7"])
    assert found.counts == {Kind.INT: 2, Kind.DECIMAL: 1, Kind.FLOAT: 1}
    assert found.count == 4
    assert found.integers == 4
    assert found.exact() == Decimal("6.5")


def test_the_exact_total_of_floats_alone_is_none() -> None:
    assert totals([0.5, None]).exact() is None
    assert totals([]).exact() is None


def test_merged_totals_are_those_of_all_rows() -> None:
    merged = totals([2**63 - 1, Decimal("0.1")])
    merged.merge(totals([2**63 - 1, Decimal("0.20"), 1.0]))
    assert merged == totals([2**63 - 1, Decimal("0.1"), 2**63 - 1, Decimal("0.20"), 1.0])
    assert merged.integers == 2**64 - 2
    assert str(merged.exact()) == "18446744073709551614.30"


@pytest.mark.parametrize(
    ("total", "count", "wanted"),
    [
        ("600", 3, "200"),
        ("0", 3, "0"),
        ("0.00", 3, "0.00"),
        ("1", 3, "0." + "3" * 38),
        ("2E+40", 2, "1." + "0" * 37 + "E+40"),
        ("1E+39", 4, "2.5" + "0" * 36 + "E+38"),
    ],
)
def test_an_exact_quotient_keeps_a_scale_that_fits(total: str, count: int, wanted: str) -> None:
    assert str(quotient(Decimal(total), count)) == wanted
