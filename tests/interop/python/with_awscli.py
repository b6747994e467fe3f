"""AWS CLI: each step is one command or a few, and its files are read back."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

from tests.interop.python.program import given, take

GIVEN = given()
BUCKET, PLAIN, LARGE = GIVEN.bucket, GIVEN.plain, GIVEN.large
AWS = Path(sys.executable).with_name("aws")
_CODE = re.compile(r"An error occurred \((\w+)\)")
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": str(GIVEN.scratch),
    "LC_ALL": "C.UTF-8",
    "AWS_ACCESS_KEY_ID": GIVEN.access_key,
    "AWS_SECRET_ACCESS_KEY": GIVEN.secret_key,
    "AWS_DEFAULT_REGION": GIVEN.region,
    "AWS_ENDPOINT_URL_S3": GIVEN.endpoint,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_CONFIG_FILE": str(GIVEN.scratch / "config"),
    "AWS_PAGER": "",
}
(GIVEN.scratch / "config").write_text(
    f"[default]\ns3 =\n  multipart_threshold = {GIVEN.part_bytes}\n"
    f"  multipart_chunksize = {GIVEN.part_bytes}\n"
    # presign signs with the old version otherwise, as it does for every endpoint that is not AWS's
    "  signature_version = s3v4\n",
    encoding="utf-8",
)


class RefusedError(Exception):
    """A command that failed; its one argument is what it wrote."""

    @property
    def code(self) -> str:
        found = _CODE.search(str(self))
        if found is None:
            raise self
        return found[1]


def aws(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [AWS, *arguments],
        env=_ENVIRONMENT | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise RefusedError(done.stderr)
    return done.stdout


def api(command: str, *arguments: str, **environment: str) -> dict[str, Any]:
    told = aws("s3api", command, "--bucket", BUCKET, *arguments, **environment)
    return json.loads(told) if told else {}


def create_bucket() -> dict[str, Any]:
    api("create-bucket")
    api("head-bucket")
    # Columns, as for every person: date, time, name.
    return {"buckets": sum(line.split()[-1] == BUCKET for line in aws("s3", "ls").splitlines())}


def put() -> dict[str, Any]:
    folder, target = str(GIVEN.folder), f"s3://{BUCKET}/"
    aws("s3", "cp", folder, target, "--recursive", "--exclude", PLAIN, "--exclude", LARGE)
    answer = api(
        *("put-object", "--key", PLAIN, "--body", str(GIVEN.folder / PLAIN)),
        *("--content-type", GIVEN.content_type, "--metadata", json.dumps(GIVEN.metadata)),
    )
    return {"etag": answer["ETag"].strip('"')}


def list_level() -> dict[str, Any]:
    answer = api("list-objects-v2", "--prefix", "list/", "--delimiter", "/")
    return {
        "keys": [entry["Key"] for entry in answer["Contents"]],
        "prefixes": [entry["Prefix"] for entry in answer["CommonPrefixes"]],
    }


def list_pages() -> dict[str, Any]:
    answer = api("list-objects-v2", "--prefix", "list/", "--page-size", "2")
    return {"keys": [entry["Key"] for entry in answer["Contents"]]}


def head() -> dict[str, Any]:
    answer = api("head-object", "--key", PLAIN)
    return {
        "size": answer["ContentLength"],
        "etag": answer["ETag"].strip('"'),
        "content_type": answer["ContentType"],
        "metadata": answer["Metadata"],
    }


def get() -> dict[str, Any]:
    file = GIVEN.scratch / "whole"
    aws("s3", "cp", f"s3://{BUCKET}/{PLAIN}", str(file))
    return {"text": file.read_text(encoding="utf-8")}


def get_range() -> dict[str, Any]:
    first, last = GIVEN.range
    file = GIVEN.scratch / "range"
    answer = api("get-object", "--key", PLAIN, "--range", f"bytes={first}-{last}", str(file))
    return {"text": file.read_text(encoding="utf-8"), "size": int(answer["ContentRange"].partition("/")[2])}


def get_missing() -> dict[str, Any]:
    return {"code": refusal("get-object", "--key", "no such key", str(GIVEN.scratch / "missing"))}


def copy() -> dict[str, Any]:
    aws("s3", "cp", f"s3://{BUCKET}/{PLAIN}", f"s3://{BUCKET}/copied ü+.csv")
    file = GIVEN.scratch / "copied"
    answer = api("get-object", "--key", "copied ü+.csv", str(file))
    return {"text": file.read_text(encoding="utf-8"), "metadata": answer["Metadata"]}


def multipart() -> dict[str, Any]:
    aws("s3", "cp", str(GIVEN.folder / LARGE), f"s3://{BUCKET}/{LARGE}")
    answer = api("head-object", "--key", LARGE)
    return {"etag": answer["ETag"].strip('"'), "size": answer["ContentLength"]}


def get_large() -> dict[str, Any]:
    file = GIVEN.scratch / "large"
    # Several ranged requests at a time.
    aws("s3", "cp", f"s3://{BUCKET}/{LARGE}", str(file))
    return {"sha256": digest(file)}


def get_part() -> dict[str, Any]:
    file = GIVEN.scratch / "part"
    answer = api("get-object", "--key", LARGE, "--part-number", "3", str(file))
    return {"sha256": digest(file), "parts": answer["PartsCount"]}


def presigned_get() -> dict[str, Any]:
    url = aws("s3", "presign", f"s3://{BUCKET}/{PLAIN}", "--expires-in", "60").strip()
    with urllib.request.urlopen(url) as answer:
        return {"status": answer.status, "text": answer.read().decode()}


def wrong_secret() -> dict[str, Any]:
    arguments = ("--key", PLAIN, str(GIVEN.scratch / "secret"))
    return {"code": refusal("get-object", *arguments, AWS_SECRET_ACCESS_KEY="not the secret")}


def sync() -> dict[str, Any]:
    """Up, up again (nothing to do), what ``ls`` says, down, and what came down."""
    source, target = GIVEN.folder / "list", f"s3://{BUCKET}/synced/"
    first, again = (aws("s3", "sync", str(source), target) for _ in range(2))
    listed = aws("s3", "ls", target, "--recursive")
    down = GIVEN.scratch / "synced"
    aws("s3", "sync", target, str(down))
    aws("s3", "rm", target, "--recursive")
    return {
        "uploads": first.count("upload: "),
        "again": again,
        "listed": [line.split(maxsplit=3)[3].removeprefix("synced/") for line in listed.splitlines()],
        "downloaded": {
            str(path.relative_to(down)): path.read_text(encoding="utf-8")
            for path in sorted(down.rglob("*"))
            if path.is_file()
        },
        "left": aws("s3", "ls", f"s3://{BUCKET}/", "--recursive").count("synced/"),
    }


def select(members: dict[str, Any]) -> dict[str, Any]:
    file, code = GIVEN.scratch / "records", None
    file.unlink(missing_ok=True)
    arguments = ["--key", members["Key"], "--expression", members["Expression"], "--expression-type", "SQL"]
    for member, option in (
        ("InputSerialization", "--input-serialization"),
        ("OutputSerialization", "--output-serialization"),
        ("RequestProgress", "--request-progress"),
        ("ScanRange", "--scan-range"),
    ):
        if member in members:
            arguments += [option, json.dumps(members[member])]
    try:
        api("select-object-content", *arguments, str(file))
    except RefusedError as error:
        code = error.code
    records = file.read_bytes().decode() if file.exists() else ""
    return {"records": records, "code": code}


def delete() -> dict[str, Any]:
    api("delete-object", "--key", "list/z.txt")
    aws("s3", "rm", f"s3://{BUCKET}/list/", "--recursive")
    left = keys()
    assert left
    assert not any(key.startswith("list/") for key in left)
    api("delete-objects", "--delete", json.dumps({"Objects": [{"Key": key} for key in left]}))
    return {"keys": keys()}


def delete_bucket() -> dict[str, Any]:
    aws("s3", "rb", f"s3://{BUCKET}")
    return {"code": refusal("list-objects-v2")}


def keys() -> list[str]:
    return [entry["Key"] for entry in api("list-objects-v2").get("Contents", [])]


def refusal(command: str, *arguments: str, **environment: str) -> str | None:
    try:
        api(command, *arguments, **environment)
    except RefusedError as error:
        return error.code
    return None


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


STEPS = {
    "create_bucket": create_bucket,
    "put": put,
    "list": list_level,
    "list_pages": list_pages,
    "head": head,
    "get": get,
    "get_range": get_range,
    "get_missing": get_missing,
    "copy": copy,
    "multipart": multipart,
    "get_large": get_large,
    "get_part": get_part,
    "presigned_get": presigned_get,
    "wrong_secret": wrong_secret,
    "sync": sync,
    **{name: partial(select, members) for name, members in GIVEN.selects.items()},
    "delete": delete,
    "delete_bucket": delete_bucket,
}

take("awscli", aws("--version").split()[0].partition("/")[2], GIVEN.steps, STEPS)
