from __future__ import annotations

import builtins
import datetime
import json
import re
import sys
from decimal import Decimal
from itertools import pairwise
from typing import Any

import altair
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import s3sql
from s3sql.charts import chart
from s3sql.charts.columns import chart_columns
from s3sql.charts.marks import MOST_BARS, MOST_MARKS


def rows_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The data of a chart, wherever Altair put them."""
    data = spec["data"]
    values = spec["datasets"][data["name"]] if "name" in data else data["values"]
    assert isinstance(values, list)
    return values


def drawn(table: pa.Table, **options: Any) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """The mark, the encoding and the data of a chart; Altair checks it against Vega-Lite's schema."""
    spec = chart(table, **options).to_dict()
    return spec["mark"]["type"], spec["encoding"], rows_of(spec)


def axes(encoding: dict[str, Any]) -> tuple[tuple[str, str], tuple[str, str]]:
    x, y = encoding["x"], encoding["y"]
    return (x["title"], x["type"]), (y["title"], y["type"])


TIMES = pa.array([datetime.datetime(2024, 1, day, tzinfo=datetime.UTC) for day in (1, 2, 3)])


class TestColumns:
    @pytest.mark.parametrize(
        ("texts", "role"),
        [
            (["1", "-2.5", " 3e4 ", None], "number"),
            (["1", "", "NA"], "number"),
            (["", "NA"], "text"),
            ([None], "text"),
            (["1", "x"], "text"),
            (["1,5"], "text"),
            (["0x10"], "text"),
            (["inf"], "text"),
            (["2024-01-31", ""], "time"),
            (["2024-01-31 05:00", "2024-01-31T05:00:01.5"], "time"),
            (["2024-01-31T05:00:00Z", "2024-01-31T05:00:00+01:30"], "time"),
            (["2024-01"], "time"),
            (["2024-02-31"], "text"),
            (["2024-01-31", "2024-01-31T05:00:00Z"], "text"),
            (["12:30"], "text"),
        ],
    )
    def test_texts_are_what_they_all_are(self, texts: list[str | None], role: str) -> None:
        (column,) = chart_columns(pa.table({"c": pa.array(texts, pa.string())}))
        assert column.role == role

    @pytest.mark.parametrize(
        ("array", "role"),
        [
            (pa.array([1], pa.uint8()), "number"),
            (pa.array([1.5, float("nan"), float("inf")]), "number"),
            (pa.array([Decimal("1.50")]), "number"),
            (TIMES, "time"),
            (pa.array([1], pa.timestamp("ns")), "time"),
            (pa.array([1], pa.date32()), "time"),
            (pa.array([True]), "text"),
            (pa.nulls(2), "text"),
            (pa.array([[1]]), "text"),
            (pa.array(["1"], pa.large_string()), "number"),
        ],
    )
    def test_types(self, array: pa.Array[Any], role: str) -> None:
        (column,) = chart_columns(pa.table({"c": array}))
        assert column.role == role

    def test_what_no_axis_has_a_place_for_is_null(self) -> None:
        (column,) = chart_columns(pa.table({"c": [1.5, float("nan"), float("-inf")]}))
        assert column.values.to_pylist() == [1.5, None, None]

    def test_zones(self) -> None:
        texts = pa.table({"c": ["2024-01-31T01:00:00+01:30"]})
        (column,) = chart_columns(texts)
        assert column.title == "c (UTC)"
        _, encoding, (row,) = drawn(pa.table({"c": texts["c"], "n": [1]}))
        assert row["c"] == "2024-01-30T23:30:00.000Z"
        assert encoding["x"]["scale"] == {"type": "utc"}


class TestGuess:
    @pytest.mark.parametrize(
        ("columns", "mark", "expected"),
        [
            ({"n": ["5", "6", "7"], "t": TIMES}, "line", (("t (UTC)", "temporal"), ("n", "quantitative"))),
            ({"n": [5, 6, 7], "c": ["a", "b", "c"]}, "bar", (("c", "nominal"), ("n", "quantitative"))),
            ({"a": [1, 2, 3], "b": ["1", "2", "3"]}, "point", (("a", "quantitative"), ("b", "quantitative"))),
            ({"a": [1, 2, 3]}, "bar", (("a", "quantitative"), ("rows", "quantitative"))),
            ({"c": ["x", "y", "x"]}, "bar", (("c", "nominal"), ("rows", "quantitative"))),
            ({"t": TIMES}, "bar", (("t (UTC)", "temporal"), ("rows", "quantitative"))),
            (
                {"a": ["x", "y", "z"], "b": ["u", "v", "w"]},
                "bar",
                (("a", "nominal"), ("rows", "quantitative")),
            ),
        ],
    )
    def test_from_the_columns(
        self, columns: dict[str, Any], mark: str, expected: tuple[tuple[str, str], tuple[str, str]]
    ) -> None:
        found, encoding, _ = drawn(pa.table(columns))
        assert (found, axes(encoding)) == (mark, expected)

    def test_one_row_of_numbers_is_bars_of_their_names(self) -> None:
        mark, encoding, rows = drawn(pa.table({"n": [3], "text": ["x"], "sum": ["4.5"]}))
        assert mark == "bar"
        assert [list(row.values()) for row in rows] == [["n", 3], ["sum", 4.5]]
        assert encoding["x"]["sort"] is None

    def test_what_is_given_is_kept(self) -> None:
        table = pa.table({"a": [1, 2, 3], "b": [4, 5, 6], "c": ["x", "y", "z"], "t": TIMES})
        assert axes(drawn(table, x="b", y="a")[1]) == (("b", "quantitative"), ("a", "quantitative"))
        assert axes(drawn(table, y="b")[1])[0] == ("t (UTC)", "temporal")
        assert axes(drawn(table, x="c", y="b")[1])[0] == ("c", "nominal")
        assert drawn(table, x="t", y="a", kind="area")[0] == "area"
        assert drawn(table, kind="point")[0] == "point"
        assert axes(drawn(table, kind="point")[1]) == (("a", "quantitative"), ("b", "quantitative"))
        assert axes(drawn(table, kind="bar")[1]) == (("c", "nominal"), ("a", "quantitative"))
        assert axes(drawn(table, kind="histogram")[1])[0] == ("a", "quantitative")
        assert axes(drawn(table, x="a", kind="bar")[1])[0] == ("a", "ordinal")

    def test_bars_lie_where_the_texts_are_upwards(self) -> None:
        spec = chart(pa.table({"n": [1, 2], "c": ["x", "y"]}), x="n", y="c", kind="bar").to_dict()
        assert (spec["encoding"]["y"]["type"], spec["encoding"]["x"]["type"]) == ("nominal", "quantitative")
        assert "step" in spec["height"]


class TestRefusals:
    TABLE = pa.table({"carrier": ["AA"], "dep_delay": [5], "t": TIMES[:1]})

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"x": "carier"},
                r"no column 'carier'; did you mean 'carrier'\? It has 'carrier', 'dep_delay', 't'\.",
            ),
            ({"y": "Dep_Delay"}, r"did you mean 'dep_delay'\?"),
            ({"color": "zzz"}, r"no column 'zzz'\. It has 'carrier'"),
            (
                {"kind": "lines"},
                r"no chart of kind 'lines'; did you mean 'line'\? The kinds are 'bar', 'line'",
            ),
            ({"kind": "pie"}, r"no chart of kind 'pie'\. The kinds are"),
            ({"kind": "line", "x": "t", "y": "carrier"}, "'carrier' holds texts"),
            ({"kind": "bar", "x": "carrier", "y": "t"}, "'carrier' holds texts and 't' times"),
            ({"kind": "bar", "x": "carrier", "y": "carrier"}, "leave y out to count"),
        ],
    )
    def test_messages(self, options: dict[str, str], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            chart(self.TABLE, **options)  # type: ignore[arg-type]

    def test_nothing_to_draw(self) -> None:
        with pytest.raises(ValueError, match="a line chart needs two columns"):
            chart(pa.table({"c": ["x"]}), kind="line")
        with pytest.raises(ValueError, match="no rows"):
            chart(pa.table({"c": pa.array([], pa.int64())}))
        with pytest.raises(ValueError, match="no columns"):
            chart(pa.table({}))

    def test_very_many_columns_are_not_all_named(self) -> None:
        with pytest.raises(ValueError, match=r"'c19' and 480 more\.$"):
            chart(pa.table({f"c{number}": [1] for number in range(500)}), x="zzz")

    def test_without_altair(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delitem(sys.modules, "s3sql.charts.drawing", raising=False)
        real = builtins.__import__

        def without(name: str, *arguments: Any, **options: Any) -> Any:
            if name.partition(".")[0] == "altair":
                raise ModuleNotFoundError(f"No module named {name!r}", name="altair")
            return real(name, *arguments, **options)

        monkeypatch.setattr(builtins, "__import__", without)
        with pytest.raises(ImportError, match=r"pip install 's3sql\[jupyter\]'"):
            chart(self.TABLE)


class TestMarks:
    def test_histogram_counts_all_rows(self) -> None:
        table = pa.table({"n": [number % 100 for number in range(50_000)]})
        _, encoding, rows = drawn(table)
        assert len(rows) <= 40
        assert sum(row[" rows"] for row in rows) == 50_000
        for row in rows:
            assert row[" rows"] == 500 * len(range(max(row[" from"], 0), min(row[" to"], 100)))
        assert encoding["x"]["bin"] == "binned"
        assert encoding["x2"]["field"] == " to"

    @settings(max_examples=60)
    @given(
        st.lists(
            st.none()
            | st.floats(allow_nan=True, allow_infinity=True)
            | st.integers(-(2**60), 2**60).map(float),
            min_size=1,
            max_size=30,
        )
    )
    def test_every_number_is_in_one_bin(self, numbers: list[float | None]) -> None:
        table = pa.table({"n": pa.array(numbers, pa.float64())})
        _, _, rows = drawn(table, kind="histogram")
        known = [n for n in numbers if n is not None and abs(n) < float("inf")]
        assert sum(row[" rows"] for row in rows) == len(known)
        assert len(rows) <= 64
        for row in rows:
            slack = 1e-9 * max(abs(row[" from"]), abs(row[" to"]), 1e-300)
            assert row[" rows"] <= sum(row[" from"] - slack <= n <= row[" to"] + slack for n in known)

    def test_counts_are_of_all_rows_the_most_frequent_first(self) -> None:
        table = pa.table({"c": ["b"] * 3 + ["a"] * 2 + [None] + ["c"] * 9000})
        assert [tuple(row.values()) for row in drawn(table)[2]] == [
            ("c", 9000),
            ("b", 3),
            ("a", 2),
            ("NULL", 1),
        ]

    def test_too_many_bars_are_told(self) -> None:
        names = [f"n{number}" for number in range(3000)]
        spec = chart(pa.table({"c": names + names[2000:]})).to_dict()
        assert len(rows_of(spec)) == MOST_BARS
        assert spec["title"]["subtitle"] == "the 100 most frequent of 3,000 values"
        assert rows_of(spec)[0] == {"c": "n2000", " rows": 2}
        spec = chart(pa.table({"c": names, "n": range(3000)})).to_dict()
        assert [row["n"] for row in rows_of(spec)] == list(range(100))
        assert spec["title"]["subtitle"] == "the first 100 of 3,000 values, in the order of the rows"

    def test_bars_of_one_name_are_summed(self) -> None:
        _, encoding, rows = drawn(pa.table({"c": ["b", "a", "b"] * 4000, "n": [1, 10, 2] * 4000}))
        assert [tuple(row.values()) for row in rows] == [("b", 12_000), ("a", 40_000)]
        assert encoding["y"]["title"] == "sum of n"
        assert encoding["x"]["sort"] is None

    def test_sums_do_not_overflow(self) -> None:
        _, _, rows = drawn(pa.table({"c": ["a"] * 4, "n": [2**62] * 4}))
        assert rows == [{"c": "a", "n": float(2**64)}]

    @pytest.mark.parametrize("kind", ["line", "point", "area"])
    def test_too_many_rows_are_thinned_evenly_and_told(self, kind: str) -> None:
        count = 336_776
        spec = chart(pa.table({"a": range(count), "b": range(count)}), kind=kind, title="T").to_dict()
        numbers = [row["a"] for row in rows_of(spec)]
        assert len(numbers) == MOST_MARKS
        assert (numbers[0], numbers[-1]) == (0, count - 1)
        steps = {after - before for before, after in pairwise(numbers)}
        assert max(steps) - min(steps) <= 1
        assert spec["title"]["text"] == "T"
        assert spec["title"]["subtitle"] == "5,000 of 336,776 rows, evenly spaced"

    def test_rows_without_a_value_are_told(self) -> None:
        spec = chart(pa.table({"a": ["1", "NA", "3", ""], "b": [1, 2, None, 4]})).to_dict()
        assert rows_of(spec) == [{"a": 1, "b": 1}]
        assert spec["title"]["subtitle"] == "3 of 4 rows without a value left out"
        assert "title" not in chart(pa.table({"a": [1, 2], "b": [1, 2]})).to_dict()

    def test_long_texts_are_cut(self) -> None:
        _, _, (row,) = drawn(pa.table({"c": ["x" * 1_000_000], "n": [1]}), kind="bar", x="c", y="n")
        assert row["c"] == "x" * 80 + "…"

    def test_colours(self) -> None:
        table = pa.table(
            {"n": [1, 2, 3, 4], "m": [1, 2, 3, 4], "c": ["x", "y", None, "x"], "g": ["a", "b", "a", "a"]}
        )
        for kind in ("bar", "line", "area", "point", "histogram"):
            _, encoding, rows = drawn(
                table, x="n", y=None if kind == "histogram" else "m", kind=kind, color="c"
            )
            assert encoding["color"]["field"] == "c"
            assert {row["c"] for row in rows} == {"x", "y", "NULL"}
        _, _, rows = drawn(table, x="g", kind="bar", color="c")
        assert sum(row[" rows"] for row in rows) == 4
        _, _, rows = drawn(table, x="g", y="n", kind="bar", color="c")
        assert sum(row["n"] for row in rows) == 10
        assert drawn(table, x="n", y="m", color="m")[1]["color"]["type"] == "quantitative"


class TestNames:
    NAMES = (
        "a.b", "a[0]", "a:Q", "it's", 'say "x"', "back\\slash", "count()", "mean(x):Q", "", " ", "é",
        "new\nline", "__proto__", "rows", " rows", "datum.x", "{{x}}", "<b>",
    )  # fmt: skip

    @pytest.mark.parametrize("name", NAMES)
    def test_any_name_is_only_a_name(self, name: str) -> None:
        table = pa.table([pa.array(["u", "v"]), pa.array([1, 2])], names=[name, "other"])
        _, encoding, rows = drawn(table, x=name, y="other")
        field = encoding["x"]["field"]
        assert not set(field) & set(".[]\\'\"\n{}<>")
        assert [row[field] for row in rows] == ["u", "v"]
        assert [row[encoding["y"]["field"]] for row in rows] == [1, 2]
        assert encoding["x"]["title"].replace("␊", "\n") in (name, f"{name} ")
        assert encoding["tooltip"][0]["field"] == field
        _, counted, rows = drawn(table, x=name, kind="bar")
        assert [(row[counted["x"]["field"]], row[" rows"]) for row in rows] == [("u", 1), ("v", 1)]

    def test_names_that_become_alike_stay_apart(self) -> None:
        table = pa.table([pa.array([1, 2]), pa.array([3, 4])], names=["a.b", "a[b"])
        _, encoding, rows = drawn(table)
        assert encoding["x"]["field"] != encoding["y"]["field"]
        assert [tuple(row.values()) for row in rows] == [(1, 3), (2, 4)]

    def test_two_columns_of_one_name(self) -> None:
        table = pa.table([pa.array(["u", "v"]), pa.array([3, 4])], names=["id", "id"])
        _, encoding, rows = drawn(table)
        assert axes(encoding) == (("id", "nominal"), ("id", "quantitative"))
        assert [tuple(row.values()) for row in rows] == [("u", 3), ("v", 4)]


class TestLook:
    TABLE = pa.table({"c": ["x", "y"], "n": [1, 2]})

    def test_every_chart_has_tooltips(self) -> None:
        for options in (
            {},
            {"kind": "histogram", "x": "n"},
            {"kind": "line", "x": "n", "y": "n"},
            {"x": "c"},
        ):
            assert drawn(self.TABLE, **options)[1]["tooltip"]

    def test_light_and_dark(self) -> None:
        spec = chart(self.TABLE).to_dict()
        assert spec["background"] == "transparent"
        assert spec["config"]["axis"]["labelColor"] == "#888888"

    def test_a_theme_of_altair_goes_first(self) -> None:
        with altair.theme.enable("dark"):
            spec = chart(self.TABLE).to_dict()
        assert "background" not in spec
        assert "axis" not in spec["config"]

    def test_a_configuration_goes_first(self) -> None:
        own = chart(self.TABLE).configure_axis(labelColor="red").configure(background="blue").to_dict()
        assert own["config"]["background"] == "blue"
        assert "background" not in own
        axis = chart(self.TABLE).configure_axis(labelColor="red").to_dict()["config"]["axis"]
        assert (axis["labelColor"], axis["titleColor"]) == ("red", "#888888")

    def test_title_and_size(self) -> None:
        spec = chart(self.TABLE, title="Delays", width=300, height=200).to_dict()
        assert (spec["title"]["text"], spec["width"], spec["height"]) == ("Delays", 300, 200)
        with pytest.raises(TypeError, match="colour"):
            chart(self.TABLE, colour="c")  # type: ignore[call-arg]

    def test_charts_can_be_put_together(self) -> None:
        bars = chart(self.TABLE)
        both = bars | bars.mark_line()
        assert len(both.to_dict()["hconcat"]) == 2
        assert len((bars + bars.mark_point()).to_dict()["layer"]) == 2
        assert bars.encode(opacity=altair.value(0.5)).to_dict()["background"] == "transparent"

    def test_jupyter_shows_it(self) -> None:
        with altair.renderers.enable("mimetype"):
            bundle, _ = chart(self.TABLE)._repr_mimebundle_()
        (spec,) = [value for key, value in bundle.items() if key.startswith("application/vnd.vegalite")]
        assert spec["background"] == "transparent"


def test_a_result_is_loaded_for_its_chart() -> None:
    result = s3sql.query(
        "SELECT * FROM S3Object", b"day,n\n2024-01-01,1\n2024-01-02,2\n", file_header_info="USE"
    )
    assert result.chart().to_dict()["mark"]["type"] == "line"
    assert result.chart(x="day", y="n", kind="bar", title="days").to_dict()["title"]["text"] == "days"
    assert "loaded" in repr(result)
    with pytest.raises(ValueError, match="did you mean 'day'"):
        result.chart(x="dya")
    result = s3sql.query("SELECT * FROM S3Object", b"1\n", input_format="csv")
    list(result)
    with pytest.raises(ValueError, match="run the query again"):
        result.chart()


class TestLabels:
    def test_long_texts_that_begin_alike_have_a_bar_each(self) -> None:
        table = pa.table({"url": ["x" * 90 + end for end in "abc"] + ["y"], "n": [1, 2, 3, 4]})
        _, _, rows = drawn(table)
        labels = [row["url"] for row in rows]
        assert [label.lstrip("x") for label in labels] == ["…", "… (2)", "… (3)", "y"]
        assert len(set(labels)) == 4

    def test_a_label_may_be_there_already(self) -> None:
        short = "x" * 80 + "… (2)"
        _, _, rows = drawn(pa.table({"t": [short, "x" * 90 + "a", "x" * 90 + "b"]}), kind="bar")
        assert len({row["t"] for row in rows}) == 3

    def test_columns_of_one_name_have_a_bar_each(self) -> None:
        table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"])
        _, _, rows = drawn(table)
        assert [row[" column"] for row in rows] == ["n", "n (2)"]

    def test_null_and_the_text_null_are_two(self) -> None:
        _, _, rows = drawn(pa.table({"t": ["NULL", None, None]}))
        assert {row["t"]: row[" rows"] for row in rows} == {"'NULL'": 1, "NULL": 2}

    @pytest.mark.parametrize("name", ["constructor", "toString", "__proto__"])
    def test_what_every_object_of_javascript_has(self, name: str) -> None:
        spec = chart(pa.table({name: ["x", name], "n": [1, 2]})).to_dict()
        x = spec["encoding"]["x"]
        assert (x["field"], x["title"]) == (f"{name} ", f"{name} ")
        assert rows_of(spec) == [{f"{name} ": "x", "n": 1}, {f"{name} ": f"{name} ", "n": 2}]


class TestEnds:
    def test_the_largest_doubles_have_finite_bins(self) -> None:
        largest = sys.float_info.max
        spec = chart(pa.table({"n": [-largest, largest]})).to_dict()
        json.dumps(spec, allow_nan=False)
        assert [row[" rows"] for row in rows_of(spec)] == [1, 1]

    def test_bins_that_lie_close_have_a_width(self) -> None:
        _, _, rows = drawn(pa.table({"n": [1.0, 1.0 + 2**-52, 1.0 + 2**-50]}))
        assert all(row[" from"] < row[" to"] for row in rows)
        assert sum(row[" rows"] for row in rows) == 3

    def test_years_that_have_not_four_digits(self) -> None:
        _, _, rows = drawn(pa.table({"t": ["0001-01-01", "9999-12-31"]}))
        times = [row[end] for row in rows for end in (" from", " to")]
        assert all(re.fullmatch(r"(\d{4}|[+-]\d{6})-\d\d-\d\dT00:00:00\.000Z", time) for time in times)
        assert any(time.startswith("-0000") for time in times)
        assert any(time.startswith("+010") for time in times)

    def test_one_day_is_a_bin_of_a_day(self) -> None:
        _, _, rows = drawn(pa.table({"t": ["2013-01-31"] * 3}))
        (row,) = rows
        assert row == {" from": "2013-01-31T00:00:00.000Z", " to": "2013-02-01T00:00:00.000Z", " rows": 3}


@pytest.mark.parametrize("kind", ["line", "area"])
def test_a_colour_of_numbers_makes_lines_of_their_own(kind: str) -> None:
    table = pa.table({"x": [1, 2, 1, 2], "y": [1, 2, 3, 4], "year": ["2012", "2012", "2013", "2013"]})
    _, encoding, _ = drawn(table, x="x", y="y", kind=kind, color="year")
    assert encoding["color"]["type"] == "ordinal"


def test_a_column_without_a_value_is_told() -> None:
    spec = chart(pa.table({"a": [1], "b": pa.array([None], pa.int64())})).to_dict()
    assert rows_of(spec) == [{" column": "a", " value": 1}]
    assert spec["title"]["subtitle"] == "1 of 2 columns without a value left out"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"title": ["a", "b"]}, TypeError, "the title is a text, not list"),
        ({"width": "wide"}, TypeError, "the width is a number of pixels, not str"),
        ({"height": 0}, ValueError, "the height is a number of pixels above 0, not 0"),
    ],
)
def test_titles_and_sizes_that_are_none(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        chart(pa.table({"n": [1, 2]}), **options)
