"""What docs/endpoint.md says of the endpoint is what the endpoint has, name by name."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from s3sql.server.access_log import AccessRecord
from s3sql.server.metrics import Metrics
from s3sql.server.objects import object_handlers
from s3sql.server.running.options import OPTIONS
from s3sql.server.settings import Limits, Settings
from s3sql.stores.embedded.store import EmbeddedStore

PAGES = Path(__file__).parents[3] / "docs"
PAGE = (PAGES / "endpoint.md").read_text(encoding="utf-8")
DEPLOYMENT = (PAGES / "deploy.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M)
    assert found is not None
    return found[1]


def test_every_option_is_described_and_no_other() -> None:
    described = set(re.findall(r"`(--[a-z][a-z-]+)`", section("Options")))
    assert described == {option.flag for option in OPTIONS[1:]} | {"--max-selects"}
    assert "`DIR` (`S3SQL_DIR`, `dir`)" in PAGE


@pytest.mark.parametrize("page", [PAGE, DEPLOYMENT], ids=["endpoint", "deploy"])
def test_every_option_that_is_mentioned_is_there(page: str) -> None:
    flags = {option.flag for option in OPTIONS} | {"--config"}
    others = {"--header", "--bucket", "--key", "--expression", "--expression-type", "--stop-timeout"}
    others |= {
        "--input-serialization",
        "--output-serialization",
        "--factory",
        "--no-cache-dir",
        "--system",
        "--uid",
    }
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page)) <= flags | others
    variables = {option.variable for option in OPTIONS} | {"S3SQL_CONFIG"}
    variables |= {"S3SQL_CACHE_DIR", "S3SQL_WORKERS", "S3SQL_BUFFER_BYTES", "S3SQL_SERVICE_HOST", "S3SQL_"}
    assert set(re.findall(r"S3SQL_[A-Z_]*", page)) <= variables


def test_the_defaults_of_the_limits() -> None:
    told = dict(re.findall(r"^\| `(--[a-z-]+)` \| [^|]+ \| ([^|]+) \|", section("Options"), re.M))
    limits = [option for option in OPTIONS if option.group == "limits"]
    values = [str(getattr(Limits(), member.name)) for member in dataclasses.fields(Limits)]
    assert [told[option.flag].strip() for option in limits] == [
        "none" if value == "None" else value.removesuffix(".0") for value in values
    ]


def test_the_help_tells_the_same_defaults() -> None:
    settings = Settings(())
    for name, default in {
        "host": settings.host,
        "port": str(settings.port),
        "domain": ",".join(settings.domains),
        "account": settings.account,
        "trusted_proxies": ",".join(settings.trusted_proxies),
        "access_log": settings.logs.access,
        "log_format": settings.logs.format,
        "log_level": settings.logs.level,
        "max_selects": str(settings.limits.selects),
        "max_waiting_selects": str(settings.limits.waiting_selects),
        "max_header_bytes": str(settings.limits.header_bytes),
        "max_headers": str(settings.limits.headers),
        "max_connections": str(settings.limits.connections),
        "select_wait": f"{settings.limits.select_wait:g}",
        "header_time": f"{settings.limits.header_time:g}",
        "body_time": f"{settings.limits.body_time:g}",
        "keep_alive_time": f"{settings.limits.keep_alive_time:g}",
        "shutdown_time": f"{settings.limits.shutdown_time:g}",
    }.items():
        option = next(option for option in OPTIONS if option.name == name)
        assert f"default: {default}" in option.help
        row = re.search(rf"^\| `{option.flag}`.*", PAGE, re.M)
        assert row is not None
        assert default in row[0]


def test_every_metric_is_described_and_no_other() -> None:
    text = Metrics().render()[0].decode()
    there = {name for name in re.findall(r"^# TYPE (s3sql_\w+)", text, re.M) if not name.endswith("_created")}
    assert set(re.findall(r"`(s3sql_\w+)`", section("Monitoring"))) == there


def test_every_member_of_the_access_log_is_described() -> None:
    described = re.findall(
        r"`(\w+)`", " ".join(re.findall(r"^\| ((?:`\w+`,? ?)+)\|", section("Monitoring"), re.M))
    )
    members = [member.name for member in dataclasses.fields(AccessRecord) if member.name != "notes"]
    assert set(members) <= set(described)


def test_every_operation_of_the_embedded_store_is_listed_and_no_other(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    there = set(object_handlers(store, Settings((), tmp_path))) | {"SelectObjectContent", "RestoreObject"}
    store.close()
    table = section("What is there").partition("Every other operation")[0]
    assert set(re.findall(r"`([A-Z]\w+)`", table)) == there
