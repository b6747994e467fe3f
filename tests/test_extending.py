"""One extension of each kind, written here, used through the query, the client and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

import s3sql
from s3sql import S3SelectError, extend
from s3sql.cli import main
from s3sql.functions.signatures import SIGNATURES
from s3sql.plan import rules
from s3sql.plan.cache import PLANS
from s3sql.plan.expr import Expr, Literal
from s3sql.plan.logical import Plan
from s3sql.plan.operators import Arithmetic
from s3sql.plan.traverse import map_expressions, rewrite
from s3sql.request_xml import MEMBERS, parse_request
from s3sql.stores.memory import BytesObject
from s3sql.types import Kind
from tests.own_extensions import SHELF, ColonLines, Semicolons, Shelf, plus_one

PROGRAM = Path(sys.executable).parent / "s3sql"


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    assert not extend.registrations()
    yield
    for registration in extend.registrations():
        registration.remove()


def without_zero(plan: Plan) -> Plan:
    """``x + 0`` where x is an integer is x."""

    def change(expression: Expr) -> Expr:
        zero = isinstance(expression, Arithmetic) and expression.operator == "+"
        if zero and expression.right == Literal(Kind.INT, 0) and isinstance(expression.left, Literal):
            return expression.left
        return expression

    return map_expressions(plan, lambda expression: rewrite(expression, change))


LINES = b"a:1\nb:2\nc:3\n"


def rows(sql: str, source: Any, **keywords: Any) -> list[dict[str, Any]]:
    return s3sql.query(sql, source, **keywords).to_arrow().to_pylist()


def payload(sql: str, source: Any, **keywords: Any) -> bytes:
    events = s3sql.query(sql, source, **keywords).events()
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event)


class TestAFunction:
    SQL = "SELECT PLUS_ONE(CAST(s._1 AS INT)) AS n FROM S3Object s"

    def test_in_a_query(self) -> None:
        with extend.function("PLUS_ONE", plus_one, arguments=1):
            assert rows(self.SQL, b"1\n41\n", input_format="csv") == [{"n": 2}, {"n": 42}]
            assert rows(self.SQL.replace("PLUS_ONE", "plus_one"), b"1\n", input_format="csv") == [{"n": 2}]
        with pytest.raises(S3SelectError, match="UnsupportedFunction: Unsupported function PLUS_ONE"):
            rows(self.SQL, b"1\n", input_format="csv")

    def test_in_a_condition_and_an_aggregate(self) -> None:
        with extend.function("PLUS_ONE", plus_one, arguments=1):
            sql = "SELECT SUM(PLUS_ONE(s.n)) FROM S3Object s WHERE PLUS_ONE(s.n) > 2"
            assert payload(sql, b'{"n":1}{"n":2}{"n":3}', input_format="json") == b'{"_1":7}\n'

    def test_by_a_client(self, tmp_path: Path) -> None:
        (tmp_path / "bucket").mkdir()
        (tmp_path / "bucket" / "a.csv").write_bytes(b"1\n")
        client = s3sql.client(tmp_path)
        members: dict[str, Any] = {
            "Bucket": "bucket",
            "Key": "a.csv",
            "Expression": self.SQL,
            "ExpressionType": "SQL",
            "InputSerialization": {"CSV": {}},
            "OutputSerialization": {"CSV": {}},
        }
        with extend.function("PLUS_ONE", plus_one, arguments=1):
            answer = client.select_object_content(**members)
            assert next(iter(answer["Payload"])) == {"Records": {"Payload": b"2\n"}}
        with pytest.raises(ClientError, match="UnsupportedFunction"):
            client.select_object_content(**members)

    def test_its_failures_are_those_of_a_function(self) -> None:
        extend.function("PLUS_ONE", plus_one, arguments=1)
        with pytest.raises(
            S3SelectError, match="IncorrectSqlFunctionArgumentType: Argument 1 of the function"
        ):
            payload("SELECT PLUS_ONE(s._1) FROM S3Object s", b"x\n", input_format="csv")
        with pytest.raises(
            S3SelectError, match="EvaluatorInvalidArguments: PLUS_ONE takes 1 argument, not 0"
        ):
            rows("SELECT PLUS_ONE() FROM S3Object s", b"x\n", input_format="csv")

    def test_a_plan_does_not_outlive_it(self) -> None:
        sql = "SELECT PLUS_ONE(CAST(_1 AS INT)) AS n FROM S3Object"
        with extend.function("PLUS_ONE", plus_one, arguments=1):
            assert rows(sql, b"1\n", input_format="csv") == [{"n": 2}]
        with (
            extend.function("PLUS_ONE", plus_one, arguments=2),
            pytest.raises(S3SelectError, match="takes 2 arguments, not 1"),
        ):
            rows(sql, b"1\n", input_format="csv")

    def test_its_signature_is_there_for_people(self) -> None:
        extend.function("PLUS_ONE", plus_one, arguments=(1, 2), documentation="One more.", result="int")
        signature = SIGNATURES["PLUS_ONE"]
        assert (signature.usage, signature.documentation, signature.result) == (
            "PLUS_ONE(x1 [, x2])",
            "One more.",
            "int",
        )
        extend.function("MANY", plus_one, arguments=(0, None))
        assert SIGNATURES["MANY"].usage == "MANY(x...)"
        extend.function("MAYBE", plus_one, arguments=(0, 1))
        assert SIGNATURES["MAYBE"].usage == "MAYBE([x1])"

    @pytest.mark.parametrize(
        ("name", "arguments", "message"),
        [
            ("LOWER", 1, "there is a function LOWER already"),
            ("CHARACTER_LENGTH", 1, "there is a function CHARACTER_LENGTH already"),
            ("NULLIF", 1, "there is a function NULLIF already"),
            ("plus", 1, "is no name of a function"),
            ("PLUS-ONE", 1, "is no name of a function"),
            ("USER", 1, "USER is a reserved word"),
            ("PLUS_ONE", -1, "arguments is -1"),
            ("PLUS_ONE", (2, 1), r"arguments is \(2, 1\)"),
        ],
    )
    def test_what_cannot_be_registered(self, name: str, arguments: Any, message: str) -> None:
        before = dict(SIGNATURES)
        with pytest.raises(ValueError, match=message):
            extend.function(name, plus_one, arguments=arguments)
        assert before == SIGNATURES
        assert not extend.registrations()

    def test_a_reserved_word_that_begins_a_call_can(self) -> None:
        with extend.function("SIZE", plus_one, arguments=1):
            assert rows("SELECT SIZE(1) AS n FROM S3Object", b"x\n", input_format="csv") == [{"n": 2}]

    def test_twice_is_an_error(self) -> None:
        extend.function("PLUS_ONE", plus_one, arguments=1)
        with pytest.raises(ValueError, match="there is a function PLUS_ONE already"):
            extend.function("PLUS_ONE", plus_one, arguments=1)


class TestAnInputFormat:
    def test_in_a_query(self) -> None:
        extend.input_format("colon", ColonLines())
        assert rows("SELECT name FROM S3Object WHERE number > 1", LINES, input_format="colon") == [
            {"name": "b"},
            {"name": "c"},
        ]
        assert payload("SELECT * FROM S3Object LIMIT 1", LINES, input_format="colon") == b"a,1\n"
        assert payload("SELECT COUNT(*) FROM S3Object", LINES, input_format="colon") == b"3\n"

    @pytest.mark.parametrize("guess", [False, True])
    def test_a_suffix_means_it(self, tmp_path: Path, guess: bool) -> None:
        (tmp_path / "a.COL").write_bytes(LINES)
        with extend.input_format("colon", ColonLines(), suffixes=[".col"]):
            result = s3sql.query("SELECT name FROM S3Object LIMIT 1", tmp_path / "a.COL", guess=guess)
            assert result.to_arrow().to_pylist() == [{"name": "a"}]
            if guess:
                assert str(result.sniffed) == "colon (by name), no compression"
        with pytest.raises(ValueError, match="nothing says what"):
            s3sql.query("SELECT name FROM S3Object LIMIT 1", tmp_path / "a.COL")

    def test_it_is_described(self, tmp_path: Path) -> None:
        extend.input_format("colon", ColonLines(), suffixes=[".col"])
        (tmp_path / "a.col").write_bytes(LINES)
        described = s3sql.describe(tmp_path / "a.col")
        assert [(column.name, column.kinds) for column in described.columns] == [
            ("name", ("string",)),
            ("number", ("int",)),
        ]
        assert described.first_rows.num_rows == 3

    def test_names_are_resolved_against_its_schema(self) -> None:
        extend.input_format("colon", ColonLines())
        with pytest.raises(S3SelectError, match=r"does not exist in the colon schema. Did you mean 'name'\?"):
            rows("SELECT nmae FROM S3Object", LINES, input_format="colon")
        with pytest.raises(S3SelectError, match=r"InvalidKeyPath.*but the file is colon"):
            rows("SELECT * FROM S3Object[*].x", LINES, input_format="colon")

    def test_an_unknown_one_is_told_with_what_there_is(self) -> None:
        extend.input_format("colon", ColonLines())
        with pytest.raises(ValueError, match=r"'csv', 'json', 'parquet', 'colon'\. Did you mean 'colon'\?"):
            rows("SELECT * FROM S3Object", LINES, input_format="colom")

    def test_keywords_of_others_are_refused(self) -> None:
        extend.input_format("colon", ColonLines())
        with pytest.raises(ValueError, match="FieldDelimiter belong to CSV input, and the input is colon"):
            rows("SELECT * FROM S3Object", LINES, input_format="colon", field_delimiter=":")
        with pytest.raises(S3SelectError, match="ScanRange cannot be used with the input format colon"):
            rows("SELECT * FROM S3Object", LINES, input_format="colon", scan_range=(0, 3))

    def test_no_request_has_it(self, tmp_path: Path) -> None:
        extend.input_format("colon", ColonLines())
        assert list(MEMBERS["InputSerialization"] or ()) == ["CompressionType", "CSV", "JSON", "Parquet"]
        body = (
            b"<SelectRequest><Expression>SELECT * FROM S3Object</Expression>"
            b"<ExpressionType>SQL</ExpressionType><InputSerialization><colon/></InputSerialization>"
            b"<OutputSerialization><CSV/></OutputSerialization></SelectRequest>"
        )
        with pytest.raises(S3SelectError, match="InvalidDataSource: InputSerialization names no format"):
            parse_request(body)
        with pytest.raises(ParamValidationError):
            s3sql.client(tmp_path).select_object_content(InputSerialization={"colon": {}})

    @pytest.mark.parametrize("name", ["csv", "parquet", "Colon", "c", "", "a b", "1x"])
    def test_names_that_it_cannot_have(self, name: str) -> None:
        with pytest.raises(ValueError):
            extend.input_format(name, ColonLines())
        assert not extend.registrations()

    @pytest.mark.parametrize("suffix", [".csv", ".gz", "col", ".", ".a.b", ".COL", ".taken"])
    def test_suffixes_that_it_cannot_have(self, suffix: str) -> None:
        extend.input_format("first", ColonLines(), suffixes=[".taken"])
        with pytest.raises(ValueError):
            extend.input_format("colon", ColonLines(), suffixes=[suffix])
        assert [registration.name for registration in extend.registrations()] == ["first"]

    def test_what_is_none(self) -> None:
        with pytest.raises(TypeError, match="has open"):
            extend.input_format("colon", object())  # type: ignore[arg-type]


class TestAnOutputFormat:
    def test_in_a_query(self) -> None:
        extend.output_format("semicolons", Semicolons())
        sql, source = "SELECT s._2, s._1 FROM S3Object s", b"1,2\n3,4\n"
        assert payload(sql, source, input_format="csv", output_format="semicolons") == b"2;1;4;3;"
        assert payload(f"{sql} LIMIT 1", source, input_format="csv", output_format="semicolons") == b"2;1;"
        counted = payload(
            "SELECT COUNT(*) FROM S3Object", source, input_format="csv", output_format="semicolons"
        )
        assert counted == b"2;"
        whole = payload("SELECT * FROM S3Object", source, input_format="csv", output_format="semicolons")
        assert whole == b"*;*;"

    def test_from_a_registered_input_format(self) -> None:
        extend.input_format("colon", ColonLines())
        extend.output_format("semicolons", Semicolons())
        sql = "SELECT number FROM S3Object"
        assert payload(sql, LINES, input_format="colon", output_format="semicolons") == b"1;2;3;"

    def test_keywords_of_others_are_refused(self) -> None:
        extend.output_format("semicolons", Semicolons())
        for keywords, member in (
            ({"quote_fields": "ALWAYS"}, "QuoteFields"),
            ({"output_record_delimiter": ";"}, "Rec"),
        ):
            with pytest.raises(ValueError, match=f"{member}.* output, and the output is semicolons"):
                rows(
                    "SELECT * FROM S3Object",
                    b"1\n",
                    input_format="csv",
                    output_format="semicolons",
                    **keywords,
                )

    def test_an_unknown_one_is_told_with_what_there_is(self) -> None:
        extend.output_format("semicolons", Semicolons())
        with pytest.raises(ValueError, match=r"'csv', 'json', 'semicolons'\. Did you mean 'semicolons'\?"):
            rows("SELECT * FROM S3Object", b"1\n", input_format="csv", output_format="semicolon")

    def test_what_is_none(self) -> None:
        with pytest.raises(TypeError, match="has serialize"):
            extend.output_format("semicolons", object())  # type: ignore[arg-type]


class TestAStore:
    def test_its_urls(self) -> None:
        with extend.store("shelf", SHELF):
            assert rows("SELECT _1 FROM S3Object", "shelf://top/a.csv") == [{"_1": "1"}, {"_1": "3"}]
            assert rows("SELECT _1 FROM S3Object LIMIT 1", "SHELF://top/a.csv") == [{"_1": "1"}]
            with pytest.raises(S3SelectError, match=r"NoSuchKey: There is no top/b.csv"):
                rows("SELECT _1 FROM S3Object", "shelf://top/b.csv")
            with pytest.raises(ValueError, match="an object's URL is shelf://bucket/key"):
                rows("SELECT _1 FROM S3Object", "shelf://top", input_format="csv")
            with pytest.raises(ValueError, match=r"region_name is only for s3:// sources"):
                rows("SELECT _1 FROM S3Object", "shelf://top/a.csv", region_name="eu")
        with pytest.raises(ValueError, match=r"the scheme shelf:// is not supported"):
            rows("SELECT _1 FROM S3Object", "shelf://top/a.csv")

    def test_members_of_the_request_are_the_stores(self) -> None:
        seen: dict[str, Any] = {}

        class Noting(Shelf):
            def open(self, bucket: str, key: str, **options: Any) -> BytesObject:
                seen.update(options)
                return super().open(bucket, key)

        extend.store("noting", Noting(SHELF.objects))
        rows("SELECT _1 FROM S3Object", "noting://top/a.csv", expected_bucket_owner="1" * 12)
        assert seen == {"expected_bucket_owner": "1" * 12}

    def test_an_unknown_scheme_is_told_with_what_there_is(self) -> None:
        extend.store("shelf", SHELF)
        with pytest.raises(
            ValueError, match=r"shelv://.*Did you mean 'shelf'\? Sources are .*s3://, shelf://, bytes"
        ):
            rows("SELECT _1 FROM S3Object", "shelv://top/a.csv")

    @pytest.mark.parametrize("scheme", ["s3", "file", "s3a", "x", "a_b"])
    def test_schemes_that_it_cannot_have(self, scheme: str) -> None:
        with pytest.raises(ValueError):
            extend.store(scheme, SHELF)

    def test_what_is_none(self) -> None:
        with pytest.raises(TypeError, match="has open"):
            extend.store("shelf", object())  # type: ignore[arg-type]


class TestARule:
    SQL = "SELECT 2 + 0 AS n, _1 FROM S3Object"

    def test_it_is_applied_where_it_stands(self) -> None:
        with extend.rule(without_zero, before="fold_constants"):
            names = [name for name, _ in rules.steps(PLANS.plan(self.SQL, s3sql_csv()))]
            assert names[:2] == ["without_zero", "fold_constants"]
            assert rows(self.SQL, b"x\n", input_format="csv") == [{"n": 2, "_1": "x"}]
        assert rules.RULES[0].__name__ == "fold_constants"

    def test_by_default_it_follows_the_folding_of_constants(self) -> None:
        extend.rule(without_zero)
        assert [rule.__name__ for rule in rules.RULES[:3]] == [
            "fold_constants",
            "without_zero",
            "split_conjunctions",
        ]

    def test_plans_of_before_and_after_are_not_mixed(self) -> None:
        seen: list[Plan] = []

        def noting(plan: Plan) -> Plan:
            seen.append(plan)
            return plan

        rows(self.SQL, b"x\n", input_format="csv")
        with extend.rule(noting):
            rows(self.SQL, b"x\n", input_format="csv")
            rows(self.SQL, b"x\n", input_format="csv")
        assert len(seen) == 1
        rows(self.SQL, b"x\n", input_format="csv")
        assert len(seen) == 1

    def test_what_cannot_be_registered(self) -> None:
        with pytest.raises(ValueError, match="there is no rule 'nothing'; the rules are fold_constants, "):
            extend.rule(without_zero, before="nothing")
        extend.rule(without_zero)
        with pytest.raises(ValueError, match="there is a rule 'without_zero' already"):
            extend.rule(without_zero)


def s3sql_csv() -> Any:
    from s3sql.plan.schema import CsvSchema

    return CsvSchema()


class TestRegistrations:
    def test_they_are_told_in_order_and_taken_back_once(self) -> None:
        store = extend.store("shelf", SHELF)
        rule = extend.rule(without_zero)
        assert extend.registrations() == (store, rule)
        assert repr(rule) == "<s3sql.extend.Registration of the rule without_zero>"
        store.remove()
        store.remove()
        assert extend.registrations() == (rule,)
        assert repr(store) == "<s3sql.extend.Registration of the store shelf, removed>"

    def test_a_removed_one_does_not_take_back_its_successor(self) -> None:
        first = extend.store("shelf", SHELF)
        first.remove()
        extend.store("shelf", SHELF)
        first.remove()
        assert rows("SELECT _1 FROM S3Object LIMIT 1", "shelf://top/a.csv") == [{"_1": "1"}]

    def test_of_many_threads_one_has_the_name(self) -> None:
        refused: list[ValueError] = []
        begin = threading.Barrier(8)

        def register() -> None:
            begin.wait()
            try:
                extend.function("PLUS_ONE", plus_one, arguments=1)
            except ValueError as error:
                refused.append(error)

        threads = [threading.Thread(target=register) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 7
        assert len(extend.registrations()) == 1

    def test_an_extension_that_cannot_be_loaded(self) -> None:
        with pytest.raises(
            ImportError, match="the extension 'no_such_module' cannot be loaded: ModuleNotFound"
        ):
            extend.load("json, no_such_module")


MODULE = """
from s3sql import extend
from tests.own_extensions import SHELF, ColonLines, plus_one

extend.function("PLUS_ONE", plus_one, arguments=1)
extend.input_format("colon", ColonLines(), suffixes=[".col"])
extend.store("shelf", SHELF)
"""


class TestTheCommandLine:
    def test_what_this_process_has_registered(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        extend.function("PLUS_ONE", plus_one, arguments=1)
        extend.store("shelf", SHELF)
        sql = "SELECT PLUS_ONE(CAST(_1 AS INT)) FROM S3Object"
        assert main(["query", sql, "shelf://top/a.csv", "--header", "none"]) == 0
        assert capfdbinary.readouterr().out == b"2\n4\n"

    def test_the_modules_that_the_variable_names(self, tmp_path: Path) -> None:
        (tmp_path / "my_extensions.py").write_text(MODULE)
        (tmp_path / "a.col").write_bytes(LINES)
        done = run(
            tmp_path, "query", "SELECT PLUS_ONE(number) FROM S3Object", "a.col", extensions="my_extensions"
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"2\n3\n4\n", b"")

    def test_nothing_without_the_variable(self, tmp_path: Path) -> None:
        (tmp_path / "my_extensions.py").write_text(MODULE)
        done = run(tmp_path, "query", "SELECT PLUS_ONE(1) FROM S3Object", "shelf://top/a.csv", extensions="")
        assert done.returncode in (1, 2)
        assert b"PLUS_ONE" in done.stderr or b"shelf" in done.stderr

    def test_a_module_that_is_not_there(self, tmp_path: Path) -> None:
        done = run(tmp_path, "query", "SELECT 1 FROM S3Object", "a.csv", extensions="no_such_module")
        assert done.returncode == 2
        assert b"the extension 'no_such_module' cannot be loaded" in done.stderr
        assert b"S3SQL_EXTENSIONS names modules" in done.stderr

    def test_the_endpoint_loads_none(self, tmp_path: Path) -> None:
        done = run(tmp_path, "serve", "--help", extensions="no_such_module")
        assert done.returncode == 0


def run(folder: Path, *words: str, extensions: str) -> subprocess.CompletedProcess[bytes]:
    root = Path(__file__).parents[1]
    environment = {**os.environ, "S3SQL_EXTENSIONS": extensions, "PYTHONPATH": f"{folder}:{root}"}
    return subprocess.run([PROGRAM, *words], cwd=folder, env=environment, capture_output=True, check=False)
