"""What objects are taken for: realistic ones, hostile ones, and what the guess means for a query."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import s3sql
from s3sql.errors import S3SelectError
from s3sql.sniffer import Sniffed
from s3sql.sniffer.json_beginning import begins_as_json
from s3sql.sniffer.looks import Look, look_of
from s3sql.sniffer.names import name_of, named
from s3sql.sniffer.sniffing import sniff
from s3sql.stores.memory import BytesObject
from s3sql.stores.sources import open_source


def sniffed(content: bytes, name: str = "", **said: Any) -> Sniffed:
    with BytesObject(content) as opened:
        return sniff(opened, name, said)


def told(content: bytes, name: str = "", **said: Any) -> tuple[str, ...]:
    """Format, and of CSV the delimiter and the header line."""
    found = sniffed(content, name, **said)
    parts = (found.input_format, found.field_delimiter, found.file_header_info)
    return tuple(part.value for part in parts if part is not None)


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2]}), file)
    return file.getvalue()


COMMA, SEMICOLON, TAB, BAR = ",", ";", "\t", "|"

#: CSV as people and programs write it: content, field delimiter, header line.
TABLES: dict[str, tuple[str, str, str]] = {
    "flights": (
        "carrier,flight,origin,dest,arr_delay\nHA,51,JFK,HNL,1272\nUA,1545,EWR,IAH,11\nEV,4308,EWR,RDU,NA\n",
        COMMA, "USE",
    ),
    "flights without their header": (
        "HA,51,JFK,HNL,1272\nUA,1545,EWR,IAH,11\nEV,4308,EWR,RDU,NA\n", COMMA, "NONE",
    ),
    "a missing value comes first": ("NA,foo\n1,bar\n2,baz\n", COMMA, "NONE"),
    "unknown comes first": ("unknown,foo\n1,bar\n2,baz\n", COMMA, "NONE"),
    "decimal commas": ("Name;Preis;Menge\nStuhl;120,50;2\nTisch;99,95;1\nLampe;12,00;10\n", SEMICOLON, "USE"),
    "decimal commas alone": ("1,50;2,75\n3,25;4,00\n5,10;6,90\n", SEMICOLON, "NONE"),
    "thousands marks": ("region;sales\nnorth;1.234,50\nsouth;2.345,00\n", SEMICOLON, "USE"),
    "quoted thousands": ('city,population\nParis,"2,102,650"\nRome,"2,754,719"\n', COMMA, "USE"),
    "text with commas between semicolons": (
        "name;age;city\nSmith, John;12;Boston\nDoe, Jane;33;Paris\n", SEMICOLON, "USE",
    ),
    "text with semicolons between commas": ('id,tags\n1,"a;b;c"\n2,"d;e;f"\n3,"g;h;i"\n', COMMA, "USE"),
    "bars within a field": ("id,tags\n1,a|b|c\n2,d|e|f\n3,g|h|i\n", COMMA, "USE"),
    "bars": ("id|name|score\n1|ann|0.5\n2|bob|0.7\n", BAR, "USE"),
    "tabs": ("id\tname\tscore\n1\tann\t0.5\n2\tbob\t0.7\n", TAB, "USE"),
    "tabs with commas in text": ("id\ttext\n1\tHello, world\n2\tWell, well, well\n3\tno\n", TAB, "USE"),
    "CR LF": ("id,name\r\n1,ann\r\n2,bob\r\n", COMMA, "USE"),
    "no line end at the end": ("id,name\n1,ann\n2,bob", COMMA, "USE"),
    "blank lines": ("\nid,name\n\n1,ann\n\n2,bob\n\n", COMMA, "USE"),
    "comments": ("# exported 2024-01-01\n# by a program\nid,name\n1,ann\n2,bob\n", COMMA, "USE"),
    "comments between": ("id,name\n1,ann\n# half, way, through\n2,bob\n", COMMA, "USE"),
    "a header that is a comment": ("#id,name\n1,ann\n2,bob\n", COMMA, "NONE"),
    "blanks in names": ("First Name,Arrival Delay\nann,12\nbob,13\n", COMMA, "USE"),
    "units in names": ("Speed (km/h),Temp [°C],Share %\n12.5,20,3\n13.5,21,4\n", COMMA, "USE"),
    "names with digits": ("5yr_return,q1 2024\n0.3,0.1\n0.4,0.2\n", COMMA, "USE"),
    "years for names": ("country,2019,2020,2021\nItaly,59.8,59.4,59.2\nSpain,47.1,47.4,47.4\n", COMMA, "USE"),
    "years every five": ("country;1990;1995;2000\nA;1;2;3\nB;4;5;6\n", SEMICOLON, "USE"),
    "years for values": ("France,2019,2020\nItaly,2018,2021\nSpain,2017,2022\n", COMMA, "NONE"),
    "dates": ("2024-01-01,12.5\n2024-01-02,13.5\n", COMMA, "NONE"),
    "dates below a name": ("date,value\n2024-01-01,12.5\n2024-01-02,13.5\n", COMMA, "USE"),
    "German dates": ("Datum;Wert\n31.12.2024;5\n01.01.2025;6\n", SEMICOLON, "USE"),
    "American dates": ("when,what\n12/31/2024 10:30 PM,x\n1/1/2025 9:00 AM,y\n", COMMA, "USE"),
    "times": ("start,stop\n10:30,11:45\n12:00,12:15\n", COMMA, "USE"),
    "instants": ("time,level\n2024-01-01T10:00:00Z,INFO\n2024-01-01T10:00:01+01:00,WARN\n", COMMA, "USE"),
    "truth values": ("name,active\nann,true\nbob,false\n", COMMA, "USE"),
    "truth values first": ("true,ann\nfalse,bob\n", COMMA, "NONE"),
    "letters for yes and no": ("ja,ann\ny,bob\nn,cy\n", COMMA, "NONE"),
    "percentages and money": ("item,price,share\nchair,$120.50,12%\nlamp,$9.99,3%\n", COMMA, "USE"),
    "exponents": ("x,y\n1e-3,2.5E+10\n2e-3,inf\n", COMMA, "USE"),
    "columns called x and y": ("x,y\n1,2\n3,4\n", COMMA, "USE"),
    "a column called no": ("no,name\n1,ann\n2,bob\n", COMMA, "USE"),
    "an exported index": (",name,score\n0,ann,1.5\n1,bob,2.5\n", COMMA, "USE"),
    "a delimiter ends each line": ("id,name,\n1,ann,\n2,bob,\n", COMMA, "USE"),
    "an empty field in the middle": ("id,,name\n1,2,ann\n3,4,bob\n", COMMA, "NONE"),
    "a name twice": ("id,id\n1,2\n3,4\n", COMMA, "NONE"),
    "a single column of numbers": ("value\n1\n2\n3\n", COMMA, "USE"),
    "a single column of numbers, no name": ("1\n2\n3\n", COMMA, "NONE"),
    "a single column of words": ("order\nfirst\nstatus\nwater\n", COMMA, "NONE"),
    "a single column of addresses": ("email\na@x.org\nb@x.org\nc@x.org\nd@x.org\n", COMMA, "USE"),
    "addresses, no name": ("z@x.org\na@x.org\nb@x.org\nc@x.org\nd@x.org\n", COMMA, "NONE"),
    "all text, no header": ("alice,paris\nbob,rome\ncarol,madrid\ndave,oslo\n", COMMA, "NONE"),
    "all text, words that name columns": ("name,city\nalice,paris\nbob,rome\ncarol,oslo\n", COMMA, "USE"),
    "all text, capitals below": ("Vorname,Ort\nANN,ULM\nBOB,BONN\nCAROL,KIEL\nDAVE,HAMM\n", COMMA, "USE"),
    "all text, as programs write names": ("firstName,homeTown\nann,ulm\nbob,bonn\n", COMMA, "USE"),
    "keys and values": ("name,alice\nemail,x\ncity,paris\ncountry,france\n", COMMA, "NONE"),
    "a category": ("wer,farbe\n" + "ann,rot\nbob,blau\ncy,gelb\n" * 10, COMMA, "USE"),
    "a category without a name": ("ann,rot\nbob,blau\ncy,gelb\n" * 10, COMMA, "NONE"),
    "capitals below, but for the first painter": ("van Gogh\nPicasso\nMonet\nManet\nDali\n", COMMA, "NONE"),
    "a list of hosts": ("localhost\n" + "".join(f"host{n}\n" for n in range(30)), COMMA, "NONE"),
    "a list of paths": ("here\n/usr\n/bin\n/etc\n/var\n", COMMA, "NONE"),
    "lines of a log that repeats itself": ("started\n" + "ping\n" * 40, COMMA, "NONE"),
    "a single column that starts with a word for columns": ("start\n" + "ping\n" * 40, COMMA, "NONE"),
    "brands, the first one as programs write names": ("eBay\nGoogle\nApple\nAmazon\nNokia\n", COMMA, "NONE"),
    "few users, the first one without digits": ("admin,root\nu1,ann\nu2,bob\nu3,cy\nu4,di\n", COMMA, "NONE"),
    "many users below another word": (
        "login,wer\n" + "".join(f"u{n},ann{chr(97 + n)}\n" for n in range(20)), COMMA, "USE",
    ),
    "names above letters and digits": ("sku,wo\nA12,k1\nB77,k2\nC31,k9\nD40,k7\n", COMMA, "USE"),
    "ragged rows": ("id,name,score\n1,ann\n2,bob,3\n4,cy,5\n6,di,7\n8,ed,9\n", COMMA, "USE"),
    "a title above": ("Report of 2024\n\nid,name,score\n1,ann,3\n2,bob,4\n", COMMA, "NONE"),
    "a header that lacks the row names": ("a,b\nrow1,1,2\nrow2,3,4\nrow3,5,6\n", COMMA, "NONE"),
    "two header lines joined": ("id,name\n1,ann\nid,name\n2,bob\n", COMMA, "NONE"),
    "a log": (
        "2024-01-01 10:00:00 INFO started\n2024-01-01 10:00:01 WARN slow, very slow\n"
        "2024-01-01 10:00:02 INFO done\n", COMMA, "NONE",
    ),
    "an access log": (
        '10.0.0.1 - - [01/Jan/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5\n'
        '10.0.0.2 - - [01/Jan/2024:10:00:01 +0000] "GET /a HTTP/1.1" 404 9\n', COMMA, "NONE",
    ),
    "a log of lists": ("[2024] started, at last\n[2024] ended\n", COMMA, "NONE"),
    "prose": ("It was a dark, stormy night.\nNothing moved.\nThen, all at once, it did.\n", COMMA, "NONE"),
    "a header alone": ("id,name,created_at\n", COMMA, "USE"),
    "one record of data": ("1,ann,2024-01-01\n", COMMA, "NONE"),
    "one record that may be either": ("alice,paris\n", COMMA, "NONE"),
    "one record between semicolons": ("a;b;c\n", SEMICOLON, "NONE"),
    "one word": ("hello", COMMA, "NONE"),
    "comments only": ("# nothing\n# here\n", COMMA, "NONE"),
    "quoted names": ('"id","first name"\n"1","ann"\n"2","bob"\n', COMMA, "USE"),
    "quoted lines": ('id,note\n1,"two\nlines"\n2,"one"\n', COMMA, "USE"),
    "quoted delimiters": ('id,note\n1,"a;b\tc|d,e"\n2,"f"\n', COMMA, "USE"),
    "a byte order mark": ("\ufeffid,name\n1,ann\n2,bob\n", COMMA, "USE"),
    "names in other scripts": ("名前,年齢\n太郎,12\n花子,13\n", COMMA, "USE"),
    "a name that is too long": (f"{'x' * 200},b\n1,2\n3,4\n", COMMA, "NONE"),
    "identifiers": (
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301,x\n6fa459ea-ee8a-3ca4-894e-db77e160355e,y\n", COMMA, "NONE",
    ),
    "fields that begin with braces": ("{a},1\n{b},2\n", COMMA, "NONE"),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
def test_tables(case: str) -> None:
    text, delimiter, header = TABLES[case]
    assert told(text.encode()) == ("csv", delimiter, header)


@pytest.mark.parametrize("case", TABLES)
@pytest.mark.parametrize("name", ["export.txt", "export.csv"])
def test_names_change_nothing_of_what_they_do_not_say(case: str, name: str) -> None:
    text, delimiter, header = TABLES[case]
    assert told(text.encode(), name) == ("csv", delimiter, header)


def test_there_are_many_tables() -> None:
    assert len(TABLES) >= 60


def test_latin_1_is_told_by_the_query() -> None:
    text = "name;größe\nann;1,5\nbjörn;1,8\n".encode("latin-1")
    assert told(text) == ("csv", SEMICOLON, "USE")
    with pytest.raises(S3SelectError, match="InvalidTextEncoding"):
        s3sql.query("SELECT * FROM S3Object", text, guess=True).to_arrow()


#: Beginnings of JSON, and what only looks like it.
JSON: dict[bytes, bool] = {
    b'{"a": 1}\n{"a": 2}\n': True,
    b'\xef\xbb\xbf{"a": 1}': True,
    b' \r\n\t {"a": {"b": [1, 2.5e3, null, true, "x\\u00e9\\n"]}}': True,
    b'[{"a": 1}, {"a": 2}]': True,
    b"[1, 2, 3]": True,
    b"[]": True,
    b"{}": True,
    b'{"a": 1}\nnot json\n': True,
    b'{"a": 1, "b": "cut sho': True,
    b'{"a": 1, "b"': True,
    b'{"a":tr': True,
    b"{": True,
    b"[" * 100_000: True,
    b'{"a":' * 100_000: True,
    b"{name} said\n": False,
    b"{'a': 1}": False,
    b'{"a" 1}': False,
    b'{"a": 1,}': False,
    b'{"a": 01}': False,
    b'{"a": "tab\tinside"}': False,
    b"[INFO] started": False,
    b"[2024-01-01 10:00] started": False,
    b"[2024] started": False,
    b"[1] note\n[2] note\n": False,
    b'"a","b"\n': False,
    b"1\n2\n": False,
    b"{{x}}": False,
    b"}": False,
    b"[}": False,
}


@pytest.mark.parametrize("content", JSON, ids=lambda content: repr(content[:24]))
def test_json(content: bytes) -> None:
    assert (told(content)[0] == "json") is JSON[content]


def test_json_that_is_cut_by_the_look() -> None:
    record = b'{"text": "' + b"x\\n" * 300_000 + b'", "n": [1.25, true]}'
    for end in range(65_530, 65_545):
        assert begins_as_json(record[:end], whole=False)
    assert told(b"[" + b"1234567," * 100_000 + b"1]") == ("json",)


@pytest.mark.parametrize("end", range(1, 40))
def test_json_that_is_cut_anywhere(end: int) -> None:
    text = b'{"a": [-1.5e+3, "\\u00e9\\\\", true, null]} '[:end]
    assert begins_as_json(text, whole=False)


class TestFormats:
    def test_names_come_first(self) -> None:
        assert told(b'{"a": 1}\n', "t.csv")[0] == "csv"
        assert "looks like JSON" in sniffed(b'{"a": 1}\n', "t.csv").input_format.evidence
        assert told(b"a,b\n1,2\n", "t.json") == ("json",)
        assert told(b"a,b\n", "t.parquet") == ("parquet",)
        assert sniffed(b"a,b\n", "T.CSV").input_format.source == "name"

    def test_parquet_by_its_first_bytes(self) -> None:
        found = sniffed(parquet())
        assert found.keywords() == {"input_format": "parquet", "compression_type": "NONE"}
        assert found.input_format.source == "content"
        against = sniffed(parquet(), "t.csv").input_format
        assert (against.value, against.source) == ("parquet", "content")
        assert "although the name ends in .csv" in against.evidence

    def test_a_text_that_begins_with_the_same_letters(self) -> None:
        assert told(b"PAR1,PAR2\n1,2\n3,4\n") == ("csv", ",", "USE")

    def test_gzip_of_parquet_is_refused_as_by_keywords(self) -> None:
        with pytest.raises(S3SelectError, match=r"InvalidRequestParameter: .*Parquet") as failed:
            s3sql.query("SELECT * FROM S3Object", gzip.compress(parquet()), guess=True)
        assert failed.value.hint == "a Parquet file within GZIP is decompressed before it is queried"

    def test_keywords_imply_a_format(self) -> None:
        assert told(b'{"a": 1}', comments="")[0] == "csv"
        assert told(b"a,b\n", json_type="LINES") == ("json",)
        found = sniffed(b"a,b\n", quote_character="'").input_format
        assert (found.source, found.evidence) == ("given", "quote_character is given, and only CSV has one")

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"\x28\xb5\x2f\xfd\x04\x00", "Zstandard"),
            (b"\xfd7zXZ\x00\x00\x04", "xz"),
            (b"PK\x03\x04\x14\x00", "ZIP"),
            (b"Obj\x01\x04\x14avro.codec", "Avro"),
            (b"ORC\n\x03\x00", "ORC"),
            (b"ARROW1\x00\x00", "Arrow"),
            (b"SQLite format 3\x00", "SQLite"),
            (b"PARE\x00\x01", "encrypted"),
            ("a,b\n".encode("utf-16"), "UTF-16"),
            (b"\x7fELF\x02\x01\x01\x00\x00", "binary"),
        ],
    )
    def test_other_files_are_refused_by_name(self, content: bytes, said: str) -> None:
        with pytest.raises(S3SelectError, match=said) as caught:
            sniffed(content)
        assert caught.value.code in ("InvalidDataSource", "InvalidTextEncoding")
        # Who says what it is, is believed.
        assert told(content, input_format="csv")[0] == "csv"

    def test_text_that_begins_like_them(self) -> None:
        assert told(b"ORC,x\nA,1\nB,2\n")[0] == "csv"
        assert told(b"PK,x\nA,1\nB,2\n")[0] == "csv"

    def test_empty(self) -> None:
        found = sniffed(b"")
        assert (found.input_format.value, found.input_format.evidence) == ("csv", "the object is empty")
        assert found.file_header_info is not None
        assert found.file_header_info.value == "NONE"
        assert told(b"\xef\xbb\xbf") == ("csv", ",", "NONE")
        assert told(b"", "t.json") == ("json",)


class TestCompression:
    @pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
    @pytest.mark.parametrize("name", ["", "t.txt", "t"])
    def test_by_content(self, pack: Any, name: str) -> None:
        found = sniffed(pack(b"id;x\n1;2\n3;4\n"), name)
        codec = "GZIP" if pack is gzip.compress else "BZIP2"
        assert (found.compression_type.value, found.compression_type.source) == (codec, "content")
        assert told(pack(b"id;x\n1;2\n3;4\n"), name) == ("csv", ";", "USE")
        assert told(pack(b'{"a": 1}'), name) == ("json",)

    def test_by_name(self) -> None:
        found = sniffed(gzip.compress(b"a,1\n"), "t.csv.gz").compression_type
        assert (found.value, found.source, found.evidence) == ("GZIP", "name", "")

    def test_content_against_the_name(self) -> None:
        plain = sniffed(b"a,1\n", "t.csv.gz").compression_type
        assert (plain.value, plain.source) == ("NONE", "content")
        assert plain.evidence == "the name tells GZIP, but the content does not begin so"
        other = sniffed(bz2.compress(b"a,1\n"), "t.csv.gz").compression_type
        assert (other.value, other.evidence) == (
            "BZIP2",
            "the content begins as BZIP2 does, although the name tells GZIP",
        )
        packed = sniffed(gzip.compress(b"a,1\n"), "t.csv").compression_type
        assert (packed.value, packed.source) == ("GZIP", "content")

    def test_text_that_begins_like_bzip2(self) -> None:
        assert sniffed(b"BZh9,1\nBZh8,2\n").compression_type.value == "NONE"

    def test_an_empty_object_is_what_its_name_says(self) -> None:
        assert sniffed(b"", "t.csv.gz").compression_type.value == "GZIP"

    def test_given(self) -> None:
        packed = gzip.compress(b"a,b\n")
        assert sniffed(packed, "t.csv", compression_type="none").compression_type.value == "NONE"
        with pytest.raises(S3SelectError, match=r"InvalidDataSource: .* compressed with GZIP"):
            sniffed(packed, compression_type="NONE")
        assert told(gzip.compress(packed), "t.csv.gz")[0] == "csv"
        with pytest.raises(
            S3SelectError, match=r"compressed with GZIP, and once more with BZIP2\. Decompress it"
        ):
            sniffed(bz2.compress(packed))
        with pytest.raises(S3SelectError, match="InvalidCompressionFormat"):
            sniffed(b"a,b\n", compression_type="GZIP")
        with pytest.raises(S3SelectError, match="InvalidCompressionFormat"):
            sniffed(b"a,b\n", compression_type="ZIP")

    def test_damaged(self) -> None:
        whole = gzip.compress(b"id,x\n1,2\n" * 1000)
        assert told(whole[:-4]) == ("csv", ",", "NONE")
        with pytest.raises(S3SelectError, match="TruncatedInput"):
            sniffed(whole[:11])


class TestGivenWins:
    text = b"id;name\n1;ann\n2;bob\n"

    def test_over_the_content(self) -> None:
        assert told(self.text, field_delimiter=",") == ("csv", ",", "NONE")
        assert told(self.text, file_header_info="none") == ("csv", ";", "NONE")
        assert told(self.text, file_header_info="IGNORE") == ("csv", ";", "IGNORE")
        assert told(self.text, input_format="json") == ("json",)
        assert told(self.text, input_format="parquet") == ("parquet",)
        found = sniffed(self.text, field_delimiter=";", file_header_info="USE", input_format="csv")
        choices = (found.input_format, found.field_delimiter, found.file_header_info)
        assert [choice.source for choice in choices if choice is not None] == ["given"] * 3

    def test_over_the_name(self) -> None:
        assert told(self.text, "t.tsv") == ("csv", "\t", "NONE")
        assert told(self.text, "t.tsv", field_delimiter=";") == ("csv", ";", "USE")

    def test_the_dialect_counts(self) -> None:
        assert told(b"!x\nid;name\n1;ann\n2;bob\n", comments="!") == ("csv", ";", "USE")
        assert told(b"'a;b';1\n'c;d';2\n'e;f';3\n", quote_character="'") == ("csv", ";", "NONE")
        assert told(b"id,x|1,2|3,4|", record_delimiter="|") == ("csv", ",", "USE")

    def test_a_delimiter_that_is_taken(self) -> None:
        # The default comma would be refused beside these.
        assert told(b"a;b,c;d,", record_delimiter=",")[1] == ";"
        assert told(b"", comments=",")[1] == ";"

    def test_nul(self) -> None:
        assert sniffed(b"a\0b\n", field_delimiter="").keywords()["field_delimiter"] == "\0"

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ({"field_delimiter": "ab"}, "InvalidRequestParameter"),
            ({"comments": "##"}, "InvalidRequestParameter"),
            ({"comments": 5}, "InvalidRequestParameter"),
            ({"record_delimiter": ""}, "MissingRequiredParameter"),
            ({"file_header_info": "MAYBE"}, "InvalidFileHeaderInfo"),
            ({"quote_character": "\t", "input_format": "csv"}, "InvalidRequestParameter"),
        ],
    )
    def test_what_s3_select_refuses(self, said: dict[str, Any], code: str) -> None:
        with pytest.raises(S3SelectError) as caught:
            sniffed(b"a\tb\n", "t.tsv", **said)
        assert caught.value.code == code


class TestQuotedLines:
    text = b'id,note\n1,"two\nlines"\n2,one\n'

    def test_are_allowed_where_there_are_some(self) -> None:
        found = sniffed(self.text)
        assert found.keywords()["allow_quoted_record_delimiter"] is True
        assert str(found).endswith("line breaks within quotes (by content)")

    def test_are_not_where_there_are_none(self) -> None:
        assert "allow_quoted_record_delimiter" not in sniffed(b"id,note\n1,x\n").keywords()

    def test_a_quote_that_is_never_closed_allows_nothing(self) -> None:
        assert "allow_quoted_record_delimiter" not in sniffed(b'id,note\n1,"open\n2,x\n3,y\n').keywords()

    def test_a_scan_range_excludes_them(self) -> None:
        assert "allow_quoted_record_delimiter" not in sniffed(self.text, scan_range=(0, 5)).keywords()
        rows = s3sql.query("SELECT s.id FROM S3Object s", b"id,n\n1,2\n", guess=True, scan_range=(5, 6))
        assert rows.to_arrow().to_pylist() == [{"id": "1"}]

    def test_given(self) -> None:
        assert (
            sniffed(self.text, allow_quoted_record_delimiter=False).keywords()[
                "allow_quoted_record_delimiter"
            ]
            is False
        )


class TestEvidence:
    @pytest.mark.parametrize(
        ("content", "evidence"),
        [
            (b"a,b\n1,x\n", "'a' is text, and all that stands below it is a number"),
            (b"a,b\n1,x,2\n3,y,4\n", "the first record has 2 fields, most have 3"),
            (b"1,b\n2,c\n", "field 1 of the first record is a number"),
            (b"a,true\nb,false\n", "field 2 of the first record is a truth value"),
            (b"a,b\nc,a\na,d\n", "field 1 of the first record occurs again below"),
            (b"ann,ulm\nbob,bonn\n", "nothing tells the first record from the others"),
            (b"ann,ulm\n", "there is one record, and it may be either"),
            (b"", "there is no record"),
        ],
    )
    def test_of_header_lines(self, content: bytes, evidence: str) -> None:
        found = sniffed(content).file_header_info
        assert found is not None
        assert found.evidence == evidence

    def test_of_delimiters(self) -> None:
        found = sniffed(b"a;b\n1;x\n2;y\n").field_delimiter
        assert found is not None
        assert found.evidence == "2 fields in 100% of the first 3 records"

    def test_in_one_line(self) -> None:
        assert str(sniffed(b"id,x\n1,2\n", "t.csv")) == (
            "csv (by name), no compression, header line (by content), delimiter ',' (by content)"
        )
        assert str(sniffed(gzip.compress(b"{}"))) == "json (by content), GZIP (by content)"
        assert str(sniffed(b"a\tb\n", "t.tsv.gz", file_header_info="IGNORE")) == (
            "csv (given), no compression (by content), header line ignored (given), delimiter '\\t' (by name)"
        )


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("dir/t.csv", "dir/t.csv"),
        (Path("t.csv"), "t.csv"),
        ("s3://bucket/a#1?.csv", "a#1?.csv"),
        ("file:///tmp/t.json", "/tmp/t.json"),
        (b"t.csv", ""),
        (io.BytesIO(), ""),
    ],
)
def test_names_of_sources(source: Any, name: str) -> None:
    assert name_of(source) == name


def test_what_names_say() -> None:
    assert named("a/b.NDJSON.GZ").input_format == "json"
    assert named("t.csv.gz").compression == "GZIP"
    assert named("t.gz").input_format is None
    assert named("t.tsv.bz2").field_delimiter == "\t"
    assert named("").suffix == ""


@pytest.mark.parametrize(
    ("field", "look"),
    [
        ("", Look.EMPTY), (" ", Look.EMPTY), ("NA", Look.EMPTY), ("\\N", Look.EMPTY), ("-", Look.EMPTY),
        ("12", Look.NUMBER), ("-1.5", Look.NUMBER), ("1,5", Look.NUMBER), ("1.234,50", Look.NUMBER),
        ("1,234,567.5", Look.NUMBER), ("12 %", Look.NUMBER), ("$12", Look.NUMBER), ("(12)", Look.NUMBER),
        ("1e-3", Look.NUMBER), ("-inf", Look.NUMBER), ("0x1F", Look.NUMBER), (".5", Look.NUMBER),
        ("2024-01-31", Look.MOMENT), ("31.12.2024", Look.MOMENT), ("12/31/24", Look.MOMENT),
        ("2024-01-31T10:00:00.5+01:00", Look.MOMENT), ("10:30", Look.MOMENT), ("9:05 pm", Look.MOMENT),
        ("3 Jan 2024", Look.MOMENT), ("2010-01T", Look.MOMENT), ("2024-01-01 10:00:00,123", Look.MOMENT),
        ("true", Look.TRUTH), ("No", Look.TRUTH), ("y", Look.TEXT),
        ("a", Look.TEXT), ("2nd", Look.TEXT), ("12 apples", Look.TEXT), ("1.2.3.4", Look.TEXT),
        ("1" * 41, Look.TEXT), ("½", Look.TEXT), ("٣", Look.TEXT),
    ],
)  # fmt: skip
def test_looks(field: str, look: Look) -> None:
    assert look_of(field) == look


# --- with queries -----------------------------------------------------------------------------------------


def outcome(content: bytes, **keywords: Any) -> Any:
    """The payload of a query, or its error."""
    try:
        events = s3sql.query("SELECT * FROM S3Object", content, **keywords).events()
        return b"".join(event["Records"]["Payload"] for event in events if "Records" in event)
    except S3SelectError as error:
        return error.code, error.message


CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet='ab1,;\t|"\n\r#{}[]:. ', max_size=200).map(str.encode),
    st.lists(
        st.lists(st.sampled_from(["a", "1", "", "x;y", '"q"', "2024-01-01"]), max_size=4), max_size=6
    ).map(lambda rows: "\n".join(",".join(row) for row in rows).encode()),
    st.sampled_from([parquet(), parquet()[:40], b"{" * 3000, b'"' * 3000, b"\n" * 3000, b"#\n" * 3000]),
)


@given(
    CONTENTS,
    st.sampled_from([bytes, gzip.compress, bz2.compress]),
    st.sampled_from(["", "x.csv", "x.json.gz"]),
)
def test_guessing_gives_what_the_keywords_give(content: bytes, pack: Any, name: str) -> None:
    packed = pack(content)
    file: Any = io.BytesIO(packed)
    file.name = name
    try:
        found = sniffed(packed, name)
    except S3SelectError:
        assert isinstance(outcome(file, guess=True), tuple)
        return
    assert outcome(file, guess=True) == outcome(packed, **found.keywords())


@given(st.binary(max_size=300), st.integers(0, 300))
def test_a_damaged_object_ends_in_an_error_of_s3_select(content: bytes, end: int) -> None:
    for packed in (gzip.compress(content), bz2.compress(content), parquet()):
        outcome(packed[:end], guess=True)
        outcome(packed[:end] + b"\xff" + packed[end + 1 :], guess=True)


@pytest.mark.parametrize(
    "content",
    [
        b"," * 300_000,
        b"a," * 400_000 + b"\n" + b"1," * 100,
        b"x" * 2_000_000,
        b'"' + b"x" * 2_000_000,
        b"\n" * 2_000_000,
        b"#" * 2_000_000,
        b"[" * 2_000_000,
        b'{"a":"' + b"\\u0041" * 300_000 + b'"}',
        b"1.1" * 700_000,
        b"\xff" * 2_000_000,
    ],
    ids=lambda content: repr(content[:8]),
)
def test_large_and_odd(content: bytes) -> None:
    assert sniffed(content).compression_type.value == "NONE"
    assert sniffed(gzip.compress(content)).compression_type.value == "GZIP"


def test_a_small_object_that_unpacks_to_much_is_not_unpacked() -> None:
    class Counted(BytesObject):
        read_bytes = 0

        def read_into(self, buffer: memoryview, offset: int) -> int:
            count = super().read_into(buffer, offset)
            Counted.read_bytes += count
            return count

    packed = gzip.compress(b"id,x\n" + b"1,2\n" * 250_000)
    packed += gzip.compress(b"1,2\n" * 250_000) * 800
    assert len(packed) > 600_000
    assert str(sniff(Counted(packed), "", {})).startswith("csv (by content), GZIP (by content), header line")
    assert Counted.read_bytes < 600_000


def piped(content: bytes) -> tuple[Any, threading.Thread]:
    """A pipe from which *content* comes, in small pieces; and what writes it."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as file:
            for begin in range(0, len(content), 50_000):
                file.write(content[begin : begin + 50_000])

    thread = threading.Thread(target=write)
    thread.start()
    return os.fdopen(reading, "rb"), thread


ROWS = b"id;name\n" + b"".join(b"%d;name %d\n" % (number, number) for number in range(150_000))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_a_pipe_loses_nothing(pack: Any) -> None:
    file, thread = piped(pack(ROWS))
    with file, s3sql.query("SELECT s.id FROM S3Object s", file, guess=True) as result:
        ids = result.to_arrow()["id"].to_pylist()
    thread.join()
    assert ids == [str(number) for number in range(150_000)]


def test_what_bzip2_reads_ahead_of_incompressible_text_can_be_read_again() -> None:
    noise = base64.b64encode(os.urandom(1_500_000))
    content = b"\n".join(noise[begin : begin + 1000] for begin in range(0, len(noise), 1000)) + b"\n"
    file, thread = piped(bz2.compress(content))
    with file:
        count = s3sql.query("SELECT COUNT(*) AS n FROM S3Object", file, guess=True, limit=5).to_arrow()
    thread.join()
    assert count.to_pylist() == [{"n": 2000}]


def test_standard_input_of_a_process() -> None:
    program = (
        "import sys, s3sql;"
        "r = s3sql.query('SELECT s.name FROM S3Object s LIMIT 1', sys.stdin.buffer, guess=True);"
        "print(r.sniffed, r.to_arrow().to_pylist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=gzip.compress(ROWS), capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == (
        "csv (by content), GZIP (by content), header line (by content), delimiter ';' (by content) "
        "[{'name': 'name 0'}]"
    )


def test_an_object_of_a_store_is_asked_for_once() -> None:
    class Costly(BytesObject):
        request_bytes = 1
        asked: list[tuple[int, int]]

        def read_into(self, buffer: memoryview, offset: int) -> int:
            self.asked.append((offset, len(buffer)))
            return super().read_into(buffer, offset)

        def read_range_into(self, buffer: memoryview, offset: int) -> int:
            return self.read_into(buffer, offset)

    opened = Costly(ROWS)
    opened.asked = []
    rows = s3sql.query("SELECT s.id FROM S3Object s", opened, guess=True).to_arrow()
    assert rows.num_rows == 150_000
    place = 0
    for offset, length in opened.asked:
        assert offset == place, f"read from {offset} on, and stood at {place}"
        place = min(offset + length, len(ROWS))


def test_a_source_that_is_open(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"id,x\n1,2\n")
    with open_source(tmp_path / "t") as opened:
        assert told(opened.read(0, 100)) == ("csv", ",", "USE")
