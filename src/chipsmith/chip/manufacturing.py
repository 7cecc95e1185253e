"""What a wafer costs and how many good dies it gives: prices by node, dies a wafer, yield, packaging."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chipsmith.chip.interpolation import clamped_log_log
from chipsmith.chip.sourced import Sourced, Status, derived
from chipsmith.chip.tables import read_table, sourced

_YIELD_FORMULA = "negative binomial yield, as in chiplet-actuary and ECO-CHIP"
_DIES_FORMULA = "dies a wafer with scribe lines and edge, as in chiplet-actuary"


@dataclass(frozen=True, kw_only=True)
class Process:
    """The manufacturing constants of a node."""

    wafer_price_usd: Sourced
    defects_per_cm2: Sourced
    mask_set_usd: Sourced


def process(node_nm: int) -> Process:
    """Constants at a node: the table's own at its nodes, a power law between them, the nearest node's beyond them."""
    return Process(
        wafer_price_usd=_at_node("wafer_price", node_nm),
        defects_per_cm2=_at_node("defects", node_nm),
        mask_set_usd=_at_node("mask_set", node_nm),
    )


def packaging(item: str) -> Sourced:
    """A constant that does not depend on the node (see the packaging table); raises KeyError if unknown."""
    row = {row["item"]: row for row in read_table("packaging")}[item]
    return sourced(row, column="value", unit=row["unit"])


def dies_per_wafer(area_mm2: float) -> Sourced:
    """Dies of an area on a wafer, a real number: pi (d/2 - e)^2 / A - pi (d - 2e) / sqrt(2 A).

    A is the die with its share of the scribe lines, (sqrt(area) + s)^2; d the wafer's diameter, e its edge, s the
    scribe line. 0 where the wafer is too small.
    """
    diameter, edge, scribe = (packaging(item) for item in ("wafer_diameter", "wafer_edge", "scribe_line"))
    usable_mm, cell_mm2 = diameter.value - 2 * edge.value, (math.sqrt(area_mm2) + scribe.value) ** 2
    dies = math.pi * (usable_mm / 2) ** 2 / cell_mm2 - math.pi * usable_mm / math.sqrt(2 * cell_mm2)
    return derived(max(dies, 0.0), "dies", formula=_DIES_FORMULA, inputs=(diameter, edge, scribe))


def yield_fraction(*, area_mm2: float, defects_per_cm2: Sourced) -> Sourced:
    """Share of good dies: (1 + A D / alpha)^-alpha, A in cm2, D in defects a cm2, alpha the clustering of defects."""
    alpha = packaging("defect_clustering")
    defects = area_mm2 / 100 * defects_per_cm2.value
    value = (1 + defects / alpha.value) ** -alpha.value
    return derived(value, "1", formula=_YIELD_FORMULA, inputs=(defects_per_cm2, alpha))


def _at_node(quantity: str, node_nm: int) -> Sourced:
    rows = {int(row["node_nm"]): row for row in read_table("manufacturing") if row["quantity"] == quantity}
    if node_nm in rows:
        return sourced(rows[node_nm], column="value", unit=rows[node_nm]["unit"])
    value = clamped_log_log({node: float(row["value"]) for node, row in rows.items()}, node_nm)
    first = next(iter(rows.values()))
    base = sourced(first, column="value", unit=first["unit"])
    formula = f"{quantity} at {node_nm} nm from the table's nearest nodes"
    return derived(value, base.unit, formula=formula, inputs=(base,), at_best=Status.ASSUMED)
