"""``s3sql serve``: the endpoint.

In: the words of the command line.  Out: an exit status: 0 stopped by a signal, 1 it cannot listen or start,
2 the command line, the environment or the file is at fault.

The options are those of :mod:`s3sql.server.running.options`, which the environment and the file have too;
their values are read there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from s3sql.cli.help import Example
from s3sql.cli.messages import FAILED, USAGE, fail
from s3sql.cli.parameters import ArgumentWord, OptionWord
from s3sql.server.running.options import OPTIONS

#: What needs the extra `server`; the rest s3sql needs itself.
_EXTRA = ("cryptography", "httpcore", "httptools", "httpx", "prometheus_client", "starlette", "uvicorn")

_PANELS = {"": "Endpoint", "upstream": "In front of another store", "logs": "Logs", "limits": "Limits"}

#: What the command line says; the environment and a file may say the rest.
WORDS: Final[tuple[ArgumentWord | OptionWord, ...]] = (
    ArgumentWord("dir", "[DIR]", OPTIONS[0].help),
    *(
        OptionWord(
            (option.flag,),
            option.name,
            option.help,
            str,
            option.metavar if option.bare is None else f"[{option.metavar}]",
            _PANELS[option.group],
        )
        for option in OPTIONS[1:]
    ),
    OptionWord(
        ("--config",), "config", "a TOML file with options, keys and limits", str, "FILE", _PANELS[""]
    ),
)

EXAMPLES: Final = (
    Example("a folder, for this machine", "s3sql serve ./folder"),
    Example(
        "for others, encrypted",
        "s3sql serve ./folder --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
    ),
    Example(
        "in front of another store",
        "s3sql serve --upstream https://s3.eu-central-1.amazonaws.com --upstream-region eu-central-1",
    ),
)

ENDING: Final = """
Every option is also a variable and a name in a TOML file: --max-selects is S3SQL_MAX_SELECTS, and
max_selects in the table [limits]. The command line counts before the environment, the environment
before the file.

Exit status: 0 stopped by a signal, 1 cannot listen or start, 2 an option is wrong.
"""


def with_bare_values(arguments: Sequence[str]) -> list[str]:
    """*arguments* with their values for the options that may stand alone.

    ``--allow-anonymous`` means ``--allow-anonymous=read`` where no word follows it, or an option.
    """
    bare = {option.flag: option.bare for option in OPTIONS if option.bare is not None}
    words = list(arguments)
    if words[:1] != ["serve"]:
        return words
    for number, word in enumerate(words):
        if word == "--":
            break
        alone = number + 1 == len(words) or words[number + 1].startswith("-")
        if word in bare and alone:
            words[number] = f"{word}={bare[word]}"
    return words


def run_serve(words: dict[str, Any]) -> int:
    """Serve until a signal comes; return the exit status."""
    from s3sql.server.running.configuration import ConfigurationError, configure

    try:
        configuration = configure(words, os.environ)
    except ConfigurationError as error:
        return _fail(str(error), USAGE)
    try:
        from s3sql.server.running.run import StartError, run
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        return _fail(f"the endpoint needs {missing}, which is not there: pip install 's3sql[server]'", FAILED)
    try:
        return run(configuration, _say)
    except StartError as error:
        return _fail(str(error), FAILED)


def _say(lines: str) -> None:
    """Print *lines* at once: who started the command may be waiting for them."""
    print(lines, flush=True)


def _fail(message: str, status: int) -> int:
    return fail(message, status, command="s3sql serve")
