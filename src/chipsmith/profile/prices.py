"""Estimates as tables of prices: joules of an inference, square millimetres and dollars of its chip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from chipsmith.chip import Chip
from chipsmith.chip.sourced import Sourced, SourcedRange, Status
from chipsmith.chip.timing import doubtful_clock
from chipsmith.costs import AreaEstimate, CostEstimate, EnergyEstimate, estimate_timing
from chipsmith.profile.profile import CostRecord, Evidence, Figure, PriceLine, PriceTable, RangedFigure, TimingRecord

_Name = TypeVar("_Name", bound=str)

ENERGY_EXCLUDED = ("what the external memory uses while it is idle", "everything outside of the chip and that memory")


def price_energy(energy: EnergyEstimate) -> PriceTable:
    """Picojoules of an inference, a line an action, leakage last."""
    actions = [
        _line(action.component, action.action.replace("_", " "), action.count, action.each_pj.value, action.each_pj)
        for action in energy.lines
    ]
    leakage = _line("leakage", "power x time", 1, energy.leakage_pj, energy.leakage_power_mw)
    return PriceTable(
        unit="pJ",
        lines=(*actions, leakage),
        status=energy.status.name,
        references=energy.references,
        excluded=ENERGY_EXCLUDED,
    )


def price_area(area: AreaEstimate) -> PriceTable:
    """Square millimetres of a chip, a line a part."""
    lines = tuple(
        _line(part.component, part.role, part.count, part.each_um2.value / 1e6, part.each_um2) for part in area.parts
    )
    return PriceTable(
        unit="mm2",
        lines=lines,
        status=area.status.name,
        references=area.references,
        excluded=area.excluded,
        caveat=area.caveat,
    )


def price_chip(cost: CostEstimate) -> CostRecord:
    """Dollars of a chip at a volume, part by part."""
    return CostRecord(
        volume=cost.volume,
        chip_usd=ranged(cost.chip_usd),
        parts=_ranged_by_name(cost.parts),
        wafer_price_usd=ranged(cost.wafer_price_usd),
        dies_per_wafer=estimated(cost.dies_per_wafer),
        yields=_ranged_by_name(cost.yields),
        pins=estimated(cost.pins),
        package=cost.package.value,
        packages=_ranged_by_name(cost.packages),
        mask_set_usd=ranged(cost.mask_set_usd),
        design_usd=ranged(cost.design_usd),
    )


def describe_timing(chip: Chip) -> TimingRecord:
    """How fast the clock of a chip can be."""
    timing = estimate_timing(chip)
    ps_per_ns = Sourced(value=1000.0, unit="ps/ns", source="1,000 ps/ns", status=Status.COMPUTED)
    return TimingRecord(
        max_clock_mhz=ranged(timing.max_clock_mhz),
        path=timing.longest.block,
        path_fo4=timing.longest.fo4.value,
        fo4_ps=ranged(timing.fo4_ns.scaled(ps_per_ns, formula=timing.fo4_ns.estimate.source, unit="ps")),
        doubt=doubtful_clock(chip),
    )


def ranged(given: SourcedRange) -> RangedFigure:
    """The figure of an estimate with its range."""
    return RangedFigure(figure=estimated(given.estimate), low=given.low, high=given.high, others=given.others)


def _ranged_by_name(given: Mapping[_Name, SourcedRange]) -> dict[str, RangedFigure]:
    return {str(name): ranged(part) for name, part in given.items()}


def estimated(origin: Sourced) -> Figure:
    """The figure of an estimate: its formula or source, then the sources behind it."""
    return Figure(
        value=origin.value,
        unit=origin.unit,
        kind=Evidence.ESTIMATED,
        source=_sources(origin),
        status=origin.status.name,
    )


def _line(component: str, item: str, count: int, each: float, origin: Sourced) -> PriceLine:
    return PriceLine(
        component=component,
        item=item,
        count=count,
        each=each,
        source=_sources(origin),
        status=origin.status.name,
    )


def _sources(origin: Sourced) -> str:
    return "; ".join(dict.fromkeys((origin.source, *origin.origins)))
