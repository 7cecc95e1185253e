"""Whose energy it is: cycles cut where an instruction starts or ends, the energy of each piece split over kernels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.hardware.gates.blocks import BLOCKS, MachineBlock
from chipsmith.profile.kernels import REST, find_owners
from chipsmith.profile.transfers import profile_transfers
from chipsmith.program.instructions import Engine
from chipsmith.program.program import Program
from chipsmith.sim.cycle import Timeline

Floats = npt.NDArray[np.float64]

_ENGINES = {
    MachineBlock.ARRAY: Engine.TENSOR,
    MachineBlock.TENSOR: Engine.TENSOR,
    MachineBlock.ACCUMULATORS: Engine.TENSOR,
    MachineBlock.VECTOR: Engine.VECTOR,
    MachineBlock.TABLES: Engine.VECTOR,
    MachineBlock.LOAD: Engine.LOAD,
    MachineBlock.STORE: Engine.STORE,
}
"""The blocks that are an engine's own."""


@dataclass(frozen=True, kw_only=True)
class Segments:
    """Pieces of an inference in which the same instructions run: of each cycle, and `cycles` and `running` of each."""

    of_cycle: npt.NDArray[np.int32]
    cycles: npt.NDArray[np.int64]
    running: tuple[tuple[int, ...], ...]


def cut_segments(timeline: Timeline) -> Segments:
    """Cut cycles 0 to the start of END, which is the last, where an instruction starts or ends."""
    count = timeline.latency_cycles + 1
    bounds = {0, count, *timeline.start.tolist(), *timeline.end.tolist()}
    begins = np.array(sorted(bound for bound in bounds if 0 <= bound <= count))
    rows = zip(timeline.start.tolist(), timeline.end.tolist(), strict=True)
    spans = [(index, start, end) for index, (start, end) in enumerate(rows)]
    running = tuple(tuple(i for i, start, end in spans if start <= begin < end) for begin in begins[:-1].tolist())
    lengths = np.diff(begins)
    return Segments(
        of_cycle=np.repeat(np.arange(len(lengths), dtype=np.int32), lengths),
        cycles=lengths.astype(np.int64),
        running=running,
    )


def split_by_kernel(program: Program, timeline: Timeline, segments: Segments, energy_pj: Floats) -> dict[str, float]:
    """Picojoules of each kernel from those of segments and blocks [segments, blocks]; they sum to all of it.

    An engine's blocks belong to the instructions that run on it. All other blocks, and those of an engine that has
    none, belong in equal parts to the instructions that run anywhere, for they take the time; where none runs, and
    what serves no kernel, to the chip itself. A transfer serves the kernels that first read, or last wrote, its bytes.
    """
    owners = find_owners(program, profile_transfers(program))
    kernels: dict[str, float] = defaultdict(float)
    for row, running in zip(energy_pj, segments.running, strict=True):
        for block, spent in zip(BLOCKS, row.tolist(), strict=True):
            own = [index for index in running if timeline.engines[index] is _ENGINES.get(block)]
            _share(kernels, owners, own or running, spent)
    return dict(kernels)


def _share(
    kernels: dict[str, float], owners: Mapping[int, Mapping[str, float]], running: Sequence[int], spent: float
) -> None:
    if not running:
        kernels[REST] += spent
    for index in running:
        for kernel, share in (owners.get(index) or {REST: 1.0}).items():
            kernels[kernel] += spent * share / len(running)
