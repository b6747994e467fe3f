"""S3 Select for everyone: Amazon S3's ``select_object_content``, answered here, over any object store.

Public names only.  They are loaded when first used, so that ``import s3sql`` costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s3sql.api import query
    from s3sql.client import client, disable, enable
    from s3sql.describe import describe
    from s3sql.errors import S3SelectError
    from s3sql.result import Result

__version__ = "0.1.0"

__all__ = ["Result", "S3SelectError", "__version__", "client", "describe", "disable", "enable", "query"]

#: Where each public name is defined.
_HOMES = {
    "Result": "s3sql.result",
    "S3SelectError": "s3sql.errors",
    "client": "s3sql.client",
    "describe": "s3sql.describe",
    "disable": "s3sql.client",
    "enable": "s3sql.client",
    "query": "s3sql.api",
}

#: What IPython calls at ``%load_ext s3sql``; no names for people.
_HOOKS = {
    "load_ipython_extension": "s3sql.jupyter",
    "unload_ipython_extension": "s3sql.jupyter",
}


class _Package(ModuleType):
    """This package, in which a public name is never hidden by the module it comes from.

    Importing ``s3sql.client`` makes Python bind the name ``client`` here to that module; the public
    function of the same name is bound instead.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in _HOMES and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    """Load the module that defines *name*; it is asked once for each name."""
    home = _HOMES.get(name) or _HOOKS.get(name)
    if home is None:
        raise AttributeError(f"module 's3sql' has no attribute {name!r}")
    found: object = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
