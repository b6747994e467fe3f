"""Random queries through the whole engine against a row-wise twin: values, failures, and the rows before.

The twin evaluates the plan as it was bound, one row after the other, and only what SQL evaluates; the engine
runs the optimised plan column by column, over morsels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.plan.binder import bind
from s3sql.plan.expr import Expr
from s3sql.plan.logical import Filter, Limit, Project, Spread
from s3sql.plan.schema import CsvSchema, JsonSchema, Schema
from s3sql.request import CsvInput, JsonInput
from s3sql.sql.parser import parse
from s3sql.types import Kind
from tests.scans import Scanned, morsels_of, no_buffer_is_out, scan
from tests.twins import evaluation as twin
from tests.twins.json_rows import MISSING, Number
from tests.twins.records import json_record
from tests.twins.values import FALSE, NULL, TRUE, FailedError, Value, text_of

COLUMNS = 4

_constants = st.sampled_from(
    [
        *("0", "1", "-1", "2.50", "1e2", "9223372036854775807", "NULL", "MISSING", "TRUE"),
        *("CAST('1.5' AS FLOAT)", "CAST('x' AS INT)", "1/0", "''", "'a'", "'1'", "'12'"),
    ]
)
_csv_columns = st.sampled_from(["_1", "_2", "s._3", "_4"])
_json_columns = st.sampled_from(["a", "b", "s.c", "s.d"])
_types = st.sampled_from(["INT", "FLOAT", "DECIMAL", "BOOL", "STRING"])


def _computed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def form(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.tuples(*parts).map(lambda found: template.format(*found))

    return (
        form("CAST({} AS {})", inner, _types)
        | form("({} {} {})", inner, st.sampled_from(["+", "-", "*", "/", "%", "||"]), inner)
        | form("COALESCE({}, {})", inner, inner)
        | form("NULLIF({}, {})", inner, inner)
        | form("CASE WHEN {} = {} THEN {} ELSE {} END", inner, inner, inner, inner)
        | form("CASE {} WHEN {} THEN {} WHEN {} THEN {} END", inner, inner, inner, inner, inner)
    )


def _values_of(columns: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(_constants | columns | columns, _computed, max_leaves=4)


def _predicates_of(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    conditions = (
        st.tuples(values, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), values).map(" ".join)
        | st.tuples(values, st.sampled_from(["IS NULL", "IS MISSING", "IS NOT NULL", "<> ''"])).map(" ".join)
        | st.tuples(values, st.sampled_from(["", "NOT "]), values, values).map(
            lambda found: "{} {}BETWEEN {} AND {}".format(*found)
        )
        | st.tuples(values, st.sampled_from(["", "NOT "]), st.lists(values, min_size=1, max_size=4)).map(
            lambda found: f"{found[0]} {found[1]}IN ({', '.join(found[2])})"
        )
    )
    return st.recursive(
        conditions,
        lambda inner: (
            st.lists(inner, min_size=2, max_size=4).map(lambda parts: f"({' AND '.join(parts)})")
            | st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})")
            | inner.map(lambda part: f"(NOT {part})")
        ),
        max_leaves=5,
    )


_cells = st.sampled_from(
    ["", "a", "1", "1", "2", "12", " 3 ", "2.5", "true", "1e2", "x", "0", "-1", "9223372036854775807"]
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    count = draw(st.integers(0, 50))
    rows = draw(st.lists(st.lists(_cells, min_size=1, max_size=COLUMNS), min_size=count, max_size=count))
    # A record of no bytes is no record.
    return [row for row in rows if row != [""]]


#: JSON values with the kinds they have in SQL; numbers are spelled as we print them.
_JSON = {
    **{text: Value(Kind.INT, int(text)) for text in ("0", "1", "2", "-1", "9223372036854775807")},
    **{text: Value(Kind.DECIMAL, Decimal(text)) for text in ("2.5", "1.00", "12345678901234567890")},
    **{f'"{text}"': Value(Kind.STRING, text) for text in ("", "a", "1", "12", "true", "x")},
    "true": TRUE,
    "false": FALSE,
    "null": NULL,
    "[1]": Value(Kind.LIST, "[1]"),
    '{"e":1}': Value(Kind.STRUCT, '{"e":1}'),
}


@st.composite
def objects(draw: st.DrawFn) -> list[dict[str, str]]:
    """JSON rows: member names with the text of their values, the kinds of one name mixed or not."""
    count = draw(st.integers(0, 50))
    kinds = st.sampled_from(sorted(_JSON)) | st.sampled_from(["1", "2", "0"])
    rows = st.dictionaries(st.sampled_from("abcd"), kinds, max_size=COLUMNS)
    return draw(st.lists(rows, min_size=count, max_size=count))


@st.composite
def statements(draw: st.DrawFn, columns: st.SearchStrategy[str]) -> str:
    values = _values_of(columns)
    items = draw(st.just(["s.*"]) | st.lists(values, min_size=1, max_size=3))
    named = [item if item == "s.*" else f"{item} AS n{number}" for number, item in enumerate(items)]
    sql = f"SELECT {', '.join(named)} FROM S3Object s"
    conditions = draw(st.lists(_predicates_of(values), max_size=3))
    if conditions:
        sql += " WHERE " + " AND ".join(conditions)
    limit = draw(st.none() | st.integers(0, 5))
    return sql if limit is None else f"{sql} LIMIT {limit}"


@dataclass(frozen=True)
class Row:
    """A row for the twin, and its members as ``s.*`` writes them."""

    row: twin.Row
    members: list[tuple[str, object]]


def csv_row(cells: Sequence[str]) -> Row:
    fields = [Value(Kind.STRING, cells[n]) if n < len(cells) else NULL for n in range(COLUMNS)]
    return Row(twin.Row(fields, {}), [(f"_{number}", cell) for number, cell in enumerate(cells, 1)])


def json_row(members: Mapping[str, str]) -> Row:
    values = {name: _JSON[text] for name, text in members.items()}
    return Row(twin.Row([], values), [(name, Number(text)) for name, text in members.items()])


def expected(sql: str, schema: Schema, rows: Sequence[Row]) -> Scanned:
    """The answer row by row."""
    plan = bind(parse(sql), schema)
    limit = plan.count if isinstance(plan, Limit) else None
    project = plan.source if isinstance(plan, Limit) else plan
    assert isinstance(project, Project)
    conditions = project.source.conjuncts if isinstance(project.source, Filter) else ()
    records: list[bytes] = []
    for row in rows:
        if limit is not None and len(records) >= limit:
            break
        try:
            if not all(_is_true(condition, row.row) for condition in conditions):
                continue
            members = row.members
            if not isinstance(project.items[0], Spread):
                values = [_json_value(twin.evaluate(item.expression, row.row)) for item in project.items]
                members = [(f"n{number}", value) for number, value in enumerate(values)]
        except FailedError as failed:
            return Scanned(records, failed.code)
        records.append(json_record(members))
    return Scanned(records, None)


def _is_true(condition: Expr, row: twin.Row) -> bool:
    value = twin.evaluate(condition, row)
    if value.known and value.kind != Kind.BOOL:
        raise FailedError("ExternalEvalException")
    return bool(value.known and value.value)


def _json_value(value: Value) -> object:
    if value.kind == Kind.MISSING:
        return MISSING
    if value.kind in (Kind.NULL, Kind.BOOL, Kind.STRING):
        return value.value
    text = text_of(value)
    return None if text in ("NaN", "Infinity", "-Infinity") else Number(text)


@settings(max_examples=max(150, settings().max_examples))
@given(tables(), statements(_csv_columns), st.integers(64, 200))
def test_csv_is_answered_as_by_the_twin(table: list[list[str]], sql: str, morsel: int) -> None:
    contents = "".join(",".join(row) + "\n" for row in table).encode()
    with morsels_of(morsel, first=64):
        got = scan(contents, sql, CsvInput())
    assert got == expected(sql, CsvSchema(), [csv_row(row) for row in table])
    assert no_buffer_is_out()


@settings(max_examples=max(150, settings().max_examples))
@given(objects(), statements(_json_columns), st.integers(200, 600))
def test_json_is_answered_as_by_the_twin(rows: list[dict[str, str]], sql: str, morsel: int) -> None:
    texts = ("{" + ",".join(f'"{name}":{text}' for name, text in row.items()) + "}" for row in rows)
    with morsels_of(morsel, first=100):
        got = scan("\n".join(texts).encode(), sql, JsonInput("LINES"))
    assert got == expected(sql, JsonSchema(), [json_row(row) for row in rows])
    assert no_buffer_is_out()


def test_the_twin_meets_failures() -> None:
    rows = [csv_row(row) for row in (["1"], ["x"], ["2"])]
    sql = "SELECT CAST(_1 AS INT) AS n0 FROM S3Object s"
    one, two = b'{"n0":1}\n', b'{"n0":2}\n'
    assert expected(sql, CsvSchema(), rows) == Scanned([one], "CastFailed")
    assert expected(f"{sql} LIMIT 1", CsvSchema(), rows) == Scanned([one], None)
    assert expected(f"{sql} WHERE _1 <> 'x'", CsvSchema(), rows) == Scanned([one, two], None)
