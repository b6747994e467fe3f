from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

import s3sql
from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.request import CsvInput, SelectRequest
from s3sql.stores.base import StoredObject
from s3sql.stores.memory import BytesObject

ALL = "SELECT * FROM S3Object s"
CSV = b"a,b\n1,x\n"


def payload(source: Any, sql: str = ALL, **options: Any) -> bytes:
    events = s3sql.query(sql, source, **options).events()
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event)


class TestFormats:
    @pytest.mark.parametrize("name", ["t.csv", "T.CSV", "dir.json/t.csv"])
    def test_csv_by_name(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(CSV)
        assert payload(path) == payload(str(path)) == payload(path.as_uri()) == CSV

    @pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.ndjson"])
    def test_json_by_name(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b'{"a": 1}\n')
        assert payload(tmp_path / name) == b'{"a":1}\n'

    def test_tab_separated_by_name(self, tmp_path: Path) -> None:
        (tmp_path / "t.tsv").write_bytes(b"a,b\tc\n")
        assert payload(tmp_path / "t.tsv", "SELECT _1 FROM S3Object") == b'"a,b"\n'
        assert payload(tmp_path / "t.tsv", "SELECT _1 FROM S3Object", field_delimiter=",") == b"a\n"

    def test_by_the_name_of_a_file_object(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_bytes(CSV)
        with (tmp_path / "t.csv").open("rb") as file:
            assert payload(file) == CSV

    def test_by_keywords(self) -> None:
        assert payload(CSV, file_header_info="USE", output_format="json") == b'{"a":"1","b":"x"}\n'
        assert payload(b'{"a":1}', json_type="DOCUMENT") == b'{"a":1}\n'
        assert payload(b'{"a":1}', input_format="json") == b'{"a":1}\n'
        assert payload(CSV, input_format="csv") == CSV

    def test_nothing_says(self) -> None:
        with pytest.raises(ValueError, match="input_format"):
            s3sql.query(ALL, CSV)
        with pytest.raises(ValueError, match=r"input_format"):
            s3sql.query(ALL, "notes.txt")

    def test_keywords_of_another_format(self) -> None:
        with pytest.raises(ValueError, match="Comments belong to CSV input"):
            s3sql.query(ALL, b"{}", input_format="json", comments="")
        with pytest.raises(ValueError, match="json_type"):
            s3sql.query(ALL, CSV, input_format="csv", json_type="LINES")
        with pytest.raises(ValueError, match="QuoteFields belong to CSV output"):
            s3sql.query(ALL, CSV, input_format="csv", output_format="json", quote_fields="ALWAYS")

    @pytest.mark.parametrize(
        ("name", "options", "compression"),
        [
            ("t.csv", {}, "NONE"),
            ("t.csv.gz", {}, "GZIP"),
            ("T.CSV.BZ2", {}, "BZIP2"),
            ("t.csv.gz", {"compression_type": "NONE"}, "NONE"),
        ],
    )
    def test_compression_by_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: Any, compression: str
    ) -> None:
        asked: list[SelectRequest] = []

        def prepare(request: SelectRequest, source: StoredObject, *, limit: int | None = None) -> None:
            asked.append(request)
            raise LookupError

        monkeypatch.setattr(engine, "prepare", prepare)
        (tmp_path / name).write_bytes(CSV)
        with pytest.raises(LookupError):
            s3sql.query(ALL, tmp_path / name, **options)
        assert asked[0].compression == compression
        assert isinstance(asked[0].input, CsvInput)


class TestMembers:
    def test_csv_input(self) -> None:
        options = {"record_delimiter": "|", "field_delimiter": ";", "quote_character": "'"}
        text = b"!comment|a;'it\\'s; so'|"
        assert payload(text, comments="!", quote_escape_character="\\", **options) == b"a,it's; so\n"
        assert payload(text, comments="", quote_escape_character="\\", **options).startswith(b"!comment\n")
        assert (
            payload(b"a;'x;y'|", record_delimiter="|", field_delimiter=";", quote_character="'") == b"a,x;y\n"
        )

    def test_quoted_record_delimiters(self) -> None:
        text = b'a,"b\nc"\n'
        assert payload(text, allow_quoted_record_delimiter=True) == text
        with pytest.raises(S3SelectError, match="CSVEscapingRecordDelimiter"):
            payload(text, allow_quoted_record_delimiter=False)

    def test_nul_between_fields(self) -> None:
        assert payload(b"a\0b\n", field_delimiter="\0") == b"a,b\n"
        assert payload(b"a,b\n", input_format="csv", output_field_delimiter="\0") == b"a\0b\n"

    def test_csv_output(self) -> None:
        assert (
            payload(CSV, input_format="csv", quote_fields="ALWAYS", output_quote_character="'")
            == b"'a','b'\n'1','x'\n"
        )
        assert (
            payload(CSV, input_format="csv", output_record_delimiter="_", output_field_delimiter=":")
            == b"a:b_1:x_"
        )
        assert (
            payload(
                b'"say ""x"""\n',
                input_format="csv",
                quote_fields="ALWAYS",
                output_quote_escape_character="\\",
            )
            == b'"say \\"x\\""\n'
        )

    def test_json_output(self) -> None:
        assert payload(CSV, file_header_info="use", output_format="json", output_record_delimiter=",") == (
            b'{"a":"1","b":"x"},'
        )

    @pytest.mark.parametrize(
        ("scan_range", "expected"),
        [((4, 5), b"1,x\n"), ((4, None), b"1,x\n"), ((None, 4), b"1,x\n"), ((0, 1), b"a,b\n")],
    )
    def test_scan_range(self, scan_range: tuple[int | None, int | None], expected: bytes) -> None:
        assert payload(CSV, input_format="csv", scan_range=scan_range) == expected

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"file_header_info": "MAYBE"}, "InvalidFileHeaderInfo"),
            ({"field_delimiter": "ab"}, "InvalidRequestParameter"),
            ({"record_delimiter": ""}, "MissingRequiredParameter"),
            ({"json_type": "LINE"}, "InvalidJsonType"),
            ({"input_format": "csv", "quote_fields": "NEVER"}, "InvalidQuoteFields"),
            ({"input_format": "csv", "compression_type": "ZIP"}, "InvalidCompressionFormat"),
            ({"input_format": "csv", "scan_range": (5, 4)}, "InvalidScanRange"),
            ({"input_format": "csv", "scan_range": (None, None)}, "InvalidScanRange"),
            ({"field_delimiter": "\x01"}, "MalformedXML"),
        ],
    )
    def test_what_s3_select_refuses(self, options: dict[str, Any], code: str) -> None:
        with pytest.raises(S3SelectError) as caught:
            s3sql.query(ALL, CSV, **options)
        assert caught.value.code == code

    def test_the_query_is_checked_at_once(self) -> None:
        with pytest.raises(S3SelectError, match="ParseSelectMissingFrom"):
            s3sql.query("SELECT 1", CSV, input_format="csv")
        with pytest.raises(S3SelectError, match="InvalidColumnIndex"):
            s3sql.query("SELECT a FROM S3Object", CSV, input_format="csv")
        with pytest.raises(S3SelectError, match="MissingRequiredParameter"):
            s3sql.query("", CSV, input_format="csv")


class TestGuess:
    def test_what_was_decided_can_be_looked_up(self) -> None:
        with s3sql.query(ALL, b"id;x\n1;2\n", guess=True) as result:
            assert result.sniffed is not None
            assert result.sniffed.keywords() == {
                "input_format": "csv",
                "compression_type": "NONE",
                "file_header_info": "USE",
                "field_delimiter": ";",
            }
            assert result.to_arrow().to_pylist() == [{"id": "1", "x": "2"}]
        with s3sql.query(ALL, CSV, input_format="csv") as result:
            assert result.sniffed is None

    def test_keywords_win(self) -> None:
        text = b"id;x\n1;2\n"
        assert payload(text, guess=True) == b"1,2\n"
        assert payload(text, guess=True, file_header_info="NONE") == b"id,x\n1,2\n"
        assert payload(text, guess=True, field_delimiter=",", file_header_info="NONE") == text
        assert payload(b'{"a":1}', guess=True, comments="") == payload(b'{"a":1}', comments="")
        assert payload(b'{"a":1}', guess=True, output_format="csv") == b"1\n"

    def test_without_it_nothing_is_guessed(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_bytes(b"id;x\n1;2\n")
        assert payload(tmp_path / "t.csv") == b"id;x\n1;2\n"
        with pytest.raises(ValueError, match="guess=True"):
            s3sql.query(ALL, b"id;x\n")

    def test_a_wrong_text_is_told_before_the_source_is_read(self) -> None:
        class Unread(io.BytesIO):
            def readinto(self, buffer: Any) -> int:
                raise AssertionError("it was read")

        for sql, code in (("SELEC", "ParseExpectedKeyword"), ("", "MissingRequiredParameter")):
            with pytest.raises(S3SelectError, match=code):
                s3sql.query(sql, Unread(CSV), guess=True)

    def test_keywords_that_contradict_each_other(self) -> None:
        with pytest.raises(ValueError, match="belong to CSV input"):
            s3sql.query(ALL, b"{}", guess=True, json_type="LINES", comments="")
        with pytest.raises(S3SelectError, match="InvalidRequestParameter"):
            s3sql.query(ALL, CSV, guess=True, field_delimiter="ab")

    def test_a_timeout_counts_while_it_looks(self) -> None:
        with pytest.raises(TimeoutError):
            s3sql.query(ALL, CSV, guess=True, timeout=1e-9)


LINES = b"".join(b"%d,%d\n" % (number, number % 7) for number in range(40_000))


class TestLimit:
    @pytest.mark.parametrize("limit", [0, 1, 2, 6000, 39_999, 40_000, 50_000])
    @pytest.mark.parametrize(
        "sql",
        [
            ALL,
            "SELECT s._1 FROM S3Object s WHERE s._2 = 3",
            "SELECT s._1 FROM S3Object s LIMIT 7",
            "SELECT s._1 FROM S3Object s LIMIT 0",
            "SELECT COUNT(*), MAX(CAST(s._1 AS INT)) FROM S3Object s",
        ],
    )
    def test_gives_the_first_rows(self, sql: str, limit: int) -> None:
        all_rows = s3sql.query(sql, LINES, input_format="csv").to_arrow()
        found = s3sql.query(sql, LINES, input_format="csv", limit=limit).to_arrow()
        assert found.to_pylist() == all_rows.slice(0, limit).to_pylist()
        # Of no rows at all, `*` has no columns.
        assert found.schema == all_rows.schema or (limit == 0 and "*" in sql)
        lines = payload(LINES, sql, input_format="csv").splitlines(keepends=True)
        assert payload(LINES, sql, input_format="csv", limit=limit) == b"".join(lines[:limit])

    def test_stays_with_its_query(self) -> None:
        # The plan of the text is cached.
        assert len(payload(LINES, input_format="csv", limit=1).splitlines()) == 1
        assert payload(LINES, input_format="csv") == LINES

    def test_reads_no_more_than_it_needs(self) -> None:
        result = s3sql.query(ALL, LINES * 50, input_format="csv", limit=3)
        assert result.to_arrow().num_rows == 3
        assert result.stats.bytes_processed < len(LINES)

    def test_stands_in_the_plan(self) -> None:
        with s3sql.query(ALL, CSV, input_format="csv", limit=3) as result:
            assert result.explain().startswith("Limit 3")

    @pytest.mark.parametrize("limit", [-1, 1.5, "5", True])
    def test_is_a_number_of_rows(self, limit: Any) -> None:
        with pytest.raises(ValueError, match="limit is"):
            s3sql.query(ALL, CSV, input_format="csv", limit=limit)


class Closing(BytesObject):
    """An open object that counts how often it is closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1


class TestOpenObjects:
    def test_are_sources(self) -> None:
        for keywords in ({"input_format": "csv"}, {"guess": True, "file_header_info": "NONE"}):
            opened = Closing(CSV)
            assert payload(opened, **keywords) == CSV
            assert opened.closed > 0

    def test_are_closed_where_there_is_no_result(self) -> None:
        wrong: list[dict[str, Any]] = [
            {"input_format": "xml"},
            {"limit": -1},
            {"field_delimiter": "ab"},
            {"input_format": "csv", "endpoint_url": "http://x"},
            {"input_format": "csv", "timeout": -1},
            {"guess": True, "field_delimiter": "ab"},
            {},
        ]
        for keywords in wrong:
            opened = Closing(CSV)
            with pytest.raises((ValueError, S3SelectError)):
                s3sql.query(ALL, opened, **keywords)
            assert opened.closed > 0, keywords


class TestSources:
    def test_a_path_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(S3SelectError, match="NoSuchKey"):
            s3sql.query(ALL, tmp_path / "none.csv")

    def test_no_source(self) -> None:
        with pytest.raises(TypeError):
            s3sql.query(ALL, 7, input_format="csv")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "option", ["endpoint_url", "profile_name", "sse_customer_key", "expected_bucket_owner"]
    )
    def test_options_of_s3_alone(self, option: str) -> None:
        with pytest.raises(ValueError, match=option):
            s3sql.query(ALL, CSV, input_format="csv", **{option: "x"})  # type: ignore[arg-type]

    def test_a_stream(self) -> None:
        assert payload(io.BytesIO(CSV), input_format="csv") == CSV

    def test_a_wrong_query_closes_the_object(self, tmp_path: Path) -> None:
        # An open file would be reported as a ResourceWarning, which is an error here.
        (tmp_path / "t.csv").write_bytes(CSV)
        with pytest.raises(S3SelectError):
            s3sql.query("SELECT t.a FROM S3Object s", tmp_path / "t.csv")
        with pytest.raises(ValueError, match="mixed"):
            s3sql.query(ALL, tmp_path / "t.csv", mixed="text")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"input_format": "CSV"}, "input_format is 'CSV'"),
        ({"output_format": "xml"}, "output_format is 'xml'"),
        ({"scan_range": (0,)}, "scan_range is (0,)"),
        ({"scan_range": 5}, "scan_range is 5"),
    ],
)
def test_a_keyword_without_such_a_value(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        s3sql.query("SELECT * FROM S3Object", b"a\n", **{"input_format": "csv", **options})


def test_a_schema_of_names_is_told_to_be_one_of_types() -> None:
    with pytest.raises(TypeError, match="Arrow type"):
        s3sql.query("SELECT _1 FROM S3Object", b"a\n", input_format="csv", schema={"_1": "int64"}).to_arrow()


def test_a_row_of_many_empty_columns_can_be_spread() -> None:
    wide = b"," * 300_000 + b"\n"
    assert payload(wide, "SELECT s.*, 1 FROM S3Object s", input_format="csv") == b"," * 300_000 + b",1\n"


def rows_of(sql: str, contents: bytes, **keywords: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        s3sql.query(sql, contents, input_format="csv", **keywords).to_arrow().to_pylist()
    )
    return rows


def test_equal_keywords_of_other_types_are_not_taken_for_each_other() -> None:
    sql = "SELECT * FROM S3Object s"
    for _ in range(2):
        assert rows_of(sql, b"1a1,b\n", quote_character=1) == [{"_1": "a", "_2": "b"}]
        # It is said as "true", which is no character.
        with pytest.raises(S3SelectError, match="QuoteCharacter"):
            rows_of(sql, b"1a1,b\n", quote_character=True)
        with pytest.raises(S3SelectError, match="QuoteCharacter is a list"):
            rows_of(sql, b"1a1,b\n", quote_character=["1"])


def test_a_text_asked_again_with_another_keyword_is_another_request() -> None:
    for _ in range(2):
        for delimiter, found in ((",", "b;c"), (";", "c")):
            assert rows_of("SELECT s._2 FROM S3Object s", b"a,b;c\n", field_delimiter=delimiter) == [
                {"_2": found}
            ]
