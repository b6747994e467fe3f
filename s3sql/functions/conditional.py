"""COALESCE: the conditional function that is an ordinary call.

In: argument columns of any kinds.  Out: a column of mixed kinds.

CASE and NULLIF are the evaluator's own: CASE evaluates only the branches it takes, and NULLIF compares
as ``=`` does, where a bare CSV column beside a number counts as one.

Rules: AWS S3 User Guide, Conditional functions; PartiQL v0.1 evaluates all arguments first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from s3sql.functions.registry import Fail, scalar
from s3sql.payloads import Rows
from s3sql.types import Column


@scalar("COALESCE")
def coalesce(arguments: Sequence[Column], fail: Fail) -> Column:
    """The first argument that is neither NULL nor MISSING, else NULL. Never fails."""
    first = arguments[0]
    if first.length == 0 or bool(first.known().all()):
        return first.computed()  # without the spelling, as below
    pieces: list[tuple[Rows, Column]] = []
    undecided = np.arange(first.length)
    for argument in arguments:
        known = argument.known()[undecided]
        if known.any():
            chosen = undecided[known]
            pieces.append((chosen, argument.take(chosen)))
            undecided = undecided[~known]
        if not len(undecided):
            break
    return Column.interleave(first.length, pieces)
