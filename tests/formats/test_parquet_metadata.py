"""What footers say is kept by their bytes: never taken for that of another file, and within bounds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import s3sql
from s3sql.errors import S3SelectError
from s3sql.formats import parquet_metadata
from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_metadata import ParquetMetadata, read_metadata
from s3sql.plan.cache import RecentlyUsed
from s3sql.stores.memory import BytesObject
from tests.formats.parquet_files import footer_of, parquet, rows


def read(contents: bytes) -> ParquetMetadata:
    return read_metadata(ParquetSource(BytesObject(contents)))


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_metadata, "_KNOWN", RecentlyUsed(64, 16 << 20))


def test_equal_footers_are_taken_apart_once() -> None:
    contents, other = parquet({"a": [1, 2]}), parquet({"a": [1, 3]})
    found = read(contents)
    assert read(bytes(bytearray(contents))) is found
    assert read(other) is not found
    assert read(contents) is found


def test_a_file_written_anew_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    for columns in ({"a": [1, 2]}, {"a": [3, 4]}, {"a": ["x", "y"]}, {"b": [1], "a": [2]}, {"a": [1, 2]}):
        path.write_bytes(parquet(columns))
        assert rows("SELECT a FROM S3Object", path) == [{"a": value} for value in columns["a"]]


def test_other_rows_below_the_same_footer_are_seen(tmp_path: Path) -> None:
    """The very bytes that the metadata are found by do not tell the rows apart here."""
    first, second = (
        parquet({"a": values}, use_dictionary=False, compression="none", write_statistics=False)
        for values in ([1, 2, 3], [7, 8, 9])
    )
    assert footer_of(first) == footer_of(second)
    assert first != second
    path = tmp_path / "a.parquet"
    for contents, values in ((first, [1, 2, 3]), (second, [7, 8, 9]), (first, [1, 2, 3])):
        path.write_bytes(contents)
        assert rows("SELECT a FROM S3Object", path) == [{"a": value} for value in values]
        assert rows("SELECT a FROM S3Object s WHERE s.a > 2", path) == [
            {"a": value} for value in values if value > 2
        ]


def test_the_same_footer_behind_fewer_bytes_is_judged_anew() -> None:
    contents = parquet({"a": list(range(1000))}, compression="none")
    short = contents[:4] + contents[-8 - len(footer_of(contents)) :]
    for _ in range(2):
        assert len(rows("SELECT a FROM S3Object", contents)) == 1000
        # What fails is not kept either.
        with pytest.raises(S3SelectError) as failure:
            rows("SELECT a FROM S3Object", short)
        assert failure.value.code == "ParquetParsingError"
        assert "column chunks of the file end at 4" in failure.value.message


def test_scan_ranges_of_one_file_have_their_own_row_groups() -> None:
    contents = parquet({"a": [1, 2, 3, 4]}, row_group_size=2)
    first, second = (group.begin for group in read(contents).groups)
    for _ in range(2):
        for scan_range, values in (
            ((first, first), [1, 2]),
            ((second, second), [3, 4]),
            ((second + 1, None), []),
            (None, [1, 2, 3, 4]),
        ):
            found = rows("SELECT a FROM S3Object", contents, scan_range=scan_range)
            assert [row["a"] for row in found] == values


def test_one_plan_over_columns_that_are_stored_in_different_ways() -> None:
    """The schemas are equal, so the plan is one; what 1.5 is among the numbers that are stored is not."""
    values = [Decimal("1.4"), Decimal("1.5"), Decimal("1.6"), Decimal("15")]
    files = [
        parquet({"d": pa.array(values, pa.decimal128(digits, scale))}, store_decimal_as_integer=True)
        for digits, scale in ((9, 1), (9, 4), (18, 1), (18, 10), (30, 3))
    ]
    assert len({read(contents).schema for contents in files}) == 1
    for contents in (*files, *reversed(files)):
        found = rows("SELECT d FROM S3Object s WHERE s.d <= 1.5", contents)
        assert [row["d"] for row in found] == values[:2]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    known: RecentlyUsed[Any, ParquetMetadata] = RecentlyUsed(3, 100_000)
    monkeypatch.setattr(parquet_metadata, "_KNOWN", known)
    for number in range(10):
        read(parquet({"a": [number]}))
        assert len(known) == min(number + 1, 3)
    wide = parquet({f"column {number}": [1] for number in range(100)})
    assert parquet_metadata._BYTES_OF_A_BYTE * len(footer_of(wide)) > 100_000
    assert read(wide) is not read(wide)
    assert len(known) == 3


#: Columns of one name that are different things, or the same with other values.
COLUMNS: list[Any] = [
    pa.array([1, 5, 9], pa.int32()),
    pa.array([1, 5, 9], pa.int64()),
    pa.array([9, None, 1], pa.int64()),
    pa.array([1, 5, 9], pa.uint8()),
    pa.array([Decimal("1.0"), Decimal("5.0"), Decimal("9.0")], pa.decimal128(9, 1)),
    pa.array([Decimal("1.0"), Decimal("5.0"), Decimal("9.0")], pa.decimal128(18, 7)),
    pa.array([1.0, 5.0, 9.0], pa.float64()),
    pa.array([[1], [5], [9]], pa.list_(pa.int64())),
    pa.array(["1", "5", "9"]),
]
FILES = [parquet({"a": column, "b": pa.array([1, 2, 3])}, row_group_size=2) for column in COLUMNS]
TEXTS = [
    "SELECT * FROM S3Object",
    "SELECT s.b FROM S3Object s WHERE s.a <= 5",
    "SELECT s.a FROM S3Object s WHERE 1 < s.a AND s.b BETWEEN 2 AND 3",
    "SELECT SUM(s.b) FROM S3Object s WHERE s.a = 9",
]


def outcome(text: str, contents: bytes) -> object:
    try:
        with s3sql.query(text, contents, input_format="parquet") as result:
            return list(result.events())
    except S3SelectError as error:
        return error.code, error.message


@given(st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(range(len(FILES)))), min_size=2))
def test_answers_are_those_of_a_file_that_nobody_has_seen(asked: list[tuple[str, int]]) -> None:
    kept = parquet_metadata._KNOWN
    for text, number in asked:
        found = outcome(text, FILES[number])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parquet_metadata, "_KNOWN", RecentlyUsed(1, 0))
            assert found == outcome(text, FILES[number])
    assert len(kept) >= len({number for _, number in asked})


def test_threads_share_what_is_kept(tmp_path: Path) -> None:
    """Two threads may take the same footer apart; the first one stays."""
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet({"a": list(range(100))}, row_group_size=10))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: rows("SELECT SUM(s.a) AS n FROM S3Object s", path), range(32)))
    assert answers == [[{"n": 4950}]] * 32
    assert len(parquet_metadata._KNOWN) == 1
