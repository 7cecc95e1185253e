"""Energies by block and action: features of the chip times the table's numbers, which are those of 130 nm."""

from __future__ import annotations

import pytest

from chipsmith.chip import load_chip
from chipsmith.chip.macros import accumulator_macro
from chipsmith.chip.sourced import Sourced, Status
from chipsmith.chip.technology import energy_scale
from chipsmith.costs import SPREADS
from chipsmith.costs.energy_terms import CYCLES, EnergyTerm, energy_terms, price_action, term_value
from chipsmith.program.actions import ACTIONS

AT_130_NM = {"technology.node_nm": "130", "technology.voltage_v": "1.2", "clock_mhz": "50"}


def term(feature: str, each: float) -> EnergyTerm:
    number = Sourced(value=each, unit="pJ", source="this test", status=Status.COMPUTED)
    return EnergyTerm(component="array", action="mac_int8", feature=feature, each=number)


def test_every_row_names_an_action_a_component_and_a_feature():
    chip = load_chip("edge-256")
    for row in energy_terms():
        assert row.action in {*ACTIONS, CYCLES}
        assert row.component in SPREADS
        assert row.each.value >= 0
        assert term_value(row, chip) > 0


def test_logic_costs_its_features_and_scales_with_the_node():
    terms = (term("rows * columns", 0.5), term("log2 rows", 2.0))
    chip = load_chip("nano-64", AT_130_NM)
    assert price_action(terms, chip).value == pytest.approx(0.5 * 64 + 2.0 * 3)
    assert price_action(terms, chip).status is Status.COMPUTED
    finer = load_chip("nano-64")
    scale = energy_scale(from_nm=130, from_v=1.2, technology=finer.technology).value
    assert scale < 1
    assert price_action(terms, finer).value == pytest.approx(38 * scale)
    assert price_action(terms, finer).status is Status.ASSUMED


def test_an_access_costs_what_its_macro_does_at_the_chips_own_node():
    chip = load_chip("nano-64")
    price = price_action((term("accumulator_read", 1.5),), chip)
    assert price.value == pytest.approx(1.5 * accumulator_macro(chip).sram.read_pj.value)
