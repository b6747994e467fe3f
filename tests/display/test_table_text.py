from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from s3sql.display.footer import footer_text
from s3sql.display.table_text import table_text
from s3sql.stats import Stats


def test_names_types_and_rows() -> None:
    table = pa.table({"name": ["Ann", None, "NULL"], "n": [1, 22, 333], "price": ["1.50", "2", ""]})
    assert table_text(table, width=80).splitlines() == [
        "╭────────┬─────┬────────╮",
        "│ name   │   n │  price │",
        "│ string │ int │ string │",
        "├────────┼─────┼────────┤",
        "│ Ann    │   1 │   1.50 │",
        "│ NULL   │  22 │      2 │",
        "│ 'NULL' │ 333 │        │",
        "╰────────┴─────┴────────╯",
    ]


def test_more_rows_than_shown() -> None:
    table = pa.table({"n": [1]})
    assert table_text(table, width=80, total_rows=1235).splitlines()[-1] == "… 1,234 more rows"
    assert table_text(table, width=80, total_rows=2).splitlines()[-1] == "… 1 more row"
    assert table_text(table, width=80, total_rows=1).splitlines()[-1].startswith("╰")


def test_wide_and_combining_characters() -> None:
    lines = table_text(pa.table({"t": ["日本", "e\u0301", "abcd"]}), width=80).splitlines()
    assert {cell_len(line) for line in lines} == {10}


def test_control_characters_are_shown() -> None:
    text = table_text(pa.table({"a\x1b[31m": ["line\nline\x07"]}), width=80)
    assert "\x1b" not in text
    assert "line␊line␇" in text
    assert "a␛[31m" in text


def test_colour_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    table = pa.table({"n": [None, 1]})
    assert "\x1b" not in table_text(table, width=80)
    assert "\x1b[2;3mNULL" in table_text(table, width=80, colour=True)
    monkeypatch.delenv("FORCE_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[2;3mNULL" in table_text(table, width=80, colour=True)


def test_long_texts_give_way_first() -> None:
    table = pa.table({"a": ["x" * 100], "b": ["short"], "c": [12345678]})
    line = table_text(table, width=50).splitlines()[4]
    assert len(line) <= 50
    assert "short" in line
    assert "12345678" in line
    assert "x…" in line
    assert "x" * 100 in table_text(table, width=None, max_cell=200)
    assert "x" * 60 + "…" in table_text(table, width=None)


def test_columns_in_the_middle_are_left_out() -> None:
    table = pa.table({f"column_{number}": ["text text"] for number in range(40)})
    text = table_text(table, width=60)
    assert max(map(len, text.splitlines())) <= 60
    assert "column_0" in text
    assert "column_39" in text
    assert "│ … │" in text
    assert "column_20" not in text


@given(
    st.lists(
        st.text(max_size=30).filter(lambda t: max(t, default="") < "\ud800"),
        min_size=1,
        max_size=12,
        unique=True,
    ),
    st.integers(1, 120),
)
def test_every_line_fits(names: list[str], width: int) -> None:
    text = table_text(pa.table({name: [name, None] for name in names}), width=width)
    assert max(map(cell_len, text.splitlines())) <= max(width, 24)


def test_very_many_columns_do_not_take_long() -> None:
    table = pa.table({f"c{number}": [number] for number in range(20_000)})
    assert len(table_text(table, width=100)) < 2000


def test_without_columns() -> None:
    assert table_text(pa.table({}), width=80, total_rows=7) == "0 rows without columns\n… 7 more rows"


def test_footer() -> None:
    stats = Stats(1000, 2000, 30, 4, 0.5)
    assert footer_text(stats) == "4 rows · 1.0 kB scanned · 2.0 kB processed · 30 B returned · 500 ms"
    looked = Stats(1000, 1000, 0, 0, 0.5)
    assert footer_text(looked, shown=20) == "the first 20 rows · 1.0 kB scanned · 1.0 kB processed · 500 ms"
    assert footer_text(Stats(), shown=0, total=0).startswith(
        "0 rows · 0 B scanned · 0 B processed · 0 B returned"
    )
    assert footer_text(None, shown=20, total=30, sniffed="csv") == "20 of 30 rows\nread as csv"
    assert footer_text(None, shown=0) == "no row yet"


def test_in_a_kernel_the_text_is_returned_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", lambda *arguments: shown.append(arguments))
    assert table_text(pa.table({"n": [1]}), width=80).splitlines()[0] == "╭─────╮"
    assert not shown
