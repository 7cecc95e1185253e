"""Energy, area and leakage of logic and external memory, scaled from the tables to a chip's node and supply.

Leakage follows a multiplier of the Aladdin tables and the cells of an open library, the scaling between nodes
Stillmaker & Baas (Integration, 2017): energy is proportional to a2 V^2 + a1 V + a0 of the node, area to its relative
area; between tabulated nodes both follow a power law.
"""

from __future__ import annotations

import functools

from chipsmith.chip.description import Technology
from chipsmith.chip.interpolation import clamped_log_log, log_log
from chipsmith.chip.sourced import Sourced, Status, derived
from chipsmith.chip.tables import Row, read_table, sourced


def energy_scale(*, from_nm: int, from_v: float, technology: Technology) -> Sourced:
    """Dynamic energy of logic in `technology` relative to a node and supply (1: the same)."""
    ratio = _energy_factor(technology.node_nm, technology.voltage_v) / _energy_factor(from_nm, from_v)
    return _scale(ratio, name="logic_energy_scaling", what="energy")


def area_scale(*, from_nm: int, to_nm: int) -> Sourced:
    """Area of logic at `to_nm` relative to `from_nm` (1: the same)."""
    areas = {int(row["node_nm"]): float(row["area_relative_to_45_nm"]) for row in read_table("logic_area_scaling")}
    return _scale(log_log(areas, to_nm) / log_log(areas, from_nm), name="logic_area_scaling", what="area")


def logic_leakage_per_area(*, node_nm: int) -> Sourced:
    """Leakage of logic in mW for a square micrometre of cells at `node_nm`.

    The tables leak so much in a 32-bit multiplier at 40 and at 130 nm. Between them it follows a power law; beyond
    them a circuit is assumed to leak the same at each node.
    """
    (multiplier,) = _rows("multiply", "area")
    rows = _rows("multiply", "leakage")
    leakages = tuple(sourced(row, column="value", unit="mW") for row in rows)
    points = {int(row["node_nm"]): leakage.value for row, leakage in zip(rows, leakages, strict=True)}
    base = sourced(multiplier, column="value", unit="um2")
    scale = area_scale(from_nm=int(multiplier["node_nm"]), to_nm=node_nm)
    formula = "leakage of a 32-bit multiplier / its area, a power law between nodes, the same for a circuit beyond them"
    value = clamped_log_log(points, node_nm) / (base.value * scale.value)
    return derived(value, "mW/um2", formula=formula, inputs=(*leakages, base, scale), at_best=Status.ASSUMED)


def memory_leakage_per_byte() -> Sourced:
    """Leakage of a memory in mW for a byte at 130 nm, with all that is around its cells."""
    (row,) = _rows("memory", "leakage")
    return sourced(row, column="value", unit="mW")


def external_energy_per_byte(kind: str) -> Sourced:
    """Energy of moving one byte to or from an external memory of this kind, in pJ; raises KeyError if unknown."""
    row = {row["kind"]: row for row in read_table("external_memory")}[kind]
    per_bit = sourced(row, column="energy_pj_per_bit", unit="pJ/bit")
    return derived(per_bit.value * 8, "pJ", formula=f"{per_bit.value:g} pJ/bit x 8 bits", inputs=(per_bit,))


def _rows(circuit: str, quantity: str) -> list[Row]:
    return [row for row in read_table("leakage") if row["circuit"] == circuit and row["quantity"] == quantity]


def _scale(ratio: float, *, name: str, what: str) -> Sourced:
    source = Sourced(value=1.0, unit="1", source=read_table(name)[0]["source"], status=Status.VERBATIM)
    return derived(ratio, "1", formula=f"{what} scaled between nodes", inputs=(source,))


@functools.cache
def _energy_factor(node_nm: int, voltage_v: float) -> float:
    factors = {int(row["node_nm"]): _polynomial(row, voltage_v) for row in read_table("logic_energy_scaling")}
    return log_log(factors, node_nm)


def _polynomial(row: Row, voltage_v: float) -> float:
    return float(row["a2"]) * voltage_v**2 + float(row["a1"]) * voltage_v + float(row["a0"])
