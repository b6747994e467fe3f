"""``s3sql warmup``: compile all kernels, so that no query has to.

In: a number of processes, if the command line says one.  Out: a line that says where the kernel cache is,
what was in it and what has been added; while it runs, how far it is, at a terminal.
"""

from __future__ import annotations

from typing import Any, Final

from s3sql.cli.help import Example
from s3sql.cli.messages import ANSWERED, FAILED, fail
from s3sql.cli.parameters import OptionWord, whole_number
from s3sql.cli.printing import print_text
from s3sql.cli.progress import ProgressLine
from s3sql.display.amounts import bytes_text, count_text

WORDS: Final = (
    OptionWord(
        ("--processes",),
        "processes",
        "compile in N processes at once (default: one for each core)",
        whole_number,
        "N",
    ),
)

EXAMPLES: Final = (
    Example("once, after installing", "s3sql warmup"),
    Example("for an image that is read-only later", "S3SQL_CACHE_DIR=/opt/s3sql/cache s3sql warmup"),
)


def run_warmup(words: dict[str, Any]) -> int:
    """Fill the cache; return the exit status."""
    # Late: whoever asks for help needs no kernels.
    from s3sql.exec.workers import core_count
    from s3sql.kernels.warming import fill

    line = ProgressLine()
    try:
        filled = fill(
            max(words["processes"] or core_count(), 1),
            lambda done, of: line.show(f"compiling kernels, once per machine: {done} of {of}"),
        )
    except OSError as error:
        return fail(str(error), FAILED)
    finally:
        line.clear()
    compiled = f"{count_text(filled.compiled, 'kernel')} compiled"
    print_text(f"{filled.directory}: {compiled}, {filled.before:,} there before; {bytes_text(filled.size)}")
    return ANSWERED
