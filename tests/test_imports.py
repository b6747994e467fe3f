"""Imports run one way, third parties have their places, and ``import s3sql`` is light.

Every module is parsed, nothing is imported: an import inside a function counts like one at the top; one
under ``TYPE_CHECKING`` does not, since it never runs.
"""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import s3sql

PACKAGE = Path(s3sql.__file__).parent
ROOT = PACKAGE.parent

#: What a module may import: its own layer and those before it.  An entry is a module or a package of s3sql.
LAYERS = [
    {
        "errors",
        "buffers",
        "coded",
        "late_payloads",
        "payloads",
        "timestamp",
        "types",
        "request",
        "limits",
        "dialects",
        "functions.signatures",
        "registered",
        "stats",
    },
    {"kernels"},
    {"sql"},
    {"plan"},
    {"functions", "formats", "serialize", "eventstream", "stores", "checksums"},
    {"exec"},
    {"engine"},
    {"completion", "sniffer", "display"},
    {"charts", "event_reader", "reading", "record_batches", "result", "watching"},
    {"xml_elements", "request_xml", "api", "client", "extend"},
    {"describe"},
    {"server"},
    {"cli", "jupyter"},
    {"translated_wheel"},
]

#: The only places where a third party is imported.
PLACES = {
    "sqlglot": {"sql", "plan.binder"},
    "numba": {"kernels"},
    "llvmlite": {"kernels"},
    "hatchling": {"translated_wheel"},
    "boto3": {"stores.s3", "client", "server.upstream.stores"},
    "botocore": {
        "stores.s3",
        "client",
        "server.signatures.sigv4",
        "server.signatures.chunks",
        "server.upstream.forward",
        "server.upstream.stores",
    },
    "cryptography": {"stores.embedded.encryption"},
    "urllib3": {"stores.s3", "client", "server.upstream.stores"},
    "isal": {"eventstream", "formats"},
    "pandas": {"result"},
    "polars": {"result"},
    "altair": {"charts"},
    "IPython": {"jupyter"},
    "prompt_toolkit": {"cli.shell"},
    "rich": {"cli", "display"},
    "typer": {"cli"},
    "starlette": {"server"},
    "uvicorn": {"server"},
    "httpcore": {"server.upstream.forward", "server.upstream.connections"},
    "prometheus_client": {"server.metrics"},
    "dask": set[str](),
}

ABSENT = {
    "altair",
    "IPython",
    "prompt_toolkit",
    "rich",
    "typer",
    "numba",
    "llvmlite",
    "boto3",
    "botocore",
    "starlette",
    "uvicorn",
    "httpcore",
    "prometheus_client",
    "cryptography",
    "dask",
    "pandas",
    "sqlglot",
    "pyarrow",
    "numpy",
}


def modules() -> dict[str, Path]:
    """Every module of the package by its name below ``s3sql``; a package by its own name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def layer_of(module: str) -> int:
    """The layer whose entry names *module* most exactly."""
    matches = [
        (len(entry), number)
        for number, layer in enumerate(LAYERS)
        for entry in layer
        if module == entry or module.startswith(f"{entry}.")
    ]
    assert matches, f"s3sql.{module} is in no layer of tests/test_imports.py"
    return max(matches)[1]


def imports_of(path: Path, module: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything *path* imports when it runs."""
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module is not None
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                known = submodule.removeprefix("s3sql.") in MODULES
                yield node.lineno, submodule if known or node.module == "s3sql" else node.module
        pending.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("module", [name for name in MODULES if name])
def test_imports_run_one_way(module: str) -> None:
    own = layer_of(module)
    for line, imported in imports_of(MODULES[module], module):
        if imported.partition(".")[0] != "s3sql" or imported == "s3sql.__version__":
            continue
        inner = imported.removeprefix("s3sql.")
        assert layer_of(inner) <= own, (
            f"{MODULES[module]}:{line}: layer {own} imports {imported} of layer {layer_of(inner)}"
        )


@pytest.mark.parametrize("module", list(MODULES))
def test_third_parties_have_their_places(module: str) -> None:
    for line, imported in imports_of(MODULES[module], module):
        places = PLACES.get(imported.partition(".")[0])
        if places is None:
            continue
        allowed = any(module == place or module.startswith(f"{place}.") for place in places)
        assert allowed, f"{MODULES[module]}:{line}: {imported} is imported only in {sorted(places)}"


def test_the_package_imports_nothing_but_names() -> None:
    program = (
        "import sys; before = set(sys.modules); import s3sql; s3sql.__version__; dir(s3sql);"
        "print(*sorted(name for name in set(sys.modules) - before if '.' not in name))"
    )
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    timed = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "s3sql" in loaded
    assert not (loaded | timed) & ABSENT


@pytest.mark.parametrize(
    ("text", "keywords"),
    [
        ("a,b\n1,2\n", "input_format='csv', file_header_info='USE'"),
        ('{"a": 1, "b": 2}\n', "input_format='json'"),
    ],
)
def test_the_events_of_text_are_made_without_arrow(text: str, keywords: str) -> None:
    program = (
        "import sys, s3sql;"
        f"answer = s3sql.query('SELECT s.a FROM S3Object s WHERE s.b = 2', {text.encode()!r}, {keywords});"
        "print(*(event for event in answer.events() if 'Records' in event));"
        "print(*{'pyarrow', 'pandas', 'boto3'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    records, loaded = done.stdout.split("\n")[:2]
    assert "1" in records
    assert not loaded


@pytest.mark.parametrize(
    ("columns", "records", "also"),
    [
        # Arrow makes hundreds of functions when it imports its compute module: a tenth of a first query.
        ("n, m", b"1,4\n2,5\n", set()),
        # With NULLs one of them takes rows. Arrow looks for pandas wherever it is given numpy's arrays.
        ("n, d", b"1,\n2,2.5\n", {"pyarrow.compute"}),
    ],
)
def test_a_query_of_parquet_loads_little_of_arrow(
    tmp_path: Path, columns: str, records: bytes, also: set[str]
) -> None:
    table = pa.table({"n": [0, 1, 2], "m": [3, 4, 5], "d": [1.5, None, 2.5]})
    pq.write_table(table, tmp_path / "x.parquet")
    program = (
        "import sys, s3sql;"
        f"path = {str(tmp_path / 'x.parquet')!r};"
        f"answer = s3sql.query('SELECT {columns} FROM S3Object WHERE n > 0', path);"
        "print(*(event['Records']['Payload'] for event in answer.events() if 'Records' in event));"
        "print(*{'pyarrow.parquet', 'pyarrow.compute', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found, loaded = done.stdout.split("\n")[:2]
    assert found == str(records)
    assert set(loaded.split()) == {"pyarrow.parquet"} | also


def test_every_public_name_is_there() -> None:
    assert set(s3sql.__all__) <= set(dir(s3sql))
    for name in s3sql.__all__:
        assert getattr(s3sql, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        s3sql.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_a_module_does_not_hide_the_public_name_it_defines() -> None:
    importlib.import_module("s3sql.client")
    assert callable(s3sql.client)
