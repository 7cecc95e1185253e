"""From a program to its diagnosis: where an inference spends what it takes, and what bounds each kernel."""

from __future__ import annotations

from chipsmith.chip import Chip
from chipsmith.costs import DEFAULT_VOLUME, estimate_energy
from chipsmith.profile.layer_costs import layer_costs
from chipsmith.profile.measure import full_profile
from chipsmith.profile.profile import Profile
from chipsmith.program.actions import count_program
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.studies.advice.record import AdviceRecord, ChipSizes, InferenceFigures, Subject

_PJ_PER_UJ = 1e6


def diagnose(program: Program, *, subject: Subject, volume: int = DEFAULT_VOLUME) -> AdviceRecord:
    """Where an inference of a program spends what it takes, and what bounds each kernel; no change is tried."""
    cold, warm = simulate(program), simulate(program, warm=True)
    profile = full_profile(program, cold=cold, warm=warm, volume=volume)
    return AdviceRecord(
        network=program.manifest.network,
        chip=program.chip.name,
        subject=subject,
        volume=volume,
        sizes=_sizes(program.chip),
        figures=_figures(program, profile),
        weight_bytes=profile.weight_bytes,
        resident=profile.resident,
        layers=layer_costs(program, profile.kernels, cold=cold, warm=warm),
        wipe_cycles=profile.latency.wipe_cycles,
    )


def _sizes(chip: Chip) -> ChipSizes:
    return ChipSizes(
        rows=chip.tensor.rows,
        columns=chip.tensor.columns,
        lanes=chip.vector.lanes,
        bytes_per_cycle=chip.external.bytes_per_cycle,
        memory_bytes=chip.memory_bytes,
    )


def _figures(program: Program, profile: Profile) -> InferenceFigures:
    latency = profile.latency
    warm = estimate_energy(program.chip, count_program(program, warm=True), cycles=latency.warm_cycles)
    return InferenceFigures(
        cold_cycles=latency.cold_cycles,
        warm_cycles=latency.warm_cycles,
        clock_mhz=latency.clock_mhz,
        cold_uj=profile.energy_uj,
        warm_uj=sum((*(line.energy_pj for line in warm.lines), warm.leakage_pj)) / _PJ_PER_UJ,
        area_mm2=profile.area.total,
        chip_usd=profile.cost.chip_usd.value,
        max_clock_mhz=profile.timing.max_clock_mhz.value,
    )
