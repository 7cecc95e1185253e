"""Budgets, the front, and which network is chosen."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.validation.evaluate import Metric
from chipsmith.profile.cost import ChipCost
from chipsmith.reports.compression import compression_to_plain, render_compression, search_chart
from chipsmith.studies.budget import Budget, points_lost
from chipsmith.studies.record import Candidate, Compression, Start
from chipsmith.studies.structure_search import Trial


def metric(value, *, better="more"):
    return Metric(name="accuracy", value=value, low=value - 0.01, high=value + 0.01, count=1000, better=better)


def cost(us, uj=1.0):
    return ChipCost(
        chip="nano-64",
        clock_mhz=100,
        cycles=int(100 * us),
        warm_cycles=int(100 * us),
        energy_pj=1e6 * uj,
        weight_bytes=1000,
    )


def candidate(name, *, us, test, validation=None, uj=1.0):
    return Candidate(
        name=name,
        method="channels",
        how="made for a test",
        float_=metric(test),
        int8=metric(test),
        chip=metric(test),
        validation=metric(test if validation is None else validation),
        cost=cost(us, uj),
        widths={},
        structure={},
        zero_share=0.0,
        packed_weight_bytes=900,
    )


def compression(*candidates, **budget):
    start = Start(test=metric(0.98), validation=metric(0.98), cost=cost(100, 5.0))
    return Compression(network="digits", seed=0, budget=Budget(**budget), start=start, candidates=candidates, trials=())


SLOW = candidate("slow", us=100, test=0.98, uj=5)
MIDDLE = candidate("middle", us=40, test=0.975, uj=2)
FAST = candidate("fast", us=10, test=0.93, uj=0.5)


def test_of_those_within_the_bounds_the_best_is_chosen():
    assert compression(SLOW, MIDDLE, FAST, max_latency_us=50, max_accuracy_drop=10).chosen == MIDDLE
    assert compression(SLOW, MIDDLE, FAST, max_energy_uj=1, max_accuracy_drop=10).chosen == FAST


def test_of_equal_ones_within_the_bounds_the_largest_is_chosen():
    smaller = candidate("smaller", us=20, test=0.90, validation=0.975)
    assert compression(MIDDLE, smaller, max_latency_us=50).chosen == MIDDLE


def test_without_bounds_the_fastest_within_the_loss_is_chosen():
    assert compression(SLOW, MIDDLE, FAST, max_accuracy_drop=1).chosen == MIDDLE
    assert compression(SLOW, MIDDLE, FAST, max_accuracy_drop=0.2).chosen == SLOW


def test_a_budget_that_nothing_meets_names_the_nearest():
    found = compression(SLOW, MIDDLE, FAST, max_latency_us=5, max_accuracy_drop=1)
    assert (found.chosen, found.met) == (None, False)
    assert "cannot be met by any of 3 networks; the nearest is 'fast': 10.0 us" in found.shortfall


def test_the_test_part_must_confirm_the_choice_and_does_not_make_it():
    lucky = candidate("lucky", us=20, test=0.90, validation=0.98)
    found = compression(MIDDLE, lucky, max_latency_us=50, max_accuracy_drop=1)
    assert (found.chosen, found.met) == (lucky, False)
    assert "'lucky' was chosen on the validation part and loses 8.00 points on the test part" in found.shortfall


def test_the_front_holds_what_no_other_beats():
    beaten = candidate("beaten", us=50, test=0.97, uj=3)
    found = compression(SLOW, beaten, MIDDLE, FAST)
    assert found.front == (FAST, MIDDLE, SLOW)
    assert found.speedup(MIDDLE) == pytest.approx(2.5)


def test_points_of_shares_and_of_figures_of_which_less_is_better():
    assert points_lost(metric(0.98), metric(0.97)) == pytest.approx(1)
    assert points_lost(metric(2.0, better="less"), metric(2.1, better="less")) == pytest.approx(5)


def test_without_a_bound_half_of_the_latency_is_aimed_at():
    assert Budget(max_accuracy_drop=2).bounded(cost(100)) == Budget(max_latency_us=50, max_accuracy_drop=2)
    assert Budget(max_energy_uj=3).bounded(cost(100)) == Budget(max_energy_uj=3)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_bounds_that_are_no_numbers_above_zero_are_refused(bad):
    with pytest.raises(BadInput, match=r"--max-latency-us is .*; it must be a number above 0"):
        Budget(max_latency_us=bad)


def test_the_record_goes_to_json_and_back_and_the_page_names_every_network():
    found = compression(SLOW, MIDDLE, FAST, max_latency_us=50)
    assert Compression.model_validate_json(found.model_dump_json()) == found
    page = render_compression(found)
    assert all(one.name in page for one in (SLOW, MIDDLE, FAST))
    plain = compression_to_plain(found)
    assert (plain["chosen"], plain["met"], plain["front"]) == ("middle", True, ["fast", "middle", "slow"])
    assert plain["candidates"][1]["speedup"] == pytest.approx(2.5)


def test_the_page_shows_the_best_of_both_samplers_by_trial():
    scores = {"tpe": (None, 0.5, 0.4), "random": (0.3, None, 0.6)}
    trials = tuple(
        Trial(sampler=sampler, chosen={"kernel": 3}, cycles=10, energy_uj=1.0, score=score)
        for sampler, row in scores.items()
        for score in row
    )
    chart = search_chart(trials)
    assert [trace["y"] for trace in chart["data"]] == [[None, 0.5, 0.5], [0.3, 0.3, 0.6]]
    page = render_compression(compression(SLOW, MIDDLE).model_copy(update={"trials": trials}))
    assert 'data-chart="search"' in page
