"""The area of logic by block: a sum of features of the chip, with the numbers of a table."""

from __future__ import annotations

import pytest

from chipsmith.chip import load_chip, override_chip
from chipsmith.chip.sourced import Status, assumed
from chipsmith.chip.tables import sourced
from chipsmith.chip.technology import area_scale
from chipsmith.costs import logic_blocks
from chipsmith.costs.logic_blocks import (
    LogicTerm,
    estimate_logic_blocks,
    estimate_logic_parts,
    feature_value,
    logic_terms,
    nand_area_um2,
    sizes_beyond_fit,
)
from chipsmith.hardware.gates.blocks import MachineBlock

NANO = load_chip("nano-64")
EDGE = load_chip("edge-256")
UM2 = {"column": "um2", "unit": "um2"}


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        ("constant", 1),
        ("rows * columns", 256),
        ("columns * log2 rows", 64),
        ("rows * groups", 240),
        ("groups * log2 bank_lines", 135),  # 16,384 bytes in two banks of lines of 16
        ("columns * log2 drain_groups", 16),  # 16 columns, 8 at once
    ],
)
def test_a_feature_is_a_product_of_sizes_and_logarithms(feature, value):
    assert feature_value(feature, EDGE) == pytest.approx(value)


@pytest.mark.parametrize(("latency", "groups", "waiting"), [(32, 7, 5), (1, 7, 2), (64, 15, 9), (124, 2, 4)])
def test_as_many_loads_wait_as_the_latency_takes_and_as_there_are_locks(latency, groups, waiting):
    settings = {"external.latency_cycles": str(latency), "memory.groups": str(groups)}
    assert feature_value("waiting_loads", override_chip(NANO, settings)) == waiting


def test_an_unknown_size_is_no_feature():
    with pytest.raises(KeyError):
        feature_value("rows * wheels", NANO)


def test_a_block_is_the_sum_of_its_parts_at_the_node(monkeypatch):
    terms = (
        LogicTerm(block="array", part="products", feature="rows * columns", um2=assumed(100, "um2", reason="")),
        LogicTerm(block="array", part="sums", feature="columns", um2=assumed(10, "um2", reason="")),
        LogicTerm(block="multipliers", part="multipliers", feature="constant", um2=assumed(5, "um2", reason="")),
    )
    monkeypatch.setattr(logic_blocks, "logic_terms", lambda: terms)
    at_130_nm = estimate_logic_blocks(override_chip(NANO, {"technology.node_nm": "130", "technology.voltage_v": "1.2"}))
    assert at_130_nm == {"array": 64 * 100 + 8 * 10, "multipliers": 5}
    shrink = area_scale(from_nm=130, to_nm=40).value
    assert estimate_logic_blocks(NANO)["array"] == pytest.approx(6480 * shrink)
    parts = estimate_logic_parts(NANO)
    assert [(part.block, part.part) for part in parts] == [(term.block, term.part) for term in terms]
    assert parts[0].um2.source.startswith("100 x rows * columns: 6400 um2 at 130 nm")


def fitted_table(name):
    """A term of a fit, to chips of 4 to 16 rows."""
    tables = {
        "logic_blocks": ({"block": "array", "part": "sums", "feature": "rows", "um2": "3", "status": "COMPUTED"},),
        "logic_sizes": ({"size": "rows", "least": "4", "most": "16"},),
    }
    return tuple(row | {"source": "a fit"} for row in tables[name])


@pytest.mark.parametrize(("rows", "status"), [(4, Status.COMPUTED), (16, Status.COMPUTED), (32, Status.ASSUMED)])
def test_a_chip_beyond_those_of_the_fit_is_an_assumption(monkeypatch, rows, status):
    terms = (LogicTerm(block="array", part="sums", feature="rows", um2=sourced(*fitted_table("logic_blocks"), **UM2)),)
    monkeypatch.setattr(logic_blocks, "logic_terms", lambda: terms)
    monkeypatch.setattr(logic_blocks, "read_table", fitted_table)
    (part,) = estimate_logic_parts(override_chip(NANO, {"tensor.rows": str(rows)}))
    assert part.um2.status is status
    assert sizes_beyond_fit(EDGE) == ()


def test_a_gate_is_a_nand_of_the_library():
    at_130_nm = override_chip(NANO, {"technology.node_nm": "130", "technology.voltage_v": "1.2"})
    assert nand_area_um2(at_130_nm).value == pytest.approx(7.2576)


def test_blocks_are_those_of_the_gates_that_have_logic():
    memories_and_wires = {MachineBlock.MEMORY, MachineBlock.TABLES, MachineBlock.CLOCK_TREE}
    assert {term.block for term in logic_terms()} == {block.value for block in set(MachineBlock) - memories_and_wires}


def test_every_feature_of_the_table_has_a_value_above_or_at_zero():
    assert all(feature_value(term.feature, chip) >= 0 for term in logic_terms() for chip in (NANO, EDGE))
    assert all(term.um2.value >= 0 for term in logic_terms())


def test_a_part_stands_in_a_block_and_has_each_feature_once():
    terms = [(term.part, term.feature) for term in logic_terms()]
    assert len(set(terms)) == len(terms)
    blocks = {term.part: {other.block for other in logic_terms() if other.part == term.part} for term in logic_terms()}
    assert all(len(of_part) == 1 for of_part in blocks.values())
