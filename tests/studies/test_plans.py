"""Which networks are to be made; none of them is made here."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from toy_compression import toy_candidate, toy_cost

from chipsmith.studies.budget import Budget
from chipsmith.studies.greedy_pruning import PruneStep
from chipsmith.studies.methods import CompressionSettings
from chipsmith.studies.plans import choose_milestones, plan_rounding, plan_same_structure

CONTEXT = SimpleNamespace(epochs=8, module=None)


def test_of_a_walk_the_shares_of_the_cycles_and_the_budget_are_milestones():
    all_cycles = (1200, 900, 590, 580, 350, 320, 200, 100)
    walk = [PruneStep(widths={"a": cycles}, cost=toy_cost(cycles=cycles, clock_mhz=1)) for cycles in all_cycles]
    chosen = choose_milestones(iter(walk), Budget(max_latency_us=330))
    assert [step.cost.cycles for step in chosen] == [590, 350, 320, 200]


@pytest.mark.parametrize(
    ("methods", "names"),
    [((), ["quantised", "quantised_in_training"]), (("two_of_four",), ["quantised", "two_of_four"])],
)
def test_the_structure_as_it_is_is_always_quantised(methods, names):
    settings = CompressionSettings(budget=Budget(), methods=methods)
    assert [plan.name for plan in plan_same_structure(CONTEXT, settings)] == names


def test_fast_networks_that_rounding_hurts_are_trained_with_it():
    hurt = toy_candidate("hurt", us=10, test=0.95, int8=0.90)
    slow, unhurt = toy_candidate("slow", us=90, test=0.95, int8=0.90), toy_candidate("unhurt", us=10, test=0.95)
    whole = toy_candidate("whole", us=10, test=0.95, int8=0.90, method="quantised")
    plans = list(plan_rounding(CONTEXT, (hurt, slow, unhurt, whole), Budget(max_latency_us=50), lambda _: None))
    assert [(plan.name, plan.method) for plan in plans] == [("hurt-rounded", "channels, quantised_in_training")]
