"""The command ``s3sql``: queries over objects, for people and for pipes; and the endpoint.

In: the arguments of the process.  Out: an exit status: 0 answered, 1 the query or the object is at fault,
2 the command line is, 130 interrupted, 141 nobody reads on (as a program ended by SIGPIPE has it).

    query       s3sql.cli.query         rows of objects, in the forms of s3sql.cli.outputs
    schema      s3sql.cli.schema        what an object holds
    shell       s3sql.cli.shell         query after query
    functions   s3sql.cli.functions     the functions of the dialect
    serve       s3sql.cli.serve         the endpoint

:mod:`s3sql.cli.app` puts them together. Importing this module loads nothing: typer and rich are an extra,
and whoever lacks them is told so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from s3sql.cli.interrupts import came_of_interrupt, interrupts_kept
from s3sql.cli.messages import FAILED, INTERRUPTED, NOBODY_READS, drop_output, fail

#: What needs the extra `cli`; the rest s3sql needs itself.
_EXTRA = ("prompt_toolkit", "rich", "shellingham", "typer")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with *argv*, by default the process's own arguments; return the exit status."""
    try:
        with interrupts_kept():
            from s3sql.cli.app import run

            return run(sys.argv[1:] if argv is None else argv)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        return fail(f"the command line needs {missing}: pip install 's3sql[cli]'", FAILED)
    except BrokenPipeError:
        drop_output()
        return NOBODY_READS
    except OSError as error:
        # Help, or a list, that its place does not take; or the file of a completion.
        drop_output()
        return fail(f"{error.filename or 'standard output'}: {error.strerror or error}", FAILED)
    except (KeyboardInterrupt, Exception) as error:
        if not came_of_interrupt(error):
            raise
        drop_output()
        return INTERRUPTED
