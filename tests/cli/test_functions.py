from __future__ import annotations

import pytest

from s3sql.cli import main
from s3sql.functions.signatures import ALIASES, SIGNATURES

Captured = pytest.CaptureFixture[str]


def test_all_functions_are_listed(capfd: Captured) -> None:
    assert main(["functions"]) == 0
    out = capfd.readouterr().out
    for signature in SIGNATURES.values():
        assert signature.usage in out
        assert signature.documentation in out
    assert all(alias in out for alias in ALIASES)


@pytest.mark.parametrize("name", [*SIGNATURES, *ALIASES])
def test_one_is_explained(name: str, capfd: Captured) -> None:
    signature = SIGNATURES[ALIASES.get(name, name)]
    assert main(["functions", name.lower()]) == 0
    out = capfd.readouterr().out
    assert out.startswith(f"{signature.usage}\n  {signature.documentation}\n  result: {signature.result}\n")
    for expression, result in signature.examples:
        assert any(expression in line and f"= {result}" in line for line in out.splitlines())


def test_there_is_no_such_function(capfd: Captured) -> None:
    assert main(["functions", "substr"]) == 1
    assert capfd.readouterr().err == "s3sql: there is no function substr; did you mean SUBSTRING?\n"
    assert main(["functions", "zzz"]) == 1
    assert capfd.readouterr().err == "s3sql: there is no function zzz; s3sql functions lists all\n"
