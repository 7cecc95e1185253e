"""The benchmark's fit of energies on inferences whose gates are known, and the cases that it runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))  # last: its files must not stand before Python's own

from silicon import FIT_CHIPS, FIT_SEED, SCORED_CHIPS
from silicon_parts.chips import draw_chips
from silicon_parts.energy import GateEnergy, fit_energy_terms, score_energies
from silicon_parts.energy_cases import fit_cases, scored_cases

from chipsmith.costs import estimate_energy
from chipsmith.costs.energy import EXTERNAL_MEMORY
from chipsmith.costs.energy_terms import energy_terms, term_value
from chipsmith.program.actions import count_program
from chipsmith.sim.cycle import simulate

NETWORKS = ("conv2d", "gelu", "lstm-cell", "bag_of_tokens")
"""All actions of the table happen in one of them."""


@pytest.fixture(scope="module")
def fitted():
    """Inferences that use what the table says exactly, and leak nothing."""
    cases = [case for case in fit_cases(draw_chips(FIT_SEED, FIT_CHIPS)) if case.network in NETWORKS]
    return [known_energy(case) for case in cases]


def known_energy(case) -> GateEnergy:
    program = case.compile()
    cycles = simulate(program).latency_cycles
    spent = estimate_energy(case.chip, count_program(program), cycles=cycles).by_component()
    blocks = {name: value for name, value in spent.items() if name not in (EXTERNAL_MEMORY, "leakage")}
    row = {"cycles": cycles, "leakage_mw": 0.0, "blocks_pj": blocks}
    return GateEnergy(case=case, program=program, row=row)


def test_a_fit_to_exact_energies_gives_them_back(fitted):
    numbers = dict(fit_energy_terms(fitted))
    for known in fitted:
        for component, spent in known.gates_pj.items():
            terms = [term for term in energy_terms() if term.component == component]
            again = sum(numbers[t] * known.count(t.action) * term_value(t, known.case.chip) for t in terms)
            assert again == pytest.approx(spent, rel=1e-3, abs=1e-3 * known.total_pj)


def test_a_block_without_a_term_is_refused(fitted):
    strange = {**fitted[0].row, "blocks_pj": {"furnace": 1.0}}
    with pytest.raises(ValueError, match=r"no terms of \['furnace'\]"):
        list(fit_energy_terms([GateEnergy(case=fitted[0].case, program=fitted[0].program, row=strange)]))


def test_an_action_that_never_happens_is_refused(fitted):
    """Its number would be 0, and every chip would do it for nothing."""
    without = [known for known in fitted if known.case.network != "bag_of_tokens"]
    with pytest.raises(ValueError, match="no inference of the fit has row_products"):
        list(fit_energy_terms(without))


def test_a_score_tells_the_whole_and_the_large_blocks(fitted):
    score = score_energies(fitted)
    leakage_alone = [case["error"] for case in score["inferences"]]
    assert score["worst_block_error"] == pytest.approx(0, abs=1e-3)
    assert (score["cases"], score["networks"]) == (len(fitted), len(NETWORKS))
    assert min(leakage_alone) >= 0  # the gates of the fixture leak nothing, the estimate does
    doubled = {**fitted[0].row, "blocks_pj": {name: 2 * pj for name, pj in fitted[0].gates_pj.items()}}
    score = score_energies([GateEnergy(case=fitted[0].case, program=fitted[0].program, row=doubled)])
    assert score["worst_block_error"] == pytest.approx(0.5, abs=1e-3)
    assert score["worst_error"] == pytest.approx(0.5, abs=0.1)


def test_no_chip_and_no_network_of_the_fit_is_scored():
    fit, scored = list(fit_cases(draw_chips(FIT_SEED, FIT_CHIPS))), list(scored_cases(draw_chips(7, SCORED_CHIPS)))
    assert {case.network for case in fit}.isdisjoint(case.network for case in scored)
    assert {sizes(case) for case in fit}.isdisjoint(sizes(case) for case in scored)
    assert len({case.chip.name for case in scored}) >= 3
    assert len({case.network for case in scored}) >= 4


def sizes(case):
    return case.chip.tensor, case.chip.vector, case.chip.memory
