"""The front, and which network is chosen."""

from __future__ import annotations

import json

import pytest
from toy_compression import FAST, MIDDLE, SLOW, toy_candidate, toy_compression

from chipsmith.studies.budget import Budget
from chipsmith.studies.result import Candidate, Compression


def test_of_those_within_the_bounds_the_best_is_chosen():
    networks = (SLOW, MIDDLE, FAST)
    assert toy_compression(*networks, budget=Budget(max_latency_us=50, max_accuracy_drop=10)).chosen == MIDDLE
    assert toy_compression(*networks, budget=Budget(max_energy_uj=1, max_accuracy_drop=10)).chosen == FAST


def test_of_equal_ones_within_the_bounds_the_largest_is_chosen():
    smaller = toy_candidate("smaller", us=20, test=0.90, validation=0.975)
    assert toy_compression(MIDDLE, smaller, budget=Budget(max_latency_us=50)).chosen == MIDDLE


def test_without_bounds_the_fastest_within_the_loss_is_chosen():
    assert toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_accuracy_drop=1)).chosen == MIDDLE
    assert toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_accuracy_drop=0.2)).chosen == SLOW


def test_a_budget_that_nothing_meets_names_the_nearest():
    result = toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_latency_us=5, max_accuracy_drop=1))
    assert (result.chosen, result.met) == (None, False)
    assert "cannot be met by any of 3 networks; the nearest is 'fast': 10.0 µs, 0.50 µJ" in result.shortfall


def test_the_test_part_must_confirm_the_choice_and_does_not_make_it():
    lucky = toy_candidate("lucky", us=20, test=0.90, validation=0.98)
    result = toy_compression(MIDDLE, lucky, budget=Budget(max_latency_us=50, max_accuracy_drop=1))
    assert (result.chosen, result.met) == (lucky, False)
    assert "'lucky' was chosen on the validation part and loses 8.00 points on the test part" in result.shortfall


def test_the_front_holds_what_no_other_beats():
    beaten = toy_candidate("beaten", us=50, test=0.97, uj=3)
    result = toy_compression(SLOW, beaten, MIDDLE, FAST)
    assert result.front == (FAST, MIDDLE, SLOW)
    assert result.speedup(MIDDLE) == pytest.approx(2.5)


def test_the_record_goes_to_json_and_back():
    result = toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_latency_us=50))
    assert Compression.model_validate_json(result.model_dump_json()) == result
    assert result.model_dump(mode="json")["budget"] == {
        "max_latency_us": 50,
        "max_energy_uj": None,
        "max_accuracy_drop": 1.0,
    }


def test_what_scripts_read_stands_at_the_top():
    plain = toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_latency_us=50)).to_plain()
    assert (plain["chosen"], plain["met"], plain["front"]) == ("middle", True, ["fast", "middle", "slow"])
    middle = plain["candidates"][1]
    assert middle["speedup"] == pytest.approx(2.5)
    assert (middle["metric_npu"], middle["latency_us"], middle["energy_uj"]) == (0.975, 40, 2)


def test_a_candidate_that_was_written_before_targets_had_names_is_read():
    plain = json.loads(MIDDLE.model_dump_json())
    metrics = plain.pop("metrics")
    plain |= {"float_": metrics["source"], "int8": metrics["int8"], "chip": metrics["npu"]}
    assert Candidate.model_validate_json(json.dumps(plain)) == MIDDLE
