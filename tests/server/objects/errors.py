"""What boto3 raises for an error of the endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code: str, status: int = 400, part: str = "") -> Iterator[None]:
    """The block must end in this code and status, with a message that has *part* in it."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response
    found = (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"])
    assert (*found, part in error["Error"]["Message"]) == (code, status, True), error["Error"]
