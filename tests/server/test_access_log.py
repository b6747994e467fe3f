from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.server.access_log import LOGGER, AccessRecord, access_line, expression_notes, log_request

TIME = datetime(2026, 11, 30, 13, 0, 0, 123456, timezone(timedelta(hours=1)))


def test_a_line() -> None:
    record = AccessRecord(
        request_id="ID",
        operation="SelectObjectContent",
        status=200,
        seconds=0.01823456789,
        client="127.0.0.1",
        access_key="KEY",
        bucket="b",
        key="a/ä.csv",
        received=512,
        sent=2048,
        user_agent="Boto3/1.43",
        notes={"rows": 3, "ended": "complete"},
    )
    assert access_line(record, TIME) == (
        '{"time":"2026-11-30T12:00:00.123Z","request_id":"ID","client":"127.0.0.1","access_key":"KEY",'
        '"operation":"SelectObjectContent","bucket":"b","key":"a/\\u00e4.csv","status":200,"code":null,'
        '"seconds":0.018235,"received":512,"sent":2048,"user_agent":"Boto3/1.43","rows":3,"ended":"complete"}'
    )


@given(st.text(), st.text(), st.text())
def test_a_line_is_one_line_of_visible_ascii(key: str, agent: str, note: str) -> None:
    record = AccessRecord("ID", "GetObject", 200, 0.1, key=key, user_agent=agent, notes={"note": note})
    line = access_line(record, TIME)
    assert all(" " <= character <= "~" for character in line)
    members = json.loads(line)
    assert (members["key"], members["user_agent"], members["note"]) == (key, agent, note)


def test_notes_are_no_other_members() -> None:
    record = AccessRecord("ID", "GetObject", 404, 0.1, notes={"status": 200, "x": {1}})
    members = json.loads(access_line(record, TIME))
    assert (members["status"], members["x"]) == (404, "{1}")


def test_long_texts_are_cut() -> None:
    record = AccessRecord("ID", "GetObject", 200, 0.1, user_agent="x" * 60_000, notes={"y": "y" * 60_000})
    assert len(access_line(record, TIME)) < 2600


def test_of_a_query_its_length_and_its_hash_are_told() -> None:
    sql = "SELECT * FROM S3Object s WHERE s.iban = 'DE00é'"
    notes = expression_notes(sql)
    assert notes == {"sql_bytes": 48, "sql_sha256": hashlib.sha256(sql.encode()).hexdigest()}
    assert expression_notes("\ud800")["sql_bytes"] == 3


@pytest.mark.parametrize("sql", ["SELECT 'secret'", b"SELECT 'secret'", None])
def test_the_text_of_a_query_is_never_written(sql: object) -> None:
    record = AccessRecord("ID", "SelectObjectContent", 200, 0.1, notes={"rows": 3, "sql": sql})
    line = access_line(record, TIME)
    assert "secret" not in line
    assert ('"sql_bytes":15' in line) is isinstance(sql, str)
    assert json.loads(line)["rows"] == 3


def test_records_are_messages_of_a_logger(caplog: pytest.LogCaptureFixture) -> None:
    before = datetime.now(UTC)
    with caplog.at_level(logging.INFO, LOGGER.name):
        log_request(AccessRecord("ID", "GetObject", 200, 0.1, key="100%s"))
    members = json.loads(caplog.messages[0])
    assert members["key"] == "100%s"
    assert before - timedelta(seconds=1) < datetime.fromisoformat(members["time"]) <= datetime.now(UTC)


def test_without_a_log_nothing_is_made(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, LOGGER.name):
        log_request(AccessRecord("ID", "GetObject", 200, 0.1))
    assert not caplog.messages
