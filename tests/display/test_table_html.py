from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import s3sql
from s3sql.display.cells import visible
from s3sql.display.error_html import plain_error_html
from s3sql.display.html_style import TABLE_STYLE
from s3sql.display.table_html import note_html, table_html
from s3sql.stats import Stats
from tests.display.markup import elements, harmless, texts

HOSTILE = [
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    "\" onmouseover='alert(1)'",
    "'\"><b>",
    "&lt;b&gt;&amp;&#60;",
    "</style><script>",
    "<!--",
    "]]>",
    "a\x00b\x1b[31m",
    "\u202egpj.exe",
    "javascript:alert(1)",
    "{{constructor}}${7*7}",
]


def test_names_types_rows_and_footer() -> None:
    table = pa.table({"name": ["Ann", None], "n": [1, 22], "amount": ["1.50", "x"]})
    stats = Stats(1_200_000, 3_400_000, 200, 1234, 0.0123)
    html = table_html(table, total_rows=1234, stats=stats, sniffed="csv (by name), header line (by content)")
    assert [(e.text, e.attributes.get("scope")) for e in elements(html) if e.tag == "th"] == [
        ("name", "col"),
        ("n", "col"),
        ("amount", "col"),
    ]
    assert texts(html, "td") == ["string", "int", "string", "Ann", "1", "1.50", "NULL", "22", "x"]
    assert texts(html, "p") == [
        "2 of 1,234 rows · 1.2 MB scanned · 3.4 MB processed · 200 B returned · 12.3 ms",
        "read as csv (by name), header line (by content)",
    ]
    (caption,) = texts(html, "caption")
    assert caption.startswith("2 of 1,234 rows · ")
    assert caption.endswith("; 3 columns")
    cells = [element for element in elements(html) if element.tag == "td"]
    assert [e.text for e in cells if "right" in (e.attributes.get("style") or "")] == ["int", "1", "22"]
    assert [e.text for e in cells if e.attributes.get("class") == "s3sql-null"] == ["NULL"]
    assert cells[1].attributes["title"] == "Arrow: int64"
    assert harmless(html)


def test_light_and_dark() -> None:
    # What is not JupyterLab's own is a grey of some transparency, or has a rule for dark pages.
    assert "prefers-color-scheme: dark" in TABLE_STYLE
    for ground in (": white", ": black", "#fff", "#000"):
        assert ground not in TABLE_STYLE
    assert "var(--jp-content-font-color1, inherit)" in TABLE_STYLE


def test_the_rows_are_limited() -> None:
    html = table_html(pa.table({"n": range(50)}), total_rows=None, stats=None, limit=3)
    assert texts(html, "td")[1:] == ["0", "1", "2"]
    assert texts(html, "p") == ["the first 3 rows"]
    assert texts(table_html(pa.table({"n": [1]}), total_rows=1, stats=None), "p") == ["1 row"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_and_names(text: str) -> None:
    html = table_html(pa.table({text: [text]}), total_rows=1, stats=None, sniffed=text)
    assert harmless(html)
    assert texts(html, "th") == [visible(text)]
    assert texts(html, "td")[1:] == [visible(text)]
    assert texts(html, "p")[-1] == visible(f"read as {text}")


@given(st.text(max_size=40).filter(lambda text: text.isascii() or max(text) < "\ud800"))
def test_any_text_is_only_text(text: str) -> None:
    html = table_html(pa.table({text: [text, None]}), total_rows=2, stats=None)
    assert harmless(html)
    assert [element.tag for element in elements(html)].count("td") == 3


def test_a_long_text_is_cut_and_has_a_title() -> None:
    html = table_html(pa.table({"t": ["<" * 1_000_000, "é" * 300]}), total_rows=2, stats=None)
    assert len(html) < 20_000
    first, second = [element for element in elements(html) if element.tag == "td"][1:]
    assert first.text == "<" * 200 + "…"
    assert first.attributes["title"] == "<" * 1000 + "… (1.0 MB)"
    assert second.text == "é" * 200 + "…"
    assert second.attributes["title"] == "é" * 300


def test_long_names_and_very_many_columns() -> None:
    table = pa.table({f"{'n' * 500}{number}": [1] for number in range(3000)})
    html = table_html(table, total_rows=1, stats=None)
    assert len(html) < 200_000
    assert len(texts(html, "th")) == 101
    assert "2,900 more columns" in html


def test_without_rows_and_without_columns() -> None:
    empty = table_html(pa.table({"a": pa.array([], pa.string())}), total_rows=0, stats=None)
    assert texts(empty, "th") == ["a"]
    assert texts(empty, "p") == ["0 rows"]
    batch = pa.RecordBatch.from_struct_array(
        pa.StructArray.from_buffers(pa.struct([]), 5, [None])  # type: ignore[arg-type]
    )
    bare = table_html(pa.Table.from_batches([batch]), total_rows=5, stats=None)
    assert texts(bare, "p") == ["The rows have no columns.", "5 rows"]
    assert texts(table_html(pa.table({}), total_rows=0, stats=None), "p")[0] == "No rows and no columns."


def test_a_note() -> None:
    assert texts(note_html("<i>gone", "3 rows"), "p") == ["<i>gone", "3 rows"]


def test_prices_are_not_set_as_mathematics() -> None:
    result = s3sql.query(
        "SELECT s._1 FROM S3Object s WHERE s._1 <> '$1 $2'", b"$5 and $6\n", input_format="csv"
    )
    pages = [
        result._repr_html_(),
        note_html("$5 and $6", ""),
        result.plan._repr_html_(),
        plain_error_html("ValueError", "$5 and $6"),
    ]
    for html in pages:
        (outer, *_) = elements(html)
        assert {"mathjax_ignore", "tex2jax_ignore"} <= set((outer.attributes["class"] or "").split())
        assert html.endswith("</div>")
