from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import s3sql
from s3sql.cli import main
from s3sql.cli.schema_tables import draw

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def parquet(tmp_path: Path) -> str:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"n": list(range(100)), "t": ["x"] * 100}), path, row_group_size=60)
    return str(path)


def test_plain_text_in_a_pipe(parquet: str, capfd: Captured) -> None:
    assert main(["schema", parquet]) == 0
    out, err = capfd.readouterr()
    assert out.startswith(str(s3sql.describe(parquet)))
    assert out.count("│ x ") == 10
    assert err == ""


def test_json(parquet: str, capfd: Captured) -> None:
    assert main(["schema", parquet, "--json", "--rows", "3"]) == 0
    described = json.loads(capfd.readouterr().out)
    assert [column["name"] for column in described["columns"]] == ["n", "t"]
    assert [group["rows"] for group in described["row_groups"]] == [60, 40]
    assert len(described["first_rows"]["rows"]) == 3


def test_standard_input(capfd: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a;b\n1;2\n")))
    assert main(["schema", "-", "--header", "none"]) == 0
    assert "_2" in capfd.readouterr().out


def test_what_cannot_be_described(capfd: Captured, tmp_path: Path) -> None:
    assert main(["schema", str(tmp_path / "absent.csv")]) == 1
    assert capfd.readouterr().err.startswith("s3sql schema: NoSuchKey: ")
    assert main(["schema", "ftp://x/y.csv"]) == 2
    assert capfd.readouterr().err.startswith("s3sql schema: ")


def test_tables_show_row_groups_and_hostile_names(tmp_path: Path, parquet: str) -> None:
    text = draw(s3sql.describe(parquet), 100, colourful=False)
    assert "100 rows in 2 row groups" in text
    assert "\x1b" not in text
    path = tmp_path / "x.csv"
    path.write_bytes(b"[bold]a,\x1b[31mb\n1,2\n2,3\n")
    shown = draw(s3sql.describe(path, file_header_info="USE"), 120, colourful=False)
    assert "[bold]a" in shown
    assert r"\x1b[31mb" in shown
