"""The keys of a configuration file: who may call the endpoint, and what for.

In: the tables ``[[keys]]`` of a TOML file.  Out: a :class:`~s3sql.server.settings.Key` of each.

    [[keys]]
    access_key = "READER"
    secret_key = "…"
    session_token = "…"                     # if its requests carry one
    expires = 2027-01-01T00:00:00Z          # from then on it is refused
    buckets = { "logs-*" = "read", "scratch" = "readwrite" }
    [keys.upstream]                         # what its requests are sent on with
    access_key = "…"
    secret_key = "…"
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import get_args

from s3sql.server.running.options import access_key, word
from s3sql.server.settings import Credentials, Key, Permission

_MEMBERS = ("access_key", "secret_key", "session_token", "expires", "buckets", "upstream")
_UPSTREAM_MEMBERS = ("access_key", "secret_key", "session_token")

#: What a pattern of bucket names is made of: what such names are, and the shell's signs.
_PATTERN = re.compile(r"([a-z0-9.*?-]|\[!?[a-z0-9.-]+\])+")


class ConfigurationError(ValueError):
    """The configuration is wrong; the message says where and what would be right. It holds no secret."""


def read_keys(tables: object, file: str) -> tuple[Key, ...]:
    """The keys of *tables*, which stand in *file*.

    Raises:
        ConfigurationError: they are no tables of keys.
    """
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{file}: keys has to be a list of tables: write [[keys]] before each key")
    return tuple(
        _key(table, f"{file}, [[keys]] number {number}") for number, table in enumerate(tables, start=1)
    )


def _key(table: Mapping[str, object], place: str) -> Key:
    _check_names(table, _MEMBERS, place)
    credentials = _credentials(table, place)
    place = f"{place} ({credentials.access_key})"
    return Key(
        credentials,
        buckets=_buckets(table["buckets"], f"{place}, buckets") if "buckets" in table else None,
        expires=_expires(table["expires"], f"{place}, expires") if "expires" in table else None,
        upstream=_upstream(table["upstream"], f"{place}, [keys.upstream]") if "upstream" in table else None,
    )


def _check_names(table: Mapping[str, object], known: tuple[str, ...], place: str) -> None:
    for name in table:
        if name not in known:
            raise ConfigurationError(f"{place}: {name} is not known; there are {', '.join(known)}")


def _credentials(table: Mapping[str, object], place: str) -> Credentials:
    for needed in ("access_key", "secret_key"):
        if needed not in table:
            raise ConfigurationError(f"{place}: has no {needed}")
    name, secret, token = table["access_key"], table["secret_key"], table.get("session_token")
    try:
        access = access_key(name if isinstance(name, str) else "")
    except ValueError as error:
        raise ConfigurationError(f"{place}, access_key: {str(name)[:200]!r} {error}") from None
    return Credentials(
        access,
        _secret(secret, f"{place}, secret_key"),
        None if token is None else _secret(token, f"{place}, session_token"),
    )


def _secret(value: object, place: str) -> str:
    try:
        return word(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ConfigurationError(f"{place}: the value {error}") from None


def _buckets(value: object, place: str) -> dict[str, Permission]:
    permissions = get_args(Permission)
    if not isinstance(value, dict):
        raise ConfigurationError(f'{place}: has to be a table, as {{ "logs-*" = "read" }}')
    if not value:
        raise ConfigurationError(f"{place}: allows nothing; leave it out to allow everything")
    found: dict[str, Permission] = {}
    for pattern, permission in value.items():
        if not _PATTERN.fullmatch(pattern):
            raise ConfigurationError(
                f"{place}: {pattern!r} matches no bucket; a pattern has lower-case letters, digits, dots and "
                "hyphens, * for any number of them, ? for one and [abc] for one of these"
            )
        if permission not in permissions:
            raise ConfigurationError(
                f"{place}, {pattern!r}: {permission!r} is none of {', '.join(permissions)}"
            )
        found[pattern] = permission
    return found


def _expires(value: object, place: str) -> datetime:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = datetime.fromisoformat(value)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ConfigurationError(
            f"{place}: {str(value)[:100]!r} is no time with an offset, as 2027-01-01T00:00:00Z"
        )
    return value


def _upstream(value: object, place: str) -> Credentials:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{place}: has to be a table with access_key and secret_key")
    _check_names(value, _UPSTREAM_MEMBERS, place)
    return _credentials(value, place)
