"""``s3sql serve``: the endpoint.

In: the words of the command line.  Out: an exit status: 0 stopped by a signal, 1 it cannot listen or start,
2 the command line, the environment or the file is at fault.
"""

from __future__ import annotations

import argparse
import os
import sys

from s3sql.server.running.configuration import ConfigurationError, configure
from s3sql.server.running.options import OPTIONS

_EXAMPLES = """
Every option is also a variable and a name in a TOML file: --max-selects is S3SQL_MAX_SELECTS, and max_selects
in the table [limits]. The command line counts before the environment, the environment before the file.

examples:
  s3sql serve ./folder
  s3sql serve ./folder --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --domain s3.example.com
  s3sql serve --upstream https://s3.eu-central-1.amazonaws.com --upstream-region eu-central-1

exit status: 0 stopped by a signal, 1 cannot listen or start, 2 an option is wrong
"""

#: What needs the extra `server`; the rest s3sql needs itself.
_EXTRA = ("cryptography", "httpcore", "httptools", "httpx", "prometheus_client", "starlette", "uvicorn")

_GROUPS = {"": None, "upstream": "in front of another store", "logs": "logs", "limits": "limits"}


def add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    serve = commands.add_parser(
        "serve",
        help="serve a folder, or another S3 store, as an S3 endpoint with Select",
        description="Serve a folder's sub-folders as buckets, or stand in front of another S3 endpoint.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    serve.add_argument("dir", nargs="?", metavar="DIR", help=OPTIONS[0].help)
    serve.add_argument("--config", metavar="FILE", help="a TOML file with options, keys and limits")
    groups = {
        name: serve if title is None else serve.add_argument_group(title) for name, title in _GROUPS.items()
    }
    for option in OPTIONS[1:]:
        help_ = option.help.replace("%", "%%")
        if option.bare is None:
            groups[option.group].add_argument(option.flag, metavar=option.metavar, help=help_)
        else:
            groups[option.group].add_argument(
                option.flag, metavar=option.metavar, help=help_, nargs="?", const=option.bare
            )


def serve(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes; return the exit status."""
    try:
        configuration = configure(vars(arguments), os.environ)
    except ConfigurationError as error:
        return _fail(str(error), 2)
    try:
        from s3sql.server.running.run import StartError, run
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        return _fail(f"the endpoint needs {missing}, which is not there: pip install 's3sql[server]'", 1)
    try:
        return run(configuration, _say)
    except StartError as error:
        return _fail(str(error), 1)


def _say(lines: str) -> None:
    """Print *lines* at once: who started the command may be waiting for them."""
    print(lines, flush=True)


def _fail(message: str, status: int) -> int:
    print(f"s3sql serve: {message}", file=sys.stderr)
    return status
