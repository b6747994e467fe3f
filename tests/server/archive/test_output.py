from __future__ import annotations

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.archive.output import Folder, OutputLocation, manifest

ID = "a" * 38


def folder(prefix: str, bucket: str = "out") -> Folder:
    return Folder(OutputLocation(bucket, prefix), ID)


def test_the_names_of_a_jobs_objects() -> None:
    found = folder("reports/2026")
    assert found.job == f"reports/2026/{ID}/job.txt"
    assert found.part(1) == f"reports/2026/{ID}/results/part-00001"
    assert found.part(123456) == f"reports/2026/{ID}/results/part-123456"
    assert found.result_manifest == f"reports/2026/{ID}/result_manifest.txt"
    assert found.error == f"reports/2026/{ID}/errors/error.json"
    assert found.error_manifest == f"reports/2026/{ID}/error_manifest.txt"
    assert found.path == f"out/reports/2026/{ID}"


def test_a_slash_at_the_end_of_the_prefix_is_not_doubled() -> None:
    assert folder("p/").root == folder("p").root == f"p/{ID}"
    assert folder("/").root == f"/{ID}"


def test_the_header_holds_printable_ascii() -> None:
    assert folder("a b/c+d").path_for_header == f"out/a b/c+d/{ID}"
    assert folder("ü%\n").path_for_header == f"out/%C3%BC%25%0A/{ID}"


def test_the_path_has_at_most_512_bytes() -> None:
    room = 512 - len(f"out//{ID}")
    assert len(folder("ü" * (room // 2) + "x" * (room % 2)).path.encode()) == 512
    with pytest.raises(S3SelectError, match=r"would have 513 bytes; .* that is 1 bytes shorter") as caught:
        folder("x" * (room + 1))
    assert (caught.value.code, caught.value.status) == ("InvalidArgument", 400)


def test_a_manifest_has_one_key_a_line() -> None:
    assert manifest([]) == b""
    assert manifest(["a/1", "ü/2"]) == "a/1\nü/2\n".encode()
    assert manifest(["a\nb", '"q"', "c\u2028d"]) == b'"a\\nb"\n"\\"q\\""\n"c\\u2028d"\n'
