"""The store behind the endpoint: whose credentials a request is sent with, and how it is signed.

In: the settings and a caller's key.  Out: boto3 clients for what the endpoint reads there itself, and
signed headers for what it only passes on.

Both use the caller's own credentials for the store if the settings name some, else those of the whole
endpoint, else what boto3 finds: environment, files, role. Source: AWS S3 API Reference, "Authenticating
Requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import exceptions as botocore_errors
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotocoreCredentials
from urllib3.exceptions import HTTPError

from s3sql.errors import S3SelectError
from s3sql.server.exchange import in_thread
from s3sql.server.settings import Credentials, Key, Settings
from s3sql.server.signatures.chunks import ChunkSignatures
from s3sql.server.signatures.signing import Scope, SigningKey
from s3sql.stores.s3 import MAX_CONNECTIONS, S3Store

_log = logging.getLogger(__name__)

#: Seconds of silence of the upstream after which a query asks again, and then gives up. One whose client
#: has gone while it waits for the head of an answer keeps its turn as long: nothing can break that off.
SILENCE_SECONDS = 20.0

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

#: How often a request for a range is tried before a query fails.
_ATTEMPTS = 2

#: Seconds that a connection to the store may take to come about.
CONNECT_SECONDS = 10.0

#: Hosts that take a bucket's name before theirs; elsewhere that needs DNS entries which may not exist.
_VIRTUAL_HOSTS = (".amazonaws.com", ".amazonaws.com.cn")

#: Headers that S3 wants signed when they are sent; others may be changed on the way by any proxy.
_SIGNED = frozenset({"host", "content-type", "content-md5"})


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature adds to a request's headers, and how the signatures of its chunks go on from it."""

    headers: list[tuple[str, str]]
    chunk_signatures: ChunkSignatures


class UpstreamStores:
    """The store behind the endpoint, as each caller may see it. Any thread may use it."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings of an endpoint that has an upstream; nothing is connected yet.

        Raises:
            S3SelectError: ``InvalidRequest`` when the upstream's URL is not one of an HTTP endpoint, or when
                boto3's configuration cannot be used.
        """
        assert settings.upstream is not None
        _check_url(settings.upstream.url)
        self.upstream = settings.upstream
        self._limits = settings.limits
        self._lock = threading.Lock()
        self._clients: dict[Credentials | None, Any] = {}
        self._configuration = botocore.session.Session()
        try:
            self._session = boto3.Session(
                botocore_session=self._configuration, region_name=self.upstream.region
            )
            found: Any = self._configuration.get_config_variable("ca_bundle")
        except botocore_errors.BotoCoreError as error:
            raise S3SelectError(
                "InvalidRequest", f"The configuration of boto3 for the upstream cannot be used: {error}."
            ) from error
        #: The file of certificates that boto3 is told to trust in place of its own (``AWS_CA_BUNDLE``).
        self.certificates = str(found) if found else None

    def store_for(self, key: Key | None) -> S3Store:
        """The store that queries of *key* read from; None is a caller without a signature. Blocks.

        Raises:
            S3SelectError: as :meth:`client_for`.
        """
        return S3Store(self.client_for(key))

    def client_for(self, key: Key | None) -> Any:
        """The boto3 client with the credentials of *key*, one for all callers that share them. Blocks.

        Raises:
            S3SelectError: ``AccessDenied`` when boto3's configuration names credentials it cannot read.
        """
        chosen = self._chosen(key)
        with self._lock:
            if chosen not in self._clients:
                self._clients[chosen] = self._connect(chosen)
            return self._clients[chosen]

    async def credentials_for(self, key: Key | None) -> ReadOnlyCredentials:
        """The credentials that requests of *key* are signed with.

        Raises:
            S3SelectError: ``AccessDenied`` when there are none.
        """
        chosen = self._chosen(key)
        if chosen is not None:
            return BotocoreCredentials(
                chosen.access_key, chosen.secret_key, chosen.session_token
            ).get_frozen_credentials()
        # Those of a role may have to be renewed, which asks the network.
        return await in_thread(self._found)

    def close(self) -> None:
        """Close the clients' connections."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def _found(self) -> ReadOnlyCredentials:
        """What boto3 finds."""
        try:
            with self._lock:
                found = self._session.get_credentials()
            if found is None:
                raise botocore_errors.NoCredentialsError
            return found.get_frozen_credentials()
        except botocore_errors.BotoCoreError as error:
            raise _no_credentials() from error

    def _chosen(self, key: Key | None) -> Credentials | None:
        if key is not None and key.upstream is not None:
            return key.upstream
        return self.upstream.credentials

    def _connect(self, chosen: Credentials | None) -> Any:
        virtual = (urlsplit(self.upstream.url).hostname or "").endswith(_VIRTUAL_HOSTS)
        config = Config(
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=min(self._limits.body_time, SILENCE_SECONDS),
            max_pool_connections=max(self._limits.selects, MAX_CONNECTIONS),
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            s3={"addressing_style": "virtual" if virtual else "path"},
        )
        try:
            return self._session.client(
                "s3",
                endpoint_url=self.upstream.url,
                config=config,
                aws_access_key_id=chosen.access_key if chosen is not None else None,
                aws_secret_access_key=chosen.secret_key if chosen is not None else None,
                aws_session_token=chosen.session_token if chosen is not None else None,
            )
        except botocore_errors.BotoCoreError as error:
            raise _no_credentials() from error


def sign(
    method: str,
    url: str,
    headers: list[tuple[str, str]],
    content_sha256: str,
    credentials: ReadOnlyCredentials,
    region: str,
) -> Signed:
    """Sign a request for *url*, whose path and query string are as they go over the wire.

    *headers* are those it has besides, ``Host`` among them; *content_sha256* is what is said of its body.
    """
    request = AWSRequest(method=method, url=url)
    for name, value in headers:
        request.headers.add_header(name, value)
    before = set(request.headers.keys())
    signer = _Signer(credentials, region, content_sha256)
    signer.add_auth(request)
    added = [(name, value) for name, value in request.headers.items() if name not in before]
    signature = dict(added)["Authorization"].rpartition("Signature=")[2]
    timestamp: str = request.context["timestamp"]
    key = SigningKey.of(credentials.secret_key or "", Scope(timestamp[:8], region))
    return Signed(added, ChunkSignatures(key, timestamp, signature))


class _Signer(S3SigV4Auth):
    """botocore's signer, over the headers that S3 wants signed and with the digest that it is told."""

    def __init__(self, credentials: ReadOnlyCredentials, region: str, content_sha256: str) -> None:
        super().__init__(credentials, "s3", region)
        self._content_sha256 = content_sha256

    def headers_to_sign(self, request: AWSRequest) -> Any:
        """Those of the request that are signed; each as often as it is there."""
        chosen: Any = super().headers_to_sign(request)
        for name in set(chosen.keys()):
            if name not in _SIGNED and not name.startswith("x-amz-"):
                del chosen[name]
        return chosen

    def payload(self, request: AWSRequest) -> str:
        """What the request says of its body."""
        return self._content_sha256


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        usable = usable and parts.port != 0 and not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        usable = False
    if not usable:
        raise S3SelectError(
            "InvalidRequest",
            "The upstream must be the URL of an S3 endpoint, such as https://s3.eu-west-1.amazonaws.com, "
            "without credentials or a query string in it.",
        )


def _no_credentials() -> S3SelectError:
    return S3SelectError(
        "AccessDenied",
        "The endpoint has no credentials for the store behind it. Whoever runs it can set them in its "
        "settings, or where boto3 looks for them.",
        status=403,
    )


def discreet(error: S3SelectError) -> S3SelectError:
    """*error* without the address of the store behind the endpoint, which goes to the log alone."""
    if not isinstance(error.__cause__, botocore_errors.BotoCoreError | HTTPError):
        return error
    _log.warning("%s", error.message)
    return S3SelectError(
        error.code,
        "The store behind the endpoint cannot be reached, or breaks off its answers. Please try again.",
        status=error.status,
    )
