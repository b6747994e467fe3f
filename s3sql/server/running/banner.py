"""What a person who starts an endpoint wants to paste.

In: settings, the URL that the endpoint has become, and the credentials if they were made for it.  Out: lines;
the first one says where it listens, for programs that have to know the port.

Secrets are shown only if they were made here, for they have to be learnt somewhere; those that were given
stay out of terminals and journals.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from s3sql import __version__
from s3sql.server.settings import Credentials, Settings

#: How the input of an example is described, by the ending of its name.
_FORMATS = {
    ".csv": '{"CSV": {"FileHeaderInfo": "USE"}}',
    ".json": '{"JSON": {"Type": "DOCUMENT"}}',
    ".jsonl": '{"JSON": {"Type": "LINES"}}',
    ".ndjson": '{"JSON": {"Type": "LINES"}}',
    ".parquet": '{"Parquet": {}}',
}

_BUCKET = re.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

#: So many names of a folder are looked at for an example; the endpoint has to start in any case.
_MOST_LOOKED_AT = 200


_HEAD = """\
s3sql serves {what} at {url}
Version {version}; Ctrl-C stops it.
"""

_GENERATED = """
The credentials below were made for this run. Set S3SQL_ACCESS_KEY and S3SQL_SECRET_KEY to keep yours.
"""

_SNIPPETS = """
boto3:

    import boto3

    client = boto3.client(
        "s3",
        endpoint_url={url_text},
        region_name={region_text},
        aws_access_key_id={access_key_text},
        aws_secret_access_key={secret_text},
    )
    answer = client.select_object_content(
        Bucket={bucket_text},
        Key={key_text},
        Expression="SELECT * FROM S3Object s LIMIT 5",
        ExpressionType="SQL",
        InputSerialization={input},
        OutputSerialization={output},
    )
    for event in answer["Payload"]:
        if "Records" in event:
            print(event["Records"]["Payload"].decode(), end="")

AWS CLI:

    export AWS_ACCESS_KEY_ID={access_key} AWS_SECRET_ACCESS_KEY={secret_word}
    export AWS_DEFAULT_REGION={region} AWS_ENDPOINT_URL={url}
    aws s3api select-object-content --bucket {bucket_word} --key {key_word} \\
        --expression 'SELECT * FROM S3Object s LIMIT 5' --expression-type SQL \\
        --input-serialization '{input}' --output-serialization '{output}' /dev/stdout
"""


def banner(settings: Settings, url: str, generated: Credentials | None) -> str:
    """The lines to print when the endpoint listens at *url*."""
    what = settings.upstream.url if settings.upstream is not None else settings.directory
    head = _HEAD.format(what=what, url=url, version=__version__)
    if not settings.keys:
        return head
    return head + (_GENERATED if generated is not None else "") + _snippets(settings, url, generated)


def _snippets(settings: Settings, url: str, generated: Credentials | None) -> str:
    access_key = settings.keys[0].access_key
    secret = generated.secret_key if generated is not None else f"the secret of {access_key}"
    bucket, key = _example(settings.directory)
    described = _FORMATS[Path(key).suffix.lower()]
    return _SNIPPETS.format(
        url=url,
        url_text=json.dumps(url),
        region=settings.told_region,
        region_text=json.dumps(settings.told_region),
        access_key=access_key,
        access_key_text=json.dumps(access_key),
        secret_text=json.dumps(secret),
        secret_word=shlex.quote(secret),
        bucket_text=json.dumps(bucket),
        bucket_word=shlex.quote(bucket),
        key_text=json.dumps(key),
        key_word=shlex.quote(key),
        input=described,
        output='{"CSV": {}}' if "CSV" in described else '{"JSON": {}}',
    )


def _example(directory: Path | None) -> tuple[str, str]:
    """A bucket and a key that are there, if a quick look finds some that can be queried."""
    if directory is not None:
        for bucket in _entries(directory, os.DirEntry.is_dir):
            for name in (
                _entries(directory / bucket, os.DirEntry.is_file) if _BUCKET.fullmatch(bucket) else ()
            ):
                if Path(name).suffix.lower() in _FORMATS and name.isprintable():
                    return bucket, name
    return "bucket", "flights.csv"


def _entries(folder: Path, kind: Callable[..., bool]) -> list[str]:
    """The names of a *kind* in *folder*, of the first that the system gives. The store follows no links."""
    try:
        with os.scandir(folder) as entries:
            looked_at = list(islice(entries, _MOST_LOOKED_AT))
            return sorted(entry.name for entry in looked_at if kind(entry, follow_symlinks=False))
    except OSError:
        return []
