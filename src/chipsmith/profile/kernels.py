"""Program and Timeline joined: the kernels of one inference, with the energy and the bytes that are each one's."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from chipsmith.costs import EnergyEstimate
from chipsmith.profile.instructions import engine_cycles
from chipsmith.profile.kernel_names import kernel_names
from chipsmith.profile.profile import KernelRow
from chipsmith.profile.transfers import TransferRow
from chipsmith.program.actions import ACTIONS, ActionCounts, count_actions
from chipsmith.program.instructions import Instruction, Load, VectorInstruction
from chipsmith.program.layer_names import COPY, KernelName, LayerNames, list_sources
from chipsmith.program.program import WIPE, WIPE_TENSOR, KernelSpan, Placement, Program, page_bytes
from chipsmith.sim.cycle import Timeline

REST = "the chip itself"
"""Name of the row that holds what belongs to no kernel: instructions' pages, countdowns, leakage."""

Energies = Mapping[str, float]


def profile_kernels(
    program: Program, timeline: Timeline, transfers: Sequence[TransferRow], energy: EnergyEstimate
) -> tuple[KernelRow, ...]:
    """One row a kernel in order, then REST; their energies sum to `energy` of this inference.

    The energy and bytes of a transfer go to the kernels that first read, or last wrote, what it moves.
    """
    energies, moved_bytes = kernel_energies_pj(program, transfers, energy), kernel_bytes(program, transfers)
    operators = _operators(program)
    names = LayerNames(program.manifest.operators).kernels(span.name for span in program.manifest.kernels)
    rows = [
        _kernel_row(
            program,
            timeline,
            span,
            name=names[span.name],
            operators=operators[span.name],
            external_bytes=moved_bytes[span.name],
            energy_pj=energies[span.name],
        )
        for span in program.manifest.kernels
    ]
    return (*rows, _rest_row(timeline, moved_bytes[REST], energies[REST]))


def _operators(program: Program) -> dict[str, list[Placement]]:
    """The operators of each kernel by its name."""
    operators: dict[str, list[Placement]] = defaultdict(list)
    for operator in program.manifest.operators:
        operators[operator.kernel].append(operator)
    return operators


def _kernel_row(
    program: Program,
    timeline: Timeline,
    span: KernelSpan,
    *,
    name: KernelName,
    operators: Sequence[Placement],
    external_bytes: int,
    energy_pj: Energies,
) -> KernelRow:
    indices = list(span.instructions)
    return KernelRow(
        name=span.name,
        kind=span.kind,
        anchor=operators[0].kind if operators else WIPE if span.name in (WIPE, WIPE_TENSOR) else COPY,
        operators=tuple(operator.name for operator in operators),
        instructions=len(indices),
        first_start_cycle=int(timeline.start[indices].min()),
        last_end_cycle=int(timeline.end[indices].max()),
        busy_cycles=sum(engine_cycles(program, timeline, index) for index in indices),
        wait_cycles=int(timeline.wait_cycles[indices].sum()),
        wait_reason=_main_reason(timeline, indices),
        macs=span.macs,
        external_bytes=external_bytes,
        energy_pj=dict(energy_pj),
        sources=list_sources(operators),
        layer=name.layer,
        operation=name.operation,
        elements=sum(_count_elements(program.instructions[index]) for index in indices),
    )


def _count_elements(instruction: Instruction) -> int:
    """Elements that an instruction passes through the vector lanes."""
    if not isinstance(instruction, VectorInstruction):
        return 0
    return instruction.outer_steps * instruction.r0 * instruction.r1 * instruction.lanes


def _main_reason(timeline: Timeline, indices: Iterable[int]) -> str:
    """The kind of wait that cost most cycles; empty where there was none."""
    cycles: dict[str, int] = defaultdict(int)
    for index in indices:
        cycles[timeline.reasons[index].kind.value] += int(timeline.wait_cycles[index])
    reason = max(cycles, key=lambda kind: cycles[kind], default="")
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


def kernel_bytes(program: Program, transfers: Sequence[TransferRow], *, warm: bool = False) -> dict[str, int]:
    """External bytes of each kernel; REST has the rest, so that they sum to all of them.

    Of a cold inference, or of a `warm` one, which leaves out the LOADs with `once`.
    """
    moved: dict[str, int] = defaultdict(int)
    moved[REST] = page_bytes(program.chip)
    for transfer in transfers:
        if warm and _skipped(program, transfer.index):
            continue
        left = transfer.external_bytes
        for kernel, share in transfer.shares.items():
            part = min(left, round(transfer.external_bytes * share))
            moved[kernel] += part
            left -= part
        moved[next(iter(transfer.shares), REST)] += left
    return moved


def kernel_energies_pj(
    program: Program, transfers: Sequence[TransferRow], energy: EnergyEstimate, *, warm: bool = False
) -> dict[str, dict[str, float]]:
    """Picojoules of each kernel by component; REST has what is left of each component.

    `energy` is that of a cold inference, or of a `warm` one, which leaves out the LOADs with `once`.
    """
    owners = find_owners(program, transfers)
    spent: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for index, instruction in enumerate(program.instructions):
        if warm and _skipped(program, index):
            continue
        for kernel, share in owners.get(index, {}).items():
            for component, energy_pj in _price(count_actions(program.chip, instruction), energy).items():
                spent[kernel][component] += share * energy_pj
    totals = energy.by_component()
    for component, total in totals.items():
        spent[REST][component] = total - math.fsum(parts[component] for name, parts in spent.items() if name != REST)
    return {name: {component: parts[component] for component in totals} for name, parts in spent.items()}


def _skipped(program: Program, index: int) -> bool:
    """Whether a warm inference leaves an instruction out: its data are on the chip from the inference before."""
    instruction = program.instructions[index]
    return isinstance(instruction, Load) and bool(instruction.once)


def find_owners(program: Program, transfers: Sequence[TransferRow]) -> dict[int, Mapping[str, float]]:
    """Which kernels an instruction serves, with their shares; none for pages and END."""
    owners: dict[int, Mapping[str, float]] = {index: {name: 1.0} for index, name in kernel_names(program).items()}
    return owners | {transfer.index: transfer.shares for transfer in transfers}


def _price(counts: ActionCounts, energy: EnergyEstimate) -> dict[str, float]:
    prices: dict[str, float] = defaultdict(float)
    for line in energy.lines:
        if line.action in ACTIONS:
            prices[line.component] += getattr(counts, line.action) * line.each_pj.value
    return prices
