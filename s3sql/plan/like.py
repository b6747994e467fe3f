"""What the text of a LIKE pattern tells before any row is seen.

In: a pattern and its escape character.  Out: its parts, or None for a fault that evaluation reports.

Source of the rules: AWS S3 User Guide, "Operators"; the escape character must stand before ``%``, ``_``
or itself, and there is none by default.
"""

from __future__ import annotations


def literal_runs(pattern: str, escape: str | None) -> list[str] | None:
    """The pieces of text between the wildcards, possibly empty; a value that matches has them all.

    None when *escape* is not one character or stands before a character that it cannot escape.
    """
    if escape is not None and len(escape) != 1:
        return None
    runs = [""]
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            escaped = next(characters, "")
            if escaped not in ("%", "_", escape):
                return None
            runs[-1] += escaped
        elif character in "%_":
            runs.append("")
        else:
            runs[-1] += character
    return runs
