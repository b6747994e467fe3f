"""The SQL front end: text to AST and back.

In: the text of a query.  Out: :func:`parse` gives a checked AST of standard sqlglot nodes (their shapes:
``nodes.py``), :func:`print_sql` writes any such AST as canonical SQL. Importing the package registers the
dialect ``s3select`` with sqlglot.
"""

from __future__ import annotations

from s3sql.sql.dialect import S3Select
from s3sql.sql.parser import parse
from s3sql.sql.printer import print_sql

__all__ = ["S3Select", "parse", "print_sql"]
