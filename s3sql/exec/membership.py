"""IN: over separate expressions, and over the elements of a list or collection.

In: the operand's column and the choices.  Out: booleans: TRUE if a choice equals the operand, else NULL if
the operand or a choice is unknown, else FALSE; FALSE where there are no choices.

Sources: AWS S3 User Guide, Operators; PartiQL v0.1. The equality is that of ``=``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from s3sql.errors import S3SelectError
from s3sql.formats import json_paths
from s3sql.functions.comparison import equals, read_number, trues, truth_column
from s3sql.functions.registry import Fail
from s3sql.functions.text_set import TextSet
from s3sql.payloads import Mask, Text
from s3sql.types import NUMBERS, Column, Kind

#: A literal text, or a column and whether it is a bare CSV column.
Choice: TypeAlias = str | tuple[Column, bool]


def in_choices(operand: Column, operand_csv: bool, choices: Sequence[Choice]) -> Column:
    """``operand IN (choice, …)``. ``operand_csv``: the operand is a bare column of a CSV object."""
    found = np.zeros(operand.length, np.bool_)
    if not choices:
        return truth_column(found)
    unknown = ~operand.known()
    texts = tuple(choice for choice in choices if isinstance(choice, str))
    if texts and Kind.STRING in operand.parts:
        found |= TextSet.of(texts).contains(operand.text()) & operand.mask(Kind.STRING)
    number: Column | None = None
    for choice in choices:
        if isinstance(choice, str):
            continue
        column, csv = choice
        unknown |= ~column.known()
        if operand_csv and column.kind in NUMBERS:
            number = number or read_number(operand, Kind.STRING)  # once, not once a choice
            found |= trues(equals(number, column))
        else:
            found |= trues(equals(operand, column, operand_csv, csv))
    return truth_column(found, found | ~unknown)


def in_collection(operand: Column, operand_csv: bool, collection: Column, fail: Fail) -> Column:
    """``operand IN collection``; a collection that is no list has no elements."""
    found = np.zeros(operand.length, np.bool_)
    unknown = np.zeros(operand.length, np.bool_)
    rows = np.flatnonzero(collection.mask(Kind.LIST))
    if not len(rows):
        return truth_column(found)
    texts = collection.parts[Kind.LIST]
    assert isinstance(texts, Text)

    def fail_owners(where: Mask, error: S3SelectError) -> None:
        owners_failing = np.zeros(operand.length, np.bool_)
        owners_failing[rows] = where
        fail(owners_failing, error)

    elements, owners = json_paths.elements(texts.take(rows), fail_owners)
    owning = rows[owners]
    repeated = operand.take(owning)
    found[owning[trues(equals(repeated, elements, operand_csv))]] = True
    unknown[owning[~(repeated.known() & elements.known())]] = True
    return truth_column(found, found | ~unknown)
