"""The steps that every program takes, and what each must answer.

In: the files of :mod:`tests.interop.objects`.  Out: answers by step, made of the files' contents by hand and
by :mod:`hashlib`, never by s3sql.

A query's answer has ``records`` (the text of all records that came), ``code`` (of the error that came instead
of, or behind, them), ``stats`` (bytes scanned, processed, returned), ``progress`` (whether a Progress came)
and ``ended`` (whether End came, or the client reports a whole answer).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tests.interop.objects import (
    CARS,
    CONTENT_TYPE,
    LARGE,
    LARGE_BYTES,
    LATE,
    LATE_FAILING,
    LISTED,
    METADATA,
    PART_BYTES,
    PLAIN,
    large,
    late_row,
)

#: A member that is told but not compared.
ANY = object()

_HEADER = {"CSV": {"FileHeaderInfo": "USE"}, "CompressionType": "NONE"}
_CSV: dict[str, Any] = {"CSV": {}}

#: The queries, in the members of ``SelectObjectContent``.
SELECTS: dict[str, dict[str, Any]] = {
    "select_csv": {
        "Key": PLAIN,
        "Expression": "SELECT s.make, s.note FROM S3Object s WHERE CAST(s.built AS INT) > 1956",
        "InputSerialization": _HEADER,
        "OutputSerialization": _CSV,
    },
    "select_escapes": {
        "Key": PLAIN,
        "Expression": "SELECT s.make, s.model\n FROM S3Object s WHERE s.make <> '\"a&b\"' AND s.make > 'P'",
        "InputSerialization": _HEADER,
        "OutputSerialization": {"CSV": {"RecordDelimiter": "\r\n", "FieldDelimiter": "\t"}},
    },
    "select_unicode": {
        "Key": PLAIN,
        "Expression": "SELECT s.price FROM S3Object s WHERE s.make = 'Škoda'",
        "InputSerialization": _HEADER,
        "OutputSerialization": _CSV,
    },
    "select_json": {
        "Key": "engines.jsonl",
        "Expression": "SELECT s.make, s.engine.cylinders FROM S3Object s WHERE s.engine.litres > 1.5",
        "InputSerialization": {"JSON": {"Type": "LINES"}, "CompressionType": "NONE"},
        "OutputSerialization": {"JSON": {"RecordDelimiter": "\n"}},
    },
    "select_parquet": {
        "Key": "cars.parquet",
        "Expression": "SELECT s.make, s.price FROM S3Object s WHERE s.price < 25000",
        "InputSerialization": {"Parquet": {}, "CompressionType": "NONE"},
        "OutputSerialization": _CSV,
    },
    "select_gzip": {
        "Key": "cars.csv.gz",
        "Expression": "SELECT COUNT(*), MAX(CAST(s.price AS INT)) FROM S3Object s",
        "InputSerialization": {"CSV": {"FileHeaderInfo": "USE"}, "CompressionType": "GZIP"},
        "OutputSerialization": _CSV,
    },
    "select_scan_range": {
        "Key": PLAIN,
        "Expression": "SELECT s.make FROM S3Object s",
        "InputSerialization": _HEADER,
        "OutputSerialization": _CSV,
        # From within the row of Alfa Romeo to within that of Fiat.
        "ScanRange": {"Start": CARS.encode().index(b"Giulia"), "End": CARS.encode().index(b"smallest")},
    },
    "select_progress": {
        "Key": LARGE,
        "Expression": "SELECT COUNT(*) FROM S3Object s WHERE s._2 = '000007'",
        "InputSerialization": {"CSV": {"FileHeaderInfo": "NONE"}, "CompressionType": "NONE"},
        "OutputSerialization": _CSV,
        "RequestProgress": {"Enabled": True},
    },
    "select_nothing": {
        "Key": PLAIN,
        "Expression": "SELECT * FROM S3Object s WHERE s.make = 'Tatra'",
        "InputSerialization": _HEADER,
        "OutputSerialization": {"JSON": {"RecordDelimiter": "\n"}},
    },
    "select_error_before": {
        "Key": PLAIN,
        "Expression": "SELECT s.make FROM S3Object s WHERE",
        "InputSerialization": _HEADER,
        "OutputSerialization": _CSV,
    },
    "select_error_inside": {
        "Key": LATE,
        "Expression": "SELECT s.number, CAST(s.amount AS INT) FROM S3Object s",
        "InputSerialization": _HEADER,
        "OutputSerialization": _CSV,
    },
    "select_missing": {
        "Key": "no such key.csv",
        "Expression": "SELECT * FROM S3Object",
        "InputSerialization": _HEADER,
        "OutputSerialization": _CSV,
    },
}


def answers(folder: Path) -> dict[str, dict[str, Any]]:
    """What each step must answer, in the order of the steps, for the files in *folder*."""
    whole = large()
    parts = [whole[start : start + PART_BYTES] for start in range(0, LARGE_BYTES, PART_BYTES)]
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return {
        "create_bucket": {"buckets": 1},
        "put": {"etag": hashlib.md5(CARS.encode()).hexdigest()},
        "list": {
            "keys": [key for key in LISTED if key.count("/") == 1],
            "prefixes": ["list/sub/", "list/ü/"],
        },
        "list_pages": {"keys": list(LISTED)},
        "head": {
            "size": len(CARS.encode()),
            "etag": hashlib.md5(CARS.encode()).hexdigest(),
            "content_type": CONTENT_TYPE,
            "metadata": METADATA,
        },
        "get": {"text": CARS},
        "get_range": {"text": CARS[5:24], "size": len(CARS.encode())},
        "get_missing": {"code": "NoSuchKey"},
        "copy": {"text": CARS, "metadata": METADATA},
        "multipart": {"etag": f"{hashlib.md5(digests).hexdigest()}-{len(parts)}", "size": LARGE_BYTES},
        "get_large": {"sha256": hashlib.sha256(whole).hexdigest()},
        "get_part": {"sha256": hashlib.sha256(parts[-1]).hexdigest(), "parts": len(parts)},
        "presigned_get": {"status": 200, "text": CARS},
        "wrong_secret": {"code": "SignatureDoesNotMatch"},
        **_selects(folder),
        "delete": {"keys": []},
        "delete_bucket": {"code": "NoSuchBucket"},
    }


def _selects(folder: Path) -> dict[str, dict[str, Any]]:
    cars, zipped, engines, late = (
        (folder / name).stat().st_size for name in (PLAIN, "cars.csv.gz", "engines.jsonl", LATE)
    )
    rows = sum(number % 100 == 7 for number in range(LARGE_BYTES // 16))
    before = "".join(late_row(number) for number in range(1, LATE_FAILING))
    assert late > len(before) > 2 << 20
    return {
        "select_csv": _whole(
            'Alfa Romeo,"first, of many"\nFiat,smallest\nPorsche,"said ""go"""\nŠkoda,combi\n', cars
        ),
        "select_escapes": _whole("Porsche\t911\r\nVolvo\tAmazon\r\nŠkoda\tOctavia\r\n", cars),
        "select_unicode": _whole("27500\n", cars),
        "select_json": _whole(
            '{"make":"Citroën","cylinders":4}\n{"make":"Porsche","cylinders":6}\n', engines
        ),
        # How much of a Parquet object is read is the engine's own affair.
        "select_parquet": _whole("Porsche,21900\nVolvo,12600\n", ANY, ANY),
        "select_gzip": _whole("6,1395000\n", zipped, cars),
        "select_scan_range": _whole("Citroën\nFiat\n", ANY, ANY),
        "select_progress": _whole(f"{rows}\n", LARGE_BYTES) | {"progress": True},
        "select_nothing": _whole("", cars),
        "select_error_before": _refused("", "ParseExpectedExpression"),
        "select_error_inside": _refused(before, "CastFailed"),
        "select_missing": _refused("", "NoSuchKey"),
    }


def _whole(records: str, scanned: object, processed: object = None) -> dict[str, Any]:
    stats = [scanned, scanned if processed is None else processed, len(records.encode())]
    return {"records": records, "code": None, "stats": stats, "progress": False, "ended": True}


def _refused(records: str, code: str) -> dict[str, Any]:
    return {"records": records, "code": code, "stats": None, "progress": False, "ended": False}
