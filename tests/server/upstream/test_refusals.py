"""What the endpoint does not pass on, and what it does not wait for."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from s3sql.server.settings import Credentials, Key, Limits, Upstream
from tests.server.select_requests import connected, raw_select, xml_body
from tests.server.serving import ACCESS_KEY, SECRET_KEY, client_of, serving, settings_for

#: Nobody listens there: what was passed on would end in ServiceUnavailable.
NOWHERE = Upstream("http://127.0.0.1:9", "us-east-1", Credentials("UPSTREAM", "upstream-secret"))


def refused(call: Any, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**members)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_credentials_of_the_upstream_are_given_to_nobody() -> None:
    reader = Key(Credentials(ACCESS_KEY, SECRET_KEY), {"logs": "read"})
    with serving(settings_for(None, upstream=NOWHERE)) as url:
        code, message = refused(client_of(url).create_session, Bucket="logs")
        assert code == "NotImplemented"
        assert "credentials" in message
    with serving(settings_for(None, upstream=NOWHERE, keys=(reader,))) as url:
        assert refused(client_of(url).create_session, Bucket="logs")[0] == "AccessDenied"


def test_where_the_upstream_is_is_told_to_nobody() -> None:
    with serving(settings_for(None, upstream=NOWHERE)) as url:
        code, message = refused(
            client_of(url).select_object_content,
            Bucket="bucket",
            Key="key",
            Expression="SELECT * FROM S3Object",
            ExpressionType="SQL",
            InputSerialization={"CSV": {}},
            OutputSerialization={"CSV": {}},
        )
    assert code == "ServiceUnavailable"
    assert "127.0.0.1" not in message


@pytest.mark.parametrize("query", ["location&uploads", "location&policy", "delete", "attributes"])
def test_who_needs_no_signature_gets_one_operation(query: str) -> None:
    with serving(settings_for(None, upstream=NOWHERE, anonymous="read")) as url:
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(f"{url}/bucket?{query}", timeout=30)
        raised.value.close()
    assert raised.value.code in (400, 405)


class Silent(BaseHTTPRequestHandler):
    """Sends the head and so many bytes of an object of 100 MB, and then nothing."""

    protocol_version = "HTTP/1.1"
    sent_bytes = 0
    go_on = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", "100000000")
        self.end_headers()
        self.wfile.write(b"1,2\n" * (self.sent_bytes // 4))
        self.wfile.flush()
        self.go_on.wait(120)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(params=[0, 2_500_000], ids=["a head", "some megabytes"])
def silent(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    handler = type("Handler", (Silent,), {"sent_bytes": request.param, "go_on": threading.Event()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield Upstream(
        f"http://127.0.0.1:{server.server_port}", "us-east-1", Credentials("UPSTREAM", "upstream-secret")
    )
    handler.go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


def selects_running(url: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as page:
        lines = page.read().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith("s3sql_selects_running "))


def test_a_client_that_leaves_a_silent_upstream_makes_room(silent: Upstream) -> None:
    with serving(settings_for(None, upstream=silent, limits=Limits(selects=1))) as url:
        # A read of the upstream would be waited for a minute, and then be tried again.
        deadline = time.monotonic() + 30
        with connected(url) as connection:
            connection.sendall(raw_select(url, xml_body("SELECT * FROM S3Object")))
            while not selects_running(url):
                assert time.monotonic() < deadline, "the query does not begin"
                time.sleep(0.01)
        while selects_running(url):
            assert time.monotonic() < deadline, "the query goes on"
            time.sleep(0.01)
