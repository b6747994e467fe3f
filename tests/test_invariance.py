"""What must not change an answer: how an object is cut, compressed, written or spread over requests.

Random queries of the oracle over its random tables, a failing one now and then: numbers, wide decimals,
timestamps, texts, paths, aggregates. Each property compares two ways to ask the same thing, with no regard
to what the answer should be; that is the oracle's business.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, pairwise
from random import Random
from unittest import mock

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.exec import parquet_reader
from s3sql.request import Compression, CsvInput, JsonInput, ParquetInput
from tests.oracle.queries import Queries
from tests.oracle.tables import Format, Table, random_table
from tests.scans import Scanned, morsels_of, no_buffer_is_out, scan

FORMATS: list[Format] = ["csv", "json", "parquet"]
INPUTS = {"csv": CsvInput(file_header_info="USE"), "json": JsonInput("LINES"), "parquet": ParquetInput()}
ARROW = {
    "row_group_size": [1, 7, 10**6],
    "use_dictionary": [True, False],
    "data_page_version": ["1.0", "2.0"],
}

seeds = st.integers(0, 2**32)
forms = st.sampled_from(FORMATS)


def table_and_queries(seed: int, form: Format, count: int = 4) -> tuple[Table, list[str]]:
    """An uncompressed table, and queries of it; one of them fails for some rows."""
    random = Random(seed)
    table = replace(random_table(random, form, 40), compression="NONE")
    queries = Queries(random, table)
    number = "CAST(n AS INT)" if form == "csv" else "j"
    failing = f"SELECT {queries.text(1)}, 7 / ({number} - {random.randrange(-5, 6)}) FROM S3Object s"
    failing += f" WHERE {queries.condition(2)}" if random.random() < 0.7 else ""
    return table, [*(queries.query() for _ in range(count - 1)), failing]


def row_queries(queries: list[str]) -> list[str]:
    """Those that give rows of the object, each by itself."""
    aggregates = ("COUNT(", "SUM(", "MIN(", "MAX(", "AVG(")
    return [sql for sql in queries if " LIMIT " not in sql and not any(name in sql for name in aggregates)]


@contextmanager
def pieces_of(size: int) -> Iterator[None]:
    """Scans in morsels of *size* bytes, or rows of Parquet by as many as fill some of them.

    At least 1,000 bytes: what is longer than a morsel is taken for a record that is too long.
    """
    with morsels_of(size, first=64), mock.patch.object(parquet_reader, "_MOST_ROWS", size // 100):
        yield


# --- block size -------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(seeds, forms, st.integers(1000, 6000))
def test_morsel_size_changes_no_answer(seed: int, form: Format, size: int) -> None:
    table, queries = table_and_queries(seed, form)
    contents = table.contents()
    for sql in queries:
        whole = scan(contents, sql, INPUTS[form])
        with pieces_of(size):
            assert scan(contents, sql, INPUTS[form]) == whole, sql
    assert no_buffer_is_out()


@settings(max_examples=10)
@given(seeds, st.integers(1000, 6000))
def test_morsel_size_changes_no_answer_over_a_root_array(seed: int, size: int) -> None:
    table, queries = table_and_queries(seed, "json")
    array = b"[" + b",".join(table.contents().splitlines()) + b"]"
    for sql in queries:
        whole = scan(table.contents(), sql, INPUTS["json"])
        of_elements = sql.replace("FROM S3Object s", "FROM S3Object[*][*] s")
        for form in ("LINES", "DOCUMENT"):
            assert scan(array, of_elements, JsonInput(form)) == whole, sql
            with pieces_of(size):
                assert scan(array, of_elements, JsonInput(form)) == whole, sql


@settings(max_examples=10)
@given(seeds, st.fixed_dictionaries({name: st.sampled_from(ways) for name, ways in ARROW.items()}), st.data())
def test_row_groups_and_pages_change_no_answer(
    seed: int, options: dict[str, object], data: st.DataObject
) -> None:
    table, queries = table_and_queries(seed, "parquet")
    contents = table.contents()
    out = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(contents)), out, **options)  # type: ignore[arg-type]
    step = data.draw(st.integers(1, 20))
    for sql in queries:
        whole = scan(contents, sql, INPUTS["parquet"])
        with mock.patch.object(parquet_reader, "_MOST_ROWS", step):
            assert scan(out.getvalue(), sql, INPUTS["parquet"]) == whole, sql


# --- scan ranges ------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(seeds, forms, st.lists(st.floats(0, 1), max_size=6), st.integers(1000, 6000))
def test_adjacent_ranges_give_every_row_once(seed: int, form: Format, cuts: list[float], size: int) -> None:
    table, queries = table_and_queries(seed, form, count=6)
    contents = table.contents()
    bounds = sorted({0, len(contents), *(int(cut * (len(contents) - 1)) for cut in cuts)})
    for sql in row_queries(queries):
        whole = scan(contents, sql, INPUTS[form])
        with pieces_of(size):
            parts = [scan(contents, sql, INPUTS[form], part=(a, b - 1)) for a, b in pairwise(bounds)]
        kept = _until_failure(parts)
        assert list(chain.from_iterable(part.records for part in kept)) == whole.records, sql
        assert kept[-1].code == whole.code, sql
    for sql in ("SELECT COUNT(*) FROM S3Object", "SELECT COUNT(s.w) FROM S3Object s"):
        counts = [
            json.loads(scan(contents, sql, INPUTS[form], part=(a, b - 1)).payload)["_1"]
            for a, b in pairwise(bounds)
        ]
        assert sum(counts) == json.loads(scan(contents, sql, INPUTS[form]).payload)["_1"]


def _until_failure(parts: list[Scanned]) -> list[Scanned]:
    """The ranges up to the first that fails."""
    ends = [place for place, part in enumerate(parts) if part.code]
    return parts[: ends[0] + 1] if ends else parts


# --- JSON types -------------------------------------------------------------------------------------------


@settings(max_examples=12)
@given(seeds, st.sampled_from(["", " ", "\n", "\r\n\t", "\n\n"]), st.booleans(), st.integers(1000, 6000))
def test_lines_and_documents_of_the_same_values_give_one_answer(
    seed: int, between: str, spread: bool, size: int
) -> None:
    table, queries = table_and_queries(seed, "json")
    lines = table.contents()
    values = lines.decode().splitlines()
    if spread:
        # White space wherever JSON allows it, so that values span lines.
        values = [value.replace('":', '"\n :\t').replace("{", "{\n") for value in values]
    documents = between.join(values).encode()
    for sql in queries:
        expected = scan(lines, sql, JsonInput("LINES"))
        assert scan(lines, sql, JsonInput("DOCUMENT")) == expected, sql
        with pieces_of(size):
            for form in ("DOCUMENT", "LINES"):
                assert scan(documents, sql, JsonInput(form)) == expected, sql


# --- compression ------------------------------------------------------------------------------------------


@settings(max_examples=12)
@given(
    seeds,
    st.sampled_from(["csv", "json"]),
    st.sampled_from(["GZIP", "BZIP2"]),
    st.lists(st.floats(0, 1), max_size=4),
    st.integers(1000, 6000),
)
def test_compression_changes_no_answer(
    seed: int, form: Format, codec: Compression, cuts: list[float], size: int
) -> None:
    table, queries = table_and_queries(seed, form)
    contents = table.contents()
    pack = gzip.compress if codec == "GZIP" else bz2.compress
    bounds = sorted({0, len(contents), *(int(cut * len(contents)) for cut in cuts)})
    stored = b"".join(pack(contents[a:b], 1) for a, b in pairwise(bounds))
    for sql in queries:
        plain = scan(contents, sql, INPUTS[form])
        assert scan(stored, sql, INPUTS[form], compression=codec) == plain, sql
        with pieces_of(size):
            assert scan(stored, sql, INPUTS[form], compression=codec) == plain, sql
