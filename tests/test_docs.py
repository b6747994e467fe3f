"""The documentation is true: its Python runs, its links lead somewhere, and no public name is left out.

The fenced ``python`` blocks of a page run one after the other in one namespace, as a reader would type
them, in a folder that holds the sample files below, with a made-up S3 behind boto3.  A block under a line
``<!-- not run: why -->`` is only compiled.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

import s3sql
from s3sql.cli import main
from s3sql.functions import registry

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("**/*.md"))]

FLIGHTS = (
    "carrier,flight,origin,dest,arr_delay\n"
    "HA,51,JFK,HNL,1272\nUA,1545,EWR,IAH,11\nAA,1141,JFK,MIA,33\nEV,4308,EWR,RDU,NA\nMQ,3535,JFK,CMH,1127\n"
)
EVENTS = '{"user":{"name":"Ada"},"tags":["a","b"]}\n{"user":{"name":"Max"}}\n'

FENCE = re.compile(r"^(?P<skip><!-- not run: .+ -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$", re.M | re.S)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    language: str
    code: str
    line: int
    runs: bool


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            match["language"],
            match["code"],
            text.count("\n", 0, match.start("code")) + 1,
            match["skip"] is None,
        )
        for match in FENCE.finditer(text)
    ]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the sample files, and the same in the bucket ``bucket``."""
    store = tmp_path / "store" / "bucket"
    store.mkdir(parents=True)
    for folder in (tmp_path, store):
        (folder / "flights.csv").write_text(FLIGHTS, encoding="utf-8")
        (folder / "events.jsonl").write_text(EVENTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    # A page may define a function; it goes when the page ends. Those of the package have to be there first.
    assert registry.names()
    monkeypatch.setattr(registry, "_FUNCTIONS", dict(registry._FUNCTIONS))
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        for name in ("flights.csv", "events.jsonl"):
            client.upload_file(name, "bucket", name)
        yield tmp_path


def identify(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_the_python_of_a_page_runs(page: Path, place: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language != "python":
            continue
        code = compile("\n" * (block.line - 1) + block.code, str(page), "exec")
        if not block.runs:
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)
        expected = re.findall(r"^# prints: (.*)$", block.code, re.M)
        assert [line.rstrip() for line in printed.getvalue().splitlines()] == expected, f"{page}:{block.line}"


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_the_commands_of_a_page_run(
    page: Path, place: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for block in blocks(page):
        for line in re.findall(r"^\$ s3sql (.*)$", block.code, re.M) if block.runs else []:
            assert main(shlex.split(line)) == 0, f"{page}:{block.line}: s3sql {line}"
            printed = capfdbinary.readouterr().out.decode()
            assert printed in block.code, f"{page}:{block.line}: s3sql {line} printed\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://")):
            continue
        path, _, fragment = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page}: {target} leads nowhere"
        if fragment:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.M)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert fragment in anchors, f"{page}: {target} names no heading"


def test_every_public_name_is_documented() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in s3sql.__all__:
        assert re.search(rf"\b{name}\b", pages), f"no page mentions s3sql.{name}"
        if not name.startswith("__"):
            assert inspect.getdoc(getattr(s3sql, name)), f"s3sql.{name} has no docstring"


def test_every_keyword_of_query_is_documented() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert not [name for name in inspect.signature(s3sql.query).parameters if f"`{name}`" not in page]


def test_every_stage_is_described() -> None:
    architecture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for folder in sorted(path.parent.name for path in (ROOT / "s3sql").glob("*/__init__.py")):
        assert f"`s3sql/{folder}/" in architecture, f"docs/architecture.md says nothing of s3sql/{folder}/"


def test_every_option_of_the_command_line_is_documented() -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(SystemExit):
        main(["query", "--help"])
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    options = set(re.findall(r"--[a-z][a-z-]+", printed.getvalue()))
    assert options
    assert not [option for option in sorted(options) if option not in page]
