from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s3sql.cli.asked import Asked
from s3sql.cli.usage import CommandLineError

#: Every word of the command, unsaid.
_UNSAID = dict.fromkeys(
    "file sql sources output to limit mixed explain stats progress output_field_delimiter "
    "output_quote_character output_quote_escape_character output_record_delimiter quote_fields".split()
)


def asked(**words: Any) -> Asked:
    return Asked.of_words({**_UNSAID, "sql": "SELECT", "sources": ["x.csv"], **words})


def refused(**words: Any) -> str:
    with pytest.raises(CommandLineError) as caught:
        asked(**words)
    return str(caught.value)


def test_the_first_word_is_the_query() -> None:
    assert (asked().sql, asked().sources) == ("SELECT", ["x.csv"])


def test_a_query_from_a_file_leaves_all_words_to_the_sources(tmp_path: Path) -> None:
    file = tmp_path / "q.sql"
    file.write_bytes(b"\xef\xbb\xbfSELECT 1\n")
    of_file = asked(file=str(file), sql="a.csv", sources=["b.csv"])
    assert (of_file.sql, of_file.sources) == ("SELECT 1\n", ["a.csv", "b.csv"])


def test_a_query_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read from absent.sql: No such file" in refused(file="absent.sql")
    file = tmp_path / "latin.sql"
    file.write_bytes(b"SELECT '\xe9'")
    assert refused(file=str(file)).endswith("latin.sql is not UTF-8")
    assert "Is a directory" in refused(file=str(tmp_path))
    assert refused(sql="SELECT '\udce9'") == "the query is not UTF-8"


def test_what_is_missing(tmp_path: Path) -> None:
    assert refused(sql=None, sources=None).startswith("there is no query")
    assert refused(sources=None).startswith("there is no source")
    file = tmp_path / "x.csv"
    file.touch()
    for sources in (None, ["SELECT * FROM S3Object"]):
        assert refused(sql=str(file), sources=sources).startswith(f"there is no query: {file} is a file")


def test_a_plan_is_not_for_a_file() -> None:
    assert refused(to="x.json", explain=True).startswith("--explain prints a plan on standard output")


@pytest.mark.parametrize(
    ("to", "output"),
    [
        ("x.csv", "csv"),
        ("x.TSV", "csv"),
        ("x.ndjson", "jsonl"),
        ("x.md", "markdown"),
        ("a.b/x.parquet", "parquet"),
    ],
)
def test_the_name_of_a_file_says_the_output(to: str, output: str) -> None:
    assert asked(to=to).output == output
    assert asked(to=to, output="json").output == "json"


def test_a_file_of_tabs_gets_tabs() -> None:
    assert asked(to="x.tsv").keywords == {"output_field_delimiter": "\t"}
    assert asked(to="x.tsv", output_field_delimiter=";").keywords == {"output_field_delimiter": ";"}


@pytest.mark.parametrize("to", ["x", "x.txt", "x.csv.gz", ".csv"])
def test_a_name_that_says_nothing(to: str) -> None:
    assert "say it with -o" in refused(to=to)
    assert asked(to=to, output="csv").output == "csv"


def test_options_of_csv_want_csv() -> None:
    assert asked(quote_fields="ALWAYS").output == "csv"
    assert (
        refused(quote_fields="ALWAYS", output="json")
        == "--quote-fields belongs to csv, and the output is json"
    )
    assert asked(output_record_delimiter="|").output is None
    assert asked(output_record_delimiter="|").records_only
    assert asked(output_record_delimiter="|", output="jsonl").output == "jsonl"
    assert "belongs to csv and jsonl" in refused(output_record_delimiter="|", output="json")
