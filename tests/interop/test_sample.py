"""A sample of ``make interop`` in every run of the tests: boto3, AWS CLI and minio-py, as processes.

boto3 and minio-py are those of the tests' own environment; AWS CLI pins another botocore, so the Makefile
puts it into one of its own. Of AWS CLI, which takes a second to start, only some steps are taken.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.answers import answers
from tests.interop.clients import CLIENTS, ROOT, python_program, take_steps
from tests.interop.endpoint import Endpoint, running, server_errors
from tests.interop.objects import write_objects
from tests.interop.outcome import compare

AWS_CLI = ROOT / ".venv" / "awscli" / "bin" / "python"

#: `make interop` takes the others as well.
AWS_CLI_STEPS = (
    *("create_bucket", "put", "copy", "multipart", "get_part"),
    *("select_csv", "select_error_before", "select_error_inside", "delete"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The objects, as files."""
    folder = tmp_path_factory.mktemp("objects")
    write_objects(folder)
    return folder


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """``s3sql serve`` on an empty folder; at its end it must end well and have answered nothing with 500."""
    log = tmp_path_factory.mktemp("log") / "endpoint.log"
    with running(tmp_path_factory.mktemp("buckets"), log) as endpoint:
        yield endpoint
    assert server_errors(log) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["boto3", "awscli", "minio-py"])
def test_a_real_client_gets_its_answers(name: str, endpoint: Endpoint, folder: Path, tmp_path: Path) -> None:
    client = next(client for client in CLIENTS if client.name == name)
    interpreter, expected = Path(sys.executable), client.answers(answers(folder))
    if name == "awscli":
        assert AWS_CLI.exists(), "AWS CLI is not installed; make test, or make .venv/.awscli, does it"
        interpreter = AWS_CLI
        expected = {step: expected[step] for step in expected if step in AWS_CLI_STEPS}
        assert len(expected) == len(AWS_CLI_STEPS)
    lines = take_steps(
        client, python_program(client, interpreter), endpoint, list(expected), folder, tmp_path
    )
    outcome = compare(client.name, lines, expected, client.withheld)
    assert outcome.differences == []
    assert outcome.passed == len(expected)
