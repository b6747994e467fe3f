"""Sizes that a query, a record and its columns may have, at both sides of each limit."""

from __future__ import annotations

from typing import Any

import pytest

import s3sql
from s3sql.errors import Position, S3SelectError
from s3sql.formats.csv import member_names
from s3sql.limits import MAX_COLUMNS, MAX_EXPRESSION_BYTES
from tests.answers import ask

MIB = 1 << 20
CSV: dict[str, Any] = {"CSV": {}}
JSON: dict[str, Any] = {"JSON": {"Type": "DOCUMENT"}}


def test_a_query_has_256_kib_in_bytes_of_utf_8() -> None:
    for text in ("SELECT _1 FROM S3Object", "SELECT _1 FROM S3Object --é"):
        query = text + " " * (MAX_EXPRESSION_BYTES - len(text.encode()))
        assert ask(b"a", query, CSV, {"CSV": {}}).payload == b"a\n"
        assert ask(b"a", query + " ", CSV, {"CSV": {}}).code == "ExpressionTooLong"


def test_a_record_of_csv_has_a_mebibyte_without_its_delimiter() -> None:
    for end in (b"", b"\n", b"\r\n"):
        assert ask(b"x" * MIB + end, "SELECT COUNT(*) FROM S3Object", CSV, {"CSV": {}}).payload == b"1\n"
        longer = ask(b"x" * (MIB + 1) + end, "SELECT COUNT(*) FROM S3Object", CSV, {"CSV": {}})
        assert longer.code == "OverMaxRecordSize"


def test_a_root_value_of_json_has_a_mebibyte() -> None:
    fits = b' {"a":"' + b"x" * (MIB - 8) + b'"} '
    assert ask(fits, "SELECT COUNT(*) FROM S3Object", JSON, {"CSV": {}}).payload == b"1\n"
    longer = fits.replace(b"xx", b"xxx", 1)
    assert ask(longer, "SELECT COUNT(*) FROM S3Object", JSON, {"CSV": {}}).code == "OverMaxRecordSize"


@pytest.mark.parametrize(
    ("outputs", "around"),
    [({"CSV": {}}, len(b",")), ({"JSON": {}}, len(b'{"_1":"","_2":""}'))],
    ids=["csv", "json"],
)
def test_a_record_of_the_result_has_a_mebibyte_without_its_delimiter(
    outputs: dict[str, Any], around: int
) -> None:
    text = b"x" * (MIB // 2)
    query = f"SELECT _1, SUBSTRING(_1, {around + 1}) FROM S3Object"
    fits = ask(text, query, CSV, outputs)
    assert (fits.code, len(fits.payload)) == (None, MIB + 1)
    longer = ask(text, query.replace("FROM", "|| 'x' FROM"), CSV, outputs)
    assert (longer.code, longer.payload) == ("OverMaxRecordSize", b"")


def test_columns_that_are_named_one_by_one() -> None:
    assert member_names(("a",), MAX_COLUMNS)[-1] == f"_{MAX_COLUMNS}"
    with pytest.raises(S3SelectError) as raised:
        member_names(("a",), MAX_COLUMNS + 1)
    assert raised.value.code == "OverMaxColumn"


def test_as_many_conditions_as_fit_a_query() -> None:
    conditions = " OR ".join(f"_1 = '{number}'" for number in range(15_000))
    query = f"SELECT COUNT(*) FROM S3Object WHERE {conditions}"
    assert len(query) < MAX_EXPRESSION_BYTES
    assert ask(b"14999\n15000\n", query, CSV, {"CSV": {}}).payload == b"1\n"


def test_as_many_operators_as_fit_a_query() -> None:
    records = b'{"a":3,"b":"x"}\n{"b":"y"}\n'
    before, step, after = "SELECT s.b", "||'abcdef'||s.b", " FROM S3Object s"
    count = (MAX_EXPRESSION_BYTES - len(before + after)) // len(step)
    assert (
        ask(records, before + step * count + after, JSON, {"CSV": {}}).payload
        == b"x" + b"abcdefx" * count + b"\ny" + b"abcdefy" * count + b"\n"
    )


@pytest.mark.parametrize(
    ("first", "step", "answer"),
    [
        ("s.a", "+s.a-1", b"3003\n\n"),
        ("s.a*0", "-s.a+s.a*2", b"4500\n\n"),
        ("s.a+1=4", "=true", b"true\n\n"),
        ("s.a", " IS NOT NULL", b"true\ntrue\n"),
        ("s.a", " IS NULL IN (true, s.a)", b"false\n\n"),
        ("s.a BETWEEN 1 AND 5", " NOT IN (3)", b"true\n\n"),
    ],
)
def test_more_operators_than_python_has_room_for_calls(first: str, step: str, answer: bytes) -> None:
    records = b'{"a":3}\n{"b":null}\n'
    assert ask(records, f"SELECT {first}{step * 1500} FROM S3Object s", JSON, {"CSV": {}}).payload == answer
    condition = f"({first}{step * 1500}) = ({first}{step * 1500})"
    counted = ask(records, f"SELECT COUNT(*) FROM S3Object s WHERE {condition}", JSON, {"CSV": {}})
    assert counted.payload == str(answer.count(b"\n") - answer.count(b"\n\n")).encode() + b"\n"


def test_an_operator_far_behind_fails_at_its_place() -> None:
    query = f"SELECT s.a{'+1' * 1500}||'x'||'y' FROM S3Object s"
    with pytest.raises(S3SelectError) as raised:
        list(s3sql.query(query, b'{"a":3}', input_format="json").events())
    assert raised.value.code == "ExternalEvalException"
    assert raised.value.position == Position(1, query.index("||") + 1)


@pytest.mark.parametrize(
    ("select", "code"),
    [
        ("CHAR_LENGTH({})".format("||".join(["_1"] * 200)), "ColumnTooLong"),
        ("[{}] = [1]".format(",".join(["_1"] * 200)), "ColumnTooLong"),
        (",".join(["_1"] * 200), "OverMaxRecordSize"),
        (",".join(["s.*"] * 200), "OverMaxRecordSize"),
    ],
)
def test_what_a_query_makes_of_one_long_record(select: str, code: str) -> None:
    for output in ({"CSV": {}}, {"JSON": {}}):
        answer = ask(b"x" * MIB + b"\n", f"SELECT {select} FROM S3Object s", CSV, output)
        assert (answer.code, answer.payload) == (code, b"")


def test_what_a_query_makes_of_a_shorter_record() -> None:
    answer = ask(b"x" * MIB + b"\n", f"SELECT CHAR_LENGTH({'||'.join(['_1'] * 100)}) FROM S3Object", CSV, CSV)
    assert answer.payload == b"%d\n" % (100 * MIB)


def test_an_odd_number_that_is_only_taken_over_is_not_read() -> None:
    assert ask(b'{"a":1e99999999999}', "SELECT s.a FROM S3Object s", JSON, {"JSON": {}}).payload == (
        b'{"a":1e99999999999}\n'
    )
