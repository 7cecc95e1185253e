"""The runner of the official cases: what it counts, what it says, and that illegal cases are refused."""

from __future__ import annotations

import shutil

import pytest

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.targets import graph_targets
from chipsmith.targets.npu import NpuTarget
from chipsmith.targets.rtl import RtlTarget
from chipsmith.witness.conformance.cases import complete, illegal, load_case
from chipsmith.witness.conformance.run import CaseResult, Conformance, Outcome, run_case, run_official_cases
from chipsmith.witness.conformance.targets import bench_of


def outcome(operator: str, result: CaseResult) -> Outcome:
    return Outcome(operator=operator, case=f"{operator}_{result.value}", result=result, reason="why")


def conformance(*outcomes: Outcome) -> Conformance:
    return Conformance(target="npu", chip=None, seed=7, sample=None, most_cycles=None, outcomes=outcomes)


def test_a_refused_case_counts_as_not_passed_and_a_folded_one_not_at_all():
    results = (
        CaseResult.PASSED,
        CaseResult.PASSED,
        CaseResult.FAILED,
        CaseResult.REFUSED,
        CaseResult.FOLDED,
        CaseResult.TOO_LONG,
    )
    assert conformance(*(outcome("add", result) for result in results)).share == 0.5


def test_the_object_has_every_result_of_every_operator():
    told = conformance(outcome("add", CaseResult.PASSED), outcome("mul", CaseResult.ACCEPTED_ILLEGAL)).to_json()
    assert [row["name"] for row in told["operators"]] == ["add", "mul"]
    assert {result.value for result in CaseResult} < set(told["operators"][0])
    assert (told["passed"], told["accepted_illegal"], told["share"]) == (1, 1, 1.0)
    assert told["not_passed"] == [
        {"operator": "mul", "case": "mul_accepted_illegal", "result": "accepted_illegal", "reason": "why"}
    ]


@pytest.fixture(scope="module")
def clamps(pytestconfig):
    """The official cases of CLAMP: legal and illegal ones."""
    cache = pytestconfig.cache.mkdir("tosa-conformance")
    return complete(cache, operators=["clamp"]), illegal(cache, operators=["clamp"])


@pytest.mark.parametrize("name", ["desc.json", "SHA256SUMS"])
def test_a_damaged_case_is_never_judged(clamps, tmp_path, name):
    root = next(parent for parent in clamps[0][0].parents if (parent / "cases.whole").exists())
    (tmp_path / "cases.whole").touch()
    case = tmp_path / clamps[0][0].relative_to(root)
    shutil.copytree(clamps[0][0], case)
    assert load_case(case).name == case.name
    whole = (case / name).read_bytes()
    (case / name).write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    with pytest.raises(BadInput, match=rf"damaged.*; remove {tmp_path} to have its cases made again"):
        load_case(case)


@pytest.mark.parametrize("target", graph_targets(load_chip("nano-64")).values(), ids=lambda target: target.name)
def test_illegal_cases_are_refused_by_each_target(target, clamps):
    bench = bench_of(target)
    assert {run_case(folder, bench).result for folder in clamps[1]} == {CaseResult.REFUSED_ILLEGAL}


def test_a_case_beyond_the_limit_of_cycles_is_told_apart(clamps):
    bench = bench_of(RtlTarget(chip=load_chip("nano-64")), most_cycles=200)
    outcomes = [run_case(folder, bench) for folder in clamps[0]]
    assert {outcome.result for outcome in outcomes} == {CaseResult.TOO_LONG}
    assert all(outcome.reason.startswith("takes ") for outcome in outcomes)


def test_unknown_names_are_bad_input(tmp_path):
    with pytest.raises(BadInput, match="no target 'gpu' for official cases; there are: c, npu, reference, rtl"):
        run_official_cases("gpu", cache=tmp_path)
    with pytest.raises(BadInput, match="no target 'source' for official cases"):
        run_official_cases("source", cache=tmp_path)
    with pytest.raises(BadInput, match="no operator 'conv4d'"):
        run_official_cases("npu", operators=["conv4d"], cache=tmp_path)
    with pytest.raises(BadInput, match="sample of 0"):
        run_official_cases("npu", sample=0, cache=tmp_path)
    with pytest.raises(BadInput, match="limit of 0 cycles"):
        run_official_cases("rtl", most_cycles=0, cache=tmp_path)


@pytest.mark.slow
def test_all_illegal_cases_are_refused_on_the_chip(pytestconfig):
    bench = bench_of(NpuTarget(chip=load_chip("edge-256")))
    folders = illegal(pytestconfig.cache.mkdir("tosa-conformance"))
    assert len(folders) >= 305
    assert {run_case(folder, bench).result for folder in folders} == {CaseResult.REFUSED_ILLEGAL}
