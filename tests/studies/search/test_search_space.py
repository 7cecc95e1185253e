"""Spaces of chips: what is legal, how large they are, and what is refused with which words."""

from __future__ import annotations

import pytest

from chipsmith.chip import load_chip
from chipsmith.chip.timing import estimate_timing
from chipsmith.errors import BadInput
from chipsmith.studies.search.chip_space import parse_space

EDGE = {"base": "edge-256"}


def test_each_combination_is_the_base_with_its_values():
    space = parse_space({**EDGE, "tensor.rows": [32, 8], "memory.groups": {"from": 4, "to": 6}, "vector.lanes": 8})
    assert space.combinations == 6
    assert [parameter.name for parameter in space.parameters] == ["tensor.rows", "vector.lanes", "memory.groups"]
    assert [dict(values) for values in space.all_values()][1] == {
        "tensor.rows": 8,
        "memory.groups": 5,
        "vector.lanes": 8,
    }
    chip = space.chip({"tensor.rows": 8, "memory.groups": 5, "vector.lanes": 8})
    assert (chip.tensor.rows, chip.memory.groups, chip.vector.lanes) == (8, 5, 8)
    assert chip.tensor.columns == load_chip("edge-256").tensor.columns


def test_a_range_of_a_field_of_powers_of_two_has_the_powers():
    space = parse_space({**EDGE, "tensor.rows": {"from": 5, "to": 64}})
    assert space.parameters[0].values == (8, 16, 32, 64)


def test_a_bus_wider_than_a_line_is_not_legal_and_the_share_says_so():
    space = parse_space({**EDGE, "tensor.rows": [4, 8, 16], "external.bytes_per_cycle": [4, 8, 16]})
    assert "may be at most tensor.rows" in space.refusal({"tensor.rows": 8, "external.bytes_per_cycle": 16})
    size = space.measure()
    assert (size.combinations, size.legal_share, size.exact) == (9, 6 / 9, True)


def test_a_clock_above_what_the_paths_allow_is_not_legal():
    limit = estimate_timing(load_chip("edge-256")).max_clock_mhz.value
    space = parse_space({**EDGE, "clock_mhz": [int(limit), int(limit) + 1]})
    assert [space.refusal(values) == "" for values in space.all_values()] == [True, False]


def test_max_is_the_fastest_clock_of_each_chip():
    space = parse_space({**EDGE, "tensor.rows": [8, 16], "memory.group_bytes": [4096, 65536], "clock_mhz": "max"})
    for values in space.all_values():
        chip = space.chip(values)
        assert chip.clock_mhz == int(estimate_timing(chip).max_clock_mhz.value)
    assert space.measure().legal_share == 1


def test_the_share_of_a_large_space_is_sampled_with_its_interval():
    fields = {**EDGE, "memory.groups": {"from": 2, "to": 15}, "external.bytes_per_cycle": [4, 8, 16, 32]}
    fields |= {"tensor.rows": [8, 16, 32, 64], "tensor.columns": [8, 16, 32], "tensor.tile_pixels": [16, 32, 64]}
    fields |= {"vector.table_lanes": [1, 2, 4]}
    space = parse_space(fields)
    size = space.measure()
    assert not size.exact
    assert size.combinations == 14 * 4 * 4 * 3 * 3 * 3
    assert size.low < 13 / 16 < size.high
    assert size == space.measure()


def test_steps_go_to_the_next_values_of_each_parameter():
    space = parse_space({**EDGE, "tensor.rows": [8, 16, 32], "external.kind": ["LPDDR4", "LPDDR2", "HBM2"]})
    steps = [(name, values[name]) for name, values in space.steps({"tensor.rows": 16, "external.kind": "LPDDR4"})]
    assert steps == [("tensor.rows", 8), ("tensor.rows", 32), ("external.kind", "LPDDR2"), ("external.kind", "HBM2")]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tensor.row": [8, 16]}, r"tensor\.row is no field .* did you mean tensor\.rows\?"),
        ({"tensor.rows": [8, 17]}, r"space\.chip\.tensor\.rows: .* 17 is not allowed: one of 4, 8"),
        ({"tensor.rows": []}, r"space\.chip\.tensor\.rows is empty"),
        ({"tensor.rows": [8, 8]}, r"8 is given twice"),
        ({"memory.groups": {"from": 15, "to": 4}}, r"memory\.groups is empty: from 15 to 4"),
        ({"memory.groups": {"from": 4, "until": 5}}, r"a range is \{from: 4, to: 15\}"),
        ({"clock_mhz": "fast"}, r"clock_mhz = 'fast' is not allowed: give numbers of MHz, or max alone"),
        ({"clock_mhz": ["max", 100]}, r"clock_mhz = \['max', 100\] is not allowed: give numbers of MHz, or max alone"),
        ({"memory.groups": {"from": 1, "to": 10**11}}, r"memory\.groups has more than 10,000 values: make its range"),
        ({"clock_mhz": {"from": 1, "to": 1 << 20_000}}, r"clock_mhz has more than 10,000 values"),
        ({"clock_mhz": list(range(10_001))}, r"clock_mhz has more than 10,000 values"),
        ({"memory.groups": {"from": 1 << 20_000, "to": 1}}, r"is empty: from a very long number to 1; exchange them"),
        (
            {"memory.groups": {"from": 4, "to": 15, "step": 0}},
            r"memory\.groups: step = 0 is not allowed: it is 1 or more",
        ),
        (
            {"tensor.rows": {"from": 8, "to": 64, "step": 8}},
            r"step = 8 is not allowed: of such a field .* all .*; remove it",
        ),
        (
            {"tensor": {"rows": [8, 16]}},
            r"tensor is no field .*; write its fields by dotted name, as tensor\.rows: \[8",
        ),
        ({"rows": [8, 16]}, r"rows is no field .*; did you mean tensor\.rows\?"),
        ({3: [8, 16]}, r"space\.chip\.3 is no field"),
        ({"tensor.rows": 8}, r"space\.chip has one chip alone: give a field two values"),
        ({"name": ["a", "b"]}, r"space\.chip\.name is no field"),
        ({"tensor.rows": [True, 8]}, r"true is no value"),
    ],
)
def test_what_is_no_space_is_refused_with_the_key_and_a_mend(fields, words):
    with pytest.raises(BadInput, match=words):
        parse_space({**EDGE, **fields})


@pytest.mark.parametrize("base", [["edge-256", "nano-64"], 3, None, "", True, {"name": "edge-256"}])
def test_a_base_that_is_no_name_is_refused(base):
    with pytest.raises(BadInput, match=r"space\.chip\.base = .* is no chip: name one of `chipsmith chips`, or a YAML"):
        parse_space({"base": base, "tensor.rows": [8, 16]})


def test_a_base_that_is_misspelt_is_refused_with_its_key_and_the_nearest():
    with pytest.raises(BadInput, match=r"space\.chip\.base: chip 'edge-265' .*did you mean edge-256\?"):
        parse_space({"base": "edge-265", "tensor.rows": [8, 16]})


def test_a_range_may_have_all_values_of_the_clock():
    space = parse_space({**EDGE, "clock_mhz": {"from": 1, "to": 5000}})
    assert len(space.parameters[0].values) == 5000


def test_beyond_a_border_is_the_nearest_value_that_the_rules_of_chips_allow():
    """Multipliers and tables (of edge-256 4) are at most as many as lanes."""
    space = parse_space({**EDGE, "vector.lanes": [8, 16], "vector.multiplier_lanes": [4, 8], "tensor.rows": [16, 32]})
    narrow = {"vector.lanes": 8, "vector.multiplier_lanes": 8, "tensor.rows": 16}
    assert space.next_legal(narrow, "vector.lanes", upward=False) is None
    assert space.next_legal({**narrow, "vector.multiplier_lanes": 4}, "vector.lanes", upward=False) == 4
    assert space.next_legal(narrow, "vector.multiplier_lanes", upward=True) is None
    assert space.next_legal({**narrow, "vector.lanes": 16}, "vector.multiplier_lanes", upward=True) == 16
    assert space.next_legal(narrow, "tensor.rows", upward=True) == 32
    for name in narrow:
        for upward in (True, False):
            beyond = space.next_legal(narrow, name, upward=upward)
            assert beyond is None or space.refusal({**narrow, name: beyond}) == ""


def test_beyond_a_border_of_a_clock_is_no_clock_that_the_paths_forbid():
    limit = int(estimate_timing(load_chip("edge-256")).max_clock_mhz.value)
    space = parse_space({**EDGE, "clock_mhz": [100, limit]})
    assert space.next_legal({"clock_mhz": limit}, "clock_mhz", upward=True) is None
    assert space.next_legal({"clock_mhz": 100}, "clock_mhz", upward=False) == 99


def test_beyond_a_border_of_a_supply_is_a_tenth_of_a_volt():
    space = parse_space({**EDGE, "technology.voltage_v": [0.8, 0.9], "clock_mhz": 100})
    assert (
        space.next_legal({"technology.voltage_v": 0.8, "clock_mhz": 100}, "technology.voltage_v", upward=False) == 0.7
    )


def test_a_space_without_a_base_or_a_legal_chip_is_refused():
    with pytest.raises(BadInput, match=r"space\.chip\.base is missing"):
        parse_space({"tensor.rows": [8, 16]})
    with pytest.raises(BadInput, match=r"nothing legal: .*may be at most tensor\.rows"):
        parse_space({**EDGE, "tensor.rows": [4, 8], "external.bytes_per_cycle": [16, 32]}).measure()
