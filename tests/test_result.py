from __future__ import annotations

import gc
import io
import json
import re
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import s3sql
from s3sql import watching
from s3sql.errors import S3SelectError
from s3sql.result import Stats
from tests.display.markup import texts

PEOPLE = b'id,name,amount\n1,Ann,1.50\n2,Bob,2.25\n3,"C, D",\n4,short\n'


def people(sql: str, **options: object) -> s3sql.Result:
    return s3sql.query(sql, PEOPLE, file_header_info="USE", **options)  # type: ignore[arg-type]


def numbers(count: int) -> bytes:
    return b"".join(b"%d,%d,%s\n" % (n, n % 7, b"x" * 40) for n in range(count))


class TestArrow:
    def test_csv_columns_are_text(self) -> None:
        table = people("SELECT * FROM S3Object").to_arrow()
        assert table.schema == pa.schema(
            [("id", pa.string()), ("name", pa.string()), ("amount", pa.string())]
        )
        assert table.column("name").to_pylist() == ["Ann", "Bob", "C, D", "short"]
        assert table.column("amount").to_pylist() == ["1.50", "2.25", "", None]

    def test_expressions(self) -> None:
        table = people(
            "SELECT CAST(s.id AS INT) * 2 AS n, s.name LIKE 'A%' a, CAST(s.amount AS DECIMAL) + 1 AS d "
            "FROM S3Object s WHERE s.amount <> ''"
        ).to_arrow()
        assert table.to_pylist() == [
            {"n": 2, "a": True, "d": Decimal("2.50")},
            {"n": 4, "a": False, "d": Decimal("3.25")},
        ]

    def test_aggregates(self) -> None:
        table = people(
            "SELECT COUNT(*) c, SUM(CAST(s.id AS INT)) s, MIN(CAST(s.id AS FLOAT)) FROM S3Object s"
        ).to_arrow()
        assert table.to_pylist() == [{"c": 4, "s": 10, "_3": 1.0}]

    def test_no_rows(self) -> None:
        table = people(
            "SELECT s.name, CAST(s.id AS INT) i FROM S3Object s WHERE s.name = 'nobody'"
        ).to_arrow()
        assert (table.num_rows, table.schema.types) == (0, [pa.string(), pa.int64()])
        assert people("SELECT * FROM S3Object LIMIT 0").to_arrow().schema.names == ["id", "name", "amount"]
        assert s3sql.query("SELECT a FROM S3Object", b"", file_header_info="USE").to_arrow().num_rows == 0

    def test_duplicate_columns(self) -> None:
        table = people("SELECT s.id, s.name AS id FROM S3Object s LIMIT 1").to_arrow()
        assert table.schema.names == ["id", "id"]
        assert [column.to_pylist() for column in table.columns] == [["1"], ["Ann"]]

    def test_ragged_rows(self) -> None:
        table = s3sql.query("SELECT * FROM S3Object", b"a\nb,c\n\nd,e,f\n", input_format="csv").to_arrow()
        assert table.to_pydict() == {"_1": ["a", "b", "d"], "_2": [None, "c", "e"], "_3": [None, None, "f"]}

    def test_json(self) -> None:
        text = b'{"a":1,"b":{"c":[1]}}\n{"a":2.5}\n{"x":"\xc3\xa9"}\n'
        table = s3sql.query("SELECT * FROM S3Object", text, json_type="LINES").to_arrow()
        assert table.to_pydict() == {
            "a": [Decimal(1), Decimal("2.5"), None],
            "b": ['{"c":[1]}', None, None],
            "x": [None, None, "é"],
        }

    def test_mixed_values(self) -> None:
        text, sql = b'{"a":1}{"a":"x"}{"a":null}', "SELECT s.a FROM S3Object s"
        with pytest.raises(S3SelectError, match=r"CastFailed: Row 2 .*mixed='json'"):
            s3sql.query(sql, text, input_format="json").to_arrow()
        as_json = s3sql.query(sql, text, input_format="json", mixed="json").to_arrow()
        assert as_json.column("a").to_pylist() == ["1", '"x"', None]
        asked = s3sql.query(sql, text, input_format="json", schema={"a": pa.string()}).to_arrow()
        assert asked.column("a").to_pylist() == ["1", "x", None]

    def test_a_kind_that_comes_late(self) -> None:
        text = b"".join(b'{"n":%d}\n' % n for n in range(200_000)) + b'{"n":"x"}\n'
        result = s3sql.query("SELECT s.n FROM S3Object s", text, input_format="json")
        assert result.schema.field("n").type == pa.int64()
        with pytest.raises(S3SelectError, match="Row 200,001 of the result does not fit"):
            list(result)

    @pytest.mark.parametrize("late", [b"0.25", b"1e-30", b"null", b"99999999999999999999.5"])
    def test_who_takes_all_rows_has_the_schema_from_all(self, late: bytes) -> None:
        text = b"".join(b'{"n":%d.5}\n' % n for n in range(200_000)) + b'{"n":%s}\n' % late
        sql = "SELECT s.n FROM S3Object s"
        table = s3sql.query(sql, text, input_format="json").to_arrow()
        assert table.num_rows == 200_001
        value = table.column(0)[200_000].as_py()
        assert value is None if late == b"null" else float(value) == float(late)
        with s3sql.query(sql, text, input_format="json").load() as result:
            assert result.to_arrow().equals(table)
            assert result.stats.rows == 200_001

    def test_rows_count_while_all_of_them_fix_the_schema(self) -> None:
        text = b"".join(b'{"n":%d.5}\n' % n for n in range(200_000))
        result = s3sql.query("SELECT s.n FROM S3Object s", text, input_format="json")
        seen: list[int] = []
        rows = iter(result.load(lambda stats: seen.append(stats.rows)))
        assert seen == sorted(seen)
        assert seen[-1] == sum(batch.num_rows for batch in rows) == 200_000

    def test_a_schema_that_was_looked_at_stays(self) -> None:
        text = b"".join(b'{"n":%d.5}\n' % n for n in range(200_000)) + b'{"n":0.25}\n'
        result = s3sql.query("SELECT s.n FROM S3Object s", text, input_format="json")
        assert result.schema.field("n").type == pa.decimal128(38, 1)
        with pytest.raises(S3SelectError, match="Row 200,001 of the result does not fit"):
            result.to_arrow()

    def test_batches_come_in_order_and_are_one_table(self) -> None:
        result = s3sql.query("SELECT CAST(_1 AS INT) FROM S3Object", numbers(100_000), input_format="csv")
        batches = list(result)
        assert len(batches) > 1
        assert pa.Table.from_batches(batches).column(0).to_pylist() == list(range(100_000))
        assert result.stats.rows == 100_000
        assert result.stats.bytes_scanned == result.stats.bytes_processed == len(numbers(100_000))
        assert result.stats.bytes_returned >= 800_000

    def test_limit_across_morsels(self) -> None:
        result = s3sql.query("SELECT _1 FROM S3Object LIMIT 9999", numbers(100_000), input_format="csv")
        assert result.to_arrow().column(0).to_pylist() == [str(n) for n in range(9999)]
        assert result.stats.bytes_scanned < len(numbers(100_000))

    def test_rows_before_a_failing_one_are_delivered(self) -> None:
        text = numbers(50_000) + b"x,1\n" + numbers(10)
        result = s3sql.query("SELECT CAST(_1 AS INT) n FROM S3Object", text, input_format="csv")
        batches: list[pa.RecordBatch] = []
        with pytest.raises(S3SelectError, match="CastFailed"):
            batches.extend(result)
        assert sum(batch.num_rows for batch in batches) == result.stats.rows == 50_000

    def test_data_frames(self) -> None:
        sql = "SELECT s.name, CAST(s.id AS INT) id FROM S3Object s"
        expected = {"name": ["Ann", "Bob", "C, D", "short"], "id": [1, 2, 3, 4]}
        frame = people(sql).to_pandas()
        assert isinstance(frame, pandas.DataFrame)
        assert frame.to_dict("list") == expected
        assert people(sql).to_polars().to_dict(as_series=False) == expected

    def test_the_arrow_c_stream(self) -> None:
        assert polars.DataFrame(people("SELECT s.id FROM S3Object s")).to_dict(as_series=False) == {
            "id": ["1", "2", "3", "4"]
        }
        reader = pa.RecordBatchReader.from_stream(people("SELECT s.id FROM S3Object s"))
        assert reader.read_all().num_rows == 4


class TestEvents:
    def test_events_are_those_of_boto3(self) -> None:
        result = people("SELECT s.name FROM S3Object s LIMIT 2", output_format="json")
        assert list(result.events()) == [
            {"Records": {"Payload": b'{"name":"Ann"}\n{"name":"Bob"}\n'}},
            {
                "Stats": {
                    "Details": {
                        "BytesScanned": len(PEOPLE),
                        "BytesProcessed": len(PEOPLE),
                        "BytesReturned": 30,
                    }
                }
            },
            {"End": {}},
        ]
        assert (result.stats.rows, result.stats.bytes_returned) == (2, 30)

    def test_progress(self) -> None:
        events = list(people("SELECT COUNT(*) FROM S3Object", request_progress=True).events())
        assert [next(iter(event)) for event in events] == ["Records", "Progress", "Stats", "End"]

    def test_an_early_failure_is_raised_at_once(self) -> None:
        with pytest.raises(S3SelectError, match="CastFailed"):
            people("SELECT CAST(s.name AS INT) FROM S3Object s").events()


class TestReading:
    def test_only_once(self) -> None:
        result = people("SELECT * FROM S3Object")
        result.to_arrow()
        for read in (result.to_arrow, result.events, lambda: iter(result), lambda: result.to_pandas()):
            with pytest.raises(ValueError, match="run the query again"):
                read()

    def test_the_schema_does_not_use_the_result_up(self) -> None:
        result = people("SELECT * FROM S3Object")
        assert result.schema == result.schema
        assert result.to_arrow().num_rows == 4
        assert result.schema.names == ["id", "name", "amount"]

    def test_closing_ends_the_scan(self) -> None:
        before = threading.active_count()
        source = io.BytesIO(numbers(200_000))
        with s3sql.query("SELECT * FROM S3Object", source, input_format="csv") as result:
            batch = next(iter(result))
            assert batch.num_rows
        result.close()
        with pytest.raises(ValueError, match="closed"):
            next(iter(result))
        assert "closed" in repr(result)
        assert threading.active_count() <= before + 4

    def test_a_closed_iterator_closes_the_result(self) -> None:
        result = s3sql.query("SELECT * FROM S3Object", numbers(100_000), input_format="csv")
        batches = iter(result)
        next(batches)
        batches.close()  # type: ignore[attr-defined]
        assert "closed" in repr(result)

    def test_time_out(self) -> None:
        with pytest.raises(TimeoutError, match="1e-09 seconds"):
            s3sql.query("SELECT * FROM S3Object", numbers(1000), input_format="csv", timeout=1e-9)
        for read in (s3sql.Result.to_arrow, lambda result: list(result.events())):
            result = s3sql.query("SELECT * FROM S3Object", numbers(1000), input_format="csv", timeout=0.2)
            time.sleep(0.25)
            with pytest.raises(TimeoutError, match=r"0\.2 seconds"):
                read(result)
        for wrong in (0, -1, float("nan")):
            with pytest.raises(ValueError, match="timeout"):
                people("SELECT * FROM S3Object", timeout=wrong)

    def test_time_out_in_the_middle_of_the_events(self) -> None:
        class Endless(io.RawIOBase):
            def readable(self) -> bool:
                return True

            def readinto(self, buffer: Any) -> int:
                buffer[:] = b"1" + b"\n" * (len(buffer) - 1)
                return len(buffer)

        result = s3sql.query(
            "SELECT * FROM S3Object", io.BufferedReader(Endless()), input_format="csv", timeout=0.3
        )
        with pytest.raises(TimeoutError, match=r"0\.3 seconds"):
            list(result.events())

    @pytest.mark.parametrize("line", [b"\n", b"# no header\n"])
    def test_time_out_while_the_header_is_looked_for(self, line: bytes) -> None:
        class Endless(io.RawIOBase):
            def readable(self) -> bool:
                return True

            def readinto(self, buffer: Any) -> int:
                buffer[:] = (line * (len(buffer) // len(line) + 1))[: len(buffer)]
                return len(buffer)

        with pytest.raises(TimeoutError, match=r"0\.3 seconds"):
            s3sql.query(
                "SELECT * FROM S3Object",
                io.BufferedReader(Endless()),
                input_format="csv",
                file_header_info="USE",
                timeout=0.3,
            )

    def test_plan(self) -> None:
        result = people("SELECT s.name FROM S3Object s WHERE s.id = '1' LIMIT 3")
        assert result.explain() == (
            "Limit 3\n  Project _2 AS name\n    Filter _1 = '1'\n"
            "      Scan csv, columns _1, late columns _2, required literal '1'"
        )
        assert json.dumps(result.plan).startswith('{"node": "limit"')

    def test_repr(self) -> None:
        result = people("SELECT *\n  FROM S3Object")
        assert repr(result) == "<s3sql.Result 'SELECT * FROM S3Object': not read yet, 0 rows>"
        result.to_arrow()
        assert re.fullmatch(r"<s3sql.Result '.*': closed, 4 rows>", repr(result))


class TestStats:
    def test_bytes_and_seconds(self) -> None:
        result = people("SELECT * FROM S3Object")
        assert result.stats == Stats(bytes_total=len(PEOPLE))
        result.to_arrow()
        stats = result.stats
        assert (stats.bytes_scanned, stats.bytes_total, stats.rows) == (len(PEOPLE), len(PEOPLE), 4)
        assert stats.seconds > 0
        last = stats.seconds
        assert result.stats.seconds == last, "the clock stops with the reading"

    def test_the_clock_rests_between_a_look_and_the_reading(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [1.0]
        monkeypatch.setattr("s3sql.stats.time.perf_counter", lambda: now[0])
        result = people("SELECT * FROM S3Object")
        result.head()
        now[0] += 300
        batches = iter(result)
        next(batches)
        now[0] += 2
        assert list(batches) == []
        now[0] += 300
        assert result.stats.seconds == 2.0

    def test_bytes_total(self) -> None:
        text = numbers(50_000)
        ranged = s3sql.query("SELECT _1 FROM S3Object", text, input_format="csv", scan_range=(1000, 99_999))
        assert ranged.stats.bytes_total == 99_000
        ranged.to_arrow()
        assert abs(ranged.stats.bytes_scanned - 99_000) < 100

        class Pipe(io.BytesIO):
            def seekable(self) -> bool:
                return False

        stream = s3sql.query("SELECT _1 FROM S3Object", Pipe(text), input_format="csv")
        assert stream.stats.bytes_total is None
        list(stream.events())
        assert stream.stats.bytes_total == stream.stats.bytes_scanned == len(text)
        assert stream.stats.seconds > 0


class TestLoad:
    def test_again_and_again(self) -> None:
        result = people("SELECT s.id, s.name FROM S3Object s").load()
        expected = [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bob"}]
        for _ in range(2):
            assert result.to_arrow().to_pylist()[:2] == expected
            assert [row for batch in result for row in batch.to_pylist()][:2] == expected
            assert result.to_pandas().shape == (4, 2)
            assert polars.DataFrame(result).shape == (4, 2)
            assert len(duckdb.from_arrow(pa.RecordBatchReader.from_stream(result)).fetchall()) == 4
            assert result.head(2).to_pylist() == expected
        assert result.load() is result
        assert (result.stats.rows, repr(result).endswith(": loaded, 4 rows>")) == (4, True)
        with pytest.raises(ValueError, match="run the query again"):
            result.events()

    def test_loaded_rows_outlive_the_object(self) -> None:
        with people("SELECT * FROM S3Object") as result:
            result.load()
        result.close()
        assert result.to_arrow().num_rows == 4
        assert result.schema.names == ["id", "name", "amount"]

    def test_after_a_partial_reading_it_is_refused(self) -> None:
        result = s3sql.query("SELECT _1 FROM S3Object", numbers(100_000), input_format="csv")
        batches = iter(result)
        next(batches)
        for read in (result.load, result.head, lambda: result.load(print)):
            with pytest.raises(ValueError, match="run the query again"):
                read()
        assert sum(batch.num_rows for batch in batches) > 0, "the reading that was under way goes on"

    def test_after_closing_it_is_refused(self) -> None:
        result = people("SELECT * FROM S3Object")
        result.close()
        for read in (result.load, result.head, lambda: result.load(print)):
            with pytest.raises(ValueError, match="run the query again"):
                read()

    def test_without_columns_and_without_rows(self) -> None:
        bare = s3sql.query("SELECT * FROM S3Object", b"{}{}{}", input_format="json").load()
        assert (bare.to_arrow().num_rows, bare.head(2).num_rows, bare.head(9).num_rows) == (3, 2, 3)
        none = people("SELECT * FROM S3Object LIMIT 0").load()
        assert (none.to_arrow().num_rows, none.head().num_rows, list(none)) == (0, 0, [])
        one = people("SELECT COUNT(*) AS n FROM S3Object").load()
        assert one.head(0).num_rows == 0
        assert one.to_arrow().to_pylist() == [{"n": 4}]

    def test_an_error_is_raised_and_nothing_kept(self) -> None:
        sql, text = "SELECT CAST(_1 AS INT) FROM S3Object", numbers(50_000) + b"x,1\n"
        for watch in (None, lambda stats: None):
            result = s3sql.query(sql, text, input_format="csv")
            with pytest.raises(S3SelectError, match="CastFailed"):
                result.load(watch)
            assert "closed" in repr(result)
            with pytest.raises(ValueError, match="run the query again"):
                result.load(watch)

    def test_it_is_watched_to_the_end(self) -> None:
        seen: list[tuple[int, int | None, float]] = []

        def watch(stats: Stats) -> None:
            assert threading.current_thread() is threading.main_thread()
            seen.append((stats.bytes_scanned, stats.bytes_total, stats.seconds))

        text = numbers(100_000)
        result = s3sql.query("SELECT _1 FROM S3Object", text, input_format="csv").load(watch)
        assert seen[-1] == (len(text), len(text), result.stats.seconds)
        assert seen == sorted(seen)
        assert result.to_arrow().num_rows == 100_000
        result.load(watch)

    def test_it_is_watched_while_the_first_bytes_are_waited_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watching, "WATCH_SECONDS", 0.01)
        source, calls = Gate(b'{"a":1}' * 10), 0

        def watch(stats: Stats) -> None:
            nonlocal calls
            calls += 1
            if calls == 3:
                source.opened.set()

        result = s3sql.query("SELECT s.a FROM S3Object s", source, input_format="json").load(watch)
        assert calls >= 4
        assert result.stats.rows == 10

    @pytest.mark.parametrize("stop", [KeyboardInterrupt, ZeroDivisionError])
    def test_an_exception_of_the_watcher_ends_the_scan(
        self, stop: type[BaseException], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watching, "WATCH_SECONDS", 0.01)
        source = Endless()

        def watch(stats: Stats) -> None:
            if stats.bytes_scanned:
                raise stop

        result = s3sql.query("SELECT COUNT(*) FROM S3Object", io.BufferedReader(source), input_format="csv")
        with pytest.raises(stop):
            result.load(watch)
        assert "closed" in repr(result)
        read = source.read_bytes
        assert people("SELECT COUNT(*) FROM S3Object").load().stats.rows == 1, "the workers are free"
        assert source.read_bytes == read, "nothing is read any more"

    def test_a_source_that_hangs_does_not_hold_the_caller(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watching, "WATCH_SECONDS", 0.01)
        monkeypatch.setattr(watching, "STOP_SECONDS", 0.05)
        source = Gate(b'{"a":1}')

        def watch(stats: Stats) -> None:
            raise KeyboardInterrupt

        result = s3sql.query("SELECT s.a FROM S3Object s", source, input_format="json")
        with pytest.raises(KeyboardInterrupt):
            result.load(watch)
        with pytest.raises(ValueError, match="run the query again"):
            result.head()
        source.opened.set()
        for thread in threading.enumerate():
            if thread.name == "s3sql-load":
                thread.join(30)
        assert "closed" in repr(result)

    def test_ctrl_c(self) -> None:
        for watch in (None, lambda stats: None):
            source = Endless(lambda: signal.raise_signal(signal.SIGINT), after=20 << 20)
            result = s3sql.query(
                "SELECT COUNT(*) FROM S3Object", io.BufferedReader(source), input_format="csv"
            )
            with pytest.raises(KeyboardInterrupt):
                result.load(watch)
            assert "closed" in repr(result)

    def test_closing_while_it_is_loaded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watching, "WATCH_SECONDS", 0.01)
        result = s3sql.query(
            "SELECT COUNT(*) FROM S3Object", io.BufferedReader(Endless()), input_format="csv"
        )
        with pytest.raises(ValueError, match="closed while it was being loaded"):
            result.load(lambda stats: result.close() if stats.bytes_scanned else None)
        assert "closed" in repr(result)

    def test_no_thread_is_to_be_had(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        result = people("SELECT * FROM S3Object")
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(RuntimeError, match="new thread"):
                result.load(print)
        assert "closed" in repr(result)

    def test_a_time_out(self) -> None:
        for watch in (None, lambda stats: None):
            result = s3sql.query(
                "SELECT COUNT(*) FROM S3Object",
                io.BufferedReader(Endless()),
                input_format="csv",
                timeout=0.3,
            )
            with pytest.raises(TimeoutError, match=r"0\.3 seconds"):
                result.load(watch)


class TestHead:
    def test_it_does_not_use_rows_up(self) -> None:
        text = numbers(100_000)
        result = s3sql.query("SELECT CAST(_1 AS INT) n FROM S3Object", text, input_format="csv")
        for count in (0, 3, 20, 7):
            assert result.head(count).column("n").to_pylist() == list(range(count))
        assert result.stats.rows == 0
        assert result.stats.bytes_scanned < len(text) / 10
        assert repr(result).endswith("not read yet, 0 rows>")
        assert result.to_arrow().column("n").to_pylist() == list(range(100_000))
        assert result.stats.rows == 100_000
        assert result.stats.bytes_returned >= 800_000

    def test_then_load(self) -> None:
        result = people("SELECT s.id FROM S3Object s")
        assert result.head(1).to_pylist() == [{"id": "1"}]
        assert result.load().to_arrow().num_rows == result.head(9).num_rows == 4

    def test_fewer_rows_than_asked_for(self) -> None:
        result = people("SELECT s.id FROM S3Object s LIMIT 2")
        assert result.head(100).num_rows == result.head(100).num_rows == 2
        assert result.to_arrow().num_rows == 2
        assert people("SELECT COUNT(*) c FROM S3Object").head().to_pylist() == [{"c": 4}]
        assert people("SELECT * FROM S3Object LIMIT 0").head().schema.names == ["id", "name", "amount"]

    def test_counts_that_are_none(self) -> None:
        result = people("SELECT * FROM S3Object")
        with pytest.raises(ValueError, match="head\\(-1\\)"):
            result.head(-1)
        with pytest.raises(TypeError):
            result.head("3")  # type: ignore[arg-type]
        assert result.head(4).num_rows == 4

    def test_an_error_comes_behind_the_rows_before_it(self) -> None:
        result = s3sql.query(
            "SELECT CAST(_1 AS INT) n FROM S3Object", b"1\n2\n3\n4\nx\n6\n", input_format="csv"
        )
        assert result.head(4).column("n").to_pylist() == [1, 2, 3, 4]
        for _ in range(2):
            with pytest.raises(S3SelectError, match="CastFailed"):
                result.head(5)
        got: list[int] = []
        with pytest.raises(S3SelectError, match="CastFailed"):
            got.extend(n for batch in result for n in batch.column(0).to_pylist())
        assert got == [1, 2, 3, 4]

    def test_an_object_that_breaks_off(self) -> None:
        class Breaking(io.BytesIO):
            def readinto(self, buffer: Any) -> int:
                if self.tell() >= 1 << 20:
                    raise OSError("the disk is gone")
                return super().readinto(buffer)

        result = s3sql.query("SELECT _1 FROM S3Object", Breaking(numbers(100_000)), input_format="csv")
        assert result.head(5).num_rows == 5
        with pytest.raises(OSError, match="the disk is gone"):
            result.head(100_000)
        assert result.head(5).num_rows == 5
        with pytest.raises(OSError, match="the disk is gone"):
            list(result)

    def test_events_are_refused_behind_it(self) -> None:
        result = people("SELECT * FROM S3Object")
        result.head(1)
        with pytest.raises(ValueError, match="read as Arrow; run the query again for its events"):
            result.events()
        assert result.to_arrow().num_rows == 4
        fixed = people("SELECT s.id FROM S3Object s")
        assert fixed.schema.names == ["id"]
        assert list(fixed.events()), "the plan alone determined the schema, nothing has been read"

    def test_the_object_is_let_go_of_when_all_is_read(self) -> None:
        closed: list[bool] = []
        result = people("SELECT s.id FROM S3Object s")
        source = result._query.source
        result._query.source = Closing(source, closed)  # type: ignore[assignment]
        result.head(2)
        assert not closed
        result.head(100)
        assert closed
        assert result.to_arrow().num_rows == 4

    @given(st.lists(st.integers(0, 30), max_size=4), st.integers(0, 25), st.booleans())
    def test_a_look_changes_nothing(self, counts: list[int], rows: int, load: bool) -> None:
        text = b"".join(b"%d,%d\n" % (n, n * n) for n in range(rows))
        expected = s3sql.query("SELECT * FROM S3Object", text, input_format="csv").to_arrow().to_pylist()
        result = s3sql.query("SELECT * FROM S3Object", text, input_format="csv")
        for count in counts:
            assert result.head(count).to_pylist() == expected[:count]
        if load:
            result.load()
        assert [row for batch in result for row in batch.to_pylist()] == expected
        assert result.stats.rows == rows

    def test_a_forgotten_look_does_not_keep_the_process(self) -> None:
        program = (
            "import s3sql; text = b'1,2,3\\n' * 1_000_000;"
            "result = s3sql.query('SELECT * FROM S3Object', text, input_format='csv');"
            "print(result.head(2).num_rows)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
        assert (done.stdout, done.stderr, done.returncode) == ("2\n", "", 0)

    def test_a_forgotten_look_is_collected(self) -> None:
        result = s3sql.query("SELECT * FROM S3Object", numbers(200_000), input_format="csv")
        result.head(1)
        gone = weakref.ref(result)
        del result
        gc.collect()
        assert gone() is None
        assert people("SELECT * FROM S3Object").load().stats.rows == 4


class TestPlan:
    def test_rows_and_time_of_every_stage(self) -> None:
        result = people("SELECT s.name FROM S3Object s WHERE s.id > '1' LIMIT 2").load()
        work = []
        node: dict[str, Any] | None = result.plan
        while node is not None:
            work.append((node["node"], node["rows"]))
            assert node["seconds"] >= 0
            node = node.get("source")
        assert work == [("limit", 2), ("project", 3), ("filter", 3), ("scan", 4)]
        assert result.plan["source"]["source"]["source"]["seconds"] > 0
        assert re.fullmatch(
            r"Limit 2 \(2 rows, .*\)\n  Project .* \(3 rows, .*\)\n(.*\n?){2}", result.explain()
        )
        assert json.loads(json.dumps(result.plan)) == result.plan

    def test_aggregates(self) -> None:
        plan = people("SELECT COUNT(*), SUM(CAST(s.id AS INT)) FROM S3Object s").load().plan
        assert (plan["rows"], plan["source"]["rows"], plan["source"]["source"]["rows"]) == (1, 1, 4)
        assert plan["source"]["seconds"] > 0

    def test_the_rows_are_those_that_were_needed(self) -> None:
        for _ in range(3):
            result = s3sql.query("SELECT _1 FROM S3Object LIMIT 5000", numbers(300_000), input_format="csv")
            result.to_arrow()
            rows = [
                result.plan["rows"],
                result.plan["source"]["rows"],
                result.plan["source"]["source"]["rows"],
            ]
            assert rows[0] == 5000
            assert rows[1] == rows[2] < 10_000

    def test_events_are_measured_too(self) -> None:
        result = people("SELECT * FROM S3Object")
        list(result.events())
        assert (result.plan["rows"], result.plan["source"]["rows"]) == (4, 4)

    def test_before_and_while_it_is_read_there_are_no_numbers(self) -> None:
        result = s3sql.query("SELECT _1 FROM S3Object", numbers(100_000), input_format="csv")
        before = result.explain()
        result.head(3)
        assert result.explain() == before
        assert "rows" not in result.plan
        result.close()
        assert result.plan["rows"] > 3, "what was done until it was closed"

    def test_it_draws_itself(self) -> None:
        result = people("SELECT s.name FROM S3Object s WHERE s.id = '1'")
        assert str(result.plan).startswith("Project _2 AS name\n└─ Filter")
        assert texts(result.plan._repr_html_(), "b") == ["Project", "Filter", "Scan"]
        assert str(result.load().plan).splitlines()[0].split() == ["rows", "time"]


class Printer:
    """As much of IPython's pretty printer as a display uses."""

    def __init__(self) -> None:
        self.written = ""

    def text(self, text: str) -> None:
        self.written += text


def pretty(result: s3sql.Result) -> str:
    printer = Printer()
    result._repr_pretty_(printer, False)
    return printer.written


class TestDisplay:
    def test_a_look_at_a_result_that_is_not_read(self) -> None:
        result = s3sql.query("SELECT _1 FROM S3Object", numbers(50_000), input_format="csv")
        html = result._repr_html_()
        assert texts(html, "td")[1:] == [str(n) for n in range(20)]
        assert texts(html, "p")[0].startswith("the first 20 rows · 131 kB scanned · ")
        assert "the first 20 rows" in pretty(result)
        assert result.to_arrow().num_rows == 50_000, "nothing was used up"

    def test_loaded(self) -> None:
        result = s3sql.query("SELECT _1 FROM S3Object", numbers(50_000), input_format="csv").load()
        assert texts(result._repr_html_(), "p")[0].startswith("20 of 50,000 rows · ")
        assert "… 49,980 more rows\n20 of 50,000 rows · " in pretty(result)
        result.shown_rows = 3
        assert texts(result._repr_html_(), "td")[1:] == ["0", "1", "2"]

    def test_all_rows(self) -> None:
        result = people("SELECT s.id, s.amount FROM S3Object s")
        assert texts(result._repr_html_(), "p")[0].startswith("4 rows · ")
        assert texts(result._repr_html_(), "td")[-1] == "NULL"
        result.to_arrow()
        assert texts(result._repr_html_(), "p")[0].startswith("This result has been read or closed.")
        assert "4 rows · " in pretty(result)

    def test_being_read(self) -> None:
        result = s3sql.query("SELECT _1 FROM S3Object", numbers(100_000), input_format="csv")
        batches = iter(result)
        next(batches)
        assert texts(result._repr_html_(), "p")[0] == "The rows of this result are being read."
        assert next(batches).num_rows

    def test_an_error_behind_some_rows(self) -> None:
        result = s3sql.query("SELECT CAST(_1 AS INT) n FROM S3Object", b"1\n2\nx\n", input_format="csv")
        html = result._repr_html_()
        assert texts(html, "td")[1:] == ["1", "2"]
        assert "CastFailed" in texts(html, "b")
        text = pretty(result)
        assert "│   2 │" in text
        assert "CastFailed: " in text
        result.shown_rows = 2
        assert "CastFailed" not in result._repr_html_()

    @pytest.mark.parametrize(
        ("text", "found"),
        [(b'{"a":1}{"a":"x"}', "CastFailed"), (b'{"a":', "JSON")],
    )
    def test_an_error_without_rows(self, text: bytes, found: str) -> None:
        sql = "SELECT s.a FROM S3Object s"
        assert found in s3sql.query(sql, text, input_format="json")._repr_html_()
        assert found in pretty(s3sql.query(sql, text, input_format="json"))

    def test_errors_that_are_not_of_the_query(self) -> None:
        class Broken(io.BytesIO):
            def readinto(self, buffer: Any) -> int:
                raise OSError("<b>gone</b>")

        make: Callable[[], s3sql.Result] = lambda: s3sql.query(  # noqa: E731
            "SELECT s.a FROM S3Object s", Broken(b"{}"), input_format="json"
        )
        assert "<b>gone" not in make()._repr_html_()
        assert "OSError: <b>gone</b>" in pretty(make())

    def test_without_rich(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "rich", None)
        monkeypatch.delitem(sys.modules, "s3sql.display.table_text", raising=False)
        shown = pretty(people("SELECT s.id FROM S3Object s"))
        assert shown.startswith("The rows are drawn by rich, which is not installed: pip install")
        assert "\nthe first 4 rows · " in shown or "\n4 rows · " in shown

    def test_hostile_names_and_values(self) -> None:
        evil = "<script>alert('x')</script>"
        result = s3sql.query("SELECT * FROM S3Object", f"{evil}\n{evil}\n".encode(), file_header_info="USE")
        html = result._repr_html_()
        assert "<script" not in html
        assert texts(html, "th") == texts(html, "td")[1:] == [evil]

    def test_reading_is_interrupted(self) -> None:
        class Interrupted(io.BytesIO):
            def readinto(self, buffer: Any) -> int:
                raise KeyboardInterrupt

        result = s3sql.query("SELECT s.a FROM S3Object s", Interrupted(b"{}"), input_format="json")
        with pytest.raises(KeyboardInterrupt):
            result._repr_html_()
        assert "closed" in repr(result)


class Gate(io.RawIOBase):
    """A stream that gives nothing before it is ``opened``."""

    def __init__(self, text: bytes) -> None:
        self.opened = threading.Event()
        self._text = io.BytesIO(text)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        assert self.opened.wait(60)
        return self._text.readinto(buffer)


class Endless(io.RawIOBase):
    """A stream of records without end, which calls *then* once when *after* bytes have been read."""

    def __init__(self, then: Callable[[], None] | None = None, after: int = 0) -> None:
        self.read_bytes = 0
        self._then = then
        self._after = after

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = (
            b"12345678\n"[: len(buffer)]
            if len(buffer) < 9
            else b"1234567\n" * (len(buffer) // 8) + b"\n" * (len(buffer) % 8)
        )
        self.read_bytes += len(buffer)
        if self._then is not None and self.read_bytes > self._after:
            then, self._then = self._then, None
            then()
        return len(buffer)


class Closing:
    """A stored object that says when it is closed."""

    def __init__(self, source: Any, closed: list[bool]) -> None:
        self._source = source
        self._closed = closed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def close(self) -> None:
        self._closed.append(True)
        self._source.close()
