"""Nothing is left out: what s3sql has is told in the page where a reader looks for it.

In their own places: the options of the command line (:mod:`tests.cli.test_help`), the shell
(:mod:`tests.cli.shell.test_page`), magics (:mod:`tests.jupyter.test_docs`), the endpoint
(:mod:`tests.server.running.test_pages`), and that docs/sql.md and docs/errors.md are what the tables make of
them (:mod:`tests.grammar.test_reference`).
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import s3sql
from s3sql import extend
from s3sql.cli.app import build
from s3sql.cli.extensions import VARIABLE
from s3sql.cli.outputs import OUTPUTS
from s3sql.describe import ColumnDescription, Description, RowGroupDescription
from s3sql.errors import DEFAULT_MESSAGES, STATUSES
from s3sql.functions.signatures import ALIASES, SIGNATURES
from s3sql.result import Result
from s3sql.server.running.configuration import ConfigurationError, configure
from s3sql.server.running.options import OPTIONS
from s3sql.sniffer import Choice, Sniffed
from s3sql.stats import Stats
from tests.docs.pages import DOCS, PAGES, ROOT, blocks, code_spans, identify, prose, read

PACKAGE = Path(s3sql.__file__).parent
PYTHON, COMMAND_LINE = DOCS / "python.md", DOCS / "command-line.md"


def words_of(page: Path) -> set[str]:
    """The words within the code spans of *page*."""
    text = " ".join(code_spans(prose(page)))
    return set(re.findall(r"[\w.]+", text)) | set(re.findall(r"\w+", text))


def test_every_public_name_is_documented() -> None:
    pages = words_of(PYTHON)
    for name in s3sql.__all__:
        assert {name, f"s3sql.{name}"} & pages, f"docs/python.md does not mention s3sql.{name}"
        if not name.startswith("__"):
            assert inspect.getdoc(getattr(s3sql, name)), f"s3sql.{name} has no docstring"


@pytest.mark.parametrize("function", ["query", "describe", "client", "enable", "disable"])
def test_every_keyword_is_documented(function: str) -> None:
    missing = set(inspect.signature(getattr(s3sql, function)).parameters) - words_of(PYTHON)
    assert not missing, f"docs/python.md, {function}"


def members(kind: type) -> list[str]:
    """The public attributes of *kind*, those that a constructor sets too."""
    if dataclasses.is_dataclass(kind):
        fields = [field.name for field in dataclasses.fields(kind)]
    else:
        constructor = inspect.getsource(kind.__init__)
        fields = re.findall(r"^\s+self\.([a-z]\w*)(?::.*)? = ", constructor, re.M)
    return [*fields, *(name for name in vars(kind) if not name.startswith("_") and name not in fields)]


@pytest.mark.parametrize(
    "kind",
    [
        Result,
        Stats,
        s3sql.S3SelectError,
        Description,
        ColumnDescription,
        RowGroupDescription,
        Choice,
        Sniffed,
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_member_is_documented(kind: type) -> None:
    found = members(kind)
    assert len(found) > 2
    # What the package itself calls.
    missing = set(found) - {"suggest", "elements"} - words_of(PYTHON)
    assert not missing, f"docs/python.md, {kind.__name__}"


def test_every_way_to_extend_is_documented() -> None:
    page = DOCS / "extending.md"
    here = [
        name for name, found in vars(extend).items() if getattr(found, "__module__", "") == extend.__name__
    ]
    public = [name for name in here if not name.startswith("_")]
    assert {"function", "input_format", "output_format", "store", "rule"} <= set(public)
    text = read(page)
    assert not [name for name in public if f"extend.{name}" not in text and f"`{name}`" not in text]


def test_every_function_is_documented() -> None:
    page = read(DOCS / "sql.md")
    assert not [name for name in (*SIGNATURES, *ALIASES) if not re.search(rf"`{name}\b", page)]


def test_every_error_code_is_documented_and_no_other() -> None:
    described = set(re.findall(r"^\| `(\w+)` \| \d", read(DOCS / "errors.md"), re.M))
    assert described == set(DEFAULT_MESSAGES) | (set(STATUSES) & described)
    raised = set()
    for path in PACKAGE.rglob("*.py"):
        raised |= set(re.findall(r'S3SelectError\(\s*"(\w+)"', path.read_text(encoding="utf-8")))
    assert raised <= described


@pytest.mark.parametrize("command", sorted(build().commands))
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"`s3sql {command}\b", read(COMMAND_LINE))
    assert re.search(rf"\bs3sql {command}\b", read(ROOT / "README.md"))


def test_every_output_is_documented() -> None:
    assert set(OUTPUTS) <= words_of(COMMAND_LINE)


def options_of_commands() -> dict[str, set[str]]:
    root: Any = build()
    return {
        name: {flag for word in command.params for flag in (*word.opts, *word.secondary_opts)} | {"--help"}
        for name, command in root.commands.items()
    }


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_commands_have_only_options_that_are_there(page: Path) -> None:
    known = options_of_commands()
    texts = [block.code.replace("\\\n", " ") for block in blocks(page)] + sorted(code_spans(prose(page)))
    for text in texts:
        for name, rest in re.findall(r"(?<![%\w/.])s3sql ([a-z]+)\b([^\n|]*)", text):
            given = set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", re.sub(r"\"(\\.|[^\"])*\"|'[^']*'", "", rest)))
            assert given <= known.get(name, set()), f"{page}: s3sql {name}{rest}"


@functools.cache
def variables_of_the_package() -> set[str]:
    """The variables of the environment that the package reads, but for the options of the endpoint."""
    found = {VARIABLE}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.environ.get":
                found |= {word.value for word in node.args[:1] if isinstance(word, ast.Constant)}
    return found


OF_THE_ENDPOINT = {option.variable for option in OPTIONS} | {"S3SQL_CONFIG"}


def test_every_variable_is_documented() -> None:
    there = variables_of_the_package()
    assert {"S3SQL_WORKERS", "S3SQL_HISTORY", "S3SQL_EXTENSIONS", "NO_COLOR", "XDG_CACHE_HOME"} <= there
    missing = there - words_of(PYTHON) - words_of(COMMAND_LINE)
    assert not missing, "docs/python.md has those of every program, docs/command-line.md those of the command"


def test_variables_that_are_documented_are_there() -> None:
    told = set(re.findall(r"\bS3SQL_[A-Z_]*[A-Z]\b", "".join(map(read, PAGES))))
    # A name that the endpoint refuses, and those of the benchmarks.
    others = {"S3SQL_SERVICE_HOST"} | {name for name in told if name.startswith("S3SQL_BENCH_")}
    assert told - others <= variables_of_the_package() | OF_THE_ENDPOINT


def test_the_endpoint_knows_the_variables_of_other_parts(tmp_path: Path) -> None:
    for name in variables_of_the_package():
        try:
            configure({"dir": str(tmp_path)}, {name: "1"})
        except ConfigurationError as error:
            raise AssertionError(f"with {name} set no endpoint starts: {error}") from None
