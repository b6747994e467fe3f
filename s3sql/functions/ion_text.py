"""Texts read as timestamps: what CAST and TO_TIMESTAMP share.

In: texts.  Out: :class:`s3sql.payloads.Timestamps` and a status for each row. Source of the form: AWS S3 User
Guide, Data types ("timestamp"), which is that of Amazon Ion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from s3sql.kernels import timestamps as kernels
from s3sql.payloads import Text, Timestamps


def timestamps_of_text(text: Text) -> tuple[Timestamps, NDArray[np.uint8], bool]:
    """The timestamp that each text spells, the kernel's status of each row, and whether all are OK."""
    length = len(text)
    stamps = Timestamps(
        np.empty(length, np.int64),
        np.empty(length, np.int32),
        np.empty(length, np.uint8),
        np.empty(length, np.int16),
    )
    fields = (stamps.seconds, stamps.nanoseconds, stamps.precision, stamps.offset)
    status = np.empty(length, np.uint8)
    failed = kernels.parse_timestamps(text.buffer, text.starts, text.ends, *fields, status)
    return stamps, status, not failed
