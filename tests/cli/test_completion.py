"""Completion in a real bash; and what the other shells ask and get."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from s3sql.cli import main
from tests.cli.program import PROGRAM, environment

#: What bash asks at Tab, without a terminal; a line is the words of a command line, the last to be completed.
_ASK = """
eval "$(s3sql --show-completion bash)"
complete -p s3sql >/dev/null || exit 3
while IFS=$'\\t' read -r -a COMP_WORDS; do
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _s3sql_completion s3sql "${COMP_WORDS[$COMP_CWORD]}" ""
    echo "${COMPREPLY[@]}"
done
"""

#: typer looks for the shell that calls it, and there may be none that it knows.
_NO_DETECTION = "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION"


def test_bash() -> None:
    cases = {("qu",): ["query"], ("query", "SELECT", "x.csv", "-o", "j"): ["json", "jsonl"]}
    done = subprocess.run(
        ["bash", "--norc", "-c", _ASK],
        input="".join("\t".join(("s3sql", *words)) + "\n" for words in cases),
        capture_output=True,
        text=True,
        env=environment(PATH=f"{Path(PROGRAM).parent}:{os.environ['PATH']}", **{_NO_DETECTION: "1"}),
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == list(cases.values())


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("query SELECT x.csv --output par", ["parquet"]),
        ("query SELECT x.csv --output=js", ["json", "jsonl"]),
        ("query SELECT x.csv --header ", ["none", "use", "ignore"]),
        ("query --scan", ["--scan-range"]),
        ("functions sub", ["substring"]),
        ("functions TR", ["TRIM"]),
        ("serve --tls-c", ["--tls-cert"]),
        # Nothing of ours: the shell completes files.
        ("query SELECT ", []),
    ],
)
def test_what_is_completed(
    line: str, completed: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_S3SQL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"s3sql {line}")
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" "))))
    monkeypatch.setenv("COLUMNS", "80")
    assert main([]) == 0
    assert capfd.readouterr().out.split() == completed


def test_an_explanation_is_one_line(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """fish takes every line for one more word."""
    monkeypatch.setenv("_S3SQL_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "s3sql query --")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("COLUMNS", "80")
    assert main([]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) > 20
    assert not [line for line in lines if not line.startswith("--")]


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_scripts(shell: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_NO_DETECTION, "1")
    assert main(["--show-completion", shell]) == 0
    assert "_S3SQL_COMPLETE" in capfd.readouterr().out


def test_a_place_that_takes_no_script(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(_NO_DETECTION, "1")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    (tmp_path / "file").touch()
    monkeypatch.setattr("s3sql.cli.drop_output", lambda: None)
    assert main(["--install-completion", "bash"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"s3sql: {tmp_path}/file")
