from __future__ import annotations

from typing import Any

import pytest

import s3sql
from s3sql.exec import footprint
from s3sql.exec.profile import MorselWork, Profile
from s3sql.plan.logical import Filter, Item, Limit, Plan, Project, Scan


def test_morsels_add_up() -> None:
    profile = Profile()
    profile.add(MorselWork(10, 3, 100, 20, 7), folded=False)
    profile.add(MorselWork(5, 2, 50, 10, 3), folded=False)
    profile.add(MorselWork(1, 1, 1, 1, 1000), folded=True)
    assert (profile.scan.rows, profile.filter.rows) == (16, 6)
    assert (profile.scan.nanoseconds, profile.filter.nanoseconds) == (151, 31)
    assert (profile.project.nanoseconds, profile.aggregate.nanoseconds) == (10, 1000)
    assert profile.aggregate.seconds == 1e-6


def test_the_work_of_every_node() -> None:
    profile = Profile()
    scan = Scan("csv")
    plan: Plan = Limit(Project(Filter(scan, ()), ()), 3)
    assert list(profile.of(plan)) == [profile.limit, profile.project, profile.filter, profile.scan]
    assert list(profile.of(Project(scan, (Item("a", None),)))) == [profile.project, profile.scan]  # type: ignore[arg-type]


def stages(result: s3sql.Result) -> list[tuple[str, int]]:
    found = []
    node: dict[str, Any] | None = result.plan
    while node is not None:
        found.append((node["node"], node["rows"]))
        node = node.get("source")
    return found


TEXT = b"".join(b"%d,%d\n" % (number, number % 3) for number in range(60_000))


@pytest.mark.parametrize("workers", ["1", "3"])
def test_rows_are_those_of_the_query(workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3SQL_WORKERS", workers)
    rows = s3sql.query("SELECT s._1 FROM S3Object s WHERE s._2 > 0", TEXT, input_format="csv").load()
    assert stages(rows) == [("project", 40_000), ("filter", 40_000), ("scan", 60_000)]
    folded = s3sql.query("SELECT COUNT(*) FROM S3Object s WHERE s._2 > 0", TEXT, input_format="csv").load()
    assert stages(folded) == [("project", 1), ("aggregate", 1), ("filter", 40_000), ("scan", 60_000)]
    assert folded.plan["source"]["source"]["source"]["seconds"] > 0


def test_rows_of_a_morsel_in_parts_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footprint, "PIECE_BYTES", 50_000)
    result = s3sql.query(
        "SELECT s._1 || s._1 || s._2 FROM S3Object s WHERE s._2 > 0", TEXT, input_format="csv"
    ).load()
    assert len(list(result)) > 10
    assert stages(result) == [("project", 40_000), ("filter", 40_000), ("scan", 60_000)]


def test_up_to_a_failing_row() -> None:
    result = s3sql.query("SELECT CAST(s._1 AS INT) FROM S3Object s", b"1\n2\nx\n4\n", input_format="csv")
    with pytest.raises(s3sql.S3SelectError, match="CastFailed"):
        result.load()
    assert stages(result) == [("project", 2), ("scan", 4)]


def test_nothing_is_read_for_limit_0() -> None:
    result = s3sql.query("SELECT * FROM S3Object LIMIT 0", TEXT, input_format="csv").load()
    assert stages(result) == [("limit", 0), ("project", 0), ("scan", 0)]
