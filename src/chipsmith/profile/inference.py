"""A Program with its timelines to the part of the record that its simulation and the estimates give."""

from __future__ import annotations

import dataclasses

from chipsmith.chip.description import Chip
from chipsmith.chip.sourced import Sourced
from chipsmith.costs import (
    AreaEstimate,
    CostEstimate,
    EnergyEstimate,
    estimate_area,
    estimate_cost,
    estimate_energy,
    peak_tops,
    roofline,
    slow_memories,
    tops_per_watt,
)
from chipsmith.profile.kernels import kernel_rows, memory_rows, timeline_rows
from chipsmith.profile.profile import (
    ChipRecord,
    CostRecord,
    EngineRow,
    Figure,
    Inference,
    Latency,
    OperatorRow,
    PriceLine,
    PriceTable,
    Roof,
)
from chipsmith.program.actions import ActionCounts, count_program
from chipsmith.program.program import Program
from chipsmith.sim.cycle import Timeline, simulate

ENERGY_EXCLUDED = ("what the external memory uses while it is idle", "everything outside of the chip and that memory")


def describe_chip(chip: Chip) -> ChipRecord:
    """The chip's part of the record."""
    return ChipRecord(
        name=chip.name,
        yaml=chip.to_yaml(),
        sha256=chip.sha256,
        clock_mhz=chip.clock_mhz,
        memory_bytes=chip.memory_bytes,
    )


def describe_inference(program: Program, *, cold: Timeline | None = None, warm: Timeline | None = None) -> Inference:
    """Placement, time, energy, area and cost of a Program on its chip; timelines that are not given are simulated.

    Energy, kernels, instructions and memory are those of one cold inference.
    """
    cold = cold if cold is not None else simulate(program)
    warm = warm if warm is not None else simulate(program, warm=True)
    chip, manifest, counts = program.chip, program.manifest, count_program(program)
    energy = estimate_energy(chip, counts, cycles=cold.latency_cycles)
    area = estimate_area(chip)
    return Inference(
        operators=tuple(OperatorRow(**dataclasses.asdict(one)) for one in manifest.operators),
        latency=_latency(chip, cold, warm),
        kernels=kernel_rows(program, cold, energy),
        instructions=timeline_rows(program, cold),
        memory=memory_rows(program, cold),
        memory_peak_bytes=manifest.memory_peak_bytes,
        weight_bytes=manifest.weight_bytes,
        external_bytes=_external_bytes(counts),
        resident=manifest.resident,
        energy=_energy_table(energy),
        tops_per_watt=tops_per_watt(counts, energy),
        peak_tops=peak_tops(chip),
        area=_area_table(area),
        cost=_cost(estimate_cost(chip, area)),
        roof=Roof(**dataclasses.asdict(roofline(chip))),
        slow_memories=slow_memories(chip),
    )


def _external_bytes(counts: ActionCounts) -> int:
    return counts.external_read_bytes + counts.external_write_bytes


def _latency(chip: Chip, cold: Timeline, warm: Timeline) -> Latency:
    return Latency(
        cold_cycles=cold.latency_cycles,
        warm_cycles=warm.latency_cycles,
        clock_mhz=chip.clock_mhz,
        engines=tuple(EngineRow(name=one.value, busy_cycles=cycles) for one, cycles in cold.busy_cycles.items()),
        stall_cycles={wait.value: cycles for wait, cycles in cold.stall_cycles.items()},
    )


def _energy_table(energy: EnergyEstimate) -> PriceTable:
    actions = [
        _line(one.component, one.action.replace("_", " "), one.count, one.each_pj.value, one.each_pj)
        for one in energy.lines
    ]
    leakage = _line("leakage", "power x time", 1, energy.leakage_pj, energy.leakage_power_mw)
    return PriceTable(
        unit="pJ",
        lines=(*actions, leakage),
        status=energy.status.name,
        references=energy.references,
        excluded=ENERGY_EXCLUDED,
    )


def _area_table(area: AreaEstimate) -> PriceTable:
    lines = tuple(
        _line(one.component, one.role, one.count, one.each_um2.value / 1e6, one.each_um2) for one in area.parts
    )
    return PriceTable(
        unit="mm2",
        lines=lines,
        status=area.status.name,
        references=area.references,
        excluded=area.excluded,
        caveat=area.caveat,
    )


def _line(component: str, item: str, count: int, each: float, origin: Sourced) -> PriceLine:
    return PriceLine(
        component=component,
        item=item,
        count=count,
        each=each,
        source="; ".join(dict.fromkeys((origin.source, *origin.origins))),
        status=origin.status.name,
    )


def _cost(cost: CostEstimate) -> CostRecord:
    names = [one.name for one in dataclasses.fields(CostRecord)]
    return CostRecord(**{name: estimated(getattr(cost, name)) for name in names})


def estimated(origin: Sourced) -> Figure:
    """The figure of an estimate: its formula or source, then the sources behind it."""
    return Figure(
        value=origin.value,
        unit=origin.unit,
        kind="estimated",
        source="; ".join(dict.fromkeys((origin.source, *origin.origins))),
        status=origin.status.name,
    )
