from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from s3sql import __version__
from s3sql.server.running.banner import banner
from s3sql.server.settings import Credentials, Key, Settings, Upstream

GENERATED = Credentials("AKIDEXAMPLE", "made-for-this-run")


def shown(directory: Path | None = None, generated: Credentials | None = GENERATED, **changes: Any) -> str:
    given = Credentials("AKIDEXAMPLE", "hush-hush")
    keys = changes.pop("keys", (Key(generated or given),))
    text = banner(Settings(keys, directory, **changes), "http://127.0.0.1:7", generated)
    assert "hush-hush" not in text
    return text


def calls_of(text: str) -> dict[str, Any]:
    """The keyword arguments of the calls in the program, by their names."""
    snippet = re.search(r"^boto3:\n\n(.*?)^AWS CLI:$", text, re.S | re.M)
    assert snippet is not None
    tree = ast.parse("\n".join(line.removeprefix("    ") for line in snippet[1].splitlines()))
    return {
        keyword.arg: ast.literal_eval(keyword.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("boto3", "client"))
        for keyword in node.keywords
        if keyword.arg is not None
    }


def words_of(text: str) -> dict[str, str]:
    """The options of the AWS CLI by their names, as a shell reads them."""
    words = shlex.split(text.partition("AWS CLI:")[2].partition("    aws ")[2])
    return dict(zip(words[2::2], words[3::2], strict=False))


def a_bucket(folder: Path, bucket: str, *names: str) -> None:
    (folder / bucket).mkdir()
    for name in names:
        (folder / bucket / name).touch()


def test_the_first_line_says_what_and_where(tmp_path: Path) -> None:
    assert shown(tmp_path).splitlines()[:2] == [
        f"s3sql serves {tmp_path} at http://127.0.0.1:7",
        f"Version {__version__}; Ctrl-C stops it.",
    ]
    upstream = Upstream("https://s3.example.com", credentials=Credentials("UKEY", "hush-hush"))
    assert shown(upstream=upstream).startswith("s3sql serves https://s3.example.com at http://127.0.0.1:7\n")


def test_credentials(tmp_path: Path) -> None:
    text = shown(tmp_path)
    assert "were made for this run" in text
    assert calls_of(text)["aws_secret_access_key"] == "made-for-this-run"
    text = shown(tmp_path, None, region="eu-1")
    assert "were made for this run" not in text
    assert calls_of(text)["aws_secret_access_key"] == "the secret of AKIDEXAMPLE"
    assert calls_of(text)["region_name"] == "eu-1"


def test_without_keys_there_is_nothing_to_paste(tmp_path: Path) -> None:
    text = shown(tmp_path, None, keys=(), anonymous="select")
    assert text == f"s3sql serves {tmp_path} at http://127.0.0.1:7\nVersion {__version__}; Ctrl-C stops it.\n"


@pytest.mark.parametrize(
    ("name", "described", "output"),
    [
        ("x.CSV", {"CSV": {"FileHeaderInfo": "USE"}}, {"CSV": {}}),
        ("x.json", {"JSON": {"Type": "DOCUMENT"}}, {"JSON": {}}),
        ("x.jsonl", {"JSON": {"Type": "LINES"}}, {"JSON": {}}),
        ("x.parquet", {"Parquet": {}}, {"JSON": {}}),
    ],
)
def test_the_example_is_an_object_that_is_there(
    name: str, described: object, output: object, tmp_path: Path
) -> None:
    a_bucket(tmp_path, "empty")
    a_bucket(tmp_path, "full", "image.png", name, "z.csv")
    text = shown(tmp_path)
    calls = calls_of(text)
    assert (calls["Bucket"], calls["Key"]) == ("full", name)
    assert (calls["InputSerialization"], calls["OutputSerialization"]) == (described, output)
    words = words_of(text)
    assert (words["--bucket"], words["--key"]) == ("full", name)
    assert ast.literal_eval(words["--input-serialization"]) == described


def test_what_is_no_object_is_no_example(tmp_path: Path) -> None:
    a_bucket(tmp_path, ".s3sql", "a.csv")
    a_bucket(tmp_path, "My Folder", "a.csv")
    a_bucket(tmp_path, "bucket-1", "a\x1b[0m.csv")
    (tmp_path / "bucket-1" / "folder.csv").mkdir()
    (tmp_path / "bucket-1" / "link.csv").symlink_to("/etc/passwd")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "My Folder")
    (tmp_path / "file.csv").touch()
    calls = calls_of(shown(tmp_path))
    assert (calls["Bucket"], calls["Key"]) == ("bucket", "flights.csv")
    assert calls_of(shown(tmp_path / "absent"))["Bucket"] == "bucket"


def test_names_are_quoted(tmp_path: Path) -> None:
    name = 'it\'s "$HOME" ä.csv'
    a_bucket(tmp_path, "bucket-1", name)
    text = shown(tmp_path)
    assert calls_of(text)["Key"] == name
    assert words_of(text)["--key"] == name
