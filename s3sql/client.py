"""boto3's ``select_object_content`` answered in this process.

In: a boto3 client or session to enable, or a store.  Out: what boto3 gives for the same call:
``{"Payload": …, "ResponseMetadata": …}``, botocore's ``ParamValidationError`` and ``ClientError`` before
the stream, its ``EventStreamError`` in it, with AWS's codes.

    select_object_content(**members)
      └ botocore checks the members and serialises them to the XML body the endpoint would get
          └ before-call (ours): open the object → request_xml.parse_request → engine → events

botocore asks its ``before-call`` handlers before it sends anything, and takes an answer from them in
place of the endpoint's.  Nothing else of the client is touched: every other call goes its usual way, and
the object is read with the client's own ``get_object``, its SSE-C key and expected bucket owner included.

A folder has neither: there ``SSECustomer…`` and ``ExpectedBucketOwner`` are ``InvalidRequest`` (Choice).
"""

from __future__ import annotations

import logging
import os
import re
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Final, Protocol, TypeAlias

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.client import BaseClient
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.exceptions import EventStreamError

from s3sql.errors import S3SelectError
from s3sql.eventstream.messages import Event
from s3sql.eventstream.writer import Chunk, Chunks, events
from s3sql.request import SelectRequest
from s3sql.request_xml import parse_request
from s3sql.stores.base import ObjectStore, StoredObject
from s3sql.stores.local import LocalStore
from s3sql.stores.s3 import S3Store

_OPERATION: Final = "SelectObjectContent"
_ON_MEMBERS: Final = f"provide-client-params.s3.{_OPERATION}"
_ON_CALL: Final = f"before-call.s3.{_OPERATION}"
_ON_CLIENT_CLASS: Final = "creating-client-class.s3"

_log = logging.getLogger(__name__)


class Answer(Protocol):
    """A query under way, of which the part before the stream has succeeded."""

    def chunks(self) -> Chunks:
        """The output records in order; closing the iterator ends the query."""


#: Starts a query; what it raises comes before the stream.
Run: TypeAlias = Callable[[SelectRequest, StoredObject], Answer]


def enable(target: BaseClient | boto3.Session) -> None:
    """Answer ``select_object_content`` of a boto3 S3 client here, from now on.

    *target* is an S3 client, or a ``boto3.Session`` for all S3 clients it makes from now on.  Doing it
    twice changes nothing; :func:`disable` undoes it.

    Raises:
        TypeError: *target* is anything else, clients of aiobotocore and aioboto3 included: their calls are
            awaited, and these are not.
    """
    _enable(target, _run)


def disable(target: BaseClient | boto3.Session) -> None:
    """Undo :func:`enable`: the client asks its endpoint again, a session's later clients will.

    Clients that an enabled session has made stay enabled.

    Raises:
        TypeError: as :func:`enable`.
    """
    emitter = _emitter(target)
    for event in (_ON_MEMBERS, _ON_CALL, _ON_CLIENT_CLASS):
        emitter.unregister(event, unique_id=_identity(event))


def client(store: str | os.PathLike[str] | BaseClient | ObjectStore) -> SelectClient:
    """A client whose one call is ``select_object_content``, over *store*.

    *store* is a folder whose sub-folders are buckets, a boto3 S3 client (which stays as it is), or an
    :class:`~s3sql.stores.base.ObjectStore`.

    Raises:
        TypeError: *store* is anything else.
        NotADirectoryError: the folder is none.
    """
    return SelectClient(_store(store), _run)


class SelectClient:
    """``select_object_content`` as a boto3 S3 client has it."""

    def __init__(self, store: ObjectStore, run: Run) -> None:
        self._client: Any = _offline_client()
        _answer_calls(self._client, store, run)

    @property
    def exceptions(self) -> Any:
        """The exception classes of the service, as on a boto3 client: ``exceptions.NoSuchKey``."""
        return self._client.exceptions

    def select_object_content(self, **members: Any) -> dict[str, Any]:
        """Run one query; members, result and exceptions are those of boto3's method of this name."""
        response: dict[str, Any] = self._client.select_object_content(**members)
        return response

    def close(self) -> None:
        """Release what the client holds; queries under way are not touched."""
        self._client.close()


class SelectPayload(EventStream):  # type: ignore[type-arg]
    """The ``Payload`` of an answer: iterate it once, or close it to stop the query."""

    def __init__(self, answer: Generator[Event, None, None]) -> None:
        # Not the base class's: that one decodes a response body, and here the events are at hand.
        self._answer = answer

    def __iter__(self) -> Iterator[Event]:
        try:
            # Not "yield from": as with boto3, a loop that was left by break may be taken up again.
            for event in self._answer:  # noqa: UP028
                yield event
        except S3SelectError as error:
            raise EventStreamError(_error_response(error), _OPERATION) from error

    def close(self) -> None:
        """Stop the query and release the object."""
        self._answer.close()


def _run(request: SelectRequest, source: StoredObject) -> Answer:
    # The engine brings numba and pyarrow, which a program that only enables a client does not need yet.
    from s3sql import engine

    return engine.run(request, source)


def _enable(target: BaseClient | boto3.Session, run: Run) -> None:
    emitter = _emitter(target)
    if isinstance(target, BaseClient):
        _answer_calls(target, _endpoint(target), run)
        return

    class AnsweringClient:
        """First base of every S3 client that an enabled session makes."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            _enable(self, run)  # type: ignore[arg-type]

    def add_base(base_classes: list[type], **_: object) -> None:
        base_classes.insert(0, AnsweringClient)

    emitter.register(_ON_CLIENT_CLASS, add_base, unique_id=_identity(_ON_CLIENT_CLASS))


def _answer_calls(target: Any, store: ObjectStore, run: Run) -> None:
    """Register the two handlers that answer the calls of one client."""

    def keep_members(params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
        # As the caller gave them: botocore encodes the customer key in its own copy.
        context["s3sql"] = dict(params)

    def answer(
        params: Mapping[str, Any], context: dict[str, Any], **_: object
    ) -> tuple[SimpleNamespace, dict[str, Any]]:
        return _response(context["s3sql"], params["body"], store, run)

    emitter = target.meta.events
    emitter.register_first(_ON_MEMBERS, keep_members, unique_id=_identity(_ON_MEMBERS))
    emitter.register_first(_ON_CALL, answer, unique_id=_identity(_ON_CALL))


def _response(
    members: Mapping[str, Any], body: bytes, store: ObjectStore, run: Run
) -> tuple[SimpleNamespace, dict[str, Any]]:
    """The HTTP response and its parsed form, which botocore takes in place of the endpoint's.

    A status of 300 and more makes botocore raise the exception it would raise for the endpoint's error.
    """
    metadata = {
        "RequestId": uuid.uuid4().hex[:16].upper(),
        "HostId": "s3sql",
        "HTTPStatusCode": 200,
        "HTTPHeaders": {},
        "RetryAttempts": 0,
    }
    try:
        payload = SelectPayload(_started(members, body, store, run))
    except S3SelectError as error:
        metadata["HTTPStatusCode"] = error.status
        refusal = {**_error_response(error), "ResponseMetadata": metadata}
        return SimpleNamespace(status_code=error.status, headers={}), refusal
    return SimpleNamespace(status_code=200, headers={}), {"ResponseMetadata": metadata, "Payload": payload}


def _started(
    members: Mapping[str, Any], body: bytes, store: ObjectStore, run: Run
) -> Generator[Event, None, None]:
    """The events of the query, of which everything before the stream has succeeded.

    Raises:
        S3SelectError: first what opening the object finds, then the request, then the query.
    """
    try:
        source = _open(store, members)
        try:
            request = parse_request(body)
            chunks = _closing(run(request, source).chunks(), source)
            return events(chunks, progress=request.progress)
        except BaseException:
            source.close()
            raise
    except S3SelectError:
        raise
    except Exception as error:
        _log.exception("A query failed before its answer had begun")
        raise S3SelectError(
            "InternalError", "We encountered an internal error. Please try again.", status=500
        ) from error


def _closing(chunks: Chunks, source: StoredObject) -> Generator[Chunk | None, None, None]:
    """*chunks*, and behind the last one, or when closed, the end of reading *source*."""
    try:
        yield from chunks
    finally:
        source.close()


def _open(store: ObjectStore, members: Mapping[str, Any]) -> StoredObject:
    owner = members.get("ExpectedBucketOwner")
    if owner is not None and not re.fullmatch("[0-9]{12}", owner):
        raise S3SelectError(
            "InvalidBucketOwnerAWSAccountID", f"ExpectedBucketOwner is {owner!r}; it must be 12 digits."
        )
    return store.open(
        members["Bucket"],
        members["Key"],
        sse_customer_algorithm=members.get("SSECustomerAlgorithm"),
        sse_customer_key=members.get("SSECustomerKey"),
        sse_customer_key_md5=members.get("SSECustomerKeyMD5"),
        expected_bucket_owner=owner,
    )


def _error_response(error: S3SelectError) -> Any:
    return {"Error": {"Code": error.code, "Message": error.message}}


def _store(store: str | os.PathLike[str] | BaseClient | ObjectStore) -> ObjectStore:
    if isinstance(store, str | os.PathLike):
        return LocalStore(store)
    if isinstance(store, BaseClient):
        _emitter(store)
        return _endpoint(store)
    if callable(getattr(store, "open", None)):
        return store
    raise TypeError(f"a store is a folder, a boto3 S3 client or an ObjectStore, not {type(store).__name__}")


def _endpoint(target: Any) -> S3Store:
    return S3Store(target)


def _emitter(target: BaseClient | boto3.Session) -> Any:
    """Where the handlers of *target* are registered.

    Raises:
        TypeError: *target* is not a boto3 S3 client or session.
    """
    if _is_asynchronous(target) or _is_asynchronous(getattr(target, "_session", None)):
        raise TypeError(
            f"{type(target).__name__} is of aiobotocore, whose calls are awaited; "
            "s3sql answers the calls of boto3: pass a client or a Session of boto3"
        )
    if isinstance(target, BaseClient):
        if target.meta.service_model.service_name != "s3":
            raise TypeError(f"this is a client of {target.meta.service_model.service_name}, not of s3")
        return target.meta.events
    if isinstance(target, boto3.Session):
        return target.events
    raise TypeError(f"pass a boto3 S3 client or a boto3.Session, not {type(target).__name__}")


def _is_asynchronous(target: object) -> bool:
    return any(
        base.__module__.partition(".")[0] in ("aiobotocore", "aioboto3") for base in type(target).__mro__
    )


def _identity(event: str) -> str:
    """The name under which our handler of *event* is registered, so that it is there once at most."""
    return f"s3sql-{event}"


def _offline_client() -> Any:
    """A boto3 S3 client that takes nothing from the environment: it only checks and serialises members."""
    nowhere = (None, None, os.devnull, None)
    session = botocore.session.Session(
        {
            "profile": (None, None, None, None),
            "config_file": nowhere,
            "credentials_file": nowhere,
        }
    )
    return session.create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url="http://s3sql.invalid",
        # Unsigned, so that no credentials are looked for, which would ask the network on some machines.
        config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}),
    )
