"""What an object holds, as HTML: nothing of the object is markup, and nothing is endless."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

import s3sql
from s3sql.jupyter.description_html import description_html


def test_the_row_groups_of_parquet() -> None:
    written = io.BytesIO()
    pq.write_table(pa.table({"n": range(10)}), written, row_group_size=4)
    html = description_html(s3sql.describe(written.getvalue()))
    assert "10 rows in 3 row groups" in html
    assert "<td>n</td>" in html


def test_many_columns_are_cut() -> None:
    line = ",".join(f"c{number}" for number in range(1000))
    html = description_html(s3sql.describe(f"{line}\n{line}\n".encode(), input_format="csv"))
    assert "800 more columns" in html
    assert "<td>c900</td>" not in html


def test_long_names_are_cut() -> None:
    html = description_html(s3sql.describe(b'{"' + b"k" * 500_000 + b'": 1}\n', input_format="json"))
    assert "k" * 100 in html
    assert len(html) < 20_000


def test_prices_are_not_set_as_mathematics() -> None:
    html = description_html(s3sql.describe(b"price\n$5 and $6\n", input_format="csv"))
    assert html.startswith('<div class="s3sql-box mathjax_ignore tex2jax_ignore">')


def test_names_are_escaped() -> None:
    html = description_html(s3sql.describe(b'{"<b>": "<i>"}\n', input_format="json"))
    assert "&lt;b&gt;" in html
    assert "&lt;i&gt;" in html
    assert "<b>&lt;" not in html.replace("<p><b>source</b>", "")
    assert "<i>" not in html
