"""chDB, ClickHouse in process: ``INTO OUTFILE``, or ``INSERT INTO FUNCTION file(…)``, which may mix the rows.

ClickHouse's CSV writer quotes every text, so rows are written by its format ``CustomSeparated``, raw and with
commas between; where the file holds text that has to be quoted, the query quotes it. Nothing that ClickHouse
remembers of a file is used: not its number of rows, not its schema, not the footer of Parquet, not the rows
that a condition left.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import chdb
from chdb import session

from benchmarks.engines import Variant
from benchmarks.engines.event_types import clickhouse_structure
from benchmarks.engines.schemas import Type, amount_types, schemas
from benchmarks.lineitem import COLUMNS
from benchmarks.queries import EVENTS, PRODUCTS, TABLE, Query

_TYPES = {"text": "String", "int": "Int64", "decimal": "Decimal(12,2)", "double": "Float64", "date": "Date"}

_SETTINGS = (
    "format_custom_escaping_rule = 'Raw'",
    "format_custom_field_delimiter = ','",
    "output_format_decimal_trailing_zeros = 1",
    "input_format_json_ignore_unknown_keys_in_named_tuple = 1",
    "engine_file_truncate_on_insert = 1",
    "use_cache_for_count_from_files = 0",
    "schema_inference_use_cache_for_file = 0",
    "use_query_condition_cache = 0",
    "use_parquet_metadata_cache = 0",
)

#: The only column of the quoted file whose values may need quotes.
_COMMENT = (
    "if(position(l_comment, ',') + position(l_comment, '\"') > 0, "
    "concat('\"', replaceAll(l_comment, '\"', '\"\"'), '\"'), l_comment)"
)

#: JSON as ClickHouse's SQL has it; a member of several types is told apart by the type of its value.
_JSON = {
    "json-flat": "SELECT id, host, path FROM events WHERE status = 500 AND bytes >= 50000",
    "json-nested": "SELECT id, items[1].sku FROM events "
    "WHERE user.address.zip < '05000' OR items[1].count > 49",
    "json-mixed": "SELECT id, user.address.city FROM events WHERE value.Int64 = 17",
}


class ChDB:
    version = chdb.__version__

    def __init__(self, threads: int) -> None:
        self._session = session.Session()
        for setting in (f"max_threads = {threads}", f"max_parsing_threads = {threads}", *_SETTINGS):
            self._session.query(f"SET {setting}")

    def variants(self, query: Query, path: Path) -> dict[str, Variant]:
        if query.is_json:
            scan = f"file('{path}', 'JSONEachRow', '{clickhouse_structure(query)}')"
            return self._rows("json", _JSON[query.shape].replace(f"FROM {EVENTS}", f"FROM {scan}"))
        if query.is_parquet:
            return self._parquet_variants(query, path)
        found: dict[str, Variant] = {}
        for schema, columns in schemas(query).items():
            scan = _scan(path, columns)
            for money in amount_types(schema, query):
                sql = query.peer_sql.format(money=_money(money)).replace(f"FROM {TABLE}", f"FROM {scan}")
                name = f"{schema} {'as double' if money == 'DOUBLE' and schema == 'text' else ''}".strip()
                if query.single:
                    found[name] = partial(self._value, sql)
                else:
                    found |= self._rows(name, _quoting(sql) if query.quoted else sql)
        if query.shape == "count":
            lines = f"SELECT COUNT(*) FROM file('{path}', 'LineAsString')"
            found["lines"] = partial(self._value, lines)
        return found

    def _parquet_variants(self, query: Query, path: Path) -> dict[str, Variant]:
        """``prewhere``: columns that the filter does not read are decoded for the rows it leaves."""
        found: dict[str, Variant] = {}
        scanned = query.peer_sql.replace(f"FROM {TABLE}", f"FROM file('{path}', 'Parquet')")
        for product_name, product in (PRODUCTS if query.shape == "sum" else {"": ""}).items():
            sql = scanned.format(product=product.replace("DOUBLE", "Float64"))
            forms = {"": sql}
            if "WHERE" in sql:
                forms["prewhere"] = sql.replace(" WHERE ", " PREWHERE ")
            for form_name, form in forms.items():
                name = " ".join(part for part in ("parquet", form_name, product_name) if part)
                if query.single:
                    found[name] = partial(self._value, form)
                else:
                    found |= self._rows(name, form)
        return found

    def _rows(self, name: str, sql: str) -> dict[str, Variant]:
        return {
            f"{name}, outfile": partial(self._outfile, sql),
            f"{name}, insert": partial(self._insert, sql),
        }

    def _outfile(self, sql: str, target: Path | None) -> None:
        self._session.query(f"{sql} INTO OUTFILE '{target or '/dev/null'}' TRUNCATE FORMAT CustomSeparated")

    def _insert(self, sql: str, target: Path | None) -> None:
        self._session.query(f"INSERT INTO FUNCTION file('{target or '/dev/null'}', 'CustomSeparated') {sql}")

    def _value(self, sql: str, target: Path | None) -> object:
        answer: Any = self._session.query(sql, "TabSeparated")
        return answer.bytes().decode().strip()


def _scan(path: Path, columns: dict[str, Type]) -> str:
    structure = ", ".join(f"{name} {_TYPES[kind]}" for name, kind in columns.items())
    return f"file('{path}', 'CSV', '{structure}')"


def _money(money: str) -> str:
    return {"DOUBLE": "Float64", "DECIMAL(12,2)": "Decimal(12,2)", "": ""}[money]


def _quoting(sql: str) -> str:
    """A ``SELECT *`` that writes the text of each column as CSV has it."""
    columns = [_COMMENT if name == "l_comment" else name for name in COLUMNS]
    return sql.replace("SELECT *", f"SELECT {', '.join(columns)}")


def open_engine(threads: int) -> ChDB:
    return ChDB(threads)
