"""Text on standard output.

In: lines.  Out: the same lines; a character that the terminal does not have never ends the command.
"""

from __future__ import annotations

import sys

from s3sql.cli.terminal import output_encoding, shown


def print_text(text: str) -> None:
    """Print *text*, and a line end."""
    if sys.stdout is None:
        return
    print(shown(text, output_encoding()), flush=True)
