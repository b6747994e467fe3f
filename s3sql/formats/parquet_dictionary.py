"""The dictionary page of a column chunk of texts, looked through before its values are decoded.

In: a column chunk whose values may be numbers of a dictionary's entries.  Out: how long the longest entry is.
Arrow could tell it too, but only after it has made a hash table of the entries.

Source: Apache Parquet, Encodings.md and parquet.thrift (PageHeader).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from s3sql.buffers import PADDING, Bytes
from s3sql.formats.parquet_file import READ_BYTES, ParquetSource
from s3sql.formats.parquet_groups import CODECS, UNCOMPRESSED, ColumnChunk
from s3sql.formats.parquet_thrift import read_struct_and_end
from s3sql.kernels.parquet_values import longest_entry

#: The type of a page that is a dictionary, and fields of PageHeader and DictionaryPageHeader.
_DICTIONARY_PAGE = 2
_TYPE, _SIZE, _STORED_SIZE, _HEADER = 1, 2, 3, 7
_ENTRIES = 1

#: Number of the codec that Arrow decodes for Parquet only.
_HADOOP_LZ4 = 5


def longest_text_of(source: ParquetSource, chunk: ColumnChunk) -> int | None:
    """Bytes of the longest entry of the dictionary of *chunk*; None if that cannot be told.

    Raises:
        S3SelectError: ``ParquetParsingError``; what reading the object raises.
    """
    with source.parsing(f"The column {chunk.path!r}"):
        beginning = bytes(source.read(chunk.begin, min(chunk.size, READ_BYTES)))
        header, end = read_struct_and_end(beginning)
        entries = header.get(_HEADER)
        count = entries.get(_ENTRIES) if isinstance(entries, dict) else None
        size, stored_size = header.get(_SIZE), header.get(_STORED_SIZE)
        if header.get(_TYPE) != _DICTIONARY_PAGE or chunk.codec == _HADOOP_LZ4:
            return None
        if not isinstance(count, int) or not isinstance(size, int) or not isinstance(stored_size, int):
            return None
        if not 0 <= stored_size <= chunk.size - end or not 0 <= size <= chunk.uncompressed:
            return None
        stored = beginning[end : end + stored_size]
        if len(stored) < stored_size:
            stored = bytes(source.read(chunk.begin + end, stored_size))
        longest = longest_entry(_page(stored, size, chunk.codec), size, count)
        return None if longest < 0 else longest


def _page(stored: bytes, size: int, codec: int) -> Bytes:
    """A page of *size* bytes before compression, with room behind it that a kernel may read."""
    page = np.zeros(size + PADDING, np.uint8)
    if codec == UNCOMPRESSED:
        contents = np.frombuffer(stored, np.uint8)
    else:
        contents = np.frombuffer(pa.Codec(CODECS[codec]).decompress(stored, size, asbytes=True), np.uint8)
    page[: min(size, len(contents))] = contents[:size]
    return page
