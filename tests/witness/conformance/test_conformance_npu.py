"""TOSA's official cases on the simulated chip, operator by operator, equal to tosa_reference_model in every bit.

By default a few small cases of each operator. `pytest -m slow` on this file takes four of each operator's official
cases, drawn with another seed; docs/conformance.md has the command for all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.fuse.support import supported_ops
from chipsmith.targets.npu import NpuTarget
from chipsmith.witness.conformance.cases import is_case_of, operator_of, sampled
from chipsmith.witness.conformance.run import CaseResult, Outcome, run_case, run_official_cases
from chipsmith.witness.conformance.targets import bench_of

HELD = sorted(kind for kind, engine in supported_ops().items() if engine is not None)
MISSING = sorted(kind for kind, engine in supported_ops().items() if engine is None)
CASES_EACH = 6


@pytest.fixture(scope="module")
def folders(pytestconfig) -> list[Path]:
    return sampled(pytestconfig.cache.mkdir("tosa-conformance"))


def outcomes(folders: list[Path], kind: str, *, chip: str = "edge-256") -> list[Outcome]:
    cases = [folder for folder in folders if is_case_of(folder, kind)]
    chosen = cases[:: -(-len(cases) // CASES_EACH)]
    bench = bench_of(NpuTarget(chip=load_chip(chip)))
    return [run_case(folder, bench) for folder in chosen]


@pytest.mark.parametrize("kind", HELD)
def test_official_cases_are_exact_on_the_chip(kind, folders):
    results = outcomes(folders, kind)
    assert results
    assert [outcome for outcome in results if outcome.result is not CaseResult.PASSED] == []


@pytest.mark.parametrize(
    "kind", ["CONV3D", "TRANSPOSE_CONV2D", "DEPTHWISE_CONV2D", "ARGMAX", "PAD", "RESIZE", "TILE", "GATHER", "SCATTER"]
)
def test_they_are_exact_on_a_small_chip(kind, folders):
    assert {outcome.result for outcome in outcomes(folders, kind, chip="nano-64")} == {CaseResult.PASSED}


def test_every_operator_is_held():
    assert MISSING == []


def test_an_operators_name_is_that_of_its_cases_folder():
    assert operator_of(Path("cases/conv3d_2x1x3/some_case")) == "conv3d"
    assert operator_of(Path("cases/reduce_sum/some_case")) == "reduce_sum"
    assert operator_of(Path("cases/conv2d/some_case")) == "conv2d"


@pytest.mark.slow
def test_a_spread_of_the_official_cases_of_another_seed(pytestconfig):
    result = run_official_cases("npu", seed=7, sample=4, cache=pytestconfig.cache.mkdir("tosa-conformance"))
    assert result.not_passed == ()
