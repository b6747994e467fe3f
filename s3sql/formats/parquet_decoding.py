"""Decoding the columns of one row group, some rows at a time.

In: an open file, a row group and the top-level columns wanted.  Out: Arrow arrays, as many rows as asked for.

Arrow decodes forward only and in steps of one size, so that is how rows are asked for. What decides the
memory of a step is not told by the footer where values stand in a dictionary: a page of a few bytes may be a
text of a mebibyte in each of a million rows. Texts are therefore read as what they are, numbers of a
dictionary's entries, unless the column is too varied for that to pay and its longest entry is known to be
short; those within lists only where they may be long.

Columns that the filter does not read come late (:class:`LateColumns`): they are decoded when a worker asks
for them, and not even read if none does in the whole row group.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from s3sql.errors import S3SelectError
from s3sql.formats.parquet_arrays import dictionary_arrays, without_views
from s3sql.formats.parquet_dictionary import longest_text_of
from s3sql.formats.parquet_file import ParquetSource, SourceFile
from s3sql.formats.parquet_footer import Footer
from s3sql.formats.parquet_groups import PLAIN_DICTIONARY, RLE_DICTIONARY, ColumnChunk, RowGroup
from s3sql.formats.parquet_layouts import ValueLayout
from s3sql.formats.parquet_schema import INT96_UNIT
from s3sql.plan.schema import ParquetSchema

Array: TypeAlias = "pa.Array[Any]"

#: Most bytes that the texts of one step may take if each is as long as the longest of its dictionary.
_STEP_TEXT_BYTES = 64 << 20

_DICTIONARY_ENCODINGS = frozenset({RLE_DICTIONARY, PLAIN_DICTIONARY})

#: A text that stands in no dictionary takes four bytes for its length at least.
_PLAIN_BYTES = 4
_SMALL_CHUNK_BYTES = 64 << 10

_TEXT_FORMS = frozenset({"text", "bytes"})


@dataclass(frozen=True, slots=True)
class ParquetContents:
    """A file whose footer has been read.

    ``layouts``: how values lie in those columns that have been asked for, None for what is left to Arrow. The
    footer alone tells, so all queries of files with this footer may share them.
    """

    source: ParquetSource
    footer: Footer
    schema: ParquetSchema
    layouts: dict[int, ValueLayout | None] = field(default_factory=dict)

    def leaves(self, number: int) -> range:
        """The leaf columns of the top-level column *number*."""
        first = sum(self.footer.leaves[:number])
        return range(first, first + self.footer.leaves[number])

    def reader(self, leaves: Sequence[int], dictionaries: Sequence[int], piece: int) -> Any:
        """Arrow's reader for *leaves* of the file, *dictionaries* of which as numbers of entries.

        ``piece``: bytes to read of a column chunk at a time, 0 for all at once.
        """
        # Arrow takes numbers for names, which its annotations do not know.
        numbers: Any = list(dictionaries)
        file = pq.ParquetFile(
            SourceFile(self.source).for_arrow(),
            metadata=self.footer.metadata,
            read_dictionary=numbers,
            buffer_size=piece,
            pre_buffer=False,
            coerce_int96_timestamp_unit=INT96_UNIT,
        )
        reader: Any = file
        return reader.reader


class Decoder:
    """Reads row groups, each for the same top-level columns. Not thread-safe."""

    def __init__(self, contents: ParquetContents, numbers: tuple[int, ...]) -> None:
        """``numbers``: of the columns, ascending."""
        self.numbers = numbers
        self._contents = contents
        self._leaves = [leaf for number in numbers for leaf in contents.leaves(number)]
        self._texts = {
            contents.leaves(number)[0]
            for number in numbers
            if contents.schema.columns[number].type.form in _TEXT_FORMS
        }
        self._readers: dict[tuple[tuple[int, ...], int], Any] = {}

    def open(self, group: RowGroup, step: int) -> GroupRows:
        """The rows of *group* in steps of *step* rows.

        Raises:
            S3SelectError: ``ParquetParsingError``; what reading the object raises.
        """
        dictionaries = tuple(
            leaf for leaf in self._leaves if self._wants_dictionary(group.columns[leaf], leaf, step)
        )
        batches = self._batches(dictionaries, group, self._leaves, step)
        return GroupRows(batches, group, self.numbers, self._contents.source)

    def _wants_dictionary(self, chunk: ColumnChunk, leaf: int, step: int) -> bool:
        """Whether a column of texts is to be read as numbers of a dictionary's entries.

        Texts within lists are, where they may be too long otherwise: one row may have all of them.
        """
        if chunk.physical != "BYTE_ARRAY" or not chunk.encodings & _DICTIONARY_ENCODINGS:
            return False
        nested = leaf not in self._texts
        if not nested and chunk.uncompressed < _PLAIN_BYTES * chunk.values + _SMALL_CHUNK_BYTES:
            return True
        # Some values stand in no dictionary, and to put them into one is slow.
        longest = longest_text_of(self._contents.source, chunk)
        return longest is None or longest * (chunk.values if nested else step) > _STEP_TEXT_BYTES

    def _batches(
        self, dictionaries: tuple[int, ...], group: RowGroup, leaves: Sequence[int], step: int
    ) -> Iterator[Any]:
        piece = self._contents.source.piece_bytes(len(leaves))
        if all(group.columns[leaf].size <= piece for leaf in leaves):
            # Of a chunk that is read in pieces Arrow takes memory for as many bytes as a page says to have,
            # two gibibytes if it lies.
            piece = 0
        with self._contents.source.parsing("The schema"):
            if (dictionaries, piece) not in self._readers:
                self._readers[dictionaries, piece] = self._contents.reader(leaves, dictionaries, piece)
        reader = self._readers[dictionaries, piece]
        batches: Iterator[Any] = reader.iter_batches(
            step, row_groups=[group.number], column_indices=list(leaves), use_threads=len(leaves) > 1
        )
        return batches


class GroupRows:
    """The rows of one row group, to be taken forward."""

    def __init__(
        self, batches: Iterator[Any], group: RowGroup, numbers: tuple[int, ...], source: ParquetSource
    ) -> None:
        self._batches = batches
        self._group = group
        self._numbers = numbers
        self._source = source
        self._rest: Any = None

    def take(self, count: int) -> dict[int, Array]:
        """The next *count* rows, an array of each column by its number.

        Raises:
            S3SelectError: ``ParquetParsingError``; what reading the object raises.
        """
        pieces: list[Any] = []
        with self._source.parsing(f"Row group {self._group.number}"):
            while count:
                batch = self._rest if self._rest is not None else next(self._batches, None)
                if batch is None or batch.num_columns != len(self._numbers):
                    raise S3SelectError(
                        "ParquetParsingError",
                        f"Row group {self._group.number} of the Parquet file has fewer rows than the "
                        f"{self._group.rows:,} that the footer tells.",
                    )
                self._rest = batch.slice(count) if batch.num_rows > count else None
                pieces.append(batch.slice(0, count))
                count -= pieces[-1].num_rows
            found: dict[int, Array] = {}
            for place, number in enumerate(self._numbers):
                columns = [_checked(piece.column(place)) for piece in pieces]
                found[number] = without_views(columns[0] if len(columns) == 1 else pa.concat_arrays(columns))
            return found


def _checked(values: Array) -> Array:
    """*values*, of whose dictionaries Arrow has not seen whether every number is that of an entry.

    Raises:
        ValueError: one is not.
    """
    for found in dictionary_arrays(values):
        # Late: it makes hundreds of functions when it is imported, and only dictionaries come here.
        import pyarrow.compute as pc

        ends: Any = pc.min_max(found.indices)
        least, greatest = ends["min"].as_py(), ends["max"].as_py()
        if least is not None and not 0 <= least <= greatest < len(found.dictionary):
            raise ValueError(
                f"a value is entry {greatest} of a dictionary of {len(found.dictionary)} entries"
            )
    return values


class LateColumns:
    """Columns of one row group that are decoded when the first worker asks for them. Thread-safe.

    The row group is divided into parts of ``counts`` rows; a part that was decoded for the sake of a later
    one is kept until it is given up. Where Arrow cannot read on, no later part can be read either.
    """

    def __init__(self, open_rows: Callable[[], GroupRows], counts: Sequence[int]) -> None:
        self._open_rows = open_rows
        self._counts = counts
        self._lock = threading.Lock()
        self._rows: GroupRows | None = None
        self._next = 0
        self._held: dict[int, dict[int, Array]] = {}
        self._given_up: set[int] = set()
        self._error: BaseException | None = None

    def take(self, part: int) -> dict[int, Array]:
        """The columns of part number *part*, which has been neither taken nor given up.

        Raises:
            S3SelectError: as :meth:`GroupRows.take`.
        """
        with self._lock:
            while self._next <= part:
                if self._error is not None:
                    raise self._error
                found = self._decode()
                if self._next not in self._given_up:
                    self._held[self._next] = found
                self._next += 1
            return self._held.pop(part)

    def _decode(self) -> dict[int, Array]:
        """The next part."""
        try:
            if self._rows is None:
                self._rows = self._open_rows()
            return self._rows.take(self._counts[self._next])
        except BaseException as error:
            self._error = error
            raise

    def give_up(self, part: int) -> None:
        """Nobody will ask for part number *part* any more."""
        with self._lock:
            self._given_up.add(part)
            self._held.pop(part, None)
