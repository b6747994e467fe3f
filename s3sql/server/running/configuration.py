"""How an endpoint is told what to be: on the command line, in the environment, in a file.

In: the options of the command line, the environment's variables and, if one of them names it, a TOML file.
Out: :class:`~s3sql.server.settings.Settings`, or a :class:`ConfigurationError` that names the place of the
fault.

    command line  >  environment  >  file  >  defaults         each option by itself

The options are those of :mod:`s3sql.server.running.options`; further keys, with their permissions, are in
the file's ``[[keys]]`` (:mod:`s3sql.server.running.key_tables`). Nothing is guessed: an unknown name is a
fault, wherever it stands, and so are options that exclude each other.
"""

from __future__ import annotations

import difflib
import os
import secrets
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3sql.server.running.key_tables import ConfigurationError, read_keys
from s3sql.server.running.options import BY_NAME, OPTIONS, Option
from s3sql.server.settings import Credentials, Key, Limits, Logs, Settings, Upstream

__all__ = ["Configuration", "ConfigurationError", "configure", "from_environment"]

#: The variable that names the file, and those of other parts of s3sql.
_CONFIG = "S3SQL_CONFIG"
_OTHER_VARIABLES = frozenset(
    {"S3SQL_BUFFER_BYTES", "S3SQL_CACHE_DIR", "S3SQL_EXTENSIONS", "S3SQL_HISTORY", "S3SQL_WORKERS"}
)
_OTHER_PREFIXES = ("S3SQL_BENCH_", "S3SQL_HYPOTHESIS_", "S3SQL_WRITE_")

#: The members of :class:`Limits` by the options' names, where these differ.
_LIMITS = {
    "max_selects": "selects",
    "max_waiting_selects": "waiting_selects",
    "max_header_bytes": "header_bytes",
    "max_headers": "headers",
    "max_object_bytes": "object_bytes",
    "max_connections": "connections",
}

#: Of generated keys: what needs no escape in a shell, a URL or an INI file.
_KEY_LETTERS = string.ascii_uppercase + "234567"
_SECRET_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Given:
    """The value of an option, and where it was said."""

    value: Any
    place: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings, and the credentials among them that were made because none were given."""

    settings: Settings
    generated: Credentials | None = None


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment says, for an application that another ASGI server runs.

    Raises:
        ConfigurationError: they do not make an endpoint. No credentials are made, since nobody would be told.
    """
    given, keys = _gathered({}, environment)
    settings = _settings(given, keys)
    if not keys and settings.anonymous == "nothing":
        raise ConfigurationError(
            "no key is known, so nobody could use the endpoint: set S3SQL_ACCESS_KEY and S3SQL_SECRET_KEY"
        )
    return settings


def configure(arguments: Mapping[str, str | None], environment: Mapping[str, str]) -> Configuration:
    """What *arguments* (the texts of options, and ``config``) and *environment* say.

    Raises:
        ConfigurationError: a name is unknown, a value wrong, something missing or said twice.
    """
    given, keys = _gathered(arguments, environment)
    generated = None if keys else _generated()
    if generated is not None:
        keys = (Key(generated),)
    return Configuration(_settings(given, keys), generated)


def _gathered(
    arguments: Mapping[str, str | None], environment: Mapping[str, str]
) -> tuple[dict[str, Given], tuple[Key, ...]]:
    """The options, each from the highest place that says it, and all keys."""
    _check_variables(environment)
    file = arguments.get("config") or environment.get(_CONFIG)
    given, keys = _from_file(Path(file)) if file else ({}, ())
    for option in OPTIONS:
        if text := environment.get(option.variable):
            given[option.name] = _read(option, text, f"variable {option.variable}")
    for option in OPTIONS:
        text = arguments.get(option.name)
        if text is not None:
            place = option.flag if option.name == "dir" else f"option {option.flag}"
            given[option.name] = _read(option, text, place)
    own = _credentials(given, "")
    if own is not None:
        keys = (Key(own), *keys)
    _check_twice(keys)
    return given, keys


def _read(option: Option, text: str, place: str) -> Given:
    try:
        return Given(option.read(text), place)
    except ValueError as error:
        # A URL may hold a password.
        shown = "the value" if option.secret or "@" in text else repr(text[:200])
        hint = ""
        if text.startswith("tcp://"):
            hint = "; Kubernetes sets it for a Service of this name: use enableServiceLinks: false"
        raise ConfigurationError(f"{place}: {shown} {error}{hint}") from None


def _check_variables(environment: Mapping[str, str]) -> None:
    known = {option.variable for option in OPTIONS} | {_CONFIG} | _OTHER_VARIABLES
    for name in environment:
        if name.startswith("S3SQL_") and name not in known and not name.startswith(_OTHER_PREFIXES):
            raise ConfigurationError(f"variable {name} is not known{_suggested(name, known)}")


def _suggested(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else ""


def _from_file(file: Path) -> tuple[dict[str, Given], tuple[Key, ...]]:
    try:
        document = tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8, so it is no TOML") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: is no TOML: {error}") from None
    keys = document.pop("keys", [])
    limits = document.pop("limits", {})
    if not isinstance(limits, dict):
        raise ConfigurationError(f"{file}: limits has to be a table: write [limits]")
    given = {
        **_table(document, f"{file}", file.parent, limits=False),
        **_table(limits, f"{file}, [limits]", file.parent, limits=True),
    }
    return given, read_keys(keys, str(file))


def _table(table: Mapping[str, object], place: str, folder: Path, *, limits: bool) -> dict[str, Given]:
    known = {option.name for option in OPTIONS if (option.group == "limits") is limits}
    given = {}
    for name, value in table.items():
        if name not in known:
            elsewhere = name in BY_NAME
            where = " there; it belongs to [limits]" if elsewhere and not limits else _suggested(name, known)
            where = " there; it stands at the top of the file" if elsewhere and limits else where
            raise ConfigurationError(f"{place}: {name} is not known{where}")
        option = BY_NAME[name]
        read = _read(option, _text(option, value, f"{place}, {name}"), f"{place}, {name}")
        if isinstance(read.value, Path):
            # A file that moves with the folder it speaks of keeps its meaning.
            read = Given(folder / read.value, read.place)
        if option.name == "access_log" and read.value not in ("-", "off"):
            read = Given(str(folder / read.value), read.place)
        given[name] = read
    return given


def _text(option: Option, value: object, place: str) -> str:
    """*value* as the text that the environment would have, if it is of the option's type."""
    if option.toml is list and isinstance(value, list) and all(isinstance(part, str) for part in value):
        if any("," in part for part in value):
            raise ConfigurationError(f"{place}: a comma cannot be in an element of the list")
        return ",".join(value)
    numbers: dict[type, tuple[type, ...]] = {int: (int,), float: (int, float)}
    if isinstance(value, numbers.get(option.toml, ())) and not isinstance(value, bool):
        return repr(value)
    if option.toml in (str, list) and isinstance(value, str):
        return value
    wanted = {str: "a string", int: "a whole number", float: "a number", list: "a list of strings"}[
        option.toml
    ]
    raise ConfigurationError(f"{place}: has to be {wanted}")


def _credentials(given: Mapping[str, Given], prefix: str) -> Credentials | None:
    """The credentials whose options begin with *prefix*: all, or none of them."""
    access, secret = given.get(f"{prefix}access_key"), given.get(f"{prefix}secret_key")
    token = given.get(f"{prefix}session_token")
    if access is not None and secret is not None:
        return Credentials(access.value, secret.value, token.value if token is not None else None)
    for one in (access, secret, token):
        if one is not None:
            missing = [name for name in ("access_key", "secret_key") if f"{prefix}{name}" not in given]
            names = " and ".join(f"{prefix}{name}" for name in missing)
            raise ConfigurationError(f"{one.place}: is nothing without {names}")
    return None


def _check_twice(keys: tuple[Key, ...]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key.access_key in seen:
            raise ConfigurationError(f"the access key {key.access_key} is given twice")
        seen.add(key.access_key)


def _generated() -> Credentials:
    access_key = "".join(secrets.choice(_KEY_LETTERS) for _ in range(20))
    return Credentials(access_key, "".join(secrets.choice(_SECRET_LETTERS) for _ in range(40)))


def _settings(given: Mapping[str, Given], keys: tuple[Key, ...]) -> Settings:
    """The settings that the options make; what was not said is left to its default."""
    values = {name: one.value for name, one in given.items()}
    _check_source(given, keys)
    _check_tls(given)
    members: dict[str, Any] = {
        "directory": values.get("dir"),
        "upstream": _upstream(given),
        "host": values.get("host"),
        "port": values.get("port"),
        "region": values.get("region"),
        "domains": values.get("domain"),
        "account": values.get("account"),
        "anonymous": values.get("allow_anonymous"),
        "tls_certificate": values.get("tls_cert"),
        "tls_key": values.get("tls_key"),
        "state_directory": values.get("state_dir"),
        "metrics_token": values.get("metrics_token"),
        "trusted_proxies": values.get("trusted_proxies"),
    }
    limits = {
        _LIMITS.get(option.name, option.name): values[option.name]
        for option in OPTIONS
        if option.group == "limits" and option.name in values
    }
    logs = {
        option.name.removeprefix("log_").removesuffix("_log"): values[option.name]
        for option in OPTIONS
        if option.group == "logs" and option.name in values
    }
    said = {name: value for name, value in members.items() if value is not None}
    return Settings(keys, **said, limits=Limits(**limits), logs=Logs(**logs))


def _check_source(given: Mapping[str, Given], keys: tuple[Key, ...]) -> None:
    directory, upstream = given.get("dir"), given.get("upstream")
    if directory is not None and upstream is not None:
        raise ConfigurationError(
            f"a folder ({directory.place}) and an upstream ({upstream.place}) exclude each other; give one"
        )
    if directory is None and upstream is None:
        raise ConfigurationError(
            "nothing to serve: name a folder whose sub-folders are the buckets (. is this), or an upstream"
        )
    if directory is not None and not directory.value.is_dir():
        raise ConfigurationError(f"{directory.place}: {str(directory.value)!r} is no folder")
    if upstream is not None:
        return
    for name in ("upstream_region", "upstream_access_key", "upstream_secret_key", "upstream_session_token"):
        if name in given:
            raise ConfigurationError(f"{given[name].place}: is nothing without upstream")
    for key in keys:
        if key.upstream is not None:
            raise ConfigurationError(
                f"the key {key.access_key} has credentials for an upstream, and there is none"
            )


def _check_tls(given: Mapping[str, Given]) -> None:
    for one, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
        if one in given and other not in given:
            raise ConfigurationError(f"{given[one].place}: is nothing without {other}")


def _upstream(given: Mapping[str, Given]) -> Upstream | None:
    if "upstream" not in given:
        return None
    credentials = _credentials(given, "upstream_")
    region = given["upstream_region"].value if "upstream_region" in given else "us-east-1"
    return Upstream(given["upstream"].value, region, credentials)
