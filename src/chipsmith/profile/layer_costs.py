"""Where an inference spends its cycles, bytes and joules, kernel by kernel, cold and warm, and what bounds each."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chipsmith.chip.description import Chip
from chipsmith.costs import estimate_energy
from chipsmith.profile.critical_path import Bound, PathSegment, critical_path, work_bound
from chipsmith.profile.kernels import REST, kernel_bytes, kernel_energies_pj
from chipsmith.profile.profile import BufferRole, KernelRow
from chipsmith.profile.transfers import TransferRow, profile_transfers
from chipsmith.program.actions import count_program
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.cycles import occupancy
from chipsmith.program.instructions import Instruction, Mode, Store, TensorInstruction, VectorInstruction
from chipsmith.program.layer_names import label_kernel, number_of
from chipsmith.program.program import Program
from chipsmith.shown import Shown
from chipsmith.sim.cycle import Timeline


@dataclass(frozen=True, kw_only=True)
class ArrayUse(Shown):
    """How the tensor instructions of a kernel sit on the array; shares are from 0 to 1, by the cycles of each.

    `columns` and `rows` of the array that hold weights, in the mean; `macs`: multiply-accumulates over those that the
    array could do while the kernel holds it. `channels` and `reduced`: output channels of one instruction and the
    values of a run that are summed for each; `depthwise`: each output channel sums over its own input channel alone.
    """

    columns: float
    rows: float
    macs: float
    channels: int
    reduced: int
    depthwise: bool


@dataclass(frozen=True, kw_only=True)
class LayerCost(Shown):
    """A kernel (or REST) in an inference, cold and warm; `layer` is the name of its layer.

    `path_cycles` and `warm_path_cycles`: its part of the critical path by bound, these sum over all rows to the
    latency, and `path_bound` is what most of it waits for. `busy_cycles` are those of its engine; `busy_bound` is what
    most of them go on, whether they are on the path or hidden beside it.
    `spilled_bytes` are stored for want of room on the chip, or loaded again. `lanes` is the share of the vector lanes
    that are at work, 0 where the kernel has no vector instruction.
    """

    name: str
    kind: str
    anchor: str
    operators: tuple[str, ...]
    layer: str
    macs: int
    busy_cycles: int
    busy_bound: Bound | None
    path_cycles: dict[Bound, int]
    warm_path_cycles: dict[Bound, int]
    external_bytes: int
    warm_bytes: int
    spilled_bytes: int
    energy_pj: dict[str, float]
    warm_energy_pj: dict[str, float]
    array: ArrayUse | None
    lanes: float

    @property
    def label(self) -> str:
        """How people read it, such as 'features.3 (k4)'."""
        return label_kernel(self.layer, number_of(self.name))

    @property
    def cycles(self) -> int:
        """Its cycles of the cold critical path."""
        return sum(self.path_cycles.values())

    @property
    def path_bound(self) -> Bound | None:
        """What most of its cycles of the cold critical path go on; None where it is not on the path."""
        return max(self.path_cycles, key=lambda bound: self.path_cycles[bound], default=None)

    @property
    def warm_cycles(self) -> int:
        """Its cycles of the warm critical path."""
        return sum(self.warm_path_cycles.values())

    @property
    def total_pj(self) -> float:
        """Energy in a cold inference, in picojoules."""
        return math.fsum(self.energy_pj.values())

    @property
    def warm_pj(self) -> float:
        """Energy in a warm inference, in picojoules."""
        return math.fsum(self.warm_energy_pj.values())


def layer_costs(
    program: Program, kernels: Sequence[KernelRow], *, cold: Timeline, warm: Timeline
) -> tuple[LayerCost, ...]:
    """A row for each of `kernels`, which are those of the program's profile; `cold` and `warm` are its timelines."""
    transfers = profile_transfers(program)
    paths = [_by_kernel(critical_path(program, timeline, transfers)) for timeline in (cold, warm)]
    energy = estimate_energy(program.chip, count_program(program, warm=True), cycles=warm.latency_cycles)
    warm_pj = kernel_energies_pj(program, transfers, energy, warm=True)
    warm_bytes, spilled = kernel_bytes(program, transfers, warm=True), _spilled_bytes(program, transfers)
    instructions = {
        span.name: [program.instructions[index] for index in span.instructions] for span in program.manifest.kernels
    }
    return tuple(
        LayerCost(
            name=row.name,
            kind=row.kind,
            anchor=row.anchor,
            operators=row.operators,
            layer=row.layer,
            macs=row.macs,
            busy_cycles=row.busy_cycles,
            busy_bound=_main_bound(instructions.get(row.name, ()), program.chip),
            path_cycles=paths[0][row.name],
            warm_path_cycles=paths[1][row.name],
            external_bytes=row.external_bytes,
            warm_bytes=warm_bytes.get(row.name, 0),
            spilled_bytes=spilled[row.name],
            energy_pj=dict(row.energy_pj),
            warm_energy_pj=warm_pj.get(row.name) or dict.fromkeys(row.energy_pj, 0.0),
            array=_array_use(instructions.get(row.name, ()), row, program.chip),
            lanes=_lane_use(instructions.get(row.name, ()), program.chip),
        )
        for row in kernels
    )


def _by_kernel(path: Iterable[PathSegment]) -> Mapping[str, dict[Bound, int]]:
    cycles: dict[str, dict[Bound, int]] = defaultdict(dict)
    for segment in path:
        of = cycles[segment.kernel]
        of[segment.bound] = of.get(segment.bound, 0) + segment.cycles
    return cycles


def _main_bound(instructions: Sequence[Instruction], chip: Chip) -> Bound | None:
    cycles: dict[Bound, int] = defaultdict(int)
    for instruction in instructions:
        cycles[work_bound(instruction, chip)] += occupancy(instruction, chip).engine
    return max(cycles, key=lambda bound: cycles[bound], default=None)


def _spilled_bytes(program: Program, transfers: Sequence[TransferRow]) -> dict[str, int]:
    """Bytes of activations that go out to external memory and come back, by the kernel that they serve.

    Nothing of the constants lies above their image, and of what does, the ports alone are no spill.
    """
    first = len(program.constants)
    spilled: dict[str, int] = defaultdict(int)
    for row in transfers:
        transfer = program.instructions[row.index]
        stored = isinstance(transfer, Store)
        internal = row.role is BufferRole.CONSTANT and row.buffer is not None
        if internal and (stored or getattr(transfer, "external_address", 0) >= first):
            spilled[next(iter(row.shares), REST)] += row.external_bytes
    return spilled


def _array_use(instructions: Sequence[Instruction], row: KernelRow, chip: Chip) -> ArrayUse | None:
    tensor = [instruction for instruction in instructions if isinstance(instruction, TensorInstruction)]
    if not tensor:
        return None
    cycles = [occupancy(instruction, chip).engine for instruction in tensor]
    longest = tensor[cycles.index(max(cycles))]
    whole = max(1, sum(cycles))
    columns, rows = chip.tensor.columns, chip.tensor.rows
    return ArrayUse(
        columns=_mean([_filled(each.output_channels, columns) for each in tensor], cycles),
        rows=_mean([_rows(each, rows) for each in tensor], cycles),
        macs=row.macs / (whole * chip.macs),
        channels=longest.output_channels,
        reduced=longest.run,
        depthwise=longest.mode is Mode.DEPTHWISE,
    )


def _rows(instruction: TensorInstruction, rows: int) -> float:
    """The share of the rows that hold weights; in DEPTHWISE a run is the taps of one input channel along x."""
    if instruction.mode is Mode.DEPTHWISE:
        return min(1.0, instruction.run / rows)
    return _filled(instruction.run, rows)


def _filled(count: int, places: int) -> float:
    """The share of the places that are filled where `count` things go `places` at a time."""
    return count / (ceil_div(count, places) * places)


def _mean(values: Sequence[float], weights: Sequence[int]) -> float:
    return math.fsum(value * weight for value, weight in zip(values, weights, strict=True)) / max(1, sum(weights))


def _lane_use(instructions: Sequence[Instruction], chip: Chip) -> float:
    vector = [instruction for instruction in instructions if isinstance(instruction, VectorInstruction)]
    return _mean(
        [_filled(each.lanes, chip.vector.lanes) for each in vector],
        [occupancy(each, chip).engine for each in vector],
    )
