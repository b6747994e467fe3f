"""Small objects with all kinds of values, for the targets whose bytes are queries.

``NAMES`` are the columns, or the members of every record.
"""

from __future__ import annotations

import datetime
import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from s3sql.request import CsvInput, InputFormat, JsonInput, ParquetInput

NAMES = ("a", "b", "c", "d")

_CSV = b"""a,b,c,d
1,x,2010-01-02T03:04:05.006Z,1.50
-7,"y, z",2012-02-29,1e3

,\xc3\xa9,2010T,99999999999999999999
12,,not a time,-0.0
9223372036854775807,TRUE,0001-01-01T00:00+23:59
"1","a""b",x,NaN
"""

_JSON = b"""{"a":1,"b":"x","c":[1,{"a":2},null],"d":{"a":true,"b":[]}}
{"a":-2.50,"b":"","c":"2010-01-02T03:04:05Z","d":null}
{"a":null,"b":"\\u00e9\\n","c":[],"d":1e400}
{"a":"7","c":{"a":1},"d":12345678901234567890123}
{"A":9223372036854775807,"b":false,"c":[[1],[2,3]],"d":0.1}
{"a":"2012-02-29","b":"a%b","c":1,"d":1e-3}
[1,{"a":3,"b":"q"}]
"""


def _parquet() -> bytes:
    moments = [datetime.datetime(2010, 1, 2, 3, 4, 5, 6000), None, datetime.datetime(2012, 2, 29)]
    table = pa.table(
        {
            "a": pa.array([1, None, -(2**63)] * 2, pa.int64()),
            "b": pa.array(["x", "é", None] * 2, pa.string()).dictionary_encode(),
            "c": pa.array(moments * 2, pa.timestamp("ms", "UTC")),
            "d": pa.array([Decimal("1.50"), Decimal("-9.99"), None] * 2, pa.decimal128(20, 2)),
        }
    )
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=4)
    return file.getvalue()


#: The bytes of each object and how to read them.
OBJECTS: tuple[tuple[bytes, InputFormat], ...] = (
    (_CSV, CsvInput(file_header_info="USE")),
    (_JSON, JsonInput("LINES")),
    (_parquet(), ParquetInput()),
    (_CSV, CsvInput(file_header_info="IGNORE")),
    (b"[" + b",".join(_JSON.splitlines()) + b"]", JsonInput("DOCUMENT")),
    (b"", CsvInput(file_header_info="USE")),
)
