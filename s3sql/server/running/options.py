"""The words of an endpoint's configuration: one table, of which everything else is made.

In: the text of one value.  Out: the value, or a ``ValueError`` that says what it should be.

The option ``max_selects``, say, is ``--max-selects`` on the command line, ``S3SQL_MAX_SELECTS`` in the
environment and ``max_selects`` in the table ``[limits]`` of a file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    ``read`` makes its value of text. ``toml``: what it has to be in a file. ``group``: that of the command's
    help; the limits have a table of that name in a file, all others stand at its top. ``secret``: never
    shown. ``bare``: its text when the command line gives none.
    """

    name: str
    read: Callable[[str], object]
    metavar: str
    help: str
    toml: type = str
    group: str = ""
    secret: bool = False
    bare: str | None = None

    @property
    def flag(self) -> str:
        """Its name on the command line; a folder to serve needs no flag."""
        return "DIR" if self.name == "dir" else f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"S3SQL_{self.name.upper()}"


def path(text: str) -> Path:
    """A path; empty is none."""
    if not text or "\0" in text:
        raise ValueError("is no path")
    return Path(text)


def word(text: str) -> str:
    """Visible ASCII without blanks."""
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("is not a text of visible ASCII characters without blanks")
    return text


def access_key(text: str) -> str:
    """The name of a key, which stands before the first slash of a signature's scope."""
    if not re.fullmatch(r"[\w.+@-]{3,128}", text, re.ASCII):
        raise ValueError("is no access key; one has 3 to 128 letters, digits and _ . + @ -")
    return text


def host(text: str) -> str:
    """A name or an address to listen on."""
    if not re.fullmatch(r"[\w.:%-]+", text, re.ASCII):
        raise ValueError("is no host; it is a name or an address such as 127.0.0.1, ::1 or 0.0.0.0")
    return text


def port(text: str) -> int:
    """A TCP port, or 0."""
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or int(text) > 65535:
        raise ValueError("is no port; it is a whole number from 0 to 65535, 0 for any that is free")
    return int(text)


def region(text: str) -> str:
    """The name of a region, which is a part of every signature."""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", text):
        raise ValueError("is no region; one has lower-case letters, digits and hyphens, as us-east-1")
    return text


def account(text: str) -> str:
    """The number of an AWS account."""
    if not re.fullmatch(r"\d{12}", text, re.ASCII):
        raise ValueError("is no account; it is 12 digits")
    return text


def domains(text: str) -> tuple[str, ...]:
    """Domains whose sub-domains are buckets."""
    return tuple(_domain(part.strip().lower()) for part in text.split(",")) if text.strip() else ()


def _domain(name: str) -> str:
    label = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
    if not re.fullmatch(rf"{label}(\.{label})*", name) or re.fullmatch(r"[\d.]+", name):
        raise ValueError("is no list of domains; they are names as s3.example.com, with commas between them")
    return name


def proxies(text: str) -> tuple[str, ...]:
    """Addresses and networks, or ``*`` for all."""
    found = tuple(part.strip() for part in text.split(",")) if text.strip() else ()
    for part in found:
        if part == "*" and len(found) == 1:
            continue
        try:
            ip_network(part)
        except ValueError as error:
            raise ValueError(
                "is no list of addresses and networks, as 10.0.0.7,192.168.0.0/16; * alone is all"
            ) from error
    return found


def url(text: str) -> str:
    """The URL of a store: scheme, host and port."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if (
        not good
        or not re.fullmatch(r"[!-~]+", text)
        or parts.path not in ("", "/")
        or "?" in text
        or "#" in text
    ):
        raise ValueError("is no URL of an S3 endpoint; it is one as https://s3.example.com:9000")
    if "@" in parts.netloc:
        raise ValueError("holds credentials; give them as upstream_access_key and upstream_secret_key")
    return text.rstrip("/")


def count(text: str) -> int:
    """How many of something, at least one."""
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII) or int(text) == 0:
        raise ValueError("is no count; it is a whole number, 1 or more")
    return int(text)


def count_or_none(text: str) -> int:
    """How many of something, perhaps none."""
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise ValueError("is no count; it is a whole number, 0 or more")
    return int(text)


def header_bytes(text: str) -> int:
    """Room for the headers that every request has."""
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII) or int(text) < 4096:
        raise ValueError("is too small or no number of bytes; it is a whole number, 4096 or more")
    return int(text)


def seconds(text: str) -> float:
    """A time that is not nothing and ends."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1e9:
        raise ValueError("is no time; it is a number of seconds above 0")
    return value


def choice(*words: str) -> Callable[[str], str]:
    """One of *words*."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"is none of {', '.join(words)}")
        return text

    return read


def access_log(text: str) -> str:
    """A place for the access log."""
    if not text or "\0" in text:
        raise ValueError("is no place for a log; it is a path, - for standard error, or off")
    return text


#: All options, in the order of the command's help.
OPTIONS: tuple[Option, ...] = (
    Option("dir", path, "DIR", "the folder to serve: its sub-folders are the buckets"),
    Option("upstream", url, "URL", "the S3 endpoint to stand in front of, instead of a folder"),
    Option("host", host, "HOST", "listen on this name or address (default: 127.0.0.1)"),
    Option("port", port, "PORT", "listen on this port (default: 9000; 0: any that is free)", int),
    Option(
        "access_key", access_key, "KEY", "a key that may do everything (default: one is made and printed)"
    ),
    Option("secret_key", word, "SECRET", "its secret; better said in the environment", secret=True),
    Option("session_token", word, "TOKEN", "its session token, if it has one", secret=True),
    Option("region", region, "NAME", "the only region to take signatures for (default: any)"),
    Option("domain", domains, "NAME,…", "domains whose sub-domains are buckets (default: localhost)", list),
    Option("account", account, "DIGITS", "the owner of all buckets (default: 000000000000)"),
    Option(
        "allow_anonymous",
        choice("nothing", "read", "select"),
        "read|select",
        "what needs no signature: reading objects (read), or that and Select (select); default: nothing",
        bare="read",
    ),
    Option("tls_cert", path, "FILE", "the certificate, and those that lead to it, in PEM: serve HTTPS"),
    Option("tls_key", path, "FILE", "its private key, in PEM, not encrypted"),
    Option(
        "trusted_proxies", proxies, "ADDRESS,…", "whose X-Forwarded-… count (default: 127.0.0.1,::1)", list
    ),
    Option("state_dir", path, "DIR", "where the jobs of archive queries are kept (default: DIR/.s3sql)"),
    Option("metrics_token", word, "TOKEN", "the bearer token that /metrics asks for", secret=True),
    Option(
        "upstream_region", region, "NAME", "the region of --upstream (default: us-east-1)", group="upstream"
    ),
    Option(
        "upstream_access_key", access_key, "KEY", "its key (default: as boto3 finds it)", group="upstream"
    ),
    Option("upstream_secret_key", word, "SECRET", "its secret", group="upstream", secret=True),
    Option("upstream_session_token", word, "TOKEN", "its session token", group="upstream", secret=True),
    Option(
        "access_log",
        access_log,
        "FILE",
        "where to: a file, - for standard error, or off (default: -)",
        group="logs",
    ),
    Option(
        "log_format",
        choice("text", "json"),
        "text|json",
        "of the other messages (default: text)",
        group="logs",
    ),
    Option(
        "log_level",
        choice("debug", "info", "warning", "error"),
        "LEVEL",
        "debug, info, warning or error (default: info)",
        group="logs",
    ),
    Option("max_selects", count, "N", "queries at a time (default: 32)", int, "limits"),
    Option(
        "max_waiting_selects",
        count_or_none,
        "N",
        "that may wait for their turn (default: 512)",
        int,
        "limits",
    ),
    Option("select_wait", seconds, "SECONDS", "for so long, then SlowDown (default: 30)", float, "limits"),
    Option("query_time", seconds, "SECONDS", "one query may take (default: any time)", float, "limits"),
    Option("max_header_bytes", header_bytes, "BYTES", "of a request's head (default: 65536)", int, "limits"),
    Option("max_headers", count, "N", "of a request (default: 200)", int, "limits"),
    Option("header_time", seconds, "SECONDS", "for a request's head to come (default: 20)", float, "limits"),
    Option(
        "body_time", seconds, "SECONDS", "of silence in a body or an answer (default: 60)", float, "limits"
    ),
    Option("max_object_bytes", count, "BYTES", "of one object or part (default: 5 GiB)", int, "limits"),
    Option("max_connections", count, "N", "at a time (default: 1000)", int, "limits"),
    Option("keep_alive_time", seconds, "SECONDS", "between requests (default: 75)", float, "limits"),
    Option(
        "shutdown_time",
        seconds,
        "SECONDS",
        "for answers to end in when stopped (default: 30)",
        float,
        "limits",
    ),
)

#: The options by their names.
BY_NAME = {option.name: option for option in OPTIONS}
