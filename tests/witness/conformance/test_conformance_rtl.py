"""Compiled official cases in RTL: the outputs are tosa_reference_model's, the cycles are the cycle simulator's."""

from __future__ import annotations

from pathlib import Path

import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.fuse.support import supported_ops
from chipsmith.errors import BadInput
from chipsmith.hardware.build import find_toolchain
from chipsmith.targets.rtl import RtlTarget
from chipsmith.witness.conformance.cases import is_case_of, sampled
from chipsmith.witness.conformance.run import CaseResult, run_case, run_official_cases
from chipsmith.witness.conformance.targets import Bench, bench_of

HELD = sorted(kind for kind, engine in supported_ops().items() if engine is not None)
CASES_EACH = 2


@pytest.fixture(scope="module")
def folders(pytestconfig) -> list[Path]:
    return sampled(pytestconfig.cache.mkdir("tosa-conformance"))


@pytest.fixture(scope="module")
def bench() -> Bench:
    try:
        find_toolchain()
    except BadInput as missing:
        pytest.skip(str(missing))
    return bench_of(RtlTarget(chip=load_chip("nano-64")))


@pytest.mark.parametrize("kind", HELD)
def test_compiled_cases_are_exact_in_rtl(kind, folders, bench):
    cases = [folder for folder in folders if is_case_of(folder, kind)]
    outcomes = [run_case(folder, bench) for folder in cases[:: -(-len(cases) // CASES_EACH)]]
    assert outcomes
    assert [outcome for outcome in outcomes if outcome.result is not CaseResult.PASSED] == []


@pytest.mark.slow
def test_official_cases_are_exact_in_rtl(pytestconfig, bench):
    cache = pytestconfig.cache.mkdir("tosa-conformance")
    result = run_official_cases("rtl", sample=4, most_cycles=200_000, chip=bench.target.chip, cache=cache)
    assert result.not_passed == ()
