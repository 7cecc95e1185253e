"""Area is counted cells and macros."""

import math

import pytest

from chipsmith.chip import catalogue, load_chip
from chipsmith.chip.macros import macros
from chipsmith.chip.sourced import Status
from chipsmith.chip.sram_model import Ports
from chipsmith.costs import estimate_area
from chipsmith.costs.area import logic_area_um2
from chipsmith.costs.logic_blocks import estimate_logic_blocks
from chipsmith.hardware.memories import Wrapper, rtl_memories


@pytest.fixture(params=catalogue())
def chip(request):
    return load_chip(request.param)


def test_components_sum_to_the_total(chip):
    area = estimate_area(chip)
    assert math.fsum(area.by_component().values()) == pytest.approx(area.total_mm2, rel=1e-12)
    assert area.status is Status.ASSUMED


def test_the_macros_hold_the_bytes_of_the_chip(chip):
    assert sum(macro.count * macro.sram.size_bytes for macro in macros(chip)) == chip.on_chip_bytes


def test_the_macros_are_the_memories_of_the_rtl(chip):
    counted = [(m.count, m.sram.lines, m.sram.width_bits, m.sram.ports is Ports.READ_AND_WRITE) for m in macros(chip)]
    of_rtl = [(m.count, m.lines, m.line_bits, m.wrapper is Wrapper.TWO_PORT) for m in rtl_memories(chip)]
    assert sorted(counted) == sorted(of_rtl)


def test_the_logic_is_that_of_the_blocks_at_the_gates(chip):
    by_component, blocks = estimate_area(chip).by_component(), estimate_logic_blocks(chip)
    for block in ("array", "multipliers", "vector engine", "memory ports"):
        assert by_component[block] == pytest.approx(blocks[block] / 1e6)
    assert logic_area_um2(chip).value == pytest.approx(sum(blocks.values()))
    assert by_component["placement"] == pytest.approx(sum(blocks.values()) / 1e6 * (1 / 0.7 - 1))


def test_memories_dominate_edge_256():
    """The machine's paper sketch puts 256 KiB at 28 nm at about 0.4 mm2."""
    area = estimate_area(load_chip("edge-256")).by_component()
    memories_mm2 = sum(area[name] for name in ("memory", "accumulators", "tables", "instruction memory"))
    assert 0.4 < memories_mm2 < 0.5
    assert max(area, key=area.get) == "memory"


@pytest.mark.parametrize(
    ("setting", "component"),
    [
        ({"tensor.columns": "32"}, "array"),
        ({"tensor.tile_pixels": "128"}, "accumulators"),
        ({"vector.lanes": "32"}, "vector engine"),
        ({"vector.multiplier_lanes": "16"}, "multipliers"),
        ({"vector.table_lanes": "8"}, "tables"),
        ({"memory.group_bytes": "32768"}, "memory"),
        ({"instructions.page_instructions": "32"}, "instruction memory"),
    ],
)
def test_a_parameter_doubled_enlarges_its_component(setting, component):
    before, after = (estimate_area(load_chip("edge-256", overrides)).by_component() for overrides in ({}, setting))
    assert after[component] > 1.1 * before[component]


def test_what_is_left_out_is_said():
    assert any("physical interface" in text for text in estimate_area(load_chip("edge-256")).excluded)
