"""What is attacked: an endpoint whose folder lies among files that are nobody's business.

base/secret.txt  base/beside/secret.txt      beside the folder that is served
base/root/secret.txt                         in it, and in no bucket
base/root/.s3sql/secret.txt                  among the endpoint's own files
base/root/alpha/…  base/root/beta/…          buckets
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from s3sql.server.running.logs import says_something
from s3sql.server.settings import Credentials, Key, Limits
from tests.server.attacks.wire import CANARY, OWNER, Caller, exchanged, signed
from tests.server.serving import serving, settings_for

READER = Caller("READERKEY", "reader/secret")
OTHER = Caller("OTHERKEY", "other/secret")
TEMPORARY = Caller("TEMPORARYKEY", "temporary/secret", "a/session+token==")
EXPIRED = Caller("EXPIREDKEY", "expired/secret")

GOOD = b"a,b\n1,2\n3,4\n"
_BUCKETS = ("alpha", "beta")
#: What other tests may find in the folder; ``.s3sql`` holds what the endpoint writes for itself.
_OWN = ".s3sql"


@dataclass
class Arena:
    """A running endpoint and what it was seen to do."""

    url: str
    base: Path
    #: Log records that mean a defect: errors, tracebacks, answers with the status 500.
    defects: list[str] = field(default_factory=list)
    _canaries: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.base / "root"

    def bucket(self, name: str = "alpha") -> Path:
        return self.root / name

    def staged(self) -> list[str]:
        """Files that were begun and neither finished nor removed."""
        found = (path.relative_to(self.root) for path in (self.root / _OWN / "tmp").glob("*/*"))
        return sorted(str(path) for path in found if path.name != "lock")

    def outside(self) -> dict[str, str]:
        """Everything below the base that is in no bucket and not the endpoint's own: names and contents."""
        found = {}
        for folder, names, files in os.walk(self.base):
            if Path(folder) == self.root:
                names[:] = [name for name in names if name not in (*_BUCKETS, _OWN)]
            for name in (*names, *files):
                path = Path(folder, name)
                regular = path.is_file() and not path.is_symlink()
                digest = hashlib.sha256(path.read_bytes()).hexdigest() if regular else ""
                found[str(path.relative_to(self.base))] = digest
        found["own canary"] = hashlib.sha256((self.root / _OWN / "secret.txt").read_bytes()).hexdigest()
        return found

    def remember(self) -> None:
        self._canaries = self.outside()
        self.defects.clear()

    def check(self) -> None:
        """Nothing outside was touched, no defect was logged, nothing hangs, and good requests succeed."""
        self.settle()
        answer = exchanged(self.url, signed(self.url, "GET", "/alpha/good.csv"))
        assert (answer.status, answer.body) == (200, GOOD), answer
        assert self.outside() == self._canaries
        assert not self.defects, "\n".join(self.defects)

    def settle(self) -> None:
        """Wait until no request is under way."""
        deadline = time.monotonic() + 30
        while self._in_flight():
            assert time.monotonic() < deadline, f"{self._in_flight()} requests do not end"
            time.sleep(0.01)

    def _in_flight(self) -> int:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as page:
            found = re.search(rb"^s3sql_requests_in_flight (\S+)$", page.read(), re.MULTILINE)
        assert found is not None
        return int(float(found[1]))


@contextmanager
def arena_in(base: Path, limits: Limits | None = None) -> Iterator[Arena]:
    """An endpoint in *base* with several callers, its folder amid canaries."""
    root = base / "root"
    for name in _BUCKETS:
        (root / name).mkdir(parents=True)
        (root / name / "good.csv").write_bytes(GOOD)
    (base / "beside").mkdir()
    for folder in (base, base / "beside", root):
        (folder / "secret.txt").write_bytes(CANARY)
    keys = (
        Key(Credentials(OWNER.access_key, OWNER.secret_key)),
        Key(Credentials(READER.access_key, READER.secret_key), {"alpha": "read"}),
        Key(Credentials(OTHER.access_key, OTHER.secret_key), {"beta": "readwrite"}),
        Key(Credentials(TEMPORARY.access_key, TEMPORARY.secret_key, TEMPORARY.token)),
        Key(Credentials(EXPIRED.access_key, EXPIRED.secret_key), expires=datetime.now(UTC) - timedelta(1)),
    )
    with serving(settings_for(root, keys=keys, limits=limits or Limits())) as url:
        (root / _OWN / "secret.txt").write_bytes(CANARY)
        yield Arena(url, base)


class DefectHandler(logging.Handler):
    """Notes what no attack may bring about."""

    def __init__(self, arenas: list[Arena]) -> None:
        super().__init__()
        self._arenas = arenas

    def emit(self, record: logging.LogRecord) -> None:
        defect = None
        if record.name == "s3sql.access":
            status = json.loads(record.getMessage())["status"]
            if status >= 500 and status not in (501, 503):
                defect = record.getMessage()
        elif (record.levelno >= logging.ERROR or record.exc_info) and says_something(record):
            defect = logging.Formatter("%(name)s: %(message)s").format(record)
        if defect is not None:
            for arena in self._arenas:
                arena.defects.append(defect)
