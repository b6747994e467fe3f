"""A folder with the files that the pages speak of, and the same in an S3 that is made up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from s3sql import extend
from tests.docs.files import FILES


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder, which is the current one, with a store of one bucket in it; ``bucket`` is in S3 too."""
    store = tmp_path / "store" / "bucket"
    store.mkdir(parents=True)
    for folder in (tmp_path, store):
        for name, text in FILES.items():
            (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        for name in FILES:
            client.upload_file(name, "bucket", name)
        yield tmp_path
    # What a page has registered goes when it ends, if only in the middle.
    for registration in extend.registrations():
        registration.remove()
