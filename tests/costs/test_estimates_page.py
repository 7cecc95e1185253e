"""docs/estimates.md names the constants with the values that the tables hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from chipsmith.chip.tables import read_table

PAGE = (Path(__file__).parents[2] / "docs" / "estimates.md").read_text()


def value(table, column="value", **key):
    (row,) = [row for row in read_table(table) if key.items() <= row.items()]
    return float(row[column])


def operation(name, bits, quantity):
    return value("operations", operation=name, bits=str(bits), quantity=quantity)


def manufacturing(quantity):
    return value("manufacturing", quantity=quantity, node_nm="28")


def packaging(item):
    return value("packaging", item=item)


ADDITIONS = ", ".join(f"{operation('add', bits, 'energy'):g}" for bits in (8, 16, 32))
MULTIPLICATIONS = ", ".join(f"{operation('multiply', bits, 'energy'):g}" for bits in (8, 32))


@pytest.mark.parametrize(
    "sentence",
    [
        f"addition of 8, 16, 32 bits | {ADDITIONS} pJ at 45 nm, 0.9 V",
        f"multiplication of 8, 32 bits | {MULTIPLICATIONS} pJ at 45 nm, 0.9 V",
        f"register, a bit | {operation('register', 1, 'energy'):g} pJ at 40 nm",
        f"gate | {1000 * operation('gate', 1, 'energy') / 0.9**2:.1f} fF x V^2 at 28 nm",
        f"LPDDR4 | {value('external_memory', 'energy_pj_per_bit', kind='LPDDR4'):g} pJ a bit",
        f"leakage of logic | {operation('multiply', 32, 'leakage'):g} mW in",
        f"addition of 32 bits | {operation('add', 32, 'area'):g} um2 at 40 nm",
        f"multiplication of 32 bits | {operation('multiply', 32, 'area'):,g} um2 at 40 nm",
        f"comparison of 32 bits | {operation('compare', 32, 'area'):g} um2 at 40 nm",
        f"register, a bit | {operation('register', 1, 'area'):g} um2 at 40 nm",
        f"gate | {operation('gate', 1, 'area'):g} um2 at 28 nm",
        f"s = {packaging('scribe_line'):g} mm, e = {packaging('wafer_edge'):g} mm",
        f"alpha = {packaging('defect_clustering'):g}",
        f"d = {packaging('wafer_diameter'):g} mm",
        f"by node, {manufacturing('defects'):g} a cm2 at 28 nm",
        f"by node, {manufacturing('wafer_price'):,g} USD at 28 nm",
        f"{packaging('package'):g} and {packaging('assembly'):g} USD a chip",
        f"{manufacturing('mask_set') / 1e6:g} M USD at 28 nm",
    ],
)
def test_the_page_holds_the_constant_of_the_table(sentence):
    assert sentence in PAGE
