"""What a wafer costs and how many good dies it gives, and what a design costs before: by node, where sources disagree.

Each source has a curve over its own nodes, a power law between them. The estimate is of the source whose role that is;
its nearest node holds beyond its ends. The others bound it, where the node lies within theirs.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from chipsmith.chip.interpolation import clamped_log_log
from chipsmith.chip.sourced import Sourced, SourcedRange, Status, derived
from chipsmith.chip.tables import Row, read_table, sourced

_DIES_FORMULA = "dies a wafer with scribe lines and edge, as in chiplet-actuary"


class YieldModel(enum.StrEnum):
    """How defects are spread over a wafer, from the most even to what is used here."""

    POISSON = "Poisson"
    MURPHY = "Murphy"
    NEGATIVE_BINOMIAL = "negative binomial"


_YIELD_SOURCES: Mapping[YieldModel, str] = {
    YieldModel.POISSON: "exp(-A D): defects independent of one another",
    YieldModel.MURPHY: "((1 - exp(-A D)) / (A D))^2: Murphy 1964, as in embodied-ai-architect",
    YieldModel.NEGATIVE_BINOMIAL: "(1 + A D / alpha)^-alpha: Stapper's, as in chiplet-actuary and ECO-CHIP",
}


@dataclass(frozen=True, kw_only=True)
class Process:
    """The manufacturing and design constants of a node.

    `licensed_blocks_usd` is what blocks of others cost a design, `back_end_usd_per_gate` the labour of its layout,
    `soc_design_usd` what analysts say of a whole system on a chip with its software.
    """

    wafer_price_usd: SourcedRange
    defects_per_cm2: SourcedRange
    mask_set_usd: SourcedRange
    licensed_blocks_usd: SourcedRange
    back_end_usd_per_gate: SourcedRange
    soc_design_usd: SourcedRange


def process(node_nm: int) -> Process:
    """Constants at a node: the table's own at its nodes, a power law between them, the nearest node's beyond them."""
    return Process(
        wafer_price_usd=_range("wafer_price", node_nm),
        defects_per_cm2=_range("defects", node_nm),
        mask_set_usd=_range("mask_set", node_nm),
        licensed_blocks_usd=_range("licensed_blocks", node_nm),
        back_end_usd_per_gate=_range("back_end", node_nm),
        soc_design_usd=_range("soc_design", node_nm),
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


def yield_fraction(model: YieldModel, *, area_mm2: float, defects_per_cm2: SourcedRange) -> SourcedRange:
    """Share of good dies of an area: A in cm2, D in defects a cm2; at the ends of D too, the most defects first."""
    alpha = packaging("defect_clustering")
    share, clustered = _YIELDS[model], model is YieldModel.NEGATIVE_BINOMIAL
    shares = [share(area_mm2 / 100 * density, alpha.value) for density in _ends(defects_per_cm2)]
    inputs = (defects_per_cm2.estimate, alpha) if clustered else (defects_per_cm2.estimate,)
    estimate = derived(shares[1], "1", formula=_YIELD_SOURCES[model], inputs=inputs)
    return SourcedRange(estimate=estimate, low=shares[2], high=shares[0], others=defects_per_cm2.others)


def _ends(given: SourcedRange) -> tuple[float, float, float]:
    return given.low, given.value, given.high


def _murphy(defects: float) -> float:
    return (-math.expm1(-defects) / defects) ** 2 if defects else 1.0


_YIELDS: Mapping[YieldModel, Callable[[float, float], float]] = {
    YieldModel.POISSON: lambda defects, _: math.exp(-defects),
    YieldModel.MURPHY: lambda defects, _: _murphy(defects),
    YieldModel.NEGATIVE_BINOMIAL: lambda defects, alpha: float((1 + defects / alpha) ** -alpha),
}


def _range(quantity: str, node_nm: int) -> SourcedRange:
    estimate = _estimate(quantity, node_nm)
    others = dict(_alternatives(quantity, node_nm))
    values = (estimate.value, *others.values())
    return SourcedRange(estimate=estimate, low=min(values), high=max(values), others=tuple(others))


def _estimate(quantity: str, node_nm: int) -> Sourced:
    rows = {int(row["node_nm"]): row for row in _rows(quantity, "estimate")}
    if node_nm in rows:
        return sourced(rows[node_nm], column="value", unit=rows[node_nm]["unit"])
    value = clamped_log_log({node: float(row["value"]) for node, row in rows.items()}, node_nm)
    first = next(iter(rows.values()))
    base = sourced(first, column="value", unit=first["unit"])
    formula = f"{quantity} at {node_nm} nm from the table's nearest nodes"
    return derived(value, base.unit, formula=formula, inputs=(base,), at_best=Status.ASSUMED)


def _alternatives(quantity: str, node_nm: int) -> Iterator[tuple[str, float]]:
    """What the other sources say at a node, by source; those say nothing whose nodes it lies outside of."""
    rows = _rows(quantity, "alternative")
    for source in dict.fromkeys(row["source"] for row in rows):
        points = {int(row["node_nm"]): float(row["value"]) for row in rows if row["source"] == source}
        if min(points) <= node_nm <= max(points):
            yield source, clamped_log_log(points, node_nm)


def _rows(quantity: str, role: str) -> list[Row]:
    return [row for row in read_table("manufacturing") if row["quantity"] == quantity and row["role"] == role]
