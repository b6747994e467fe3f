"""The extensions that a user of the command line asks for.

In: the variable ``S3SQL_EXTENSIONS``, names of modules between commas.  Out: what they register is there for
the commands of this process.  The endpoint never calls this (docs/extending.md).
"""

from __future__ import annotations

import os
from typing import Final

VARIABLE: Final = "S3SQL_EXTENSIONS"


def load_extensions() -> None:
    """Import the modules that the variable names, if it names any.

    Raises:
        ValueError: one cannot be imported.
    """
    modules = os.environ.get(VARIABLE, "")
    if not modules.strip():
        return
    from s3sql import extend

    try:
        extend.load(modules)
    except ImportError as error:
        raise ValueError(
            f"{error}. {VARIABLE} names modules that Python can import; PYTHONPATH says where they are"
        ) from error
