"""Area is counted cells and macros; cost is wafer price over good dies."""

import math

import pytest

from chipsmith.chip import catalogue, load_chip
from chipsmith.chip.macros import macros
from chipsmith.chip.sourced import Status
from chipsmith.chip.technology import Circuit, operation_area
from chipsmith.costs import AreaEstimate, AreaPart, estimate_area, estimate_cost
from chipsmith.costs.inventory import logic
from chipsmith.errors import BadInput


@pytest.fixture(params=catalogue())
def chip(request):
    return load_chip(request.param)


def test_components_sum_to_the_total(chip):
    area = estimate_area(chip)
    assert math.fsum(area.by_component().values()) == pytest.approx(area.total_mm2, rel=1e-12)
    assert area.status is Status.ASSUMED


def test_the_macros_hold_the_bytes_of_the_chip(chip):
    assert sum(macro.count * macro.sram.size_bytes for macro in macros(chip)) == chip.on_chip_bytes


def test_the_array_has_a_multiplier_a_mac(chip):
    products = [row for row in logic(chip) if row.component == "array" and row.operation is Circuit.MULTIPLY]
    assert [row.count for row in products] == [chip.macs]


def test_the_shared_multipliers_are_those_of_the_chip_file():
    part = next(part for part in estimate_area(load_chip("edge-256")).parts if part.component == "multipliers")
    assert (part.role, part.count) == ("products", 8)
    assert part.each_um2 == operation_area(Circuit.MULTIPLY, bits=32, node_nm=28)


def test_memories_dominate_edge_256():
    """The machine's paper sketch puts 256 KiB at 28 nm at about 0.4 mm2."""
    area = estimate_area(load_chip("edge-256")).by_component()
    memories_mm2 = sum(area[name] for name in ("memory", "accumulators", "tables", "instruction memory"))
    assert 0.3 < memories_mm2 < 0.45
    assert max(area, key=area.get) == "memory"


@pytest.mark.parametrize(
    ("setting", "component"),
    [
        ({"tensor.columns": "32"}, "array"),
        ({"tensor.tile_pixels": "128"}, "accumulators"),
        ({"vector.lanes": "32"}, "vector lanes"),
        ({"vector.multiplier_lanes": "16"}, "multipliers"),
        ({"vector.table_lanes": "8"}, "tables"),
        ({"memory.group_bytes": "32768"}, "memory"),
        ({"instructions.page_instructions": "32"}, "instruction memory"),
    ],
)
def test_a_parameter_doubled_enlarges_its_component(setting, component):
    before, after = (estimate_area(load_chip("edge-256", overrides)).by_component() for overrides in ({}, setting))
    assert after[component] > 1.3 * before[component]


def test_what_is_left_out_is_said():
    assert any("physical interface" in text for text in estimate_area(load_chip("edge-256")).excluded)


def test_the_die_price_is_the_wafer_over_its_good_dies(chip):
    area = estimate_area(chip)
    cost = estimate_cost(chip, area)
    assert cost.die_area_mm2 == area.total_mm2
    good_dies = cost.dies_per_wafer.value * cost.yield_fraction.value
    assert cost.die_usd.value * good_dies == pytest.approx(cost.wafer_price_usd.value)
    assert cost.packaged_usd == pytest.approx(cost.die_usd.value + 21)
    assert cost.die_usd.status is Status.ASSUMED


def test_a_larger_die_costs_more_than_in_proportion():
    chip = load_chip("edge-256")
    small, large = (estimate_cost(chip, one_part_area(area_mm2=area)) for area in (50, 500))
    assert large.die_usd.value > 10 * small.die_usd.value


def test_a_die_larger_than_a_wafer_is_refused():
    with pytest.raises(BadInput, match="does not fit on a wafer"):
        estimate_cost(load_chip("edge-256"), one_part_area(area_mm2=80_000))


def one_part_area(*, area_mm2):
    each = operation_area(Circuit.GATE, bits=1, node_nm=28)
    part = AreaPart(component="die", role="example", count=round(area_mm2 * 1e6 / each.value), each_um2=each)
    return AreaEstimate(parts=(part,))
