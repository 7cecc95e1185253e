"""The registry of objectives: names, options and words, each of one objective."""

from __future__ import annotations

import pytest
from toy_compression import toy_cost

from chipsmith.studies.objectives import COST_OBJECTIVES, ENERGY, LATENCY, OBJECTIVES


def test_the_names_of_a_bound():
    assert (LATENCY.bound_name, LATENCY.option) == ("max_latency_us", "--max-latency-us")


def test_costs_are_read_in_the_unit_of_the_name():
    cost = toy_cost(cycles=500, energy_uj=1000)
    assert (LATENCY.read(cost), ENERGY.read(cost)) == (5, 1000)
    assert (LATENCY.format(5), ENERGY.format(1000)) == ("5.0", "1000.00")


@pytest.mark.parametrize("attribute", ["name", "label", "words", "help"])
def test_no_two_objectives_are_called_the_same(attribute):
    values = [getattr(objective, attribute) for objective in OBJECTIVES]
    assert len(set(values)) == len(values)


def test_an_excess_is_a_share_of_the_bound():
    assert [objective.excess(3.0, 2.0) for objective in COST_OBJECTIVES] == [0.5] * len(COST_OBJECTIVES)
