"""docs/estimates.md names the constants with the values that the tables hold."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import chipsmith
from chipsmith.chip import load_chip
from chipsmith.chip.fo4 import typical_fo4
from chipsmith.chip.sram import sram
from chipsmith.chip.tables import read_table
from chipsmith.costs import estimate_area, estimate_cost

PAGE = (Path(__file__).parents[2] / "docs" / "estimates.md").read_text()


def value(table, column="value", **key):
    (row,) = [row for row in read_table(table) if key.items() <= row.items()]
    return float(row[column])


def manufacturing(quantity):
    return value("manufacturing", quantity=quantity, node_nm="28", role="estimate")


def engineering(item):
    return value("engineering", item=item)


def package(kind, column="usd"):
    return value("packages", column, package=kind)


def fo4(node_nm, column="fo4_ps"):
    return value("fo4", column, node_nm=str(node_nm), corner="typical")


def packaging(item):
    return value("packaging", item=item)


@pytest.mark.parametrize(
    "sentence",
    [
        f"LPDDR4 | {value('external_memory', 'energy_pj_per_bit', kind='LPDDR4'):g} pJ a bit",
        f"leakage of logic | {value('leakage', circuit='multiply', quantity='leakage', node_nm='40'):g} mW in",
        f"s = {packaging('scribe_line'):g} mm, e = {packaging('wafer_edge'):g} mm",
        f"alpha = {packaging('defect_clustering'):g}",
        f"d = {packaging('wafer_diameter'):g} mm",
        f"by node, {manufacturing('defects'):g} a cm2 at 28 nm",
        f"by node, {manufacturing('wafer_price'):,g} USD at 28 nm",
        f"QFN {package('QFN'):.2f} USD ({package('QFN', 'low_usd'):.2f} to {package('QFN', 'high_usd'):.2f})",
        f"BGA {package('BGA'):.2f} USD ({package('BGA', 'low_usd'):.2f} to {package('BGA', 'high_usd'):.2f})",
        f"FC-BGA {package('FC-BGA'):g} USD and {100 * package('FC-BGA', 'usd_per_pin'):g} cent a pin",
        f"WLCSP {package('WLCSP'):.2f} USD",
        f"{engineering('test_insertions'):g} x {engineering('test_seconds'):g} s x "
        f"{engineering('tester_usd_per_hour'):g} USD an hour",
        f"{engineering('front_end_weeks'):g} engineer-weeks at {engineering('front_end_usd_per_year'):,g} USD a year",
        f"{manufacturing('back_end'):g} USD a gate at 28 nm",
        f"{manufacturing('licensed_blocks') / 1e6:.2f} M USD at 28 nm",
        f"FO4 at 130 nm, 1.2 V | {fo4(130):g} ps typical",
        f"{fo4(28):g} ps at 28 nm, 0.92 V",
        f"{fo4(28, 'low_ps'):g} and {fo4(28, 'high_ps'):g} ps at 28 nm",
        f"{fo4(7):g} ps at 7 nm, 0.7 V",
        f"{manufacturing('mask_set') / 1e6:g} M USD at 28 nm",
    ],
)
def test_the_page_holds_the_constant_of_the_table(sentence):
    assert sentence in PAGE


def test_the_page_holds_what_a_chip_costs():
    chip = load_chip("edge-256")
    cost = estimate_cost(chip, estimate_area(chip))
    usd = cost.chip_usd
    figures = f"{usd.value:.2f} USD of a million ({usd.low:.2f} to {usd.high:.1f}), of which the die is"
    assert f"{figures} {cost.die_usd.value:.2f}" in PAGE


def test_the_page_holds_the_accesses_in_fo4():
    accesses = [
        f"{sram(size_bytes=kib << 10, width_bits=64, node_nm=28).access_ns.value / typical_fo4(28).value:.1f}"
        for kib in (2, 4, 8)
    ]
    assert f"{accesses[0]}, {accesses[1]} and {accesses[2]} FO4" in PAGE


def test_the_page_explains_why_energy_falls_from_40_to_45_nm():
    """More energy an action and less leakage: what the page says of digits_cnn on edge-256 at 100 MHz."""
    totals, leakages = [], []
    for node_nm in (40, 45):
        settings = [f"technology.node_nm={node_nm}", "clock_mhz=100"]
        (estimate,) = chipsmith.estimate("tests/networks/digits_cnn.tosa", chips=["edge-256"], settings=settings)
        components = estimate.inference.energy.by_component()
        leakages.append(components["leakage"] / 1e6)
        totals.append(sum(components.values()) / 1e6)
        external = components["external memory"] / 1e6
    on_chip = [total - leakage - external for total, leakage in zip(totals, leakages, strict=True)]
    page = " ".join(PAGE.split())
    assert f"takes {totals[0]:.2f} uJ at 40 nm and {totals[1]:.2f} uJ at 45 nm" in page
    assert f"on the chip {on_chip[0]:.2f} uJ become {on_chip[1]:.2f} uJ of actions" in page
    assert f"and {leakages[0]:.2f} uJ of leakage become {leakages[1]:.2f} uJ" in page
    leaks = {node: value("leakage", circuit="multiply", quantity="leakage", node_nm=node) for node in ("40", "130")}
    assert f"{leaks['40'] / leaks['130']:.0f} times less" in page
    power_law = math.log(leaks["130"] / leaks["40"]) / math.log(130 / 40)
    assert f"falls by {1 - (45 / 40) ** power_law:.0%}".replace("%", " %") in page
