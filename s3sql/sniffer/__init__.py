"""The sniffer: what an object is, told by its name and its beginning.

In: an open object, its name, and what the caller has said.  Out: a :class:`Sniffed`: format, compression,
header line and field delimiter, each with where it is known from.

    name ──▶ names ─┐                   ┌─▶ magic  (which file?)
                    ├─▶ sniffing ──▶ text beginning ─▶ json_beginning | delimiter ─▶ header
    keywords ───────┘

AWS guesses nothing: a request says everything. All rules here are s3sql's own, for people
(docs/formats.md, "What is guessed"). :func:`s3sql.sniffer.sniffing.sniff` is loaded where something is
guessed: most queries say everything.
"""

from __future__ import annotations

from s3sql.sniffer.choices import Choice, Sniffed

__all__ = ["Choice", "Sniffed"]
