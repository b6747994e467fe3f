"""Extensions of a program's own, one of each kind but the rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from s3sql.errors import S3SelectError
from s3sql.formats.tables import Piece, line_blocks
from s3sql.functions import registry
from s3sql.serialize.base import Member, OutputMember, Records
from s3sql.serialize.csv_fields import field_text
from s3sql.stores.memory import BytesObject
from s3sql.types import Column, Kind


def plus_one(arguments: Sequence[Column], fail: registry.Fail) -> Column:
    fitting = registry.eligible("PLUS_ONE", arguments[:1], (Kind.INT,), fail)
    if not fitting.any():
        return Column.unknown(Kind.NULL, len(fitting))
    tags = np.where(fitting, np.uint8(Kind.INT), np.uint8(Kind.NULL))
    return Column.tagged(tags, {Kind.INT: arguments[0].array(Kind.INT) + 1})


class ColonLines:
    """Lines of ``name:number``."""

    random_access = False

    def open(self, file: IO[bytes]) -> ColonTable:
        return ColonTable(file)


class ColonTable:
    schema = pa.schema([("name", pa.string()), ("number", pa.int64())])

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def pieces(self, columns: tuple[int, ...]) -> Iterator[Piece]:
        for block in line_blocks(self.file):
            yield partial(self.decoded, block)

    def decoded(self, block: bytes) -> pa.RecordBatch:
        table = pc.read_csv(
            pa.BufferReader(block),
            read_options=pc.ReadOptions(column_names=self.schema.names),
            parse_options=pc.ParseOptions(delimiter=":"),
            convert_options=pc.ConvertOptions(column_types=self.schema),
        )
        return table.combine_chunks().to_batches()[0]

    def close(self) -> None:
        pass


class Semicolons:
    """Each value followed by a semicolon, and nothing between records."""

    def serialize(self, members: Sequence[OutputMember], length: int) -> Records:
        texts = [
            field_text(member.column).to_bytes() if isinstance(member, Member) else [b"*"] * length
            for member in members
        ]
        records = [b"".join(value + b";" for value in row) for row in zip(*texts, strict=True)]
        return Records(
            np.frombuffer(b"".join(records), np.uint8),
            np.cumsum([len(record) for record in records], dtype=np.int64),
        )


class Shelf:
    """A store of objects in memory."""

    def __init__(self, objects: dict[tuple[str, str], bytes]) -> None:
        self.objects = objects

    def open(self, bucket: str, key: str, **options: Any) -> BytesObject:
        if (bucket, key) not in self.objects:
            raise S3SelectError("NoSuchKey", f"There is no {bucket}/{key} on the shelf.")
        return BytesObject(self.objects[bucket, key])


SHELF = Shelf({("top", "a.csv"): b"1,2\n3,4\n"})
