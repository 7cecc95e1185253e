"""What a chip costs at a volume, part by part, worked by hand where the tables allow."""

import math

import pytest

from chipsmith.api import VERBS
from chipsmith.chip import catalogue, load_chip
from chipsmith.chip.manufacturing import YieldModel
from chipsmith.chip.packages import PackageKind
from chipsmith.chip.sourced import Status, assumed
from chipsmith.costs import DEFAULT_VOLUME, AreaEstimate, AreaPart, estimate_area, estimate_cost
from chipsmith.costs.design_cost import estimate_test, gate_count
from chipsmith.errors import BadInput


def one_part_area(*, area_mm2):
    each = assumed(1.0, "um2", reason="an example")
    part = AreaPart(component="die", role="example", count=round(area_mm2 * 1e6), each_um2=each)
    return AreaEstimate(parts=(part,))


def cost_of(name, *, volume=DEFAULT_VOLUME):
    chip = load_chip(name)
    return estimate_cost(chip, estimate_area(chip), volume=volume)


@pytest.mark.parametrize("name", catalogue())
def test_the_die_price_is_the_wafer_over_its_good_dies(name):
    cost = cost_of(name)
    good_dies = cost.dies_per_wafer.value * cost.yields[YieldModel.NEGATIVE_BINOMIAL].value
    assert cost.die_usd.value * good_dies == pytest.approx(cost.wafer_price_usd.value)
    assert cost.die_usd.estimate.status is Status.ASSUMED


@pytest.mark.parametrize("name", catalogue())
def test_the_parts_sum_to_the_chip(name):
    cost = cost_of(name)
    assert list(cost.parts) == ["die", "package and assembly", "test", "masks", "design"]
    assert math.fsum(part.value for part in cost.parts.values()) == pytest.approx(cost.chip_usd.value)
    for part in (*cost.parts.values(), cost.chip_usd):
        assert part.low <= part.value <= part.high


def test_edge_256_worked_by_hand():
    """At 28 nm and a million: 0.06 of a die, 0.30 of a QFN, 0.18 of a test, 1.20 of masks, and the design."""
    cost = cost_of("edge-256")
    parts = {name: round(part.value, 2) for name, part in cost.parts.items()}
    assert parts | {"design": None} == {
        "die": 0.06,
        "package and assembly": 0.3,
        "test": 0.18,
        "masks": 1.2,
        "design": None,
    }
    gates = gate_count(load_chip("edge-256")).value
    front_end = 520 * (120_000 / 52 + 1000)
    back_end = gates * 0.131 * (1 + 5000 / (100_000 / 52))
    assert cost.design_usd.value == pytest.approx(front_end + back_end + 1_033_500 + 105_000)
    assert cost.design_usd.low == pytest.approx(front_end / 2 + back_end)
    assert cost.design_usd.high == 51e6
    assert cost.package is PackageKind.QFN


def test_what_is_paid_once_is_shared():
    few, many = cost_of("edge-256", volume=10_000), cost_of("edge-256", volume=10_000_000)
    once = few.mask_set_usd.value + few.design_usd.value
    assert few.chip_usd.value - many.chip_usd.value == pytest.approx(once * (1e-4 - 1e-7))
    assert few.die_usd == many.die_usd


def test_a_larger_die_costs_more_than_in_proportion():
    chip = load_chip("edge-256")
    small, large = (estimate_cost(chip, one_part_area(area_mm2=area)) for area in (50, 500))
    assert large.die_usd.value > 10 * small.die_usd.value


def test_the_ends_of_a_die_are_those_of_price_and_yield():
    """500 mm2: 5,000 USD a wafer of 2025 and the model that loses most, at the most defects; 2,891 and the least."""
    cost = estimate_cost(load_chip("edge-256"), one_part_area(area_mm2=500))
    shares = [share for model in cost.yields.values() for share in (model.low, model.high)]
    dies = cost.dies_per_wafer.value
    assert cost.die_usd.high == pytest.approx(5000 / dies / min(shares))
    assert cost.die_usd.low == pytest.approx(2891 / dies / max(shares))


def test_a_test_is_seconds_on_a_tester():
    test = estimate_test()
    assert test.value == pytest.approx(2 * 3 * 110 / 3600)
    assert (test.low, test.high) == (0.1, 0.544)
    assert test.estimate.status is Status.ASSUMED


def test_a_die_larger_than_a_wafer_is_refused():
    with pytest.raises(BadInput, match="does not fit on a wafer"):
        estimate_cost(load_chip("edge-256"), one_part_area(area_mm2=80_000))


def test_a_die_that_no_package_takes_is_refused():
    with pytest.raises(BadInput, match=r"no package takes a die of 1000 mm2 with 69 pins"):
        estimate_cost(load_chip("edge-256"), one_part_area(area_mm2=1000))


@pytest.mark.parametrize("volume", [0, -5, 10**13])
def test_a_volume_that_nobody_builds_is_refused(volume):
    with pytest.raises(BadInput, match=f"volume {volume}: give the number of chips"):
        cost_of("nano-64", volume=volume)


def test_the_verbs_have_the_same_volume_where_none_is_given():
    defaults = {verb.name: word.default for verb in VERBS.values() for word in verb.parameters if word.name == "volume"}
    assert defaults == dict.fromkeys(("run", "estimate", "explain"), DEFAULT_VOLUME)
