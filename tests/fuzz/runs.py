"""A request run in several ways, which must all give one answer.

In: a request and an object's bytes.  Out: every record and the code of the error behind them.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from unittest import mock

from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.formats import json_array, json_block, json_fitted, json_records
from s3sql.plan.binder import bind
from s3sql.plan.cache import PLANS
from s3sql.plan.clock import at_time
from s3sql.plan.explain import explain
from s3sql.plan.rules import prune_columns
from s3sql.request import SelectRequest
from s3sql.result import Result
from s3sql.stores.memory import BytesObject
from tests.scans import Scanned, morsels_of, no_buffer_is_out, split

#: The time of every query, so that UTCNOW() is the same in all of them.
_NOW = 1_577_934_245_006_000_000

#: The most bytes of a record where morsels are short, and a morsel that holds any input.
LONGEST = 60
_WHOLE = 1 << 17


def _now() -> int:
    return _NOW


def answer(
    request: SelectRequest,
    contents: bytes,
    *,
    morsel: int | None = None,
    longest: int | None = None,
    optimized: bool = True,
) -> Scanned:
    """Run *request*, in morsels of *morsel* bytes and with records of at most *longest*, or as usual.

    A morsel must have room for two records. Without *optimized* the plan runs as the binder made it, but for
    the columns of the scan.
    """
    with ExitStack() as patches:
        patches.enter_context(mock.patch.object(time, "time_ns", _now))
        if morsel is not None:
            patches.enter_context(morsels_of(morsel, first=min(morsel, 64), longest=longest))
            patches.enter_context(mock.patch.object(json_fitted, "_LEAST_BYTES", 0))
        if longest is not None:
            for module in (json_array, json_fitted, json_records):
                patches.enter_context(mock.patch.object(module, "MAX_RECORD_BYTES", longest))
            patches.enter_context(mock.patch.dict(json_block.index_block.__kwdefaults__, longest=longest))
        records: list[bytes] = []
        code = None
        try:
            for step in _query(request, contents, optimized).records():
                if step is None:
                    continue
                if step.output is not None:
                    records += split(step.output)
                if step.error is not None:
                    raise step.error
        except S3SelectError as error:
            assert error.code != "InternalError", error.message
            code = error.code
    assert no_buffer_is_out(), "a buffer has not been given back"
    return Scanned(records, code)


def _query(request: SelectRequest, contents: bytes, optimized: bool) -> engine.Query:
    query = engine.prepare(request, BytesObject(contents))
    explain(query.plan)
    if optimized:
        return query
    opening = query.opening
    try:
        plan = prune_columns(bind(PLANS.tree(request.expression), opening.schema))
    except S3SelectError:
        # Names that need no column, because there is no record.
        return query
    return engine.Query(request, query.source, opening, at_time(plan, request.expression, _NOW))


def check_one_answer(request: SelectRequest, contents: bytes) -> Scanned:
    """The answer, which neither short morsels nor the optimizer nor columns in place of bytes may change."""
    usual = answer(request, contents)
    plain = answer(request, contents, optimized=False)
    assert plain == usual, f"as bound: {plain}, optimized: {usual}"
    check_columns(request, contents, usual)
    check_morsels(request, contents)
    return usual


def check_morsels(request: SelectRequest, contents: bytes) -> None:
    """If no record may be longer than :data:`LONGEST`, it is of no account where short morsels end.

    The text is repeated until it does not fit one.
    """
    contents *= 1 + 500 // max(len(contents), 1)
    whole = answer(request, contents, morsel=_WHOLE, longest=LONGEST)
    cut = answer(request, contents, morsel=2 * LONGEST + 8, longest=LONGEST)
    assert cut == whole, f"in short morsels: {cut}, at once: {whole}"


def check_columns(request: SelectRequest, contents: bytes, expected: Scanned) -> None:
    """As Arrow columns, all JSON text where kinds may be mixed, there are as many rows, or the same error."""
    try:
        with mock.patch.object(time, "time_ns", _now):
            rows = Result(engine.prepare(request, BytesObject(contents)), mixed="json").to_arrow().num_rows
    except S3SelectError as error:
        # A record may have two members of one name, a row not two columns.
        if error.code != "AmbiguousFieldName":
            assert error.code == expected.code, f"as columns {error.code}, as records {expected.code}"
        return
    assert expected.code is None, f"as columns no error, as records {expected.code}"
    assert rows == len(expected.records), f"{rows} rows of columns, {len(expected.records)} records"
