"""Every limit of the service, with its unit, its default and where it comes from."""

from __future__ import annotations

#: Longest SQL text, in bytes of UTF-8 (AWS S3 User Guide, "Filtering and retrieving data").
MAX_EXPRESSION_BYTES = 256 * 1024

#: The same of a query on an archived object (AWS S3 User Guide, "Querying archived objects").
MAX_ARCHIVE_EXPRESSION_BYTES = 128 * 1024

#: Longest key of an object, in bytes of UTF-8 (AWS S3 User Guide, "Naming Amazon S3 objects").
MAX_KEY_BYTES = 1024

#: Longest record, read or written, in bytes without its delimiter (AWS: maxCharsPerRecord).
MAX_RECORD_BYTES = 1 << 20

#: Longest value of one column of the result, in bytes before quotes and escapes (AWS: maxCharsPerColumn).
MAX_COLUMN_BYTES = 1 << 20

#: Longest text or list that an operator makes, and most text of one row of the result, in bytes. AWS has
#: neither limit; without them a query of some kilobytes could make gigabytes of a record of one megabyte.
MAX_MADE_BYTES = 128 << 20

#: Most columns of one record; AWS documents the limit only for archive select.
MAX_COLUMNS = 1 << 20

#: Deepest nesting of an expression; a flat chain of operators counts once.
MAX_EXPRESSION_DEPTH = 100

#: Deepest nesting of a JSON value.
MAX_JSON_DEPTH = 512

#: Errors in records that start within this many processed bytes are reported before the stream.
#: A constant, so that tuning the morsel size never changes what a client sees.
BEFORE_STREAM_BYTES = 1 << 20

#: Seconds after which the stream starts even if that first part is not finished.
BEFORE_STREAM_SECONDS = 1.0

#: Largest event-stream message in bytes, prelude and checksums included: the AWS SDK for Java 1.x
#: buffers 128 KiB per message.
MAX_FRAME_BYTES = 131_072 - 256

#: Size of the first morsel in bytes and the size at which doubling stops.
FIRST_MORSEL_BYTES = 128 << 10
MORSEL_BYTES = 4 << 20

#: Records after which a morsel should end: tables of short records are larger than the records.
MORSEL_RECORDS = 128 << 10

#: The same size, at most, for queries whose morsels give no output but the state of an aggregate.
FOLDED_MORSEL_BYTES = 16 << 20

#: Largest row group of a Parquet file before compression (AWS S3 User Guide, 512 MB).
MAX_ROW_GROUP_BYTES = 512 << 20
