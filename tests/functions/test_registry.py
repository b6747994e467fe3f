"""The registry, and that it defines what the signatures promise."""

from __future__ import annotations

import subprocess
import sys

import pytest

from s3sql.errors import S3SelectError
from s3sql.functions import registry
from s3sql.functions.aggregates import accumulator
from s3sql.functions.signatures import AGGREGATES, SIGNATURES

#: Evaluated by the evaluator itself: NULLIF compares as ``=`` does.
IN_THE_EVALUATOR = {"NULLIF"}
#: Replaced by its value before anything is evaluated.
IN_THE_PLAN = {"UTCNOW"}


def test_every_scalar_signature_has_a_definition_and_no_other() -> None:
    promised = {signature.name for signature in SIGNATURES.values() if signature.kind == "scalar"}
    # docs/extending.md, whose example is a test as well, defines a function of its own
    ours = {name for name in registry.names() if registry.function(name).__module__.startswith("s3sql.")}
    assert ours == promised - IN_THE_EVALUATOR - IN_THE_PLAN


def test_every_aggregate_signature_has_an_accumulator() -> None:
    for name in AGGREGATES:
        assert accumulator(name).evaluate().length == 1
    with pytest.raises(S3SelectError, match="UnsupportedFunction"):
        accumulator("MEDIAN")


def test_an_unknown_function_is_refused_by_name() -> None:
    with pytest.raises(S3SelectError) as caught:
        registry.function("REPEAT")
    assert caught.value.code == "UnsupportedFunction"
    assert "REPEAT" in caught.value.message
    assert "LOWER" in caught.value.message


def test_a_name_is_registered_once_and_in_upper_case() -> None:
    lower = registry.function("LOWER")
    with pytest.raises(ValueError, match="LOWER is defined twice"):
        registry.scalar("LOWER")(lower)
    with pytest.raises(ValueError, match="upper case"):
        registry.scalar("lower")(lower)
    assert registry.function("LOWER") is lower


def test_definitions_load_with_the_first_look_up() -> None:
    program = (
        "import sys, s3sql.functions.registry as r; "
        "assert 's3sql.functions.strings' not in sys.modules; "
        "r.function('LOWER'); assert 's3sql.functions.strings' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
