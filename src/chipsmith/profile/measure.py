"""A Program to what one inference of it costs: in totals alone, which are quick, or in full, with rows for pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chipsmith.chip.description import Chip
from chipsmith.costs import (
    DEFAULT_VOLUME,
    EnergyEstimate,
    estimate_area,
    estimate_cost,
    estimate_energy,
    peak_tops,
    roofline,
    tops_per_watt,
)
from chipsmith.profile.memory import memory_peak_bytes, residence
from chipsmith.profile.prices import describe_timing, price_area, price_chip, price_energy
from chipsmith.profile.profile import BufferRole, ChipRecord, EngineRow, Latency, MemorySpan, Profile, Totals
from chipsmith.profile.wipe_cost import wipe_cycles
from chipsmith.program.actions import ActionCounts, count_program
from chipsmith.program.program import Program
from chipsmith.sim.cycle import Timeline, simulate

if TYPE_CHECKING:
    from chipsmith.profile.transfers import TransferRow


def describe_chip(chip: Chip) -> ChipRecord:
    """A chip as a record keeps it."""
    return ChipRecord(
        name=chip.name,
        yaml=chip.to_yaml(),
        sha256=chip.sha256,
        clock_mhz=chip.clock_mhz,
        memory_bytes=chip.memory_bytes,
    )


def quick_profile(
    program: Program,
    *,
    cold: Timeline | None = None,
    warm: Timeline | None = None,
    volume: int = DEFAULT_VOLUME,
) -> Totals:
    """What one inference of a Program takes on its chip, in all.

    `cold`, `warm`: its timelines, which are simulated where they are not given; `volume`: how many chips are built,
    over which masks and design are spread.
    """
    cold, warm = cold or simulate(program), warm or simulate(program, warm=True)
    counts = count_program(program)
    return _totals(program, cold, warm, counts, _energy(program, counts, cold), volume)


def full_profile(
    program: Program,
    *,
    cold: Timeline | None = None,
    warm: Timeline | None = None,
    volume: int = DEFAULT_VOLUME,
) -> Profile:
    """As `quick_profile`, with a row for each kernel, instruction and buffer of a cold inference."""
    from chipsmith.profile.edges import find_edges
    from chipsmith.profile.instructions import profile_instructions
    from chipsmith.profile.kernels import profile_kernels
    from chipsmith.profile.transfers import profile_transfers

    cold, warm = cold or simulate(program), warm or simulate(program, warm=True)
    counts, transfers = count_program(program), profile_transfers(program)
    energy = _energy(program, counts, cold)
    return Profile(
        **vars(_totals(program, cold, warm, counts, energy, volume)),
        kernels=profile_kernels(program, cold, transfers, energy),
        instructions=profile_instructions(program, cold, transfers),
        memory=_memory_spans(program, cold, transfers),
        edges=find_edges(program),
    )


def _energy(program: Program, counts: ActionCounts, cold: Timeline) -> EnergyEstimate:
    return estimate_energy(program.chip, counts, cycles=cold.latency_cycles)


def _totals(
    program: Program, cold: Timeline, warm: Timeline, counts: ActionCounts, energy: EnergyEstimate, volume: int
) -> Totals:
    chip, manifest, area = program.chip, program.manifest, estimate_area(program.chip)
    return Totals(
        operators=manifest.operators,
        latency=_latency(program, cold, warm),
        memory_peak_bytes=memory_peak_bytes(program, cold),
        weight_bytes=manifest.weight_bytes,
        external_bytes=counts.external_read_bytes + counts.external_write_bytes,
        resident=manifest.resident,
        energy=price_energy(energy),
        tops_per_watt=tops_per_watt(counts, energy),
        peak_tops=peak_tops(chip),
        area=price_area(area),
        cost=price_chip(estimate_cost(chip, area, volume=volume)),
        roof=roofline(chip),
        timing=describe_timing(chip),
    )


def _latency(program: Program, cold: Timeline, warm: Timeline) -> Latency:
    return Latency(
        cold_cycles=cold.latency_cycles,
        warm_cycles=warm.latency_cycles,
        clock_mhz=program.chip.clock_mhz,
        engines=tuple(EngineRow(name=engine.value, busy_cycles=busy) for engine, busy in cold.busy_cycles.items()),
        stall_cycles={wait.value: cycles for wait, cycles in cold.stall_cycles.items()},
        wipe_cycles=wipe_cycles(program, cold),
    )


def _memory_spans(program: Program, timeline: Timeline, transfers: tuple[TransferRow, ...]) -> tuple[MemorySpan, ...]:
    """One a buffer of on-chip memory; one that no transfer fills or empties is an activation's."""
    roles = {transfer.buffer: transfer.role for transfer in transfers}
    return tuple(
        MemorySpan(
            name=span.name,
            role=roles.get(span, BufferRole.ACTIVATION),
            address=span.address,
            **residence(span, timeline)._asdict(),
        )
        for span in program.manifest.buffers
    )
