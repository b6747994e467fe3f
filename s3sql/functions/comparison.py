"""The comparison operators ``= <> < <= > >=`` over columns of any kinds.

In: two columns.  Out: a column of booleans, NULL where either side is unknown.

Sources: AWS S3 User Guide, Operators; PartiQL v0.1.

* ``=`` and ``<>`` never fail: values of different kinds are not equal. The orderings work within a kind
  (numbers among each other, texts by Unicode scalar value, booleans, timestamps by instant); anything else
  fails with ExternalEvalException.
* Numbers are compared by value; beside a float the other one is converted to the nearest float. NaN is
  unequal to everything and in no order.
* Lists are equal element by element, structs member by member in any order; NULL in them equals NULL.
* A bare CSV column beside a number is read as a number; text that is none is unequal and in no order
  (an extension, where AWS answers ``=`` with FALSE and fails otherwise).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.functions.json_values import same_json
from s3sql.functions.numbers import as_decimals, as_floats, decimals_of_text, order_decimals
from s3sql.functions.registry import Fail
from s3sql.kernels import compare as kernels
from s3sql.kernels.json_equal import EQUAL, UNDECIDED, judge_json
from s3sql.payloads import Mask, Payload, Text, Timestamps
from s3sql.types import NUMBERS, Column, Kind

#: Judges all rows of two payloads; the mask says in which of them the answer is asked for (None: in all).
_Judge: TypeAlias = Callable[[str, Any, Any, "Mask | None"], Mask]

_UFUNCS: dict[str, Callable[..., Mask]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_SWAPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_EQUALITIES = frozenset({"=", "<>"})


def compare(
    operator: str, left: Column, right: Column, fail: Fail, *, left_csv: bool = False, right_csv: bool = False
) -> Column:
    """``left operator right``. ``left_csv``, ``right_csv``: that side is a bare column of a CSV object.

    Rows whose kinds have no common order fail with ExternalEvalException and are NULL.
    """
    # Text that is no number: unequal as a text is, in no order as NULL is.
    failing = Kind.STRING if operator in _EQUALITIES else Kind.NULL
    if left_csv and not right_csv:
        left = _read_beside(left, right, failing)
    elif right_csv and not left_csv:
        right = _read_beside(right, left, failing)
    if left.kind is not None and right.kind is not None:
        return _compare_uniform(operator, left, right, fail)
    known = left.known() & right.known()
    truth = np.full(left.length, operator == "<>")
    judged = ~known
    for left_kind in left.parts:
        for right_kind in right.parts:
            judge = _judge(operator, left_kind, right_kind)
            if judge is None:
                continue
            rows = left.mask(left_kind) & right.mask(right_kind)
            if rows.any():
                found = judge(operator, left.parts[left_kind], right.parts[right_kind], rows)
                # Masks, where to copy the rows would take a hundred times as long.
                truth = truth & (found | ~rows) if operator == "<>" else truth | (found & rows)
                judged |= rows
    if operator not in _EQUALITIES and not judged.all():
        _fail_unordered(operator, left, right, ~judged, fail)
        known &= judged
    return truth_column(truth, known)


def equals(left: Column, right: Column, left_csv: bool = False, right_csv: bool = False) -> Column:
    """``left = right`` as simple CASE, NULLIF and IN use it; NULL where either side is unknown."""
    return compare("=", left, right, _never, left_csv=left_csv, right_csv=right_csv)


def in_text_range(column: Column, low: str, high: str, *, with_low: bool, with_high: bool) -> Column:
    """Whether each text of *column*, texts and NULLs, lies between two texts, which count if told so."""
    if Kind.STRING not in column.parts:
        return Column.unknown(Kind.NULL, column.length)
    text = column.text()
    inside = np.empty(column.length, np.bool_)
    bounds = [PaddedBuffer.copy_of(bound.encode("utf-8", "surrogatepass")) for bound in (low, high)]
    kernels.between_literals(
        text.buffer, text.starts, text.ends, bounds[0].array, len(bounds[0]), with_low,
        bounds[1].array, len(bounds[1]), with_high, inside,
    )  # fmt: skip
    return truth_column(inside, None if column.kind == Kind.STRING else column.known())


def truth_column(truth: Mask, known: Mask | None = None) -> Column:
    """Booleans, NULL where not *known*."""
    if known is None or known.all():
        return Column.of(Kind.BOOL, truth)
    # BOOL is one more than NULL. np.where takes forty times as long where it cannot foretell the rows.
    return Column.tagged(known.view(np.uint8) + np.uint8(Kind.NULL), {Kind.BOOL: truth})


def trues(column: Column) -> Mask:
    """Which rows are TRUE."""
    known = column.mask(Kind.BOOL)
    return known & column.array(Kind.BOOL) if Kind.BOOL in column.parts else known


def falses(column: Column) -> Mask:
    """Which rows are FALSE."""
    known = column.mask(Kind.BOOL)
    return known & ~column.array(Kind.BOOL) if Kind.BOOL in column.parts else known


def _never(where: Mask, error: S3SelectError) -> None:
    raise AssertionError(f"equality cannot fail: {error}")


def _compare_uniform(operator: str, left: Column, right: Column, fail: Fail) -> Column:
    assert left.kind is not None
    assert right.kind is not None
    if left.kind < Kind.BOOL or right.kind < Kind.BOOL:
        return Column.unknown(Kind.NULL, left.length)
    judge = _judge(operator, left.kind, right.kind)
    if judge is not None:
        return truth_column(judge(operator, left.parts[left.kind], right.parts[right.kind], None))
    if operator in _EQUALITIES:
        return truth_column(np.full(left.length, operator == "<>"))
    if left.length:
        _fail_unordered(operator, left, right, np.ones(left.length, np.bool_), fail)
    return Column.unknown(Kind.NULL, left.length)


def _fail_unordered(operator: str, left: Column, right: Column, rows: Mask, fail: Fail) -> None:
    row = int(np.argmax(rows))
    left_kind, right_kind = Kind(int(left.tag_array()[row])), Kind(int(right.tag_array()[row]))
    hint = "compare values of one kind; CAST makes a number or a timestamp of text"
    if left_kind == right_kind:
        hint = f"a {left_kind.name} can only be compared by = and <>"
    fail(
        rows,
        S3SelectError(
            "ExternalEvalException",
            "The query cannot be evaluated. Please check the query and file and try again. "
            f"{left_kind.name} {operator} {right_kind.name} has no order: {hint}.",
        ),
    )


def read_number(field: Column, failing: Kind) -> Column:
    """A CSV column with its texts read as numbers; those that are none become of kind *failing*.

    That is STRING to compare by ``=``, which no number equals, and NULL for the orderings. The numbers are
    decimals: they are only compared, by value.
    """
    return _read_number(field, failing, None)


def _read_beside(field: Column, other: Column, failing: Kind) -> Column:
    """A CSV column with the texts that stand beside a number read as numbers, or of kind *failing*."""
    if other.kind in NUMBERS:
        return _read_number(field, failing, None)
    if not any(kind in NUMBERS for kind in other.parts):
        return field
    tags = other.tag_array()
    return _read_number(field, failing, (tags >= int(Kind.INT)) & (tags <= int(Kind.DECIMAL)))


def _read_number(field: Column, failing: Kind, rows: Mask | None) -> Column:
    texts = field.parts.get(Kind.STRING)
    if not isinstance(texts, Text):
        return field
    decimals, valid = decimals_of_text(texts)
    if field.kind == Kind.STRING and rows is None and valid.all():
        return Column.of(Kind.DECIMAL, decimals)
    read = np.where(valid, np.uint8(Kind.DECIMAL), np.uint8(failing))
    strings = field.mask(Kind.STRING)
    tags = np.where(strings if rows is None else strings & rows, read, field.tag_array())
    return Column.tagged(tags, {Kind.STRING: texts, Kind.DECIMAL: decimals})


# --- judges: one per pair of kinds ------------------------------------------------------------------------


def _judge(operator: str, left: Kind, right: Kind) -> _Judge | None:
    """The judge of a pair of kinds, None if they cannot be compared so."""
    if left == right and left in (Kind.LIST, Kind.STRUCT) and operator not in _EQUALITIES:
        return None
    return _JUDGES.get((left, right))


def _judge_arrays(operator: str, left: NDArray[Any], right: NDArray[Any], rows: Mask | None) -> Mask:
    return _UFUNCS[operator](left, right)


def _judge_floats(left_kind: Kind, right_kind: Kind) -> _Judge:
    def judge(operator: str, left: Payload, right: Payload, rows: Mask | None) -> Mask:
        return _UFUNCS[operator](as_floats(left_kind, left), as_floats(right_kind, right))

    return judge


def _judge_decimals(left_kind: Kind, right_kind: Kind) -> _Judge:
    def judge(operator: str, left: Payload, right: Payload, rows: Mask | None) -> Mask:
        sign = order_decimals(as_decimals(left_kind, left), as_decimals(right_kind, right))
        return _UFUNCS[operator](sign, 0)

    return judge


def _judge_texts(operator: str, left: Text, right: Text, rows: Mask | None) -> Mask:
    if _is_constant(left) and not _is_constant(right):
        return _judge_texts(_SWAPPED[operator], right, left, rows)
    if operator in _EQUALITIES:
        equal = _equal_texts(left, right)
        return equal if operator == "=" else ~equal
    return _UFUNCS[operator](_order_texts(left, right), np.int8(0))


def _is_constant(text: Text) -> bool:
    """Whether every row is the same slice: the evaluator broadcasts literals."""
    return len(text) > 0 and text.starts.strides == (0,) and text.ends.strides == (0,)


def _equal_texts(left: Text, right: Text) -> Mask:
    equal = np.empty(len(left), np.bool_)
    if _is_constant(right):
        start, length = int(right.starts[0]), int(right.ends[0] - right.starts[0])
        kernels.equals_literal(left.buffer, left.starts, left.ends, right.buffer, start, length, equal)
        return equal
    kernels.equals_text(left.buffer, left.starts, left.ends, right.buffer, right.starts, right.ends, equal)
    return equal


def _order_texts(left: Text, right: Text) -> NDArray[np.int8]:
    sign = np.empty(len(left), np.int8)
    if _is_constant(right):
        start, length = int(right.starts[0]), int(right.ends[0] - right.starts[0])
        kernels.order_with_literal(left.buffer, left.starts, left.ends, right.buffer, start, length, sign)
        return sign
    kernels.order_with_text(left.buffer, left.starts, left.ends, right.buffer, right.starts, right.ends, sign)
    return sign


def _judge_timestamps(operator: str, left: Timestamps, right: Timestamps, rows: Mask | None) -> Mask:
    judge = _UFUNCS[operator]
    same = left.seconds == right.seconds
    if not same.any():
        return judge(left.seconds, right.seconds)
    return np.where(same, judge(left.nanoseconds, right.nanoseconds), judge(left.seconds, right.seconds))


def _judge_json(operator: str, left: Text, right: Text, rows: Mask | None) -> Mask:
    verdicts = np.empty(len(left), np.uint8)
    undecided = judge_json(
        left.buffer, left.starts, left.ends, right.buffer, right.starts, right.ends, verdicts
    )
    equal: Mask = verdicts == EQUAL
    if undecided:
        open_rows = verdicts == UNDECIDED if rows is None else rows & (verdicts == UNDECIDED)
        for row in np.flatnonzero(open_rows).tolist():
            # Different texts can still be equal values: 1 and 1.0, members in another order.
            equal[row] = same_json(_slice(left, row), _slice(right, row))
    return equal if operator == "=" else ~equal


def _slice(text: Text, row: int) -> bytes:
    return text.buffer[text.starts[row] : text.ends[row]].tobytes()


_JUDGES: dict[tuple[Kind, Kind], _Judge] = {
    (Kind.BOOL, Kind.BOOL): _judge_arrays,
    (Kind.INT, Kind.INT): _judge_arrays,
    (Kind.FLOAT, Kind.FLOAT): _judge_arrays,
    (Kind.STRING, Kind.STRING): _judge_texts,
    (Kind.TIMESTAMP, Kind.TIMESTAMP): _judge_timestamps,
    (Kind.LIST, Kind.LIST): _judge_json,
    (Kind.STRUCT, Kind.STRUCT): _judge_json,
    **{
        pair: _judge_floats(*pair)
        for kind in (Kind.INT, Kind.DECIMAL)
        for pair in ((kind, Kind.FLOAT), (Kind.FLOAT, kind))
    },
    **{
        pair: _judge_decimals(*pair)
        for pair in ((Kind.DECIMAL, Kind.DECIMAL), (Kind.INT, Kind.DECIMAL), (Kind.DECIMAL, Kind.INT))
    },
}
