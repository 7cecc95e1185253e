"""Program and Timeline joined: rows of instructions, kernels and memory, in cycles from the doorbell."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from chipsmith.costs.energy import EnergyEstimate
from chipsmith.profile.profile import InstructionRow, KernelRow, MemorySpan, Role
from chipsmith.profile.transfers import Served, transfers
from chipsmith.program.actions import ACTIONS, ActionCounts, count_actions
from chipsmith.program.cycles import occupancy
from chipsmith.program.instructions import Engine, Load, Space
from chipsmith.program.program import BufferSpan, KernelSpan, Program, page_bytes
from chipsmith.sim.cycle import DOORBELL, Timeline

REST = "the chip itself"
"""Name of the row that holds what belongs to no kernel: instructions' pages, countdowns, leakage."""

Energies = Mapping[str, float]


def timeline_rows(program: Program, timeline: Timeline) -> tuple[InstructionRow, ...]:
    """The doorbell's fetch of page 0 (index DOORBELL), then one row an instruction, in program order."""
    names = {one.index: one.name for one in transfers(program)}
    kernels = _kernel_of(program)
    starts, ends, waits = timeline.start.tolist(), timeline.end.tolist(), timeline.wait_cycles.tolist()
    rows = (
        InstructionRow(
            index=index,
            opcode=one.mnemonic,
            engine=one.engine.value,
            name=kernels.get(index, names.get(index, "end")),
            kernel=kernels.get(index, ""),
            start_cycle=starts[index],
            engine_end_cycle=starts[index] + _engine_cycles(program, timeline, index),
            end_cycle=ends[index],
            wait_cycles=waits[index],
            wait_reason=str(timeline.reasons[index]),
        )
        for index, one in enumerate(program.instructions)
    )
    return (_doorbell(program), *rows)


def memory_rows(program: Program, timeline: Timeline) -> tuple[MemorySpan, ...]:
    """One row a buffer of on-chip memory, from the start of its first user to the end of its last."""
    roles = {one.buffer: one.role for one in transfers(program)}
    return tuple(_memory_row(span, roles.get(span, "activation"), timeline) for span in program.manifest.buffers)


def kernel_rows(program: Program, timeline: Timeline, energy: EnergyEstimate) -> tuple[KernelRow, ...]:
    """One row a kernel in order, then REST; their energies sum to `energy` of this inference.

    The energy and bytes of a transfer go to the kernels that first read, or last wrote, what it moves.
    """
    served = transfers(program)
    spent = _spent(program, served, energy)
    moved = _moved(program, served)
    rows = [
        _kernel_row(program, timeline, span, moved[span.name], spent[span.name]) for span in program.manifest.kernels
    ]
    return (*rows, _rest_row(timeline, moved[REST], spent[REST]))


def _kernel_of(program: Program) -> dict[int, str]:
    return {index: span.name for span in program.manifest.kernels for index in span.instructions}


def _engine_cycles(program: Program, timeline: Timeline, index: int) -> int:
    """Cycles that an instruction holds its engine; 0 for END and for what a warm inference skips."""
    if timeline.end[index] == timeline.start[index]:
        return 0
    return occupancy(program.instructions[index], program.chip).engine


def _doorbell(program: Program) -> InstructionRow:
    times = occupancy(Load(space=Space.PAGE, run_bytes=page_bytes(program.chip)), program.chip)
    return InstructionRow(
        index=DOORBELL,
        opcode="DOORBELL",
        engine=Engine.LOAD.value,
        name="page 0",
        kernel="",
        start_cycle=0,
        engine_end_cycle=times.engine,
        end_cycle=times.locks,
        wait_cycles=0,
        wait_reason="the doorbell",
    )


def _memory_row(span: BufferSpan, role: Role, timeline: Timeline) -> MemorySpan:
    last = min(span.last_instruction, len(timeline.end) - 1)
    return MemorySpan(
        name=span.name,
        role=role,
        address=span.address,
        size_bytes=span.size_bytes,
        first_cycle=int(timeline.start[span.first_instruction]),
        last_cycle=int(timeline.end[last]),
    )


def _kernel_row(
    program: Program, timeline: Timeline, span: KernelSpan, external_bytes: int, energy_pj: Energies
) -> KernelRow:
    at = list(span.instructions)
    operators = [one for one in program.manifest.operators if one.kernel == span.name]
    return KernelRow(
        name=span.name,
        kind=span.kind,
        anchor=operators[0].kind if operators else "copy",
        operators=tuple(one.name for one in operators),
        instructions=len(at),
        first_start_cycle=int(timeline.start[at].min()),
        last_end_cycle=int(timeline.end[at].max()),
        busy_cycles=sum(_engine_cycles(program, timeline, index) for index in at),
        wait_cycles=int(timeline.wait_cycles[at].sum()),
        wait_reason=_main_reason(timeline, at),
        macs=span.macs,
        external_bytes=external_bytes,
        energy_pj=dict(energy_pj),
    )


def _main_reason(timeline: Timeline, at: Iterable[int]) -> str:
    """The kind of wait that cost most cycles; empty where there was none."""
    cycles: dict[str, int] = defaultdict(int)
    for index in at:
        cycles[timeline.reasons[index].kind.value] += int(timeline.wait_cycles[index])
    reason = max(cycles, key=lambda one: cycles[one], default="")
    return reason if cycles.get(reason) else ""


def _rest_row(timeline: Timeline, external_bytes: int, energy_pj: Energies) -> KernelRow:
    return KernelRow(
        name=REST,
        kind="chip",
        anchor="",
        operators=(),
        instructions=0,
        first_start_cycle=0,
        last_end_cycle=timeline.latency_cycles,
        busy_cycles=0,
        wait_cycles=0,
        wait_reason="",
        macs=0,
        external_bytes=external_bytes,
        energy_pj=dict(energy_pj),
    )


# --- what belongs to whom ---------------------------------------------------------------------------------------------


def _moved(program: Program, served: Sequence[Served]) -> dict[str, int]:
    """External bytes of each kernel; REST has the rest, so that they sum to all of them."""
    moved: dict[str, int] = defaultdict(int)
    moved[REST] = page_bytes(program.chip)
    for one in served:
        left = one.external_bytes
        for name, share in one.shares.items():
            part = min(left, round(one.external_bytes * share))
            moved[name] += part
            left -= part
        moved[next(iter(one.shares), REST)] += left
    return moved


def _spent(program: Program, served: Sequence[Served], energy: EnergyEstimate) -> dict[str, dict[str, float]]:
    """Picojoules of each kernel by component; REST has what is left of each component."""
    owners = _owners(program, served)
    spent: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for index, one in enumerate(program.instructions):
        for name, share in owners.get(index, {}).items():
            for component, energy_pj in _price(count_actions(program.chip, one), energy).items():
                spent[name][component] += share * energy_pj
    totals = energy.by_component()
    for component, total in totals.items():
        spent[REST][component] = total - math.fsum(one[component] for name, one in spent.items() if name != REST)
    return {name: {component: parts[component] for component in totals} for name, parts in spent.items()}


def _owners(program: Program, served: Sequence[Served]) -> dict[int, Mapping[str, float]]:
    """Which kernels an instruction serves, with their shares; none for pages and END."""
    owners: dict[int, Mapping[str, float]] = {index: {name: 1.0} for index, name in _kernel_of(program).items()}
    return owners | {one.index: one.shares for one in served}


def _price(counts: ActionCounts, energy: EnergyEstimate) -> dict[str, float]:
    prices: dict[str, float] = defaultdict(float)
    for line in energy.lines:
        if line.action in ACTIONS:
            prices[line.component] += getattr(counts, line.action) * line.each_pj.value
    return prices
