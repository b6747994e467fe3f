"""The clients: where each comes from, how it is installed and started, and what its interface cannot do.

In: this folder's programs and manifests, which pin the versions.  Out: below a cache folder, each client as
its registry has it, and the lines that its program prints.

    python    an environment of its own for each        PyPI
    node      one package                               npm
    go        one module, one command for each          the Go module proxy
    java      one project                               Maven Central

An installation is done once; it is done anew when a file of the toolchain's folder changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.interop.answers import SELECTS
from tests.interop.endpoint import Endpoint
from tests.interop.objects import CONTENT_TYPE, LARGE, LISTED, METADATA, PART_BYTES, PLAIN

ROOT = Path(__file__).parents[2]
_PROGRAMS = Path(__file__).parent
_INSTALLATION_SECONDS, _PROGRAM_SECONDS = 1200, 600

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class ClientFailedError(Exception):
    """A client could not be installed, or its program ended badly; the argument says why."""


@dataclass(frozen=True, slots=True)
class Client:
    """One client.

    ``without``: steps that its interface cannot take, and why. ``withheld``: members of an answer that it
    does not tell. ``own``: what its own further steps must answer; they come before ``delete``.
    """

    name: str
    toolchain: str
    program: str
    without: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def answers(self, common: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        """What this client must answer, in the order of the steps."""
        taken = {step: answer for step, answer in common.items() if step not in self.without}
        deleting = {step: taken.pop(step) for step in ("delete", "delete_bucket") if step in taken}
        return {**taken, **self.own, **deleting}


def _each_select(*members: str, **others: frozenset[str]) -> dict[str, frozenset[str]]:
    withheld = dict.fromkeys(SELECTS, frozenset(members))
    return withheld | {step: withheld.get(step, frozenset()) | names for step, names in others.items()}


_RECORDS = frozenset({"records"})
_MAKES = "Alfa Romeo\nCitroën\nFiat\nPorsche\nVolvo\nŠkoda\n"
_SYNCED = [key.removeprefix("list/") for key in LISTED]

CLIENTS = (
    Client("boto3", "python", "boto3"),
    Client(
        "awscli",
        "python",
        "awscli",
        # It writes the records into a file and says nothing else.
        withheld=_each_select("stats", "progress", "ended"),
        own={
            "sync": {
                "uploads": len(_SYNCED),
                "again": "",
                "listed": _SYNCED,
                "downloaded": {key: f"list/{key}" for key in sorted(_SYNCED)},
                "left": 0,
            }
        },
    ),
    Client("minio-py", "python", "minio", withheld=_each_select("progress", "ended")),
    Client(
        "awswrangler",
        "python",
        "awswrangler",
        without={
            "get_range": "has no ranges",
            "get_missing": "asks with HEAD, whose answer has no code",
            "get_part": "has no part numbers",
            "presigned_get": "presigns nothing",
            "select_scan_range": "makes all of an object's scan ranges itself: select_in_ranges",
            "select_progress": "always asks for no progress",
            "select_missing": "asks for the object's size first",
            "delete_bucket": "deletes no buckets",
        },
        withheld=_each_select(
            "stats",
            "progress",
            "ended",
            put=frozenset({"etag"}),
            list=frozenset({"keys"}),
            multipart=frozenset({"etag"}),
            select_error_before=_RECORDS,
            select_error_inside=_RECORDS,
        ),
        # Its ranges overlap by a byte, so a row that begins there would come twice; with these none does.
        own={"select_in_ranges": dict.fromkeys(("11", "64", "1000"), _MAKES)},
    ),
    Client("aws-sdk-js", "node", "with_aws_sdk.mjs"),
    Client(
        "minio-js",
        "node",
        "with_minio.mjs",
        without={
            "get_part": "takes 206 for an error where it asked for no range",
            "select_unicode": "takes a query's characters for its bytes, so that only ASCII is sent whole",
        },
        withheld={"select_error_inside": _RECORDS},
    ),
    Client("aws-sdk-go", "go", "with_aws_sdk"),
    Client(
        "minio-go",
        "go",
        "with_minio",
        without={"select_scan_range": "has no scan ranges"},
        withheld=_each_select("ended"),
    ),
    Client(
        "aws-sdk-java",
        "java",
        "Steps",
        withheld={"select_error_inside": frozenset({"code"})},
    ),
)

#: What each toolchain needs on the PATH.
_TOOLS = {"python": (), "node": ("node", "npm"), "go": ("go",), "java": ("java", "javac", "mvn")}


def missing_tools(client: Client) -> list[str]:
    """The tools that the client needs and this machine has not."""
    return [tool for tool in _TOOLS[client.toolchain] if shutil.which(tool) is None]


def install(client: Client, cache: Path) -> Sequence[str | Path]:
    """Install the client below *cache*; return the command of its program.

    Raises:
        ClientFailedError: the installation did not work.
    """
    home = cache / (client.name if client.toolchain == "python" else client.toolchain)
    manifests = [_PROGRAMS / "python" / f"{client.program}.txt"]
    if client.toolchain != "python":
        manifests = [path for path in sorted((_PROGRAMS / client.toolchain).rglob("*")) if path.is_file()]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in manifests)).hexdigest()
    stamp = home / "installed"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != digest:
        if client.toolchain != "python":
            shutil.copytree(_PROGRAMS / client.toolchain, home, dirs_exist_ok=True)
        home.mkdir(parents=True, exist_ok=True)
        for command in _installation(client, home):
            _run_installer(client, command, home, cache)
        stamp.write_text(digest, encoding="ascii")
    return _program(client, home)


def _installation(client: Client, home: Path) -> list[list[str | Path]]:
    if client.toolchain == "python":
        pip = [home / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        requirements = _PROGRAMS / "python" / f"{client.program}.txt"
        return [[sys.executable, "-m", "venv", "--clear", home], [*pip, "--requirement", requirements]]
    if client.toolchain == "node":
        return [["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]]
    if client.toolchain == "go":
        return [["go", "build", "-o", "bin/", "./..."]]
    return [["mvn", "--batch-mode", "--quiet", "compile", "dependency:copy-dependencies"]]


def _program(client: Client, home: Path) -> Sequence[str | Path]:
    if client.toolchain == "python":
        return python_program(client, home / "bin" / "python")
    if client.toolchain == "node":
        return ["node", home / client.program]
    if client.toolchain == "go":
        return [home / "bin" / client.program]
    classes = os.pathsep.join([str(home / "target" / "classes"), str(home / "target" / "dependency" / "*")])
    return ["java", "-classpath", classes, client.program]


def python_program(client: Client, interpreter: Path) -> Sequence[str | Path]:
    """The command of a program in Python with an interpreter that has its client."""
    return [interpreter, "-m", f"tests.interop.python.with_{client.program}"]


def _run_installer(client: Client, command: Sequence[str | Path], home: Path, cache: Path) -> None:
    # All downloads stay below the cache folder, and all of it can be deleted.
    environment = os.environ | {
        "npm_config_cache": str(cache / "npm"),
        "GOMODCACHE": str(cache / "gomod"),
        "GOCACHE": str(cache / "gobuild"),
        "GOFLAGS": "-modcacherw -buildvcs=false",
        "MAVEN_OPTS": f"-Dmaven.repo.local={cache / 'maven'}",
    }
    try:
        done = subprocess.run(
            command,
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_INSTALLATION_SECONDS,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ClientFailedError(f"the installation took more than {_INSTALLATION_SECONDS} s") from error
    if done.returncode:
        raise ClientFailedError(f"the installation failed: {done.stdout[-3000:]}")


def take_steps(
    client: Client,
    program: Sequence[str | Path],
    endpoint: Endpoint,
    steps: Sequence[str],
    folder: Path,
    scratch: Path,
) -> list[str]:
    """Run *program* over the objects in *folder*; return the lines that it printed.

    Raises:
        ClientFailedError: it did not end by itself with status 0.
    """
    given = {
        "endpoint": endpoint.url,
        "region": endpoint.region,
        "access_key": endpoint.access_key,
        "secret_key": endpoint.secret_key,
        "bucket": f"interop-{client.name}",
        "folder": str(folder),
        "scratch": str(scratch),
        "plain": PLAIN,
        "content_type": CONTENT_TYPE,
        "metadata": METADATA,
        "large": LARGE,
        "part_bytes": PART_BYTES,
        "range": [5, 23],
        "selects": SELECTS,
        "steps": list(steps),
    }
    file = scratch / "given.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    try:
        done = subprocess.run(
            [*program, file],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROGRAM_SECONDS,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ClientFailedError(f"the program took more than {_PROGRAM_SECONDS} s") from error
    if done.returncode:
        raise ClientFailedError(f"the program ended with status {done.returncode}: {done.stderr[-3000:]}")
    return done.stdout.splitlines()
