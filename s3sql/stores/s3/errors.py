"""What an S3 endpoint answers, or fails to answer, as our errors.

In: exceptions of boto3 and of the layers under it.  Out: :class:`~s3sql.errors.S3SelectError` with the
endpoint's own code where it has one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from botocore import exceptions as botocore_errors
from urllib3.exceptions import HTTPError

from s3sql.errors import S3SelectError
from s3sql.stores.base import changed

#: What a body raises when its connection is lost: botocore's errors, and those of the layers under it that
#: botocore lets through.
BROKEN_BODY: Final = (
    botocore_errors.IncompleteReadError,
    botocore_errors.HTTPClientError,
    botocore_errors.ResponseStreamingError,
    HTTPError,
    OSError,
)

CREDENTIALS: Final = (
    botocore_errors.NoCredentialsError,
    botocore_errors.PartialCredentialsError,
    botocore_errors.CredentialRetrievalError,
    botocore_errors.TokenRetrievalError,
    botocore_errors.ProfileNotFound,
    botocore_errors.NoAuthTokenError,
)

#: Codes of throttling, which AWS spells in several ways, and of an object that must be restored first.
_THROTTLING = {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests"}
_ARCHIVED = {"InvalidObjectState"}

#: The code for a status whose answer carries none: HEAD, proxies, servers that are not S3.
_CODES_BY_STATUS = {
    301: "PermanentRedirect",
    307: "TemporaryRedirect",
    401: "AccessDenied",
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    412: "PreconditionFailed",
    416: "PreconditionFailed",
    429: "SlowDown",
    501: "NotImplemented",
    503: "ServiceUnavailable",
}


@contextlib.contextmanager
def asking_about(name: str) -> Iterator[None]:
    """What boto3 raises within, about the object *name*, as an S3SelectError."""
    try:
        yield
    except (botocore_errors.ClientError, botocore_errors.BotoCoreError) as error:
        raise_as_select_error(error, name)


def raise_as_select_error(
    error: botocore_errors.ClientError | botocore_errors.BotoCoreError, name: str
) -> NoReturn:
    """Raise what an endpoint answered, or failed to answer, about the object *name* as an S3SelectError."""
    if isinstance(error, botocore_errors.ClientError):
        raise _from_answer(error, name) from error
    if isinstance(error, CREDENTIALS):
        raise S3SelectError("AccessDenied", f"{name} was not asked for: {error}.", status=403) from error
    if isinstance(error, botocore_errors.ParamValidationError):
        raise S3SelectError("InvalidRequest", f"{name} was not asked for: {error}.") from error
    if isinstance(error, botocore_errors.ConnectionError | botocore_errors.HTTPClientError):
        raise S3SelectError(
            "ServiceUnavailable", f"The endpoint gave no answer about {name}: {error}.", status=503
        ) from error
    raise S3SelectError("InternalError", f"Asking for {name} failed: {error}.", status=500) from error


def _from_answer(error: botocore_errors.ClientError, name: str) -> S3SelectError:
    """The endpoint's own code and message where it has them, else the code that goes with the status."""
    answer: Mapping[str, Any] = error.response
    status: int = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    code: str = answer.get("Error", {}).get("Code", "")
    message: str = answer.get("Error", {}).get("Message", "")
    if code in _ARCHIVED:
        return S3SelectError(
            "UnsupportedStorageClass",
            f"{name} is archived and must be restored before it can be queried: {message}",
        )
    if code in _THROTTLING:
        return S3SelectError(
            "SlowDown", f"{message or 'Please reduce your request rate.'} ({name})", status=503
        )
    if status in (412, 416) or code == "PreconditionFailed":
        return changed(name)
    if not code or code.isdigit():
        code = _CODES_BY_STATUS.get(status, "InternalError" if status >= 500 else "InvalidRequest")
    return S3SelectError(code, f"{message or 'The endpoint gave no reason.'} ({name})", status=status)


def bad_checksum(name: str) -> S3SelectError:
    """The error for bytes that are not those the endpoint's checksum was made of."""
    return S3SelectError(
        "BadDigest", f"The bytes of {name} do not have the checksum that the endpoint sent with them."
    )
