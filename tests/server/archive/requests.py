"""Bodies of ``RestoreObject``, whole by default, for tests to break."""

from __future__ import annotations

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

CSV = "<CompressionType>NONE</CompressionType><CSV/>"


def select_parameters(sql: str = "SELECT * FROM Object", *, input: str = CSV, output: str = "<CSV/>") -> str:
    """SelectParameters; *sql* is written as it is."""
    return (
        f"<SelectParameters><InputSerialization>{input}</InputSerialization><ExpressionType>SQL</ExpressionType>"
        f"<Expression>{sql}</Expression><OutputSerialization>{output}</OutputSerialization></SelectParameters>"
    )


def output_location(members: str = "", *, bucket: str = "out", prefix: str = "p") -> str:
    """OutputLocation with further *members* of S3."""
    return (
        f"<OutputLocation><S3><BucketName>{bucket}</BucketName><Prefix>{prefix}</Prefix>{members}</S3>"
        "</OutputLocation>"
    )


def restore_request(*members: str) -> bytes:
    """A request of these members; a whole one of Type SELECT without any."""
    content = "".join(members or ("<Type>SELECT</Type>", select_parameters(), output_location()))
    return f'<RestoreRequest xmlns="{NAMESPACE}">{content}</RestoreRequest>'.encode()


def select_request(
    sql: str = "SELECT * FROM Object",
    *further: str,
    input: str = CSV,
    output: str = "<CSV/>",
    location: str = "",
    prefix: str = "p",
    bucket: str = "out",
) -> bytes:
    """A request of Type SELECT, with *further* members."""
    return restore_request(
        "<Type>SELECT</Type>",
        *further,
        select_parameters(sql, input=input, output=output),
        output_location(location, bucket=bucket, prefix=prefix),
    )
