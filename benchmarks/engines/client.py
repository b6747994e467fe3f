"""s3sql through boto3's interface: ``s3sql.client(folder).select_object_content(…)``."""

from __future__ import annotations

from pathlib import Path

import s3sql
from benchmarks.engines import Variant
from benchmarks.engines.s3sql import receive
from benchmarks.queries import Query


class Client:
    version = s3sql.__version__

    def variants(self, query: Query, path: Path) -> dict[str, Variant]:
        client = s3sql.client(path.parent.parent)

        def select(target: Path | None) -> object:
            answer = client.select_object_content(
                Bucket=path.parent.name,
                Key=path.name,
                Expression=query.sql,
                ExpressionType="SQL",
                InputSerialization=input_serialization(query),
                OutputSerialization={"CSV": {}},
            )
            return receive(answer["Payload"], query, target)

        return {"select_object_content": select}


def input_serialization(query: Query) -> dict[str, object]:
    """What the file of *query* holds, in boto3's shape."""
    if query.is_json:
        return {"JSON": {"Type": "LINES"}}
    if query.is_parquet:
        return {"Parquet": {}}
    compression = "GZIP" if query.input == "lineitem-gzip" else "NONE"
    return {"CSV": {}, "CompressionType": compression}


def open_engine(threads: int) -> Client:
    return Client()
