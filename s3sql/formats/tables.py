"""What an input format of one's own is: an object becomes a table, read in pieces.

In: an object as a binary file.  Out: an Arrow schema, and record batches with the columns that a query names.
This is all that such a format has to say; compression, names, filters, output and workers are the engine's:

    InputFormat.open(file) ─▶ Table ─ schema ─────────────▶ the binder, for the names in the query
                                    └ pieces(columns) ────▶ one thread after the other reads a piece …
                                                            … and workers decode several at once

A piece is a record batch, or a function without arguments that gives one. The generator of pieces runs in
one thread at a time; such functions run in the workers, side by side, and that is where the time should be
spent. A piece is best made of about a mebibyte of the object: so much is held for each worker, and so much
has been read in vain when a query needs no more rows. Contents that cannot be read are a ``ValueError``, as
Arrow's are.

A format is registered with :func:`s3sql.extend.input_format`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

#: Some rows, or what decodes them in a worker.
Piece: TypeAlias = "pa.RecordBatch | Callable[[], pa.RecordBatch]"

#: Bytes of text in a block of lines.
BLOCK_BYTES = 1 << 20


class Table(Protocol):
    """One object of a format, open."""

    @property
    def schema(self) -> pa.Schema:
        """All columns in order, known before the first row; not every Arrow type is one of SQL's."""
        ...

    def pieces(self, columns: tuple[int, ...]) -> Iterator[Piece]:
        """The rows from the first on, in order; called once.

        *columns*: the numbers, from 0 and ascending, of the columns that the query names, at least one where
        there is one. A batch has these columns, in this order, or all columns of the schema.

        Raises:
            ValueError: the object cannot be read on. So may the functions among the pieces.
        """
        ...

    def close(self) -> None:
        """Let go of what is held; called once, also where not all pieces were taken."""
        ...


class InputFormat(Protocol):
    """A format with its settings. Thread-safe: all queries share it."""

    @property
    def random_access(self) -> bool:
        """Whether the file must be one that can seek.

        Then a compressed object, and a stream, are stored in a temporary file first. Else the file is read
        forward only, decompressed on the way.
        """
        ...

    def open(self, file: IO[bytes]) -> Table:
        """Look at the beginning of an object, or wherever its schema stands; *file* is at its first byte.

        Raises:
            ValueError: this is no such object.
        """
        ...


def line_blocks(file: IO[bytes], size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """The text of *file* in blocks of whole lines, each of about *size* bytes, in order.

    A line is longer than a block where need be; the last one may lack its line feed.

    Raises:
        ValueError: a line is longer than 64 blocks, which is no text of lines.
    """
    rest: list[bytes] = []
    held = 0
    while piece := file.read(size):
        end = piece.rfind(b"\n") + 1
        if not end:
            rest.append(piece)
            held += len(piece)
            if held > _LONGEST_LINE * size:
                raise ValueError(f"a line is longer than {_LONGEST_LINE * size:,} bytes")
            continue
        yield b"".join([*rest, piece[:end]])
        rest, held = [piece[end:]], len(piece) - end
    last = b"".join(rest)
    if last:
        yield last


#: Blocks that one line may be long.
_LONGEST_LINE = 64
