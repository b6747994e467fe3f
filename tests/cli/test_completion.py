"""Completion in a real bash, and the scripts of the others."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, environment, run

#: What bash asks at Tab, without a terminal; a line is the words of a command line, the last to be completed.
_ASK = """
eval "$(s3sql --show-completion bash)"
complete -p s3sql >/dev/null || exit 3
while IFS=$'\\t' read -r -a COMP_WORDS; do
    last=$((${#COMP_WORDS[@]} - 1))
    [ "${COMP_WORDS[$last]}" = - ] && COMP_WORDS[$last]=
    COMP_CWORD=$last
    _s3sql_completion s3sql "${COMP_WORDS[$COMP_CWORD]}" ""
    echo "${COMPREPLY[@]}"
done
"""

#: The words, `-` for nothing typed yet, and what they are completed to.
_CASES = {
    ("qu",): ["query"],
    ("query", "SELECT", "x.csv", "-o", "j"): ["json", "jsonl"],
    ("query", "SELECT", "x.csv", "--output", "par"): ["parquet"],
    ("query", "SELECT", "x.csv", "--header", "-"): ["none", "use", "ignore"],
    ("query", "--scan"): ["--scan-range"],
    ("functions", "sub"): ["substring"],
    ("functions", "TR"): ["TRIM"],
    ("serve", "--tls-c"): ["--tls-cert"],
    # Nothing of ours: bash completes files.
    ("query", "SELECT", "-"): [],
}


def test_bash() -> None:
    done = subprocess.run(
        ["bash", "--norc", "-c", _ASK],
        input="".join("\t".join(("s3sql", *words)) + "\n" for words in _CASES),
        capture_output=True,
        text=True,
        env=environment(
            PATH=f"{Path(PROGRAM).parent}:{os.environ['PATH']}",
            _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1",
        ),
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == list(_CASES.values())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_scripts(shell: str) -> None:
    env = environment(_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    done = run("--show-completion", shell, env=env)
    assert done.returncode == 0
    assert b"_S3SQL_COMPLETE" in done.stdout
