"""Estimates as tables of prices: joules of an inference, square millimetres and dollars of its chip."""

from __future__ import annotations

from dataclasses import replace

from chipsmith.chip import Chip
from chipsmith.chip.sourced import Sourced
from chipsmith.chip.timing import doubtful_clock
from chipsmith.costs import AreaEstimate, CostEstimate, EnergyEstimate, estimate_timing
from chipsmith.profile.profile import CostRecord, Evidence, Figure, PriceLine, PriceTable, TimingRecord

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


def price_die(cost: CostEstimate) -> CostRecord:
    """Dollars of a chip, part by part."""
    return CostRecord(
        wafer_price_usd=estimated(cost.wafer_price_usd),
        dies_per_wafer=estimated(cost.dies_per_wafer),
        yield_fraction=estimated(cost.yield_fraction),
        die_usd=estimated(cost.die_usd),
        package_usd=estimated(cost.package_usd),
        assembly_usd=estimated(cost.assembly_usd),
        mask_set_usd=estimated(cost.mask_set_usd),
    )


def describe_timing(chip: Chip) -> TimingRecord:
    """How fast the clock of a chip can be."""
    timing = estimate_timing(chip)
    clock, fo4 = timing.max_clock_mhz, timing.fo4_ns.estimate
    return TimingRecord(
        max_clock_mhz=estimated(clock.estimate),
        low_mhz=clock.low,
        high_mhz=clock.high,
        path=timing.longest.block,
        path_fo4=timing.longest.fo4.value,
        fo4_ps=estimated(replace(fo4, value=1000 * fo4.value, unit="ps")),
        doubt=doubtful_clock(chip),
    )


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
