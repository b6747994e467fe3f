"""A ``fail`` that remembers, and columns of Python values."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from s3sql.errors import S3SelectError
from s3sql.payloads import Decimals, Mask, Text, Timestamps
from s3sql.types import Column, Kind

KINDS = {bool: Kind.BOOL, int: Kind.INT, float: Kind.FLOAT, Decimal: Kind.DECIMAL, str: Kind.STRING}


class Failures:
    """What was reported: the code of each row's first failure."""

    def __init__(self) -> None:
        self.codes: dict[int, str] = {}
        self.messages: list[str] = []

    def __call__(self, where: Mask, error: S3SelectError) -> None:
        assert where.dtype == np.bool_
        self.messages.append(error.message)
        for row in np.flatnonzero(where).tolist():
            self.codes.setdefault(row, error.code)


def never(where: Mask, error: S3SelectError) -> None:
    """A ``fail`` that must not be called."""
    raise AssertionError(f"rows {np.flatnonzero(where).tolist()} failed: {error}")


def column(values: Sequence[object]) -> Column:
    """A column of Python values; None is NULL, ... MISSING, a tuple of four ints a timestamp.

    The payloads of the other rows hold rubbish, which nobody may look at.
    """
    tags = np.array([kind_of(value) for value in values], np.uint8)
    parts = {}
    for kind in {Kind(int(tag)) for tag in tags} - {Kind.NULL, Kind.MISSING}:
        rows = [value if tag == kind else None for value, tag in zip(values, tags, strict=True)]
        parts[kind] = payload(kind, rows)
    return Column.tagged(tags, parts)


def kind_of(value: object) -> Kind:
    if value is None:
        return Kind.NULL
    if value is ...:
        return Kind.MISSING
    return Kind.TIMESTAMP if isinstance(value, tuple) else KINDS[type(value)]


def payload(kind: Kind, values: Sequence[object]):
    if kind == Kind.STRING:
        text = Text.of("?" if value is None else str(value) for value in values)
        rubbish = np.array([value is None for value in values], np.bool_)
        text.starts[rubbish], text.ends[rubbish] = 2**30, -(2**30)
        return text
    if kind == Kind.DECIMAL:
        return Decimals.of([Decimal("-7.77") if value is None else value for value in values])
    if kind == Kind.TIMESTAMP:
        fields = zip(*[(9, 9, 9, 9) if value is None else value for value in values], strict=True)
        types = (np.int64, np.int32, np.uint8, np.int16)
        return Timestamps(*(np.array(f, t) for f, t in zip(fields, types, strict=True)))
    types = {Kind.BOOL: np.bool_, Kind.INT: np.int64, Kind.FLOAT: np.float64}
    return np.array([77 if value is None else value for value in values], types[kind])
