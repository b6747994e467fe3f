"""Requests as no SDK would send them, signed all the same.

In: a method, a path, headers and a body.  Out: the answer as it came.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.server.serving import ACCESS_KEY, SECRET_KEY


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply over HTTP; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """The code of an error document."""
        return self._text("Code")

    @property
    def message(self) -> str:
        """The message of an error document."""
        return self._text("Message") or ""

    def _text(self, name: str) -> str | None:
        return ElementTree.fromstring(self.body).findtext(name) if self.body else None


class _Signer(S3SigV4Auth):
    """Signs what the request says of its body, if it does."""

    def payload(self, request: AWSRequest) -> str:
        return str(request.headers.get("x-amz-content-sha256") or super().payload(request))

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        said = request.headers.get("x-amz-content-sha256")
        super()._modify_request_before_signing(request)
        if said is not None:
            del request.headers["X-Amz-Content-SHA256"]
            request.headers["X-Amz-Content-SHA256"] = said


@dataclass(frozen=True, slots=True)
class Caller:
    """Sends requests to the endpoint at *url*."""

    url: str

    def __call__(
        self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send a signed request for *target*, a percent-encoded path with its query string."""
        return self.send(method, target, self.signed(method, target, headers or {}, body), body)

    def signed(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> dict[str, str]:
        """The headers of that request with those of its signature."""
        request = AWSRequest(method=method, url=self.url + target, headers=headers, data=body)
        _Signer(Credentials(ACCESS_KEY, SECRET_KEY), "s3", "us-east-1").add_auth(request)
        return dict(request.headers.items())

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send a request as it is."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, target, body, {name: text.encode() for name, text in headers.items()})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()
